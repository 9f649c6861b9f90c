using CdcSync.Cli.Live;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>status --watch</c>: the status again and again, drawn over on a terminal; elsewhere a line per dataset that changed.</summary>
/// <param name="terminal">Where.</param>
/// <param name="read">Asks the warehouse.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusWatch(Terminal terminal, Func<CancellationToken, Task<StatusDocument>> read, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _last = [];

    /// <summary>Watches until cancelled. A warehouse that can't be asked for now is asked again.</summary>
    /// <exception cref="CdcSyncException">The warehouse can't be asked, and that will not pass by itself.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await LookAsync(ct);
                await Task.Delay(Beat, time, ct);
            }
        }
        finally
        {
            if (terminal.Abilities.IsInteractive)
                terminal.EndLive(_last);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            Show(await read(ct));
        }
        catch (CdcSyncException fault) when (fault.IsTransient)
        {
            Tell("", $"{fault.Code.Id} {fault.Message}".ReplaceLineEndings(" "), same: fault.Code.Id);
        }
    }

    private void Show(StatusDocument document)
    {
        if (terminal.Abilities.IsInteractive)
        {
            var size = TerminalSize.Read();
            var style = new FrameStyle(size.Width, size.Height, terminal.Abilities.Colors, terminal.Abilities.Unicode);
            string[] lines = [.. StatusView.Text(document).Split('\n').Prepend($"{document.Pipeline} at {Words.Of(time.GetUtcNow())}").Select(l => style.Fit(l, size.Width - 1))];
            _last = lines.Length < size.Height ? lines : [.. lines[..(size.Height - 2)], $"and {lines.Length - size.Height + 2} more lines"];
            terminal.DrawLive(_last, size);
            return;
        }

        foreach (var d in document.Datasets)
        {
            var state = $"{(d.IsPaused ? "paused, " : "")}{d.State.Replace('_', ' ')}{(d.Error is { } error ? $" {error.Code}" : "")}";
            Tell(d.Dataset, $"{d.Dataset}: {state}, complete up to {d.CompleteUpTo ?? "-"}, {Words.Of(d.QuarantinedRows)} in quarantine", same: $"{state} {d.LastCommitAt} {d.QuarantinedRows}");
        }
    }

    private void Tell(string subject, string line, string same)
    {
        if (terminal.Abilities.IsInteractive)
            terminal.Note(line);
        else if (_told.GetValueOrDefault(subject) != same)
            terminal.Data($"{Words.Of(time.GetUtcNow())} {line}");
        _told[subject] = same;
    }
}
