using System.Diagnostics;
using System.Runtime.ExceptionServices;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Landing;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// One dataset's micro-batch on its way: a window of changes, a range of a first load, or a whole content. The reader appends (shape → land) at the
/// source's speed; the publisher follows the landing file (gate → stage) at the warehouse's.
/// </summary>
internal sealed class Batch(Lane lane, BatchStart start, EngineContext engine) : IAsyncDisposable
{
    private readonly LandingFile _file = engine.Landing.Create(lane.Dataset);
    private readonly List<QuarantinedRow> _quarantined = [];
    private readonly TaskCompletionSource _readingEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _readingBegan = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _begun = Stopwatch.GetTimestamp();
    private TimeSpan _land, _stage, _read;
    private Position? _upTo;
    private DateTimeOffset? _newestCommit;
    private LandedFile? _landed;
    private IStage? _stagedIn;
    private readonly RowBreaches _breaches = new(lane.Dataset);
    private RuleGate? _rules;
    private RefusedRows? _again;
    private Exception? _readFault;

    public Lane Lane { get; } = lane;

    public BatchStart Start { get; } = start;

    public long RowsRead { get; private set; }

    public long RowsQuarantined => _quarantined.Count;

    /// <summary>The source delivers it from now on, and waits for nobody. Said by the first chunk too, and by the end.</summary>
    public void Begin() => _readingBegan.TrySetResult();

    /// <summary>
    /// Ends when the reading has begun. Before that nobody may hold a place in the warehouse for it: the reading may have to wait for a connection of the source, which another has who waits for such a place.
    /// </summary>
    public Task BeganAsync(CancellationToken ct) => _readingBegan.Task.WaitAsync(ct);

    /// <summary>Shapes and lands a chunk, as the source delivers it.</summary>
    public async ValueTask AppendAsync(ChangeChunk chunk, CancellationToken ct)
    {
        engine.Observer.RowsRead(Lane.Dataset, chunk.Length, chunk.Rows.ByteSize);
        await AppendShapedAsync(Lane.Shaper.Apply(chunk), ct);
    }

