using CdcSync.Core.Datasets;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Scheduling;

/// <summary>When a worker polls, on a clock that is set by hand.</summary>
public sealed class ScheduledDaemonTests
{
    private static readonly DateTimeOffset Midnight = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly PollSchedule Nightly = new PollSchedule.Cron(CronExpression.Parse("0 3 * * *").Cron!, TimeZoneInfo.Utc);

    [Fact]
    public async Task A_cron_dataset_is_read_at_its_time_and_only_then()
    {
        using var world = Of(World.Orders with { Schedule = Nightly });
        await using var daemon = new RunningDaemon(world);
        await daemon.UntilAsync(() => world.Observer.Plans.Count == 1);
        Assert.Equal(Midnight.AddHours(3), world.Observer.Plans.Single().Next);
        daemon.Set(Midnight.AddHours(2.9));
        daemon.Set(Midnight.AddHours(3));
        await daemon.UntilAsync(() => world.Equal(World.Orders) && world.Observer.Plans.Count == 2);
        Assert.Equal(Midnight.AddHours(27), world.Observer.Plans.Last().Next);
        world.Source[World.Orders.Id].Put(100, "new");
        daemon.Set(Midnight.AddHours(26.9));
        daemon.Set(Midnight.AddHours(27));
        await daemon.UntilAsync(() => world.Equal(World.Orders));
        Assert.Equal([Midnight.AddHours(3), Midnight.AddHours(27)], world.Observer.PollTimes.Select(p => p.At).Distinct());
    }

    [Fact]
    public async Task What_the_clock_called_for_while_nobody_worked_is_made_up_at_once()
    {
        using var world = Of(World.Orders with { Schedule = Nightly });
        await world.SyncAsync();
        world.Observer.Plans.Clear();
        await using var daemon = new RunningDaemon(world);
        daemon.Set(Midnight.AddHours(5));
        world.Source[World.Orders.Id].Put(100, "new");
        await daemon.UntilAsync(() => world.Equal(World.Orders) && world.Observer.Plans.Count == 2);
        Assert.Equal([Midnight.AddHours(3), Midnight.AddHours(27)], world.Observer.Plans.Select(p => p.Next));
    }

