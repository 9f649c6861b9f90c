using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sources;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Checks;

/// <summary>Rows whose parent the warehouse lacks, where a filter leaves parents out on purpose: their source says which is which.</summary>
public sealed class ParentLookupTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Dataset Customers = World.Of("customers") with { Filter = new RowFilter("value", ["yes"]) }, Lines = World.Of("lines");
    private static readonly ContractCheck Check = new("parent", CheckSeverity.Error, new OrphanMeasure(["customer"], Customers.Id, ["id"]), new RuleCondition(RuleOperator.Be, 0));
    private readonly ManualTime _time = new(Start);
    private readonly World _world = new(Customers, Lines);
    private readonly FoundOrphans _reader = new();
    private readonly Checker _checker;

    public ParentLookupTests()
    {
        _world.Warehouse.Checks = _reader;
        _world.Warehouse.Checkpoints[Lines.Id] = new Checkpoint(1, new SourceIdentity("fake", "1"), new Position("fake", "1"), null, DateTimeOffset.UnixEpoch);
        _world.Source.FindsKeys = true;
        _checker = Create(_world.Pipeline);
    }

    [Fact]
    public async Task Who_refers_to_a_row_that_the_filter_leaves_out_is_no_orphan()
    {
        _world.Source[Customers.Id].Put(1, "no");
        _world.Source[Customers.Id].Put(2, "no");
        _world.Source[Customers.Id].Put(long.MaxValue, "no");
        Assert.Equal("Passed 0: 7 refer to rows that the filter of customers leaves out, and are no orphans", await CheckAsync(0, 0, (1, 3), (2, 4)));
        Assert.Equal([1, 2], _world.Source.Sought.Order());
    }

    [Fact]
    public async Task Who_refers_to_no_row_of_the_source_is_an_orphan_once_he_was_still_there_after_the_source_was_asked()
    {
        _world.Source[Customers.Id].Put(1, "no");
        // How far the warehouse's customers have come says nothing of those that it never had.
        Assert.Equal("Waiting 2: rows whose row in customers may still be on its way; 5 refer to rows that the filter of customers leaves out", await CheckAsync(0, 0, (1, 5), (9, 2)));
        Assert.Equal("Waiting 2", (await CheckAsync(0.9, 9, (1, 5), (9, 2))).Split(':')[0]);
        Assert.Equal("Failed 2: rows whose row in customers is missing; 5 refer to rows that the filter of customers leaves out", await CheckAsync(1, 1, (1, 5), (9, 2)));
        Assert.Equal("Passed 0", (await CheckAsync(2, 2, (1, 5))).Split(':')[0]);
    }

    [Fact]
    public async Task Who_refers_to_a_row_that_belongs_into_the_warehouse_waits_until_both_have_passed_one_instant()
    {
        _world.Source[Customers.Id].Put(3, "yes");
        Assert.Equal("Waiting 1: rows whose row in customers may still be on its way", await CheckAsync(2, 1, (3, 1)));
        Assert.Equal("Waiting 1", (await CheckAsync(3, 1.5, (3, 1))).Split(':')[0]);
        Assert.Equal("Failed 1: rows whose row in customers is missing", await CheckAsync(4, 2, (3, 1)));
    }

    [Fact]
    public async Task A_source_that_can_t_be_asked_is_told_and_the_check_waits()
    {
        _world.Source.FindsKeys = false;
        Assert.StartsWith("Waiting 1: rows whose row in customers is missing; whether its filter leaves it out only the source knows: CDC5006 customers: its source can't look rows up by their key.", await CheckAsync(0, 0, (1, 1)), StringComparison.Ordinal);
        _world.Faults.Arm(2, () => new CdcSyncException(ErrorCodes.SourceUnavailable, "it is away.", "Run: cdcsync doctor"));      // the first call reads the checkpoint
        Assert.Contains("CDC2001 it is away.", await CheckAsync(0, 0, (1, 1)), StringComparison.Ordinal);
        Assert.Equal("Passed 0: ", await CheckAsync(0, 0));
    }

    [Fact]
    public async Task A_source_in_its_blackout_is_not_asked()
    {
        var window = new BlackoutWindow(TimeOnly.MinValue, new TimeOnly(23, 0), Enum.GetValues<DayOfWeek>(), TimeZoneInfo.Utc);
        var checker = Create(_world.Pipeline with { Blackouts = new Dictionary<string, BlackoutHours> { ["fake"] = new([window]) } });
        Assert.Contains("CDC5006 customers: its source is in a blackout", await CheckAsync(checker, 0, 0, (1, 1)), StringComparison.Ordinal);
        Assert.Empty(_world.Source.Sought);
    }

    [Fact]
    public async Task Rows_beyond_those_that_are_told_apart_wait()
    {
        _world.Source[Customers.Id].Put(1, "no");
        _reader.Beyond = 10;
        Assert.Equal("Waiting 10: rows whose row in customers may still be on its way; 1 refer to rows that the filter of customers leaves out", await CheckAsync(0, 0, (1, 1)));
        Assert.Equal(Orphans.LookupLimit, _reader.Limit);
    }

    [Fact]
    public async Task A_text_that_is_no_key_of_the_parents_waits_and_is_not_looked_for()
    {
        _reader.Odd = "[\"x\"]";
        Assert.Equal("Waiting 1: rows whose row in customers may still be on its way", await CheckAsync(1, 0));
        Assert.Empty(_world.Source.Sought);
    }

    public void Dispose() => _world.Dispose();

    private Checker Create(Pipeline pipeline) => new(_world.Warehouse, new Dictionary<string, IChangeSource> { ["fake"] = _world.Source }, pipeline, _time);

    private Task<string> CheckAsync(double children, double parents, params (long Parent, long Rows)[] missing) => CheckAsync(_checker, children, parents, missing);

    private async Task<string> CheckAsync(Checker checker, double children, double parents, params (long Parent, long Rows)[] missing)
    {
        var found = missing.ToDictionary(m => $"[\"{m.Parent}\"]", m => m.Rows);
        if (_reader.Odd is { } odd) found.Add(odd, 1);
        _reader.Found = new Orphans(found.Values.Sum() + _reader.Beyond, found, Start.AddMinutes(children), Start.AddMinutes(parents));
        var result = Assert.Single(await checker.RunAsync(Lines, [Check], default));
        return $"{result.Verdict} {result.Value}: {result.Detail}";
    }

    private sealed class FoundOrphans : ICheckReader
    {
        public Orphans? Found { get; set; }

        public long Beyond { get; set; }

        public string? Odd { get; set; }

        public int Limit { get; private set; }

        public ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct)
        {
            Limit = limit;
            return new(Found!);
        }
    }
}
