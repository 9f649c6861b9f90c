using CdcSync.Arrow.Ipc;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Arrow.Tests.Ipc;

public sealed class RoundTripTests
{
    /// <summary>What a run is made of. The batches' values follow from the seed.</summary>
    private sealed record Case(Schema Schema, int[] Rows, int Seed)
    {
        internal List<RecordBatch> Batches() => [.. Rows.Select((rows, i) => Change(IpcFiles.Sample(Schema, rows, Seed + i), new Random(Seed + i)))];

        /// <summary>As built, a slice of it, or some rows of it in another order.</summary>
        private static RecordBatch Change(RecordBatch batch, Random random)
        {
            var first = random.Next(batch.Length + 1);
            return random.Next(3) switch
            {
                0 => batch,
                1 => batch.Slice(first, random.Next(batch.Length - first + 1)),
                _ => batch.Take([.. Enumerable.Range(0, batch.Length).Where(_ => random.Next(2) == 0).Reverse()]),
            };
        }
    }

    private static readonly Gen<Dictionary<string, string>?> Metadata = Gen.OneOf(
        Gen.Constant<Dictionary<string, string>?>(null),
        from keys in Gen.ListOf(Gen.Elements("", "a", "Ünïcode", "ARROW:extension:name"), 3)
        from value in Gen.Elements("", "{}", "日本語")
        select (Dictionary<string, string>?)keys.Distinct().ToDictionary(key => key, _ => value));

    private static readonly Gen<Field> Fields =
        from name in Gen.Elements("id", "name", "", "with space", "\"quoted\"", "日本語", "id2")
        from type in Gen.Elements(Columns.AllTypes)
        from nullable in Gen.Elements(true, false)
        from metadata in Metadata
        select new Field(name, type, nullable, metadata);

    private static readonly Gen<Case> Cases =
        from count in Gen.Choose(0, 8)
        from fields in Gen.ArrayOf(Fields, count)
        from metadata in Metadata
        from batches in Gen.Choose(0, 4)
        from rows in Gen.ArrayOf(Gen.Choose(0, 200), batches)
        from seed in Gen.Choose(0, int.MaxValue / 2)
        select new Case(new(fields, metadata), rows, seed);

    // FsCheck's message on failure holds the case and the seed to replay it with.
    private static void ForAllCases(Action<Case> check) =>
        Prop.ForAll(Arb.From(Cases), check).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void What_is_written_as_a_stream_is_read_back() => ForAllCases(one =>
    {
        var batches = one.Batches();
        var bytes = IpcFiles.ToStream(one.Schema, batches);
        AssertSame(one.Schema, batches, IpcFiles.FromStream(new MemoryStream(bytes)));
        AssertSame(one.Schema, batches, IpcFiles.FromStream(new IpcFiles.Trickle(bytes)));
        AssertSame(one.Schema, batches, IpcFiles.FromStream(new ArrowStreamReader(bytes)));
    });

    [Fact]
    public void What_is_written_as_a_file_is_read_back() => ForAllCases(one =>
    {
        var batches = one.Batches();
        var bytes = IpcFiles.ToFile(one.Schema, batches);
        AssertSame(one.Schema, batches, IpcFiles.FromFile(new(bytes)));
        AssertSame(one.Schema, batches, IpcFiles.FromFile(new(new MemoryStream(bytes))));
        // Between its two marks a file is a stream.
        AssertSame(one.Schema, batches, IpcFiles.FromStream(new MemoryStream(bytes, 8, bytes.Length - 8)));
    });

    [Fact]
    public void Every_type_is_read_back_whole_sliced_and_empty()
    {
        var schema = IpcFiles.OfAllTypes;
        var whole = IpcFiles.Sample(schema, 300, seed: 1);
        RecordBatch[] batches = [whole, whole.Slice(0, 0), whole.Slice(3, 290), whole.Slice(8, 1), whole.Take([7, 299, 7, 0])];
        AssertSame(schema, batches, IpcFiles.FromStream(new MemoryStream(IpcFiles.ToStream(schema, batches))));
        AssertSame(schema, batches, IpcFiles.FromFile(new(IpcFiles.ToFile(schema, batches))));
    }

