using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>How a warehouse's sessions are set up.</summary>
internal static class SessionSettings
{
    /// <summary>The connection string that sessions really use.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WarehouseDenied"/> if the user's can't be read.</exception>
    public static string ConnectionString(PostgresWarehouseOptions options) => PostgresConnectionString.Complete(options.ConnectionString,
        new PostgresSessionNeeds($"cdcsync/{options.Pipeline}", options.StatementTimeout + TimeSpan.FromSeconds(15), Of(options), options.Password is not null), ErrorCodes.WarehouseDenied);

    /// <summary>What each session sets. Plans are made once per statement and must stay good while a target grows from nothing: only by its indexes.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(PostgresWarehouseOptions options) =>
    [
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO"),
        ("client_min_messages", "warning"),
        ("default_transaction_isolation", "read\\ committed"),
        ("lock_timeout", PostgresConnectionString.Milliseconds(options.LockTimeout)),
        ("statement_timeout", PostgresConnectionString.Milliseconds(options.StatementTimeout)),
        ("idle_in_transaction_session_timeout", PostgresConnectionString.Milliseconds(options.StatementTimeout)),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "6"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_seqscan", "off"),
        ("work_mem", "64MB"),
        ("temp_buffers", "32MB"),
    ];
}
