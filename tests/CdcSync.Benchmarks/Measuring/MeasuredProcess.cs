using System.Diagnostics;
using System.Globalization;

namespace CdcSync.Benchmarks.Measuring;

/// <summary>What a process took from its start to its end.</summary>
/// <param name="Wall">Seconds on the clock.</param>
/// <param name="PeakMiB">The most memory it had resident, as the kernel counted.</param>
internal sealed record MeasuredProcess(double Wall, double PeakMiB)
{
    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it wrote.</exception>
    public static async Task<MeasuredProcess> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, string command, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var peak = WatchAsync(process);
        await process.WaitForExitAsync();
        var wall = clock.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await errors}");
        return new MeasuredProcess(wall, await peak);
    }

    // The kernel keeps the peak (VmHWM); it only has to be read late enough.
    private static async Task<double> WatchAsync(Process process)
    {
        var peak = 0.0;
        while (!process.HasExited)
        {
            try
            {
                var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null)
                    peak = double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
            }
            catch (IOException)
            {
                break;                                                   // gone between the question and the look
            }
            await Task.Delay(20);
        }
        return peak;
    }
}
