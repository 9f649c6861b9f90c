using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Binds a column's values to a parameter, straight from Arrow's buffers, in the form in which SQLite holds them.</summary>
internal abstract class ColumnBinder
{
    /// <summary>A binder for the values of one column of one chunk.</summary>
    public static ColumnBinder For(ArrowArray column) => column switch
    {
        NullArray => new Nulls(),
        BoolArray a => new Booleans(a),
        FixedWidthArray<sbyte> a => new Integers<sbyte>(a),
        FixedWidthArray<byte> a => new Integers<byte>(a),
        FixedWidthArray<short> a => new Integers<short>(a),
        FixedWidthArray<ushort> a => new Integers<ushort>(a),
        FixedWidthArray<int> { Type: Date32Type } a => new Dates(a),
        FixedWidthArray<int> { Type: Time32Type t } a => new Times<int>(a, t.Unit),
        FixedWidthArray<int> a => new Integers<int>(a),
        FixedWidthArray<uint> a => new Integers<uint>(a),
        FixedWidthArray<long> { Type: Time64Type t } a => new Times<long>(a, t.Unit),
        FixedWidthArray<long> { Type: TimestampType t } a => new Timestamps(a, t),
        FixedWidthArray<long> a => new Integers<long>(a),
        FixedWidthArray<Half> a => new Floats<Half>(a),
        FixedWidthArray<float> a => new Floats<float>(a),
        FixedWidthArray<double> a => new Floats<double>(a),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a when ColumnType.IsNumeric(t) => new Numbers(a, t.Scale),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => new LongNumbers(a, t.Scale),
        VarLengthArray { Type: StringType } a => new Texts(a),
        VarLengthArray a => new Blobs(a),
        FixedSizeBinaryArray a => new FixedBlobs(a),
        _ => throw new ArgumentException($"SQLite has no column for {column.Type}.", nameof(column)),
    };

    /// <summary>Binds a row's value.</summary>
    /// <returns>SQLite's result code.</returns>
    public int Bind(sqlite3_stmt statement, int parameter, int row) => IsNull(row) ? raw.sqlite3_bind_null(statement, parameter) : BindValue(statement, parameter, row);

    protected abstract bool IsNull(int row);

    protected abstract int BindValue(sqlite3_stmt statement, int parameter, int row);

    private abstract class Of<TArray>(TArray column) : ColumnBinder where TArray : ArrowArray
    {
        protected TArray Column { get; } = column;

        protected sealed override bool IsNull(int row) => Column.IsNull(row);
    }

    private sealed class Nulls : ColumnBinder
    {
        protected override bool IsNull(int row) => true;

        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_null(statement, parameter);
    }

    private sealed class Booleans(BoolArray column) : Of<BoolArray>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_int(statement, parameter, Column.GetValue(row) ? 1 : 0);
    }

    private sealed class Integers<T>(FixedWidthArray<T> column) : Of<FixedWidthArray<T>>(column) where T : unmanaged, INumberBase<T>
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_int64(statement, parameter, long.CreateTruncating(Column[row]));
    }

    private sealed class Floats<T>(FixedWidthArray<T> column) : Of<FixedWidthArray<T>>(column) where T : unmanaged, INumberBase<T>
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_double(statement, parameter, double.CreateTruncating(Column[row]));
    }

    /// <summary>Up to 15 digits: both numbers of the division are exact doubles, so that the quotient is the double nearest to the decimal.</summary>
    private sealed class Numbers(FixedWidthArray<Int128> column, int scale) : Of<FixedWidthArray<Int128>>(column)
    {
        private readonly double _unit = double.Parse($"1e{scale}", CultureInfo.InvariantCulture);

        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => scale == 0
            ? raw.sqlite3_bind_int64(statement, parameter, (long)Column[row])
            : raw.sqlite3_bind_double(statement, parameter, (long)Column[row] / _unit);
    }

    private sealed class LongNumbers(FixedWidthArray<Int128> column, int scale) : Of<FixedWidthArray<Int128>>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_text(statement, parameter, Text(Column[row]));

        private string Text(Int128 unscaled)
        {
            var digits = (Int128.IsNegative(unscaled) ? -unscaled : unscaled).ToString(CultureInfo.InvariantCulture);
            if (scale > 0)
            {
                digits = digits.PadLeft(scale + 1, '0');
                digits = $"{digits[..^scale]}.{digits[^scale..]}";
            }
            else if (unscaled != 0)
            {
                digits += new string('0', -scale);
            }
            return Int128.IsNegative(unscaled) ? $"-{digits}" : digits;
        }
    }

    private sealed class Dates(FixedWidthArray<int> column) : Of<FixedWidthArray<int>>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row)
        {
            Span<byte> text = stackalloc byte[IsoText.MaxLength];
            return raw.sqlite3_bind_text(statement, parameter, text[..IsoText.WriteDate(Column[row], text)]);
        }
    }

    private sealed class Times<T>(FixedWidthArray<T> column, TimeUnit unit) : Of<FixedWidthArray<T>>(column) where T : unmanaged, INumberBase<T>
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row)
        {
            Span<byte> text = stackalloc byte[IsoText.MaxLength];
            return raw.sqlite3_bind_text(statement, parameter, text[..IsoText.WriteTime(long.CreateTruncating(Column[row]), unit, text)]);
        }
    }

    private sealed class Timestamps(FixedWidthArray<long> column, TimestampType type) : Of<FixedWidthArray<long>>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row)
        {
            Span<byte> text = stackalloc byte[IsoText.MaxLength];
            return raw.sqlite3_bind_text(statement, parameter, text[..IsoText.WriteTimestamp(Column[row], type, text)]);
        }
    }

    private sealed class Texts(VarLengthArray column) : Of<VarLengthArray>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_text(statement, parameter, Column.GetBytes(row));
    }

    private sealed class Blobs(VarLengthArray column) : Of<VarLengthArray>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_blob(statement, parameter, Column.GetBytes(row));
    }

    private sealed class FixedBlobs(FixedSizeBinaryArray column) : Of<FixedSizeBinaryArray>(column)
    {
        protected override int BindValue(sqlite3_stmt statement, int parameter, int row) => raw.sqlite3_bind_blob(statement, parameter, Column.GetBytes(row));
    }
}
