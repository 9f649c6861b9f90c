using System.Buffers;
using System.Buffers.Binary;
using CdcSync.Arrow;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Rows as bytes that are equal exactly where all values are: the number of columns, then of each column its type's number, the length of its value (−1 = null)
/// and the value (see <see cref="CanonicalType"/>). The oracle for every engine that computes the same in its own SQL.
/// </summary>
public sealed class CanonicalRows
{
    private readonly CanonicalColumn[] _columns;
    private readonly ArrayBufferWriter<byte> _buffer = new(1_024);

    /// <summary>Over some columns of a batch.</summary>
    /// <param name="rows">The batch.</param>
    /// <param name="columns">Which of its columns, in this order.</param>
    /// <exception cref="ArgumentException">A column's type has no canonical form.</exception>
    public CanonicalRows(RecordBatch rows, IEnumerable<int> columns)
    {
        ArgumentNullException.ThrowIfNull(rows);
        _columns = [.. columns.Select(i => CanonicalColumn.For(rows.Column(i)))];
    }

    /// <summary>A row's bytes; valid until the next call.</summary>
    public ReadOnlySpan<byte> Bytes(int row)
    {
        _buffer.ResetWrittenCount();
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(sizeof(int)), _columns.Length);
        _buffer.Advance(sizeof(int));
        foreach (var column in _columns)
            column.Write(row, _buffer);
        return _buffer.WrittenSpan;
    }

    /// <summary>A row's key.</summary>
    public CanonicalKey Key(int row) => new(Bytes(row).ToArray());

    /// <summary>A row's hash.</summary>
    public RowHash Hash(int row) => RowHash.Of(Bytes(row));
}
