using System.Diagnostics;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Carries the batches of one unit (a dataset, or a group) into one warehouse transaction: gate → stage → [gates → merge + quarantine + ledger + checkpoint].</summary>
internal sealed class Publisher(EngineContext engine)
{
    /// <summary>Stages and publishes the batches, all or none. Follows them while they are still being read.</summary>
    /// <returns>A step per batch. A failure is a step too: the lane's next pass reads the checkpoint again.</returns>
    public async Task<IReadOnlyList<Step>> RunAsync(IReadOnlyList<Batch> batches, Lease lease, CancellationToken ct)
    {
        var settled = false;
        try
        {
            var (steps, outcome) = await StageAndPublishAsync(batches, lease, ct);
            settled = outcome == PublicationOutcome.Committed;
            return steps;
        }
        catch (Exception e)
        {
            await Task.WhenAll(batches.Select(b => b.AbandonAsync(e)));
            if (e is not CdcSyncException fault)
                throw;
            settled = fault.Code == ErrorCodes.CommitUnknown;           // the file may be named by the ledger: the sweeper decides
            return [.. batches.Select(b => Step.Failed(b.Lane, fault))];
        }
        finally
        {
            foreach (var batch in batches)
            {
                await batch.DisposeAsync();
                if (!settled || !batch.IsLanded)
                    batch.DiscardLanding();
            }
        }
    }

    private async Task<(IReadOnlyList<Step> Steps, PublicationOutcome? Outcome)> StageAndPublishAsync(IReadOnlyList<Batch> batches, Lease lease, CancellationToken ct)
    {
        foreach (var batch in batches)
            await batch.BeganAsync(ct);
        await engine.Slots.WaitAsync(batches.Max(b => b.Lane.Dataset.Priority), ct);
        try
        {
            try
            {
                return await AttemptAsync(batches, (batch, publication) => batch.StageAsync(publication, ct), lease, ct);
            }
            catch (CdcSyncException refused) when (refused.Refusal is not null)
            {
                await new Isolation(engine, batches, lease).RunAsync(refused, ct);
                return await AttemptAsync(batches, (batch, publication) => batch.StageRestAsync(publication, ct), lease, ct);
            }
        }
        finally
        {
            engine.Slots.Release();
        }
    }

    private async Task<(IReadOnlyList<Step> Steps, PublicationOutcome? Outcome)> AttemptAsync(IReadOnlyList<Batch> batches, Func<Batch, IPublication, Task> stage, Lease lease, CancellationToken ct)
    {
        await using var publication = await engine.Warehouse.OpenPublicationAsync(lease, ct);
        foreach (var batch in batches)
            await stage(batch, publication);
        if (batches.All(b => b.IsIdle))
            return (await AdvanceAsync(batches, lease, ct), null);
        Failpoints.Hit(Failpoints.BeforePublish);
        var began = Stopwatch.GetTimestamp();
        var result = await PublishAsync(publication, batches, lease, ct);
        Failpoints.Hit(Failpoints.AfterCommit);
        await TellRulesAsync(batches, result.Outcome);
        return (result.Outcome == PublicationOutcome.Committed ? Committed(publication.Id, batches, result.Stats, Stopwatch.GetElapsedTime(began)) : Refused(batches, result), result.Outcome);
    }

    /// <summary>What rules found of a batch that is in; of one that is not, which of them kept it out.</summary>
    private async Task TellRulesAsync(IReadOnlyList<Batch> batches, PublicationOutcome outcome)
    {
        foreach (var batch in batches.Where(b => b.RuleResults.Count > 0))
            await engine.Checks.RecordNewsAsync(batch.Lane.Dataset, [.. batch.RuleResults.Where(r => r.IsFailed ? outcome == PublicationOutcome.Blocked : outcome == PublicationOutcome.Committed)]);
    }

