using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CdcSync.Arrow;
using CdcSync.Arrow.Ipc;

namespace CdcSync.Benchmarks;

/// <summary>
/// Columns to IPC bytes and back to columns, against copying the columns' bytes once (memcpy). Both start from warm memory and write into memory that was written
/// before, on one thread, in turn in each round; ratios are taken round by round, then their median. A reader checks each offset and bitmap, as readers do.
/// </summary>
public static class IpcAgainstMemcpy
{
    private const int Rows = 500_000;
    private const int Rounds = 21;

    /// <summary>The orders table of the other benchmarks.</summary>
    private static readonly Schema Orders = new(
    [
        new("id", Int64Type.Default, nullable: false), new("customer_id", Int64Type.Default, nullable: false), new("status", StringType.Default, nullable: false),
        new("amount", new Decimal128Type(12, 2), nullable: false), new("currency", StringType.Default, nullable: false),
        new("created_at", new TimestampType(TimeUnit.Microsecond, "UTC"), nullable: false), new("updated_at", new TimestampType(TimeUnit.Microsecond, "UTC"), nullable: true),
        new("note", StringType.Default, nullable: true), new("is_gift", BooleanType.Default, nullable: false), new("external_id", new FixedSizeBinaryType(16), nullable: false),
    ]);

    /// <summary>Measures and prints a table.</summary>
    /// <param name="output">Where it goes.</param>
    /// <returns>The throughput of the slower of the two formats, read from memory, as a part of memcpy's: 0.5 is half as fast.</returns>
    public static double Run(TextWriter output)
    {
        var batch = Build();
        var source = new byte[batch.ByteSize];
        var target = new byte[batch.ByteSize + (1 << 20)];
        new Random(1).NextBytes(source);
        var written = WriteFile(batch, new byte[target.Length]);
        (string Name, Func<RecordBatch?> Work)[] contenders =
        [
            ("memcpy", () => Copy(source, target)),
            ("file, columns in memory", () => ReadFile(WriteFile(batch, target))),
            ("stream, columns in memory", () => ReadStream(new ArrowStreamReader(WriteStream(batch, target)))),
            ("writing alone", () => Nothing(WriteFile(batch, target))),
            ("reading alone", () => ReadFile(written)),
            // A Stream's bytes go into new memory, and the system hands that out page by page: the last line is what that alone costs.
            ("stream, columns from a Stream", () => ReadStream(new ArrowStreamReader(AsStream(WriteStream(batch, target))))),
            ("memcpy, then into new memory", () => CopyTwice(source, target)),
        ];
        foreach (var (name, work) in contenders) CheckSame(name, batch, work());

        var times = contenders.Select(_ => new List<double>(Rounds)).ToArray();
        var allocated = new long[contenders.Length];
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                GC.KeepAlive(contenders[i].Work());
                times[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                allocated[i] = GC.GetAllocatedBytesForCurrentThread() - before;
            }
            // What the last ones left behind is not to be collected in the first one's time.
            GC.Collect();
        }

