using CdcSync.Core.Batches;

namespace CdcSync.Core.Shaping;

/// <summary>Collects at most one fault per row: the first one told. One is enough to keep a row out, and it is what a landing file can hold.</summary>
internal sealed class FaultCollector(int rows)
{
    private RowFault?[]? _byRow;

    internal void Add(int row, string column, string reason)
    {
        _byRow ??= new RowFault?[rows];
        _byRow[row] ??= new RowFault(row, column, reason);
    }

    internal IReadOnlyList<RowFault> Build() => _byRow is null ? [] : [.. _byRow.OfType<RowFault>()];
}
