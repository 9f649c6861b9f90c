using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Digests;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Sqlite.Source.Ranges;

/// <summary>
/// Reads a dataset by ranges of its key. Where the key is the table's primary key, each chunk is a transaction of its own, closed before the chunk is handed
/// over: a slow warehouse holds nothing in the source. Views, queries and other keys are read in one transaction per range.
/// </summary>
/// <param name="open">Opens a connection and reads the catalogue.</param>
internal sealed class SqliteRangeReader(Func<(SourceConnection Connection, SqliteCatalog Catalog)> open) : IRangeReader
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct) => await Task.Run(() => Plan(dataset, rowsPerRange, ct), ct);

    /// <inheritdoc/>
    public async ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct) => await Task.Run(() =>
    {
        var (connection, catalog) = open();
        using (connection)
            return KeysAreValues(connection, catalog, dataset);
    }, ct);

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct) =>
        dataset.Key.All(k => k is { Mask: null, Fold: null or KeyFold.None } && k.ReadType == k.TargetType) && await GuaranteesKeysAsync(dataset, ct) ? LookUpAsync(dataset, keys, ct) : null;

    /// <inheritdoc/>
    public async ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct) => await Task.Run((Func<(long, long)?>)(() =>
    {
        if (dataset.Key is not [{ ReadType: Int8Type or Int16Type or Int32Type or Int64Type } key])
            return null;
        var (connection, catalog) = open();
        using (connection)
        {
            using var cancellation = connection.CancelledBy(ct);
            if (!KeysAreValues(connection, catalog, dataset))
                return null;
            using var ends = connection.Prepare(KeySql.Ends(SourceSql.From(dataset.Object), key.Source), $"looking at the keys of dataset {dataset.Id}");
            return ends.Step() && !ends.IsNull(0) ? (ends.Integer(0), ends.Integer(1)) : null;
        }
    }), ct);

    /// <inheritdoc/>
    public KeyRange Between(long first, long last) =>
        new(0, first == long.MinValue ? null : new KeyBound([new KeyPart.Integer(first - 1)]).ToJson(), last == long.MaxValue ? null : new KeyBound([new KeyPart.Integer(last)]).ToJson());

    private async IAsyncEnumerable<ChangeChunk> LookUpAsync(Dataset dataset, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        var (connection, catalog) = open();
        using (connection)
        {
            using var cancellation = connection.CancelledBy(ct);
            if (DatasetInspection.ReadFaults(connection, catalog, dataset) is [var fault, ..])
                throw fault;
            var sql = KeySql.Lookup(SourceSql.All(dataset), [.. dataset.Key.Select(k => k.Source)]);
            foreach (var chunk in KeyLookup.Read(connection, sql, keys, new RowChunks(dataset, connection.IsUtf16), $"looking up rows of dataset {dataset.Id}"))
            {
                ct.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
    }

    private static bool KeysAreValues(SourceConnection connection, SqliteCatalog catalog, Dataset dataset) =>
        SqlFor(connection, catalog, dataset).IsPaged
            && DatasetInspection.Table(connection, catalog, dataset) is { } table
            && dataset.Key.All(k => StaysDistinct(table.Column(k.Source)!.Affinity, k.ReadType));

    // '1.0' and '1.00' are two texts and one decimal; 1 and '1' are two values of a column without a type, and one text.
    private static bool StaysDistinct(Affinity stored, ArrowType read) => (stored, read) switch
    {
        (Affinity.Text, StringType) => true,
        (Affinity.Integer, Int64Type or Int32Type or Int16Type) => true,
        _ => false,
    };

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        var (connection, catalog) = open();
        using (connection)
        {
            using var cancellation = connection.CancelledBy(ct);
            foreach (var chunk in Read(connection, catalog, dataset, range))
            {
                ct.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
    }

    private List<KeyRange> Plan(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerRange);
        if (dataset.Key.Count == 0)
            return [new KeyRange(0, null, null)];
        var (connection, catalog) = open();
        using (connection)
        {
            using var cancellation = connection.CancelledBy(ct);
            var sql = SqlFor(connection, catalog, dataset);
            var doing = $"planning the ranges of dataset {dataset.Id}";
            string[] bounds = [.. sql.IsPaged ? SkipToBounds(connection, sql, dataset, rowsPerRange, doing) : StepToBounds(connection, sql, dataset, rowsPerRange, doing)];
            return [.. Enumerable.Range(0, bounds.Length + 1).Select(i => new KeyRange(i, i == 0 ? null : bounds[i - 1], i == bounds.Length ? null : bounds[i]))];
        }
    }

    // SQLite skips within the index far quicker than it can be asked key by key. A bound is set where a row beyond it is seen, so the last range is never empty.
    private static IEnumerable<string> SkipToBounds(SourceConnection connection, RangeSql sql, Dataset dataset, long rowsPerRange, string doing)
    {
        KeyBound? last = null;
        while (true)
        {
            using var keys = connection.Prepare(sql.NextBound(last is not null, rowsPerRange), doing);
            last?.Bind(keys, 1);
            if (!keys.Step()) yield break;
            last = KeyBound.Of(keys, 0, dataset.Key.Count);
            if (!keys.Step()) yield break;
            yield return last.ToJson();
        }
    }

    private static IEnumerable<string> StepToBounds(SourceConnection connection, RangeSql sql, Dataset dataset, long rowsPerRange, string doing)
    {
        using var keys = connection.Prepare(sql.Keys(), doing);
        long rows = 0;
        string? pending = null, last = null;
        while (keys.Step())
        {
            if (pending is not null)
                yield return last = pending;
            pending = null;
            if (++rows % rowsPerRange != 0) continue;
            // Keys that are not unique: rows of one key are never parted.
            var bound = KeyBound.Of(keys, 0, dataset.Key.Count).ToJson();
            if (bound != last)
                pending = bound;
        }
    }

    private static IEnumerable<ChangeChunk> Read(SourceConnection connection, SqliteCatalog catalog, Dataset dataset, KeyRange range)
    {
        var chunks = new RowChunks(dataset, connection.IsUtf16);
        var doing = $"reading range {range.Ordinal} of dataset {dataset.Id}";
        if (range is { From: null, To: null } && (dataset.Key.Count == 0 || !SqlFor(connection, catalog, dataset).IsPaged))
        {
            using var all = connection.Prepare(SourceSql.All(dataset), doing);
            foreach (var chunk in Chunks(all, chunks)) yield return chunk;
            yield break;
        }
        var sql = SqlFor(connection, catalog, dataset);
        var (from, to) = (Bound(dataset, range.From), Bound(dataset, range.To));
        if (from is null && sql.IsNullable)
        {
            using var nulls = connection.Prepare(sql.RowsWithNull(), doing);
            foreach (var chunk in Chunks(nulls, chunks)) yield return chunk;
        }
        if (sql.IsPaged)
        {
            for (var isLast = false; !isLast;)
            {
                isLast = !ReadPage(connection, sql, dataset, ref from, to, chunks, doing);
                if (!chunks.IsEmpty)
                    yield return chunks.Take();
            }
            yield break;
        }
        using var rows = connection.Prepare(sql.Rows(from is not null, to is not null), doing);
        Bind(rows, from, to);
        foreach (var chunk in Chunks(rows, chunks)) yield return chunk;
    }

    private static IEnumerable<ChangeChunk> Chunks(Statement rows, RowChunks chunks)
    {
        while (rows.Step())
        {
            chunks.AddUpsert(rows, 0);
            if (chunks.IsFull)
                yield return chunks.Take();
        }
        if (!chunks.IsEmpty)
            yield return chunks.Take();
    }

    // The statement, and with it the transaction, ends before the page is handed over. True if there may be more rows.
    private static bool ReadPage(SourceConnection connection, RangeSql sql, Dataset dataset, ref KeyBound? after, KeyBound? to, RowChunks chunks, string doing)
    {
        using var rows = connection.Prepare(sql.Page(after is not null, to is not null, ChunkLimit.Rows), doing);
        Bind(rows, after, to);
        while (rows.Step())
        {
            chunks.AddUpsert(rows, 0);
            if (!chunks.IsFull) continue;
            after = KeyBound.Of(rows, dataset.Columns.Count, dataset.Key.Count);
            return true;
        }
        return false;
    }

    private static void Bind(Statement rows, KeyBound? from, KeyBound? to)
    {
        from?.Bind(rows, 1);
        to?.Bind(rows, from is null ? 1 : 1 + from.Parts.Count);
    }

    private static KeyBound? Bound(Dataset dataset, string? json) => json is null ? null
        : KeyBound.Parse(json, dataset.Key.Count) ?? throw new CdcSyncException(ErrorCodes.StateCorrupt,
            $"dataset {dataset.Id}: a bound of the first load's ranges does not fit the key ({string.Join(", ", dataset.Key.Select(k => k.Source))}).",
            $"The key changed since the load began: load the dataset again. Run: cdcsync resync {dataset.Id}");

    private static RangeSql SqlFor(SourceConnection connection, SqliteCatalog catalog, Dataset dataset)
    {
        if (DatasetInspection.ReadFaults(connection, catalog, dataset) is [var fault, ..])
            throw fault;
        return new RangeSql(dataset, DatasetInspection.Table(connection, catalog, dataset));
    }
}
