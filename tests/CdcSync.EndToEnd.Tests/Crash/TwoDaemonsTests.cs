using System.Diagnostics;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>Several daemons of one pipeline, under live writes: one works, the others stand by, whatever happens to the one.</summary>
public sealed class TwoDaemonsTests
{
    private const string Working = "lease taken, working";
    private const string StandingBy = "another worker holds the lease, standing by";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task One_works_and_the_other_takes_over_within_seconds_of_its_death(WarehouseKind kind)
    {
        await using var pipeline = await CrashPipeline.CreateAsync(kind, seed: 1, lease: "3s");
        await using var reader = new ReaderProbe(pipeline.Warehouse);
        await using var first = pipeline.StartDaemon();
        await first.WaitForLineAsync(Working);
        await using var second = pipeline.StartDaemon();
        await second.WaitForLineAsync(StandingBy);
        await first.WaitForLineAsync("accounts: window");
        Assert.Equal(1L, await HoldersAsync(pipeline));

        var watch = Stopwatch.StartNew();
        first.Send(Signal.Kill);
        await second.WaitForLineAsync(Working);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));      // the lease's 3 s, and a slow machine
        await second.WaitForLineAsync("accounts: window");

        await pipeline.AssertEqualSoonAsync(Soon);
        Assert.Equal(2L, await HoldersAsync(pipeline));
        second.Send(Signal.Terminate);
        Assert.Equal(143, (await second.WaitForExitAsync()).ExitCode);
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_daemon_frozen_past_its_lease_commits_nothing_when_it_wakes(WarehouseKind kind)
    {
        await using var pipeline = await CrashPipeline.CreateAsync(kind, seed: 2, lease: "3s");
        await using var reader = new ReaderProbe(pipeline.Warehouse);
        await using var zombie = pipeline.StartDaemon();
        await zombie.WaitForLineAsync("accounts: window");
        await FreezeAsync(zombie, pipeline, kind);

        await using var successor = pipeline.StartDaemon();
        await successor.WaitForLineAsync(Working);
        await successor.WaitForLineAsync("accounts: window");
        var last = await LastCommitOfOthersAsync(pipeline);
        zombie.Send(Signal.Continue);
        await zombie.WaitForLineAsync("lease given back or lost");

        await pipeline.AssertEqualSoonAsync(Soon);
        Assert.Equal(last, await LastCommitOfOthersAsync(pipeline));
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task Told_to_stop_under_live_writes_it_ends_cleanly_and_gives_the_lease_back(WarehouseKind kind)
    {
        await using var pipeline = await CrashPipeline.CreateAsync(kind, seed: 3, lease: "60s");
        await using var reader = new ReaderProbe(pipeline.Warehouse);
        await using (var daemon = pipeline.StartDaemon())
        {
            await daemon.WaitForLineAsync("accounts: window");
            daemon.Send(Signal.Terminate);
            Assert.Equal(143, (await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30))).ExitCode);
        }

        await pipeline.AssertEqualAfterSyncAsync();                                  // and need not wait for the lease to end
    }

    /// <summary>Freezes a daemon. Nobody can take SQLite's write lock from a frozen process, so there the freeze is between its transactions; PostgreSQL ends a frozen one's transaction.</summary>
    private static async Task FreezeAsync(CdcsyncProcess daemon, CrashPipeline pipeline, WarehouseKind kind)
    {
        daemon.Send(Signal.Stop);
        while (kind == WarehouseKind.Sqlite && await pipeline.Warehouse.IsLockedAsync())
        {
            daemon.Send(Signal.Continue);
            await Task.Delay(20);
            daemon.Send(Signal.Stop);
        }
    }

    private static Task<object?> HoldersAsync(CrashPipeline pipeline) => pipeline.Warehouse.ScalarAsync($"SELECT count(DISTINCT holder) FROM {pipeline.Warehouse.Control("ledger")}");

    /// <summary>The last commit of whoever does not hold the lease now.</summary>
    private static Task<object?> LastCommitOfOthersAsync(CrashPipeline pipeline) => pipeline.Warehouse.ScalarAsync(
        $"SELECT max(committed_at) FROM {pipeline.Warehouse.Control("ledger")} WHERE holder <> (SELECT holder FROM {pipeline.Warehouse.Control("lease")})");
}
