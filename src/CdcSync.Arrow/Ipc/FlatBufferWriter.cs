using System.Buffers.Binary;
using System.Text;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// Writes a flat buffer from its end to its start, as the format wants it: what is pointed at is written before what points at it. Places are
/// counted from the end, so that growing does not move them.
/// </summary>
internal sealed class FlatBufferWriter
{
    private readonly List<(int Field, int Place)> _fields = [];
    private byte[] _bytes = new byte[1024];
    private int _used;
    private int _tableStart;
    private int _widest = sizeof(int);

    internal int String(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Align(sizeof(int), length + 1);
        Grow(length + 1)[length] = 0;
        Encoding.UTF8.GetBytes(text, Front(length));
        Int32(length);
        return _used;
    }

    internal int Vector(ReadOnlySpan<int> references)
    {
        Align(sizeof(int), 0);
        for (var i = references.Length - 1; i >= 0; i--) Reference(references[i]);
        Int32(references.Length);
        return _used;
    }

    /// <summary>A vector of structs, given as their bytes.</summary>
    internal int Vector(ReadOnlySpan<byte> structs, int count)
    {
        Align(sizeof(int), structs.Length);
        Align(sizeof(long), structs.Length);
        structs.CopyTo(Grow(structs.Length));
        Int32(count);
        return _used;
    }

    internal void StartTable()
    {
        _fields.Clear();
        _tableStart = _used;
    }

    internal void AddByte(int field, byte value) => Add(field, sizeof(byte))[0] = value;

    internal void AddBool(int field, bool value) => AddByte(field, value ? (byte)1 : (byte)0);

    internal void AddInt16(int field, short value) => BinaryPrimitives.WriteInt16LittleEndian(Add(field, sizeof(short)), value);

    internal void AddInt32(int field, int value) => BinaryPrimitives.WriteInt32LittleEndian(Add(field, sizeof(int)), value);

    internal void AddInt64(int field, long value) => BinaryPrimitives.WriteInt64LittleEndian(Add(field, sizeof(long)), value);

    internal void AddReference(int field, int place)
    {
        Align(sizeof(int), 0);
        Reference(place);
        _fields.Add((field, _used));
    }

    internal int EndTable()
    {
        Align(sizeof(int), 0);
        Int32(0);
        var table = _used;
        var entries = _fields.Count == 0 ? 0 : _fields.Max(field => field.Field) + 1;
        var size = (2 + entries) * sizeof(ushort);
        var vtable = Grow(size);
        vtable.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(vtable, (ushort)size);
        BinaryPrimitives.WriteUInt16LittleEndian(vtable[2..], (ushort)(table - _tableStart));
        foreach (var (field, place) in _fields) BinaryPrimitives.WriteUInt16LittleEndian(vtable[((2 + field) * sizeof(ushort))..], (ushort)(table - place));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_bytes.Length - table), _used - table);
        return table;
    }

    /// <summary>The whole buffer; its length is a multiple of 8.</summary>
    internal ReadOnlySpan<byte> Finish(int root)
    {
        Align(_widest, sizeof(int));
        Reference(root);
        return Front(_used);
    }

    private Span<byte> Add(int field, int size)
    {
        Align(size, 0);
        var room = Grow(size);
        _fields.Add((field, _used));
        return room;
    }

    private void Reference(int place) => Int32(_used + sizeof(int) - place);

    private void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Grow(sizeof(int)), value);

    /// <summary>Pads so that after that many more bytes the place is a multiple of the size.</summary>
    private void Align(int size, int following)
    {
        _widest = Math.Max(_widest, size);
        Grow(-(_used + following) & (size - 1)).Clear();
    }

    private Span<byte> Grow(int count)
    {
        if (_used + count > _bytes.Length)
        {
            var larger = new byte[Math.Max(2 * _bytes.Length, _used + count)];
            Front(_used).CopyTo(larger.AsSpan(larger.Length - _used));
            _bytes = larger;
        }
        _used += count;
        return Front(count);
    }

    private Span<byte> Front(int count) => _bytes.AsSpan(_bytes.Length - _used, count);
}
