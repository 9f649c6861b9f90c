using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>What a message must not say, one rule a test. Messages are put together by hand.</summary>
public sealed class RefusalTests
{
    private static readonly Schema Numbers = new([new("n", Int32Type.Default, nullable: true)]);
    private static readonly Schema Texts = new([new("t", StringType.Default, nullable: true)]);
    private static readonly Schema Flags = new([new("b", BooleanType.Default, nullable: true)]);

    // Two rows: validity at 0, values or offsets at 8, bytes at 24.
    private static readonly byte[] Body = [0b01, 0, 0, 0, 0, 0, 0, 0, .. Columns.Bytes([0, 2, 5]), 0, 0, 0, 0, .. "hello"u8, 0, 0, 0];

    [Fact]
    public void A_batch_that_says_what_is_there_is_read()
    {
        var numbers = (FixedWidthArray<int>)Read(Numbers, 2, [2, 1], [0, 1, 8, 8]).Column(0);
        Assert.Equal((0, true, false), (numbers[0], numbers.IsValid(0), numbers.IsValid(1)));
        var texts = (VarLengthArray)Read(Texts, 2, [2, 0], [0, 0, 8, 12, 24, 5]).Column(0);
        Assert.Equal(("he", "llo"), (texts.GetString(0), texts.GetString(1)));
    }

    [Fact]
    public void A_bitmap_may_be_there_without_nulls() => Assert.Equal(0, Read(Numbers, 2, [2, 0], [0, 1, 8, 8]).Column(0).NullCount);

    [Fact]
    public void Another_number_of_columns_is_refused()
    {
        Refused("another number of columns", Numbers, 2, [], [0, 1, 8, 8]);
        Refused("another number of columns", Numbers, 2, [2, 0, 2, 0], [0, 1, 8, 8]);
    }

    [Fact]
    public void Another_number_of_buffers_is_refused()
    {
        Refused("fewer buffers", Numbers, 2, [2, 0], [0, 1]);
        Refused("more buffers", Numbers, 2, [2, 0], [0, 1, 8, 8, 8, 8]);
        Refused("fewer buffers", Texts, 2, [2, 0], [0, 1, 8, 12]);
    }

    [Fact]
    public void Another_number_of_rows_is_refused()
    {
        Refused("another number of rows", Numbers, 2, [1, 0], [0, 1, 8, 8]);
        Refused("number of rows is negative", Numbers, -1, [-1, 0], [0, 1, 8, 8]);
        Assert.Throws<ArrowNotSupportedException>(() => Read(Numbers, 1L << 31, [1L << 31, 0], [0, 1, 8, 8]));
    }

    [Fact]
    public void A_number_of_nulls_that_the_bitmap_does_not_bear_out_is_refused()
    {
        Refused("not possible", Numbers, 2, [2, -1], [0, 1, 8, 8]);
        Refused("not possible", Numbers, 2, [2, 3], [0, 1, 8, 8]);
        Refused("another number of nulls", Numbers, 2, [2, 2], [0, 1, 8, 8]);
        Refused("too short", Numbers, 2, [2, 1], [0, 0, 8, 8]);
    }