    [Fact]
    public void A_slice_takes_no_other_rows_along()
    {
        var schema = new Schema([new("note", StringType.Default, nullable: true)]);
        var builder = new RecordBatchBuilder(schema);
        foreach (var text in new[] { "SECRET", "open", "SECRET" }) ((VarLengthBuilder)builder[0]).Append(text);
        var bytes = IpcFiles.ToFile(schema, builder.Build().Slice(1, 1));
        Assert.Equal(-1, bytes.AsSpan().IndexOf("SECRET"u8));
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf("open"u8));
    }

    [Fact]
    public void Bodies_and_their_buffers_start_at_multiples_of_64()
    {
        var schema = IpcFiles.OfAllTypes;
        using var stream = new MemoryStream();
        using var writer = new ArrowFileWriter(stream, schema);
        for (var rows = 0; rows < 5; rows++) writer.WriteRecordBatch(IpcFiles.Sample(schema, rows, seed: rows));
        writer.WriteEnd();
        Assert.All(writer.Blocks, block => Assert.Equal((0, 0, 0), (block.Offset % 64, block.MetadataLength % 64, block.BodyLength % 64)));
    }

    [Fact]
    public void A_file_is_read_block_by_block_while_it_is_written()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.CreateVersion7()}.arrow");
        try
        {
            var schema = IpcFiles.OfAllTypes;
            using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            using var writer = new ArrowFileWriter(output, schema);
            using var input = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            for (var i = 0; i < 5; i++)
            {
                var batch = IpcFiles.Sample(schema, 10 * i, seed: i);
                writer.WriteRecordBatch(batch);
                Columns.AssertEqual(batch, ArrowFileReader.ReadBlock(input, schema, writer.Blocks[i]));
            }
            Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(input));
            writer.WriteEnd();
            Assert.Equal(5, new ArrowFileReader(input).RecordBatchCount);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_writer_takes_only_its_own_schema_and_nothing_after_the_end()
    {
        var schema = new Schema([new("id", Int64Type.Default, nullable: true)]);
        var other = new Schema([new("id", Int32Type.Default, nullable: true)]);
        using var file = new ArrowFileWriter(new MemoryStream(), schema);
        using var stream = new ArrowStreamWriter(new MemoryStream(), schema);
        Assert.Throws<ArgumentException>(() => file.WriteRecordBatch(IpcFiles.Sample(other, 1, seed: 1)));
        Assert.Throws<ArgumentException>(() => stream.WriteRecordBatch(IpcFiles.Sample(other, 1, seed: 1)));
        file.WriteEnd();
        stream.WriteEnd();
        Assert.Throws<InvalidOperationException>(() => file.WriteRecordBatch(IpcFiles.Sample(schema, 1, seed: 1)));
        Assert.Throws<InvalidOperationException>(() => stream.WriteRecordBatch(IpcFiles.Sample(schema, 1, seed: 1)));
        Assert.Throws<InvalidOperationException>(file.WriteEnd);
        Assert.Throws<InvalidOperationException>(stream.WriteEnd);
    }

    [Fact]
    public void After_a_failed_write_a_file_is_not_ended_as_if_it_were_whole()
    {
        var schema = new Schema([new("id", Int64Type.Default, nullable: true)]);
        using var disk = new FullDisk(room: 2000);
        using var writer = new ArrowFileWriter(disk, schema);
        writer.WriteRecordBatch(IpcFiles.Sample(schema, 10, seed: 1));
        Assert.Throws<IOException>(() => writer.WriteRecordBatch(IpcFiles.Sample(schema, 1000, seed: 1)));
        disk.Room = int.MaxValue;
        Assert.Throws<InvalidOperationException>(writer.WriteEnd);
        Assert.Single(writer.Blocks);
    }

    [Fact]
    public void Writing_a_batch_and_reading_it_from_memory_allocates_nothing_per_row()
    {
        var schema = new Schema([.. IpcFiles.OfAllTypes.Fields.Where(field => field.DataType is not (LargeStringType or LargeBinaryType))]);
        var batch = IpcFiles.Sample(schema, 20_000, seed: 1);
        var bytes = new byte[batch.ByteSize + (1 << 16)];
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            using var stream = new MemoryStream(bytes);
            using var writer = new ArrowStreamWriter(stream, schema);
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
            _ = new ArrowStreamReader(bytes.AsMemory(0, (int)stream.Position)).ReadNextRecordBatch();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The least of several: the runtime takes memory once in its life for what runs first.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Allocated()), 0, 64 << 10);
        Assert.True(batch.ByteSize > 4 << 20);
    }

    private static void AssertSame(Schema schema, IReadOnlyList<RecordBatch> batches, (Schema Schema, List<RecordBatch> Batches) read)
    {
        Assert.Equal(schema, read.Schema);
        Assert.Equal(batches.Count, read.Batches.Count);
        for (var i = 0; i < batches.Count; i++) Columns.AssertEqual(batches[i], read.Batches[i]);
    }

    private sealed class FullDisk(long room) : MemoryStream
    {
        internal long Room { get; set; } = room;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length + buffer.Length > Room) throw new IOException("no space left");
            base.Write(buffer);
        }
    }
}
