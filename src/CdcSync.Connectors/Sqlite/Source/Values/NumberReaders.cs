using System.Globalization;
using System.Numerics;
using System.Text;
using CdcSync.Arrow;

namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>Integers in range, and real numbers without a fraction.</summary>
internal sealed class IntegerReader<T>(FixedWidthBuilder<T> builder) : ValueReader(builder.Type) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private static readonly long Least = long.CreateSaturating(T.MinValue);
    private static readonly long Most = long.CreateSaturating(T.MaxValue);

    private readonly string _outOfRange = $"found a number out of range, expected {builder.Type}";
    private readonly string _fraction = $"found a number with a fraction, expected {builder.Type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Integer(long value)
    {
        if (value < Least || value > Most) return _outOfRange;
        builder.Append(T.CreateTruncating(value));
        return null;
    }

    protected override string? Real(double value)
    {
        if (value != Math.Truncate(value)) return _fraction;
        if (Math.Abs(value) > 1e20) return _outOfRange;
        var whole = (Int128)value;
        if (whole < Int128.CreateChecked(T.MinValue) || whole > Int128.CreateChecked(T.MaxValue)) return _outOfRange;
        builder.Append(T.CreateTruncating(whole));
        return null;
    }
}

/// <summary>Real numbers and integers that the width holds exactly.</summary>
internal sealed class RealReader<T>(FixedWidthBuilder<T> builder) : ValueReader(builder.Type) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly string _inexact = $"found a number that {builder.Type} does not hold exactly";

    public override ArrayBuilder Builder => builder;

    protected override string? Integer(long value)
    {
        var real = (double)value;
        return (Int128)real == value ? Real(real) : _inexact;
    }

    protected override string? Real(double value)
    {
        var narrow = T.CreateTruncating(value);
        if (double.CreateTruncating(narrow) != value) return _inexact;
        builder.Append(narrow);
        return null;
    }
}

/// <summary>Integers, real numbers by their shortest text, and texts, where the scale holds all digits.</summary>
internal sealed class DecimalReader(FixedWidthBuilder<Int128> builder, Decimal128Type type) : ValueReader(type)
{
    private readonly DecimalText _digits = new(type.Precision, type.Scale);
    private readonly string _noNumber = $"found a text that is no number, expected {type}";
    private readonly string _tooFine = $"found more digits after the point than {type} holds";
    private readonly string _outOfRange = $"found a number out of range, expected {type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Integer(long value) => Take(_digits.TryScale(value, out var scaled), scaled);

    protected override string? Real(double value)
    {
        if (_digits.TryShort(value, out var scaled))
        {
            builder.Append(scaled);
            return null;
        }
        Span<byte> text = stackalloc byte[32];
        if (!double.IsFinite(value)) return _outOfRange;
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return Text(text[..length]);
    }

    protected override string? Text(ReadOnlySpan<byte> utf8) => Take(_digits.TryParse(utf8, out var scaled), scaled);

    private string? Take(DecimalOutcome outcome, Int128 scaled)
    {
        if (outcome == DecimalOutcome.Fits)
        {
            builder.Append(scaled);
            return null;
        }
        return outcome switch { DecimalOutcome.NoNumber => _noNumber, DecimalOutcome.TooFine => _tooFine, _ => _outOfRange };
    }
}

/// <summary>0 and 1, and the texts <c>true</c>, <c>false</c> (in any case), <c>1</c> and <c>0</c>.</summary>
internal sealed class BoolReader(BoolBuilder builder) : ValueReader(builder.Type)
{
    private const string Neither = "found a value that is neither true nor false, expected bool";

    public override ArrayBuilder Builder => builder;

    protected override string? Integer(long value) => value is 0 or 1 ? Take(value == 1) : Neither;

    protected override string? Text(ReadOnlySpan<byte> utf8)
    {
        if (utf8.SequenceEqual("1"u8) || Ascii.EqualsIgnoreCase(utf8, "true"u8)) return Take(true);
        return utf8.SequenceEqual("0"u8) || Ascii.EqualsIgnoreCase(utf8, "false"u8) ? Take(false) : Neither;
    }

    private string? Take(bool value)
    {
        builder.Append(value);
        return null;
    }
}

/// <summary>Takes NULL only.</summary>
internal sealed class NothingReader(NullBuilder builder) : ValueReader(builder.Type)
{
    public override ArrayBuilder Builder => builder;
}
