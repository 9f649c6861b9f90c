using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A target whose rows travel: read by the readers that read sources, each value held to its column's type.</summary>
/// <param name="sessions">Where.</param>
/// <param name="table">The target.</param>
/// <param name="found">As the catalogue has it.</param>
/// <param name="digests">The same, as T-SQL compares it.</param>
internal sealed class SqlServerTargetSide(WarehouseSessions sessions, SqlServerTable table, FoundTable found, DigestTable digests) : IRowSide
{
    // The target seen as a source: its columns have the names and types of the target already.
    private readonly Dataset _target = table.Dataset with
    {
        Columns = [.. table.Dataset.TargetSchema.Fields.Select((f, i) => new DatasetColumn(f.Name, f.Name, f.DataType, f.DataType, Ordinal(table.Dataset, i)))],
        Filter = null,
    };

    public async ValueTask<Survey> SurveyAsync(CancellationToken ct) => (await sessions.RunAsync(Doing, session =>
        session.RowsAsync(new Statement(DigestSql.Survey(digests, Places.Of(table.Dataset).IsOrdered && digests.Key[0].Found.Integers is not null)) { IsLong = true }, DigestValues.Survey, ct), ct)).Single();

    public async IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, [EnumeratorCancellation] CancellationToken ct)
    {
        var limits = digests.Key.Count > 0 ? digests.Key[0].Found.Integers : null;
        if (places is null || limits is null)
        {
            await foreach (var chunk in ChunksAsync(new Statement(TargetRowsSql.All(table)) { IsLong = true }, ct)) yield return chunk;
            yield break;
        }

        foreach (var (first, last) in places.Where(p => p.Last >= limits.Value.Least && p.First <= limits.Value.Most))
        {
            var sql = TargetRowsSql.Between(table, digests.Key[0].Sought!);
            object[] ends = [Math.Max(first, limits.Value.Least), Math.Min(last, limits.Value.Most)];
            await foreach (var chunk in ChunksAsync(new Statement(sql, [.. sql.Parameters.Zip(ends, (p, v) => p.With(v))]) { IsLong = true }, ct)) yield return chunk;
        }
    }

    public async IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        if (!digests.CanSeek)
        {
            await foreach (var chunk in ReadAsync(null, ct)) yield return chunk;
            yield break;
        }

        foreach (var some in DigestValues.Keys(digests.Key, keys).Chunk(KeysSql.AtOnce(digests.Key)))
        {
            var sql = TargetRowsSql.Find(table, digests, some.Length);
            await foreach (var chunk in ChunksAsync(new Statement(sql, [.. sql.Parameters.Zip(some.SelectMany(k => k), (p, v) => p.With(v))]), ct)) yield return chunk;
        }
    }

    private async IAsyncEnumerable<ChangeChunk> ChunksAsync(Statement statement, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var session = await sessions.RentAsync(Doing, ct);
        await using var rows = await TranslatedAsync(() => session.ReadAsync(statement, ct), ct);
        var chunks = new RowChunks(_target);
        ValueReader[] readers = [.. _target.Columns.Select((c, i) => ValueReaders.For(Column(c.Source), chunks[i], TimePrecision.Exact))];
        while (await TranslatedAsync(() => rows.ReadAsync(ct), ct))
        {
            await TranslatedAsync(() => Task.FromResult(Add(rows, readers, chunks)), ct);
            if (chunks.IsFull) yield return chunks.Take();
        }

        if (!chunks.IsEmpty) yield return chunks.Take();
    }

    private static bool Add(SqlDataReader rows, ValueReader[] readers, RowChunks chunks)
    {
        for (var i = 0; i < readers.Length; i++)
        {
            if (readers[i].Append(rows, i) is { } reason) chunks.Fault(i, reason);
            chunks.Bytes += readers[i].LastBytes;
        }

        chunks.EndRow(ChangeKind.Upsert);
        return true;
    }

    private SqlServerColumn Column(string name)
    {
        var (column, type) = (found.Columns.FirstOrDefault(c => c.Name == name), found.Columns.FirstOrDefault(c => c.Name == name)?.Type ?? table.Columns.First(c => c.Plain == name).Type);
        var form = FoundType.Of(type);
        return new SqlServerColumn(0, name, type.Kind, form.Length, (byte)form.Precision, (byte)form.Scale, Collation: column?.Collation);
    }

    private string Doing => $"{table.Label}: comparing";

    private async Task<T> TranslatedAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        try
        {
            return await work();
        }
        catch (Exception e)
        {
            WarehouseSessions.Rethrow(e, Doing, ct);
            throw;
        }
    }

    private static int? Ordinal(Dataset dataset, int column)
    {
        var at = dataset.TargetKey.ToList().IndexOf(column);
        return at < 0 ? null : at;
    }
}
