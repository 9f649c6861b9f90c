using System.Globalization;

namespace CdcSync.Core.Diagnosis;

/// <summary>A duration as a sentence has it: <c>7 days</c>, <c>1.5 hours</c>, <c>12 minutes</c>, <c>40 seconds</c>.</summary>
public static class DurationText
{
    /// <summary>In its greatest unit, with a digit after the point at the most.</summary>
    public static string Of(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => In(span.TotalDays, "day"),
        { TotalHours: >= 1 } => In(span.TotalHours, "hour"),
        { TotalMinutes: >= 1 } => In(span.TotalMinutes, "minute"),
        _ => In(span.TotalSeconds, "second"),
    };

    private static string In(double number, string unit)
    {
        var text = number.ToString("0.#", CultureInfo.InvariantCulture);
        return text == "1" ? $"1 {unit}" : $"{text} {unit}s";
    }
}
