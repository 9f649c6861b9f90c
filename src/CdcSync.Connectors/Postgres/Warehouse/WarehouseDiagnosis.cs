using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What <c>doctor</c> looks at in a PostgreSQL warehouse.</summary>
internal sealed class WarehouseDiagnosis(PostgresSessions sessions, PostgresTargets targets)
{
    private const string HealthSql = """
        SELECT current_setting('server_version'), current_user::text, current_database()::text,
               pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on',
               has_database_privilege(current_database(), 'TEMPORARY'),
               (SELECT s.ssl FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()), inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1'
        """;

    /// <summary>Looks.</summary>
    public async ValueTask<IReadOnlyList<Finding>> FindingsAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct)
    {
        var findings = await sessions.RunAsync("looking at the server", connection => HealthAsync(connection, ct), ct);
        foreach (var dataset in datasets)
            findings.Add(await TargetAsync(dataset, ct));
        return findings;
    }

    private static async Task<List<Finding>> HealthAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(HealthSql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var (version, user, database) = (reader.GetString(0), reader.GetString(1), reader.GetString(2));
        var (isReadOnly, mayStage) = (reader.GetBoolean(3), reader.GetBoolean(4));
        var (isEncrypted, isLocal) = (!reader.IsDBNull(5) && reader.GetBoolean(5), reader.GetBoolean(6));
        return
        [
            Finding.Pass("server", $"PostgreSQL {version}, database {database}, as {user}"),
            isEncrypted ? Finding.Pass("encryption", "TLS") : isLocal ? Finding.Pass("encryption", "none, on this machine")
                : Finding.Warn("encryption", "none: rows and password can be read on the way.", "Say 'SSL Mode=VerifyFull' in the connection string. Run: cdcsync doctor"),
            isReadOnly ? Finding.Fail("writing", new CdcSyncException(ErrorCodes.WarehouseDenied, "the server is read-only (a standby, or default_transaction_read_only).", "Connect to the primary. Run: cdcsync doctor"))
                : Finding.Pass("writing", "the server takes writes"),
            mayStage ? Finding.Pass("staging", "temporary tables may be created")
                : Finding.Fail("staging", new CdcSyncException(ErrorCodes.WarehouseDenied, $"{user} may not create temporary tables in {database}.", $"GRANT TEMPORARY ON DATABASE {PostgresDialect.Quote(database)} TO {PostgresDialect.Quote(user)}; Run: cdcsync doctor")),
        ];
    }

    private async Task<Finding> TargetAsync(Dataset dataset, CancellationToken ct)
    {
        try
        {
            var (plan, missingRight) = await targets.PlanAsync(dataset, ct);
            if (missingRight is not null)
                return Finding.Fail("target", new CdcSyncException(ErrorCodes.WarehouseDenied, $"{dataset.Target} is to be created, and {missingRight}.", "Run: cdcsync grants"), dataset.Id);
            return Finding.Pass("target", plan.Count == 0 ? $"{dataset.Target} is as it should be" : $"the next sync prepares it ({string.Join("; ", plan)})", dataset.Id);
        }
        catch (CdcSyncException fault) when (!fault.IsTransient)
        {
            return Finding.Fail("target", fault, dataset.Id);
        }
    }
}
