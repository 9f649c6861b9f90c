using CdcSync.Cli.Live;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Live;

/// <summary>What the live view shows of a moment, as whole text.</summary>
public sealed class LiveFrameTests
{
    private static readonly DatasetLine Customers = new() { Name = "customers", Phase = DatasetPhase.Streaming, Merged = 12_345, ReadPerSecond = 120.6, Lag = TimeSpan.FromSeconds(1.9), Target = TimeSpan.FromMinutes(15) };

    private static readonly DatasetLine Orders = new()
    {
        Name = "orders",
        Phase = DatasetPhase.Snapshot,
        Merged = 1_250_000,
        ReadPerSecond = 45_210,
        Target = TimeSpan.FromMinutes(1),
        Load = new LoadProgress(8, 5, 1_300_000, TimeSpan.FromSeconds(12.4)),
    };

    private static readonly DatasetLine Returns = new()
    {
        Name = "returns",
        Phase = DatasetPhase.ResyncRequired,
        Lag = TimeSpan.FromSeconds(192),
        Target = TimeSpan.FromMinutes(1),
        IsFailing = true,
        Fault = new ShownFault(ErrorCodes.ChangesExpired, "cdcsync resync returns", TimeSpan.FromSeconds(3), null),
    };

    private static readonly BoardState Shop = new("shop", LeaseState.Held, TimeSpan.FromSeconds(72), [Customers, Orders, Returns], null);

    [Fact]
    public void At_80_columns_details_stand_below_their_dataset() => Shown(Shop, 80, """
        shop · working · 1 resync required, 1 loading, 1 streaming · up 1m12s
        dataset    state                   merged     read/s      lag   target
        customers  streaming               12,345        120       1s      15m
        orders     loading 5/8          1,250,000     45,210        –       1m
          ━━━━━━━━━━━━━━━───────── 5 of 8 ranges · 1,300,000 rows read · about 12s left
        returns    resync required              0          0    3m12s       1m
          CDC2003 Changes expired, run: cdcsync resync returns
        """);

    [Fact]
    public void At_120_columns_details_stand_beside_it() => Shown(Shop, 120, """
        shop · working · 1 resync required, 1 loading, 1 streaming · up 1m12s
        dataset    state                   merged     read/s      lag   target
        customers  streaming               12,345        120       1s      15m
        orders     loading 5/8          1,250,000     45,210        –       1m  ━━━━━━━━━────── 5 of 8 ranges · about 12s left
        returns    resync required              0          0    3m12s       1m  CDC2003, run: cdcsync resync returns
        """);

    [Fact]
    public void At_60_columns_it_has_what_matters_most() => Shown(Shop, 60, """
        shop · working · 1 resync required, 1 loading, 1 streaming…
        dataset    state               read/s      lag
        customers  streaming              120       1s
        orders     loading 5/8         45,210        –
          ━━━━━━━━━━━──────── 5 of 8 ranges · about 12s left
        returns    resync required          0    3m12s
          CDC2003 Changes expired, run: cdcsync resync returns
        """);

    [Fact]
    public void At_40_columns_too() => Shown(Shop, 40, """
        shop · working · 1 resync required, 1 …
        dataset    state           lag
        customers  streaming        1s
        orders     load 5/8          –
          ━━━━━━━───── about 12s left
        returns    resync        3m12s
          CDC2003, run: cdcsync resync returns
        """);

