using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Checks;

/// <summary>Checks that a worker measures by itself, beside its polls.</summary>
public sealed class CheckLoopTests
{
    private static readonly ContractCheck Few = new("few", CheckSeverity.Error, new RowCountMeasure(), new RuleCondition(RuleOperator.BeLessThan, 5));

    [Fact]
    public async Task A_check_is_measured_after_the_first_load_and_again_at_its_interval()
    {
        using var world = Checked(Few, TimeSpan.FromSeconds(20));
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Observer.Checks.Any(c => c is { Result: { Check: "few", Verdict: CheckVerdict.Passed, Value: 3 } }));
        for (var key = 10; key < 13; key++) world.Source[World.Orders.Id].Put(key, "more");
        await daemon.UntilAsync(() => world.Observer.Checks.Any(c => c.Result is { Verdict: CheckVerdict.Failed, Value: 6 }));
        Assert.Equal(CheckVerdict.Failed, (await world.Warehouse.ReadChecksAsync("test", default)).Single().Result.Verdict);
        for (var key = 10; key < 13; key++) world.Source[World.Orders.Id].Delete(key);
        await daemon.UntilAsync(() => world.Observer.Checks.Last().Result is { Verdict: CheckVerdict.Passed, Value: 3 });
    }

    [Fact]
    public async Task A_worker_that_starts_tells_what_failed_before_and_goes_by_when_it_was_measured()
    {
        using var world = Checked(Few with { Schedule = CronExpression.Parse("0 0 1 1 *").Cron }, TimeSpan.FromSeconds(1));
        for (var key = 10; key < 13; key++) world.Source[World.Orders.Id].Put(key, "more");
        await using (var first = new Daemon(world))
            await first.UntilAsync(() => world.Observer.Checks.Count == 1);
        await using var second = new Daemon(world);
        await second.UntilAsync(() => world.Observer.Checks.Count == 2 && world.Observer.Batches.Count > 0);
        world.Source[World.Orders.Id].Put(99, "one more");
        await second.UntilAsync(() => world.Warehouse.Rows(World.Orders.Id).ContainsKey(99));
        Assert.Equal([6m, 6m], world.Observer.Checks.Select(c => c.Result.Value!.Value));
        Assert.Equal(1, ((RowCounter)world.Warehouse.Checks!).Asked);
    }

    [Fact]
    public async Task A_warehouse_that_fails_is_told_and_asked_again_and_nothing_else_fails()
    {
        using var world = Checked(Few, TimeSpan.FromSeconds(1));
        var counter = (RowCounter)world.Warehouse.Checks!;
        counter.Fault = new CdcSyncException(ErrorCodes.WarehouseBusy, "busy.", "Run: cdcsync status");
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Observer.WorkerFaults.Any(f => f.Fault == counter.Fault));
        counter.Fault = null;
        await daemon.UntilAsync(() => world.Observer.Checks.Any(c => c.Result.Verdict == CheckVerdict.Passed));
        Assert.Empty(world.Observer.Faults);
    }

    [Fact]
    public async Task While_a_check_waits_what_was_judged_before_holds_and_it_is_looked_at_again_soon()
    {
        using var world = Checked(new ContractCheck("parent", CheckSeverity.Error, new OrphanMeasure(["id"], World.Orders.Id, ["id"]), new RuleCondition(RuleOperator.Be, 0)), TimeSpan.FromDays(300));
        var counter = (RowCounter)world.Warehouse.Checks!;
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => counter.Asked > 3);
        Assert.All(world.Observer.Checks, c => Assert.Equal(CheckVerdict.Waiting, c.Result.Verdict));
        counter.ParentsAt = DateTimeOffset.MaxValue;
        counter.ChildrenAt = DateTimeOffset.MaxValue;
        await daemon.UntilAsync(() => world.Observer.Checks.Last().Result.Verdict == CheckVerdict.Failed);
    }

    [Fact]
    public async Task What_the_row_gate_sees_to_is_not_measured_by_the_worker()
    {
        using var world = Checked(Few with { Occasion = CheckOccasion.Demand }, TimeSpan.FromSeconds(1));
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Equal(world.Pipeline.Datasets[0]));
        world.Source[World.Orders.Id].Put(99, "one more");
        await daemon.UntilAsync(() => world.Equal(world.Pipeline.Datasets[0]));
        Assert.Equal(0, ((RowCounter)world.Warehouse.Checks!).Asked);
    }

    [Fact]
    public async Task A_deadline_is_judged_when_it_comes_and_when_a_worker_starts_and_holds_again_soon_after_the_data_came()
    {
        // Two hours of this clock are seven seconds, in which the load is over on any machine; the day after is far away.
        var ready = new ContractCheck("ready", CheckSeverity.Error, new DeadlineMeasure(new Deadline(new TimeOnly(2, 0), new TimeOnly(1, 59), Enum.GetValues<DayOfWeek>(), TimeZoneInfo.Utc)), new RuleCondition(RuleOperator.Be, 0));
        using var world = Checked(ready, TimeSpan.FromDays(300));
        // Loaded once and then never polled: the table stays complete up to that.
        var slow = world.Pipeline.Datasets[0] with { Interval = TimeSpan.FromDays(300) };
        world.Pipeline = world.Pipeline with { Datasets = [slow] };
        await using (var first = new Daemon(world))
        {
            await first.UntilAsync(() => world.Observer.Checks.Any(c => c.Result.Verdict == CheckVerdict.Passed));
            await first.UntilAsync(() => world.Observer.Checks.Last().Result is { Verdict: CheckVerdict.Failed, Value: > 0 });
        }
        world.Observer.Checks.Clear();
        await using var second = new Daemon(world);
        await second.UntilAsync(() => world.Observer.Checks.Any(c => c.Result.Verdict == CheckVerdict.Passed));
        Assert.Equal(0, ((RowCounter)world.Warehouse.Checks!).Asked);
        // However often it was measured while it was missed.
        Assert.Equal("ready", Assert.Single(world.Observer.MissedDeadlines).Check);
    }

    private static World Checked(ContractCheck check, TimeSpan every)
    {
        var world = new World(World.Orders with { Checks = [check], CheckInterval = every });
        world.Warehouse.Checks = new RowCounter(world);
        for (var key = 0; key < 3; key++) world.Source[World.Orders.Id].Put(key, $"value {key}");
        return world;
    }

    private sealed class RowCounter(World world) : ICheckReader
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public CdcSyncException? Fault { get; set; }

        public DateTimeOffset ChildrenAt { get; set; } = DateTimeOffset.UnixEpoch.AddDays(1);

        public DateTimeOffset ParentsAt { get; set; } = DateTimeOffset.UnixEpoch;

        public ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct)
        {
            if (Fault is { } fault) throw fault;
            Interlocked.Increment(ref _asked);
            var rows = world.Warehouse.Rows(dataset.Id).Count;
            return new([.. measures.Select(_ => new Measured(rows, rows))]);
        }

        public ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct)
        {
            Interlocked.Increment(ref _asked);
            return new(new Orphans(1, new Dictionary<string, long> { ["a"] = 1 }, ChildrenAt, ParentsAt));
        }
    }
}
