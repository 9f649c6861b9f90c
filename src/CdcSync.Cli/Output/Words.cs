using System.Globalization;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Output;

/// <summary>Values as people and programs read them, without regard to the machine's locale.</summary>
internal static class Words
{
    /// <summary>A member of an enum for programs: <c>resync_required</c>.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>An instant in UTC: <c>2026-11-22T03:17:45.123Z</c>.</summary>
    public static string Of(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>An instant, or null.</summary>
    public static string? Of(DateTimeOffset? instant) => instant is { } at ? Of(at) : null;

    /// <summary>An order in a word.</summary>
    public static string Of(Order order) => order switch
    {
        Order.Reconcile { Request.IsRepair: true } => "repair",
        Order.Reconcile => "reconcile",
        Order.Backfill => "backfill",
        Order.Resync => "resync",
        _ => "sync",
    };

    /// <summary>How an order ended, in a word: what a comparison found, <c>done</c>, <c>failed</c>.</summary>
    public static string OutcomeOf(OrderEnd end) => end.Report is { } report ? Of(report.Outcome) : end.Fault is null ? "done" : "failed";

    /// <summary>A count with separators: <c>1,234,567</c>.</summary>
    public static string Of(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A duration in its two greatest units: <c>350ms 4.2s 3m12s 5h07m 2d03h</c>.</summary>
    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, span.TotalMilliseconds):0}ms"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0}s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}m{span.Seconds:00}s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.Hours}h{span.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.Days}d{span.Hours:00}h"),
    };

    /// <summary>A promise as people write it: <c>30s 15m 4h 1d</c>, else as any duration.</summary>
    public static string OfTarget(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "0s",
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerDay}d"),
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerHour}h"),
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerMinute}m"),
        _ when span.Ticks % TimeSpan.TicksPerSecond == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerSecond}s"),
        _ => Of(span),
    };

    /// <summary>When a dataset is polled: <c>every 10s</c>, <c>0 6 * * MON-FRI Europe/Berlin</c>, <c>after orders</c>.</summary>
    public static string Of(PollSchedule schedule) => schedule switch
    {
        PollSchedule.Cron cron => $"{cron.Expression} {cron.Zone.Id}",
        PollSchedule.After after => $"after {after.Dataset}",
        _ => $"every {OfTarget(schedule.Longest)}",
    };

    /// <summary>A size: <c>512 B 64.0 KiB 1.2 GiB</c>.</summary>
    public static string OfBytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        double size = bytes;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}");
    }
}