    [Fact]
    public void Without_Unicode_it_is_ASCII()
    {
        var text = string.Join('\n', LiveFrame.Draw(Shop, "a caption", new FrameStyle(40, 24, Colors: false, Unicode: false)));
        Assert.True(text.All(char.IsAscii), text);
        Assert.Contains("#######..... about 12s left", text, StringComparison.Ordinal);
        Assert.Contains("shop, working, 1 resync required, 1 ...", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_mean_something_and_are_never_the_only_sign()
    {
        var late = Customers with { Lag = TimeSpan.FromHours(1) };
        var colored = LiveFrame.Draw(Shop with { Datasets = [late, Orders, Returns] }, "", new FrameStyle(80, 24, Colors: true, Unicode: true));
        var plain = LiveFrame.Draw(Shop with { Datasets = [late, Orders, Returns] }, "", new FrameStyle(80, 24, Colors: false, Unicode: true));
        Assert.Contains("\e[93mlate", colored[2], StringComparison.Ordinal);
        Assert.Contains("\e[91mresync required", colored[5], StringComparison.Ordinal);
        Assert.Contains("late", plain[2], StringComparison.Ordinal);
        Assert.DoesNotContain(plain, l => l.Contains('\e', StringComparison.Ordinal));
    }

    [Fact]
    public void Many_datasets_that_fit_stay_in_their_order()
    {
        var lines = Draw(Many(20), 80, 30);
        Assert.Equal(22, lines.Count);
        Assert.StartsWith("d00 ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_too_many_the_worst_come_first_and_the_rest_is_counted()
    {
        var many = Many(60).ToArray();
        many[37] = Returns with { Name = "d37" };
        many[41] = many[41] with { Quarantined = 7 };
        many[55] = Orders with { Name = "d55" };
        var lines = Draw(many, 80, 24);
        Assert.Equal(23, lines.Count);
        Assert.Equal(["d37", "  C", "d41", "  7", "d55", "  ━", "d00", "d01"], lines.Skip(2).Take(8).Select(l => l[..3]));
        Assert.Equal("and 43 more: 43 streaming", lines[^1]);
    }

    [Fact]
    public void Where_all_load_the_bars_give_way_to_the_datasets()
    {
        var lines = Draw([.. Enumerable.Range(0, 20).Select(i => Orders with { Name = $"d{i:00}" })], 80, 24);
        Assert.Equal(22, lines.Count);
        Assert.All(lines.Skip(2), l => Assert.Contains("loading 5/8", l, StringComparison.Ordinal));
    }

    [Fact]
    public void No_line_is_wider_and_no_frame_higher_than_the_terminal()
    {
        var many = Many(60).ToArray();
        many[3] = Returns with { Name = new string('x', 63), Merged = 12_345_678_901_234 };
        many[4] = Orders with { Name = new string('y', 63) };
        var fault = new ShownFault(ErrorCodes.WarehouseUnavailable, "cdcsync status", TimeSpan.Zero, TimeSpan.FromSeconds(4));
        for (var width = 22; width <= 210; width++)
        {
            foreach (var height in new[] { 5, 10, 24, 100 })
            {
                var lines = LiveFrame.Draw(Shop with { Datasets = many, Fault = fault }, new string('c', 300), new FrameStyle(width, height, false, true));
                Assert.True(lines.Max(l => l.Length) < Math.Max(width, 36), $"{width}×{height}\n{string.Join('\n', lines)}");
                Assert.True(lines.Count < Math.Max(height, 8), $"{width}×{height}\n{string.Join('\n', lines)}");
            }
        }
    }

    [Fact]
    public void Numbers_that_grow_move_nothing()
    {
        var small = Draw([Customers with { Merged = 1, ReadPerSecond = 0, Lag = TimeSpan.Zero }], 80, 24)[2];
        var great = Draw([Customers with { Merged = 2_000_000_000, ReadPerSecond = 1_234_567, Lag = TimeSpan.FromHours(30) }], 80, 24)[2];
        Assert.Equal("customers  streaming                    1          0      <1s      15m", small);
        Assert.Equal("customers  late             2,000,000,000  1,234,567    1d06h      15m", great);
    }

    [Fact]
    public void A_warehouse_that_is_away_is_told_above_all()
    {
        var lines = LiveFrame.Draw(Shop with { Fault = new ShownFault(ErrorCodes.WarehouseUnavailable, "cdcsync status", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3.5)) }, "", new FrameStyle(80, 24, false, true));
        Assert.Equal("CDC3001 Warehouse unavailable, again in 3s", lines[1]);
    }

    [Fact]
    public void Nothing_of_one_range_is_called_progress()
    {
        var one = Orders with { Load = new LoadProgress(1, 0, 42, null) };
        Assert.Equal("  42 rows read", Draw([one], 80, 24)[3]);
        Assert.Contains(" loading  ", Draw([one], 80, 24)[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_it_is_one_line_and_none_without_news()
    {
        var plain = new PlainProgress();
        var state = Shop with { Datasets = [Customers with { Read = 100 }, Orders with { Read = 1_300_000 }] };
        Assert.Equal("first load: 5 of 8 ranges, 1,300,100 rows read, 45,330 rows/s, 1,262,345 merged, about 12s left", plain.Line(state));
        Assert.Null(plain.Line(state));
    }

    [Fact]
    public void The_documented_view_is_this_one() => Assert.Contains(string.Join('\n', LiveFrame.Draw(Shop, "", new FrameStyle(80, 24, false, true))), Documents.Read("docs/cli.md"), StringComparison.Ordinal);

    private static DatasetLine[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => Customers with { Name = $"d{i:00}" })];

    private static IReadOnlyList<string> Draw(IReadOnlyList<DatasetLine> datasets, int width, int height) => LiveFrame.Draw(Shop with { Datasets = datasets }, "", new FrameStyle(width, height, false, true));

    private static void Shown(BoardState state, int width, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings("\n"), string.Join('\n', LiveFrame.Draw(state, "", new FrameStyle(width, 24, Colors: false, Unicode: true))));
}
