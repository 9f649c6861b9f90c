using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>Rows that are compared, or read again, in a range or all of them.</summary>
public sealed class BackfillTests : IDisposable
{
    private readonly World _world = new();

    private FakeTable Source => _world.Source[World.Orders.Id];

    private Dictionary<long, string?> Target => _world.Warehouse.Rows(World.Orders.Id);

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(ReconcileMode.Digest)]
    [InlineData(ReconcileMode.Full)]
    public async Task A_comparison_of_a_range_sees_and_mends_nothing_beside_it(ReconcileMode mode)
    {
        await LoadAsync(100);
        foreach (var key in new[] { 9, 10, 19, 20 })
            Target[key] = "edited";
        Target.Remove(15);
        Target.Remove(50);
        var report = await _world.Engine().ReconcileAsync(World.Orders.Id, new ReconcileRequest(mode, IsRepair: true) { Range = Range(10, 20) }, default);
        Assert.Equal((new DriftCounts(1, 2, 0), new DriftCounts(1, 2, 0), 10L, 9L), (report.Found, report.Repaired, report.SourceRows, report.TargetRows));
        Assert.Equal(["edited", "value 10", "value 15", "value 19", "edited"], new long[] { 9, 10, 15, 19, 20 }.Select(k => Target[k]));
        Assert.False(Target.ContainsKey(50));
        Assert.Empty(await _world.Warehouse.ReadReconciledAsync("test", default));
    }

    [Fact]
    public async Task A_backfill_publishes_the_sources_rows_of_its_range_and_deletes_what_is_only_in_the_target()
    {
        await LoadAsync(100);
        var before = _world.Warehouse.Checkpoints[World.Orders.Id];
        foreach (var key in new[] { 9, 10, 19, 20, -1 })
            Target[key] = "edited";
        Target.Remove(15);
        Source.Restore(Source.Rows.Where(r => r.Key != 12).ToDictionary(), Source.Version);      // a delete that nobody tells of
        var outcome = await BackfillAsync(Range(10, 20));
        Assert.Equal((9L, new MergeStats(1, 2, 1, 0), 0L), (outcome.RowsRead, outcome.Stats, outcome.Quarantined));
        Assert.Equal(["edited", "value 10", "value 15", "value 19", "edited", "edited"], new long[] { 9, 10, 15, 19, 20, -1 }.Select(k => Target[k]));
        Assert.False(Target.ContainsKey(12));
        Assert.Equal([BatchKind.Backfill, BatchKind.Repair], _world.Warehouse.Ledger.Select(l => l.Draft.Kind).Where(k => k is BatchKind.Backfill or BatchKind.Repair).Distinct());
        Assert.Equal(before.Stream, _world.Warehouse.Checkpoints[World.Orders.Id].Stream);
    }

    [Fact]
    public async Task Rows_that_change_while_they_are_read_again_are_left_to_the_stream()
    {
        await LoadAsync(10);
        var times = 0;
        _world.Source.Meanwhile = () =>
        {
            if (times++ > 0)
                return;
            Source.Put(3, "newer");
            Source.Delete(4);
            Target[5] = "edited";
        };
        Assert.Equal(8, (await BackfillAsync(null)).RowsRead);
        Assert.True(_world.Equal(World.Orders));
    }

    [Fact]
    public async Task A_source_with_more_changes_than_one_reading_takes_is_synced_and_read_again()
    {
        await LoadAsync(30);
        _world.Source.WindowRows = 4;
        var times = 0;
        _world.Source.Meanwhile = () =>
        {
            if (times++ > 0)
                return;
            for (var key = 0; key < 20; key++)
                Source.Put(key, "newer");
        };
        Target[25] = "edited";
        await BackfillAsync(null);
        Assert.True(_world.Equal(World.Orders));
    }

    [Fact]
    public async Task What_was_never_loaded_is_loaded_first()
    {
        Source.Put(1, "a");
        await BackfillAsync(null);
        Assert.True(_world.Equal(World.Orders));
    }

    /// <summary>Random edits of both sides, some while rows are read: after a backfill and a sync both are equal.</summary>
    [Fact]
    public void Whatever_was_edited_a_backfill_makes_source_and_target_equal()
    {
        var moves = (from move in Gen.Choose(0, 4) from key in Gen.Choose(0, 30) from value in Gen.Choose(0, 3) select (move, key, value)).ArrayOf().ToArbitrary();
        Prop.ForAll(moves, moves, (before, during) => RunAsync(before, during).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    private static async Task RunAsync((int Move, int Key, int Value)[] before, (int Move, int Key, int Value)[] during)
    {
        using var test = new BackfillTests();
        await test.LoadAsync(20);
        foreach (var (move, key, value) in before)
            test.Move(move, key, value);
        var rest = new Queue<(int Move, int Key, int Value)>(during);
        test._world.Source.Meanwhile = () =>
        {
            if (rest.TryDequeue(out var m))
                test.Move(m.Move % 2, m.Key, m.Value);
        };
        await test.BackfillAsync(null);
        test._world.Source.Meanwhile = null;
        await test._world.SyncAsync();
        Assert.True(test._world.Equal(World.Orders));
    }

    private void Move(int move, int key, int value)
    {
        switch (move)
        {
            case 0: Source.Put(key, $"{value}"); break;
            case 1: Source.Delete(key); break;
            case 2: Target.Remove(key); break;
            case 3: Target[key] = $"{value}"; break;
            default: Target[key + 1_000] = "made up"; break;
        }
    }

    private static RowRange Range(long from, long to) => new($"id={from}..{to}", 0, from, to);

    private Task<DatasetOutcome> BackfillAsync(RowRange? range) => _world.Engine().BackfillAsync(World.Orders.Id, range, default);

    private async Task LoadAsync(int rows)
    {
        for (var key = 0; key < rows; key++)
            Source.Put(key, $"value {key}");
        await _world.SyncAsync();
        Assert.True(_world.Equal(World.Orders));
    }
}
