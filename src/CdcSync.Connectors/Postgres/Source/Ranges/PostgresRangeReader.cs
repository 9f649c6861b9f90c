using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Digests;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source.Ranges;

/// <summary>
/// Reads a dataset by ranges of its key, each in one statement and one short transaction. Where the key is not the table's primary key (views, queries) there is one
/// range: NULL and duplicates in it would fall between two. A bound is the key's parts as the server writes them, a JSON array of texts.
/// </summary>
/// <param name="open">Opens a connection.</param>
/// <param name="catalogue">Describes objects.</param>
internal sealed class PostgresRangeReader(Func<CancellationToken, ValueTask<SourceConnection>> open, Catalogue catalogue) : IRangeReader
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerRange);
        ct.ThrowIfCancellationRequested();
        await using var connection = await open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = connection.CancelledBy(ct);
            var (_, source) = Begin(connection, dataset);
            if (!IsCut(dataset, source)) return [new KeyRange(0, null, null)];
            var bounds = Bounds(connection, dataset, source, rowsPerRange);
            return (IReadOnlyList<KeyRange>)[.. Enumerable.Range(0, bounds.Count + 1).Select(i => new KeyRange(i, i == 0 ? null : bounds[i - 1], i == bounds.Count ? null : bounds[i]))];
        }, ct);
    }

    /// <inheritdoc/>
    /// <remarks>A reader takes different values to different values, or says that one does not fit: what is unique in the server stays so, unless times are cut or texts folded.</remarks>
    public async ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct)
    {
        await using var connection = await open(ct);
        return await Task.Run(() => catalogue.Describe(connection, dataset).Object is { } source && IsCut(dataset, source)
            && dataset.Key.All(k => k is { Precision: TimePrecision.Exact, Fold: null or KeyFold.None }), ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await using var connection = await open(ct);
        await Task.Yield();
        using var cancellation = connection.CancelledBy(ct);
        foreach (var chunk in Read(connection, dataset, range))
        {
            ct.ThrowIfCancellationRequested();
            yield return chunk;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IDigestReader?> DigestsAsync(Dataset dataset, CancellationToken ct) =>
        await DescribeAsync(dataset, ct) is { } source && SourceDigestTable.Of(dataset, source) is { } table ? new PostgresSourceDigests(open, table, dataset) : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        var reduced = scope.Reduced();
        return await DescribeAsync(reduced.Dataset, ct) is { } source && SourceDigestTable.Of(reduced.Dataset, source) is { } table
            ? await new PostgresSourceDigests(open, table, reduced.Dataset).TotalsAsync(reduced, ct) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct) =>
        dataset.Key.All(k => k is { Mask: null, Fold: null or KeyFold.None } && k.ReadType == k.TargetType) && await DescribeAsync(dataset, ct) is { } source && IsCut(dataset, source)
            ? LookUpAsync(dataset, keys, ct) : null;

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> WithinAsync(Dataset dataset, RowRange range, CancellationToken ct)
    {
        var column = dataset.Columns.Single(c => c.Target == dataset.TargetSchema.Fields[range.Column].Name);
        return column.Mask is null && column.ReadType == column.TargetType && await DescribeAsync(dataset, ct) is { } source && RangeText.Of(column, source.Column(column.Source)!) is { } text
            ? WithinAsync(dataset, column, [.. ((long?[])[range.From, range.To]).OfType<long>().Select(text)], range, ct) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct)
    {
        await using var connection = await open(ct);
        return await Task.Run((Func<(long, long)?>)(() =>
        {
            using var cancellation = connection.CancelledBy(ct);
            if (catalogue.Describe(connection, dataset).Object is not { } source || !IsCut(dataset, source) || source.Column(dataset.Key[0].Source)!.Type.Oid is not (PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8))
                return null;
            return connection.Ask([Parameter.Statement(RangesSql.Ends(dataset, source))], $"looking at the keys of dataset {dataset.Id}",
                rows => rows.Read() && !rows.IsDBNull(0) ? (rows.GetInt64(0), rows.GetInt64(1)) : ((long, long)?)null);
        }), ct);
    }

    /// <inheritdoc/>
    public KeyRange Between(long first, long last) => new(0, first == long.MinValue ? null : Bound(first - 1), last == long.MaxValue ? null : Bound(last));

    private static string Bound(long key) => JsonSerializer.Serialize<string[]>([key.ToString(CultureInfo.InvariantCulture)]);

    private async ValueTask<PostgresObject?> DescribeAsync(Dataset dataset, CancellationToken ct)
    {
        await using var connection = await open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = connection.CancelledBy(ct);
            var described = catalogue.Describe(connection, dataset);
            return DatasetInspection.ReadFaults(connection.Source, dataset, described, () => Catalogue.Names(connection)) is [var fault, ..] ? throw fault : described.Object;
        }, ct);
    }

    private async IAsyncEnumerable<ChangeChunk> LookUpAsync(Dataset dataset, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await open(ct);
        await Task.Yield();
        using var cancellation = connection.CancelledBy(ct);
        var (transaction, source) = Begin(connection, dataset);
        foreach (var chunk in transaction.Rows(dataset, source, RangesSql.Lookup(dataset, source), [.. keys.Columns.Select(KeyTexts.Array)]))
        {
            ct.ThrowIfCancellationRequested();
            yield return chunk;
        }
    }

    private async IAsyncEnumerable<ChangeChunk> WithinAsync(Dataset dataset, DatasetColumn column, string[] values, RowRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await open(ct);
        await Task.Yield();
        using var cancellation = connection.CancelledBy(ct);
        var (transaction, source) = Begin(connection, dataset);
        var bounds = (range.From is null ? RangeBounds.None : RangeBounds.From) | (range.To is null ? RangeBounds.None : RangeBounds.To);
        foreach (var chunk in transaction.Rows(dataset, source, RangesSql.Within(dataset, source, source.Column(column.Source)!, bounds), values))
        {
            ct.ThrowIfCancellationRequested();
            yield return chunk;
        }
    }

    private IEnumerable<ChangeChunk> Read(SourceConnection connection, Dataset dataset, KeyRange range)
    {
        var (transaction, source) = Begin(connection, dataset);
        var bounds = (range.From is null ? RangeBounds.None : RangeBounds.From) | (range.To is null ? RangeBounds.None : RangeBounds.To);
        if (bounds != RangeBounds.None && !IsCut(dataset, source)) throw Misfit(dataset);
        return transaction.Rows(dataset, source, RangesSql.Rows(dataset, source, bounds), [.. Parts(dataset, range.From), .. Parts(dataset, range.To)]);
    }

    private (ReadTransaction Transaction, PostgresObject Source) Begin(SourceConnection connection, Dataset dataset)
    {
        var facts = ReadTransaction.Ask(connection);
        var isQuery = dataset.Object is SourceObject.Query;
        var described = isQuery ? catalogue.Describe(connection, dataset) : null;
        var transaction = ReadTransaction.Begin(connection, facts);
        described ??= catalogue.Describe(connection, dataset);
        return DatasetInspection.ReadFaults(connection.Source, dataset, described, () => Catalogue.Names(connection)) is [var fault, ..] ? throw fault : (transaction, described.Object!);
    }

    private static List<string> Bounds(SourceConnection connection, Dataset dataset, PostgresObject source, long rowsPerRange) =>
        connection.Ask([Parameter.Statement(RangesSql.Bounds(dataset, source), Parameter.BigInt(rowsPerRange))], $"planning the ranges of dataset {dataset.Id}", rows =>
        {
            var bounds = new List<string>();
            while (rows.Read()) bounds.Add(JsonSerializer.Serialize(Enumerable.Range(0, rows.FieldCount).Select(rows.GetString).ToArray()));
            return bounds;
        });

    private static IReadOnlyList<string> Parts(Dataset dataset, string? bound)
    {
        if (bound is null) return [];
        try
        {
            return JsonSerializer.Deserialize<string[]>(bound) is { } parts && parts.Length == dataset.Key.Count && !parts.Contains(null) ? parts : throw Misfit(dataset);
        }
        catch (JsonException)
        {
            throw Misfit(dataset);
        }
    }

    private static CdcSyncException Misfit(Dataset dataset) => new(ErrorCodes.StateCorrupt,
        $"dataset {dataset.Id}: a bound of the first load's ranges does not fit the key ({string.Join(", ", dataset.Key.Select(k => k.Source))}).",
        $"The key changed since the load began: load the dataset again. Run: cdcsync resync {dataset.Id}");

    private static bool IsCut(Dataset dataset, PostgresObject source) => dataset.Key.Count > 0 && source.Kind is ObjectKind.Table or ObjectKind.Partitioned
        && dataset.Key.Select(k => k.Source).ToHashSet(StringComparer.Ordinal).SetEquals(source.Key.Select(k => k.Name));
}
