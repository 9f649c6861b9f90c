using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>A database with a publication and a slot, and what tests do with it.</summary>
internal sealed class TrackedDatabase(PostgresDatabase database) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _owned = [];

    public PostgresDatabase Database => database;

    public string Slot { get; } = $"cdcsync_{Guid.CreateVersion7():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs statements, publishes all tables there are, and makes the slot.</summary>
    public static Task<TrackedDatabase> CreateAsync(params string[] statements) => CreateAsync(null, statements);

    /// <summary>On a server of the test's own.</summary>
    public static async Task<TrackedDatabase> CreateAsync(PostgresServer? server, params string[] statements)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var tracked = new TrackedDatabase(await (server ?? await LogicalServer.SharedAsync()).CreateDatabaseAsync());
        foreach (var statement in statements) await tracked.RunAsync(statement);
        await tracked.RunAsync("""
            CREATE PUBLICATION cdcsync WITH (publish_via_partition_root = true);
            DO $$ DECLARE t regclass; BEGIN
                FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relpersistence = 'p' LOOP EXECUTE format('ALTER PUBLICATION cdcsync ADD TABLE %s', t); END LOOP;
            END $$
            """);
        await tracked.MakeSlotAsync();
        return tracked;
    }

    public Task<int> RunAsync(string sql) => database.ExecuteAsync(sql);

    public Task MakeSlotAsync() => RunAsync($"SELECT pg_create_logical_replication_slot('{Slot}', 'pgoutput')");

    public Task DropSlotAsync() => RunAsync($"SELECT pg_drop_replication_slot('{Slot}')");

    public PostgresSource Open(Func<PostgresSourceOptions, PostgresSourceOptions>? change = null, string? role = null)
    {
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role is not null) (connection.Username, connection.Password) = (role, role);
        var options = new PostgresSourceOptions { ConnectionString = () => connection.ConnectionString, Slot = Slot, Publication = "cdcsync", AcknowledgeEvery = TimeSpan.Zero };
        var source = new PostgresSource("shop", change is null ? options : change(options));
        _owned.Add(source);
        return source;
    }

    /// <summary>A dataset as <c>discover</c> would write its contract, captured by change tracking; only some columns where they are named.</summary>
    public async Task<Dataset> DatasetAsync(string table, params string[] columns)
    {
        await using var source = Open();
        var found = (await source.DiscoverAsync([table], Token)).Single();
        return new Dataset
        {
            Id = new DatasetId(table),
            SourceName = "shop",
            Object = new SourceObject.Table(null, table),
            Capture = new Capture.ChangeTracking(),
            Target = new TargetTable(null, table),
            Contract = new ContractReference(table, "1.0.0", "tests"),
            Columns = [.. found.Columns.Where(c => columns.Length == 0 || columns.Contains(c.Name)).Select(c => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type!, KeyOrdinal(found, c.Name)))],
        };
    }

    /// <summary>A dataset that was loaded.</summary>
    public async Task<Follower> LoadedAsync(PostgresSource source, string table, params string[] columns)
    {
        var follower = new Follower(await DatasetAsync(table, columns)) { Patience = 5 };
        await follower.LoadAsync(source);
        return follower;
    }

    /// <summary>What the table holds now, read by a SELECT.</summary>
    public async Task AssertSameAsync(PostgresSource source, Follower follower)
    {
        var truth = new Follower(follower.Dataset);
        await truth.LoadAsync(source);
        Assert.Empty(follower.Faults);
        Assert.Equal(truth.Rows.OrderBy(r => r.Key, StringComparer.Ordinal), follower.Rows.OrderBy(r => r.Key, StringComparer.Ordinal));
    }

    public static async Task<CdcSyncException> FaultAsync(PostgresSource source, Follower follower, ReadingState state, ErrorCode code)
    {
        await using var session = await source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token);
        var reading = session.Readings[follower.Dataset.Id];
        Assert.True(reading.State == state && reading.Fault?.Code == code, $"expected {state} {code.Id}, found {reading.State} {reading.Fault}");
        return reading.Fault!;
    }

    private static int? KeyOrdinal(DiscoveredObject found, string column) => found.Key.ToList().IndexOf(column) is >= 0 and var at ? at : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in _owned) await owned.DisposeAsync();
        await LogicalServer.DropSlotsAsync(database.Server, database.Name);
        await database.DisposeAsync();
    }
}
