using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Sources;

/// <summary>A source whose tables are read no faster than its budget allows.</summary>
public sealed class PacedSourceTests : IDisposable
{
    private static readonly KeyRange Whole = new(0, null, null);
    private readonly World _world = new();
    private readonly EagerTime _time = new();

    private static Dataset Orders => World.Orders;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Rows_come_at_the_rate_of_the_budget_and_idle_time_is_not_saved_up()
    {
        Fill(100);
        var source = new PacedSource(_world.Source, new ReadBudget(RowsPerSecond: 10, Parallel: null), _time);
        Assert.Equal(100, await source.Ranges.ReadAsync(Orders, Whole, default).Select(c => c.Length).SumAsync());
        Assert.Equal(TimeSpan.FromSeconds(10), _time.Elapsed);
        _time.Pass(TimeSpan.FromHours(1));
        Assert.Equal(100, await source.Ranges.ReadAsync(Orders, Whole, default).Select(c => c.Length).SumAsync());
        Assert.Equal(TimeSpan.FromSeconds(3_620), _time.Elapsed);
    }

    [Fact]
    public async Task Readings_side_by_side_share_the_rate()
    {
        Fill(60);
        var source = new PacedSource(_world.Source, new ReadBudget(RowsPerSecond: 10, Parallel: null), _time);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () => await source.Ranges.ReadAsync(Orders, Whole, default).CountAsync())));
        Assert.True(_time.Elapsed >= TimeSpan.FromSeconds(18), $"{_time.Elapsed}");
    }

    [Fact]
    public async Task No_more_readings_run_side_by_side_than_the_budget_has_places()
    {
        Fill(30);
        var (running, most) = (0, 0);
        _world.Source.Meanwhile = () => InterlockedMax(ref most, Interlocked.Increment(ref running));
        _world.Source.Afterwards = () => Interlocked.Decrement(ref running);
        var source = new PacedSource(_world.Source, new ReadBudget(null, Parallel: 2), _time);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await source.Ranges.ReadAsync(Orders, Whole, default).CountAsync())));
        Assert.InRange(most, 1, 2);
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
    }

    [Fact]
    public async Task First_loads_backfills_and_comparisons_are_paced_and_changes_are_not()
    {
        Fill(100);
        _world.Around = source => new PacedSource(source, new ReadBudget(RowsPerSecond: 10, Parallel: 1), _time);
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
        AssertTook(10, 10);
        for (var key = 0; key < 50; key++)
            _world.Source[Orders.Id].Put(key, "changed");
        await _world.SyncAsync();
        AssertTook(0, 0);
        await _world.Engine().ReconcileAsync(Orders.Id, new ReconcileRequest(ReconcileMode.Full, IsRepair: false), default);
        AssertTook(10, 40);
        await _world.Engine().BackfillAsync(Orders.Id, null, default);
        AssertTook(20, 60);
    }

    [Fact]
    public async Task Digests_that_the_source_computes_are_asked_for_in_steps_that_are_paid_for_one_by_one()
    {
        Fill(1_000);
        var inner = new Counting(new LocalDigests(new FakeTargetSide(Orders, () => [.. _world.Source[Orders.Id].Rows.OrderBy(r => r.Key).Select(r => KeyValuePair.Create(r.Key, (string?)r.Value))])));
        var paced = new PacedDigests(inner, new Pace(new ReadBudget(RowsPerSecond: 100, Parallel: 1), _time));
        var scope = DigestScope.Rows(Orders);
        Assert.Equal((await inner.DigestAsync(scope, null, 2, default)).OrderBy(d => d.Key), (await paced.DigestAsync(scope, null, 2, default)).OrderBy(d => d.Key));
        Assert.Equal((1 + 16, TimeSpan.FromSeconds(10)), (inner.Calls, _time.Elapsed));
        Assert.Equal(64, await paced.RowsAsync(scope, [new Part(0, 6)], default).CountAsync());
        Assert.Equal(TimeSpan.FromSeconds(10.64), _time.Elapsed);
        Assert.Equal(300, (await paced.DigestAsync(scope with { Range = new RowRange("", 0, 100, 400) }, null, 3, default)).Values.Sum(d => d.Rows));
    }

    private void Fill(int rows)
    {
        for (var key = 0; key < rows; key++)
            _world.Source[Orders.Id].Put(key, $"value {key}");
    }

    private void AssertTook(double least, double most)
    {
        Assert.InRange(_time.Elapsed.TotalSeconds, least, most);
        _time.Restart();
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most)
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private sealed class Counting(IDigestReader digests) : IDigestReader
    {
        public int Calls { get; private set; }

        public ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct) => digests.SurveyAsync(scope, ct);

        public ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
        {
            Calls++;
            return digests.DigestAsync(scope, parts, shift, ct);
        }

        public IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, CancellationToken ct) => digests.RowsAsync(scope, parts, ct);

        public IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, Arrow.RecordBatch keys, CancellationToken ct) => digests.FindAsync(scope, keys, ct);
    }
}