    /// <summary>Publishes; where the answer to the commit was lost, the ledger says what happened.</summary>
    private async Task<PublicationResult> PublishAsync(IPublication publication, IReadOnlyList<Batch> batches, Lease lease, CancellationToken ct)
    {
        try
        {
            return await publication.PublishAsync([.. batches.Select(b => b.ToPublication(lease))], ct);
        }
        catch (CdcSyncException lost) when (lost.Code == ErrorCodes.CommitUnknown)
        {
            if (!await AskLedgerAsync(publication.Id, lost))
                throw lost.InnerException as CdcSyncException ?? new CdcSyncException(ErrorCodes.WarehouseUnavailable, "the connection broke at the commit, and the ledger shows that nothing was committed.", "It is tried again. Run: cdcsync status", lost);
            foreach (var batch in batches)
                batch.Lane.Deletes.Forget();                             // what it changed is not known here
            return new PublicationResult(PublicationOutcome.Committed, [.. batches.Select(_ => MergeStats.None)]);
        }
    }

    private async Task<bool> AskLedgerAsync(Guid publication, CdcSyncException lost)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await engine.Warehouse.Control.WasCommittedAsync(publication, CancellationToken.None);
            }
            catch (CdcSyncException fault) when (fault.IsTransient && attempt < engine.Options.Attempts)
            {
                await Task.Delay(Backoff.After(attempt, fault, Random.Shared), engine.Time, CancellationToken.None);
            }
            catch (CdcSyncException)
            {
                throw lost;                                              // still unknown: the next pass asks the checkpoint
            }
        }
    }

    private async Task<IReadOnlyList<Step>> AdvanceAsync(IReadOnlyList<Batch> batches, Lease lease, CancellationToken ct)
    {
        var moved = await engine.Warehouse.AdvanceIdleAsync(lease, batches.ToDictionary(b => b.Lane.Dataset.Id, b => b.Move), ct);
        return [.. batches.Select(b => moved.Contains(b.Lane.Dataset.Id) ? Idle(b) : Step.Failed(b.Lane, SupersededFault(b)))];
    }

    private Step Idle(Batch batch)
    {
        if (!batch.HasMore)
            engine.Observer.IdleAdvanced(batch.Lane.Dataset, batch.Lane.CompleteAt(batch.Start.SourceTime));
        return Step.Done(batch.Lane, OutcomeKind.Unchanged, 0, MergeStats.None, 0, more: batch.HasMore);
    }

    private List<Step> Committed(Guid publication, IReadOnlyList<Batch> batches, IReadOnlyList<MergeStats> stats, TimeSpan took)
    {
        var steps = new List<Step>();
        foreach (var (batch, changed) in batches.Zip(stats))
        {
            batch.Lane.Deletes.Add(changed, engine.Time.GetUtcNow());
            engine.Observer.BatchCommitted(batch.Lane.Dataset, batch.Report(changed, took) with { Publication = publication });
            if (batch.Move.Next.Snapshot is { } progress)
                engine.Observer.SnapshotProgressed(batch.Lane.Dataset, progress);
            steps.Add(Step.Done(batch.Lane, OutcomeKind.Synced, batch.RowsRead, changed, batch.RowsQuarantined, more: batch.HasMore || batch.Move.Next.CompleteUpTo is null));
        }

        return steps;
    }

    private static List<Step> Refused(IReadOnlyList<Batch> batches, PublicationResult result)
    {
        return [.. batches.Select(batch => Step.Failed(batch.Lane, result.Outcome switch
        {
            PublicationOutcome.Superseded or PublicationOutcome.LeaseLost => RivalFault(batch, result.Outcome),
            _ when result.BlockedDataset == batch.Lane.Dataset.Id => result.Blocked!,
            _ => new CdcSyncException(ErrorCodes.GroupWaits, $"{batch.Lane.Dataset.Id}: waits, because {result.BlockedDataset} of the same group was blocked.", result.Blocked!.Remedy),
        }))];
    }

    /// <summary>Why a rival's deed kept a batch out.</summary>
    internal static CdcSyncException RivalFault(Batch batch, PublicationOutcome outcome) => outcome == PublicationOutcome.Superseded
        ? SupersededFault(batch)
        : new CdcSyncException(ErrorCodes.LeaseLost, $"{batch.Lane.Dataset.Id}: the lease ended before the commit; nothing was committed.", "Another worker goes on, or this one takes the lease again. Run: cdcsync status");

    private static CdcSyncException SupersededFault(Batch batch) =>
        new(ErrorCodes.Superseded, $"{batch.Lane.Dataset.Id}: another worker moved the checkpoint from generation {batch.Move.ExpectedGeneration}; nothing was committed.",
            "The checkpoint is read again. If it happens often, look for a second worker. Run: cdcsync history");
}