    [Fact]
    public async Task A_dataset_follows_what_another_of_another_source_publishes_and_not_what_it_finds_unchanged()
    {
        var lines = World.Of("lines") with { SourceName = "other", Schedule = new PollSchedule.After(World.Orders.Id, World.Orders.Schedule) };
        using var world = Of(World.Orders, lines);
        world.Source[lines.Id].Put(1, "one");
        world.Other[lines.Id].Put(1, "one");
        await using var daemon = new RunningDaemon(world);
        // The clock stands still: nothing but the first dataset's load can wake the second's flow.
        await daemon.UntilAsync(() => world.Equal(lines) && Polls(world, lines) >= 2);
        var polled = Polls(world, lines);

        for (var second = 1; second <= 5; second++)
        {
            var before = Polls(world, World.Orders);
            daemon.Set(Midnight.AddSeconds(second * 2));
            await daemon.UntilAsync(() => Polls(world, World.Orders) > before);
        }

        Assert.Equal(polled, Polls(world, lines));
        world.Source[lines.Id].Put(2, "two");
        world.Other[lines.Id].Put(2, "two");
        world.Source[World.Orders.Id].Put(100, "new");
        daemon.Set(Midnight.AddSeconds(20));
        await daemon.UntilAsync(() => world.Equal(lines));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 4)]
    public async Task In_blackout_hours_nothing_is_read_and_a_load_stops_between_two_ranges(int parallel, int most)
    {
        using var world = Of(World.Orders);
        world.Pipeline = world.Pipeline with { ParallelRanges = new Dictionary<string, int> { ["fake"] = parallel }, Blackouts = new Dictionary<string, BlackoutHours> { ["fake"] = new([new(new TimeOnly(1, 0), new TimeOnly(6, 0), [], TimeZoneInfo.Utc)]) } };
        for (var key = 100; key < 140; key++)
            world.Source[World.Orders.Id].Put(key, "more");
        await using var daemon = new RunningDaemon(world);
        var reads = 0;
        world.Source.Meanwhile = () =>
        {
            if (Interlocked.Increment(ref reads) == 2)
                daemon.Set(Midnight.AddHours(1));
        };
        // What was being read then is published; the rest waits.
        await daemon.UntilAsync(() => world.Observer.Batches.Count(b => b.Report.Kind == BatchKind.Range) >= 2);
        daemon.Set(Midnight.AddHours(3));
        daemon.Set(Midnight.AddHours(5.99));
        Assert.InRange(world.Observer.Batches.Count(b => b.Report.Kind == BatchKind.Range), 2, most);
        Assert.InRange(Volatile.Read(ref reads), 2, most);
        daemon.Set(Midnight.AddHours(6));
        await daemon.UntilAsync(() => world.Equal(World.Orders));
        Assert.DoesNotContain(world.Observer.PollTimes, p => p.At >= Midnight.AddHours(1) && p.At < Midnight.AddHours(6));
    }

    [Fact]
    public async Task The_next_run_of_a_source_in_its_blackout_is_at_its_end()
    {
        using var world = Of(World.Orders);
        world.Pipeline = world.Pipeline with { Blackouts = new Dictionary<string, BlackoutHours> { ["fake"] = new([new(new TimeOnly(0, 0), new TimeOnly(6, 0), [], TimeZoneInfo.Utc)]) } };
        await using var daemon = new RunningDaemon(world);
        await daemon.UntilAsync(() => world.Observer.Plans.Count == 1);
        Assert.Equal(Midnight.AddHours(6), world.Observer.Plans.Single().Next);
        Assert.Equal(Midnight.AddHours(6), world.Pipeline.NextRun(World.Orders, Midnight, Midnight));
    }

    [Fact]
    public async Task Jitter_delays_by_no_more_than_it_says()
    {
        using var world = Of([.. Enumerable.Range(0, 8).Select(i => World.Of($"d{i}") with { Schedule = Nightly, Jitter = TimeSpan.FromMinutes(10) })]);
        await using var daemon = new RunningDaemon(world);
        await daemon.UntilAsync(() => world.Observer.Plans.Count == 8);
        Assert.All(world.Observer.Plans, p => Assert.InRange(p.Next!.Value, Midnight.AddHours(3), Midnight.AddHours(3).AddMinutes(10)));
        Assert.True(world.Observer.Plans.Select(p => p.Next).Distinct().Count() > 1);
    }

    [Fact]
    public async Task The_most_important_are_read_first()
    {
        using var world = Of(World.Of("low") with { Priority = -1 }, World.Of("middle"), World.Of("high") with { Priority = 7 });
        await using var daemon = new RunningDaemon(world);
        await daemon.UntilAsync(() => world.Observer.PollTimes.Any(p => p.Datasets.Count == 3));
        Assert.Equal(["high", "middle", "low"], world.Observer.PollTimes.First(p => p.Datasets.Count == 3).Datasets.Select(d => d.Value));
    }

    private static int Polls(World world, Dataset dataset) => world.Observer.PollTimes.Count(p => p.Datasets.Contains(dataset.Id));

    private static World Of(params Dataset[] datasets)
    {
        var world = new World(new ManualTime(Midnight), datasets);
        world.Options = world.Options with { LeaseDuration = TimeSpan.FromDays(60) };
        for (var key = 0; key < 5; key++)
            world.Source[datasets[0].Id].Put(key, $"value {key}");
        return world;
    }

    private sealed class RunningDaemon : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly World _world;
        private Task? _running;

        public RunningDaemon(World world) => _world = world;

        public void Set(DateTimeOffset now) => ((ManualTime)_world.Time).Set(now);

        public async Task UntilAsync(Func<bool> holds)
        {
            _running ??= Task.Run(() => _world.Engine().RunAsync(_stop.Token));
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            while (!Holds(holds))
            {
                Assert.False(_running.IsCompleted, "the daemon ended");
                Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "it did not come true");
                await Task.Delay(5);
                // Whoever began to sleep a moment after the clock was set is woken by its next tick.
                Set(_world.Time.GetUtcNow());
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            if (_running is not null)
                await _running;
            _stop.Dispose();
        }

        // The tables are looked at while they are written.
        private static bool Holds(Func<bool> holds)
        {
            try
            {
                return holds();
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
            {
                return false;
            }
        }
    }
}
