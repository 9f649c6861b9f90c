using System.Buffers.Binary;
using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

public sealed class FlatBufferTests
{
    // Sizes of the scalars and offsets of each table's fields, by Message.fbs and Schema.fbs.
    private static readonly int[] Message = [2, 1, 4, 8, 4];
    private static readonly int[] SchemaTable = [2, 4, 4, 4];
    private static readonly int[] FieldTable = [4, 1, 1, 4, 4, 4, 4];
    private static readonly int[] KeyValue = [4, 4];
    private static readonly int[] BatchTable = [8, 4, 4, 4];
    private static readonly int[] FooterTable = [2, 4, 4, 4, 4];

    /// <summary>Other implementations verify a flat buffer before they read it, and refuse what is not aligned.</summary>
    [Fact]
    public void Everything_that_is_written_is_aligned()
    {
        for (var count = 0; count <= Columns.AllTypes.Length; count++)
        {
            var schema = new Schema([.. IpcFiles.OfAllTypes.Fields.Take(count).Select(f => new Field(f.Name, f.DataType, true, count % 3 == 0 ? IpcFiles.OfAllTypes.Metadata : null))],
                count % 2 == 0 ? IpcFiles.OfAllTypes.Metadata : null);

            var message = new Walk(MessageEncoder.Schema(schema, position: 8).Metadata.ToArray()[8..]);
            CheckSchema(message, message.Reference(message.Root(Message), 2));

            message = new(MessageEncoder.Batch(IpcFiles.Sample(schema, 5, seed: count), position: 64).Metadata.ToArray()[8..]);
            CheckBatch(message, message.Reference(message.Root(Message), 2), count);

            var bytes = MessageEncoder.Footer(schema, [.. Enumerable.Range(0, count).Select(i => new Block(64 * i, 64, 128))]);
            var footer = new Walk(bytes[..^10]);
            CheckSchema(footer, footer.Reference(footer.Root(FooterTable), 1));
            footer.Structs(footer.Root(FooterTable), 2, size: 24, count: 0);
            footer.Structs(footer.Root(FooterTable), 3, size: 24, count);
        }
    }

    [Fact]
    public void What_is_written_into_a_table_is_read_from_it()
    {
        var writer = new FlatBufferWriter();
        var text = writer.String("grüße");
        writer.StartTable();
        writer.AddInt64(3, long.MinValue);
        writer.AddByte(0, 200);
        writer.AddReference(5, text);
        writer.AddInt16(1, -2);
        writer.AddInt32(2, int.MaxValue);
        writer.AddBool(7, true);
        var table = FlatTable.Root(writer.Finish(writer.EndTable()).ToArray(), "test");
        Assert.Equal((200, -2, int.MaxValue, long.MinValue), ((int)table.Byte(0), (int)table.Int16(1), table.Int32(2), table.Int64(3)));
        Assert.Equal("grüße", table.String(5));
        Assert.True(table.Bool(7));
        Assert.Equal((7, -1, false, 3L), ((int)table.Byte(4, absent: 7), table.Int32(6, absent: -1), table.Has(6), table.Int64(99, absent: 3)));
        Assert.Null(table.String(6));
        Assert.Equal(0, table.Vector(6).Count);
    }

    private static void CheckSchema(Walk walk, int at)
    {
        walk.Table(at, SchemaTable);
        foreach (var field in walk.Tables(at, 1))
        {
            walk.Table(field, FieldTable);
            walk.Text(walk.Reference(field, 0));
            walk.Table(walk.Reference(field, 3), walk.Byte(field, 2) switch
            {
                (byte)TypeTag.Int => [4, 1],
                (byte)TypeTag.FloatingPoint or (byte)TypeTag.Date or (byte)TypeTag.Duration => [2],
                (byte)TypeTag.Decimal => [4, 4, 4],
                (byte)TypeTag.Time => [2, 4],
                (byte)TypeTag.Timestamp => [2, 4],
                (byte)TypeTag.FixedSizeBinary => [4],
                _ => [],
            });
            Assert.Empty(walk.Tables(field, 5));
            CheckPairs(walk, field, 6);
        }
        CheckPairs(walk, at, 2);
    }

    private static void CheckPairs(Walk walk, int table, int field)
    {
        if (!walk.Has(table, field)) return;
        foreach (var pair in walk.Tables(table, field))
        {
            walk.Table(pair, KeyValue);
            walk.Text(walk.Reference(pair, 0));
            walk.Text(walk.Reference(pair, 1));
        }
    }

    private static void CheckBatch(Walk walk, int at, int columns)
    {
        walk.Table(at, BatchTable);
        walk.Structs(at, 1, size: 16, columns);
        walk.Structs(at, 2, size: 16, count: null);
    }

    /// <summary>A second reading of the format, by the rules of flatbuffers' own verifier, that shares no code with the library.</summary>
    private sealed class Walk(byte[] bytes)
    {
        internal int Root(int[] sizes)
        {
            var root = Int(0);
            Table(root, sizes);
            return root;
        }

        internal void Table(int at, int[] sizes)
        {
            Assert.Equal(0, at % 4);
            var vtable = at - Int(at);
            Assert.Equal(0, vtable % 2);
            var (vtableSize, tableSize) = (Short(vtable), Short(vtable + 2));
            Assert.InRange(vtable, 0, bytes.Length - vtableSize);
            Assert.InRange(at, 0, bytes.Length - tableSize);
            Assert.InRange((vtableSize - 4) / 2, 0, sizes.Length);
            for (var field = 0; field < (vtableSize - 4) / 2; field++)
            {
                var slot = Short(vtable + 4 + 2 * field);
                if (slot == 0) continue;
                Assert.InRange(slot, 4, tableSize - sizes[field]);
                Assert.Equal(0, (at + slot) % sizes[field]);
            }
        }

        internal bool Has(int table, int field) => Slot(table, field) != 0;

        internal byte Byte(int table, int field) => bytes[table + Slot(table, field)];

        internal int Reference(int table, int field)
        {
            var at = table + Slot(table, field);
            return at + Int(at);
        }

        internal int[] Tables(int table, int field)
        {
            var vector = Reference(table, field);
            Assert.Equal(0, vector % 4);
            return [.. Enumerable.Range(0, Int(vector)).Select(i => vector + 4 + 4 * i).Select(at => at + Int(at))];
        }

        internal void Structs(int table, int field, int size, int? count)
        {
            var vector = Reference(table, field);
            Assert.Equal(0, (vector + 4) % 8);
            Assert.Equal(count ?? Int(vector), Int(vector));
            Assert.InRange(vector + 4 + size * Int(vector), 0, bytes.Length);
        }

        internal void Text(int at)
        {
            Assert.Equal(0, at % 4);
            Assert.Equal(0, bytes[at + 4 + Int(at)]);
        }

        private int Slot(int table, int field)
        {
            var vtable = table - Int(table);
            return 4 + 2 * field < Short(vtable) ? Short(vtable + 4 + 2 * field) : 0;
        }

        private int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));

        private int Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
    }
}
