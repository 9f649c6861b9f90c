using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Landing;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Syncs a pipeline: once, or for ever. All state lives in the warehouse; any number of workers may run, one of them works.</summary>
public sealed class SyncEngine
{
    private readonly Pipeline _pipeline;
    private readonly IReadOnlyDictionary<string, IChangeSource> _sources;
    private readonly EngineContext _engine;
    private readonly Publisher _publisher;
    private readonly FirstLoad _firstLoad;
    private readonly IReadOnlyList<Lane> _lanes;
    private readonly LaneBook _book;
    private readonly Sweeper _sweeper;
    private readonly DeadlineReview _deadlines;
    private volatile bool _isWorking;

    /// <summary>Creates an engine for a pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="sources">Its sources, by name. The caller disposes them.</param>
    /// <param name="warehouse">Its warehouse, opened for this pipeline. The caller disposes it.</param>
    /// <param name="landing">Where raw batches are kept.</param>
    /// <param name="keyring">The keys of its masks.</param>
    /// <param name="observer">Is told what happens.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="CdcSyncException">A dataset names a key that is not in the keyring, or a cast that does not exist.</exception>
    public SyncEngine(Pipeline pipeline, IReadOnlyDictionary<string, IChangeSource> sources, IWarehouse warehouse, LandingZone landing, Keyring keyring,
        ISyncObserver observer, TimeProvider time, EngineOptions options)
    {
        (_pipeline, _sources) = (pipeline, sources);
        _engine = new EngineContext(pipeline.Name, warehouse, landing, observer, time, options);
        _publisher = new Publisher(_engine);
        _sweeper = new Sweeper(_engine);
        _deadlines = new DeadlineReview(_engine, pipeline);
        var ranges = sources.Keys.ToDictionary(name => name, name => new RangePlaces(pipeline.ParallelRanges.GetValueOrDefault(name, 1)), StringComparer.Ordinal);
        _lanes = [.. pipeline.Datasets.Select(d => new Lane(d, sources[d.SourceName], ranges[d.SourceName], keyring, warehouse.ValueGate(d)))];
        _book = new LaneBook(_engine, new Timetable(pipeline, _engine, _lanes));
        _firstLoad = new FirstLoad(_engine, _publisher, _book);
    }

    /// <summary>Brings every dataset to its source's now: first loads, then changes. Transient errors are tried again a few times.</summary>
    /// <param name="only">Only these datasets; null = all.</param>
    /// <param name="ct">Cancels; what is committed stays.</param>
    /// <param name="accepts">The gates that a person lets this run of these datasets through.</param>
    /// <returns>One outcome per dataset, in the pipeline's order.</returns>
    /// <exception cref="CdcSyncException">The warehouse can't be used, or another worker holds the lease.</exception>
    public async Task<PassReport> SyncOnceAsync(IReadOnlySet<DatasetId>? only, CancellationToken ct, Acceptance accepts = Acceptance.None)
    {
        var lanes = Chosen(only);
        foreach (var lane in lanes)
            lane.Accepts = only?.Contains(lane.Dataset.Id) == true ? accepts : Acceptance.None;
        return await UnderLeaseAsync(async keeper =>
        {
            await _sweeper.SweepAsync(keeper.Lost);
            return await Task.WhenAll(lanes.GroupBy(l => l.Source).Select(source => Task.Run(() => Once(source.Key).RunAsync([.. source], keeper.Lease, keeper.Lost))));
        }, ct);
    }

    /// <summary>Loads datasets anew and publishes the difference; clears what kept them from going on.</summary>
    /// <param name="datasets">The datasets.</param>
    /// <param name="breaker">Whether the delete breaker may stop it.</param>
    /// <param name="ct">Cancels; a dataset whose difference is published stays so.</param>
    public async Task<PassReport> ResyncAsync(IReadOnlySet<DatasetId> datasets, BreakerUse breaker, CancellationToken ct)
    {
        IReadOnlyList<Lane> lanes = [.. Chosen(datasets).Where(l => datasets.Contains(l.Dataset.Id))];
        return await UnderLeaseAsync(async keeper =>
        {
            var checkpoints = await _engine.Warehouse.Control.ReadCheckpointsAsync([.. datasets], keeper.Lost);
            var outcomes = new List<IReadOnlyList<DatasetOutcome>>();
            foreach (var lane in lanes)
            {
                var steps = await _firstLoad.ReloadAsync(lane, checkpoints.GetValueOrDefault(lane.Dataset.Id), ResyncCause.Requested, breaker, keeper.Lease, keeper.Lost);
                foreach (var step in steps)
                    await _book.RecordAsync(step, keeper.Lost);
                outcomes.Add([.. steps.Select(s => s.Outcome)]);
            }

            return [.. outcomes];
        }, ct);
    }

