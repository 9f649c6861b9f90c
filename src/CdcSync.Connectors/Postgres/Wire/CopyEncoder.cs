using System.Buffers;
using System.Buffers.Binary;

namespace CdcSync.Connectors.Postgres.Wire;

/// <summary>
/// Writes chunks as PostgreSQL's binary COPY, straight from Arrow's buffers. One pooled buffer; a row that is larger than it gets one of its own
/// for a moment. Format: "COPY, Binary Format" in PostgreSQL's manual.
/// </summary>
internal sealed class CopyEncoder(Stream copy, int bufferSize = CopyEncoder.DefaultBufferSize) : IDisposable
{
    public const int DefaultBufferSize = 128 << 10;
    private const int BlockRows = 1_024;
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Trailer = [0xFF, 0xFF];

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
    private readonly int[] _sizes = new int[BlockRows];
    private readonly int[] _cursors = new int[BlockRows];

    /// <summary>Writes what stands before the first row.</summary>
    public ValueTask BeginAsync(CancellationToken ct) => copy.WriteAsync(Header, ct);

    /// <summary>Writes what stands after the last row. The stream's end is the caller's.</summary>
    public ValueTask EndAsync(CancellationToken ct) => copy.WriteAsync(Trailer, ct);

    /// <summary>Writes rows.</summary>
    /// <param name="columns">Their columns.</param>
    /// <param name="length">How many rows.</param>
    /// <param name="ct">Cancels between buffers.</param>
    public async ValueTask WriteAsync(CopyColumn[] columns, int length, CancellationToken ct)
    {
        for (var block = 0; block < length; block += BlockRows)
        {
            var rows = Math.Min(BlockRows, length - block);
            Measure(columns, block, rows);
            for (var done = 0; done < rows;)
            {
                var (count, bytes) = Fit(done, rows);
                // Not pooled: what is this large is rare, and the pool would keep it.
                var buffer = bytes <= _buffer.Length ? _buffer : GC.AllocateUninitializedArray<byte>(bytes);
                Encode(columns, block, done, count, buffer);
                await copy.WriteAsync(buffer.AsMemory(0, bytes), ct);
                done += count;
            }
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Measure(CopyColumn[] columns, int start, int rows)
    {
        var sizes = _sizes.AsSpan(0, rows);
        sizes.Fill(sizeof(short));
        foreach (var column in columns) column.AddSizes(start, sizes);
    }

    /// <summary>How many rows from there fit into the buffer, but at least one, and their bytes.</summary>
    private (int Rows, int Bytes) Fit(int from, int rows)
    {
        var bytes = _sizes[from];
        var next = from + 1;
        while (next < rows && bytes + _sizes[next] <= _buffer.Length) bytes += _sizes[next++];
        return (next - from, bytes);
    }

    private void Encode(CopyColumn[] columns, int block, int from, int count, Span<byte> buffer)
    {
        var cursors = _cursors.AsSpan(0, count);
        var place = 0;
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt16BigEndian(buffer[place..], (short)columns.Length);
            cursors[i] = place + sizeof(short);
            place += _sizes[from + i];
        }
        foreach (var column in columns) column.Write(block + from, cursors, buffer);
    }
}