    /// <summary>Lands a chunk that has the target's schema already.</summary>
    public async ValueTask AppendShapedAsync(ChangeChunk shaped, CancellationToken ct)
    {
        Begin();
        RowsRead += shaped.Length;
        Failpoints.Hit(Failpoints.ChunkRead);
        var began = Stopwatch.GetTimestamp();
        await _file.AppendAsync(shaped, ct);
        _land += Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Takes all rows of a reading. Whoever follows the file learns of its failure; what is neither an error nor a cancellation is thrown here too.</summary>
    public async Task ReadAsync(IAsyncEnumerable<ChangeChunk> rows, Position upTo, CancellationToken ct)
    {
        try
        {
            await foreach (var chunk in rows.WithCancellation(ct))
                await AppendAsync(chunk, ct);
            await CompleteAsync(upTo, null, hasMore: false, ct);
        }
        catch (Exception e)
        {
            Fail(e);
            if (e is not (CdcSyncException or OperationCanceledException))
                throw;
        }
    }

    /// <summary>The source has delivered all of it.</summary>
    public async ValueTask CompleteAsync(Position upTo, DateTimeOffset? newestCommit, bool hasMore, CancellationToken ct)
    {
        _upTo = upTo;
        HasMore = hasMore;
        _newestCommit = newestCommit;
        _landed = await _file.CompleteAsync(ct);
        _read = Stopwatch.GetElapsedTime(_begun) - _land;
        Failpoints.Hit(Failpoints.Landed);
        Begin();
        _readingEnded.TrySetResult();
    }

    /// <summary>The source could not deliver it; whoever follows the file learns why.</summary>
    public void Fail(Exception fault)
    {
        _file.Fail(fault);
        _readFault = fault;
        Begin();
        _readingEnded.TrySetResult();
    }

    /// <summary>The warehouse could not take it: the reader learns it at its next chunk, and leaves the window out. Ends when the reader has let go of it.</summary>
    public async Task AbandonAsync(Exception fault)
    {
        _file.Fail(fault);
        await _readingEnded.Task;
    }

    /// <summary>Follows the landing file into a stage of the publication, gate by gate, until the source has delivered all.</summary>
    public async Task StageAsync(IPublication publication, CancellationToken ct)
    {
        _stagedIn = await publication.OpenStageAsync(Lane.Dataset, Start.Mode, ct);
        await foreach (var chunk in _file.ReadAllAsync(ct))
        {
            var began = Stopwatch.GetTimestamp();
            var (accepted, rejected) = GateSplit.Apply(Lane.Dataset, chunk, Lane.RowGates);
            Supersede(accepted);
            Quarantine(rejected);
            _breaches.Inspect(accepted);
            Failpoints.Hit(Failpoints.Gated);
            await _stagedIn.WriteAsync(accepted, ct);
            Failpoints.Hit(Failpoints.Staged);
            _stage += Stopwatch.GetElapsedTime(began);
        }

        // The file's last row is handed over a moment before the batch knows what the ledger has to name.
        await _readingEnded.Task;
        await FitAsync(ct);
    }

    /// <summary>Counts the rows that passed the gates, once the source has delivered all, so that they can be staged in parts.</summary>
    /// <exception cref="CdcSyncException">The source could not deliver it.</exception>
    public async Task CountAgainAsync(CancellationToken ct)
    {
        await _readingEnded.Task;
        if (_readFault is not null)
            ExceptionDispatchInfo.Throw(_readFault);
        _again = new RefusedRows(Lane, _file, ct);
    }

    /// <summary>The rows that passed the gates.</summary>
    public long RowsAgain => _again!.Count;

    /// <summary>Leaves rows out from now on, by their ordinals: the warehouse refuses them.</summary>
    public void Refuse(IReadOnlyList<RefusedRow> rows) => _again!.Refuse(rows);

    /// <summary>Stages some of the rows, for a rehearsal.</summary>
    public async Task StageOnlyAsync(IPublication publication, RowSet rows, CancellationToken ct)
    {
        _quarantined.Clear();
        _breaches.Restart();
        _stagedIn = await publication.OpenStageAsync(Lane.Dataset, Start.Mode, ct);
        foreach (var chunk in _again!.Only(rows, ct))
            await _stagedIn.WriteAsync(chunk, ct);
    }

    /// <summary>Stages all rows but those that the warehouse refuses, which go to quarantine.</summary>
    public async Task StageRestAsync(IPublication publication, CancellationToken ct)
    {
        _quarantined.Clear();
        _breaches.Restart();
        _stagedIn = await publication.OpenStageAsync(Lane.Dataset, Start.Mode, ct);
        foreach (var (accepted, rejected, superseded) in _again!.Parted(ct))
        {
            Supersede(accepted);
            Quarantine(rejected);
            _breaches.Inspect(accepted);
            if (superseded.Count > 0)
                _quarantined.RemoveAll(q => q.Rule == RefusedRowGate.Rule && superseded.Contains(q.Key));
            await _stagedIn.WriteAsync(accepted, ct);
        }

        await FitAsync(ct);
    }

    /// <summary>True if the source has more after it already: it completes nothing up to the source's time. Known once it was read.</summary>
    public bool HasMore { get; private set; }

    /// <summary>True if it moves nothing but the checkpoint: no rows, and not a whole content (which may delete).</summary>
    public bool IsIdle => RowsRead == 0 && Start.Kind == BatchKind.Window;

    /// <summary>Its part of the publication, once staged.</summary>
    public DatasetPublication ToPublication(Lease lease)
    {
        var gates = new BatchGates(engine, Lane, Start, RowsRead, _breaches);
        // Half a table is not judged: before it is complete for the first time, rules about the whole say nothing.
        _rules = Lane.Rules.Count > 0 && Move.Next.CompleteUpTo is not null ? new RuleGate(Lane.Rules, engine.Time) : null;
        return new DatasetPublication(_stagedIn!, Move, _quarantined, Ledger, gates.For(lease)) { Accepted = gates.Accepted, MergedGates = _rules is null ? [] : [_rules] };
    }

    /// <summary>What the rules about the whole table found, once it was published or refused.</summary>
    public IReadOnlyList<CheckResult> RuleResults => _rules?.Results ?? [];

    /// <summary>The checkpoint's move: generation + 1, to the end of what was read.</summary>
    public CheckpointMove Move => new(Start.Before?.Generation ?? 0, Start.Next(_upTo!, HasMore ? Start.Before?.CompleteUpTo : Lane.CompleteAt(Start.SourceTime)));

    /// <summary>What observers are told after the commit.</summary>
    public BatchReport Report(MergeStats stats, TimeSpan publish) =>
        new(Move.Next.Generation, Start.Kind, Move.Next, stats, RowsRead, RowsQuarantined, IsLanded ? _landed : null, _newestCommit,
            new Dictionary<string, TimeSpan> { ["read"] = _read, ["land"] = _land, ["stage"] = _stage, ["publish"] = publish })
        {
            Resync = Start.Resync,
        };

    /// <summary>False if its file is a spool alone: what is in it is in landing files already, each with its own age.</summary>
    public bool IsLanded => Start.Kind != BatchKind.Rebuild;

    /// <summary>Removes the landing file of a batch that certainly was not committed, or is not to be kept.</summary>
    public void DiscardLanding()
    {
        if (_landed is not null)
            engine.Landing.Discard(_landed);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private LedgerDraft Ledger =>
        new(Start.Kind, Start.Before?.Stream, _upTo!, RowsRead, RowsQuarantined, IsLanded ? _landed : null, Start.SourceTime, _newestCommit, Start.Range?.Ordinal);

    /// <summary>Of a history, a version that passes the gates takes the place of one before it that did not.</summary>
    private void Supersede(ChangeChunk accepted)
    {
        if (Start.Kind != BatchKind.Rebuild || _quarantined.Count == 0 || Lane.Dataset.TargetKey.Count == 0)
            return;
        var newer = QuarantineKeys.Of(Lane.Dataset, accepted.Rows).ToHashSet(StringComparer.Ordinal);
        _quarantined.RemoveAll(q => newer.Contains(q.Key));
    }

    /// <summary>The quarantine of a dataset is bounded over all its batches: full, it stops the dataset, and no row is lost sight of. Rows that are in it already need no more room, and a whole content begins it anew.</summary>
    private async Task FitAsync(CancellationToken ct)
    {
        var (control, id, limit) = (engine.Warehouse.Control, Lane.Dataset.Id, engine.Options.QuarantineLimit);
        if (_quarantined.Count == 0 || Start.Mode == PublishMode.Difference)
            return;
        var there = (await control.CountQuarantinedAsync(engine.Pipeline, ct)).GetValueOrDefault(id);
        if (there + _quarantined.Count <= limit)
            return;
        var keys = (await control.ReadQuarantineAsync(engine.Pipeline, id, null, (int)Math.Max(limit, there), ct)).Select(e => e.Row.Key).Concat(_quarantined.Select(q => q.Key)).ToHashSet(StringComparer.Ordinal);
        if (keys.Count > Math.Max(limit, there))
        {
            throw new CdcSyncException(ErrorCodes.QuarantineFull, $"{id}: its quarantine has {there} rows, and takes {limit} at the most; this batch has more that it would have to take. Nothing was committed.",
                $"Mend the rows in the source, or the contract, then let them in again. Run: cdcsync quarantine retry {id}");
        }
    }

    private void Quarantine(IReadOnlyList<QuarantinedRow> rejected)
    {
        if (_quarantined.Count + rejected.Count > engine.Options.QuarantineLimit)
        {
            throw new CdcSyncException(ErrorCodes.QuarantineFull,
                $"{Lane.Dataset.Id}: more than {engine.Options.QuarantineLimit} rows of one batch break rule '{rejected[0].Rule}' or others (first: column '{rejected[0].Column}', {rejected[0].Reason}); nothing was committed.",
                "Mend the source or the contract. Run: cdcsync status");
        }

        _quarantined.AddRange(rejected);
    }
}
