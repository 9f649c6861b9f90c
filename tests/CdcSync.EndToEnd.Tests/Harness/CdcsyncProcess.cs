using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>A signal that people and machines send.</summary>
internal enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>What a finished process left.</summary>
internal sealed record ProcessResult(int ExitCode, string Out, string Error)
{
    public override string ToString() => $"exit {ExitCode}\n--- stdout\n{Out}\n--- stderr\n{Error}";
}

/// <summary>The real <c>cdcsync</c>, as a process of its own; killed when disposed.</summary>
internal sealed partial class CdcsyncProcess : IAsyncDisposable
{
    /// <summary>How long anything may take before a test gives up: generous, as test machines are slow.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "cdcsync.dll");

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _out = [];
    private readonly List<string> _error = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CdcsyncProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Append(_out, e.Data);
        process.ErrorDataReceived += (_, e) => Append(_error, e.Data);
    }

    /// <summary>Starts it.</summary>
    /// <param name="folder">Its working folder.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public static CdcsyncProcess Start(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Tiers are for long runs; a test starts this process a hundred times.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var started = new CdcsyncProcess(new Process { StartInfo = start, EnableRaisingEvents = true });
        started._process.Start();
        started._process.StandardInput.Close();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var process = Start(folder, arguments, environment);
        return await process.WaitForExitAsync();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote so far to stderr and stdout.</summary>
    public ProcessResult Snapshot()
    {
        lock (_lock)
            return new ProcessResult(_process.HasExited ? _process.ExitCode : -1, string.Join('\n', _out), string.Join('\n', _error));
    }

    /// <summary>Waits until a line of stdout or stderr matches.</summary>
    /// <exception cref="InvalidOperationException">It ended, or patience did, before such a line.</exception>
    public async Task<string> WaitForLineAsync(string pattern, TimeSpan? patience = null)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            var exited = _process.HasExited;
            Task news;
            lock (_lock)
            {
                if (_out.Concat(_error).FirstOrDefault(l => Regex.IsMatch(l, pattern)) is { } line)
                    return line;
                news = _news.Task;
            }

            if (exited)
                await _process.WaitForExitAsync();
            if (exited || deadline.Elapsed > (patience ?? Patience))
                throw new InvalidOperationException($"no line like '{pattern}': {Snapshot()}");
            await Task.WhenAny(news, Task.Delay(200));
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <exception cref="TimeoutException">It goes on and on; it is killed.</exception>
    public async Task<ProcessResult> WaitForExitAsync(TimeSpan? patience = null)
    {
        using var timeout = new CancellationTokenSource(patience ?? Patience);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Send(Signal.Kill);
            throw new TimeoutException($"still running after {patience ?? Patience}: {Snapshot()}");
        }

        return Snapshot();
    }

    /// <summary>Sends it a signal.</summary>
    public void Send(Signal signal)
    {
        if (!_process.HasExited)
            _ = SendSignal(_process.Id, (int)signal);
    }

    public async ValueTask DisposeAsync()
    {
        Send(Signal.Kill);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private void Append(List<string> lines, string? line)
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            if (line is not null)
                lines.Add(line);
            news = _news;
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        news.SetResult();
    }
}
