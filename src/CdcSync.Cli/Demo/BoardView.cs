using System.Globalization;
using Spectre.Console;

namespace CdcSync.Cli.Demo;

/// <summary>Shows the board while the demo runs: a live table on a terminal, else a line per dataset every five seconds.</summary>
/// <param name="console">Where to: the terminal's standard error.</param>
/// <param name="read">The datasets' lines now.</param>
/// <param name="caption">What stands below the table now.</param>
/// <param name="time">The clock.</param>
internal sealed class BoardView(IAnsiConsole console, Func<IReadOnlyList<DatasetLine>> read, Func<string> caption, TimeProvider time)
{
    private static readonly TimeSpan LiveBeat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlainBeat = TimeSpan.FromSeconds(5);

    /// <summary>Shows until <paramref name="stop"/>, and once more then. Stopping is no error.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            await EveryAsync(PlainBeat, WritePlain, stop);
            return;
        }

        await console.Live(Table()).AutoClear(false).StartAsync(live => EveryAsync(LiveBeat, () => live.UpdateTarget(Table()), stop));
    }

    /// <summary>The lines as a table.</summary>
    internal Table Table()
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey);
        table.Caption(Markup.Escape(caption()), Style.Parse("grey"));
        table.AddColumns("dataset", "capture", "state");
        foreach (var number in new[] { "rows", "merged", "rows/s", "lag" })
            table.AddColumn(new TableColumn(number).RightAligned());
        foreach (var line in read())
        {
            var state = line.State == "streaming" ? $"[green]{line.State}[/]" : $"[yellow]{Markup.Escape(line.State)}[/]";
            table.AddRow($"[bold]{line.Dataset}[/]", $"[grey]{line.Capture}[/]", state, Count(line.Rows), Count(line.Merged), Count((long)line.RowsPerSecond), Lag(line.Lag));
        }

        return table;
    }

    private void WritePlain()
    {
        foreach (var line in read())
            console.Profile.Out.Writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Dataset}: {line.State}, {line.Rows} rows, {line.Merged} merged, {line.RowsPerSecond:F0} rows/s, lag {Lag(line.Lag)}"));
        console.Profile.Out.Writer.WriteLine(caption());
    }

    private async Task EveryAsync(TimeSpan beat, Action show, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(beat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                show();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        show();
    }

    private static string Count(long n) => n.ToString("N0", CultureInfo.InvariantCulture);

    private static string Lag(TimeSpan? lag) => lag is { } l ? string.Create(CultureInfo.InvariantCulture, $"{l.TotalSeconds:F1} s") : "–";
}
