using System.Buffers.Binary;
using System.Text;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// One flat buffer being read: its bytes' name for errors, and how much may still be taken from it. In a flat buffer many places can point at
/// one string or table; without a limit a few bytes would unfold into gigabytes.
/// </summary>
internal sealed class FlatBufferSource(string where, int length)
{
    private long _allowance = 1024 + 4L * length;

    internal string Where => where;

    internal void Spend(int bytes)
    {
        _allowance -= bytes + 8;
        if (_allowance < 0) throw Corrupt("the metadata unfolds to many times its size");
    }

    internal ArrowFormatException Corrupt(string what) => new(what, where);
}

/// <summary>A table of a flat buffer. Every offset is checked against the buffer before it is followed.</summary>
internal readonly ref struct FlatTable
{
    private readonly FlatBufferSource _source;
    private readonly ReadOnlySpan<byte> _buffer;
    private readonly int _table;
    private readonly int _vtable;
    private readonly int _vtableSize;

    private FlatTable(FlatBufferSource source, ReadOnlySpan<byte> buffer, long position)
    {
        source.Spend(0);
        _source = source;
        _buffer = buffer;
        _table = Inside(position, sizeof(int));
        _vtable = Inside((long)_table - BinaryPrimitives.ReadInt32LittleEndian(buffer[_table..]), 2 * sizeof(ushort));
        _vtableSize = BinaryPrimitives.ReadUInt16LittleEndian(buffer[_vtable..]);
        Inside(_vtable, _vtableSize);
    }

    internal static FlatTable Root(ReadOnlySpan<byte> buffer, string where)
    {
        var source = new FlatBufferSource(where, buffer.Length);
        if (buffer.Length < sizeof(uint)) throw source.Corrupt("the metadata is cut");
        return new(source, buffer, BinaryPrimitives.ReadUInt32LittleEndian(buffer));
    }

    internal static FlatTable At(FlatBufferSource source, ReadOnlySpan<byte> buffer, long position) => new(source, buffer, position);

    internal bool Has(int field) => Slot(field) != 0;

    internal byte Byte(int field, byte absent = 0) => Locate(field, sizeof(byte)) is >= 0 and var at ? _buffer[at] : absent;

    internal bool Bool(int field, bool absent = false) => Byte(field, absent ? (byte)1 : (byte)0) != 0;

    internal short Int16(int field, short absent = 0) =>
        Locate(field, sizeof(short)) is >= 0 and var at ? BinaryPrimitives.ReadInt16LittleEndian(_buffer[at..]) : absent;

    internal int Int32(int field, int absent = 0) =>
        Locate(field, sizeof(int)) is >= 0 and var at ? BinaryPrimitives.ReadInt32LittleEndian(_buffer[at..]) : absent;

    internal long Int64(int field, long absent = 0) =>
        Locate(field, sizeof(long)) is >= 0 and var at ? BinaryPrimitives.ReadInt64LittleEndian(_buffer[at..]) : absent;

    /// <summary>A table that has to be there.</summary>
    internal FlatTable Table(int field, string name) => Reference(field) is >= 0 and var at
        ? new(_source, _buffer, at) : throw _source.Corrupt($"{name} is missing");

    internal string? String(int field)
    {
        if (Reference(field) is not (>= 0 and var at)) return null;
        var length = Count(at, 1);
        _source.Spend(length);
        return Encoding.UTF8.GetString(_buffer.Slice((int)at + sizeof(int), length));
    }

    /// <summary>A vector of tables, or of structs of that many bytes; an absent one is empty.</summary>
    internal FlatVector Vector(int field, int elementSize = sizeof(int))
    {
        if (Reference(field) is not (>= 0 and var at)) return default;
        return new(_source, _buffer, (int)at + sizeof(int), Count(at, elementSize), elementSize);
    }

    private int Count(long at, int elementSize)
    {
        var count = BinaryPrimitives.ReadUInt32LittleEndian(_buffer[Inside(at, sizeof(uint))..]);
        Inside(at + sizeof(uint), (long)count * elementSize);
        return (int)count;
    }

    private long Reference(int field) => Locate(field, sizeof(uint)) is >= 0 and var at
        ? at + BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]) : -1;

    private int Locate(int field, int size) => Slot(field) is not 0 and var slot ? Inside((long)_table + slot, size) : -1;

    private int Slot(int field)
    {
        var entry = 2 * sizeof(ushort) + field * sizeof(ushort);
        return entry + sizeof(ushort) <= _vtableSize ? BinaryPrimitives.ReadUInt16LittleEndian(_buffer[(_vtable + entry)..]) : 0;
    }

    private int Inside(long start, long size) => start >= 0 && start + size <= _buffer.Length
        ? (int)start : throw _source.Corrupt("an offset points outside the metadata");
}

/// <summary>A vector of a flat buffer, its extent already checked.</summary>
internal readonly ref struct FlatVector(FlatBufferSource source, ReadOnlySpan<byte> buffer, int start, int count, int elementSize)
{
    private readonly ReadOnlySpan<byte> _buffer = buffer;

    internal int Count { get; } = count;

    internal FlatTable Table(int index)
    {
        var at = start + index * sizeof(int);
        return FlatTable.At(source, _buffer, at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]));
    }

    internal ReadOnlySpan<byte> Struct(int index) => _buffer.Slice(start + index * elementSize, elementSize);
}
