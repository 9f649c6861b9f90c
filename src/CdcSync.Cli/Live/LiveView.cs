using System.Runtime.InteropServices;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Live;

/// <summary>
/// Shows a board while something runs: drawn over twice a second on a terminal; elsewhere a line every 10 seconds while rows are read.
/// Give the terminal back by <see cref="EndAsync"/>; disposing does it too, in case of a fault.
/// </summary>
internal sealed class LiveView : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PlainBeat = TimeSpan.FromSeconds(10);

    private readonly Terminal _terminal;
    private readonly LiveBoard _board;
    private readonly Func<string> _caption;
    private readonly ITimer _timer;
    private readonly PosixSignalRegistration? _stopped;
    private readonly PosixSignalRegistration? _continued;
    private readonly PlainProgress _plain = new();
    private int _hasEnded;

    /// <summary>Shows it from now on.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="board">What.</param>
    /// <param name="caption">What stands below it; may change.</param>
    /// <param name="time">The clock.</param>
    public LiveView(Terminal terminal, LiveBoard board, Func<string> caption, TimeProvider time)
    {
        (_terminal, _board, _caption) = (terminal, board, caption);
        var beat = terminal.Abilities.IsInteractive ? Beat : PlainBeat;
        if (terminal.Abilities.IsInteractive && !OperatingSystem.IsWindows())
        {
            // Ctrl-Z: the shell gets its cursor back; fg: the view is drawn anew.
            _stopped = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, _ => terminal.EndLive([]));
            _continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Show());
        }

        _timer = time.CreateTimer(_ => Show(), null, beat, beat);
    }

    /// <summary>Shows it for the last time.</summary>
    /// <param name="last">Whether the last moment stays to be seen.</param>
    public async Task EndAsync(LastMoment last)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 1)
            return;
        await _timer.DisposeAsync();
        _stopped?.Dispose();
        _continued?.Dispose();
        if (_terminal.Abilities.IsInteractive)
            _terminal.EndLive(last == LastMoment.Stays ? Frame(TerminalSize.Read()) : []);
    }

    public async ValueTask DisposeAsync() => await EndAsync(LastMoment.Stays);

    private void Show()
    {
        if (!_terminal.Abilities.IsInteractive)
        {
            if (_plain.Line(_board.Read()) is { } line)
                _terminal.Note(line);
            return;
        }

        var size = TerminalSize.Read();
        _terminal.DrawLive(Frame(size), size);
    }

    private IReadOnlyList<string> Frame((int Width, int Height) size) =>
        LiveFrame.Draw(_board.Read(), _caption(), new FrameStyle(size.Width, size.Height, _terminal.Abilities.Colors, _terminal.Abilities.Unicode));
}

/// <summary>What becomes of the last moment that a view showed.</summary>
internal enum LastMoment
{
    /// <summary>It stays to be seen.</summary>
    Stays,

    /// <summary>It goes: what follows tells more.</summary>
    Goes,
}
