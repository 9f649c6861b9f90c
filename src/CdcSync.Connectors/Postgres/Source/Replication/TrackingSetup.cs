using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What is missing for tables to be tracked, and what is there to remove.</summary>
/// <param name="source">The source's name in the pipeline.</param>
/// <param name="slot">The slot's name.</param>
/// <param name="publication">The publication's name.</param>
internal sealed class TrackingSetup(string source, string slot, string publication)
{
    private readonly LogFaults _faults = new(source, slot, publication);

    /// <summary>The statements that make what is missing, each to be run on its own, in order; empty = all is there.</summary>
    /// <param name="facts">What is there.</param>
    /// <param name="asked">The tables asked for.</param>
    /// <param name="found">What the catalogue says of each.</param>
    /// <exception cref="CdcSyncException">A table is missing or can't be tracked, or the server can't do it.</exception>
    public IReadOnlyList<string> Statements(LogFacts facts, IReadOnlyList<SourceObject.Table> asked, IReadOnlyList<PostgresObject?> found)
    {
        var tables = asked.Zip(found, Trackable).ToList();
        if (facts.Server.IsStandby || facts.Server.WalLevel != "logical") throw _faults.Of(facts)!;
        if (facts.Publication is { IsForAllTables: true } || (facts.Slot is { } there && (there.Plugin != "pgoutput" || there.Database != facts.Server.Database)))
            throw _faults.Of(facts with { Publication = facts.Publication ?? new PublicationState("", false, true, true) })!;
        var statements = new List<string>();
        // The publication first: the log can't be decoded from before there was one.
        var missing = tables.Where(t => facts.Publication?.Members.ContainsKey(t.Oid) != true).DistinctBy(t => t.Oid).ToList();
        if (facts.Publication is not { } state)
        {
            statements.Add(SetupSql.CreatePublication(publication, missing));
        }
        else
        {
            if (!state.IsWhole || (!state.IsViaRoot && tables.Any(t => t.Kind == ObjectKind.Partitioned))) statements.Add(SetupSql.MakeWhole(publication));
            if (missing.Count > 0) statements.Add(SetupSql.AddTables(publication, missing));
        }
        if (facts.Slot is null) statements.Add(SetupSql.CreateSlot(slot));
        return statements;
    }

    /// <summary>The statements that remove the pipeline's slot and publication.</summary>
    public IReadOnlyList<string> Removal(LogFacts facts)
    {
        var statements = new List<string>();
        // The slot first: without its publication it could not be read any more, and would keep the log all the same.
        if (facts.Slot is { Plugin: "pgoutput" } there && there.Database == facts.Server.Database) statements.Add(SetupSql.DropSlot(slot));
        if (facts.Publication is not null) statements.Add(SetupSql.DropPublication(publication));
        return statements;
    }

    private PostgresObject Trackable(SourceObject.Table asked, PostgresObject? found)
    {
        if (found is null) throw new CdcSyncException(ErrorCodes.SourceObjectMissing, $"source {source} has no table {asked}, or the role may not see it.", $"Run: cdcsync discover {source}");
        return TrackingInspection.WhyNotPublished(found) is var (code, why, remedy) ? throw new CdcSyncException(code, $"source {source}: {why}.", remedy) : found;
    }
}
