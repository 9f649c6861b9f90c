using System.Collections.Concurrent;
using System.Data.SqlTypes;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer;

/// <summary>
/// The server that <c>CDCSYNC_TEST_SQLSERVER</c> names with the driver's connection string of a login that may create databases. It need not be Microsoft's: what it
/// can't do is found out by asking it, and single cases are left out by that.
/// </summary>
public sealed class LiveSqlServer
{
    private const string Variable = "CDCSYNC_TEST_SQLSERVER";

    private static readonly Lazy<Task<LiveSqlServer>> Probed = new(ProbeAsync);
    private static int _databases;
    private readonly ConcurrentBag<LiveDatabase> _free = [];

    /// <summary>Why live tests are skipped; null = they run.</summary>
    public static string? SkipReason { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 }
        ? null
        : $"no SQL Server: start one (docker compose up sqlserver) and set {Variable} to its connection string, of a login that may create databases";

    /// <summary>Its answer to @@VERSION.</summary>
    public required string Version { get; init; }

    /// <summary>True if a text may have a NUL.</summary>
    public required bool HoldsNul { get; init; }

    /// <summary>True if a time has seven digits of a second, not six.</summary>
    public required bool HoldsSevenDigits { get; init; }

    /// <summary>True if a name may have a closing bracket.</summary>
    public required bool HasBracketNames { get; init; }

    /// <summary>True if a name may have a character of two UTF-16 units.</summary>
    public required bool HasAstralNames { get; init; }

    /// <summary>True if bulk copy keeps a time's microseconds.</summary>
    public required bool KeepsBulkTimes { get; init; }

    /// <summary>True if it is Microsoft's, with MERGE.</summary>
    public required bool HasMerge { get; init; }

    /// <summary>The server; the test is skipped where none is named.</summary>
    public static Task<LiveSqlServer> GetAsync()
    {
        if (SkipReason is { } reason) Assert.Skip(reason);
        return Probed.Value;
    }

    /// <summary>An empty database. Readers of it see whole transactions, where the server has READ_COMMITTED_SNAPSHOT or needs none.</summary>
    /// <remarks>To create one takes seconds on some servers: they are emptied and used again, also by the next run.</remarks>
    public async Task<LiveDatabase> CreateDatabaseAsync()
    {
        if (!_free.TryTake(out var database)) database = await ClaimAsync();
        await database.EmptyAsync();
        return database;
    }

    internal void Return(LiveDatabase database) => _free.Add(database);

    /// <summary>The first database that no other process uses; it is this one's as long as the connection is open that holds the lock.</summary>
    private async Task<LiveDatabase> ClaimAsync()
    {
        var connection = await OpenAsync("master");
        await using var claim = new SqlCommand("DECLARE @result int; EXEC @result = sp_getapplock @Resource = @name, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0; SELECT @result", connection);
        var name = claim.Parameters.Add("@name", System.Data.SqlDbType.NVarChar, 128);
        do name.Value = $"cdcsync_test_{Interlocked.Increment(ref _databases)}";
        while ((int)(await claim.ExecuteScalarAsync())! < 0);
        await ExecuteAsync(connection, $"IF DB_ID(N'{name.Value}') IS NULL CREATE DATABASE {name.Value}");
        if (HasMerge) await ExecuteAsync(connection, $"ALTER DATABASE {name.Value} SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE; ALTER DATABASE {name.Value} SET ALLOW_SNAPSHOT_ISOLATION ON");
        return new LiveDatabase(this, (string)name.Value, connection);
    }

    internal static string ConnectionString(string database) =>
        new SqlConnectionStringBuilder(Environment.GetEnvironmentVariable(Variable)) { InitialCatalog = database }.ConnectionString;

    internal static async Task<SqlConnection> OpenAsync(string database)
    {
        var connection = new SqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        return connection;
    }

