using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer.Live;

/// <summary>
/// A database on the server that <c>CDCSYNC_TEST_SQLSERVER</c> names, to be read from. It need not be Microsoft's: what it can't do is found out by asking it, and single
/// cases are left out by that.
/// </summary>
internal sealed class LiveSource
{
    private const string Variable = "CDCSYNC_TEST_SQLSERVER";

    private static readonly Lazy<Task<LiveSource>> Shared = new(CreateAsync);
    private static int _tables;

    private LiveSource(string connectionString, string version) => (ConnectionString, Version) = (connectionString, version);

    public string ConnectionString { get; }

    public string Version { get; }

    public bool HasChangeTracking { get; private set; }

    public bool HasSnapshot { get; private set; }

    public bool HasRowVersion { get; private set; }

    public bool DescribesQueries { get; private set; }

    /// <summary>True if the plans of statements can be looked at: a right of the login's, too.</summary>
    public bool ShowsPlans { get; private set; }

    /// <summary>Sub-second digits that datetime2(7) keeps.</summary>
    public int Digits { get; private set; }

    /// <summary>The database; the test is skipped where no server is named.</summary>
    public static Task<LiveSource> GetAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 })
            Assert.Skip($"no SQL Server: start one (docker compose up sqlserver) and set {Variable} to its connection string, of a login that may create databases");
        return Shared.Value;
    }

    public SqlServerSource Open() => new("live", new SqlServerSourceOptions { ConnectionString = () => ConnectionString });

    /// <summary>A name for a table of a test's own.</summary>
    public static string NewName(string word) => $"{word}_{Interlocked.Increment(ref _tables)}";

    public async Task RunAsync(params string[] statements)
    {
        await using var connection = new SqlConnection(ConnectionString);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new SqlCommand(statement, connection) { CommandTimeout = 120 };
            await command.ExecuteNonQueryAsync();
        }
    }

    public async Task<object?> ScalarAsync(string statement)
    {
        await using var connection = new SqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new SqlCommand(statement, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>
    /// No statement that the reader sent about a table compares a column with a value of another type: the server would convert the column, row by row, instead of looking into its index.
    /// </summary>
    public async Task AssertSeeksAsync(string table)
    {
        if (!ShowsPlans) return;
        var plans = $"""
            FROM sys.dm_exec_cached_plans AS c CROSS APPLY sys.dm_exec_sql_text(c.plan_handle) AS t CROSS APPLY sys.dm_exec_query_plan(c.plan_handle) AS p
            WHERE c.objtype = N'Prepared' AND t.text LIKE N'%{table}%' AND t.text NOT LIKE N'%dm_exec_cached_plans%'
            """;
        Assert.NotEqual(0, await ScalarAsync($"SELECT COUNT(*) {plans}"));
        Assert.Null(await ScalarAsync($"SELECT TOP (1) t.text {plans} AND CONVERT(nvarchar(max), p.query_plan) LIKE N'%ConvertIssue=\"Seek Plan\"%'"));
    }

    /// <summary>Reads all rows of a dataset in one session.</summary>
    public async Task<List<ReadEvent>> ReadAllAsync(Dataset dataset)
    {
        await using var source = Open();
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], TestContext.Current.CancellationToken);
        var reading = session.Readings[dataset.Id];
        Assert.True(reading.State == ReadingState.Changed, $"{reading.State} {reading.Fault}");
        var events = new List<ReadEvent>();
        await foreach (var found in session.ReadAsync([dataset.Id], TestContext.Current.CancellationToken)) events.Add(found);
        return events;
    }

    private static async Task<LiveSource> CreateAsync()
    {
        var master = Environment.GetEnvironmentVariable(Variable)!;
        const string name = "cdcsync_source_test";
        await using (var connection = new SqlConnection(master))
        {
            await connection.OpenAsync();
            await using var create = new SqlCommand($"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name}", connection) { CommandTimeout = 120 };
            await create.ExecuteNonQueryAsync();
            create.CommandText = $"CREATE DATABASE {name}";
            await create.ExecuteNonQueryAsync();
        }

        var text = new SqlConnectionStringBuilder(master) { InitialCatalog = name }.ConnectionString;
        var live = new LiveSource(text, (string)(await new LiveSource(text, "").ScalarAsync("SELECT @@VERSION"))!);
        await live.TriesAsync($"ALTER DATABASE {name} SET ALLOW_SNAPSHOT_ISOLATION ON");
        live.HasSnapshot = await live.TriesAsync("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION; COMMIT TRANSACTION");
        live.HasChangeTracking = await live.TriesAsync($"ALTER DATABASE {name} SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)")
            && await live.TriesAsync("DECLARE @v bigint = CHANGE_TRACKING_CURRENT_VERSION(); IF @v IS NULL THROW 50000, N'none', 1");
        live.HasRowVersion = await live.TriesAsync("CREATE TABLE probe_rv (id int PRIMARY KEY, rv rowversion)");
        live.DescribesQueries = await live.TriesAsync("SELECT name FROM sys.dm_exec_describe_first_result_set(N'SELECT 1 AS one', NULL, 0)");
        live.ShowsPlans = await live.TriesAsync("SELECT p.query_plan FROM sys.dm_exec_cached_plans AS c CROSS APPLY sys.dm_exec_query_plan(c.plan_handle) AS p WHERE 1 = 0");
        live.Digits = Convert.ToString(await live.ScalarAsync("SELECT CONVERT(nvarchar(40), CONVERT(datetime2(7), '2026-01-01T00:00:00.1234567'), 121)"), System.Globalization.CultureInfo.InvariantCulture)!.EndsWith("1234567", StringComparison.Ordinal) ? 7 : 6;
        return live;
    }

    private async Task<bool> TriesAsync(string statement)
    {
        try
        {
            await RunAsync(statement);
            return true;
        }
        catch (SqlException)
        {
            return false;
        }
    }
}

