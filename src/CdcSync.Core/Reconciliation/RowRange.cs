using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// The rows whose value in one column lies in <c>[from, to)</c>, as the target has it. A row without a value lies in none.
/// </summary>
/// <param name="Text">As it was written: <c>order_id=1000..2000</c>.</param>
/// <param name="Column">The column's index in the dataset's target schema.</param>
/// <param name="From">The first value, as its Arrow type holds it: an integer, days, or the type's units since 1970; null = from the start.</param>
/// <param name="To">The value behind the last; null = to the end.</param>
public sealed record RowRange(string Text, int Column, long? From, long? To)
{
    private const string Between = "..";

    // The forms in which a time may be written; a zone, where there is one, is Z or ±hh:mm.
    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads a range as people write it: <c>COLUMN=FROM..TO</c>, one of the two may be missing.</summary>
    /// <param name="dataset">The dataset; the column is one of the warehouse's.</param>
    /// <param name="text">Integers, dates (<c>2026-01-31</c>) or instants (<c>2026-01-31T12:00:00Z</c>; without a zone UTC).</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: it is written otherwise, there is no such column, or values of its type have no order here.</exception>
    public static RowRange Parse(Dataset dataset, string text)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(text);
        if (text.Split('=', 2) is not [var name, var values] || values.Split(Between) is not [var from, var to] || (from.Length == 0 && to.Length == 0))
            throw Wrong(dataset, $"'{text}' is no range: expected COLUMN=FROM..TO, as in order_id=1000..2000 or created_at=2026-01-01..2026-02-01.");
        var fields = dataset.TargetSchema.Fields;
        var column = fields.ToList().FindIndex(f => f.Name == name);
        if (column < 0)
            throw Wrong(dataset, $"there is no column '{name}'.{Suggestion.For(name, fields.Select(f => f.Name))}");
        if (dataset.Columns.Any(c => c.Target == name && c.Mask is not null))
            throw Wrong(dataset, $"column '{name}' is masked: what the warehouse has of it has no order.");
        var range = new RowRange(text, column, Bound(dataset, fields[column], from), Bound(dataset, fields[column], to));
        return range.To is { } end && end <= (range.From ?? long.MinValue) ? throw Wrong(dataset, $"the range '{text}' is empty: no value comes before '{to}', which is not part of it.") : range;
    }

    /// <summary>The places of its rows, both included; null = it is no range of places.</summary>
    public (long First, long Last)? PlacesOf(DigestScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var type = scope.Dataset.TargetSchema.Fields[Column].DataType;
        return scope.Places.IsOrdered && scope.Dataset.TargetKey[0] == Column ? (From is { } from ? Place(type, from) : long.MinValue, To is { } to ? Place(type, to) - 1 : long.MaxValue) : null;
    }

    // Times are counted from 2000, timestamps in microseconds.
    private static long Place(ArrowType type, long value) => type switch
    {
        Date32Type => value - DaysTo2000,
        TimestampType { Unit: TimeUnit.Second } => Clamped(((Int128)value - SecondsTo2000) * 1_000_000),
        TimestampType { Unit: TimeUnit.Millisecond } => Clamped(((Int128)value - (SecondsTo2000 * 1_000)) * 1_000),
        TimestampType => Clamped((Int128)value - (SecondsTo2000 * 1_000_000)),
        _ => value,
    };

    private const long DaysTo2000 = 10_957;
    private const long SecondsTo2000 = DaysTo2000 * 86_400;

    // One less than the end of all places is still one.
    private static long Clamped(Int128 place) => (long)Int128.Clamp(place, long.MinValue + 1, long.MaxValue);

    /// <summary>Says of each row of a batch in the target's schema whether it is in the range.</summary>
    public Func<int, bool> Over(RecordBatch rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Column(Column) switch
        {
            FixedWidthArray<long> a => Over(a),
            FixedWidthArray<int> a => Over(a),
            FixedWidthArray<short> a => Over(a),
            FixedWidthArray<sbyte> a => Over(a),
            FixedWidthArray<uint> a => Over(a),
            FixedWidthArray<ushort> a => Over(a),
            FixedWidthArray<byte> a => Over(a),
            var other => throw new ArgumentException($"no range of {other.Type}", nameof(rows)),
        };
    }

    private Func<int, bool> Over<T>(FixedWidthArray<T> values) where T : unmanaged, IBinaryInteger<T> =>
        row => values.IsValid(row) && long.CreateTruncating(values[row]) is var value && !(value < From) && !(value >= To);

    private static long? Bound(Dataset dataset, Field field, string text) => text.Length == 0 ? null : field.DataType switch
    {
        Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type => Integer(dataset, field, text),
        Date32Type => Ceiling(Time(dataset, field, text), TimeSpan.TicksPerDay),
        TimestampType { Unit: TimeUnit.Nanosecond } => (long)Int128.Clamp((Int128)Time(dataset, field, text) * TimeSpan.NanosecondsPerTick, long.MinValue, long.MaxValue),
        TimestampType t => Ceiling(Time(dataset, field, text), t.Unit switch { TimeUnit.Second => TimeSpan.TicksPerSecond, TimeUnit.Millisecond => TimeSpan.TicksPerMillisecond, _ => TimeSpan.TicksPerMicrosecond }),
        _ => throw Wrong(dataset, $"column '{field.Name}' is {field.DataType}: a range is one of integers, dates or timestamps."),
    };

    private static long Integer(Dataset dataset, Field field, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(dataset, $"column '{field.Name}': expected an integer, found '{text}'.");

    /// <summary>Ticks since 1970.</summary>
    private static long Time(Dataset dataset, Field field, string text) =>
        DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks
            : throw Wrong(dataset, $"column '{field.Name}': expected a date or an instant, as 2026-01-31 or 2026-01-31T12:00:00Z, found '{text}'.");

    // Of values that are coarser than the bound, the first one behind it.
    private static long Ceiling(long ticks, long unit) => (ticks / unit) + (ticks % unit > 0 ? 1 : 0);

    private static CdcSyncException Wrong(Dataset dataset, string what) => new(ErrorCodes.WrongUsage, $"{dataset.Id}: {what}", "Run: cdcsync reconcile --help");
}
