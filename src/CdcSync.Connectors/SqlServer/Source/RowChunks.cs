using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Collects rows of a dataset into bounded chunks. A cursor appends a value to each builder and then ends the row.</summary>
internal sealed class RowChunks
{
    // What a value costs besides the bytes of texts and blobs: at most 16 of a decimal, 4 of an offset, a bit of validity.
    private const int BytesPerValue = 8;

    private readonly RecordBatchBuilder _rows;
    private readonly List<ChangeKind> _kinds = [];
    private readonly List<RowFault> _faults = [];
    private readonly (int Column, int Nulls)[] _keys;

    /// <summary>Starts empty.</summary>
    public RowChunks(Dataset dataset)
    {
        Dataset = dataset;
        _rows = new RecordBatchBuilder(dataset.SourceSchema);
        _keys = [.. dataset.Columns.Index().Where(c => c.Item.KeyOrdinal is not null).Select(c => (c.Index, 0))];
    }

    /// <summary>Whose rows they are.</summary>
    public Dataset Dataset { get; }

    /// <summary>The builder of a column.</summary>
    public ArrayBuilder this[int column] => _rows[column];

    /// <summary>Bytes of texts and blobs of this chunk, counted by who appends them.</summary>
    public long Bytes { get; set; }

    /// <summary>True when the chunk has as many rows or bytes as one may have.</summary>
    public bool IsFull => _kinds.Count >= ChunkLimit.Rows || Bytes + ((long)_kinds.Count * Dataset.Columns.Count * BytesPerValue) >= ChunkLimit.Bytes;

    /// <summary>True while there is nothing in it.</summary>
    public bool IsEmpty => _kinds.Count == 0;

    /// <summary>The value of the row that is being added does not fit; a null was appended.</summary>
    /// <param name="column">The column.</param>
    /// <param name="reason">Why; never the value.</param>
    public void Fault(int column, string reason) => _faults.Add(new RowFault(_kinds.Count, Dataset.Columns[column].Source, reason));

    /// <summary>The row is complete.</summary>
    public void EndRow(ChangeKind kind)
    {
        foreach (ref var key in _keys.AsSpan())
        {
            var nulls = _rows[key.Column].NullCount;
            if (nulls != key.Nulls && !HasFault(key.Column)) Fault(key.Column, "found NULL in the key");
            key.Nulls = nulls;
        }
        _kinds.Add(kind);
    }

    /// <summary>What was collected; the next chunk begins empty.</summary>
    public ChangeChunk Take()
    {
        var chunk = new ChangeChunk(_rows.Build(), _kinds.ToArray(), _faults.ToArray());
        _kinds.Clear();
        _faults.Clear();
        Bytes = 0;
        foreach (ref var key in _keys.AsSpan()) key.Nulls = 0;
        return chunk;
    }

    // Faults are in the order of rows: only the last ones can be this row's.
    private bool HasFault(int column)
    {
        for (var i = _faults.Count - 1; i >= 0 && _faults[i].Row == _kinds.Count; i--)
            if (_faults[i].Column == Dataset.Columns[column].Source) return true;
        return false;
    }
}
