using CdcSync.Cli.Config;
using CdcSync.Cli.Live;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Commands;

/// <summary>An engine for a single pass, its log and progress on stderr, its report on stdout.</summary>
internal sealed class ObservedPass : IAsyncDisposable
{
    private readonly Terminal _terminal;
    private readonly LiveView _view;

    public ObservedPass(Pipeline pipeline, Composition composition, Terminal terminal)
    {
        _terminal = terminal;
        var board = new LiveBoard(pipeline, TimeProvider.System);
        _view = new LiveView(terminal, board, () => "", TimeProvider.System);
        Engine = composition.Engine(new Observers(new LogObserver(TerminalLog.Beside(terminal, TimeProvider.System), new Repetitions(TimeProvider.System, LogConfig.Default.RepeatAfter)), board));
    }

    /// <summary>The engine.</summary>
    public SyncEngine Engine { get; }

    /// <summary>Tells what the pass did, and every fault it ended with.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TellAsync(string pipeline, PassReport report, PassOutput output)
    {
        await _view.EndAsync(LastMoment.Goes);
        var document = SyncView.Document(pipeline, output.HasFlag(PassOutput.DryRun), report);
        _terminal.Data(output.HasFlag(PassOutput.Json) ? JsonOutput.Write(document) : SyncView.Text(document));
        foreach (var outcome in report.Outcomes)
        {
            if (outcome.Fault is { } fault)
                _terminal.Fault(fault);
        }

        return (int)report.Exit;
    }

    /// <summary>Ends the live view, for who tells something else than a pass.</summary>
    public Task EndAsync() => _view.EndAsync(LastMoment.Goes);

    public ValueTask DisposeAsync() => _view.DisposeAsync();
}

/// <summary>How a pass is told.</summary>
[Flags]
internal enum PassOutput
{
    /// <summary>As a table of what was changed.</summary>
    Text = 0,

    /// <summary>As a JSON document.</summary>
    Json = 1,

    /// <summary>It only counted.</summary>
    DryRun = 2,
}
