using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What the worker's user needs in a PostgreSQL warehouse, once <c>migrate</c> was run by someone else.</summary>
internal static class WarehouseGrants
{
    /// <summary>The statements; the last ones are for targets that the worker creates, and owns then.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="datasets">The datasets; those without a schema go to the user's first, which is taken to be <c>public</c>.</param>
    /// <param name="user">The user.</param>
    public static GrantScript For(string database, IReadOnlyList<Dataset> datasets, string user)
    {
        var name = Quote(user);
        return new GrantScript($"""
            GRANT CONNECT, TEMPORARY ON DATABASE {Quote(database)} TO {name};
            GRANT USAGE ON SCHEMA cdcsync TO {name};
            GRANT SELECT ON ALL TABLES IN SCHEMA cdcsync TO {name};
            GRANT INSERT, UPDATE ON cdcsync.checkpoint, cdcsync.lease, cdcsync.dataset_state, cdcsync.quarantine, cdcsync.contract_check TO {name};
            GRANT INSERT ON cdcsync.ledger, cdcsync.reconciliation, cdcsync.acceptance, cdcsync.source_schema TO {name};
            GRANT DELETE ON cdcsync.quarantine, cdcsync.contract_check TO {name};
            {string.Join('\n', datasets.Select(d => d.Target.Schema ?? "public").Distinct().Order(StringComparer.Ordinal).Select(schema => $"GRANT USAGE, CREATE ON SCHEMA {Quote(schema)} TO {name};"))}
            """);
    }
}
