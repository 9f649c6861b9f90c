using System.Runtime.InteropServices;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary>SIGINT and SIGTERM: the first asks the command to stop gracefully, the second ends the process at once, and so does patience at its end.</summary>
internal sealed class StopSignals : IDisposable
{
    // Service managers kill after 30 s or later; what was not committed rolls back either way.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<PosixSignalRegistration> _registrations;
    private readonly Terminal _terminal;
    private int _received;

    public StopSignals(Terminal terminal)
    {
        _terminal = terminal;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Receive), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Receive)];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code of the signal received; null = none was.</summary>
    public ExitCode? Received => _received == 0 ? null : (ExitCode)_received;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        var code = context.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Terminated;
        if (Interlocked.CompareExchange(ref _received, (int)code, 0) != 0)
            EndNow(code);
        _terminal.Note("Stopping: what has begun to commit is finished. A second signal ends at once.");
        _ = _stop.CancelAsync();
        _ = EndAsync(code);
    }

    private async Task EndAsync(ExitCode code)
    {
        await Task.Delay(Patience);
        _terminal.Note($"Not stopped after {Words.Of(Patience)}: ending now. What was not committed rolls back.");
        EndNow(code);
    }

    private void EndNow(ExitCode code)
    {
        _terminal.EndLive([]);                                           // the cursor goes back to the shell
        Environment.Exit((int)code);
    }
}
