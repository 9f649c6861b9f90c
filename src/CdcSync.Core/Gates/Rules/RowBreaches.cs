using System.Globalization;
using CdcSync.Core.Batches;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates.Rules;

/// <summary>
/// The rows of one batch that pass the row gates and break a rule whose policy is to block or to warn. Of a key's versions the newest counts for what blocks, as it is the one that would be published.
/// </summary>
/// <param name="dataset">The dataset.</param>
internal sealed class RowBreaches(Dataset dataset)
{
    /// <summary>So many rows that block are remembered, so that a newer version can take one back; with more of them no more are looked for.</summary>
    public const int Remembered = 10_000;

    private const int ShownKeys = 3;

    private readonly RuleRowGate _blocking = new(dataset, RulePolicy.Block), _warning = new(dataset, RulePolicy.Warn);
    private readonly OrderedDictionary<string, RowRejection> _blocked = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Rule, string Column), (RowRejection First, long Rows)> _warned = [];
    private bool _isTold;

    /// <summary>The batch is staged once more from its beginning.</summary>
    public void Restart()
    {
        _blocked.Clear();
        _warned.Clear();
    }

    /// <summary>Looks at rows that are to be staged, in their order.</summary>
    public void Inspect(ChangeChunk accepted)
    {
        foreach (var breach in _warning.Inspect(accepted))
            _warned[(breach.Rule, breach.Column)] = _warned.TryGetValue((breach.Rule, breach.Column), out var known) ? (known.First, known.Rows + 1) : (breach, 1);
        if (_blocked.Count >= Remembered) return;
        var breaches = _blocking.Inspect(accepted).ToDictionary(b => b.Row);
        if (breaches.Count == 0 && _blocked.Count == 0) return;
        foreach (var (row, key) in QuarantineKeys.Of(dataset, accepted.Rows).Index())
        {
            if (breaches.TryGetValue(row, out var breach)) _blocked[key] = breach;
            else _blocked.Remove(key);
        }
    }

    /// <summary>The error that keeps the batch out; null = nothing blocks it.</summary>
    public CdcSyncException? Blocked()
    {
        if (_blocked.Count == 0) return null;
        var first = _blocked.GetAt(0).Value;
        string[] keys = [.. _blocked.Where(b => b.Value.Rule == first.Rule && b.Value.Column == first.Column).Select(b => b.Key)];
        var others = keys.Length < _blocked.Count ? $", and {Rows(_blocked.Count - keys.Length)} others" : "";
        return new CdcSyncException(ErrorCodes.RowRuleBroken,
            $"{dataset.Id}: {(_blocked.Count >= Remembered ? "at least " : "")}{Rows(keys.Length)} would break rule '{first.Rule}' of the contract (column '{first.Column}', {first.Reason}; {Keys(keys)}){others}; nothing of the batch was committed.",
            "Mend the source, and it goes on by itself; or mend the rule, or make its policy quarantine or warn. Run: cdcsync status");
    }

    /// <summary>What there is to warn of, once for the batch; null = nothing, or it was told.</summary>
    public CdcSyncException? Warning()
    {
        if (_warned.Count == 0 || _isTold) return null;
        _isTold = true;
        var rules = string.Join("; ", _warned.Values.Select(w => $"{Rows(w.Rows)} with a breach of rule '{w.First.Rule}' of the contract (column '{w.First.Column}', {w.First.Reason})"));
        return new CdcSyncException(ErrorCodes.RowRuleBroken, $"{dataset.Id}: {rules}.", "Mend the source, or the rule. Run: cdcsync contract test");
    }

    private static string Rows(long count) => count == 1 ? "1 row" : string.Create(CultureInfo.InvariantCulture, $"{count} rows");

    private static string Keys(string[] keys) => $"{(keys.Length == 1 ? "key" : "keys")} {string.Join(", ", keys.Take(ShownKeys))}{(keys.Length > ShownKeys ? " …" : "")}";
}
