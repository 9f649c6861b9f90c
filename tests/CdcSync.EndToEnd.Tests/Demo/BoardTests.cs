using CdcSync.Arrow;
using CdcSync.Cli.Demo;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Spectre.Console;

namespace CdcSync.EndToEnd.Tests.Demo;

public sealed class BoardTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Clock _clock = new() { Now = Start };
    private readonly Dataset _orders = MakeDataset("orders");
    private readonly Dataset _lines = MakeDataset("order_lines");
    private readonly DemoBoard _board;

    public BoardTests() => _board = new DemoBoard(new Pipeline("demo", [_orders, _lines]), _clock);

    [Fact]
    public void Rows_rate_and_lag_follow_the_commits()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        _board.BatchCommitted(_orders, Report(new MergeStats(100, 0, 0, 0), Start));
        _clock.Now = Start.AddSeconds(10);
        _board.BatchCommitted(_orders, Report(new MergeStats(10, 20, 3, 2), Start.AddSeconds(9)));

        var line = _board.Read()[0];

        Assert.Equal(("orders", "streaming", 105, 135), (line.Dataset, line.State, line.Rows, line.Merged));
        Assert.Equal(35 / 3.0, line.RowsPerSecond, 3);
        Assert.Equal(TimeSpan.FromSeconds(1), line.Lag);
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
    public void A_fault_is_shown_until_the_next_commit()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        _board.BatchFailed(_orders, new CdcSyncException(ErrorCodes.WarehouseBusy, "busy.", "Wait."), TimeSpan.FromSeconds(1));
        Assert.Equal("CDC3003 Warehouse busy", _board.Read()[0].State);

        _board.BatchCommitted(_orders, Report(new MergeStats(1, 0, 0, 0), Start));
        Assert.Equal("streaming", _board.Read()[0].State);
    }

    [Fact]
    public void A_first_load_shows_its_ranges()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Snapshot);
        _board.SnapshotProgressed(_orders, new SnapshotProgress(3, [new KeyRange(2, "20", null)]));

        Assert.Equal("first load 2/3", _board.Read()[0].State);
    }

    [Fact]
    public async Task Without_a_terminal_the_view_is_plain_lines()
    {
        _board.PhaseChanged(_orders, DatasetPhase.Streaming);
        _board.BatchCommitted(_orders, Report(new MergeStats(1_234, 0, 0, 0), Start.AddSeconds(-2)));
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });

        await new BoardView(console, _board.Read, () => "the writer made 7 changes", _clock).RunAsync(new CancellationToken(canceled: true));

        Assert.Equal(
            ["orders: streaming, 1234 rows, 1234 merged, 411 rows/s, lag 2.0 s", "order_lines: new, 0 rows, 0 merged, 0 rows/s, lag –", "the writer made 7 changes", ""],
            text.ToString().Split(Environment.NewLine));
    }

    [Fact]
    public void The_comparison_says_equal_only_where_nothing_differs()
    {
        Assert.Contains("equal: every value of every row.", Shown(new ComparisonResult("orders", 10, 10, 0, 0, 0)));
        Assert.Contains("3 differences.", Shown(new ComparisonResult("orders", 10, 10, 1, 1, 1)));
    }

    private static string Shown(ComparisonResult result)
    {
        var text = new StringWriter();
        ComparisonView.Write(AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }), [result]);
        return text.ToString();
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
