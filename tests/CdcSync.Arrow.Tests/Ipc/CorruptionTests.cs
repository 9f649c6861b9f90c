using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>Whatever the bytes are: a clean error or a valid read, in bounded time and memory.</summary>
public sealed class CorruptionTests
{
    private static readonly string[] Streams = ["stream", "dictionary stream", "old stream", "old dictionary stream"];
    private static readonly string[] Files = ["file", "dictionary file"];

    /// <summary>Each bit on its own, all at once, and one that turns small numbers into other small numbers.</summary>
    private static readonly byte[] Masks = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, 0x0F];

    public static MatrixTheoryData<string, string> StreamSweeps() => new(Streams, Damage.StreamReaders);

    public static MatrixTheoryData<string, string> FileSweeps() => new(Files, Damage.FileReaders);

    [Theory, MemberData(nameof(StreamSweeps)), MemberData(nameof(FileSweeps))]
    public void Any_byte_flipped_gives_a_clean_error_or_a_valid_read(string subject, string reader)
    {
        var bytes = Damage.Subject(subject);
        // Over a stream other code fetches the bytes; what then looks at them is the same, so three masks do.
        var masks = reader is "memory" or "file" ? Masks : Masks[^3..];
        var refused = Sweep(bytes, reader, _ => masks);
        // A sweep that nothing notices would be a sweep that reads nothing.
        Assert.InRange(refused, bytes.Length * masks.Length / 50, bytes.Length * masks.Length);
    }

    [Theory, MemberData(nameof(StreamSweeps)), MemberData(nameof(FileSweeps))]
    public void Any_byte_zeroed_or_followed_by_nothing_gives_a_clean_error_or_a_valid_read(string subject, string reader)
    {
        var bytes = Damage.Subject(subject);
        Sweep(bytes, reader, found => [found]);
        var refused = 0;
        for (var at = 0; at < bytes.Length; at++) refused += Damage.Refuses(reader, bytes[..at], () => $"cut at {at}") ? 1 : 0;
        Assert.InRange(refused, bytes.Length * 9 / 10, bytes.Length);
    }

    /// <summary>The smallest stream and file with text and nulls, each byte changed to each of its 255 other values.</summary>
    [Theory]
    [InlineData("small stream", "memory")]
    [InlineData("small file", "file")]
    public void Any_byte_changed_to_any_other_gives_a_clean_error_or_a_valid_read(string subject, string reader) =>
        Sweep(Damage.Subject(subject), reader, _ => [.. Enumerable.Range(1, 255).Select(mask => (byte)mask)]);

    /// <summary>Bytes that others laid out: other alignments, old framing, what our writer never leaves out or adds.</summary>
    [Theory]
    [InlineData("0.14.1", "decimal")]
    [InlineData("0.14.1", "dictionary")]
    [InlineData("1.0.0-littleendian", "dictionary_unsigned")]
    [InlineData("1.0.0-littleendian", "extension")]
    [InlineData("1.0.0-littleendian", "null")]
    [InlineData("1.0.0-littleendian", "primitive_large_offsets")]
    [InlineData("4.0.0-shareddict", "shared_dict")]
    public void Any_byte_of_a_golden_file_flipped_or_followed_by_nothing_gives_a_clean_error_or_a_valid_read(string folder, string name)
    {
        var path = GoldenTests.Locate(folder, name);
        foreach (var (reader, ending) in new[] { ("memory", ".stream"), ("file", ".arrow_file") })
        {
            var bytes = File.ReadAllBytes(path + ending);
            Assert.InRange(Sweep(bytes, reader, _ => [0x01, 0x10, 0x80, 0xFF]), bytes.Length / 10, bytes.Length * 4);
            for (var at = 0; at < bytes.Length; at++) Damage.Refuses(reader, bytes[..at], () => $"cut at {at}");
        }
    }

    [Fact]
    public void Damage_is_found_through_a_mapped_file_too()
    {
        var bytes = Damage.Subject("small file");
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.CreateVersion7()}.arrow");
        try
        {
            for (var at = 0; at < bytes.Length; at += 3)
            {
                File.WriteAllBytes(path, bytes[..at]);
                Assert.Throws<ArrowFormatException>(() => ArrowFileReader.Map(path));
                var damaged = (byte[])bytes.Clone();
                damaged[at] ^= 0xFF;
                File.WriteAllBytes(path, damaged);
                Assert.Equal(Damage.Refuses("file", damaged, () => $"flip at {at}"), RefusesMapped(path));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("file")]
    [InlineData("dictionary file")]
    public void Every_cut_of_a_file_is_refused(string subject)
    {
        var bytes = Damage.Subject(subject);
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(bytes.AsMemory(0, length)));
    }

    [Theory]
    [InlineData("stream", 3)]
    [InlineData("old stream", 3)]
    [InlineData("dictionary stream", 7)]
    public void A_cut_stream_is_refused_unless_it_ends_between_two_messages(string subject, int messages)
    {
        var bytes = Damage.Subject(subject);
        var whole = new List<int>();
        for (var length = 0; length < bytes.Length; length++)
            if (!Damage.Refuses("stream", bytes[..length], () => $"cut at {length}")) whole.Add(length);
        Assert.Equal(messages, whole.Count);
    }

    [Fact]
    public void A_length_that_promises_gigabytes_takes_no_memory_for_them()
    {
        byte[] promise = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3];
        Assert.True(Damage.Refuses("stream", promise, () => "seekable"));
        Assert.True(Damage.Refuses("memory", promise, () => "memory"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ArrowFormatException>(() => IpcFiles.FromStream(new IpcFiles.Trickle(promise)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 128 << 10);
    }

    [Fact]
    public void Metadata_that_points_at_one_string_again_and_again_does_not_unfold()
    {
        var writer = new FlatBufferWriter();
        var text = writer.String(new string('x', 10_000));
        writer.StartTable();
        writer.AddReference(0, text);
        writer.AddReference(1, text);
        var pair = writer.EndTable();
        var pairs = writer.Vector([.. Enumerable.Repeat(pair, 10_000)]);
        writer.StartTable();
        writer.AddReference(2, pairs);
        var bytes = writer.Finish(writer.EndTable()).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ArrowFormatException>(() => SchemaDecoder.Read(FlatTable.Root(bytes, "schema")));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * bytes.Length);
    }

    /// <summary>Small deltas and batches in turn: were each delta to copy the dictionary, 4 MiB would take gigabytes.</summary>
    [Fact]
    public void A_dictionary_that_grows_by_many_small_deltas_is_not_copied_for_each()
    {
        var field = new DictionaryMessages.EncodedField("f", new DictionaryType(Int8Type.Default, StringType.Default, Ordered: false));
        var messages = new List<EncodedMessage> { DictionaryMessages.Schema(field), DictionaryMessages.Dictionary(0, Columns.Sample(StringType.Default, 200_000, seed: 1)) };
        for (var i = 0; i < 2000; i++)
        {
            messages.Add(DictionaryMessages.Dictionary(0, DictionaryTests.Texts("x"), isDelta: true));
            messages.Add(DictionaryMessages.Batch(DictionaryTests.Places(0)));
        }
        var bytes = DictionaryMessages.ToStream([.. messages]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(2000, IpcFiles.FromStream(new ArrowStreamReader(bytes)).Batches.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16L * bytes.Length);
    }

    private static int Sweep(byte[] bytes, string reader, Func<byte, byte[]> masks)
    {
        var refused = 0;
        var damaged = (byte[])bytes.Clone();
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var mask in masks(bytes[at]))
            {
                damaged[at] = (byte)(bytes[at] ^ mask);
                refused += Damage.Refuses(reader, damaged, () => $"byte {at} flipped by {mask:X2}") ? 1 : 0;
            }
            damaged[at] = bytes[at];
        }
        return refused;
    }

    private static bool RefusesMapped(string path)
    {
        try
        {
            using var reader = ArrowFileReader.Map(path);
            foreach (var batch in IpcFiles.FromFile(reader).Batches)
                for (var row = 0; row < batch.Length; row++) _ = ((VarLengthArray)batch.Column(0)).GetString(row);
            return false;
        }
        catch (ArrowException)
        {
            return true;
        }
    }
}
