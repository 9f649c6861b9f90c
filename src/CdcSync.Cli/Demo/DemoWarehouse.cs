using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CdcSync.Cli.Demo;

/// <summary>The warehouse as the demo's own queries see it, apart from the engine.</summary>
internal abstract record DemoWarehouse
{
    /// <summary>What stands in front of a table's name.</summary>
    public abstract string Prefix { get; }

    /// <summary>Opens a connection for the comparison.</summary>
    public abstract Task<DbConnection> OpenAsync(CancellationToken ct);

    /// <summary>Removes all that the demo left in it.</summary>
    public abstract Task RemoveAsync();

    /// <summary>A file in the demo's folder, which goes with the folder.</summary>
    public sealed record Sqlite(string Path) : DemoWarehouse
    {
        public override string Prefix => "";

        public override async Task<DbConnection> OpenAsync(CancellationToken ct)
        {
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            await connection.OpenAsync(ct);
            return connection;
        }

        public override Task RemoveAsync() => Task.CompletedTask;
    }

    /// <summary>A schema of its own in a PostgreSQL database of the user's; the pipeline has its name.</summary>
    public sealed record Postgres(string Connection, string Schema) : DemoWarehouse
    {
        public override string Prefix => $"{Schema}.";

        public override async Task<DbConnection> OpenAsync(CancellationToken ct)
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Connection) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(ct);
            return connection;
        }

        public override async Task RemoveAsync()
        {
            await using var connection = await OpenAsync(CancellationToken.None);
            await connection.ExecuteAsync($"DROP SCHEMA IF EXISTS {Schema} CASCADE");
            if (await connection.ExecuteScalarAsync<bool>("SELECT to_regclass('cdcsync.checkpoint') IS NULL"))
                return;
            foreach (var table in new[] { "checkpoint", "ledger", "quarantine", "reconciliation", "staging", "dataset_state", "lease" })
                await connection.ExecuteAsync($"DELETE FROM cdcsync.{table} WHERE pipeline = @pipeline", new { pipeline = Schema });
        }
    }
}
