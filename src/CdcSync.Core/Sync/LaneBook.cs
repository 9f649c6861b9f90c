using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Keeps each lane's phase and last error in the warehouse, so that <c>status</c> and the next worker know them.</summary>
internal sealed class LaneBook(EngineContext engine, Timetable timetable)
{
    /// <summary>Reads the phases back; whoever works now goes by what the warehouse says, not by what this process remembers.</summary>
    public async Task OpenAsync(IReadOnlyList<Lane> lanes, CancellationToken ct)
    {
        var written = (await engine.Warehouse.Control.ReadStatusAsync(engine.Pipeline, ct)).ToDictionary(s => s.State.Dataset);
        var compared = lanes.Any(l => l.Dataset.Reconcile is not null) ? await engine.Warehouse.Control.ReadReconciledAsync(engine.Pipeline, ct) : new Dictionary<DatasetId, LastCompared>();
        var paused = await engine.Warehouse.Control.ReadPausedAsync(engine.Pipeline, ct);
        var filled = await engine.Warehouse.Control.ReadFilledColumnsAsync(engine.Pipeline, ct);
        var schemas = await engine.Warehouse.Control.ReadSourceSchemasAsync(engine.Pipeline, ct);
        foreach (var lane in lanes)
        {
            var now = engine.Time.GetUtcNow();
            lane.IsPaused = paused.Contains(lane.Dataset.Id);
            engine.Observer.PauseChanged(lane.Dataset, lane.IsPaused);
            lane.ReconcileDue = lane.Dataset.Reconcile is { } schedule ? compared.GetValueOrDefault(lane.Dataset.Id)?.By(schedule.Mode) is { } last ? last + schedule.Every : now : null;
            var status = written.GetValueOrDefault(lane.Dataset.Id);
            lane.Phase = status?.State.Phase;
            lane.Schema = schemas.GetValueOrDefault(lane.Dataset.Id);
            lane.ToldSchema = null;
            lane.WrittenError = status?.State.ErrorCode;
            lane.Busy = false;
            (lane.Waiting, lane.Errand, lane.Last) = (null, null, null);
            lane.Failures = 0;
            lane.TargetEnsured = false;
            timetable.Open(lane, written);
            engine.Observer.QuarantineCounted(lane.Dataset, status?.Quarantined ?? 0);
            if (status is null)
                await WriteAsync(lane, DatasetPhase.New, null, ct);
            else
                engine.Observer.PhaseChanged(lane.Dataset, status.State.Phase);
            await OpenColumnsAsync(lane, filled.GetValueOrDefault(lane.Dataset.Id), ct);
        }
    }

    /// <summary>Finds the columns that came into the contract since all rows were read. What left it is forgotten: if it comes again, its values are old.</summary>
    private async Task OpenColumnsAsync(Lane lane, string? recorded, CancellationToken ct)
    {
        // A full refresh writes every column of every row, each time. Where nothing is known yet, what is there counts as filled.
        var isKnown = recorded is not null && lane.Dataset.Capture is not Capture.FullRefresh;
        lane.Unfilled = isKnown ? FilledColumns.Missing(lane.Dataset, recorded!) : [];
        lane.FillsByReload = Reconciler.WhyNotComparable(lane.Dataset) is not null || engine.Warehouse.Digests(lane.Dataset) is null;
        lane.FillDue = DateTimeOffset.MaxValue;
        var kept = isKnown ? FilledColumns.Kept(lane.Dataset, recorded!) : FilledColumns.Of(lane.Dataset);
        if (kept != recorded)
            await engine.Warehouse.Control.WriteFilledColumnsAsync(engine.Pipeline, lane.Dataset.Id, kept, ct);
    }

    /// <summary>Columns are empty in some rows now, whatever they were before: the next sync fills them.</summary>
    public async Task EmptiedAsync(Lane lane, IReadOnlyCollection<string> columns, CancellationToken ct)
    {
        lane.Unfilled = [.. lane.Unfilled.Union(columns)];
        var filled = lane.Dataset with { Columns = [.. lane.Dataset.Columns.Where(c => c.Target is null || !lane.Unfilled.Contains(c.Target))] };
        await engine.Warehouse.Control.WriteFilledColumnsAsync(engine.Pipeline, lane.Dataset.Id, FilledColumns.Of(filled), ct);
    }

