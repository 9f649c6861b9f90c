using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Checks;

/// <summary>Sql rules of severity error: what they keep out, and how it goes on.</summary>
public sealed class RuleGateTests : IDisposable
{
    private static readonly ContractCheck AtMostFour = new("few", CheckSeverity.Error, new SqlMeasure("SELECT count(*) FROM {object}", null, null), new RuleCondition(RuleOperator.BeLessOrEqualTo, 4)) { Occasion = CheckOccasion.Publication };
    private readonly World _world = new(World.Of("orders", group: "sales") with { Checks = [AtMostFour] }, World.Of("lines", group: "sales"));

    public RuleGateTests()
    {
        _world.Warehouse.Answer = (dataset, _) => _world.Warehouse.Rows(dataset.Id).Count;
        for (var key = 0; key < 4; key++) _world.Source[Orders.Id].Put(key, "a");
        _world.Source[Lines.Id].Put(1, "a");
    }

    private Dataset Orders => _world.Pipeline.Datasets[0];

    private Dataset Lines => _world.Pipeline.Datasets[1];

    [Fact]
    public async Task A_batch_that_would_break_a_rule_is_not_committed_and_goes_on_when_the_source_is_mended()
    {
        Assert.Equal(Errors.ExitCode.Ok, (await _world.SyncAsync()).Exit);
        var before = _world.Warehouse.Checkpoints[Orders.Id];
        _world.Source[Orders.Id].Put(9, "one too many");
        _world.Source[Lines.Id].Put(9, "of the same group");

        var outcomes = (await _world.SyncAsync()).Outcomes;

        Assert.Equal((OutcomeKind.Blocked, ErrorCodes.RuleBroken), (outcomes[0].Kind, outcomes[0].Fault!.Code));
        Assert.Equal("orders: rule 'few' of the contract would find 5, expected at most 4; nothing of the batch was committed.", outcomes[0].Fault!.Message);
        Assert.Equal(ErrorCodes.GroupWaits, outcomes[1].Fault!.Code);
        Assert.Equal(before, _world.Warehouse.Checkpoints[Orders.Id]);
        Assert.Equal((4, 1), (_world.Warehouse.Rows(Orders.Id).Count, _world.Warehouse.Rows(Lines.Id).Count));
        Assert.Equal(DatasetPhase.Blocked, _world.Warehouse.States[Orders.Id].Phase);
        Assert.Equal((CheckVerdict.Failed, 5m), Recorded);

        _world.Source[Orders.Id].Delete(0);
        Assert.Equal(Errors.ExitCode.Ok, (await _world.SyncAsync()).Exit);
        Assert.True(_world.Equal(Orders) && _world.Equal(Lines));
        Assert.Equal((CheckVerdict.Passed, 4m), Recorded);
        Assert.Equal([CheckVerdict.Failed, CheckVerdict.Passed], _world.Observer.Checks.Select(c => c.Result.Verdict));
    }

    [Fact]
    public async Task A_query_that_can_t_be_answered_blocks_too()
    {
        await _world.SyncAsync();
        _world.Warehouse.Answer = (_, _) => throw CheckValues.Unanswered("no row");
        _world.Source[Orders.Id].Put(1, "changed");
        var outcome = (await _world.SyncAsync()).Outcomes[0];
        Assert.Equal((OutcomeKind.Blocked, ErrorCodes.RuleUnanswered), (outcome.Kind, outcome.Fault!.Code));
        Assert.Contains("orders: rule 'few' of the contract", outcome.Fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("Run: cdcsync contract test orders", outcome.Fault.Remedy, StringComparison.Ordinal);
        Assert.Equal(CheckVerdict.Unanswered, Recorded.Verdict);
    }

    [Fact]
    public async Task The_ranges_of_a_first_load_are_not_judged_and_the_first_window_after_it_is()
    {
        for (var key = 0; key < 12; key++) _world.Source[Orders.Id].Put(key, "too many");
        Assert.Equal(Errors.ExitCode.Ok, (await _world.SyncAsync()).Exit);
        Assert.Equal(12, _world.Warehouse.Rows(Orders.Id).Count);
        _world.Source[Orders.Id].Delete(0);
        Assert.Equal(ErrorCodes.RuleBroken, (await _world.SyncAsync()).Outcomes[0].Fault!.Code);
    }

    [Fact]
    public async Task What_keeps_a_batch_out_stays_failed_though_the_warehouse_without_it_holds()
    {
        _world.Warehouse.Checks = new WithoutTheBatch(_world);
        _world.Pipeline = new Pipeline("test", [Orders with { CheckInterval = TimeSpan.FromSeconds(5), Group = null }]);
        await using var daemon = new Daemon(_world);
        await daemon.UntilAsync(() => _world.Observer.Checks.Any(c => c.Result.Verdict == CheckVerdict.Passed));
        _world.Source[Orders.Id].Put(9, "one too many");
        await daemon.UntilAsync(() => _world.Observer.Checks.Any(c => c.Result.Verdict == CheckVerdict.Failed));
        var measured = ((WithoutTheBatch)_world.Warehouse.Checks).Asked;
        await daemon.UntilAsync(() => ((WithoutTheBatch)_world.Warehouse.Checks).Asked > measured + 2);
        Assert.Equal(CheckVerdict.Failed, _world.Observer.Checks.Last().Result.Verdict);
        _world.Source[Orders.Id].Delete(0);
        await daemon.UntilAsync(() => _world.Observer.Checks.Last().Result.Verdict == CheckVerdict.Passed);
    }

    public void Dispose() => _world.Dispose();

    private (CheckVerdict Verdict, decimal? Value) Recorded => _world.Warehouse.CheckResults[(Orders.Id, "few")].Result is var r ? (r.Verdict, r.Value) : default;

    private sealed class WithoutTheBatch(World world) : ICheckReader
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct)
        {
            Interlocked.Increment(ref _asked);
            return new([.. measures.Select(_ => new Measured(world.Warehouse.Rows(dataset.Id).Count, 0))]);
        }

        public ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct) => throw new NotSupportedException();
    }
}
