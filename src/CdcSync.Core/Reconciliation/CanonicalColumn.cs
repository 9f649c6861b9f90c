using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;

namespace CdcSync.Core.Reconciliation;

/// <summary>Writes the values of one column in their canonical form.</summary>
internal abstract class CanonicalColumn(CanonicalType type)
{
    private const int DaysTo2000 = 10_957;
    private const long SecondsTo2000 = DaysTo2000 * 86_400L;
    private const int PrefixLength = 8;

    /// <summary>A writer for a column.</summary>
    /// <exception cref="ArgumentException">The column's type has no canonical form.</exception>
    public static CanonicalColumn For(ArrowArray column) => (CanonicalTypes.Of(column.Type), column) switch
    {
        ({ } form, NullArray) => new Nothing(form),
        ({ } form, BoolArray a) => new Booleans(form, a),
        ({ } form, FixedWidthArray<sbyte> a) => new Whole<sbyte>(form, a, 1, 0),
        ({ } form, FixedWidthArray<byte> a) => new Whole<byte>(form, a, 1, 0),
        ({ } form, FixedWidthArray<short> a) => new Whole<short>(form, a, 1, 0),
        ({ } form, FixedWidthArray<ushort> a) => new Whole<ushort>(form, a, 1, 0),
        ({ } form, FixedWidthArray<uint> a) => new Whole<uint>(form, a, 1, 0),
        ({ } form, FixedWidthArray<int> { Type: Date32Type } a) => new Dates(form, a),
        ({ } form, FixedWidthArray<int> { Type: Time32Type t } a) => new Whole<int>(form, a, MicrosecondsOf(t.Unit), 0),
        ({ } form, FixedWidthArray<int> a) => new Whole<int>(form, a, 1, 0),
        ({ } form, FixedWidthArray<long> { Type: TimestampType { Unit: not TimeUnit.Nanosecond } t } a) => new Whole<long>(form, a, MicrosecondsOf(t.Unit), -SecondsTo2000 * 1_000_000),
        ({ } form, FixedWidthArray<long> a) => new Whole<long>(form, a, 1, 0),
        ({ } form, FixedWidthArray<ulong> a) => new Digits<ulong>(form, a, 0),
        ({ } form, FixedWidthArray<Half> a) => new Floats<Half>(form, a),
        ({ } form, FixedWidthArray<float> a) => new Floats<float>(form, a),
        ({ } form, FixedWidthArray<double> a) => new Floats<double>(form, a),
        ({ } form, FixedWidthArray<Int128> { Type: Decimal128Type t } a) => new Digits<Int128>(form, a, t.Scale),
        ({ } form, VarLengthArray a) => new Bytes(form, a),
        ({ } form, FixedSizeBinaryArray a) => new FixedBytes(form, a),
        _ => throw new ArgumentException($"{column.Type} has no canonical form.", nameof(column)),
    };

    /// <summary>Adds a row's value: type, length, bytes.</summary>
    public void Write(int row, ArrayBufferWriter<byte> to)
    {
        if (!IsNull(row))
        {
            WriteValue(row, to);
            return;
        }

        Prefix(to.GetSpan(PrefixLength), CanonicalTypes.Null);
        to.Advance(PrefixLength);
    }

    protected abstract bool IsNull(int row);

    protected abstract void WriteValue(int row, ArrayBufferWriter<byte> to);

    /// <summary>The place for a value of so many bytes, behind its prefix.</summary>
    protected Span<byte> Begin(ArrayBufferWriter<byte> to, int length)
    {
        var span = to.GetSpan(PrefixLength + length);
        Prefix(span, length);
        to.Advance(PrefixLength + length);
        return span.Slice(PrefixLength, length);
    }