    /// <summary>Builds datasets anew from their landing files and publishes the difference. The source is not asked. What keeps a dataset from going on stays; where it stands afterwards is where it was landed up to.</summary>
    /// <param name="datasets">The datasets.</param>
    /// <param name="from">What was landed, by this pipeline or by another of the same datasets; null = by this one, of this warehouse.</param>
    /// <param name="request">What it may do.</param>
    /// <param name="ct">Cancels; a dataset whose difference is published stays so.</param>
    /// <returns>One per dataset, in the pipeline's order.</returns>
    /// <exception cref="CdcSyncException">A warehouse can't be used, or another worker holds the lease.</exception>
    public async Task<IReadOnlyList<RebuiltDataset>> RebuildAsync(IReadOnlySet<DatasetId> datasets, LandedHistory? from, RebuildRequest request, CancellationToken ct)
    {
        IReadOnlyList<Lane> lanes = [.. Chosen(datasets).Where(l => datasets.Contains(l.Dataset.Id))];
        var rebuild = new Rebuild(_engine, _book, _publisher, _firstLoad, from ?? new LandedHistory(_engine.Warehouse.Control, _engine.Landing), request);
        return await UnderLeaseAsync(keeper => rebuild.RunAsync(lanes, keeper.Lease, keeper.Lost), ct);
    }

    /// <summary>Compares a dataset's source and target, while sync may go on elsewhere; with repair, under the lease, makes the target equal.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="request">How, and whether to mend.</param>
    /// <param name="ct">Cancels; what was mended stays so.</param>
    /// <exception cref="CdcSyncException">It can't be compared, or a side can't be read; with repair also: another worker holds the lease, a gate blocked it.</exception>
    public async Task<ReconcileReport> ReconcileAsync(DatasetId dataset, ReconcileRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var unit = Chosen(new HashSet<DatasetId> { dataset });
        var lane = unit.Single(l => l.Dataset.Id == dataset);
        if (request.IsRepair)
            return await UnderLeaseAsync(keeper => Comparison(lane.Source).RepairAsync(lane, unit, request, keeper.Lease, keeper.Lost), ct);
        await _engine.Warehouse.Control.CheckSchemaAsync(ct);
        return await Comparison(lane.Source).CompareAsync(lane, request, ct);
    }

    /// <summary>Reads rows of a dataset again and publishes them, and deletes what the source has no longer.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="range">Which rows; null = all.</param>
    /// <param name="ct">Cancels; what was published stays so.</param>
    /// <exception cref="CdcSyncException">It can't be told row by row, a side can't be read, another worker holds the lease, or a gate blocked it.</exception>
    public async Task<DatasetOutcome> BackfillAsync(DatasetId dataset, RowRange? range, CancellationToken ct)
    {
        var unit = Chosen(new HashSet<DatasetId> { dataset });
        var lane = unit.Single(l => l.Dataset.Id == dataset);
        return await UnderLeaseAsync(keeper => Comparison(lane.Source).BackfillAsync(lane, unit, range, keeper.Lease, keeper.Lost), ct);
    }

    /// <summary>Reads what a pass would read and counts it. Writes nothing anywhere.</summary>
    public async Task<PassReport> DryRunAsync(IReadOnlySet<DatasetId>? only, CancellationToken ct)
    {
        await _engine.Warehouse.Control.CheckSchemaAsync(ct);
        var outcomes = await Task.WhenAll(Chosen(only).GroupBy(l => l.Source).Select(source => DryRun.CountAsync(_engine, source.Key, [.. source], ct)));
        return new PassReport([.. outcomes.SelectMany(o => o)]);
    }

