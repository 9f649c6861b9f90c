using System.Globalization;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>One text for one value, whatever a database keeps it in. Written apart from the engine: the tests' second opinion.</summary>
internal static class CanonicalValue
{
    public static string Of(object? value, string declared) => value is null ? "∅" : Meaning(declared) switch
    {
        'i' => value is bool flag ? flag ? "1" : "0" : Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        'n' => Decimal(value),
        'f' => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture),
        'b' => Convert.ToHexString((byte[])value),
        'd' => Instant(value).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        't' => Instant(value).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>What a declared type of SQLite means: integer, exact number, float, bytes, day, timestamp, text.</summary>
    private static char Meaning(string declared) => declared switch
    {
        _ when declared.Contains("INT", StringComparison.Ordinal) || declared.StartsWith("BOOL", StringComparison.Ordinal) => 'i',
        _ when declared.StartsWith("NUMERIC", StringComparison.Ordinal) || declared.StartsWith("DEC", StringComparison.Ordinal) => 'n',
        _ when declared.StartsWith("DOUBLE", StringComparison.Ordinal) || declared.StartsWith("REAL", StringComparison.Ordinal) || declared.StartsWith("FLOAT", StringComparison.Ordinal) => 'f',
        _ when declared.StartsWith("BLOB", StringComparison.Ordinal) => 'b',
        "DATE" => 'd',
        _ when declared.StartsWith("DATETIME", StringComparison.Ordinal) || declared.StartsWith("TIMESTAMP", StringComparison.Ordinal) => 't',
        _ => 's',
    };

    /// <summary>Digits without zeros that say nothing; by text, as 38 digits are more than a decimal holds.</summary>
    private static string Decimal(object value)
    {
        var text = value switch
        {
            string s => s,
            double d => ((decimal)d).ToString(CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
        if (text.Contains('.', StringComparison.Ordinal))
            text = text.TrimEnd('0').TrimEnd('.');
        return text is "-0" ? "0" : text;
    }

    private static DateTime Instant(object value) => value switch
    {
        DateTime instant => instant,
        DateOnly day => day.ToDateTime(TimeOnly.MinValue),
        _ => DateTime.Parse((string)value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal),
    };
}
