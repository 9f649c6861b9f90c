using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source.Values;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>Collects rows of a dataset into bounded chunks. The statement's row is copied value by value; nothing is kept of it.</summary>
internal sealed class RowChunks
{
    // What a value costs besides the bytes of texts and blobs: at most 16 of a decimal, 4 of an offset, a bit of validity.
    private const int BytesPerValue = 8;

    private readonly TextMeter _meter;
    private readonly RecordBatchBuilder _builder;
    private readonly ValueReader[] _readers;
    private readonly int[] _keyOrdinals;
    private readonly string[] _names;
    private readonly List<ChangeKind> _kinds = [];
    private readonly List<RowFault> _faults = [];

    /// <summary>Starts empty.</summary>
    /// <param name="dataset">Its source schema is the chunks'.</param>
    /// <param name="isUtf16">True where the file keeps texts in UTF-16.</param>
    public RowChunks(Dataset dataset, bool isUtf16)
    {
        _builder = new RecordBatchBuilder(dataset.SourceSchema);
        _meter = new TextMeter(isUtf16);
        _readers = [.. dataset.Columns.Select((c, i) => ValueReaders.For(_builder[i], _meter, c.Precision))];
        _keyOrdinals = [.. dataset.Columns.Select(c => c.KeyOrdinal ?? -1)];
        _names = [.. dataset.Columns.Select(c => c.Source)];
    }

    /// <summary>True when the chunk has as many rows or bytes as one may have.</summary>
    public bool IsFull => _kinds.Count >= ChunkLimit.Rows || _meter.Bytes + ((long)_kinds.Count * _readers.Length * BytesPerValue) >= ChunkLimit.Bytes;

    /// <summary>True while there is nothing in it.</summary>
    public bool IsEmpty => _kinds.Count == 0;

    /// <summary>Adds a row that is there.</summary>
    /// <param name="row">A statement whose columns from <paramref name="first"/> on are the dataset's.</param>
    /// <param name="first">The first of them.</param>
    public void AddUpsert(Statement row, int first)
    {
        for (var i = 0; i < _readers.Length; i++)
        {
            if (_keyOrdinals[i] >= 0 && row.IsNull(first + i))
                _faults.Add(new RowFault(_kinds.Count, _names[i], "found NULL in the key"));
            Append(row, first + i, i);
        }
        _kinds.Add(ChangeKind.Upsert);
    }

    /// <summary>Adds a key whose row is gone.</summary>
    /// <param name="row">A statement.</param>
    /// <param name="keyColumns">Which of its columns hold the key's parts, in the dataset's key order.</param>
    public void AddDelete(Statement row, ReadOnlySpan<int> keyColumns)
    {
        for (var i = 0; i < _readers.Length; i++)
        {
            if (_keyOrdinals[i] >= 0) Append(row, keyColumns[_keyOrdinals[i]], i);
            else _readers[i].Builder.AppendNull();
        }
        _kinds.Add(ChangeKind.Delete);
    }

    /// <summary>What was collected; the next chunk begins empty.</summary>
    public ChangeChunk Take()
    {
        var chunk = new ChangeChunk(_builder.Build(), _kinds.ToArray(), _faults.ToArray());
        _kinds.Clear();
        _faults.Clear();
        _meter.Bytes = 0;
        return chunk;
    }

    private void Append(Statement row, int column, int reader)
    {
        if (_readers[reader].Append(row.Address, column) is { } reason)
            _faults.Add(new RowFault(_kinds.Count, _names[reader], reason));
    }
}
