using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Collects rows of a dataset into bounded chunks: for each column a field's bytes as they came from the wire, then the row is ended.</summary>
internal sealed class RowChunks
{
    // What a value costs besides the bytes of texts and blobs: at most 16 of a decimal, 4 of an offset, a bit of validity.
    private const int BytesPerValue = 8;

    private readonly RecordBatchBuilder _rows;
    private readonly ValueReader[] _readers;
    private readonly string[] _names;
    private readonly bool[] _isKey;
    private readonly List<ChangeKind> _kinds = [];
    private readonly List<RowFault> _faults = [];
    private long _bytes;

    /// <summary>Starts empty.</summary>
    /// <param name="dataset">Its source schema is the chunks'.</param>
    /// <param name="source">What the catalogue says of its columns.</param>
    public RowChunks(Dataset dataset, PostgresObject source)
    {
        _rows = new RecordBatchBuilder(dataset.SourceSchema);
        _readers = [.. dataset.Columns.Select((c, i) => ValueReaders.For(source.Column(c.Source)!, _rows[i], c.Precision))];
        _names = [.. dataset.Columns.Select(c => c.Source)];
        _isKey = [.. dataset.Columns.Select(c => c.KeyOrdinal is not null)];
    }

    /// <summary>True when the chunk has as many rows or bytes as one may have.</summary>
    public bool IsFull => _kinds.Count >= ChunkLimit.Rows || _bytes + ((long)_kinds.Count * _readers.Length * BytesPerValue) >= ChunkLimit.Bytes;

    /// <summary>True while there is nothing in it.</summary>
    public bool IsEmpty => _kinds.Count == 0;

    /// <summary>Adds the row a COPY stands in as one that is there.</summary>
    public void AddUpsert(CopyReader row)
    {
        for (var i = 0; i < _readers.Length; i++)
        {
            var length = row.ReadLength();
            if (length < 0)
            {
                AppendNull(i);
            }
            else if (length > ValueReader.MaxBytes)
            {
                row.Skip(length);
                AppendTooLarge(i);
            }
            else
            {
                Append(i, row.Take(length));
            }
        }
        EndRow(ChangeKind.Upsert);
    }

    /// <summary>Appends a field of the row that is being added.</summary>
    /// <param name="column">The dataset's column; each gets one value per row.</param>
    /// <param name="value">The bytes of its type's send function.</param>
    public void Append(int column, ReadOnlySpan<byte> value)
    {
        _bytes += value.Length;
        if (_readers[column].Append(value) is { } reason) Fault(column, reason);
    }

    /// <summary>Appends a null. In a key it is a fault of the row.</summary>
    public void AppendNull(int column)
    {
        _readers[column].Builder.AppendNull();
        if (_isKey[column]) Fault(column, "found NULL in the key");
    }

    /// <summary>Appends a null in the place of a column that the source does not tell: of a deleted row all but the key.</summary>
    public void AppendNothing(int column) => _readers[column].Builder.AppendNull();

    /// <summary>A value is larger than <see cref="ValueReader.MaxBytes"/>: a null with a fault is appended.</summary>
    public void AppendTooLarge(int column)
    {
        _readers[column].Builder.AppendNull();
        Fault(column, ValueReader.TooLarge);
    }

    /// <summary>The row is complete.</summary>
    public void EndRow(ChangeKind kind) => _kinds.Add(kind);

    /// <summary>What was collected; the next chunk begins empty.</summary>
    public ChangeChunk Take()
    {
        var chunk = new ChangeChunk(_rows.Build(), _kinds.ToArray(), _faults.ToArray());
        _kinds.Clear();
        _faults.Clear();
        _bytes = 0;
        return chunk;
    }

    private void Fault(int column, string reason) => _faults.Add(new RowFault(_kinds.Count, _names[column], reason));
}
