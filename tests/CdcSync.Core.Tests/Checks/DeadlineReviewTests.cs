using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Checks;

/// <summary>Deadlines that came while nobody looked.</summary>
public sealed class DeadlineReviewTests : IDisposable
{
    private static readonly DateTimeOffset FirstDay = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ContractCheck Ready = new("ready", CheckSeverity.Error, new DeadlineMeasure(new Deadline(new TimeOnly(6, 0), TimeOnly.MinValue, Enum.GetValues<DayOfWeek>(), TimeZoneInfo.Utc)), new RuleCondition(RuleOperator.Be, 0));
    private readonly ManualTime _time = new(FirstDay.AddHours(5));
    private readonly World _world;

    public DeadlineReviewTests()
    {
        _world = new World(_time, [World.Orders with { Checks = [Ready] }]);
        _world.Source[World.Orders.Id].Put(1, "one");
    }

    [Fact]
    public async Task Those_that_were_missed_are_told_once_each_before_they_are_made_up_for()
    {
        await _world.SyncAsync();
        await LookedAsync();
        _time.Set(FirstDay.AddDays(2).AddHours(7));
        await _world.SyncAsync();
        // That of the first day was kept: at six the table was complete up to five.
        Assert.Equal([("ready", FirstDay.AddDays(1).AddHours(6)), ("ready", FirstDay.AddDays(2).AddHours(6))], _world.Observer.MissedDeadlines);
        Assert.Equal([(CheckVerdict.Failed, 43 * 60m), (CheckVerdict.Passed, 0m)], _world.Observer.Checks.Select(c => (c.Result.Verdict, c.Result.Value!.Value)));
        Assert.Equal("complete up to 2026-03-01T05:00:00Z; by 2026-03-03T06:00:00Z it was to be up to 2026-03-03T00:00:00Z", _world.Observer.Checks.First().Result.Detail);
        Assert.Equal(CheckVerdict.Passed, Assert.Single(await _world.Warehouse.ReadChecksAsync("test", default)).Result.Verdict);

        await _world.SyncAsync();
        Assert.Equal(2, _world.Observer.MissedDeadlines.Count);
    }

    [Fact]
    public async Task What_was_kept_is_not_told()
    {
        await _world.SyncAsync();
        await LookedAsync();
        _time.Set(FirstDay.AddHours(30));
        await _world.SyncAsync();
        Assert.Single(_world.Observer.MissedDeadlines);
        _time.Set(FirstDay.AddHours(40));
        await _world.SyncAsync();
        _time.Set(FirstDay.AddHours(53));
        await _world.SyncAsync();
        Assert.Single(_world.Observer.MissedDeadlines);
    }

    [Fact]
    public async Task What_was_never_looked_at_or_never_complete_missed_nothing()
    {
        _time.Set(FirstDay.AddDays(2));
        await _world.SyncAsync();
        _time.Set(FirstDay.AddDays(9));
        await _world.SyncAsync();
        Assert.Empty(_world.Observer.MissedDeadlines);

        using var empty = new World(_time, [World.Orders with { Checks = [Ready] }]);
        await empty.Warehouse.WriteChecksAsync("test", empty.Pipeline.Datasets[0], [Looked(FirstDay)], default);
        await empty.SyncAsync();
        Assert.Empty(empty.Observer.MissedDeadlines);
    }

    [Fact]
    public async Task A_worker_judges_them_before_it_polls()
    {
        using var world = new World(World.Orders with { Checks = [Ready] });
        world.Source[World.Orders.Id].Put(1, "one");
        await world.SyncAsync();
        var looked = world.Time.GetUtcNow();
        await world.Warehouse.WriteChecksAsync("test", world.Pipeline.Datasets[0], [Looked(looked.AddDays(-3))], default);
        world.Warehouse.Checkpoints[World.Orders.Id] = world.Warehouse.Checkpoints[World.Orders.Id] with { CompleteUpTo = looked.AddDays(-3) };
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Observer.Checks.LastOrDefault().Result is { Verdict: CheckVerdict.Passed });
        Assert.Equal(CheckVerdict.Failed, world.Observer.Checks.First().Result.Verdict);
        Assert.InRange(world.Observer.MissedDeadlines.Count, 2, 4);
        Assert.Equal(world.Observer.MissedDeadlines.Count, world.Observer.MissedDeadlines.Distinct().Count());
    }

    public void Dispose() => _world.Dispose();

    private ValueTask LookedAsync() => _world.Warehouse.WriteChecksAsync("test", _world.Pipeline.Datasets[0], [Looked(_time.GetUtcNow())], default);

    private static CheckResult Looked(DateTimeOffset at) => new(Ready.Id, Ready.Severity, CheckVerdict.Passed, 0, Ready.Expected, null, at);
}
