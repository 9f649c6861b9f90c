using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using static CdcSync.Connectors.SqlServer.SqlServerDialect;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What the worker's user needs in a SQL Server warehouse, once <c>migrate</c> was run by someone else. docs/sqlserver-warehouse.md shows the same.</summary>
internal static class WarehouseGrants
{
    /// <summary>The statements; the last ones are for targets that the worker creates and widens.</summary>
    public static GrantScript For(IReadOnlyList<Dataset> datasets, string user)
    {
        var name = Quote(user);
        return new GrantScript($"""
            GRANT SELECT ON SCHEMA::cdcsync TO {name};
            GRANT INSERT, UPDATE ON cdcsync.[checkpoint] TO {name};
            GRANT INSERT, UPDATE ON cdcsync.lease TO {name};
            GRANT INSERT, UPDATE ON cdcsync.dataset_state TO {name};
            GRANT INSERT, UPDATE, DELETE ON cdcsync.quarantine TO {name};
            GRANT INSERT, UPDATE, DELETE ON cdcsync.contract_check TO {name};
            GRANT INSERT ON cdcsync.ledger TO {name};
            GRANT INSERT ON cdcsync.reconciliation TO {name};
            GRANT INSERT ON cdcsync.acceptance TO {name};
            GRANT INSERT ON cdcsync.source_schema TO {name};
            GRANT CREATE TABLE TO {name};
            {string.Join('\n', Schemas(datasets).Select(schema => $"GRANT ALTER, SELECT, INSERT, UPDATE, DELETE ON SCHEMA::{schema} TO {name};"))}
            """ + Reader(datasets, name));
    }

    // Whom queries of contracts are asked as.
    private static string Reader(IReadOnlyList<Dataset> datasets, string worker)
    {
        if (!datasets.Any(d => d.Checks.Any(c => c.Measure is SqlMeasure))) return "";
        var reader = Quote(CheckSql.Reader);
        return $"""

            CREATE USER {reader} WITHOUT LOGIN;
            GRANT IMPERSONATE ON USER::{reader} TO {worker};
            {string.Join('\n', Schemas(datasets).Select(schema => $"GRANT SELECT ON SCHEMA::{schema} TO {reader};"))}
            """;
    }

    private static IEnumerable<string> Schemas(IReadOnlyList<Dataset> datasets) => datasets.Select(d => d.Target.Schema ?? "dbo").Distinct().Order(StringComparer.Ordinal).Select(Quote);
}
