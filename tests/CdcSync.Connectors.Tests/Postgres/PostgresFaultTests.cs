using System.Net;
using System.Net.Sockets;
using System.Text;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>What the network, rivals, rights and settings of a server do to a worker: the code, and that nothing is lost or half done.</summary>
public sealed class PostgresFaultTests
{
    private static readonly Dataset Accounts = TestDatasets.Accounts();
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    /// <summary>2,000 rows: all in one round trip; 0: staged by COPY, committed by a statement of its own.</summary>
    public static TheoryData<int> BothWays => [2_000, 0];

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task An_answer_to_the_commit_that_is_lost_is_found_in_the_ledger(int arrayRows)
    {
        await using var world = await World.StartAsync(arrayRows);
        world.CutAtCommit(CutPoint.AfterAnswer);
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var fault = await Assert.ThrowsAsync<CdcSyncException>(() => world.PublishAsync(publication, 0, Change.Upsert(1L, "Ada", 1L)));
            Assert.Equal(ErrorCodes.CommitUnknown, fault.Code);
            Assert.True(fault.IsTransient);
        }
        Assert.True(await world.Warehouse.Control.WasCommittedAsync(publication.Id, default));
        Assert.Equal(1L, await world.Fixture.ScalarAsync("SELECT count(*) FROM accounts"));
        Assert.Equal(1, (await world.Warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default))[Accounts.Id].Generation);
    }

    [Theory]
    [InlineData(2_000, 1)]
    [InlineData(0, 8)]
    public async Task A_small_batch_is_one_round_trip_a_large_one_a_few_whatever_its_size(int arrayRows, int expected)
    {
        await using var world = await World.StartAsync(arrayRows);
        for (var i = 0; i < 3; i++)
            await world.PublishAsync(i, Change.Upsert((long)i, "Ada", 1L));
        var before = world.Proxy.RoundTrips;
        await world.PublishAsync(3, [.. Enumerable.Range(0, 1_000).Select(i => Change.Upsert((long)i, "Bob", 1L))]);
        Assert.Equal(expected, world.Proxy.RoundTrips - before);
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_commit_that_never_arrives_changes_nothing_and_the_ledger_says_so(int arrayRows)
    {
        await using var world = await World.StartAsync(arrayRows);
        world.CutAtCommit(CutPoint.BeforeServer);
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var fault = await Assert.ThrowsAsync<CdcSyncException>(() => world.PublishAsync(publication, 0, Change.Upsert(1L, "Ada", 1L)));
            Assert.Equal(ErrorCodes.CommitUnknown, fault.Code);
        }
        Assert.False(await world.Warehouse.Control.WasCommittedAsync(publication.Id, default));
        Assert.Equal(0L, await world.Fixture.ScalarAsync("SELECT count(*) FROM accounts"));

        // The same batch again is all that is needed.
        Assert.Equal(PublicationOutcome.Committed, (await world.PublishAsync(0, Change.Upsert(1L, "Ada", 1L))).Outcome);
    }

    [Fact]
    public async Task The_ledger_is_asked_only_when_a_publication_that_still_runs_has_ended()
    {
        await using var world = await World.StartAsync(2_000);
        await world.PublishAsync(0, Change.Upsert(1L, "Ada", 1L));
        await using var rival = await world.Fixture.Database.OpenAsync();
        await using (await rival.BeginTransactionAsync())
        {
            await using (var command = new NpgsqlCommand("SELECT * FROM accounts FOR UPDATE", rival)) await command.ExecuteNonQueryAsync();
            var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
            // The merge waits for the rival; the client's connection goes meanwhile.
            var publishing = world.PublishAsync(publication, 1, Change.Upsert(1L, "Bob", 1L));
            await WaitForAsync(world, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'cdcsync/pipe' AND datname = current_database()", 1);
            await world.Proxy.CutAllAsync();
            Assert.Equal(ErrorCodes.CommitUnknown, (await Assert.ThrowsAsync<CdcSyncException>(() => publishing)).Code);
            await publication.DisposeAsync();

            var asking = world.Warehouse.Control.WasCommittedAsync(publication.Id, default).AsTask();
            await Task.Delay(200);
            Assert.False(asking.IsCompleted);
            await using (var command = new NpgsqlCommand("ROLLBACK", rival)) await command.ExecuteNonQueryAsync();
            // Whatever the server made of it: the answer is what the table shows, and stays.
            Assert.Equal(await asking ? "Bob" : "Ada", await world.Fixture.ScalarAsync("SELECT name FROM accounts"));
        }
    }

    [Fact]
    public async Task A_connection_cut_while_staging_is_transient_and_leaves_nothing()
    {
        await using var world = await World.StartAsync(0);
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(Accounts, PublishMode.Merge, default);
            world.Proxy.CutAt("never seen"u8.ToArray(), CutPoint.BeforeServer);
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () =>
            {
                for (var i = 0; i < 100; i++)
                    await stage.WriteAsync(Change.Chunk(Accounts, [.. Enumerable.Range(0, 1_000).Select(n => Change.Upsert((long)n, i == 3 ? "never seen" : "x", 1L))]), default);
                await publication.PublishAsync([world.Part(stage, 0)], default);
            });
            Assert.Equal(ErrorCodes.WarehouseUnavailable, fault.Code);
            Assert.True(fault.IsTransient);
        }
        await WaitForAsync(world, "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND application_name = 'cdcsync/pipe' AND datname = current_database()", 0);
        Assert.Equal(0L, await world.Fixture.ScalarAsync("SELECT count(*) FROM accounts"));
        Assert.Empty(await world.Warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default));
    }

    [Fact]
    public async Task An_idle_session_that_the_server_closed_costs_one_transient_error()
    {
        await using var world = await World.StartAsync(2_000);
        await world.Fixture.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cdcsync/pipe' AND datname = current_database()");
        for (var attempt = 0; ; attempt++)
        {
            var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
            await using (publication)
            {
                try
                {
                    Assert.Equal(PublicationOutcome.Committed, (await world.PublishAsync(publication, 0, Change.Upsert(1L, "Ada", 1L))).Outcome);
                    return;
                }
                catch (CdcSyncException fault) when (fault.IsTransient && attempt < 2)
                {
                    Assert.Contains(fault.Code, new[] { ErrorCodes.WarehouseUnavailable, ErrorCodes.CommitUnknown });
                }
            }
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable_and_the_message_has_no_secret()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        await using var warehouse = Open($"Host=127.0.0.1;Port={port};Username=u;Password=canary-77;Database=d");
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.CheckSchemaAsync(default));
        Assert.Equal(ErrorCodes.WarehouseUnavailable, fault.Code);
        Assert.Equal("checking the control schema: the PostgreSQL server can't be reached (ConnectionRefused).", fault.Message);
        Assert.DoesNotContain("canary-77", fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary-77", fault.InnerException!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_denied_and_not_tried_again_by_itself()
    {
        await using var world = await World.StartAsync(2_000);
        await using var warehouse = Open(new NpgsqlConnectionStringBuilder(world.Fixture.Database.ConnectionString) { Password = "wrong" }.ConnectionString);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.CheckSchemaAsync(default));
        Assert.Equal(ErrorCodes.WarehouseDenied, fault.Code);
        Assert.False(fault.IsTransient);
        Assert.Contains("password authentication failed", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_password_is_asked_for_at_the_next_connection()
    {
        await using var world = await World.StartAsync(2_000);
        var role = $"rotating_{world.Fixture.Database.Name}";
        await world.Fixture.ExecuteAsync($"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'old'");
        try
        {
            var password = "old";
            var bare = new NpgsqlConnectionStringBuilder(world.Fixture.Database.ConnectionString) { Username = role, Password = null }.ConnectionString;
            await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = bare, Pipeline = "pipe", Password = _ => new(password) }, TimeProvider.System);
            await warehouse.Control.CheckSchemaAsync(default);
            await world.Fixture.ExecuteAsync($"ALTER ROLE {role} PASSWORD 'new'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'");
            password = "new";
            await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.CheckSchemaAsync(default));
            await warehouse.Control.CheckSchemaAsync(default);
        }
        finally
        {
            await world.Fixture.ExecuteAsync($"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_database_that_is_not_there_and_one_without_the_control_schema_are_told_apart()
    {
        await using var world = await World.StartAsync(2_000);
        await using var missing = Open(new NpgsqlConnectionStringBuilder(world.Fixture.Database.ConnectionString) { Database = "no_such" }.ConnectionString);
        Assert.Equal(ErrorCodes.WarehouseDenied, (await Assert.ThrowsAsync<CdcSyncException>(async () => await missing.Control.CheckSchemaAsync(default))).Code);
        await using var empty = Open(world.Fixture.Database.Server.AdminConnectionString);
        Assert.Equal(ErrorCodes.ControlSchemaMissing, (await Assert.ThrowsAsync<CdcSyncException>(async () => await empty.Control.CheckSchemaAsync(default))).Code);
        Assert.Equal(ErrorCodes.ControlSchemaMissing, (await Assert.ThrowsAsync<CdcSyncException>(async () => await empty.Control.ReadCheckpointsAsync([Accounts.Id], default))).Code);
        Assert.Equal(ErrorCodes.ControlSchemaMissing, (await Assert.ThrowsAsync<CdcSyncException>(async () => await empty.Control.TryAcquireLeaseAsync("pipe", "h", Long, default))).Code);
    }

    [Fact]
    public async Task A_read_only_server_and_missing_rights_are_denied_with_what_to_grant()
    {
        await using var world = await World.StartAsync(2_000);
        var role = $"reader_{world.Fixture.Database.Name}";
        await world.Fixture.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA cdcsync TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA cdcsync TO {role}; GRANT SELECT ON accounts TO {role}");
        try
        {
            var login = new NpgsqlConnectionStringBuilder(world.Fixture.Database.ConnectionString) { Username = role, Password = "p" };
            await using var reader = Open(login.ConnectionString);
            await reader.Control.CheckSchemaAsync(default);
            var target = await Assert.ThrowsAsync<CdcSyncException>(async () => await reader.EnsureTargetAsync(Accounts, default));
            Assert.Equal(ErrorCodes.WarehouseDenied, target.Code);
            Assert.Contains("GRANT INSERT, UPDATE, DELETE ON \"public\".\"accounts\"", target.Remedy, StringComparison.Ordinal);
            Assert.Equal(ErrorCodes.WarehouseDenied, (await Assert.ThrowsAsync<CdcSyncException>(async () => await reader.Control.TryAcquireLeaseAsync("pipe", "h", Long, default))).Code);
            await using var standby = Open(new NpgsqlConnectionStringBuilder(world.Fixture.Database.ConnectionString) { Options = "-c default_transaction_read_only=on" }.ConnectionString);
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await standby.Control.TryAcquireLeaseAsync("pipe", "h", Long, default));
            Assert.Equal(ErrorCodes.WarehouseDenied, fault.Code);
            Assert.Contains("read-only", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            await world.Fixture.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task What_a_constraint_refuses_is_named_without_its_values(int arrayRows)
    {
        await using var world = await World.StartAsync(arrayRows);
        await world.Fixture.ExecuteAsync("ALTER TABLE accounts ADD CONSTRAINT no_canaries CHECK (name NOT LIKE 'canary%')");
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var fault = await Assert.ThrowsAsync<CdcSyncException>(() => world.PublishAsync(publication, 0, Change.Upsert(1L, "canary-99", 1L)));
            Assert.Equal(ErrorCodes.WarehouseRefusedRows, fault.Code);
            Assert.Equal("accounts: publishing: PostgreSQL refused values (SQLSTATE 23514, constraint 'no_canaries').", fault.Message);
            Assert.Null(fault.InnerException);
            Assert.Equal(new Refusal("", "PostgreSQL refused it: SQLSTATE 23514, constraint 'no_canaries'", DependsOnOthers: false), fault.Refusal);
        }
        Assert.Empty(await world.Warehouse.Control.ReadLedgerAsync(null, 10, default));
    }

    [Theory]
    [InlineData("ALTER TABLE accounts ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED", "SQLSTATE 23505, constraint 'one_name'")]
    [InlineData("CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF new.name = 'canary' AND new.id = 2 THEN RAISE EXCEPTION 'no %', new.name; END IF; RETURN new; END$$; CREATE TRIGGER guard BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION guard()", "SQLSTATE P0001")]
    public async Task What_a_trigger_or_a_deferred_constraint_refuses_a_rehearsal_and_a_publication_refuse_alike(string guard, string reason)
    {
        await using var world = await World.StartAsync(2_000);
        await world.Fixture.ExecuteAsync(guard);
        Change[] changes = [Change.Upsert(1L, "canary", 1L), Change.Upsert(2L, "canary", 1L)];
        foreach (var isRehearsal in new[] { true, false })
        {
            var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
            await using (publication)
            {
                var stage = await publication.OpenStageAsync(Accounts, PublishMode.Merge, default);
                await stage.WriteAsync(Change.Chunk(Accounts, changes), default);
                var fault = await Assert.ThrowsAsync<CdcSyncException>(async () =>
                {
                    if (isRehearsal) await publication.RehearseAsync([world.Part(stage, 0)], default);
                    else await publication.PublishAsync([world.Part(stage, 0)], default);
                });
                Assert.Equal(new Refusal("", $"PostgreSQL refused it: {reason}", DependsOnOthers: true), fault.Refusal);
                Assert.DoesNotContain("canary", fault.ToString(), StringComparison.Ordinal);
            }
        }
        Assert.Empty(await world.Warehouse.Control.ReadLedgerAsync(null, 10, default));
    }

    [Fact]
    public async Task A_lock_that_does_not_come_is_busy_and_the_next_attempt_succeeds()
    {
        await using var world = await World.StartAsync(2_000, o => o with { LockTimeout = TimeSpan.FromMilliseconds(200) });
        await using var rival = await world.Fixture.Database.OpenAsync();
        await using (await rival.BeginTransactionAsync())
        {
            await using (var command = new NpgsqlCommand("LOCK TABLE accounts", rival)) await command.ExecuteNonQueryAsync();
            var blocked = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
            await using (blocked)
            {
                var fault = await Assert.ThrowsAsync<CdcSyncException>(() => world.PublishAsync(blocked, 0, Change.Upsert(1L, "Ada", 1L)));
                Assert.Equal(ErrorCodes.WarehouseBusy, fault.Code);
                Assert.True(fault.IsTransient);
            }
        }
        Assert.Equal(PublicationOutcome.Committed, (await world.PublishAsync(0, Change.Upsert(1L, "Ada", 1L))).Outcome);
    }

    [Fact]
    public async Task A_worker_that_freezes_while_it_holds_a_checkpoint_is_thrown_out_and_another_goes_on()
    {
        await using var world = await World.StartAsync(0, o => o with { FrozenAfter = TimeSpan.FromMilliseconds(300) });
        await world.PublishAsync(0, Change.Upsert(1L, "before", 1L));
        var frozen = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (frozen)
        {
            var stage = await frozen.OpenStageAsync(Accounts, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(Accounts, [Change.Upsert(1L, "frozen", 1L)]), default);
            // A gate runs inside the transaction, after its locks: this one sleeps too long.
            var gate = new Gate(async staged =>
            {
                await staged.CountTargetRowsAsync(default);
                await using var other = world.Fixture.Open("pipe");
                var publication = await other.OpenPublicationAsync(world.Lease, default);
                await using (publication)
                    Assert.Equal(PublicationOutcome.Committed, (await world.PublishAsync(publication, 1, Change.Upsert(1L, "the other", 1L))).Outcome);
            });
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await frozen.PublishAsync([world.Part(stage, 1) with { Gates = [gate] }], default));
            Assert.True(fault.IsTransient, fault.ToString());
        }
        Assert.Equal("the other", await world.Fixture.ScalarAsync("SELECT name FROM accounts"));
    }

    [Fact]
    public async Task A_worker_that_freezes_in_the_middle_of_a_copy_is_thrown_out_by_whoever_takes_its_lease()
    {
        await using var world = await World.StartAsync(0, o => o with { LockTimeout = TimeSpan.FromSeconds(30) });
        await using var other = world.Fixture.Open("pipe");
        var shortLived = (await other.Control.TryAcquireLeaseAsync("twin", "one", TimeSpan.FromMilliseconds(200), default))!;
        await using var twin = world.Fixture.Open("twin");
        var frozen = await twin.OpenPublicationAsync(shortLived, default);
        await using (frozen)
        {
            // Its rows are in the target, which has a key: whoever inserts the same keys waits for its end.
            var stage = await frozen.OpenStageAsync(Accounts, PublishMode.Append, default);
            await stage.WriteAsync(Change.Chunk(Accounts, [.. Enumerable.Range(0, 5_000).Select(i => Change.Upsert((long)i, "frozen", 1L))]), default);
            await WaitForAsync(world, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active' AND datname = current_database()", 1);

            await Task.Delay(300);
            var lease = (await other.Control.TryAcquireLeaseAsync("twin", "two", Long, default))!;
            await using (var going = await twin.OpenPublicationAsync(lease, default))
            {
                var again = await going.OpenStageAsync(Accounts, PublishMode.Append, default);
                await again.WriteAsync(Change.Chunk(Accounts, [.. Enumerable.Range(0, 5_000).Select(i => Change.Upsert((long)i, "going", 1L))]), default);
                Assert.Equal(PublicationOutcome.Committed, (await going.PublishAsync([world.Part(again, 0)], default).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).Outcome);
            }
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await frozen.PublishAsync([world.Part(stage, 0)], default));
            Assert.Equal(ErrorCodes.WarehouseUnavailable, fault.Code);
        }
        Assert.Equal("5000 going", await world.Fixture.ScalarAsync("SELECT count(*) || ' ' || min(name) FROM accounts"));
    }

    [Fact]
    public async Task A_worker_that_takes_a_lease_leaves_other_pipelines_alone()
    {
        await using var world = await World.StartAsync(0);
        await using var twin = world.Fixture.Open("twin");
        await using var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        var stage = await publication.OpenStageAsync(Accounts, PublishMode.Append, default);
        await stage.WriteAsync(Change.Chunk(Accounts, [.. Enumerable.Range(0, 5_000).Select(i => Change.Upsert((long)i, "pipe", 1L))]), default);
        for (var i = 0; i < 2; i++)
            await twin.Control.ReleaseLeaseAsync((await twin.Control.TryAcquireLeaseAsync("twin", "one", Long, default))!, default);
        Assert.Equal(PublicationOutcome.Committed, (await publication.PublishAsync([world.Part(stage, 0)], default)).Outcome);
    }

    [Fact]
    public async Task A_gate_that_counts_is_not_answered_where_another_worker_was_faster()
    {
        await using var world = await World.StartAsync(2_000);
        await world.PublishAsync(0, Change.Upsert(1L, "Ada", 1L));
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(Accounts, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(Accounts, [Change.Delete(1L)]), default);
            var gate = new Gate(async staged => Assert.Fail($"counted {await staged.CountTargetRowsAsync(default)}"));
            var result = await publication.PublishAsync([world.Part(stage, 0) with { Gates = [gate] }], default);
            Assert.Equal(PublicationOutcome.Superseded, result.Outcome);
        }
    }

    [Fact]
    public async Task Sessions_run_in_utc_name_themselves_and_are_bounded()
    {
        await using var world = await World.StartAsync(2_000, o => o with { MaxSessions = 2 });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await world.Warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default)));
        Assert.InRange((long)(await world.Fixture.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cdcsync/pipe' AND datname = current_database()"))!, 1L, 2L);
        var sessions = new PostgresSessions(new PostgresWarehouseOptions { ConnectionString = world.Fixture.Database.ConnectionString, Pipeline = "pipe" }, TimeProvider.System);
        await using (sessions)
        {
            var session = await sessions.RentAsync("testing", default);
            await using var command = new NpgsqlCommand("SELECT current_setting('TimeZone') || ' ' || current_setting('enable_seqscan') || ' ' || current_setting('statement_timeout')", session.Connection);
            Assert.Equal("UTC off 15min", await command.ExecuteScalarAsync());
            await sessions.ReturnAsync(session);
        }
    }

    private static PostgresWarehouse Open(string connectionString) => new(new PostgresWarehouseOptions { ConnectionString = connectionString, Pipeline = "pipe" }, TimeProvider.System);

    private static async Task WaitForAsync(World world, string count, long expected)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await world.Fixture.ScalarAsync(count) is long found && found == expected) return;
            await Task.Delay(50);
        }
        Assert.Fail($"not {expected} within 10 s: {count}");
    }

    private sealed class Gate(Func<Core.Gates.IStagedView, Task> body) : Core.Gates.IBatchGate
    {
        public async ValueTask<CdcSyncException?> InspectAsync(Core.Gates.IStagedView staged, CancellationToken ct)
        {
            await body(staged);
            return null;
        }
    }

    /// <summary>A migrated warehouse behind a proxy, a lease, and one empty target.</summary>
    private sealed class World(PostgresFixture fixture, LoopbackProxy proxy, PostgresWarehouse warehouse, Lease lease, int arrayRows) : IAsyncDisposable
    {
        private const string Marker = "position-of-the-cut";

        public PostgresFixture Fixture => fixture;

        public LoopbackProxy Proxy => proxy;

        public PostgresWarehouse Warehouse => warehouse;

        public Lease Lease => lease;

        public static async Task<World> StartAsync(int arrayRows, Func<PostgresWarehouseOptions, PostgresWarehouseOptions>? change = null)
        {
            var fixture = await PostgresFixture.CreateAsync(arrayRows);
            var proxy = new LoopbackProxy(fixture.Database.Server.Port);
            var options = new PostgresWarehouseOptions { ConnectionString = new NpgsqlConnectionStringBuilder(fixture.Database.ConnectionString) { Port = proxy.Port }.ConnectionString, Pipeline = "pipe" };
            var warehouse = fixture.Open(change?.Invoke(options) ?? options);
            await warehouse.Control.MigrateAsync(default);
            await warehouse.EnsureTargetAsync(Accounts, default);
            var lease = await warehouse.Control.TryAcquireLeaseAsync("pipe", "holder", Long, default);
            return new World(fixture, proxy, warehouse, lease!, arrayRows);
        }

        /// <summary>In one round trip the commit goes with the position; else it is a statement of its own.</summary>
        public void CutAtCommit(CutPoint when) => proxy.CutAt(arrayRows > 0 ? Encoding.UTF8.GetBytes(Marker) : "COMMIT\0"u8.ToArray(), when);

        public async Task<PublicationResult> PublishAsync(long from, params IReadOnlyList<Change> changes)
        {
            var publication = await warehouse.OpenPublicationAsync(lease, default);
            await using (publication) return await PublishAsync(publication, from, changes);
        }

        public async Task<PublicationResult> PublishAsync(IPublication publication, long from, params IReadOnlyList<Change> changes)
        {
            var stage = await publication.OpenStageAsync(Accounts, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(Accounts, changes), default);
            return await publication.PublishAsync([Part(stage, from)], default);
        }

        public DatasetPublication Part(IStage stage, long from)
        {
            var upTo = new Position("test", Marker);
            return new DatasetPublication(stage, new CheckpointMove(from, new Checkpoint(from + 1, new SourceIdentity("test", "s"), upTo, null, Noon)), [],
                new LedgerDraft(BatchKind.Window, null, upTo, 1, 0, null, Noon, null), []);
        }

        public async ValueTask DisposeAsync()
        {
            await warehouse.DisposeAsync();
            await proxy.DisposeAsync();
            await fixture.DisposeAsync();
        }
    }
}
