using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace CdcSync.Core.Metrics;

/// <summary>Writes one message in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding): what OTLP's metrics need of it.</summary>
internal sealed class ProtobufWriter
{
    private const int Varint = 0, Fixed64 = 1, LengthDelimited = 2;
    private const int LowBits = 0x7f, MoreFollow = 0x80, BitsAtATime = 7;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What was written.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>A message in a field.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="fill">Writes the message.</param>
    public void Message(int field, Action<ProtobufWriter> fill)
    {
        var message = new ProtobufWriter();
        fill(message);
        Delimited(field, message._bytes.WrittenSpan);
    }

    /// <summary>A text.</summary>
    public void Text(int field, string value) => Delimited(field, Encoding.UTF8.GetBytes(value));

    /// <summary>An enum's value or a truth value.</summary>
    public void Number(int field, ulong value)
    {
        Tag(field, Varint);
        Whole(value);
    }

    /// <summary>A <c>fixed64</c>.</summary>
    public void Fixed(int field, ulong value)
    {
        Tag(field, Fixed64);
        EightBytes(value);
    }

    /// <summary>A <c>double</c>.</summary>
    public void Real(int field, double value) => Fixed(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Numbers of eight bytes each, one after the other.</summary>
    public void Packed(int field, IReadOnlyCollection<ulong> values)
    {
        Tag(field, LengthDelimited);
        Whole((ulong)values.Count * sizeof(ulong));
        foreach (var value in values)
            EightBytes(value);
    }

    private void Delimited(int field, ReadOnlySpan<byte> bytes)
    {
        Tag(field, LengthDelimited);
        Whole((ulong)bytes.Length);
        _bytes.Write(bytes);
    }

    private void Tag(int field, int type) => Whole(((ulong)field << 3) | (uint)type);

    /// <summary>Seven bits a byte, the lowest first; the eighth says that more follow.</summary>
    private void Whole(ulong value)
    {
        for (; value > LowBits; value >>= BitsAtATime)
            OneByte((byte)((value & LowBits) | MoreFollow));
        OneByte((byte)value);
    }

    private void OneByte(byte value) => _bytes.Write([value]);

    private void EightBytes(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }
}
