using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Gates;

/// <summary>
/// What the contract says of a single row: it has a key (rule <c>key</c>), every value could be held (rule <c>type</c>), nothing required is null (rule
/// <c>required</c>). A row breaks at most one, in this order. Deletes and erases need their key alone.
/// </summary>
/// <param name="dataset">The dataset.</param>
public sealed class ContractRowGate(Dataset dataset) : IRowGate
{
    private readonly int[] _required = [.. dataset.Columns.Where(c => c is { Target: not null, Required: true, KeyOrdinal: null }).Select(c => dataset.TargetSchema.GetFieldIndex(c.Target!))];

    /// <inheritdoc/>
    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var verdicts = new FirstVerdicts(chunk.Length);
        CheckKey(chunk, verdicts);
        CheckFaults(chunk, verdicts);
        CheckRequired(chunk, verdicts);
        return verdicts.Build();
    }

    private void CheckKey(ChangeChunk chunk, FirstVerdicts verdicts)
    {
        foreach (var index in dataset.TargetKey)
        {
            var column = chunk.Rows.Column(index);
            if (column.NullCount == 0) continue;
            var name = dataset.TargetSchema.Fields[index].Name;
            // A key that is null because it did not fit is a fault of its type.
            foreach (var fault in chunk.Faults)
                if (fault.Column == name) verdicts.Reject(fault.Row, "type", name, fault.Reason);
            for (var row = 0; row < column.Length; row++)
                if (column.IsNull(row)) verdicts.Reject(row, "key", name, "found null, expected a key");
        }
    }

    private static void CheckFaults(ChangeChunk chunk, FirstVerdicts verdicts)
    {
        foreach (var fault in chunk.Faults)
            if (IsUpsert(chunk, fault.Row)) verdicts.Reject(fault.Row, "type", fault.Column, fault.Reason);
    }

    private void CheckRequired(ChangeChunk chunk, FirstVerdicts verdicts)
    {
        foreach (var index in _required)
        {
            var column = chunk.Rows.Column(index);
            if (column.NullCount == 0) continue;
            var name = dataset.TargetSchema.Fields[index].Name;
            for (var row = 0; row < column.Length; row++)
                if (column.IsNull(row) && IsUpsert(chunk, row)) verdicts.Reject(row, "required", name, "found null, expected a value");
        }
    }

    private static bool IsUpsert(ChangeChunk chunk, int row) => chunk.Kinds.Span[row] == ChangeKind.Upsert;
}
