using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Gates;

/// <summary>Parts the rows that may be merged from those that go to quarantine.</summary>
public static class GateSplit
{
    /// <summary>Asks the gates in order; the first verdict on a row stands.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="chunk">Shaped rows.</param>
    /// <param name="gates">The gates.</param>
    /// <returns>The accepted rows in their order (the same instance where none was rejected), and the rejected ones, in their order. Two versions of one key
    /// are two rejections with one <see cref="QuarantinedRow.Key"/>: the later is the newer.</returns>
    public static (ChangeChunk Accepted, IReadOnlyList<QuarantinedRow> Rejected) Apply(Dataset dataset, ChangeChunk chunk, IReadOnlyList<IRowGate> gates)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(chunk);
        ArgumentNullException.ThrowIfNull(gates);
        var verdicts = new FirstVerdicts(chunk.Length);
        foreach (var gate in gates)
            foreach (var rejection in gate.Inspect(chunk)) verdicts.Add(rejection);
        var rejections = verdicts.Build();
        if (rejections.Count == 0) return (chunk, []);
        int[] rejected = [.. rejections.Select(r => r.Row)];
        var texts = new QuarantineText(dataset, chunk.Rows.Take(rejected));
        return (Only(chunk, Others(chunk.Length, rejected)), [.. rejections.Select((r, i) => new QuarantinedRow(texts.Key(i), r.Rule, r.Column, r.Reason, texts.Payload(i)))]);
    }

    /// <summary>Some rows of a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="rows">Their indexes, ascending.</param>
    public static ChangeChunk Only(ChangeChunk chunk, int[] rows)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        ArgumentNullException.ThrowIfNull(rows);
        var kinds = new ChangeKind[rows.Length];
        var place = new Dictionary<int, int>();
        for (var i = 0; i < rows.Length; i++)
        {
            kinds[i] = chunk.Kinds.Span[rows[i]];
            if (chunk.Faults.Count > 0) place[rows[i]] = i;
        }
        return new ChangeChunk(chunk.Rows.Take(rows), kinds, [.. chunk.Faults.Where(f => place.ContainsKey(f.Row)).Select(f => f with { Row = place[f.Row] })]);
    }

    private static int[] Others(int length, ReadOnlySpan<int> rejected)
    {
        var kept = new int[length - rejected.Length];
        var next = 0;
        for (var row = 0; row < length; row++)
        {
            if (!rejected.IsEmpty && rejected[0] == row) rejected = rejected[1..];
            else kept[next++] = row;
        }
        return kept;
    }
}
