using System.Buffers.Binary;
using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>Whatever the bytes are: a clean error or a valid read, in bounded memory.</summary>
public sealed class CorruptionTests
{
    private static readonly Schema Small = new(
        [
            new("id", Int64Type.Default, nullable: false), new("name", StringType.Default, nullable: true), new("flag", BooleanType.Default, nullable: true),
            new("amount", new Decimal128Type(12, 2), nullable: true), new("key", new FixedSizeBinaryType(16), nullable: true),
            new("at", new TimestampType(TimeUnit.Microsecond, "UTC"), nullable: true, new Dictionary<string, string> { ["k"] = "v" }),
            new("none", NullType.Default, nullable: true),
        ],
        new Dictionary<string, string> { ["cdcsync"] = "1" });

    private static readonly RecordBatch[] Batches = [IpcFiles.Sample(Small, 9, seed: 11), IpcFiles.Sample(Small, 3, seed: 12)];

    public static TheoryData<string, string> Sweeps()
    {
        var sweeps = new TheoryData<string, string>();
        foreach (var format in new[] { "stream", "trickle", "file", "file as stream" })
            foreach (var damage in new[] { "cut", "flip FF", "flip 01", "flip 80", "zero" })
                sweeps.Add(format, damage);
        return sweeps;
    }

    [Theory, MemberData(nameof(Sweeps))]
    public void Damage_at_any_byte_gives_a_clean_error_or_a_valid_read(string format, string damage)
    {
        var bytes = format is "stream" or "trickle" ? IpcFiles.ToStream(Small, Batches) : IpcFiles.ToFile(Small, Batches);
        var refused = 0;
        for (var at = 0; at < bytes.Length; at++) refused += Refuses(format, Damage(bytes, damage, at), $"{damage} at {at}") ? 1 : 0;
        // A sweep that nothing notices would be a sweep that reads nothing.
        Assert.InRange(refused, bytes.Length / 50, bytes.Length);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("file")]
    public void Random_damage_gives_a_clean_error_or_a_valid_read(string format)
    {
        var bytes = format == "stream" ? IpcFiles.ToStream(Small, Batches) : IpcFiles.ToFile(Small, Batches);
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 5000; round++)
        {
            var damaged = (byte[])bytes.Clone();
            for (var i = random.Next(1, 8); i > 0; i--) BinaryPrimitives.WriteInt32LittleEndian(damaged.AsSpan(random.Next(damaged.Length - 4)), Nasty(random));
            Refuses(format, damaged, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        var bytes = IpcFiles.ToFile(Small, Batches);
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(bytes.AsMemory(0, length)));
    }

    [Fact]
    public void A_cut_stream_is_refused_unless_it_ends_between_two_messages()
    {
        var bytes = IpcFiles.ToStream(Small, Batches);
        var whole = new List<int>();
        for (var length = 0; length < bytes.Length; length++)
            if (!Refuses("stream", bytes[..length], $"cut at {length}")) whole.Add(length);
        Assert.Equal(3, whole.Count);
    }

    [Fact]
    public void A_length_that_promises_gigabytes_takes_no_memory_for_them()
    {
        byte[] promise = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3];
        Assert.True(Refuses("stream", promise, "seekable"));
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

    private static byte[] Damage(byte[] bytes, string damage, int at)
    {
        if (damage == "cut") return bytes[..at];
        var damaged = (byte[])bytes.Clone();
        damaged[at] = damage switch
        {
            "flip FF" => (byte)~damaged[at],
            "flip 01" => (byte)(damaged[at] ^ 0x01),
            "flip 80" => (byte)(damaged[at] ^ 0x80),
            _ => 0,
        };
        return damaged;
    }

    private static int Nasty(Random random) => random.Next(6) switch
    {
        0 => int.MaxValue,
        1 => int.MinValue,
        2 => -1,
        3 => random.Next(64),
        4 => random.Next(1 << 16),
        _ => random.Next(),
    };

    /// <summary>Reads and touches every value. Any other exception fails the test, as does taking memory without measure.</summary>
    private static bool Refuses(string format, byte[] bytes, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var (_, batches) = format switch
            {
                "stream" => IpcFiles.FromStream(new MemoryStream(bytes)),
                "trickle" => IpcFiles.FromStream(new IpcFiles.Trickle(bytes)),
                "file" => IpcFiles.FromFile(new(bytes)),
                _ => IpcFiles.FromFile(new(new MemoryStream(bytes))),
            };
            AssertFrugal(before, bytes, format, what);
            foreach (var column in batches.SelectMany(batch => batch.Columns)) Touch(column);
            return false;
        }
        catch (ArrowException)
        {
            AssertFrugal(before, bytes, format, what);
            return true;
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {error}");
            throw;
        }
    }

    private static void AssertFrugal(long before, byte[] bytes, string format, string what)
    {
        // What is found once is decoded once; a stream of unknown length may take its first step of 64 KiB, and an error its text.
        var most = 16L * bytes.Length + (64 << 10) + (format == "trickle" ? 128 << 10 : 0);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken <= most, $"{what}: {taken} bytes taken for {bytes.Length}");
    }

    private static void Touch(ArrowArray column)
    {
        // Rows without any bytes can be without number.
        for (var row = 0; row < Math.Min(column.Length, 1000); row++)
            if (column.IsValid(row)) _ = Columns.RowBytes(column, row).Length;
        if (column is VarLengthArray texts)
            for (var row = 0; row < texts.Length; row++) _ = texts.GetString(row);
    }
}
