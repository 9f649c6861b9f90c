using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// Compares, in every pass, the columns that sources have with those they had: a change is told once and becomes the dataset's history, unless its contract freezes
/// changes of the kind. Then the dataset stops until a person accepts it, or it is taken back.
/// </summary>
internal sealed class SchemaWatch(EngineContext engine)
{
    /// <summary>Looks at the lanes of a session.</summary>
    /// <returns>The datasets that must not go on, and why.</returns>
    public async Task<IReadOnlyDictionary<DatasetId, CdcSyncException>> LookAsync(IReadOnlyList<Lane> lanes, IReadSession session, CancellationToken ct)
    {
        var frozen = new Dictionary<DatasetId, CdcSyncException>();
        foreach (var lane in lanes)
        {
            if (!session.Columns.TryGetValue(lane.Dataset.Id, out var now)) continue;
            if (lane.Schema is { } known && known.Columns.SequenceEqual(now)) lane.ToldSchema = null;
            else if (await ChangedAsync(lane, now, ct) is { } fault) frozen[lane.Dataset.Id] = fault;
        }

        return frozen;
    }

    private async Task<CdcSyncException?> ChangedAsync(Lane lane, IReadOnlyList<SourceColumn> now, CancellationToken ct)
    {
        var changes = lane.Schema is { } known ? SchemaDrift.Between(known.Columns, now) : [];
        SchemaChange[] frozen = lane.Accepts.HasFlag(Acceptance.Schema) ? [] : [.. changes.Where(c => lane.Dataset.Policy(c.Kind) == SchemaPolicy.Freeze)];
        // A frozen change comes again with every pass, and is told once.
        if (lane.ToldSchema is null || !lane.ToldSchema.SequenceEqual(changes))
        {
            SchemaChange[] told = [.. changes.Where(c => lane.Dataset.Policy(c.Kind) != SchemaPolicy.Ignore)];
            if (told.Length > 0) engine.Observer.SchemaChanged(lane.Dataset, told);
            lane.ToldSchema = changes;
        }
        if (frozen.Length > 0)
        {
            return new CdcSyncException(ErrorCodes.SourceSchemaFrozen, $"{lane.Dataset.Id}: the columns of {lane.Dataset.Object} changed, and the contract freezes that: {string.Join("; ", frozen.Select(c => c.What))}.",
                $"Take the change back, or adapt the contract; then accept it once. Run: cdcsync sync --accept-schema {lane.Dataset.Id}");
        }

        var schema = new SourceSchema((lane.Schema?.Number ?? 0) + 1, now, changes);
        await engine.Warehouse.Control.WriteSourceSchemaAsync(engine.Pipeline, lane.Dataset.Id, schema, ct);
        (lane.Schema, lane.ToldSchema) = (schema, null);
        return null;
    }
}
