using CdcSync.Arrow;
using CdcSync.Cli.Daemon;
using CdcSync.Cli.Live;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class ObserverTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dataset Orders = new()
    {
        Id = new DatasetId("orders"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "orders"),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "orders"),
        Columns = [new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, 0)],
        Contract = new ContractReference("orders", "1.0.0", "team"),
    };

    [Fact]
    public void Whatever_observers_are_told_each_of_several_is_told()
    {
        var map = typeof(Observers).GetInterfaceMap(typeof(ISyncObserver));
        // What is not implemented would be swallowed: the interface has an empty body for it.
        Assert.Empty(map.TargetMethods.Where(m => m.DeclaringType != typeof(Observers)).Select(m => m.Name));
    }

    private readonly StringWriter _notes = new() { NewLine = "\n" };
    private readonly Terminal _terminal;
    private readonly HandClock _clock = new() { Now = Noon };
    private readonly LogObserver _log;

    public ObserverTests()
    {
        _terminal = new Terminal(TextWriter.Null, _notes, new TerminalAbilities(Colors: false, IsInteractive: false));
        _log = new LogObserver(new TerminalLog(_terminal, _clock), new Repetitions(_clock, TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void A_committed_batch_is_one_line()
    {
        _log.BatchCommitted(Orders, new BatchReport(17, BatchKind.Window, Checkpoint(null, Noon), new MergeStats(100, 20, 3, 1), 130, 6, new LandedFile("p", "h", 130, 5_000), null,
            new Dictionary<string, TimeSpan> { ["read"] = TimeSpan.FromMilliseconds(3), ["land"] = TimeSpan.FromMilliseconds(1), ["stage"] = TimeSpan.FromMilliseconds(5), ["publish"] = TimeSpan.FromMilliseconds(26) }));
        Assert.Equal("2026-03-01T12:00:00.000Z info  orders: window 17 committed: 130 read, 100 inserted, 20 updated, 3 deleted, 1 erased, 6 quarantined in 35 ms (read 3, land 1, stage 5, publish 26), "
            + "landed 4.9 KiB, complete up to 2026-03-01T12:00:00.000Z\n", _notes.ToString());
    }

    [Fact]
    public void An_orders_end_a_comparison_and_a_change_of_columns_are_lines_for_programs()
    {
        using var lines = new StringWriter { NewLine = "\n" };
        var json = new JsonObserver(new JsonFeed(new Terminal(lines, TextWriter.Null, new TerminalAbilities(Colors: false, IsInteractive: false)), _clock));
        json.OrderEnded(Orders, new OrderEnd(new Order.Sync(), Noon, null, null));
        json.OrderEnded(Orders, new OrderEnd(new Order.Backfill(null), Noon, null, new CdcSyncException(ErrorCodes.SourceUnavailable, "gone.", "Run: cdcsync status")));
        json.Reconciled(Orders, new ReconcileReport
        {
            Id = Guid.Empty,
            Dataset = Orders.Id,
            Request = new ReconcileRequest(ReconcileMode.Digest, IsRepair: false),
            StartedAt = Noon,
            FinishedAt = Noon.AddSeconds(1.5),
            SourceRows = 9,
            TargetRows = 8,
            SoftDeleted = 0,
            Explained = 0,
            InFlight = 4,
            Found = new DriftCounts(1, 2, 3),
            Repaired = default,
            RowsTravelled = 0,
            IsHashedBySource = false,
            IsCut = false,
            Keys = [],
            Map = [],
            Totals = [],
        });
        json.SchemaChanged(Orders, [new SchemaChange(SchemaChangeKind.Added, "colour", "colour text was added")]);
        Assert.Equal(
        [
            """{"schemaVersion":1,"event":"order_ended","at":"2026-03-01T12:00:00.000Z","dataset":"orders","order":"sync","outcome":"done","missing":null,"different":null,"extra":null,"repaired":null,"error":null}""",
            """{"schemaVersion":1,"event":"order_ended","at":"2026-03-01T12:00:00.000Z","dataset":"orders","order":"backfill","outcome":"failed","missing":null,"different":null,"extra":null,"repaired":null,"error":{"code":"CDC2001","message":"gone.","remedy":"Run: cdcsync status","isTransient":true}}""",
            """{"schemaVersion":1,"event":"reconciled","at":"2026-03-01T12:00:00.000Z","dataset":"orders","mode":"digest","outcome":"drift","missing":1,"different":2,"extra":3,"repaired":0,"inFlight":4,"seconds":1.5}""",
            """{"schemaVersion":1,"event":"schema_changed","at":"2026-03-01T12:00:00.000Z","dataset":"orders","changes":[{"kind":"added","column":"colour","text":"colour text was added"}]}""",
        ], lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_failure_says_when_it_is_tried_again_or_who_has_to_act()
    {
        _log.BatchFailed(Orders, new CdcSyncException(ErrorCodes.SourceUnavailable, "orders: gone\nfor now.", "Run: cdcsync status"), TimeSpan.FromSeconds(2.5));
        _log.BatchFailed(Orders, new CdcSyncException(ErrorCodes.ChangesExpired, "orders: too late.", "Run: cdcsync resync orders"), null);
        Assert.Equal("2026-03-01T12:00:00.000Z warn  orders: failed, again in 2.5s: CDC2001 orders: gone for now. Run: cdcsync status\n"
            + "2026-03-01T12:00:00.000Z error orders: stopped until someone acts: CDC2003 orders: too late. Run: cdcsync resync orders\n", _notes.ToString());
    }

    [Fact]
    public void A_failure_that_goes_on_is_told_once_per_interval_with_the_number_of_those_kept_quiet()
    {
        var gone = new CdcSyncException(ErrorCodes.SourceUnavailable, "orders: gone.", "Run: cdcsync status");
        for (var minute = 0; minute < 8; minute++, _clock.Now += TimeSpan.FromMinutes(1))
            _log.BatchFailed(Orders, gone, TimeSpan.FromSeconds(60));
        _log.BatchFailed(Orders, new CdcSyncException(ErrorCodes.SourceDenied, "orders: denied.", "Run: cdcsync grants"), TimeSpan.FromSeconds(60));
        _log.IdleAdvanced(Orders, Noon);
        _log.BatchFailed(Orders, gone, TimeSpan.FromSeconds(60));
        Assert.Equal(
            [
                "12:00 orders: failed, again in 1m00s: CDC2001 orders: gone. Run: cdcsync status",
                "12:05 orders: failed, again in 1m00s: CDC2001 orders: gone. Run: cdcsync status (4 more since it was last told)",
                "12:08 orders: failed, again in 1m00s: CDC2002 orders: denied. Run: cdcsync grants",
                "12:08 orders: works again, after 2 more failures",
                "12:08 orders: failed, again in 1m00s: CDC2001 orders: gone. Run: cdcsync status",
            ],
            _notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => $"{l[11..16]} {l[31..]}"));
    }

    [Fact]
    public void A_check_is_a_line_when_it_fails_and_when_it_holds_again()
    {
        foreach (var (verdict, value) in new (CheckVerdict, decimal?)[] { (CheckVerdict.Passed, 0), (CheckVerdict.Failed, 2.5m), (CheckVerdict.Failed, 3), (CheckVerdict.Unanswered, null), (CheckVerdict.Passed, 0) })
            _log.Checked(Orders, [new CheckResult("note_present", CheckSeverity.Warning, verdict, value, "below 1 percent", null, Noon)]);
        Assert.Equal("2026-03-01T12:00:00.000Z warn  orders: check note_present of severity warning does not hold: found 2.5, expected below 1 percent\n"
            + "2026-03-01T12:00:00.000Z info  orders: check note_present holds again\n", _notes.ToString());
    }

    [Fact]
    public void What_stays_as_it_is_is_told_once()
    {
        for (var i = 0; i < 3; i++)
        {
            _log.LeaseChanged(false);
            _log.PhaseChanged(Orders, DatasetPhase.ResyncRequired);
            _log.QuarantineCounted(Orders, 5);
            _log.CheckpointRead(Orders, null);
            _log.IdleAdvanced(Orders, Noon);
        }

        _log.LeaseChanged(true);
        _log.LeaseChanged(false);
        Assert.Equal(["another worker holds the lease, standing by", "orders: resync required", "orders: 5 rows in quarantine", "lease taken, working", "lease given back or lost"],
            _notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[31..]));
    }

    [Fact]
    public void A_first_load_is_told_where_it_begins_or_goes_on()
    {
        _log.PhaseChanged(Orders, DatasetPhase.Snapshot);
        _log.SnapshotProgressed(Orders, new SnapshotProgress(4, [new KeyRange(2, null, null), new KeyRange(3, null, null)]));
        _log.SnapshotProgressed(Orders, new SnapshotProgress(4, [new KeyRange(3, null, null)]));
        Assert.Equal("orders: first load, 2 of 4 ranges to do", Assert.Single(_notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))[31..]);
    }

    [Fact]
    public void That_a_dataset_is_as_it_should_be_is_news_only_after_it_was_not()
    {
        _log.PhaseChanged(Orders, DatasetPhase.Streaming);
        Assert.Equal("", _notes.ToString());
        _log.PhaseChanged(Orders, DatasetPhase.Failing);
        _log.PhaseChanged(Orders, DatasetPhase.Streaming);
        Assert.Equal(["orders: failing", "orders: streaming"], _notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[31..]));
    }

    [Fact]
    public async Task Progress_is_a_line_per_10_seconds_while_there_is_some()
    {
        var board = new LiveBoard(new Pipeline("shop", [Orders]), _clock);
        await using var view = new LiveView(_terminal, board, () => "", _clock);
        Assert.Equal(TimeSpan.FromSeconds(10), _clock.Period);
        _clock.Tick();
        Assert.Equal("", _notes.ToString());
        board.SnapshotProgressed(Orders, new SnapshotProgress(10, [.. Enumerable.Range(0, 10).Select(i => new KeyRange(i, null, null))]));
        board.RowsRead(Orders, 1_234, 9);
        _clock.Tick();
        _clock.Tick();
        Assert.Equal("first load: 0 of 10 ranges, 1,234 rows read, 1,234 rows/s, 0 merged\n", _notes.ToString());
    }

    [Fact]
    public void The_size_of_the_landing_folder_is_asked_twice_a_minute_at_most()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["a/b"]);
        File.WriteAllBytes(folder["a/b/1"], new byte[100]);
        var size = new LandingSize(folder.Root, _clock);
        Assert.Equal(100, size.Bytes);
        File.WriteAllBytes(folder["2"], new byte[11]);
        _clock.Now += TimeSpan.FromSeconds(29);
        Assert.Equal(100, size.Bytes);
        _clock.Now += TimeSpan.FromSeconds(2);
        Assert.Equal(111, size.Bytes);
        Assert.Equal(0, new LandingSize(folder["missing"], _clock).Bytes);
    }

    public void Dispose() => _notes.Dispose();

    private static Checkpoint Checkpoint(SnapshotProgress? snapshot, DateTimeOffset? completeUpTo) => new(1, new SourceIdentity("t", "1"), new Position("t", "1"), snapshot, completeUpTo);

    /// <summary>A clock moved by hand; its timers fire when told.</summary>
    private sealed class HandClock : TimeProvider
    {
        private Action _tick = () => { };

        public DateTimeOffset Now { get; set; }

        public TimeSpan Period { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Tick() => _tick();

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _tick = () => callback(state);
            Period = period;
            return new HandTimer();
        }

        private sealed class HandTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
