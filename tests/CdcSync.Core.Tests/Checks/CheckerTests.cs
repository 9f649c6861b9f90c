using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sources;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Checks;

/// <summary>How numbers become verdicts, and when a row without its parent is one for certain.</summary>
public sealed class CheckerTests : IDisposable
{
    private static readonly RuleCondition Below = new(RuleOperator.BeLessThan, 25);
    private static readonly ContractCheck Deadline = new("ready", CheckSeverity.Error, new DeadlineMeasure(new Deadline(new TimeOnly(6, 0), TimeOnly.MinValue, Enum.GetValues<DayOfWeek>(), TimeZoneInfo.Utc)), new RuleCondition(RuleOperator.Be, 0));
    private readonly World _world = new(World.Of("orders"), World.Of("lines"));
    private readonly FakeReader _reader = new();

    public CheckerTests()
    {
        _world.Warehouse.Checks = _reader;
        _world.Warehouse.Checkpoints[Orders.Id] = new Checkpoint(1, new SourceIdentity("fake", "1"), new Position("fake", "1"), null, DateTimeOffset.UnixEpoch);
    }

    private Dataset Orders => _world.Pipeline.Datasets[0];

    private Dictionary<string, IChangeSource> Sources => new() { ["fake"] = _world.Source };

    [Theory]
    [InlineData(24, 100, true, CheckVerdict.Passed, 24)]
    [InlineData(25, 100, true, CheckVerdict.Failed, 25)]
    [InlineData(1, 4, true, CheckVerdict.Failed, 25)]
    [InlineData(1, 5, true, CheckVerdict.Passed, 20)]
    [InlineData(0, 0, true, CheckVerdict.Passed, 0)]
    [InlineData(24, 24, false, CheckVerdict.Passed, 24)]
    [InlineData(25, 1_000, false, CheckVerdict.Failed, 25)]
    public async Task A_number_is_judged_as_rows_or_as_a_share_of_them(int found, int rows, bool isPercent, CheckVerdict verdict, int value)
    {
        _reader.Found = [new Measured(found, rows)];
        var result = Assert.Single(await RunAsync(new ContractCheck("c", CheckSeverity.Warning, new RowCountMeasure(), Below) { IsPercent = isPercent }));
        Assert.Equal(("c", CheckSeverity.Warning, verdict, (decimal?)value, isPercent ? "below 25 percent" : "below 25"), (result.Check, result.Severity, result.Verdict, result.Value, result.Expected));
        Assert.Equal(verdict == CheckVerdict.Failed, result.IsFailed);
    }

