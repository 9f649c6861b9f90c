using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>The real process, killed with SIGKILL at every step of the flow while the source is written; the next one goes on, and nothing is lost or doubled.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Killed = 137;

    // The first hits fall into the first load, the last into the stream.
    private static readonly int[] Hits = [1, 3, 9];

    public static TheoryData<string, WarehouseKind> Steps()
    {
        var steps = new TheoryData<string, WarehouseKind>();
        foreach (var kind in Enum.GetValues<WarehouseKind>())
        {
            foreach (var step in Failpoints.All)
                steps.Add(step, kind);
        }

        return steps;
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Killed_at_any_step_it_goes_on_and_nothing_is_lost(string step, WarehouseKind kind)
    {
        await using var bank = await Bank.OpenAsync(kind);
        using var stop = new CancellationTokenSource();
        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        var writing = Task.Run(() => bank.WriteAsync(seed, stop.Token));
        var watching = Task.Run(() => bank.WatchAsync(stop.Token));
        try
        {
            foreach (var hit in Hits)
            {
                await using var daemon = bank.Daemon($"{step}:{hit}");
                var result = await daemon.WaitForExitAsync();
                Assert.True(result.ExitCode == Killed, $"{step}:{hit} was not reached: {result}");
            }

            // The last one lives: it must come to the present by itself while the writer goes on.
            await using var living = bank.Daemon();
            var reached = await bank.GenerationAsync();
            await UntilAsync(async () => await bank.GenerationAsync() > reached + 1, living);
            living.Send(Signal.Terminate);
            Assert.Equal(143, (await living.WaitForExitAsync(TimeSpan.FromSeconds(30))).ExitCode);
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        output.WriteLine($"{await watching} states seen, each whole");
        var last = await bank.RunAsync("sync");
        Assert.True(last.ExitCode == 0, last.ToString());
        await bank.AssertEqualAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task Of_two_daemons_one_stands_by_and_takes_over_when_the_other_is_killed(WarehouseKind kind)
    {
        await using var bank = await Bank.OpenAsync(kind);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => bank.WriteAsync(1, stop.Token));
        try
        {
            await using var first = bank.Daemon();
            await first.WaitForLineAsync("lease taken");
            await using var second = bank.Daemon();
            await second.WaitForLineAsync("stand");
            await UntilAsync(async () => await bank.GenerationAsync() > 8, first);
            Assert.DoesNotContain("committed", second.Snapshot().Error, StringComparison.Ordinal);

            first.Send(Signal.Kill);
            await second.WaitForLineAsync("lease taken", TimeSpan.FromSeconds(30));
            var taken = await bank.GenerationAsync();
            await UntilAsync(async () => await bank.GenerationAsync() > taken + 2, second);
            second.Send(Signal.Terminate);
            await second.WaitForExitAsync(TimeSpan.FromSeconds(30));
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        var last = await bank.RunAsync("sync");
        Assert.True(last.ExitCode == 0, last.ToString());
        await bank.AssertEqualAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_zombie_that_wakes_after_its_lease_publishes_nothing_over_its_successor(WarehouseKind kind)
    {
        await using var bank = await Bank.OpenAsync(kind);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => bank.WriteAsync(2, stop.Token));
        try
        {
            await using var zombie = bank.Daemon();
            await UntilAsync(async () => await bank.GenerationAsync() > 6, zombie);
            await using var successor = bank.Daemon();
            await successor.WaitForLineAsync("stand");
            await bank.FreezeAsync(zombie);
            await successor.WaitForLineAsync("lease taken", TimeSpan.FromSeconds(60));
            zombie.Send(Signal.Continue);
            var taken = await bank.GenerationAsync();
            await UntilAsync(async () => await bank.GenerationAsync() > taken + 5, successor);
            foreach (var daemon in (CdcsyncProcess[])[zombie, successor])
            {
                daemon.Send(Signal.Terminate);
                await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        var last = await bank.RunAsync("sync");
        Assert.True(last.ExitCode == 0, last.ToString());
        await bank.AssertEqualAsync();
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, CdcsyncProcess process)
    {
        var until = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.False(process.HasExited, process.Snapshot().ToString());
            Assert.True(TimeProvider.System.GetElapsedTime(until) < CdcsyncProcess.Patience, $"it did not come true: {process.Snapshot()}");
            await Task.Delay(50);
        }
    }
}
