using System.Numerics;
using CdcSync.Arrow;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>Reads a whole number into an integer column.</summary>
/// <param name="builder">The column.</param>
/// <param name="get">The driver's getter.</param>
internal sealed class IntegerReader<T>(FixedWidthBuilder<T> builder, Func<SqlDataReader, int, long> get) : ValueReader
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var value = (Int128)get(row, column);
        if (value < Int128.CreateChecked(T.MinValue) || value > Int128.CreateChecked(T.MaxValue)) return $"found a whole number beyond {builder.Type}";
        builder.Append(T.CreateTruncating(value));
        return null;
    }
}

/// <summary>Reads a scaled number into an integer column.</summary>
internal sealed class ScaledIntegerReader<T>(FixedWidthBuilder<T> builder, IScaled number) : ValueReader
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var (unscaled, scale) = number.Read(row, column);
        if (Scaled.To(unscaled, scale, 0) is not { } value) return $"found a number with a fraction, expected {builder.Type}";
        if (value < Int128.CreateChecked(T.MinValue) || value > Int128.CreateChecked(T.MaxValue)) return $"found a whole number beyond {builder.Type}";
        builder.Append(T.CreateTruncating(value));
        return null;
    }
}

/// <summary>Reads a scaled number into a decimal column.</summary>
internal sealed class DecimalReader(FixedWidthBuilder<Int128> builder, Decimal128Type type, IScaled number) : ValueReader
{
    private readonly Int128 _limit = Scaled.PowerOf10(type.Precision);

    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var (unscaled, scale) = number.Read(row, column);
        if (Scaled.To(unscaled, scale, type.Scale) is not { } value || Int128.Abs(value) >= _limit) return $"found a number beyond {type}";
        builder.Append(value);
        return null;
    }
}

/// <summary>Reads bits.</summary>
internal sealed class BoolReader(BoolBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        builder.Append(row.GetBoolean(column));
        return null;
    }
}

/// <summary>Reads a binary fraction.</summary>
internal sealed class RealReader<T>(FixedWidthBuilder<T> builder, Func<SqlDataReader, int, double> get) : ValueReader
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var value = get(row, column);
        var held = T.CreateSaturating(value);
        if (double.CreateSaturating(held) != value) return $"found a number that {builder.Type} does not hold exactly";
        builder.Append(held);
        return null;
    }
}

/// <summary>A number as digits and a scale.</summary>
internal interface IScaled
{
    /// <summary>Reads it.</summary>
    (Int128 Unscaled, int Scale) Read(SqlDataReader row, int column);
}

/// <summary>decimal and numeric: up to 38 digits, more than System.Decimal has.</summary>
internal sealed class SqlDecimalNumber : IScaled
{
    public (Int128 Unscaled, int Scale) Read(SqlDataReader row, int column)
    {
        var value = row.GetSqlDecimal(column);
        Span<uint> words = stackalloc uint[4];
        value.WriteTdsValue(words);
        var unscaled = (Int128)new UInt128(((ulong)words[3] << 32) | words[2], ((ulong)words[1] << 32) | words[0]);
        return (value.IsPositive ? unscaled : -unscaled, value.Scale);
    }
}

/// <summary>money and smallmoney: ten-thousandths.</summary>
internal sealed class MoneyNumber : IScaled
{
    public (Int128 Unscaled, int Scale) Read(SqlDataReader row, int column) => (row.GetSqlMoney(column).GetTdsValue(), 4);
}

/// <summary>Whole numbers, where a decimal is wanted.</summary>
internal sealed class WholeNumber(Func<SqlDataReader, int, long> get) : IScaled
{
    public (Int128 Unscaled, int Scale) Read(SqlDataReader row, int column) => (get(row, column), 0);
}

/// <summary>Arithmetic of scaled numbers.</summary>
internal static class Scaled
{
    private static readonly Int128[] Powers = [.. Enumerable.Range(0, 39).Select(n => Enumerable.Repeat((Int128)10, n).Aggregate((Int128)1, (a, b) => a * b))];

    /// <summary>10ⁿ, n from 0 to 38.</summary>
    public static Int128 PowerOf10(int n) => Powers[n];

    /// <summary>The same number with another scale; null = it has none that is exact and fits.</summary>
    public static Int128? To(Int128 unscaled, int from, int to)
    {
        if (from == to) return unscaled;
        if (from > to)
        {
            var (quotient, rest) = Int128.DivRem(unscaled, Powers[from - to]);
            return rest == 0 ? quotient : null;
        }
        if (to - from > 38) return unscaled == 0 ? 0 : null;
        var power = Powers[to - from];
        return Int128.Abs(unscaled) > Int128.MaxValue / power ? null : unscaled * power;
    }
}
