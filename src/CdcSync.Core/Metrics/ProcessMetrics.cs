using System.Diagnostics;
using System.Globalization;

namespace CdcSync.Core.Metrics;

/// <summary>What the process itself takes, under the names every Prometheus client uses.</summary>
internal static class ProcessMetrics
{
    private const string FileHandles = "/proc/self/fd";
    private const string Limits = "/proc/self/limits";

    /// <summary>Adds the process's series; those of file descriptors only where the system tells them (Linux).</summary>
    public static void AddTo(MetricRegistry registry)
    {
        var started = StartTime();
        registry.Counter("process_cpu_seconds_total", "User and system CPU time spent.", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        registry.Gauge("process_resident_memory_bytes", "Resident memory.", () => Environment.WorkingSet);
        registry.Gauge("process_virtual_memory_bytes", "Virtual memory.", VirtualMemory);
        registry.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", () => started);
        if (!Directory.Exists(FileHandles) || MaxFileHandles() is not { } limit)
            return;
        registry.Gauge("process_open_fds", "File descriptors that are open.", () => Directory.GetFileSystemEntries(FileHandles).Length);
        registry.Gauge("process_max_fds", "File descriptors that may be open.", () => limit);
    }

    private static double StartTime()
    {
        using var self = Process.GetCurrentProcess();
        return new DateTimeOffset(self.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0;
    }

    private static double VirtualMemory()
    {
        using var self = Process.GetCurrentProcess();
        return self.VirtualMemorySize64;
    }

    private static double? MaxFileHandles()
    {
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        var soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return soft == "unlimited" ? double.PositiveInfinity
            : long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
