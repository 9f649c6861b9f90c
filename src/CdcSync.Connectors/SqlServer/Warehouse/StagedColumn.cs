using System.Data.SqlTypes;
using System.Diagnostics.CodeAnalysis;
using CdcSync.Arrow;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>One column of a chunk as the driver's bulk copy takes it: as the type that <see cref="ColumnType.For"/> names.</summary>
/// <param name="array">The values.</param>
/// <param name="fieldType">Their .NET type.</param>
/// <param name="get">The value of a row that is not null.</param>
internal sealed class StagedColumn(ArrowArray array, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] Type fieldType, Func<int, object> get)
{
    private const long TicksPerDay = TimeSpan.TicksPerDay, TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    private static readonly object True = true, False = false;

    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public Type FieldType => fieldType;

    public bool IsNull(int row) => array.IsNull(row);

    public object Get(int row) => array.IsNull(row) ? DBNull.Value : get(row);

    /// <summary>The column for an array.</summary>
    public static StagedColumn For(ArrowArray array) => array switch
    {
        BoolArray a => new(a, typeof(bool), row => a.GetValue(row) ? True : False),
        VarLengthArray { Type: StringType } a => new(a, typeof(string), row => a.GetString(row)),
        VarLengthArray a => new(a, typeof(byte[]), row => a.GetBytes(row).ToArray()),
        FixedSizeBinaryArray a => new(a, typeof(byte[]), row => a.GetBytes(row).ToArray()),
        FixedWidthArray<sbyte> a => new(a, typeof(short), row => (short)a[row]),
        FixedWidthArray<byte> a => new(a, typeof(byte), row => a[row]),
        FixedWidthArray<short> a => new(a, typeof(short), row => a[row]),
        FixedWidthArray<ushort> a => new(a, typeof(int), row => (int)a[row]),
        FixedWidthArray<int> { Type: Date32Type } a => new(a, typeof(DateTime), row => new DateTime(DateTime.UnixEpoch.Ticks + (a[row] * TicksPerDay))),
        FixedWidthArray<int> { Type: Time32Type t } a => new(a, typeof(TimeSpan), row => new TimeSpan(Ticks(a[row], t.Unit))),
        FixedWidthArray<int> a => new(a, typeof(int), row => a[row]),
        FixedWidthArray<uint> a => new(a, typeof(long), row => (long)a[row]),
        FixedWidthArray<long> { Type: Time64Type t } a => new(a, typeof(TimeSpan), row => new TimeSpan(Ticks(a[row], t.Unit))),
        FixedWidthArray<long> { Type: TimestampType { Timezone: null } t } a => new(a, typeof(DateTime), row => new DateTime(DateTime.UnixEpoch.Ticks + Ticks(a[row], t.Unit))),
        FixedWidthArray<long> { Type: TimestampType t } a => new(a, typeof(DateTimeOffset), row => new DateTimeOffset(DateTime.UnixEpoch.Ticks + Ticks(a[row], t.Unit), TimeSpan.Zero)),
        FixedWidthArray<long> a => new(a, typeof(long), row => a[row]),
        FixedWidthArray<ulong> a => new(a, typeof(SqlDecimal), row => Decimal(a[row], 20, 0)),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => DecimalColumn(a, t),
        FixedWidthArray<Half> a => new(a, typeof(float), row => (float)a[row]),
        FixedWidthArray<float> a => new(a, typeof(float), row => a[row]),
        FixedWidthArray<double> a => new(a, typeof(double), row => a[row]),
        _ => throw new ArgumentException($"{array.Type} has no form in SQL Server.", nameof(array)),
    };

    private static StagedColumn DecimalColumn(FixedWidthArray<Int128> a, Decimal128Type t)
    {
        // SQL Server has no negative scale: the zeros are written out.
        var factor = Int128.One;
        for (var i = t.Scale; i < 0; i++) factor *= 10;
        var (precision, scale) = t.Scale < 0 ? ((byte)(t.Precision - t.Scale), (byte)0) : ((byte)t.Precision, (byte)t.Scale);
        return new(a, typeof(SqlDecimal), row => Decimal(a[row] * factor, precision, scale));
    }

    private static object Decimal(Int128 value, byte precision, byte scale)
    {
        var magnitude = (UInt128)Int128.Abs(value);
        return new SqlDecimal(precision, scale, value >= 0, (int)(uint)magnitude, (int)(uint)(magnitude >> 32), (int)(uint)(magnitude >> 64), (int)(uint)(magnitude >> 96));
    }

    /// <summary>.NET's ticks of 100 ns; of nanoseconds the gate has let pass only whole ones.</summary>
    private static long Ticks(long value, TimeUnit unit) => unit switch
    {
        TimeUnit.Second => value * TimeSpan.TicksPerSecond,
        TimeUnit.Millisecond => value * TimeSpan.TicksPerMillisecond,
        TimeUnit.Microsecond => value * TicksPerMicrosecond,
        _ => value / 100,
    };
}
