using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source.Catalog;

namespace CdcSync.Connectors.Sqlite.Source.Discovery;

/// <summary>
/// What a declared type promises, as the Arrow types that may hold the values, the best first. SQLite enforces none of it: the first that holds all sampled
/// values is taken. The last resort is text, which holds everything but blobs; then bytes.
/// </summary>
internal static class DeclaredType
{
    private static readonly ArrowType Int64 = new Int64Type();
    private static readonly ArrowType Double = new DoubleType();
    private static readonly ArrowType Text = StringType.Default;
    private static readonly ArrowType Bytes = BinaryType.Default;
    private static readonly ArrowType[] WallClock = [new TimestampType(TimeUnit.Microsecond, null), new TimestampType(TimeUnit.Nanosecond, null)];
    private static readonly ArrowType[] Instant = [new TimestampType(TimeUnit.Microsecond, "UTC"), new TimestampType(TimeUnit.Nanosecond, "UTC")];

    /// <summary>The candidates for a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="sample">What was found in it.</param>
    public static IReadOnlyList<ArrowType> Candidates(SqliteColumn column, ValueSample sample)
    {
        var words = column.DeclaredType.ToUpperInvariant();
        if (words.StartsWith("BOOL", StringComparison.Ordinal)) return [BooleanType.Default, Int64, Double, Text, Bytes];
        if (words.StartsWith("DATETIME", StringComparison.Ordinal) || words.StartsWith("TIMESTAMP", StringComparison.Ordinal))
            return [.. Times(sample, words.Contains("TZ", StringComparison.Ordinal) || words.Contains("WITH TIME", StringComparison.Ordinal)), .. Plain(column.Affinity, sample)];
        if (words.StartsWith("DATE", StringComparison.Ordinal)) return [.. sample.HasNumbers ? [] : (ArrowType[])[Date32Type.Default], .. Times(sample, false), .. Plain(column.Affinity, sample)];
        if (words.StartsWith("TIME", StringComparison.Ordinal)) return [.. sample.HasNumbers ? [] : (ArrowType[])[new Time64Type(TimeUnit.Microsecond), new Time64Type(TimeUnit.Nanosecond)], .. Plain(column.Affinity, sample)];
        if (Digits(words) is var (precision, scale)) return [new Decimal128Type(precision, scale), Double, Text, Bytes];
        return [.. IsMoney(words) && sample.IsEmpty ? [Double] : (ArrowType[])[], .. Plain(column.Affinity, sample)];
    }

    // Without values the affinity decides; with values the narrowest type that holds them.
    private static ArrowType[] Plain(Affinity affinity, ValueSample sample) => affinity switch
    {
        Affinity.Integer => [Int64, Double, Text, Bytes],
        Affinity.Real => [Double, Text, Bytes],
        Affinity.Text => [Text, Bytes],
        Affinity.Blob when sample.IsEmpty => [Bytes],
        _ when sample.IsEmpty => [Text],
        _ => [Int64, Double, Text, Bytes],
    };

    // Integers say nothing of their unit: it is taken from their size. Times before 1973 in milliseconds look like seconds, so small ones stay integers.
    private static ArrowType[] Times(ValueSample sample, bool hasZone)
    {
        if (!sample.HasNumbers) return hasZone ? [.. Instant] : [.. WallClock, .. Instant];
        if (sample.HasTexts) return [];
        if (sample.HasReals) return sample.HasIntegers ? [] : [new TimestampType(TimeUnit.Millisecond, "UTC")];
        return sample.LargestInteger switch
        {
            < 100_000_000 => [],
            < 100_000_000_000 => [new TimestampType(TimeUnit.Second, "UTC")],
            < 100_000_000_000_000 => [new TimestampType(TimeUnit.Millisecond, "UTC")],
            < 100_000_000_000_000_000 => [new TimestampType(TimeUnit.Microsecond, "UTC")],
            _ => [new TimestampType(TimeUnit.Nanosecond, "UTC")],
        };
    }

    private static bool IsMoney(string words) => words is "NUMERIC" or "DECIMAL" or "NUMBER" || words.Contains("MONEY", StringComparison.Ordinal);

    // DECIMAL(10,2), NUMERIC(10), NUMBER(10, 2)
    private static (int Precision, int Scale)? Digits(string words)
    {
        var open = words.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || !words.EndsWith(')') || words[..open].Trim() is not ("DECIMAL" or "NUMERIC" or "NUMBER" or "DEC")) return null;
        var parts = words[(open + 1)..^1].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var precision)) return null;
        var scale = 0;
        if (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out scale)) return null;
        return precision is >= 1 and <= Decimal128Type.MaxPrecision && scale >= 0 && scale <= precision ? (precision, scale) : null;
    }
}
