using System.Diagnostics;
using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>Valid bytes to be damaged, and what is asked of a reader of damaged ones: a clean error or a valid read, soon, in memory in proportion to the bytes.</summary>
internal static class Damage
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>A way to read. The last two let many bytes arrive only as they are read, or not at all before they are looked at.</summary>
    internal static readonly string[] StreamReaders = ["memory", "stream", "trickle"];
    internal static readonly string[] FileReaders = ["file", "file as stream"];

    private static readonly Schema Plain = new(
        [
            new("id", Int64Type.Default, nullable: false), new("name", StringType.Default, nullable: true), new("flag", BooleanType.Default, nullable: true),
            new("amount", new Decimal128Type(12, 2), nullable: true), new("key", new FixedSizeBinaryType(16), nullable: true),
            new("at", new TimestampType(TimeUnit.Microsecond, "UTC"), nullable: true, new Dictionary<string, string> { ["k"] = "v" }),
            new("none", NullType.Default, nullable: true), new("large", LargeStringType.Default, nullable: true), new("big", new Decimal256Type(50, 3), nullable: true),
        ],
        new Dictionary<string, string> { ["cdcsync"] = "1" });

    private static readonly RecordBatch[] Batches = [IpcFiles.Sample(Plain, 9, seed: 11), IpcFiles.Sample(Plain, 3, seed: 12)];

    private static readonly DictionaryMessages.EncodedField[] Encoded =
    [
        new("color", new DictionaryType(Int8Type.Default, StringType.Default, Ordered: false), Id: 7), new("n", Int32Type.Default),
        new("shade", new DictionaryType(Int8Type.Default, StringType.Default, Ordered: true), Id: 7),
    ];

    private static EncodedMessage EncodedBatch(params int?[] places) =>
        DictionaryMessages.Batch(DictionaryTests.Places(places), Columns.Sample(Int32Type.Default, places.Length, seed: 1), DictionaryTests.Places([.. places.Reverse()]));

    private static EncodedMessage Colors(bool isDelta, params string?[] values) => DictionaryMessages.Dictionary(7, DictionaryTests.Texts(values), isDelta);

    /// <summary>What is damaged, by name.</summary>
    internal static byte[] Subject(string name) => name switch
    {
        "stream" => IpcFiles.ToStream(Plain, Batches),
        "file" => IpcFiles.ToFile(Plain, Batches),
        "small stream" => IpcFiles.ToStream(new([Plain.Fields[1]]), IpcFiles.Sample(new([Plain.Fields[1]]), 3, seed: 5)),
        "small file" => IpcFiles.ToFile(new([Plain.Fields[1]]), IpcFiles.Sample(new([Plain.Fields[1]]), 3, seed: 5)),
        "dictionary stream" => DictionaryMessages.ToStream(
            DictionaryMessages.Schema(Encoded), Colors(false, "red", null, "blue"), EncodedBatch(0, null, 2), Colors(true, "green"), EncodedBatch(3, 0), Colors(false, "one"), EncodedBatch(0, 0)),
        "dictionary file" => DictionaryMessages.ToFile(Encoded, [Colors(false, "red", null, "blue"), Colors(true, "green")], [EncodedBatch(0, null, 2), EncodedBatch(3, 0)]),
        "old stream" => DictionaryMessages.OldFraming(Subject("stream")),
        "old dictionary stream" => DictionaryMessages.OldFraming(Subject("dictionary stream")),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Reads and touches every value; says whether the bytes were refused. Any other exception fails the test, as does taking memory without measure.</summary>
    internal static bool Refuses(string reader, byte[] bytes, Func<string> what)
    {
        // What is found once is decoded once; a stream of unknown length may take its first step of 64 KiB, and an error its text.
        var most = 16L * bytes.Length + (64 << 10) + (reader == "trickle" ? 128 << 10 : 0);
        var start = Stopwatch.GetTimestamp();
        var (refused, taken) = Attempt(reader, bytes, what);
        // A second time, as the runtime takes memory once in its life for what runs first: that is not the reader's.
        if (taken > most) (refused, taken) = Attempt(reader, bytes, what);
        if (taken > most) Assert.Fail($"{what()}: {taken} bytes taken for {bytes.Length}");
        if (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed > Soon) Assert.Fail($"{what()}: {elapsed} for {bytes.Length} bytes");
        return refused;
    }

    private static (bool Refused, long Taken) Attempt(string reader, byte[] bytes, Func<string> what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var batches = Read(reader, bytes);
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            foreach (var column in batches.SelectMany(batch => batch.Columns)) Touch(column);
            return (false, taken);
        }
        catch (ArrowException)
        {
            return (true, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what()}: {error.Message}", error);
        }
    }

    private static List<RecordBatch> Read(string reader, byte[] bytes) => reader switch
    {
        "memory" => IpcFiles.FromStream(new ArrowStreamReader(bytes)).Batches,
        "stream" => IpcFiles.FromStream(new MemoryStream(bytes)).Batches,
        "trickle" => IpcFiles.FromStream(new IpcFiles.Trickle(bytes)).Batches,
        "file" => IpcFiles.FromFile(new(bytes)).Batches,
        "file as stream" => IpcFiles.FromFile(new(new MemoryStream(bytes))).Batches,
        _ => throw new ArgumentOutOfRangeException(nameof(reader), reader, null),
    };

    private static void Touch(ArrowArray column)
    {
        if (column is DictionaryArray places)
        {
            Touch(places.Indices);
            Touch(places.Dictionary);
            Touch(places.Decode());
            return;
        }
        // Rows without any bytes can be without number.
        var rows = column is NullArray or FixedSizeBinaryArray { ByteWidth: 0 } ? Math.Min(column.Length, 1000) : column.Length;
        for (var row = 0; row < rows; row++)
            if (column.IsValid(row)) _ = Columns.RowBytes(column, row).Length;
        if (column is VarLengthArray texts)
            for (var row = 0; row < rows; row++) _ = texts.GetString(row);
    }
}
