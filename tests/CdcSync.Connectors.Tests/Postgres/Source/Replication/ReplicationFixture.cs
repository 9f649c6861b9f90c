using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>PostgreSQL's log under the suite: a database with a slot and a publication of its own.</summary>
public sealed class ReplicationFixture : PostgresSourceFixture
{
    private readonly List<IAsyncDisposable> _owned = [];
    private PostgresDatabase? _original;
    private string _committed = "";

    // A restored server starts a new timeline.
    public override bool NoticesEveryRestore => true;

    // What was published anew has a gap before it, and the gap policy says what then.
    public override (ReadingState State, ErrorCode Code) AfterCaptureAnew => (ReadingState.Expired, ErrorCodes.ChangesExpired);

    public override IChangeSource Open()
    {
        var source = new PostgresSource("shop", new PostgresSourceOptions
        {
            ConnectionString = () => DatabaseAsync().AsTask().GetAwaiter().GetResult().ConnectionString,
            Slot = Slot,
            Publication = "cdcsync",
        });
        _owned.Add(source);
        return source;
    }

    public override async ValueTask<Dataset> CreateAsync(string name, TableShape shape)
    {
        var dataset = await base.CreateAsync(name, shape);
        await Database.ExecuteAsync($"ALTER PUBLICATION cdcsync ADD TABLE \"{name}\"");
        return dataset;
    }

    public override async ValueTask CommitAsync(params IReadOnlyList<Write> writes)
    {
        await base.CommitAsync(writes);
        _committed = (await Database.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"))!;
    }

    public override async ValueTask ForgetChangesAsync(Dataset table)
    {
        await Database.ExecuteAsync($"SELECT pg_replication_slot_advance('{Slot}', '{_committed}')");
        await base.CommitAsync([new Write.Upsert(table, [9_000_000L, null, null, null, null, null])]);
    }

    public override async ValueTask<Func<ValueTask>> BackUpAsync()
    {
        var start = await (await LogicalServer.SharedAsync()).BackUpAsync();
        return async () =>
        {
            var copy = await start();
            _owned.Insert(0, copy);
            _original = Database;
            Database = new PostgresDatabase(copy, _original.Name);
            await Database.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{Slot}', 'pgoutput')");
            // The server that was there is gone, and with it who was connected.
            await _original.Server.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_original.Name}'");
        };
    }

    public override async ValueTask CaptureAnewAsync(Dataset table) =>
        await Database.ExecuteAsync($"ALTER PUBLICATION cdcsync DROP TABLE \"{table.Object}\"; ALTER PUBLICATION cdcsync ADD TABLE \"{table.Object}\"");

    public override async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned)) await owned.DisposeAsync();
        // What was restored is gone with its server.
        if (_original is not null) Database = _original;
        if (IsCreated) await LogicalServer.DropSlotsAsync(Database.Server, Database.Name);
        await base.DisposeAsync();
    }

    protected override async Task<PostgresDatabase> CreateDatabaseAsync()
    {
        var database = await (await LogicalServer.SharedAsync()).CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE PUBLICATION cdcsync WITH (publish_via_partition_root = true)");
        await database.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{Slot}', 'pgoutput')");
        return database;
    }

    private string Slot { get; } = $"cdcsync_{Guid.CreateVersion7():N}";
}

public sealed class ReplicationConformance : SourceConformanceSuite<ReplicationFixture>;
