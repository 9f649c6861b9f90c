using System.Data.Common;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>Which warehouse a test runs against.</summary>
public enum WarehouseKind
{
    Sqlite,
    Postgres,
}

/// <summary>A warehouse of its own for one test: its lines in the pipeline file, and connections beside the engine's.</summary>
internal abstract class WarehouseUnderTest : IAsyncDisposable
{
    /// <summary>What stands after <c>warehouse:</c> in the pipeline file.</summary>
    public abstract string Yaml { get; }

    /// <summary>Variables the process needs.</summary>
    public virtual IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    /// <summary>Makes one; skips the test where there is no such server.</summary>
    public static async Task<WarehouseUnderTest> CreateAsync(WarehouseKind kind, TempFolder folder)
    {
        if (kind == WarehouseKind.Sqlite)
            return new Sqlite(folder["warehouse.db"]);
        if (PostgresServer.SkipReason is { } reason)
            Assert.Skip(reason);
        return new Postgres(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());
    }

    /// <summary>Opens a connection.</summary>
    public abstract Task<DbConnection> OpenAsync();

    /// <summary>A target table as SQL.</summary>
    public abstract string Table(string name);

    /// <summary>A table of the control schema as SQL.</summary>
    public abstract string Control(string name);

    public abstract ValueTask DisposeAsync();

    /// <summary>The first value of a query.</summary>
    public async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Runs a statement.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>True if nobody else can write now.</summary>
    public virtual Task<bool> IsLockedAsync() => Task.FromResult(false);

    protected static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private sealed class Sqlite(string path) : WarehouseUnderTest
    {
        public override string Yaml => "{ kind: sqlite, path: ./warehouse.db }";

        public override async Task<DbConnection> OpenAsync()
        {
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            await connection.OpenAsync();
            return connection;
        }

        public override async Task<bool> IsLockedAsync()
        {
            await using var connection = (SqliteConnection)await OpenAsync();
            connection.DefaultTimeout = 1;
            try
            {
                await using var transaction = connection.BeginTransaction();
                return false;
            }
            catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY)
            {
                return true;
            }
        }

        public override string Table(string name) => Quote(name);

        public override string Control(string name) => $"cdcsync_{name}";

        public override ValueTask DisposeAsync() => default;
    }

    private sealed class Postgres(PostgresDatabase database) : WarehouseUnderTest
    {
        public override string Yaml => "{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: landed }";

        public override IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };

        public override async Task<DbConnection> OpenAsync()
        {
            var connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync();
            return connection;
        }

        public override string Table(string name) => $"landed.{Quote(name)}";

        public override string Control(string name) => $"cdcsync.{name}";

        public override ValueTask DisposeAsync() => database.DisposeAsync();
    }
}
