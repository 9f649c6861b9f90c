using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

public sealed class MappedFileTests : IDisposable
{
    private static readonly Schema Orders = new([new("id", Int64Type.Default, nullable: false), new("note", StringType.Default, nullable: true), new("gift", BooleanType.Default, nullable: false)]);

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.CreateVersion7()}.arrow");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_mapped_file_holds_what_was_written()
    {
        var schema = IpcFiles.OfAllTypes;
        RecordBatch[] batches = [IpcFiles.Sample(schema, 300, seed: 3), IpcFiles.Sample(schema, 0, seed: 4), IpcFiles.Sample(schema, 7, seed: 5)];
        File.WriteAllBytes(_path, IpcFiles.ToFile(schema, batches));
        using var reader = ArrowFileReader.Map(_path);
        Assert.Equal((schema, 3), (reader.Schema, reader.RecordBatchCount));
        for (var i = 2; i >= 0; i--) Columns.AssertEqual(batches[i], reader.ReadRecordBatch(i));
    }

    /// <summary>Reading takes memory for the description of the batch, whatever its size.</summary>
    [Fact]
    public void Reading_a_mapped_batch_copies_no_values()
    {
        var batch = IpcFiles.Sample(Orders, 200_000, seed: 1);
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, batch));
        using var reader = ArrowFileReader.Map(_path);
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = reader.ReadRecordBatch(0);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The least of several: the runtime takes memory once in its life for what runs first.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Allocated()), 0, 4096);
        Assert.True(batch.ByteSize > 1_000_000);
    }

    [Fact]
    public void After_it_is_closed_every_access_says_so_and_none_crashes()
    {
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, IpcFiles.Sample(Orders, 100_000, seed: 1)));
        var reader = ArrowFileReader.Map(_path);
        var batch = reader.ReadRecordBatch(0);
        var slice = batch.Slice(16, 50);
        var copy = batch.Take([1, 2, 3]);
        reader.Dispose();
        reader.Dispose();
        foreach (var closed in new[] { batch, slice })
        {
            Assert.Throws<ObjectDisposedException>(() => ((FixedWidthArray<long>)closed.Column(0))[0]);
            Assert.Throws<ObjectDisposedException>(() => ((VarLengthArray)closed.Column(1)).GetString(0));
            Assert.Throws<ObjectDisposedException>(() => ((BoolArray)closed.Column(2)).GetValue(0));
            Assert.Throws<ObjectDisposedException>(() => closed.Take([0]));
            Assert.Throws<ObjectDisposedException>(() => IpcFiles.ToFile(Orders, closed));
        }
        Assert.Throws<ObjectDisposedException>(() => reader.ReadRecordBatch(0));
        // What was copied out is nobody's but its own.
        Assert.Equal(3, copy.Length);
        _ = ((FixedWidthArray<long>)copy.Column(0))[2];
    }

    [Fact]
    public void A_batch_outlives_every_reference_to_its_reader()
    {
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, IpcFiles.Sample(Orders, 1000, seed: 1)));
        var batch = Forget(_path);
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Columns.AssertEqual(IpcFiles.Sample(Orders, 1000, seed: 1), batch);
    }

    [Fact]
    public void Many_threads_may_read_one_mapped_file_with_dictionaries()
    {
        var bytes = Damage.Subject("dictionary file");
        File.WriteAllBytes(_path, bytes);
        var expected = IpcFiles.FromFile(new(bytes)).Batches.ConvertAll(IpcFiles.Decoded);
        using var reader = ArrowFileReader.Map(_path);
        Parallel.For(0, 200, i => Columns.AssertEqual(expected[i % 2], IpcFiles.Decoded(reader.ReadRecordBatch(i % 2))));
    }

    [Fact]
    public void A_mapped_file_may_be_deleted_while_it_is_read()
    {
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, IpcFiles.Sample(Orders, 1000, seed: 1)));
        using var reader = ArrowFileReader.Map(_path);
        if (!OperatingSystem.IsWindows()) File.Delete(_path);
        Columns.AssertEqual(IpcFiles.Sample(Orders, 1000, seed: 1), reader.ReadRecordBatch(0));
    }

    /// <summary>A sparse file: a hole of 3 GiB, then a batch.</summary>
    [Fact]
    public void A_mapped_file_may_be_larger_than_one_buffer()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files are not sparse by default there.");
        var batch = IpcFiles.Sample(Orders, 1000, seed: 1);
        using (var file = File.Create(_path))
        {
            var sink = new MessageSink(file);
            sink.Write(IpcFormat.FileStart);
            file.Position = 3L << 30;
            var block = sink.Write(MessageEncoder.Batch(batch, file.Position)) with { Offset = 3L << 30 };
            sink.Write(MessageEncoder.Footer(Orders, [block]));
        }
        using var reader = ArrowFileReader.Map(_path);
        Columns.AssertEqual(batch, reader.ReadRecordBatch(0));
        using var stream = File.OpenRead(_path);
        Columns.AssertEqual(batch, new ArrowFileReader(stream).ReadRecordBatch(0));
    }

    [Fact]
    public void What_is_no_arrow_file_is_refused_and_left_unmapped()
    {
        File.WriteAllBytes(_path, []);
        Assert.Contains("too short", Assert.Throws<ArrowFormatException>(() => ArrowFileReader.Map(_path)).Message);
        File.WriteAllBytes(_path, new byte[10_000]);
        Assert.Contains("does not start", Assert.Throws<ArrowFormatException>(() => ArrowFileReader.Map(_path)).Message);
        if (OperatingSystem.IsLinux()) Assert.DoesNotContain(_path, File.ReadAllText("/proc/self/maps"));
        Assert.Throws<FileNotFoundException>(() => ArrowFileReader.Map(_path + ".absent"));
    }

    [Fact]
    public void Closing_unmaps_the_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The list of mappings is read from /proc.");
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, IpcFiles.Sample(Orders, 1000, seed: 1)));
        using (var reader = ArrowFileReader.Map(_path))
        {
            _ = reader.ReadRecordBatch(0);
            Assert.Contains(_path, File.ReadAllText("/proc/self/maps"));
        }
        Assert.DoesNotContain(_path, File.ReadAllText("/proc/self/maps"));
    }

    [Fact]
    public void Pinned_memory_stays_mapped_until_it_is_let_go()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The list of mappings is read from /proc.");
        File.WriteAllBytes(_path, IpcFiles.ToFile(Orders, new RecordBatch(Orders, [.. Orders.Fields.Select(field => WithNulls(field.DataType))], 3)));
        var reader = ArrowFileReader.Map(_path);
        var validity = reader.ReadRecordBatch(0).Column(1).Validity;
        using (var pinned = validity.Pin())
        {
            reader.Dispose();
            Assert.Throws<ObjectDisposedException>(() => validity.Span[0]);
            Assert.Throws<ObjectDisposedException>(() => validity.Pin());
            Assert.Contains(_path, File.ReadAllText("/proc/self/maps"));
            unsafe
            {
                Assert.Equal(0b101, *(byte*)pinned.Pointer & 0b111);
            }
        }
        Assert.DoesNotContain(_path, File.ReadAllText("/proc/self/maps"));
    }

    private static ArrowArray WithNulls(ArrowType type)
    {
        var value = Columns.Sample(type, 50, seed: 2);
        var valid = Enumerable.Range(0, 50).First(value.IsValid);
        var builder = ArrayBuilder.For(type);
        builder.AppendFrom(value, valid);
        builder.AppendNull();
        builder.AppendFrom(value, valid);
        return builder.Build();
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static RecordBatch Forget(string path) => ArrowFileReader.Map(path).ReadRecordBatch(0);
}
