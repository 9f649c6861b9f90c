using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Values;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources.Marks;
using SQLitePCL;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Marks;

/// <summary>
/// The column that rises: what its values mean, and the condition by which SQL finds the rows from a mark on. A value means what the dataset reads it as:
/// ISO 8601 texts, integers in the column's unit, real numbers as Julian days.
/// </summary>
internal sealed class MarkColumn
{
    private const long Second = 1_000_000_000;

    // The clocks of the world are 12 hours behind UTC at the most.
    private const long FarthestWest = 12 * 3_600;

    private readonly MarkKind _kind;
    private readonly TimestampType? _type;
    private readonly string _column;

    /// <summary>For a dataset that was inspected.</summary>
    public MarkColumn(Dataset dataset, Capture.HighWaterMark capture)
    {
        _kind = capture.Kind;
        Index = dataset.Columns.Index().First(c => SqliteNames.Same(c.Item.Source, capture.Column)).Index;
        _type = dataset.Columns[Index].ReadType as TimestampType;
        _column = Quote("b", capture.Column);
    }

    /// <summary>Its place among the dataset's columns.</summary>
    public int Index { get; }

    /// <summary>Whether the stamps are instants; without a zone they are a wall clock's, and nobody knows which.</summary>
    public bool IsInstant => _type?.Timezone is not null;

    /// <summary>The mark of a row: nanoseconds since 1970, or the number.</summary>
    /// <param name="row">The statement.</param>
    /// <returns>Null where the value is no mark: such a row is handed over (once), and moves nothing.</returns>
    public Int128? Read(Statement row)
    {
        if (_type is null)
            return row.Type(Index) == raw.SQLITE_INTEGER ? row.Integer(Index) : null;
        Int128? mark = row.Type(Index) switch
        {
            raw.SQLITE_INTEGER => (Int128)row.Integer(Index) * (Second / TimeUnits.PerSecond(_type.Unit)),
            raw.SQLITE_FLOAT when TimeUnits.TryJulian(row.Real(Index), out var milliseconds) => (Int128)milliseconds * 1_000_000,
            raw.SQLITE_TEXT when IsoTime.TryParse(row.Bytes(Index), out var time) && !(time.HasZone && _type.Timezone is null) => ((Int128)time.Seconds * Second) + time.Nanoseconds,
            _ => null,
        };
        return mark is { } found && MarkPosition.IsInRange(found) ? mark : null;
    }

    /// <summary>The rows that have a mark from a bound on, and up to a minute before it: a superset that an index finds, whatever form the marks have.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="hasBound">Whether there is a bound: see <see cref="Bind"/>.</param>
    public string Rows(Dataset dataset, bool hasBound) => $"{SourceSql.All(dataset)} WHERE {(!hasBound ? $"{_column} IS NOT NULL"
        : _kind == MarkKind.Sequence ? $"{_column} >= ?1"
        // Texts with a blank before the time, with a T; integers; Julian days. '' is above all numbers and below all texts.
        : $"({_column} >= ?1 AND {_column} < ?2) OR {_column} >= ?3 OR ({_column} >= ?4 AND {_column} < '') OR ({_column} >= ?5 AND {_column} < 5373485)")}";

    /// <summary>Binds the bound.</summary>
    /// <param name="rows">A statement of <see cref="Rows"/>.</param>
    /// <param name="bound">The bound, in nanoseconds or as the number.</param>
    /// <param name="hasOffsets">Whether texts have offsets: their wall clocks may be behind the instant.</param>
    public void Bind(Statement rows, Int128 bound, bool hasOffsets)
    {
        if (_type is null)
        {
            rows.Bind(1, (long)Int128.Clamp(bound, long.MinValue, long.MaxValue));
            return;
        }
        var (seconds, _) = MarkPosition.Split(bound);
        var wall = DateTime.UnixEpoch.AddSeconds(Math.Max(seconds - (hasOffsets ? FarthestWest : 0), -62_135_596_800));
        var day = wall.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        // Seconds are left out where they are none, so the bound has none; midnight is left out where a date stands alone.
        var time = wall.ToString("HH:mm", CultureInfo.InvariantCulture);
        rows.Bind(1, time == "00:00" ? day : $"{day} {time}");
        rows.Bind(2, $"{day}T");
        rows.Bind(3, $"{day}T{time}");
        rows.Bind(4, (long)Int128.Clamp(Floor(bound, Second / TimeUnits.PerSecond(_type.Unit)), long.MinValue, long.MaxValue));
        // A millisecond less: a Julian day is no round number.
        rows.Bind(5, ((double)(bound / 1_000_000) - 1 + 210_866_760_000_000) / 86_400_000.0);
    }

    /// <summary>The greatest mark as the column has it.</summary>
    public string Greatest(Dataset dataset) => $"SELECT max({_column}) FROM {SourceSql.From(dataset.Object)}";

    /// <summary>True if the value in the statement's first column is a text with an offset that is not UTC.</summary>
    public static bool HasOffset(Statement row) => row.Type(0) == raw.SQLITE_TEXT && row.Bytes(0) is [.., not ((byte)'Z' or (byte)'z')] text
        && IsoTime.TryParse(text, out var time) && time.HasZone;

    private static Int128 Floor(Int128 value, Int128 by)
    {
        var (quotient, remainder) = Int128.DivRem(value, by);
        return remainder < 0 ? quotient - 1 : quotient;
    }
}