    [Fact]
    public void Buffers_outside_the_body_are_refused()
    {
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, 8, 1000]);
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, 30, 8]);
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, -8, 8]);
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, 8, -8]);
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, long.MaxValue, 8]);
        Refused("outside the body", Numbers, 2, [2, 0], [0, 0, 8, long.MaxValue]);
    }

    [Fact]
    public void Buffers_too_short_for_the_rows_are_refused()
    {
        Refused("too short", Numbers, 2, [2, 0], [0, 0, 8, 7]);
        Refused("too short", Texts, 2, [2, 0], [0, 0, 8, 11, 24, 5]);
        Refused("too short", Flags, 9, [9, 0], [0, 0, 8, 1]);
        Refused("too short", new([new("f", new FixedSizeBinaryType(int.MaxValue), nullable: false)]), 4, [4, 0], [0, 0, 0, 32]);
        Refused("too short", Numbers, int.MaxValue / 2, [int.MaxValue / 2, 0], [0, 0, 8, 8]);
    }

    [Fact]
    public void Offsets_that_go_down_or_out_of_the_values_are_refused()
    {
        Refused("offset", Texts, 2, [2, 0], [0, 0, 8, 12, 24, 4]);
        // From 12 on the offsets are 2, 5, 0.
        Refused("offset", Texts, 2, [2, 0], [0, 0, 12, 12, 24, 5]);
    }

    [Fact]
    public void Compressed_bodies_are_refused_by_name()
    {
        string Refusal(byte codec) => Assert.Throws<ArrowNotSupportedException>(() => Read(Numbers, 2, [2, 1], [0, 1, 8, 8], codec)).Message;
        Assert.Contains("LZ4", Refusal(0));
        Assert.Contains("ZSTD", Refusal(1));
        Assert.Contains("no such compression", Assert.Throws<ArrowFormatException>(() => Read(Numbers, 2, [2, 1], [0, 1, 8, 8], codec: 2)).Message);
    }

    [Fact]
    public void Big_endian_data_is_refused_by_name()
    {
        var writer = new FlatBufferWriter();
        writer.StartTable();
        writer.AddInt16(0, 1);
        var schema = writer.Finish(writer.EndTable()).ToArray();
        var error = Assert.Throws<ArrowNotSupportedException>(() => SchemaDecoder.Read(FlatTable.Root(schema, "schema")));
        Assert.Contains("big-endian", error.Message);
    }

    /// <summary>Every type of Schema.fbs that is not held.</summary>
    [Theory]
    [InlineData(11, "interval")]
    [InlineData(12, "list")]
    [InlineData(13, "struct")]
    [InlineData(14, "union")]
    [InlineData(16, "fixed_size_list")]
    [InlineData(17, "map")]
    [InlineData(21, "large_list")]
    [InlineData(22, "run_end_encoded")]
    [InlineData(23, "binary_view")]
    [InlineData(24, "utf8_view")]
    [InlineData(25, "list_view")]
    [InlineData(26, "large_list_view")]
    public void Other_types_are_refused_by_field_and_type(byte tag, string name)
    {
        var error = Assert.Throws<ArrowNotSupportedException>(() => ReadFieldOf(tag));
        Assert.Equal("field 'f': the type " + name + " is not supported.", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    [InlineData(255)]
    public void A_type_that_does_not_exist_is_an_error_in_the_data(byte tag) => Assert.Equal("field 'f'", Assert.Throws<ArrowFormatException>(() => ReadFieldOf(tag)).Where);

    private static void ReadFieldOf(byte tag)
    {
        var writer = new FlatBufferWriter();
        var name = writer.String("f");
        writer.StartTable();
        var type = writer.EndTable();
        writer.StartTable();
        writer.AddReference(0, name);
        writer.AddReference(3, type);
        writer.AddByte(2, tag);
        SchemaDecoder.ReadField(FlatTable.Root(writer.Finish(writer.EndTable()).ToArray(), "schema"));
    }

    [Theory]
    [InlineData(32, 10)]
    [InlineData(64, 19)]
    [InlineData(128, 39)]
    [InlineData(256, 77)]
    [InlineData(64, 0)]
    [InlineData(256, -1)]
    [InlineData(16, 3)]
    [InlineData(0, 3)]
    public void A_decimal_that_its_bits_can_not_hold_is_refused(int bits, int precision)
    {
        var writer = new FlatBufferWriter();
        writer.StartTable();
        writer.AddInt32(0, precision);
        writer.AddInt32(2, bits);
        var type = writer.EndTable();
        writer.StartTable();
        writer.AddReference(3, type);
        writer.AddByte(2, (byte)TypeTag.Decimal);
        var field = writer.Finish(writer.EndTable()).ToArray();
        Assert.Contains(bits is 0 or 16 ? "no such width" : "no such precision", Assert.Throws<ArrowFormatException>(() => SchemaDecoder.ReadField(FlatTable.Root(field, "schema"))).Message);
    }

    /// <summary>Two rows of large text: offsets 0, 2, 5 and the same with one of them wrong.</summary>
    [Fact]
    public void Large_offsets_that_go_down_or_out_of_the_values_are_refused()
    {
        Schema large = new([new("t", LargeStringType.Default, nullable: true)]);
        RecordBatch Large(params long[] offsets) => ReadBody(large, 2, [2, 0], [0, 0, 0, 24, 24, 5], [.. Columns.Bytes(offsets), .. "hello"u8, 0, 0, 0]);
        var texts = (VarLengthArray)Large(0, 2, 5).Column(0);
        Assert.Equal(("he", "llo"), (texts.GetString(0), texts.GetString(1)));
        foreach (var wrong in new long[][] { [0, 2, 6], [0, 3, 2], [-1, 2, 5], [0, long.MaxValue, 5], [0, 2, 1L << 32], [1L << 32, 1L << 32, 1L << 32], [0, -1, 5] })
            Assert.Contains("offset", Assert.Throws<ArrowFormatException>(() => Large(wrong)).Message);
        Assert.Contains("too short", Assert.Throws<ArrowFormatException>(() => ReadBody(large, 2, [2, 0], [0, 0, 0, 23, 24, 5], new byte[32])).Message);
    }

    [Theory]
    [InlineData(4, MessageKind.Tensor, "tensor")]
    [InlineData(2, MessageKind.RecordBatch, "metadata version V3")]
    [InlineData(5, MessageKind.RecordBatch, "metadata version V6")]
    internal void Other_messages_and_versions_are_refused_by_name(short version, MessageKind kind, string named)
    {
        var writer = new FlatBufferWriter();
        writer.StartTable();
        writer.AddInt16(0, version);
        writer.AddByte(1, (byte)kind);
        var message = writer.Finish(writer.EndTable()).ToArray();
        Assert.Contains(named, Assert.Throws<ArrowNotSupportedException>(() => MessageDecoder.ReadKind(message, "message 2")).Message);
    }

    [Fact]
    public void A_stream_has_one_schema_and_it_comes_first()
    {
        var stream = IpcFiles.ToStream(Numbers);
        byte[] twice = [.. stream[..^8], .. stream];
        Assert.Contains("second schema", Assert.Throws<ArrowFormatException>(() => IpcFiles.FromStream(new MemoryStream(twice))).Message);
        var batch = MessageEncoder.Batch(IpcFiles.Sample(Numbers, 0, seed: 1), position: 0).Metadata.ToArray();
        Assert.Contains("starts with its schema", Assert.Throws<ArrowFormatException>(() => IpcFiles.FromStream(new MemoryStream(batch))).Message);
        Assert.Contains("before its schema", Assert.Throws<ArrowFormatException>(() => IpcFiles.FromStream(new MemoryStream())).Message);
    }

    [Fact]
    public void A_file_that_was_never_finished_says_so()
    {
        using var output = new MemoryStream();
        using var writer = new ArrowFileWriter(output, Numbers);
        writer.WriteRecordBatch(IpcFiles.Sample(Numbers, 3, seed: 1));
        Assert.Contains("never finished", Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(output)).Message);
        Assert.Contains("does not start", Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(new byte[100])).Message);
        Assert.Contains("too short", Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(Array.Empty<byte>())).Message);
    }

    [Fact]
    public void A_block_outside_the_file_is_refused()
    {
        var file = new MemoryStream(IpcFiles.ToFile(Numbers, IpcFiles.Sample(Numbers, 3, seed: 1)));
        foreach (var block in new Block[] { new(-1, 64, 64), new(64, -1, 64), new(64, 64, -1), new(long.MaxValue, 64, 64), new(64, 64, long.MaxValue), new(64, int.MaxValue, 64) })
            Assert.Contains("outside the file", Assert.Throws<ArrowFormatException>(() => ArrowFileReader.ReadBlock(file, Numbers, block)).Message);
        Assert.Throws<ArrowFormatException>(() => ArrowFileReader.ReadBlock(file, Numbers, new(64, 0, 0)));
        Assert.Contains("disagree", Assert.Throws<ArrowFormatException>(() => ArrowFileReader.ReadBlock(file, Numbers, OnlyBlock() with { BodyLength = 0 })).Message);
        Assert.Contains("not a batch", Assert.Throws<ArrowFormatException>(() => ArrowFileReader.ReadBlock(file, Numbers, new(8, 184, 0))).Message);
    }

    private static Block OnlyBlock()
    {
        using var writer = new ArrowFileWriter(new MemoryStream(), Numbers);
        writer.WriteRecordBatch(IpcFiles.Sample(Numbers, 3, seed: 1));
        return writer.Blocks[0];
    }

    private static void Refused(string why, Schema schema, long length, long[] nodes, long[] buffers)
    {
        var error = Assert.Throws<ArrowFormatException>(() => Read(schema, length, nodes, buffers));
        Assert.Contains(why, error.Message);
        Assert.StartsWith("block 7", error.Where);
    }

    /// <summary>Nodes are pairs of rows and nulls, buffers pairs of offset and length.</summary>
    private static RecordBatch Read(Schema schema, long length, long[] nodes, long[] buffers, byte? codec = null) => ReadBody(schema, length, nodes, buffers, Body, codec);

    private static RecordBatch ReadBody(Schema schema, long length, long[] nodes, long[] buffers, byte[] body, byte? codec = null)
    {
        var writer = new FlatBufferWriter();
        var nodesAt = writer.Vector(Columns.Bytes(nodes), nodes.Length / 2);
        var buffersAt = writer.Vector(Columns.Bytes(buffers), buffers.Length / 2);
        writer.StartTable();
        if (codec is > 0) writer.AddByte(0, codec.Value);
        var compression = writer.EndTable();
        writer.StartTable();
        writer.AddInt64(0, length);
        writer.AddReference(1, nodesAt);
        writer.AddReference(2, buffersAt);
        if (codec is not null) writer.AddReference(3, compression);
        var batch = writer.EndTable();
        writer.StartTable();
        writer.AddReference(2, batch);
        return MessageDecoder.ReadBatch(writer.Finish(writer.EndTable()), schema, new(), body, "block 7");
    }
}
