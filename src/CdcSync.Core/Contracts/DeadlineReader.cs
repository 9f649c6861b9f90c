using System.Globalization;
using CdcSync.Core.Checks;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads a table's custom property <c>deadlines</c>.</summary>
internal static class DeadlineReader
{
    internal static IReadOnlyList<ContractDeadline> Read(ReadContext context, CustomProperty custom)
    {
        var deadlines = new List<ContractDeadline>();
        foreach (var (node, i) in context.Items(custom.Value, custom.Path).Select((node, i) => (node, i)))
        {
            if (context.Map(node, $"{custom.Path}[{i}]") is not { } reader) continue;
            reader.RequiredNode("readyBy");
            var (readyBy, upTo, days, zone) = (Time(reader, "readyBy"), Time(reader, "upTo"), Days(reader), Zone(reader));
            var id = reader.StableId() ?? string.Create(CultureInfo.InvariantCulture, $"ready_by_{readyBy:HHmm}");
            var severity = reader.Choice("severity", ("error", CheckSeverity.Error), ("warning", CheckSeverity.Warning), ("info", CheckSeverity.Info)) ?? CheckSeverity.Error;
            reader.End();
            if (deadlines.Exists(d => d.Id == id)) reader.Error("id", $"the deadline '{id}' is there twice.");
            if (readyBy is { } time && days.Count > 0) deadlines.Add(new ContractDeadline(reader.At, id, severity, new Deadline(time, upTo ?? TimeOnly.MinValue, days, zone ?? TimeZoneInfo.Utc)));
        }
        return deadlines;
    }

    private static TimeOnly? Time(FieldReader reader, string key)
    {
        if (reader.Text(key) is not { } text) return null;
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return time;
        reader.Error(key, $"expected a time of day from \"00:00\" to \"23:59\", found '{text}'.");
        return null;
    }

    private static IReadOnlyList<DayOfWeek> Days(FieldReader reader)
    {
        if (reader.Text("days") is not { } text) return Enum.GetValues<DayOfWeek>();
        var (days, problem) = BlackoutWindow.ParseDays(text);
        if (problem is not null) reader.Error("days", problem);
        return days;
    }

    private static TimeZoneInfo? Zone(FieldReader reader)
    {
        if (reader.Text("timeZone") is not { } name) return null;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId) return zone;
        reader.Error("timeZone", $"this machine knows no time zone '{name}': expected an IANA name such as Europe/Berlin, and the package tzdata.");
        return null;
    }
}