    /// <summary>All columns have values in all rows now.</summary>
    public async Task FilledAsync(Lane lane, CancellationToken ct)
    {
        if (lane.Unfilled.Count == 0)
            return;
        await engine.Warehouse.Control.WriteFilledColumnsAsync(engine.Pipeline, lane.Dataset.Id, FilledColumns.Of(lane.Dataset), ct);
        lane.Unfilled = [];
    }

    /// <summary>Asks whether a person has paused lanes, or let them go on: what was due meanwhile is due now.</summary>
    public async Task ReadPausesAsync(IReadOnlyList<Lane> lanes, CancellationToken ct)
    {
        var paused = await engine.Warehouse.Control.ReadPausedAsync(engine.Pipeline, ct);
        foreach (var lane in lanes.Where(l => l.IsPaused != paused.Contains(l.Dataset.Id)))
        {
            lane.IsPaused = !lane.IsPaused;
            engine.Observer.PauseChanged(lane.Dataset, lane.IsPaused);
        }
    }

    /// <summary>Records what a step did: the phase, the error, when the lane is due again.</summary>
    /// <returns>The wait before the next attempt; null after a success or where a person has to act.</returns>
    public async Task<TimeSpan?> RecordAsync(Step step, CancellationToken ct)
    {
        var (lane, fault) = (step.Lane, step.Outcome.Fault);
        if (fault is null)
        {
            lane.Failures = 0;
            if (lane.FillDue == DateTimeOffset.MaxValue)
                lane.FillDue = engine.Time.GetUtcNow();
            timetable.Passed(step);
            await WriteAsync(lane, DatasetPhase.Streaming, null, ct);
            if (step.Outcome.Kind == OutcomeKind.Synced)
                await CountQuarantinedAsync(lane, ct);
            return null;
        }

        lane.Failures++;
        lane.TargetEnsured = false;
        lane.Deletes.Forget();
        var phase = step.Outcome.Kind switch
        {
            OutcomeKind.ResyncRequired => DatasetPhase.ResyncRequired,
            OutcomeKind.Blocked => DatasetPhase.Blocked,
            _ => DatasetPhase.Failing,
        };
        TimeSpan? retryIn = phase == DatasetPhase.ResyncRequired ? null : Backoff.After(lane.Failures, fault, Random.Shared);
        lane.Due = retryIn is { } wait ? engine.Time.GetUtcNow() + wait : DateTimeOffset.MaxValue;
        engine.Observer.BatchFailed(lane.Dataset, fault, retryIn);
        if (lane.Failures > 1 || !fault.IsTransient)                     // a passing fault that passed at once is no state
            await WriteAsync(lane, phase, fault, ct);
        return retryIn;
    }

    /// <summary>Marks the beginning of a first load.</summary>
    public ValueTask BeginFirstLoadAsync(Lane lane, CancellationToken ct) => WriteAsync(lane, DatasetPhase.Snapshot, null, ct);

    private async Task CountQuarantinedAsync(Lane lane, CancellationToken ct)
    {
        if (await QuietlyAsync(async () => (await engine.Warehouse.Control.CountQuarantinedAsync(engine.Pipeline, ct)).GetValueOrDefault(lane.Dataset.Id)) is { } rows)
            engine.Observer.QuarantineCounted(lane.Dataset, rows);
    }

    private async ValueTask WriteAsync(Lane lane, DatasetPhase phase, CdcSyncException? fault, CancellationToken ct)
    {
        if (lane.Phase == phase && lane.WrittenError == fault?.Code.Id)
            return;
        var state = new DatasetState(engine.Pipeline, lane.Dataset.Id, lane.Dataset.Target, phase, fault?.Code.Id,
            fault is null ? null : $"{fault.Message} {fault.Remedy}", lane.Dataset.FreshnessTarget, lane.Dataset.Contract);
        lane.Phase = phase;
        engine.Observer.PhaseChanged(lane.Dataset, phase);
        var done = await QuietlyAsync(async () =>
        {
            await engine.Warehouse.Control.WriteStateAsync(state, ct);
            return true;
        });
        if (done is true)
            lane.WrittenError = fault?.Code.Id;
    }

    /// <summary>State is told on a best effort, also where the warehouse itself is the fault or the target is another's; rows and checkpoints never are.</summary>
    private async Task<T?> QuietlyAsync<T>(Func<Task<T>> ask)
        where T : struct
    {
        try
        {
            return await ask();
        }
        catch (CdcSyncException fault)
        {
            engine.Observer.WorkerFailed("warehouse", fault, TimeSpan.Zero);
            return null;
        }
    }
}