public sealed class LiveCatalogueTests
{
    [Fact]
    public async Task The_server_says_what_it_can_do()
    {
        var live = await LiveSource.GetAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{live.Version}\nchange tracking {live.HasChangeTracking}, SNAPSHOT {live.HasSnapshot}, rowversion {live.HasRowVersion}, {live.Digits} digits");
        await using var source = live.Open();
        await using var session = await source.OpenAsync([], TestContext.Current.CancellationToken);
        Assert.InRange(session.SourceTime, DateTimeOffset.UtcNow - TimeSpan.FromHours(1), DateTimeOffset.UtcNow + TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Discovery_finds_tables_views_keys_and_types_and_the_patterns_choose()
    {
        var live = await LiveSource.GetAsync();
        var (table, view) = (LiveSource.NewName("found"), LiveSource.NewName("seen"));
        await live.RunAsync($"CREATE TABLE {table} (tenant nvarchar(10) NOT NULL, no bigint NOT NULL, amount decimal(12,2) NULL, at datetime2(3) NULL, PRIMARY KEY (tenant, no))", $"CREATE VIEW {view} AS SELECT no FROM {table}");
        await using var source = live.Open();
        var found = Assert.Single(await source.DiscoverAsync([table], TestContext.Current.CancellationToken));
        Assert.Equal(["tenant", "no"], found.Key);
        Assert.Equal(["nvarchar(10)", "bigint", "decimal(12,2)", "datetime2(3)"], found.Columns.Select(c => c.DeclaredType));
        Assert.Equal("utf8, int64, decimal128(12, 2), timestamp[ms]", string.Join(", ", found.Columns.Select(c => c.Type)));
        Assert.True(Assert.Single(await source.DiscoverAsync([$"dbo.{view}"], TestContext.Current.CancellationToken)).IsView);
    }

    [Fact]
    public async Task What_can_not_be_read_is_said_by_its_own_code()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("checked");
        await live.RunAsync($"CREATE TABLE {table} (id int PRIMARY KEY, v nvarchar(10))");
        var dataset = Model.TrackedWorld.Dataset(table, Arrow.Int32Type.Default);
        await using var source = live.Open();
        async Task<ErrorCode?> CodeAsync(Dataset of) => (await source.CheckAsync(of, TestContext.Current.CancellationToken)).FirstOrDefault()?.Code;
        Assert.Equal(ErrorCodes.SourceObjectMissing, await CodeAsync(dataset with { Object = new SourceObject.Table(null, "absent") }));
        Assert.Equal(ErrorCodes.TrackingOff, await CodeAsync(dataset));
        Assert.Null(await CodeAsync(dataset with { Capture = new Capture.FullRefresh() }));
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, await CodeAsync(dataset with { Columns = [.. dataset.Columns, new("x", "x", Arrow.StringType.Default, Arrow.StringType.Default)] }));
        if (!live.DescribesQueries) return;
        Assert.Equal(ErrorCodes.SourceFailed, await CodeAsync(dataset with { Object = new SourceObject.Query("SELECT nothing FROM nowhere"), Capture = new Capture.FullRefresh() }));
        Assert.Null(await CodeAsync(dataset with { Object = new SourceObject.Query($"SELECT id, v FROM dbo.{table} -- all"), Capture = new Capture.FullRefresh() }));
    }
}
