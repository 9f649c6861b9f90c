using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Digests;

/// <summary>
/// A target in a SQLite file as one side of a comparison. SQLite runs in this process: rows are read where they are hashed, by the readers that read sources, and
/// each value is held to its column's type. No function of ours has to be registered in the file's connections (ADR 70).
/// </summary>
internal sealed class SqliteTargetSide(string path, SqliteTable table) : IRowSide
{
    // The target seen as a source: its columns have the names and types of the target already.
    private readonly Dataset _target = table.Dataset with
    {
        Object = new SourceObject.Table(null, table.Dataset.Target.Name),
        Columns = [.. table.Dataset.TargetSchema.Fields.Select((f, i) => new DatasetColumn(f.Name, f.Name, f.DataType, f.DataType, Ordinal(table.Dataset, i)))],
        Filter = null,
    };

    public ValueTask<Survey> SurveyAsync(CancellationToken ct) => new(Task.Run(() => Translated(() =>
    {
        using var connection = Open();
        using var cancellation = connection.CancelledBy(ct);
        var deleted = table.MarksDeletes ? One(connection, $"SELECT count(*) FROM {table.Name} AS b WHERE {DeletedAt} IS NOT NULL") ?? 0 : 0;
        if (!Places.Of(table.Dataset).IsOrdered)
            return new Survey(null, null, deleted);
        using var ends = connection.Prepare(KeySql.Ends($"{table.Name} AS b", table.Key[0].Plain), Doing);
        return ends.Step() && !ends.IsNull(0) ? new Survey(ends.Integer(0), ends.Integer(1), deleted) : new Survey(null, null, deleted);
    }), ct));

    public IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, CancellationToken ct) => ChunksAsync(connection => Read(connection, places), ct);

    public IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct) => ChunksAsync(connection =>
        KeyLookup.Read(connection, KeySql.Lookup(Rows, [.. table.Key.Select(k => k.Plain)]) + Live("AND"), keys, Chunks(connection), Doing), ct);

    private IEnumerable<ChangeChunk> Read(SourceConnection connection, IReadOnlyList<PlaceSpan>? places)
    {
        using var rows = connection.Prepare(places is not null ? $"{Rows} WHERE {Quote("b", table.Key[0].Plain)} BETWEEN ?1 AND ?2{Live("AND")}" : Rows + Live("WHERE"), Doing);
        var chunks = Chunks(connection);
        foreach (var (first, last) in places ?? [default])
        {
            rows.Reset();
            if (places is not null)
                rows.Bind(1, first).Bind(2, last);
            while (rows.Step())
            {
                chunks.AddUpsert(rows, 0);
                if (chunks.IsFull)
                    yield return chunks.Take();
            }
        }

        if (!chunks.IsEmpty)
            yield return chunks.Take();
    }

    private string Rows => SourceSql.All(_target);

    private string Live(string word) => table.MarksDeletes ? $" {word} {DeletedAt} IS NULL" : "";

    private static string DeletedAt => Quote("b", SqliteTable.DeletedAt);

    private string Doing => $"{table.Dataset.Id}: comparing {table.Dataset.Target}";

    private RowChunks Chunks(SourceConnection connection) => new(_target, connection.IsUtf16);

    private long? One(SourceConnection connection, string sql)
    {
        using var one = connection.Prepare(sql, Doing);
        return one.Step() && !one.IsNull(0) ? one.Integer(0) : null;
    }

    private static int? Ordinal(Dataset dataset, int column)
    {
        var at = dataset.TargetKey.ToList().IndexOf(column);
        return at < 0 ? null : at;
    }

    private async IAsyncEnumerable<ChangeChunk> ChunksAsync(Func<SourceConnection, IEnumerable<ChangeChunk>> read, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        using var connection = Translated(Open);
        using var cancellation = connection.CancelledBy(ct);
        using var chunks = read(connection).GetEnumerator();
        while (Translated(chunks.MoveNext))
        {
            ct.ThrowIfCancellationRequested();
            yield return chunks.Current;
        }
    }

    private SourceConnection Open() => SourceConnection.Open(new SqliteSourceOptions { Path = path }, table.Dataset.Id.Value);

    /// <summary>The readers are a source's; what fails here is the warehouse.</summary>
    private T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CdcSyncException e) when (e.Code.Exit == ExitCode.Source)
        {
            throw new CdcSyncException(e.IsTransient ? ErrorCodes.WarehouseUnavailable : ErrorCodes.WarehouseFailed, $"SQLite warehouse {path}: {Doing}: {e.Message}", "Look at the file, or load the dataset anew. Run: cdcsync status", e);
        }
    }
}
