using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Commands;

/// <summary>An engine for a single pass, its log and progress on stderr, its report on stdout.</summary>
internal sealed class ObservedPass : IAsyncDisposable
{
    private readonly Terminal _terminal;
    private readonly ProgressObserver _progress;

    public ObservedPass(Composition composition, Terminal terminal)
    {
        _terminal = terminal;
        _progress = new ProgressObserver(terminal, TimeProvider.System);
        Engine = composition.Engine(new Observers(new LogObserver(new TerminalLog(terminal, TimeProvider.System)), _progress));
    }

    /// <summary>The engine.</summary>
    public SyncEngine Engine { get; }

    /// <summary>Tells what the pass did, and every fault it ended with.</summary>
    /// <returns>The exit code.</returns>
    public int Tell(string pipeline, PassReport report, PassOutput output)
    {
        var document = SyncView.Document(pipeline, output.HasFlag(PassOutput.DryRun), report);
        _terminal.Data(output.HasFlag(PassOutput.Json) ? JsonOutput.Write(document) : SyncView.Text(document));
        foreach (var outcome in report.Outcomes)
        {
            if (outcome.Fault is { } fault)
                _terminal.Fault(fault);
        }

        return (int)report.Exit;
    }

    public ValueTask DisposeAsync() => _progress.DisposeAsync();
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
