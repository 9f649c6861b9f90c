using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// Finds the rows that keep a unit's batches out of the warehouse, so that the rest can be published without them: the batches are rehearsed in parts, each in a
/// transaction of its own that is rolled back. The batches of a group are one: a row of one dataset may need a row of another.
/// </summary>
internal sealed class Isolation(EngineContext engine, IReadOnlyList<Batch> batches, Lease lease)
{
    /// <summary>Finds them; each batch leaves its own out from now on.</summary>
    /// <param name="refused">What the warehouse said to the batches as a whole.</param>
    /// <param name="ct">Cancels between two rehearsals.</param>
    /// <exception cref="CdcSyncException">Not rows are the cause; or there are more of them than the quarantine takes; or the warehouse fails meanwhile.</exception>
    public async Task RunAsync(CdcSyncException refused, CancellationToken ct)
    {
        foreach (var batch in batches)
            await batch.CountAgainAsync(ct);
        var where = string.Join(", ", batches.Select(b => b.Lane.Dataset.Id));
        var limits = new BisectionLimits(engine.Options.QuarantineLimit, engine.Options.IsolationAttempts);
        var bisection = new Bisection(where, limits, rows => RehearseAsync(rows, ct));
        var found = await bisection.RunAsync(RowSet.Range(0, batches.Sum(b => b.RowsAgain)), refused.Refusal!) ?? throw refused;
        foreach (var (batch, from, to) in Places())
            batch.Refuse([.. found.Where(r => r.Row >= from && r.Row < to).Select(r => r with { Row = r.Row - from })]);
        foreach (var (batch, from, to) in Places())
            if (found.Count(r => r.Row >= from && r.Row < to) is > 0 and var rows) engine.Observer.RowsIsolated(batch.Lane.Dataset, rows, bisection.Attempts);
    }

    private async ValueTask<Refusal?> RehearseAsync(RowSet rows, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            await using var publication = await engine.Warehouse.OpenPublicationAsync(lease, ct);
            foreach (var (batch, from, to) in Places())
                await batch.StageOnlyAsync(publication, rows.Slice(from, to), ct);
            var outcome = await publication.RehearseAsync([.. batches.Select(b => b.ToPublication(lease))], ct);
            return outcome == PublicationOutcome.Committed ? null : throw Publisher.RivalFault(batches[0], outcome);
        }
        catch (CdcSyncException fault) when (fault.Refusal is { } why)
        {
            return why;
        }
    }

    /// <summary>Each batch with the ordinals of its rows among those of all.</summary>
    private IEnumerable<(Batch Batch, long From, long To)> Places()
    {
        var from = 0L;
        foreach (var batch in batches)
        {
            yield return (batch, from, from + batch.RowsAgain);
            from += batch.RowsAgain;
        }
    }
}
