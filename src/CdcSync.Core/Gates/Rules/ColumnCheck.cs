using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Core.Gates.Rules;

/// <summary>A rule over a column's array: one loop without calls per value where the type allows it.</summary>
internal abstract class ColumnCheck(ValueRule rule, string reason)
{
    /// <summary>The check for a rule over a type.</summary>
    /// <exception cref="InvalidOperationException">The rule is not one for this type: <see cref="RowRules"/> makes none such.</exception>
    public static ColumnCheck For(ValueRule rule, ArrowType type) => (rule, type) switch
    {
        (NotNullRule r, _) => new NullCheck(r),
        (LengthRule r, StringType) => new LengthCheck(r),
        (PatternRule r, StringType) => new PatternCheck(r),
        (ListRule r, _) => ListCheck.For(r, type),
        (BoundRule r, _) => Exact(r, type),
        (FloatBoundRule r, FloatType) => new FloatCheck<float>(r),
        (FloatBoundRule r, DoubleType) => new FloatCheck<double>(r),
        (MultipleRule r, _) => Multiples(r, type),
        _ => throw new InvalidOperationException($"{rule.GetType().Name} over {type}"),
    };

    /// <summary>Rejects the upserts that break the rule.</summary>
    public abstract void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts);

    /// <summary>A row breaks it, if it is one that counts.</summary>
    protected void Reject(int row, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        if (kinds[row] == ChangeKind.Upsert) verdicts.Reject(row, rule.Name, rule.Column, reason);
    }

    private static ColumnCheck Exact(BoundRule rule, ArrowType type) => type switch
    {
        Int8Type => Bound<sbyte>(rule),
        UInt8Type => Bound<byte>(rule),
        Int16Type => Bound<short>(rule),
        UInt16Type => Bound<ushort>(rule),
        Int32Type or Date32Type or Time32Type => Bound<int>(rule),
        UInt32Type => Bound<uint>(rule),
        Int64Type or Time64Type or TimestampType => Bound<long>(rule),
        UInt64Type => Bound<ulong>(rule),
        Decimal128Type => Bound<Int128>(rule),
        _ => throw new InvalidOperationException($"{rule.GetType().Name} over {type}"),
    };

    // A bound beyond the type holds for all of its values, or for none.
    private static BoundCheck<T> Bound<T>(BoundRule rule) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var (least, greatest) = (Int128.CreateTruncating(T.MinValue), Int128.CreateTruncating(T.MaxValue));
        var holdsForNone = rule.End == RangeEnd.Least ? rule.Bound > greatest : rule.Bound < least;
        return new BoundCheck<T>(rule, T.CreateTruncating(Int128.Clamp(rule.Bound, least, greatest)), holdsForNone);
    }

    private static ColumnCheck Multiples(MultipleRule rule, ArrowType type) => type switch
    {
        Int8Type => new MultipleCheck<sbyte>(rule),
        UInt8Type => new MultipleCheck<byte>(rule),
        Int16Type => new MultipleCheck<short>(rule),
        UInt16Type => new MultipleCheck<ushort>(rule),
        Int32Type => new MultipleCheck<int>(rule),
        UInt32Type => new MultipleCheck<uint>(rule),
        Int64Type => new MultipleCheck<long>(rule),
        UInt64Type => new MultipleCheck<ulong>(rule),
        Decimal128Type => new MultipleCheck<Int128>(rule),
        _ => throw new InvalidOperationException($"{rule.GetType().Name} over {type}"),
    };
}

/// <summary>Null is forbidden.</summary>
internal sealed class NullCheck(NotNullRule rule) : ColumnCheck(rule, "found null, expected a value")
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        if (column.NullCount == 0) return;
        for (var row = 0; row < column.Length; row++)
            if (column.IsNull(row)) Reject(row, kinds, verdicts);
    }
}

/// <summary>Exact numbers and times against a bound.</summary>
internal sealed class BoundCheck<T>(BoundRule rule, T bound, bool holdsForNone) : ColumnCheck(rule, $"found a value beyond the bound, expected {rule.Expected}") where T : unmanaged, IBinaryInteger<T>
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var values = ((FixedWidthArray<T>)column).Values;
        for (var row = 0; row < values.Length; row++)
        {
            var isBeyond = rule.End == RangeEnd.Least ? values[row] < bound : values[row] > bound;
            if ((isBeyond || holdsForNone) && !column.IsNull(row)) Reject(row, kinds, verdicts);
        }
    }
}

/// <summary>Floating-point numbers against a bound.</summary>
internal sealed class FloatCheck<T>(FloatBoundRule rule) : ColumnCheck(rule, $"found a value beyond the bound, expected {rule.Expected}") where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var values = ((FixedWidthArray<T>)column).Values;
        for (var row = 0; row < values.Length; row++)
        {
            // Compared as double: a float is one exactly. NaN is in no order with anything, and so it is beyond.
            var value = double.CreateTruncating(values[row]);
            var isWithin = (rule.End, rule.IsExclusive) switch
            {
                (RangeEnd.Least, false) => value >= rule.Bound,
                (RangeEnd.Least, true) => value > rule.Bound,
                (_, false) => value <= rule.Bound,
                _ => value < rule.Bound,
            };
            if (!isWithin && !column.IsNull(row)) Reject(row, kinds, verdicts);
        }
    }
}

/// <summary>Exact numbers that are multiples.</summary>
internal sealed class MultipleCheck<T>(MultipleRule rule) : ColumnCheck(rule, $"found another number, expected {rule.Expected}") where T : unmanaged, IBinaryInteger<T>
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var values = ((FixedWidthArray<T>)column).Values;
        for (var row = 0; row < values.Length; row++)
            if (Int128.CreateTruncating(values[row]) % rule.Unit * rule.Factor % rule.Unit != 0 && !column.IsNull(row)) Reject(row, kinds, verdicts);
    }
}
