using System.Numerics;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Core.Gates.Rules;

/// <summary>Whether a value is in a list.</summary>
internal static class ListCheck
{
    /// <summary>The check for a type. The list's texts are values of it.</summary>
    public static ColumnCheck For(ListRule rule, ArrowType type) => type switch
    {
        StringType => new TextListCheck(rule),
        BooleanType => new BoolListCheck(rule),
        Int8Type => Numbers<sbyte>(rule),
        UInt8Type => Numbers<byte>(rule),
        Int16Type => Numbers<short>(rule),
        UInt16Type => Numbers<ushort>(rule),
        Int32Type => Numbers<int>(rule),
        UInt32Type => Numbers<uint>(rule),
        Int64Type => Numbers<long>(rule),
        UInt64Type => Numbers<ulong>(rule),
        Decimal128Type number => new NumberListCheck<Int128>(rule, rule.Values.Select(v => ExactNumber.Parse(v)?.Exactly(number.Scale))),
        _ => throw new InvalidOperationException($"a list over {type}"),
    };

    private static NumberListCheck<T> Numbers<T>(ListRule rule) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(rule, rule.Values.Select(v => ExactNumber.Parse(v)?.Exactly(0) is { } units && units >= Int128.CreateTruncating(T.MinValue) && units <= Int128.CreateTruncating(T.MaxValue) ? T.CreateTruncating(units) : (T?)null));

    /// <summary>What the list expects, in words; its values are the contract's, not the row's.</summary>
    internal static string Reason(ListRule rule) => rule.Membership == Membership.Within
        ? $"found another value, expected one of {string.Join(", ", rule.Values)}" : "found a value that counts as missing, expected another";
}

/// <summary>Texts.</summary>
internal sealed class TextListCheck(ListRule rule) : ColumnCheck(rule, ListCheck.Reason(rule))
{
    // Lists that people write are short: comparing bytes is quicker than any hash of them.
    private readonly byte[][] _values = [.. rule.Values.Select(Encoding.UTF8.GetBytes)];

    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var texts = (VarLengthArray)column;
        for (var row = 0; row < texts.Length; row++)
            if (!texts.IsNull(row) && Has(texts.GetBytes(row)) != (rule.Membership == Membership.Within)) Reject(row, kinds, verdicts);
    }

    private bool Has(ReadOnlySpan<byte> text)
    {
        foreach (var value in _values)
            if (text.SequenceEqual(value)) return true;
        return false;
    }
}

/// <summary>Exact numbers.</summary>
internal sealed class NumberListCheck<T>(ListRule rule, IEnumerable<T?> values) : ColumnCheck(rule, ListCheck.Reason(rule)) where T : unmanaged, IBinaryInteger<T>
{
    private readonly HashSet<T> _values = [.. values.OfType<T>()];

    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var found = ((FixedWidthArray<T>)column).Values;
        for (var row = 0; row < found.Length; row++)
            if (_values.Contains(found[row]) != (rule.Membership == Membership.Within) && !column.IsNull(row)) Reject(row, kinds, verdicts);
    }
}

/// <summary>True and false.</summary>
internal sealed class BoolListCheck(ListRule rule) : ColumnCheck(rule, ListCheck.Reason(rule))
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var bits = (BoolArray)column;
        for (var row = 0; row < bits.Length; row++)
            if (!bits.IsNull(row) && rule.Values.Contains(bits.GetValue(row) ? "true" : "false") != (rule.Membership == Membership.Within)) Reject(row, kinds, verdicts);
    }
}
