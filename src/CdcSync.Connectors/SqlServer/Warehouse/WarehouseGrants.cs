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
            GRANT INSERT ON cdcsync.ledger TO {name};
            GRANT INSERT ON cdcsync.reconciliation TO {name};
            GRANT CREATE TABLE TO {name};
            {string.Join('\n', datasets.Select(d => d.Target.Schema ?? "dbo").Distinct().Order(StringComparer.Ordinal).Select(schema => $"GRANT ALTER, SELECT, INSERT, UPDATE, DELETE ON SCHEMA::{Quote(schema)} TO {name};"))}
            """);
    }
}
