using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>What a role needs to read datasets. docs/postgresql.md shows the same.</summary>
internal static class SourceGrants
{
    /// <summary>The statements. Slot and publication are made by <c>discover --enable-tracking</c>.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="datasets">The datasets of a source; those without a schema are taken to be in <c>public</c>.</param>
    /// <param name="role">The role.</param>
    public static GrantScript For(string database, IReadOnlyList<Dataset> datasets, string role)
    {
        var name = Quote(role);
        (string Schema, string Table)[] tables = [.. datasets.Select(d => d.Object).OfType<SourceObject.Table>().Select(t => (t.Schema ?? "public", t.Name)).Distinct()];
        IEnumerable<string> lines =
        [
            $"GRANT CONNECT ON DATABASE {Quote(database)} TO {name};",
            .. tables.Select(t => t.Schema).Distinct().Select(schema => $"GRANT USAGE ON SCHEMA {Quote(schema)} TO {name};"),
            .. tables.Select(t => $"GRANT SELECT ON {Quote(t.Schema)}.{Quote(t.Table)} TO {name};"),
            .. datasets.Where(d => d.Object is SourceObject.Query).Select(d => $"-- dataset {d.Id} reads a query: GRANT SELECT on each table and view that it names"),
            .. datasets.Any(d => d.Capture is Capture.ChangeTracking) ? [$"ALTER ROLE {name} REPLICATION;"] : Array.Empty<string>(),
        ];
        return new GrantScript(string.Join('\n', lines), $"GRANT pg_read_all_stats TO {name};");
    }
}