        double OfMemcpy(int contender) => Median(times[0].Zip(times[contender], (memcpy, own) => memcpy / own));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Arrow IPC, {Rows:N0} orders of {Orders.Fields.Count} columns, {batch.ByteSize / 1e6:F1} MB, medians of {Rounds} rounds, ratios round by round"));
        for (var i = 0; i < contenders.Length; i++)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{contenders[i].Name,-30} {Median(times[i]),8:F2} ms {batch.ByteSize / Median(times[i]) / 1e6,7:F2} GB/s {100 * OfMemcpy(i),5:F0} % of memcpy {allocated[i],12:N0} bytes allocated"));
        return Math.Min(OfMemcpy(1), OfMemcpy(2));
    }

    private static RecordBatch Build()
    {
        var random = new Random(42);
        var builder = new RecordBatchBuilder(Orders, Rows);
        string[] states = ["new", "paid", "packed", "shipped", "delivered", "returned"];
        string[] currencies = ["EUR", "USD", "SEK"];
        Span<byte> id = stackalloc byte[16];
        for (var row = 0; row < Rows; row++)
        {
            ((FixedWidthBuilder<long>)builder[0]).Append(row + 1);
            ((FixedWidthBuilder<long>)builder[1]).Append(random.Next(1, 100_000));
            ((VarLengthBuilder)builder[2]).Append(states[random.Next(states.Length)]);
            ((FixedWidthBuilder<Int128>)builder[3]).Append(random.Next(100, 1_000_000));
            ((VarLengthBuilder)builder[4]).Append(currencies[random.Next(currencies.Length)]);
            ((FixedWidthBuilder<long>)builder[5]).Append(1_700_000_000_000_000 + row * 1000L);
            if (random.Next(5) == 0) builder[6].AppendNull();
            else ((FixedWidthBuilder<long>)builder[6]).Append(1_700_000_000_000_000 + row * 2000L);
            if (random.Next(3) == 0) builder[7].AppendNull();
            else ((VarLengthBuilder)builder[7]).Append("Leave it at the neighbour's door, please."[..random.Next(42)]);
            ((BoolBuilder)builder[8]).Append(random.Next(10) == 0);
            random.NextBytes(id);
            ((FixedSizeBinaryBuilder)builder[9]).Append(id);
        }
        return builder.Build();
    }

    private static RecordBatch? Copy(byte[] source, byte[] target)
    {
        source.CopyTo(target.AsSpan());
        return null;
    }

    private static RecordBatch? CopyTwice(byte[] source, byte[] target)
    {
        source.CopyTo(target.AsSpan());
        var fresh = GC.AllocateUninitializedArray<byte>(source.Length);
        target.AsSpan(0, source.Length).CopyTo(fresh);
        GC.KeepAlive(fresh);
        return null;
    }

    private static RecordBatch? Nothing(ReadOnlyMemory<byte> bytes) => bytes.IsEmpty ? throw new InvalidOperationException("nothing was written") : null;

    private static ReadOnlyMemory<byte> WriteFile(RecordBatch batch, byte[] target)
    {
        using var stream = new MemoryStream(target);
        using var writer = new ArrowFileWriter(stream, Orders, leaveOpen: true);
        writer.WriteRecordBatch(batch);
        writer.WriteEnd();
        return target.AsMemory(0, (int)stream.Position);
    }

    private static ReadOnlyMemory<byte> WriteStream(RecordBatch batch, byte[] target)
    {
        using var stream = new MemoryStream(target);
        using var writer = new ArrowStreamWriter(stream, Orders, leaveOpen: true);
        writer.WriteRecordBatch(batch);
        writer.WriteEnd();
        return target.AsMemory(0, (int)stream.Position);
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var array) ? new(array.Array!, array.Offset, array.Count) : throw new InvalidOperationException("no array");

    private static RecordBatch ReadFile(ReadOnlyMemory<byte> bytes)
    {
        using var reader = new ArrowFileReader(bytes);
        return reader.ReadRecordBatch(0);
    }

    private static RecordBatch ReadStream(ArrowStreamReader reader) => reader.ReadNextRecordBatch() ?? throw new InvalidOperationException("no batch");

    /// <summary>What came back has every value that was there: else a fast reader of nothing would win.</summary>
    private static void CheckSame(string name, RecordBatch expected, RecordBatch? actual)
    {
        if (actual is null) return;
        for (var i = 0; i < expected.ColumnCount; i++)
            if (!Same(expected.Column(i), actual.Column(i))) throw new InvalidOperationException($"{name}: column '{expected.Schema.Fields[i].Name}' came back changed");
    }

    private static bool Same(ArrowArray left, ArrowArray right) => left.Length == right.Length && left.Validity.Span.SequenceEqual(right.Validity.Span) && (left, right) switch
    {
        (FixedWidthArray<long> a, FixedWidthArray<long> b) => a.Values.SequenceEqual(b.Values),
        (FixedWidthArray<Int128> a, FixedWidthArray<Int128> b) => a.Values.SequenceEqual(b.Values),
        (FixedSizeBinaryArray a, FixedSizeBinaryArray b) => a.Values.SequenceEqual(b.Values),
        (BoolArray a, BoolArray b) => a.Bits.SequenceEqual(b.Bits),
        (VarLengthArray a, VarLengthArray b) => a.Offsets.SequenceEqual(b.Offsets) && a.ValueBytes.SequenceEqual(b.ValueBytes),
        _ => false,
    };

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
