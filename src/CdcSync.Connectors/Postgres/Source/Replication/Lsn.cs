using System.Globalization;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>A place in the server's write-ahead log.</summary>
/// <param name="Value">Its number: bytes since the log began.</param>
internal readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    private const ulong Page = 8_192;
    private const ulong PageHeader = 24;
    private const ulong SegmentHeader = 40;

    /// <summary>Before all others.</summary>
    public static Lsn Zero => default;

    /// <summary>Reads PostgreSQL's form, <c>16/B374D848</c>.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public static Lsn Parse(string text) => text.Split('/') is [var high, var low] && Hex(high) is { } h && Hex(low) is { } l
        ? new Lsn(((ulong)h << 32) | l)
        : throw new FormatException("not a place in a log");

    /// <summary>The end of the last record before an insert position: one that stands behind a page's header is where the page before ended.</summary>
    public Lsn EndOfRecord => (Value % Page) switch
    {
        PageHeader => new Lsn(Value - PageHeader),
        SegmentHeader => new Lsn(Value - SegmentHeader),
        _ => this,
    };

    /// <summary>True at the beginning of a page: the log may be safe up to here in the middle of a record.</summary>
    public bool IsPage => Value % Page == 0;

    /// <summary>The later of two.</summary>
    public static Lsn Max(Lsn a, Lsn b) => a > b ? a : b;

    public static bool operator <(Lsn a, Lsn b) => a.Value < b.Value;

    public static bool operator >(Lsn a, Lsn b) => a.Value > b.Value;

    public static bool operator <=(Lsn a, Lsn b) => a.Value <= b.Value;

    public static bool operator >=(Lsn a, Lsn b) => a.Value >= b.Value;

    /// <summary>How many bytes lie between two; 0 where the other is later.</summary>
    public long Since(Lsn other) => this > other ? (long)(Value - other.Value) : 0;

    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    /// <summary>PostgreSQL's form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value >> 32:X}/{(uint)Value:X}");

    private static uint? Hex(string text) => text.Length is >= 1 and <= 8 && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}
