using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.SqlServer.Source.Ranges;

/// <summary>
/// Reads a dataset by ranges of its key, each in one statement and one short transaction. Where the key is not the table's primary key (views, queries) there is one
/// range: NULL and duplicates in it would fall between two.
/// </summary>
/// <param name="source">The source's name in the pipeline.</param>
/// <param name="open">Opens a connection.</param>
internal sealed class SqlServerRangeReader(string source, Func<CancellationToken, ValueTask<ISourceDatabase>> open) : IRangeReader
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerRange);
        ct.ThrowIfCancellationRequested();
        await using var database = await open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = database.CancelledBy(ct);
            var found = Begin(database, dataset);
            if (!IsCut(dataset, found)) return [new KeyRange(0, null, null)];
            var bounds = database.Bounds(dataset, found, rowsPerRange);
            return (IReadOnlyList<KeyRange>)[.. Enumerable.Range(0, bounds.Count + 1).Select(i => new KeyRange(i, i == 0 ? null : bounds[i - 1], i == bounds.Count ? null : bounds[i]))];
        }, ct);
    }

    /// <inheritdoc/>
    /// <remarks>Without SNAPSHOT a scan may meet a row twice; and a bound of a text that is not Unicode may lose characters on its way to the server, so that two ranges
    /// overlap.</remarks>
    public async ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct)
    {
        await using var database = await open(ct);
        return await Task.Run(() => database.Facts().AllowsSnapshot && database.Describe([dataset.Object])[0].Object is { } found && IsCut(dataset, found)
            && found.Key.All(k => k.TypeName is not ("char" or "varchar")), ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await using var database = await open(ct);
        await Task.Yield();
        using var cancellation = database.CancelledBy(ct);
        foreach (var chunk in Read(database, dataset, range))
        {
            ct.ThrowIfCancellationRequested();
            yield return chunk;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IDigestReader?> DigestsAsync(Dataset dataset, CancellationToken ct) =>
        await TableAsync(dataset, ct) is { } table && table.CanSay(DigestScope.Rows(dataset)) ? new SqlServerDigests(new SourceDigests(open), table) : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var reduced = scope.Reduced();
        return await TableAsync(reduced.Dataset, ct) is { } table && table.CanSay(reduced) ? await new SqlServerDigests(new SourceDigests(open), table).TotalsAsync(reduced, ct) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct)
    {
        await using var database = await open(ct);
        var key = await Task.Run(() => database.Describe([dataset.Object])[0].Object is { } found && DatasetInspection.ReadFaults(source, dataset, new Description(found)).Count == 0 ? SourceDigestTable.Key(dataset, found) : null, ct);
        return key is null ? null : FoundAsync(dataset, key, DigestValues.Keys(key, keys), ct);
    }

    private async IAsyncEnumerable<ChangeChunk> FoundAsync(Dataset dataset, IReadOnlyList<DigestedColumn> key, IReadOnlyList<object?[]> keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var database = await open(ct);
        await Task.Yield();
        using var cancellation = database.CancelledBy(ct);
        var found = Begin(database, dataset);
        foreach (var some in keys.Chunk(KeysSql.AtOnce(key)))
        {
            using var rows = database.Find(dataset, found, key, some);
            foreach (var chunk in Chunks(dataset, rows))
            {
                ct.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
    }

    /// <summary>The object as the target should be; null where there is none to be had, or T-SQL can't say it.</summary>
    private async ValueTask<DigestTable?> TableAsync(Dataset dataset, CancellationToken ct)
    {
        await using var database = await open(ct);
        return await Task.Run(() =>
        {
            var description = database.Describe([dataset.Object])[0];
            var server = database.DigestServer();
            return DatasetInspection.ReadFaults(source, dataset, description).Count == 0 ? SourceDigestTable.Of(dataset, description.Object!, server) : null;
        }, ct);
    }

    private IEnumerable<ChangeChunk> Read(ISourceDatabase database, Dataset dataset, KeyRange range)
    {
        var found = Begin(database, dataset);
        if ((range.From ?? range.To) is not null && !IsCut(dataset, found))
            throw new CdcSyncException(ErrorCodes.StateCorrupt, $"dataset {dataset.Id}: a bound of the first load's ranges does not fit the key.",
                $"The key changed since the load began: load the dataset again. Run: cdcsync resync {dataset.Id}");
        using var rows = range is { From: null, To: null } ? database.Rows(dataset, found) : database.Range(dataset, found, range.From, range.To);
        foreach (var chunk in Chunks(dataset, rows)) yield return chunk;
    }

    private static IEnumerable<ChangeChunk> Chunks(Dataset dataset, IRowCursor rows)
    {
        var chunks = new RowChunks(dataset);
        while (rows.Read())
        {
            rows.AddTo(chunks);
            if (chunks.IsFull) yield return chunks.Take();
        }
        if (!chunks.IsEmpty) yield return chunks.Take();
    }

    private SqlServerObject Begin(ISourceDatabase database, Dataset dataset)
    {
        var facts = database.Facts();
        var description = database.Describe([dataset.Object])[0];
        if (DatasetInspection.ReadFaults(source, dataset, description) is [var fault, ..]) throw fault;
        database.Begin(facts.AllowsSnapshot ? ReadIsolation.Snapshot : ReadIsolation.Committed);
        return description.Object!;
    }

    private static bool IsCut(Dataset dataset, SqlServerObject found) => dataset.Key.Count > 0 && found.Kind == ObjectKind.Table
        && dataset.Key.Select(k => found.Column(k.Source)!.Name).ToHashSet(StringComparer.Ordinal).SetEquals(found.Key.Select(k => k.Name)) && found.Key.All(k => k.ParameterType is not null);
}
