using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>A terminal emulator (tmux, with a server of its own) in which the real process runs; the screen is what a person would see.</summary>
internal sealed class TmuxScreen : IAsyncDisposable
{
    private readonly string _socket = $"cdcsync-test-{Guid.NewGuid():n}";
    private readonly string _environment;

    private TmuxScreen(string environment) => _environment = environment;

    /// <summary>Why there is none; null = there is.</summary>
    public static string? SkipReason
    {
        get
        {
            if ((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "tmux"))))
                return null;
            const string reason = "no tmux on the PATH";
            return Environment.GetEnvironmentVariable("CI") == "true" ? throw new InvalidOperationException($"CI=true, but there is {reason}.") : reason;
        }
    }

    /// <summary>Opens one with a shell in it; skips the test where there is no tmux.</summary>
    /// <param name="folder">The shell's folder.</param>
    /// <param name="size">Columns and rows.</param>
    /// <param name="environment">Assignments that stand in front of each command.</param>
    public static async Task<TmuxScreen> OpenAsync(string folder, (int Width, int Height) size, string environment = "LANG=C.UTF-8 LC_ALL=C.UTF-8")
    {
        if (SkipReason is { } reason)
            Assert.Skip(reason);
        var screen = new TmuxScreen(environment);
        await screen.TmuxAsync("-f", "/dev/null", "new-session", "-d", "-x", Text(size.Width), "-y", Text(size.Height), "-c", folder, "env PS1='$ ' NO_COLOR= bash --norc --noprofile");
        return screen;
    }

    /// <summary>Types a command of cdcsync, which then says how it ended.</summary>
    public Task TypeAsync(string arguments) => TmuxAsync("send-keys", $"clear; {_environment} DOTNET_TieredPGO=0 dotnet '{CdcsyncProcess.Assembly}' {arguments}; echo \"ended with $?\"", "Enter");

    /// <summary>Presses a key, as tmux names it.</summary>
    public Task PressAsync(string key) => TmuxAsync("send-keys", key);

    public Task ResizeAsync(int width, int height) => TmuxAsync("resize-window", "-x", Text(width), "-y", Text(height));

    /// <summary>What is on the screen, without blanks at the ends of lines.</summary>
    public Task<string> ReadAsync() => TmuxAsync("capture-pane", "-p");

    /// <summary>The same with its colours as escape sequences.</summary>
    public Task<string> ReadColorsAsync() => TmuxAsync("capture-pane", "-p", "-e");

    public async Task<bool> IsCursorShownAsync() => (await TmuxAsync("display-message", "-p", "#{cursor_flag}")).Trim() == "1";

    /// <summary>Waits until the screen matches.</summary>
    public async Task<string> WaitForAsync(string pattern)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            var screen = await ReadAsync();
            if (Regex.IsMatch(screen, pattern, RegexOptions.Multiline))
                return screen;
            Assert.True(patience.Elapsed < CdcsyncProcess.Patience, $"never: {pattern}\n{screen}");
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync() => await TmuxAsync("kill-server");

    private async Task<string> TmuxAsync(params string[] arguments)
    {
        using var tmux = Process.Start(new ProcessStartInfo("tmux", ["-u", "-L", _socket, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await tmux.StandardOutput.ReadToEndAsync();
        var error = await tmux.StandardError.ReadToEndAsync();
        await tmux.WaitForExitAsync();
        Assert.True(tmux.ExitCode == 0, $"tmux {string.Join(' ', arguments)}: {error}");
        return output;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
