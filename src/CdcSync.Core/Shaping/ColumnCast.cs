using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>Gives a column another type. A value that the type can't hold becomes null and a fault; nothing is rounded, cut or wrapped.</summary>
internal abstract class ColumnCast
{
    /// <summary>Casts the live rows; the others are null afterwards, with nothing beneath.</summary>
    /// <param name="source">A column of the cast's source type.</param>
    /// <param name="live">The rows to cast, each of them valid; empty = all.</param>
    /// <param name="misfits">Is told each row that does not fit.</param>
    internal abstract ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits);
}

/// <summary>One value to another; false if it does not fit exactly.</summary>
internal interface IValueCast<TFrom, TTo>
{
    bool TryCast(TFrom value, out TTo result);
}

/// <summary>Text to a value; false if the text is not one, or it does not fit exactly.</summary>
internal interface ITextParser<T>
{
    bool TryParse(ReadOnlySpan<byte> text, out T value);
}

/// <summary>A value's one text form.</summary>
internal interface ITextForm<in T>
{
    /// <summary>The longest text in bytes.</summary>
    int MaxLength { get; }

    /// <summary>Writes it; returns the bytes written.</summary>
    int Write(T value, Span<byte> to);
}

/// <summary>Fixed width to fixed width. The struct parameter makes the loop free of calls.</summary>
internal sealed class FixedCast<TFrom, TTo, TCast>(ArrowType to, TCast cast) : ColumnCast
    where TFrom : unmanaged where TTo : unmanaged where TCast : struct, IValueCast<TFrom, TTo>
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits)
    {
        var values = ((FixedWidthArray<TFrom>)source).Values;
        var bytes = new byte[values.Length * Unsafe.SizeOf<TTo>()];
        var target = MemoryMarshal.Cast<byte, TTo>(bytes.AsSpan());
        var liveBits = live.Span;
        byte[]? validity = null;
        for (var i = 0; i < values.Length; i++)
        {
            if (!RowBits.Has(liveBits, i) || cast.TryCast(values[i], out target[i])) continue;
            target[i] = default;
            RowBits.Clear(validity ??= live.IsEmpty ? RowBits.Ones(values.Length) : live.ToArray(), i);
            misfits(i);
        }
        return new FixedWidthArray<TTo>(to, values.Length, bytes, validity ?? live);
    }
}

/// <summary>Text to fixed width.</summary>
internal sealed class ParseCast<TTo, TParser>(ArrowType to, TParser parser) : ColumnCast where TTo : unmanaged where TParser : struct, ITextParser<TTo>
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits)
    {
        var text = (VarLengthArray)source;
        var offsets = text.Offsets;
        var values = text.ValueBytes;
        var bytes = new byte[text.Length * Unsafe.SizeOf<TTo>()];
        var target = MemoryMarshal.Cast<byte, TTo>(bytes.AsSpan());
        var liveBits = live.Span;
        byte[]? validity = null;
        for (var i = 0; i < target.Length; i++)
        {
            if (!RowBits.Has(liveBits, i) || parser.TryParse(values[offsets[i]..offsets[i + 1]], out target[i])) continue;
            target[i] = default;
            RowBits.Clear(validity ??= live.IsEmpty ? RowBits.Ones(text.Length) : live.ToArray(), i);
            misfits(i);
        }
        return new FixedWidthArray<TTo>(to, text.Length, bytes, validity ?? live);
    }
}

/// <summary>Fixed width to text; always fits.</summary>
internal sealed class TextCast<TFrom, TForm>(TForm form) : ColumnCast where TFrom : unmanaged where TForm : struct, ITextForm<TFrom>
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits)
    {
        var values = ((FixedWidthArray<TFrom>)source).Values;
        var builder = new VarLengthBuilder(StringType.Default, values.Length);
        Span<byte> buffer = new byte[form.MaxLength];
        var liveBits = live.Span;
        for (var i = 0; i < values.Length; i++)
        {
            if (RowBits.Has(liveBits, i)) builder.Append(buffer[..form.Write(values[i], buffer)]);
            else builder.AppendNull();
        }
        return builder.Build();
    }
}

/// <summary>From true and false, by way of 1 and 0 as bytes.</summary>
internal sealed class FromBoolCast(ColumnCast fromByte) : ColumnCast
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits)
    {
        var bits = ((BoolArray)source).Bits;
        var bytes = new byte[source.Length];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = Bitmap.Get(bits, i) ? (byte)1 : (byte)0;
        return fromByte.Apply(new FixedWidthArray<byte>(UInt8Type.Default, bytes.Length, bytes, source.Validity), live, misfits);
    }
}

/// <summary>To true and false, by way of 1 and 0 as bytes.</summary>
internal sealed class ToBoolCast(ColumnCast toByte) : ColumnCast
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlyMemory<byte> live, Action<int> misfits)
    {
        var bytes = (FixedWidthArray<byte>)toByte.Apply(source, live, misfits);
        var values = bytes.Values;
        var bits = new byte[Bitmap.ByteCount(values.Length)];
        for (var i = 0; i < values.Length; i++)
            if (values[i] != 0) Bitmap.Set(bits, i);
        return new BoolArray(values.Length, bits, bytes.Validity);
    }
}
