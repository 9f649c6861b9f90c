namespace CdcSync.Core.Gates;

/// <summary>Collects the first verdict of each row.</summary>
internal sealed class FirstVerdicts(int rows)
{
    private RowRejection?[]? _byRow;

    internal void Reject(int row, string rule, string column, string reason) => Add(new RowRejection(row, rule, column, reason));

    internal void Add(RowRejection rejection)
    {
        _byRow ??= new RowRejection?[rows];
        _byRow[rejection.Row] ??= rejection;
    }

    /// <summary>Ascending by row.</summary>
    internal IReadOnlyList<RowRejection> Build() => _byRow is null ? [] : [.. _byRow.OfType<RowRejection>()];
}
