using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>What is missing for tables to be tracked.</summary>
internal static class TrackingSetup
{
    /// <summary>The statements that switch on what is off, and raise a retention that is too short; empty = all is there.</summary>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="database">The database.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are to be kept at least.</param>
    /// <exception cref="CdcSyncException">A table is missing, is a view, or has no key.</exception>
    public static IReadOnlyList<TSql> Statements(string source, ISourceDatabase database, IReadOnlyList<SourceObject.Table> tables, TimeSpan retention)
    {
        var setup = database.Setup();
        var found = database.Describe(tables).Zip(tables, (d, t) => Trackable(source, d.Object, t)).ToList();
        var statements = new List<TSql>();
        if (!setup.AllowsSnapshot) statements.Add(SetupSql.AllowSnapshot(setup.Name));
        if (setup.Retention is null) statements.Add(SetupSql.TrackDatabase(setup.Name, retention, DatabaseTracking.Off));
        else if (setup.Retention < retention) statements.Add(SetupSql.TrackDatabase(setup.Name, retention, DatabaseTracking.On));
        statements.AddRange(found.Where(t => t.Tracking is null).Select(t => SetupSql.TrackTable(t.Schema, t.Name)));
        return statements;
    }

    private static SqlServerObject Trackable(string source, SqlServerObject? found, SourceObject.Table asked) => found switch
    {
        null => throw new CdcSyncException(ErrorCodes.SourceObjectMissing, $"source {source} has no table {asked}, or the login may not see it.", $"Run: cdcsync discover {source}"),
        { Kind: not ObjectKind.Table } => throw new CdcSyncException(ErrorCodes.TrackingOff, $"source {source}: {found} is not a table, and only tables can be tracked.", "Use a high-water mark or full-refresh for it. Run: cdcsync validate"),
        { Key.Count: 0 } => throw new CdcSyncException(ErrorCodes.SourceKeyMissing, $"source {source}: {found} has no primary key, and change tracking records keys.", "Give it a primary key, or use capture: full-refresh. Run: cdcsync discover"),
        _ => found,
    };
}