    /// <summary>Works until cancelled: takes the lease or stands by for it, polls each source at its datasets' intervals, retries what fails. Never ends by itself on a fault that may pass.</summary>
    /// <param name="ct">Stops gracefully: what has begun to commit is committed, the rest rolls back.</param>
    /// <exception cref="CdcSyncException">The control schema is missing or newer: a person has to act first.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        var failures = 0;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await _engine.Warehouse.Control.CheckSchemaAsync(ct);
                await using var keeper = await LeaseKeeper.TryTakeAsync(_engine, ct);
                if (keeper is null)
                {
                    _engine.Observer.LeaseChanged(false);
                    await Task.Delay(_engine.Options.LeaseDuration / 3, _engine.Time, ct);
                    continue;
                }

                failures = 0;
                await WorkAsync(keeper);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                // The lease was lost: stand by for it.
            }
            catch (CdcSyncException fault) when (fault.IsTransient)
            {
                var wait = Backoff.After(++failures, fault, Random.Shared);
                _engine.Observer.WorkerFailed("warehouse", fault, wait);
                await Task.Delay(wait, _engine.Time, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Takes an order for datasets of a pipeline that this engine works on (<see cref="RunAsync"/>).</summary>
    /// <param name="order">What is to be done.</param>
    /// <param name="only">The datasets; null = all.</param>
    /// <returns>What becomes of it, per dataset, in the pipeline's order.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LeaseLost"/>: this engine stands by; <see cref="ErrorCodes.UnknownDataset"/>.</exception>
    public IReadOnlyList<OrderAnswer> Take(Order order, IReadOnlySet<DatasetId>? only)
    {
        ArgumentNullException.ThrowIfNull(order);
        Lane[] chosen = [.. Chosen(only).Where(l => only is null || only.Contains(l.Dataset.Id))];
        if (!_isWorking)
            throw new CdcSyncException(ErrorCodes.LeaseLost, $"pipeline '{_pipeline.Name}': this worker does not hold the lease, so that it carries out no orders.", "Ask the worker that does. Run: cdcsync status");
        OrderAnswer[] answers = [.. chosen.Select(lane => new OrderAnswer(lane.Dataset.Id, lane.Take(order, Errands.OutlookOf(order, lane, [.. _lanes.Where(l => l.Unit == lane.Unit)], HoursOf(lane)))))];
        Wake();
        return answers;
    }

    private SourceHours HoursOf(Lane lane) => _pipeline.Blackouts.GetValueOrDefault(lane.Dataset.SourceName)?.Covers(_engine.Time.GetUtcNow()) is true ? SourceHours.Blackout : SourceHours.Free;

    /// <summary>Has a working engine look at once for what it looks for now and then: pauses.</summary>
    public void Wake() => _engine.Bell.Ring();

    /// <summary>How each dataset stands in this engine, in the pipeline's order; empty while it does not work.</summary>
    public IReadOnlyList<LaneState> Lanes() => _isWorking ? [.. _lanes.Select(l => l.State())] : [];

    private async Task WorkAsync(LeaseKeeper keeper)
    {
        await _book.OpenAsync(_lanes, keeper.Lost);
        await _deadlines.ReviewAsync(keeper.Lost);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(keeper.Lost);
        List<Task> loops = [.. _lanes.GroupBy(l => l.Source).Select(s => Task.Run(() => Loop(s.Key).RunAsync([.. s], keeper.Lease, ended.Token))), _sweeper.RunAsync(ended.Token), Task.Run(() => new CheckLoop(_engine, _pipeline, _sources).RunAsync(ended.Token))];
        _isWorking = true;
        await Task.WhenAny(loops);                                       // a loop ends by cancellation, or by a bug: then all end
        _isWorking = false;
        await ended.CancelAsync();
        await Task.WhenAll(loops);
    }

    private PollLoop Loop(IChangeSource source) =>
        new(_engine, _book, Pass(source), new Errands(_engine, _book, _firstLoad, Comparison(source)), _pipeline.Blackouts.GetValueOrDefault(source.Name));

    private SourcePass Pass(IChangeSource source) => new(_engine, source, _publisher, _firstLoad, new GapRepair(_engine, _publisher, _firstLoad), new Acknowledgement(_engine, source, [.. _lanes.Where(l => l.Source == source)]));

    private FillingRun Once(IChangeSource source) => new(_book, new SingleRun(_engine, _book, Pass(source)), Comparison(source));

    private Comparison Comparison(IChangeSource source) => new(_engine, _book, _publisher, _firstLoad, Pass(source));

    private Task<PassReport> UnderLeaseAsync(Func<LeaseKeeper, Task<IReadOnlyList<DatasetOutcome>[]>> work, CancellationToken ct) => UnderLeaseAsync(async keeper =>
    {
        var byId = (await work(keeper)).SelectMany(outcomes => outcomes).ToDictionary(o => o.Dataset);
        return new PassReport([.. _pipeline.Datasets.Where(d => byId.ContainsKey(d.Id)).Select(d => byId[d.Id])]);
    }, ct);

    /// <summary>Does a single run's work under the lease. Losing the lease midway is an error of the run, not a cancellation; a cancellation that nobody asked for is a bug, and stays one.</summary>
    private async Task<T> UnderLeaseAsync<T>(Func<LeaseKeeper, Task<T>> work, CancellationToken ct)
    {
        await using var keeper = await TakeLeaseAsync(ct);
        try
        {
            await _book.OpenAsync(_lanes, keeper.Lost);
            var missed = await _deadlines.ReviewAsync(keeper.Lost);
            var done = await work(keeper);
            await _deadlines.SettleAsync(missed, keeper.Lost);
            return done;
        }
        catch (OperationCanceledException) when (keeper.Lost.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new CdcSyncException(ErrorCodes.LeaseLost, $"pipeline '{_pipeline.Name}': the lease was lost midway; what was committed before is kept.", "Another worker may go on with it. Run: cdcsync status");
        }
    }

    /// <summary>Removes what the warehouse remembers of a dataset, configured or not. Its target stays.</summary>
    /// <returns>True if there was anything.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LeaseLost"/>: another worker works.</exception>
    public async Task<bool> ForgetAsync(DatasetId dataset, CancellationToken ct)
    {
        await using var keeper = await TakeLeaseAsync(ct);
        return await _engine.Warehouse.Control.ForgetAsync(keeper.Lease, dataset, ct);
    }

    /// <summary>Gives a dataset another position, from which the next pass goes on.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">The source the position was made on; null = the one of its checkpoint.</param>
    /// <param name="position">The position.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="CdcSyncException">Another worker works, or the source can't go on from there; nothing was changed.</exception>
    public async Task<(Checkpoint Before, Checkpoint After)> SetPositionAsync(DatasetId dataset, SourceIdentity? source, Position position, CancellationToken ct)
    {
        await using var keeper = await TakeLeaseAsync(ct);
        return await new PositionChange(_engine, _lanes.First(l => l.Dataset.Id == dataset)).RunAsync(source, position, keeper.Lease, keeper.Lost);
    }

    private async Task<LeaseKeeper> TakeLeaseAsync(CancellationToken ct)
    {
        await _engine.Warehouse.Control.CheckSchemaAsync(ct);
        return await LeaseKeeper.TakeAsync(_engine, ct);
    }

    private IReadOnlyList<Lane> Chosen(IReadOnlySet<DatasetId>? only)
    {
        if (only is null)
            return _lanes;
        foreach (var id in only.Where(id => _lanes.All(l => l.Dataset.Id != id)))
            throw new CdcSyncException(ErrorCodes.UnknownDataset, $"pipeline '{_pipeline.Name}' has no dataset '{id}'.", "Run: cdcsync status");
        var groups = _lanes.Where(l => l.Dataset.Group is not null && only.Contains(l.Dataset.Id)).Select(l => l.Unit).ToHashSet(StringComparer.Ordinal);
        return [.. _lanes.Where(l => only.Contains(l.Dataset.Id) || groups.Contains(l.Unit))];
    }
}
