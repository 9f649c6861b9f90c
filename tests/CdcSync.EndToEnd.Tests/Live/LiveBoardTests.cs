using CdcSync.Arrow;
using CdcSync.Cli.Live;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.EndToEnd.Tests.Live;

public sealed class LiveBoardTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Clock _clock = new() { Now = Start };
    private readonly Dataset _orders = MakeDataset("orders");
    private readonly Dataset _lines = MakeDataset("order_lines");
    private readonly LiveBoard _board;

    public LiveBoardTests() => _board = new LiveBoard(new Pipeline("demo", [_orders, _lines]), _clock);

    [Fact]
    public void Rows_rate_and_lag_follow_what_happens()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        _board.RowsRead(_orders, 100, 1);
        _board.BatchCommitted(_orders, Report(new MergeStats(100, 0, 0, 0), Start));
        _clock.Now = Start.AddSeconds(10);
        _board.RowsRead(_orders, 40, 1);
        _board.BatchCommitted(_orders, Report(new MergeStats(10, 20, 3, 2), Start.AddSeconds(9)));

        var line = _board.Read().Datasets[0];

        Assert.Equal(("orders", DatasetPhase.Streaming, 135, 140), (line.Name, line.Phase, line.Merged, line.Read));
        Assert.Equal(40 / 5.0, line.ReadPerSecond, 3);
        Assert.Equal(TimeSpan.FromSeconds(1), line.Lag);
    }

    [Fact]
    public void Lag_is_by_the_workers_clock()
    {
        _board.Polled("shop", Start.AddHours(1), TimeSpan.FromHours(1), [_orders]);
        _board.IdleAdvanced(_orders, Start.AddHours(1).AddSeconds(-2));
        Assert.Equal(TimeSpan.FromSeconds(2), _board.Read().Datasets[0].Lag);
    }

    [Fact]
    public void The_pipeline_is_complete_only_when_every_dataset_is()
    {
        _board.IdleAdvanced(_orders, Start.AddSeconds(5));
        Assert.False(_board.IsCompleteUpTo(Start));

        _board.IdleAdvanced(_lines, Start.AddSeconds(-1));
        Assert.False(_board.IsCompleteUpTo(Start));

        _board.IdleAdvanced(_lines, Start);
        Assert.True(_board.IsCompleteUpTo(Start));
    }

    [Fact]
    public void A_dataset_fails_until_the_next_commit_or_good_poll()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        Fail();
        Assert.True(_board.Read().Datasets[0].IsFailing);
        Assert.Equal((ErrorCodes.WarehouseBusy, TimeSpan.FromSeconds(1)), (_board.Read().Datasets[0].Fault!.Code, _board.Read().Datasets[0].Fault!.RetryIn));

        _board.BatchCommitted(_orders, Report(new MergeStats(1, 0, 0, 0), Start));
        Assert.False(_board.Read().Datasets[0].IsFailing);
        Fail();
        _board.IdleAdvanced(_orders, Start.AddSeconds(1));
        Assert.False(_board.Read().Datasets[0].IsFailing);

        void Fail() => _board.BatchFailed(_orders, new CdcSyncException(ErrorCodes.WarehouseBusy, "busy.", "Wait."), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void The_time_left_is_estimated_from_the_ranges_that_this_process_did()
    {
        KeyRange[] ranges = [.. Enumerable.Range(0, 10).Select(i => new KeyRange(i, null, null))];
        _board.PhaseChanged(_orders, DatasetPhase.Snapshot);
        _board.SnapshotProgressed(_orders, new SnapshotProgress(10, ranges[4..]));
        Assert.Equal(new LoadProgress(10, 4, 0, null), _board.Read().Datasets[0].Load);

        _clock.Now = Start.AddSeconds(10);
        _board.RowsRead(_orders, 500, 1);
        _board.SnapshotProgressed(_orders, new SnapshotProgress(10, ranges[5..]));
        _clock.Now = Start.AddSeconds(14);
        Assert.Equal(new LoadProgress(10, 5, 500, TimeSpan.FromSeconds(46)), _board.Read().Datasets[0].Load);

        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        Assert.Null(_board.Read().Datasets[0].Load);
    }

    [Fact]
    public void What_keeps_all_from_going_on_is_told_until_it_goes_on()
    {
        _board.WorkerFailed("source", new CdcSyncException(ErrorCodes.SourceUnavailable, "away.", "Wait."), TimeSpan.FromSeconds(4));
        Assert.Equal(ErrorCodes.SourceUnavailable, _board.Read().Fault!.Code);
        _board.Polled("shop", Start, TimeSpan.Zero, []);
        Assert.Null(_board.Read().Fault);
    }

    [Fact]
    public void A_lease_given_back_is_not_another_workers()
    {
        _board.LeaseChanged(true);
        _board.LeaseChanged(false);
        Assert.Equal(LeaseState.Gone, _board.Read().Lease);
        _board.LeaseChanged(false);
        Assert.Equal(LeaseState.Elsewhere, _board.Read().Lease);
    }

    private static BatchReport Report(MergeStats stats, DateTimeOffset completeUpTo)
    {
        var checkpoint = new Checkpoint(1, new SourceIdentity("test", "1"), new Position("test", "1"), null, completeUpTo);
        return new BatchReport(1, BatchKind.Window, checkpoint, stats, 0, 0, null, null, new Dictionary<string, TimeSpan>());
    }

    private static Dataset MakeDataset(string name) => new()
    {
        Id = new DatasetId(name),
        SourceName = "shop",
        Object = new SourceObject.Table(null, name),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, name),
        Columns = [new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, 0, true)],
        Contract = new ContractReference("shop", "1.0.0", "owner@example.com"),
    };

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
