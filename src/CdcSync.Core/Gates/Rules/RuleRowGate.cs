using CdcSync.Core.Batches;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Gates.Rules;

/// <summary>The contract's rules of one policy about single values, column by column. Deletes and erases need their key alone: nothing is asked of them.</summary>
public sealed class RuleRowGate : IRowGate
{
    private readonly IReadOnlyList<(int Column, ColumnCheck Check)> _checks;

    /// <summary>Prepares the rules of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="policy">The policy of the rules it asks. Those that send rows to quarantine are a gate; what the others find is for <see cref="RowBreaches"/>.</param>
    public RuleRowGate(Dataset dataset, RulePolicy policy = RulePolicy.Quarantine)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        _checks = [.. dataset.Rules.Where(r => r.Policy == policy).Select(rule =>
        {
            var column = dataset.TargetSchema.GetFieldIndex(rule.Column);
            return (column, ColumnCheck.For(rule, dataset.TargetSchema.Fields[column].DataType));
        })];
    }

    /// <inheritdoc/>
    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var verdicts = new FirstVerdicts(chunk.Length);
        foreach (var (column, check) in _checks) check.Inspect(chunk.Rows.Column(column), chunk.Kinds.Span, verdicts);
        return verdicts.Build();
    }
}
