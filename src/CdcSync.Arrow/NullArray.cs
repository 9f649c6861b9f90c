namespace CdcSync.Arrow;

/// <summary>A column in which every row is null; it has no buffers.</summary>
/// <param name="length">Number of rows.</param>
public sealed class NullArray(int length) : ArrowArray(NullType.Default, length)
{
    /// <inheritdoc/>
    public override long ByteSize => 0;

    internal override ReadOnlyMemory<byte> ValueMemory => default;

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) => new NullArray(length);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity) => new NullArray(rows.Length);
}
