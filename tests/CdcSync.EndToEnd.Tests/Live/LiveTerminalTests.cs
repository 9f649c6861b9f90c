using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Live;

/// <summary>The live view of the real process on the screen of a real terminal emulator.</summary>
public sealed partial class LiveTerminalTests
{
    [Fact]
    public async Task The_daemon_shows_its_datasets_and_Ctrl_C_leaves_the_terminal_sane()
    {
        using var pipeline = await RunningAsync();
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (80, 24));
        await screen.TypeAsync("run --migrate --listen 127.0.0.1:0");
        await screen.WaitForAsync(@"^orders +streaming +2 +\d+ +(<1s|\ds) +15m$");
        Assert.False(await screen.IsCursorShownAsync());
        Assert.Contains("\e[32mstreaming", await screen.ReadColorsAsync(), StringComparison.Ordinal);

        await screen.PressAsync("C-c");
        var last = await screen.WaitForAsync("^ended with 130$");
        Assert.Matches(@"(?m)^shop · stopped · 2 streaming · up ", last);
        Assert.Matches(@"(?m)^orders +streaming +2 ", last);
        Assert.Single(Headings().Matches(last));
        Assert.True(await screen.IsCursorShownAsync());
        await screen.PressAsync("echo still alive");
        await screen.WaitForAsync(@"^\$ echo still alive");               // what is typed is seen
    }

    [Fact]
    public async Task A_status_that_is_watched_is_drawn_over_and_its_last_moment_stays()
    {
        using var pipeline = await RunningAsync();
        await pipeline.RunAsync("migrate");
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (100, 24));
        await screen.TypeAsync("status --watch");
        await screen.WaitForAsync(@"^orders +new ");
        await pipeline.RunAsync("sync");
        await screen.WaitForAsync(@"^orders +streaming ");
        await screen.PressAsync("C-c");
        var last = await screen.WaitForAsync("^ended with 130$");
        Assert.True(Regex.Count(last, "(?m)^orders ") == 1 && Regex.Count(last, "(?m)^shop at ") == 1, last);
        Assert.True(await screen.IsCursorShownAsync());
    }

    [Fact]
    public async Task A_fault_is_told_above_the_view_and_in_it()
    {
        using var pipeline = new PipelineFolder();                       // tracking is off
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (100, 24));
        await screen.TypeAsync("run --migrate --listen 127.0.0.1:0");
        var shown = await screen.WaitForAsync("^  CDC2008, run: cdcsync discover shop --enable-tracking --apply");
        Assert.Matches("(?m)^orders +failing ", shown);
        Assert.Matches(@"(?s)Z warn  orders: failed, again in .*\nshop · working", shown);
        Assert.Single(Headings().Matches(shown));
    }

    [Fact]
    public async Task A_terminal_that_is_resized_shows_one_view_that_fits()
    {
        using var pipeline = await RunningAsync();
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (120, 30));
        await screen.TypeAsync("run --migrate --listen 127.0.0.1:0");
        await screen.WaitForAsync("^orders +streaming");
        foreach (var (width, columns) in new[] { (40, "dataset +state +lag"), (60, "dataset +state +read/s +lag"), (200, "dataset +state +merged +read/s +lag +target"), (80, "dataset +state +merged +read/s +lag +target") })
        {
            await screen.ResizeAsync(width, 20);
            await screen.WaitForAsync($"^{columns}$");
            await Task.Delay(1200);
            var shown = await screen.ReadAsync();
            Assert.True(Headings().Matches(shown).Count == 1 && Regex.Count(shown, "(?m)^orders ") == 1, shown);
        }
    }

    [Fact]
    public async Task Without_UTF_8_the_view_is_ASCII_and_without_colours_it_has_none()
    {
        using var pipeline = await RunningAsync();
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (80, 24), "LC_ALL=C NO_COLOR=1");
        await screen.TypeAsync("run --migrate --listen 127.0.0.1:0");
        var shown = await screen.WaitForAsync("^orders +streaming");
        Assert.True(shown.All(char.IsAscii), shown);
        Assert.DoesNotContain("\e[", await screen.ReadColorsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dumb_terminal_gets_lines()
    {
        using var pipeline = await RunningAsync();
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (150, 24), "TERM=dumb");
        await screen.TypeAsync("run --migrate --listen 127.0.0.1:0");
        var shown = await screen.WaitForAsync("orders: range .* committed");
        Assert.Empty(Headings().Matches(shown));
        Assert.True(await screen.IsCursorShownAsync());
        await screen.PressAsync("C-c");
        await screen.WaitForAsync("^ended with 130$");
    }

    [Fact]
    public async Task A_first_load_has_a_bar_and_sync_leaves_only_its_table()
    {
        using var pipeline = await RunningAsync("engine: { rowsPerRange: 5000 }\n");
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) INSERT INTO orders SELECT i, 'note ' || i FROM n");
        await using var screen = await TmuxScreen.OpenAsync(pipeline.Root, (100, 24));
        await screen.TypeAsync("sync --migrate");
        await screen.WaitForAsync(@"^  ━+─+ \d+ of 80 ranges · [\d,]+ rows read · about \d+s left$");
        var last = await screen.WaitForAsync("^ended with 0$");
        Assert.Matches(@"(?m)^orders +synced +399,993 +399,993 ", last);
        Assert.Empty(Headings().Matches(last));
        Assert.True(await screen.IsCursorShownAsync());
    }

    [Fact]
    public async Task The_demo_is_watched_and_its_last_moment_stays_above_the_comparison()
    {
        using var folder = new TempFolder();
        await using var screen = await TmuxScreen.OpenAsync(folder.Root, (80, 40), $"LC_ALL=C.UTF-8 TMPDIR='{folder.Root}'");
        await screen.TypeAsync("demo --seconds 3 --seed 7");
        await screen.WaitForAsync("^order_lines +loading");
        await screen.WaitForAsync("^the shop's writer: ");
        var last = await screen.WaitForAsync("^ended with 0$");
        Assert.Matches(@"(?s)order_lines  streaming .*the writer has stopped.*full comparison.*equal: every value of every row\.\nended with 0", last);
        Assert.Single(Headings().Matches(last));
        Assert.True(await screen.IsCursorShownAsync());
    }

    private static async Task<PipelineFolder> RunningAsync(string more = "")
    {
        var pipeline = new PipelineFolder(more: more);
        await pipeline.TrackAsync();
        return pipeline;
    }

    [GeneratedRegex("^dataset +state ", RegexOptions.Multiline)]
    private static partial Regex Headings();
}