    [Fact]
    public async Task A_query_that_can_t_be_answered_is_not_passed()
    {
        _reader.Found = [new Measured(null, 0, CheckValues.Unanswered("no row"))];
        var result = Assert.Single(await RunAsync(new ContractCheck("c", CheckSeverity.Error, new SqlMeasure("SELECT 1", null, null), Below)));
        Assert.Equal((CheckVerdict.Unanswered, true, null), (result.Verdict, result.IsFailed, result.Value));
        Assert.Contains("no row", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_table_is_not_measured()
    {
        _world.Warehouse.Checkpoints[Orders.Id] = _world.Warehouse.Checkpoints[Orders.Id] with { CompleteUpTo = null };
        Assert.Equal(ErrorCodes.NotLoaded, (await Assert.ThrowsAsync<CdcSyncException>(() => RunAsync(new ContractCheck("c", CheckSeverity.Error, new RowCountMeasure(), Below)))).Code);
    }

    [Theory]
    [InlineData("2026-03-02T00:00:00Z", CheckVerdict.Passed, 0)]
    [InlineData("2026-03-01T23:59:30Z", CheckVerdict.Failed, 1)]
    [InlineData("2026-03-01T20:00:00Z", CheckVerdict.Failed, 240)]
    public async Task A_deadline_is_missed_by_what_lacks_up_to_its_cut(string completeUpTo, CheckVerdict verdict, int minutes)
    {
        _world.Warehouse.Checkpoints[Orders.Id] = _world.Warehouse.Checkpoints[Orders.Id] with { CompleteUpTo = DateTimeOffset.Parse(completeUpTo, System.Globalization.CultureInfo.InvariantCulture) };
        var time = new ManualTime(new DateTimeOffset(2026, 3, 2, 6, 0, 0, TimeSpan.Zero));
        var result = Assert.Single(await new Checker(_world.Warehouse, Sources, _world.Pipeline, time).RunAsync(Orders, [Deadline], default));
        Assert.Equal((verdict, (decimal?)minutes), (result.Verdict, result.Value));
        Assert.Equal(verdict == CheckVerdict.Passed ? null : $"complete up to {completeUpTo}; by 2026-03-02T06:00:00Z it was to be up to 2026-03-02T00:00:00Z", result.Detail);
    }

    [Fact]
    public async Task A_table_that_was_never_complete_misses_the_deadlines_that_come_while_somebody_looks()
    {
        _world.Warehouse.Checkpoints[Orders.Id] = _world.Warehouse.Checkpoints[Orders.Id] with { CompleteUpTo = null };
        var time = new ManualTime(new DateTimeOffset(2026, 3, 2, 7, 0, 0, TimeSpan.Zero));
        var checker = new Checker(_world.Warehouse, Sources, _world.Pipeline, time);
        Assert.Equal(CheckVerdict.Waiting, Assert.Single(await checker.RunAsync(Orders, [Deadline], default)).Verdict);
        time.Set(time.GetUtcNow().AddDays(1));
        var missed = Assert.Single(await checker.RunAsync(Orders, [Deadline], default));
        Assert.Equal((CheckVerdict.Failed, null, "its first load is not complete"), (missed.Verdict, missed.Value, missed.Detail));
    }

    [Fact]
    public async Task Ages_are_counted_back_from_now()
    {
        _reader.Found = [new Measured(2, 9), new Measured(0, 9)];
        var time = new ManualTime(new DateTimeOffset(2026, 3, 2, 6, 7, 8, TimeSpan.Zero));
        var results = await new Checker(_world.Warehouse, Sources, _world.Pipeline, time).RunAsync(Orders,
            [new ContractCheck("d", CheckSeverity.Warning, new AgeMeasure("day", true, TimeSpan.FromDays(2)), new RuleCondition(RuleOperator.Be, 0)), new ContractCheck("t", CheckSeverity.Warning, new AgeMeasure("at", false, TimeSpan.FromDays(2)), new RuleCondition(RuleOperator.Be, 0))], default);
        Assert.Equal([new BeforeMeasure("day", "2026-02-28"), new BeforeMeasure("at", "2026-02-28T06:07:08")], _reader.Asked);
        Assert.Equal([CheckVerdict.Failed, CheckVerdict.Passed], results.Select(r => r.Verdict));
    }

    [Fact]
    public async Task Rows_whose_parent_is_missing_wait_for_it_and_then_fail()
    {
        var checker = new Checker(_world.Warehouse, Sources, _world.Pipeline, _world.Time);
        var check = new ContractCheck("parent", CheckSeverity.Error, new OrphanMeasure(["order"], Orders.Id, ["id"]), new RuleCondition(RuleOperator.Be, 0));
        var verdicts = new List<string>();
        foreach (var (children, parents, missing) in new (int?, int?, (string, long)[])[]
        {
            (10, 5, [("a", 2), ("b", 1)]),      // the parents are behind
            (20, 9, [("a", 2), ("b", 1), ("c", 1)]),
            (30, 10, [("b", 1), ("c", 1)]),     // a's parent came; b's did not, though the parents are where the children were when b was seen
            (40, 25, [("c", 1)]),               // b's row went; c's parent is missing where c was seen
            (50, 26, []),
            (50, null, [("d", 1)]),             // nobody knows how far the parents are
            (60, 90, [("e", 3)]),               // the parents are ahead: theirs may be the delete that the children have not seen yet
            (89, 95, [("e", 3)]),
            (90, 99, [("e", 3)]),               // it was not
            (100, 100, [("f", 4)]),             // one instant: nothing is on its way
        })
        {
            _reader.Orphans = new Orphans(missing.Sum(m => m.Item2), missing.ToDictionary(m => m.Item1, m => m.Item2), At(children), At(parents));
            var result = (await checker.RunAsync(Orders, [check], default)).Single();
            verdicts.Add($"{result.Verdict} {result.Value}");
        }
        Assert.Equal(["Waiting 3", "Waiting 4", "Failed 1", "Failed 1", "Passed 0", "Waiting 1", "Waiting 3", "Waiting 3", "Failed 3", "Failed 4"], verdicts);

        static DateTimeOffset? At(int? minutes) => minutes is { } m ? DateTimeOffset.UnixEpoch.AddMinutes(m) : null;
    }

    public void Dispose() => _world.Dispose();

    private Task<IReadOnlyList<CheckResult>> RunAsync(ContractCheck check) => new Checker(_world.Warehouse, Sources, _world.Pipeline, _world.Time).RunAsync(Orders, [check], default);

    private sealed class FakeReader : ICheckReader
    {
        public IReadOnlyList<Measured> Found { get; set; } = [];

        public IReadOnlyList<Measure> Asked { get; private set; } = [];

        public Orphans? Orphans { get; set; }

        public ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct)
        {
            Asked = measures;
            return new(Found);
        }

        public ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct) => new(Orphans!);
    }
}