    internal static async Task ExecuteAsync(SqlConnection connection, string sql)
    {
        await using var command = new SqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<LiveSqlServer> ProbeAsync()
    {
        await PrepareAsync();
        await using var connection = await OpenAsync("master");
        var server = new LiveSqlServer
        {
            Version = (string)(await AskAsync("SELECT @@VERSION"))!,
            HoldsNul = await AskAsync("SELECT DATALENGTH(CAST(NCHAR(0) AS nvarchar(1)))") is 2,
            HoldsSevenDigits = await AskAsync("SELECT CAST('2000-01-01T00:00:00.1234567' AS datetime2(7))") is DateTime { Ticks: var ticks } && ticks % 10 == 7,
            HasBracketNames = await AskAsync("CREATE TABLE #named ([a]]b] int); SELECT 1") is 1,
            HasAstralNames = await AskAsync("SELECT 1 AS [\U0001F40E]") is 1,
            KeepsBulkTimes = await KeepsBulkTimesAsync(),
            HasMerge = await AskAsync("DECLARE @t TABLE (a int); MERGE @t AS t USING (SELECT 1 AS a) AS s ON t.a = s.a WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a); SELECT COUNT(*) FROM @t") is 1,
        };
        return server;

        async Task<bool> KeepsBulkTimesAsync()
        {
            var sent = new TimeSpan(432_000_000_010);
            await ExecuteAsync(connection, "CREATE TABLE #times (t time(6))");
            using var copy = new SqlBulkCopy(connection) { DestinationTableName = "#times" };
            using var rows = new System.Data.DataTable { Columns = { { "t", typeof(TimeSpan) } } };
            rows.Rows.Add(sent);
            await copy.WriteToServerAsync(rows);
            return await AskAsync("SELECT t FROM #times", connection) is TimeSpan found && found == sent;
        }

        static async Task<object?> AskAsync(string sql, SqlConnection? on = null)
        {
            // What a server does not know it may answer in a way that the driver can't read: that connection is of no further use.
            await using var own = on is null ? await OpenAsync("master") : null;
            try
            {
                await using var command = new SqlCommand(sql, on ?? own);
                return await command.ExecuteScalarAsync();
            }
            catch (Exception e) when (e is SqlException or ArgumentException or InvalidOperationException)
            {
                return null;
            }
        }
    }

    /// <summary>The driver's bulk copy asks tempdb for the collation of each column of a temporary table; Babelfish has that procedure for other databases only.</summary>
    private static async Task PrepareAsync()
    {
        await using var tempdb = await OpenAsync("tempdb");
        await ExecuteAsync(tempdb, """
            IF @@VERSION LIKE N'Babelfish%' AND NOT EXISTS (SELECT 1 FROM sys.procedures WHERE name = N'sp_tablecollations_100')
                EXEC (N'CREATE PROCEDURE dbo.sp_tablecollations_100 @name nvarchar(4000) AS
                        SELECT TOP (1024) CAST(0 AS int) AS colid, CAST(NULL AS nvarchar(128)) AS name, CAST(NULL AS varbinary(5)) AS tds_collation, CAST(NULL AS nvarchar(128)) AS collation
                          FROM sys.all_columns')
            """);
    }
}

/// <summary>An empty database of a <see cref="LiveSqlServer"/>; another test's when disposed.</summary>
/// <param name="server">Its server.</param>
/// <param name="name">Its name.</param>
/// <param name="claim">The connection that holds the lock on the name.</param>
public sealed class LiveDatabase(LiveSqlServer server, string name, SqlConnection claim) : IAsyncDisposable
{
    private const string Objects = """
        SELECT N'ALTER TABLE', SCHEMA_NAME(schema_id), OBJECT_NAME(parent_object_id), name FROM sys.foreign_keys
        UNION ALL
        SELECT N'DROP VIEW', SCHEMA_NAME(schema_id), name, NULL FROM sys.views WHERE is_ms_shipped = 0
        UNION ALL
        SELECT N'DROP TABLE', SCHEMA_NAME(schema_id), name, NULL FROM sys.tables WHERE is_ms_shipped = 0
        """;

    private const string Schemas = """
        SELECT N'DROP SCHEMA', name, NULL, NULL FROM sys.schemas WHERE name NOT IN (N'dbo', N'guest', N'sys', N'INFORMATION_SCHEMA') AND name NOT LIKE N'db[_]%' AND schema_id < 16384
        """;

    public LiveSqlServer Server => server;

    public string Name => name;

    public string ConnectionString => LiveSqlServer.ConnectionString(name);

    /// <summary>Runs a batch.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await LiveSqlServer.OpenAsync(name);
        await LiveSqlServer.ExecuteAsync(connection, sql);
    }

    /// <summary>All rows of a query; decimals as <see cref="SqlDecimal"/>, null as null.</summary>
    /// <remarks>Babelfish splits long texts over packets where SQL Server does not, and the driver then fails now and then, by the timing of what it receives: it reads again.</remarks>
    public async Task<List<object?[]>> QueryAsync(string sql)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ReadAsync(sql);
            }
            catch (ArgumentOutOfRangeException) when (!server.HasMerge && attempt < 20)
            {
                SqlConnection.ClearAllPools();
            }
        }
    }

    /// <summary>Drops all that is in it.</summary>
    public async Task EmptyAsync()
    {
        foreach (var listed in new[] { Objects, Schemas })
        {
            foreach (var row in await QueryAsync(listed))
                await ExecuteAsync($"{row[0]} {Quote(row[1])}{(row[2] is null ? "" : $".{Quote(row[2])}")}{(row[3] is null ? "" : $" DROP CONSTRAINT {Quote(row[3])}")}");
        }
    }

    private async Task<List<object?[]>> ReadAsync(string sql)
    {
        await using var connection = await LiveSqlServer.OpenAsync(name);
        await using var command = new SqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<object?[]> rows = [];
        while (await reader.ReadAsync())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetFieldType(i) == typeof(decimal) ? reader.GetSqlDecimal(i) : reader.GetValue(i))]);
        return rows;
    }

    private static string Quote(object? name) => $"[{((string)name!).Replace("]", "]]", StringComparison.Ordinal)}]";

    public ValueTask DisposeAsync()
    {
        if (claim.State == System.Data.ConnectionState.Open) server.Return(this);
        return default;
    }
}
