namespace CdcSync.Core.Checks;

/// <summary>
/// Which parents are missing for certain (ADR 83). Child and parent are published by themselves, so that one is ahead of the other at most instants. A row was seen
/// when the children were complete up to c₁, and again at c₂; its parent was missing when the parents were complete up to p₁, and again at p₂. Where the
/// two spans share an instant, the source itself had the row without its parent then.
/// </summary>
internal sealed class MissingParents
{
    private Dictionary<string, (DateTimeOffset Children, DateTimeOffset Parents)> _seen = [];

    /// <summary>Judges what was found now by what was found before.</summary>
    /// <returns>Rows whose parent is missing for certain, and rows of which it can't be said yet.</returns>
    public (long Rows, long Pending) Judge(Orphans found)
    {
        if (found.Rows == 0 || found is not { CompleteUpTo: { } children, ParentCompleteUpTo: { } parents })
        {
            _seen.Clear();
            return (0, found.Rows);
        }
        if (children == parents) return (found.Rows, 0);
        _seen = found.Missing.ToDictionary(m => m.Key, m => _seen.TryGetValue(m.Key, out var first) ? first : (children, parents), StringComparer.Ordinal);
        var rows = found.Missing.Where(m => _seen[m.Key].Children <= parents && _seen[m.Key].Parents <= children).Sum(m => m.Value);
        return (rows, found.Rows - rows);
    }
}