    private void Prefix(Span<byte> to, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, (int)type);
        BinaryPrimitives.WriteInt32BigEndian(to[4..], length);
    }

    private static long MicrosecondsOf(TimeUnit unit) => unit switch { TimeUnit.Second => 1_000_000, TimeUnit.Millisecond => 1_000, _ => 1 };

    private abstract class Of<TArray>(CanonicalType type, TArray column) : CanonicalColumn(type) where TArray : ArrowArray
    {
        protected TArray Column { get; } = column;

        protected sealed override bool IsNull(int row) => Column.IsNull(row);
    }

    private sealed class Nothing(CanonicalType type) : CanonicalColumn(type)
    {
        protected override bool IsNull(int row) => true;

        protected override void WriteValue(int row, ArrayBufferWriter<byte> to) => throw new InvalidOperationException("there is no value");
    }

    private sealed class Booleans(CanonicalType type, BoolArray column) : Of<BoolArray>(type, column)
    {
        protected override void WriteValue(int row, ArrayBufferWriter<byte> to) => Begin(to, 1)[0] = (byte)(Column.GetValue(row) ? 1 : 0);
    }

    /// <remarks>Instants that 64 bits of microseconds can't hold wrap around; no warehouse holds them either.</remarks>
    private sealed class Whole<T>(CanonicalType type, FixedWidthArray<T> column, long times, long plus) : Of<FixedWidthArray<T>>(type, column) where T : unmanaged, IBinaryInteger<T>
    {
        protected override void WriteValue(int row, ArrayBufferWriter<byte> to) =>
            BinaryPrimitives.WriteInt64BigEndian(Begin(to, 8), unchecked((long.CreateTruncating(Column[row]) * times) + plus));
    }

    private sealed class Dates(CanonicalType type, FixedWidthArray<int> column) : Of<FixedWidthArray<int>>(type, column)
    {
        protected override void WriteValue(int row, ArrayBufferWriter<byte> to) => BinaryPrimitives.WriteInt32BigEndian(Begin(to, 4), unchecked(Column[row] - DaysTo2000));
    }

    private sealed class Floats<T>(CanonicalType type, FixedWidthArray<T> column) : Of<FixedWidthArray<T>>(type, column) where T : unmanaged, IFloatingPoint<T>
    {
        // The bits that PostgreSQL and every usual processor have for "no number".
        private const long NotANumber = 0x7ff8_0000_0000_0000;

        protected override void WriteValue(int row, ArrayBufferWriter<byte> to)
        {
            var value = double.CreateTruncating(Column[row]);
            BinaryPrimitives.WriteInt64BigEndian(Begin(to, 8), double.IsNaN(value) ? NotANumber : BitConverter.DoubleToInt64Bits(value + 0.0));
        }
    }

    private sealed class Digits<T>(CanonicalType type, FixedWidthArray<T> column, int scale) : Of<FixedWidthArray<T>>(type, column) where T : unmanaged, IBinaryInteger<T>
    {
        private const int LongestInt128 = 40;

        protected override void WriteValue(int row, ArrayBufferWriter<byte> to)
        {
            var unscaled = Column[row];
            var isNegative = T.IsNegative(unscaled);
            Span<byte> digits = stackalloc byte[LongestInt128];
            unscaled.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
            digits = digits[(isNegative ? 1 : 0)..length];
            var zerosBefore = Math.Max(0, scale + 1 - digits.Length);
            var zerosAfter = scale < 0 && !T.IsZero(unscaled) ? -scale : 0;
            var text = Begin(to, (isNegative ? 1 : 0) + zerosBefore + digits.Length + zerosAfter + (scale > 0 ? 1 : 0));
            if (isNegative)
            {
                text[0] = (byte)'-';
                text = text[1..];
            }

            text[..zerosBefore].Fill((byte)'0');
            digits.CopyTo(text[zerosBefore..]);
            text.Slice(zerosBefore + digits.Length, zerosAfter).Fill((byte)'0');
            if (scale <= 0)
                return;
            var point = text.Length - 1 - scale;
            text[point..^1].CopyTo(text[(point + 1)..]);
            text[point] = (byte)'.';
        }
    }

    private sealed class Bytes(CanonicalType type, VarLengthArray column) : Of<VarLengthArray>(type, column)
    {
        protected override void WriteValue(int row, ArrayBufferWriter<byte> to)
        {
            var value = Column.GetBytes(row);
            value.CopyTo(Begin(to, value.Length));
        }
    }

    private sealed class FixedBytes(CanonicalType type, FixedSizeBinaryArray column) : Of<FixedSizeBinaryArray>(type, column)
    {
        protected override void WriteValue(int row, ArrayBufferWriter<byte> to)
        {
            var value = Column.GetBytes(row);
            value.CopyTo(Begin(to, value.Length));
        }
    }
}
