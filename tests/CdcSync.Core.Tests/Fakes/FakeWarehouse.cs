using System.Collections.Concurrent;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A warehouse in memory that keeps every promise of the interface, with faults to order.</summary>
internal sealed class FakeWarehouse(TimeProvider time, FaultPlan faults) : IWarehouse, IControlStore
{
    private readonly Lock _transaction = new();

    /// <summary>By dataset, as first loads of several run side by side; a table itself belongs to its dataset's lane.</summary>
    public ConcurrentDictionary<DatasetId, Dictionary<long, string?>> Tables { get; } = [];

    public Dictionary<DatasetId, Checkpoint> Checkpoints { get; } = [];

    public ConcurrentDictionary<DatasetId, DatasetState> States { get; } = [];

    public List<LedgerEntry> Ledger { get; } = [];

    public List<(DatasetId Dataset, QuarantinedRow Row)> Quarantine { get; } = [];

    public List<ReconcileReport> Reconciliations { get; } = [];

    public HashSet<DatasetId> Paused { get; } = [];

    public Dictionary<DatasetId, string> Filled { get; } = [];

    public Dictionary<(DatasetId, string), RecordedCheck> CheckResults { get; } = [];

    /// <summary>What queries of contracts answer inside a publication.</summary>
    public Func<Dataset, SqlMeasure, decimal> Answer { get; set; } = (_, _) => throw new InvalidOperationException("nobody asks");

    /// <summary>What measures answer; null = this warehouse measures nothing.</summary>
    public ICheckReader? Checks { get; set; }

    public Lease? Held { get; set; }

    /// <summary>What happens to the next commit's answer.</summary>
    public CommitFate NextCommit { get; set; }

    /// <summary>A constraint of the user's on all tables as they would be: null = it holds.</summary>
    public Func<IReadOnlyDictionary<DatasetId, Dictionary<long, string?>>, Refusal?> Constraint { get; set; } = _ => null;

    /// <summary>Rehearsals that were asked for.</summary>
    public int Rehearsals { get; private set; }

    /// <summary>Runs in every publication before anything is compared or merged.</summary>
    public Func<Task>? BeforeCommit { get; set; }

    public IControlStore Control => this;

    public Dictionary<long, string?> Rows(DatasetId dataset) => Tables.GetOrAdd(dataset, _ => []);

    /// <summary>The same as it is between two publications, for who looks on from outside.</summary>
    public IReadOnlyDictionary<long, string?> Published(DatasetId dataset)
    {
        lock (_transaction)
            return Rows(dataset).ToDictionary();
    }

    public ValueTask<IReadOnlyList<string>> EnsureTargetAsync(Dataset dataset, CancellationToken ct)
    {
        faults.Pass();
        Rows(dataset.Id);
        return ValueTask.FromResult<IReadOnlyList<string>>([]);
    }

    public IRowGate ValueGate(Dataset dataset) => new AcceptAll();

    public IDigestReader Digests(Dataset dataset) => new LocalDigests(Side(dataset));

    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct) => await LocalTotals.OfAsync(Side(scope.Dataset), scope, ct);

    private FakeTargetSide Side(Dataset dataset) => new(dataset, () =>
    {
        faults.Pass();
        lock (_transaction)
            return [.. Rows(dataset.Id).OrderBy(r => r.Key)];
    });

    public ValueTask<bool> HasRowsAsync(Dataset dataset, CancellationToken ct) => ValueTask.FromResult(Rows(dataset.Id).Count > 0);

    public ValueTask<IPublication> OpenPublicationAsync(Lease lease, CancellationToken ct)
    {
        faults.Pass();
        return ValueTask.FromResult<IPublication>(new Publication(this, lease));
    }

    public ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
        {
            if (!Holds(lease))
                return ValueTask.FromResult<IReadOnlyList<DatasetId>>([]);
            var moved = moves.Where(m => GenerationOf(m.Key) == m.Value.ExpectedGeneration).ToArray();
            foreach (var (id, move) in moved)
                Checkpoints[id] = move.Next;
            return ValueTask.FromResult<IReadOnlyList<DatasetId>>([.. moved.Select(m => m.Key)]);
        }
    }

    public ValueTask<int> SweepStagesAsync(CancellationToken ct) => ValueTask.FromResult(0);

    public ValueTask CheckSchemaAsync(CancellationToken ct)
    {
        faults.Pass();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) => ValueTask.FromResult<IReadOnlyList<string>>([]);

    public ValueTask<IReadOnlyDictionary<DatasetId, Checkpoint>> ReadCheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyDictionary<DatasetId, Checkpoint>>(Checkpoints.Where(c => datasets.Contains(c.Key)).ToDictionary());
    }

    public ValueTask<bool> TryMoveCheckpointAsync(Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft ledger, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
        {
            if (!Holds(lease) || GenerationOf(dataset) != move.ExpectedGeneration)
                return ValueTask.FromResult(false);
            Checkpoints[dataset] = move.Next;
            Ledger.Add(new LedgerEntry(Guid.CreateVersion7(), dataset, move.Next.Generation, ledger, MergeStats.None, time.GetUtcNow(), lease.Holder));
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<bool> WasCommittedAsync(Guid publication, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult(Ledger.Any(e => e.Publication == publication));
    }

    public ValueTask<IReadOnlyList<LedgerEntry>> ReadLedgerAsync(DatasetId? dataset, int limit, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyList<LedgerEntry>>([.. Ledger.Where(e => dataset is null || e.Dataset == dataset).Reverse().Take(limit)]);
    }

    public List<(DatasetId Dataset, long Generation, AcceptedVerdict Verdict)> Accepted { get; } = [];

    public List<(DatasetId Dataset, SourceSchema Schema)> Schemas { get; } = [];

    public ValueTask<IReadOnlyDictionary<DatasetId, SourceSchema>> ReadSourceSchemasAsync(string pipeline, CancellationToken ct) =>
        ValueTask.FromResult<IReadOnlyDictionary<DatasetId, SourceSchema>>(Schemas.GroupBy(s => s.Dataset).ToDictionary(g => g.Key, g => g.Last().Schema));

    public ValueTask WriteSourceSchemaAsync(string pipeline, DatasetId dataset, SourceSchema schema, CancellationToken ct)
    {
        faults.Pass();
        Schemas.Add((dataset, schema));
        return ValueTask.CompletedTask;
    }

    /// <summary>How often the deletes of a day were summed.</summary>
    public int Sums { get; private set; }

    public ValueTask<long> SumDeletedAsync(string pipeline, DatasetId dataset, TimeSpan within, CancellationToken ct)
    {
        Sums++;
        var accepted = Accepted.Where(a => a.Dataset == dataset && a.Verdict.Gate == "deletes").Select(a => a.Generation).DefaultIfEmpty().Max();
        return ValueTask.FromResult(Ledger.Where(e => e.Dataset == dataset && e.CommittedAt > time.GetUtcNow() - within && e.Generation > accepted).Sum(e => e.Stats.Deleted));
    }

    public ValueTask<IReadOnlyList<PastBatch>> ReadPastAsync(string pipeline, DatasetId dataset, BatchKind kind, int limit, CancellationToken ct) =>
        ValueTask.FromResult<IReadOnlyList<PastBatch>>([.. Ledger.Where(e => e.Dataset == dataset && e.Draft.Kind == kind).Reverse().Take(limit).Select(e => new PastBatch(e.Draft.RowsRead, e.Draft.SourceTime))]);

    public ValueTask<IReadOnlySet<string>> ReadLandedPathsAsync(string pipeline, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlySet<string>>(Ledger.Select(e => e.Draft.Landing?.Path).OfType<string>().ToHashSet());
    }

    public ValueTask WriteStateAsync(DatasetState state, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            States[state.Dataset] = state;
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<DatasetStatus>> ReadStatusAsync(string pipeline, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyList<DatasetStatus>>([.. States.Values.Select(s => new DatasetStatus(s, Checkpoints.GetValueOrDefault(s.Dataset), null, 0))]);
    }

    public ValueTask<IReadOnlyDictionary<DatasetId, LastCompared>> ReadReconciledAsync(string pipeline, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyDictionary<DatasetId, LastCompared>>(Reconciliations.Where(r => r.Request.Range is null).GroupBy(r => r.Dataset)
                .ToDictionary(g => g.Key, g => new LastCompared(g.Where(r => r.Request.Mode != ReconcileMode.Totals).Max(r => (DateTimeOffset?)r.FinishedAt), g.Where(r => r.Request.Mode == ReconcileMode.Totals).Max(r => (DateTimeOffset?)r.FinishedAt))));
    }

    public ValueTask WriteReconciliationAsync(string pipeline, ReconcileReport report, CancellationToken ct)
    {
        lock (_transaction)
            Reconciliations.Add(report);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<RecordedComparison>> ReadComparisonsAsync(string pipeline, DatasetId? dataset, int limit, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask<Lease?> ReadLeaseAsync(string pipeline, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult(Held is { } held && held.ExpiresAt > time.GetUtcNow() ? held : null);
    }

    public ValueTask WriteChecksAsync(string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
        {
            foreach (var result in results)
            {
                var since = CheckResults.TryGetValue((dataset.Id, result.Check), out var before) && before.Result.Verdict == result.Verdict ? before.Since : result.At;
                CheckResults[(dataset.Id, result.Check)] = new RecordedCheck(dataset.Id, result, since);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<RecordedCheck>> ReadChecksAsync(string pipeline, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyList<RecordedCheck>>([.. CheckResults.Values]);
    }

    public ValueTask<Lease?> TryAcquireLeaseAsync(string pipeline, string holder, TimeSpan duration, CancellationToken ct)
    {
        faults.Pass();
        lock (_transaction)
        {
            if (Held is { } held && held.ExpiresAt > time.GetUtcNow() && held.Holder != holder)
                return ValueTask.FromResult<Lease?>(null);
            Held = new Lease(pipeline, holder, (Held?.Token ?? 0) + 1, time.GetUtcNow() + duration);
            return ValueTask.FromResult<Lease?>(Held);
        }
    }

    public ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan duration, CancellationToken ct)
    {
        lock (_transaction)
        {
            if (!Holds(lease))
                return ValueTask.FromResult<Lease?>(null);
            Held = lease with { ExpiresAt = time.GetUtcNow() + duration };
            return ValueTask.FromResult<Lease?>(Held);
        }
    }

    public ValueTask ReleaseLeaseAsync(Lease lease, CancellationToken ct)
    {
        lock (_transaction)
        {
            if (Held?.Token == lease.Token)
                Held = Held with { ExpiresAt = DateTimeOffset.MinValue };
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<DatasetId, long>> CountQuarantinedAsync(string pipeline, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyDictionary<DatasetId, long>>(Quarantine.GroupBy(q => q.Dataset).ToDictionary(g => g.Key, g => (long)g.Count()));
    }

    public ValueTask<bool> SetPausedAsync(string pipeline, DatasetId dataset, bool paused, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult(paused ? Paused.Add(dataset) : Paused.Remove(dataset));
    }

    public ValueTask<IReadOnlySet<DatasetId>> ReadPausedAsync(string pipeline, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlySet<DatasetId>>(Paused.ToHashSet());
    }

    public ValueTask WriteFilledColumnsAsync(string pipeline, DatasetId dataset, string columns, CancellationToken ct)
    {
        lock (_transaction)
            Filled[dataset] = columns;
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<DatasetId, string>> ReadFilledColumnsAsync(string pipeline, CancellationToken ct)
    {
        lock (_transaction)
            return ValueTask.FromResult<IReadOnlyDictionary<DatasetId, string>>(Filled.ToDictionary());
    }

    public ValueTask<bool> ForgetAsync(Lease lease, DatasetId dataset, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QuarantineEntry>> ReadQuarantineAsync(string pipeline, DatasetId? dataset, string? key, int limit, CancellationToken ct)
    {
        lock (_transaction)
            return new([.. Quarantine.Where(q => q.Dataset == dataset && (key is null || q.Row.Key == key)).Take(limit).Select(q => new QuarantineEntry(q.Dataset, q.Row, 0, "", default, default))]);
    }

    /// <summary>Before which instant entries were emptied; null = never.</summary>
    public DateTimeOffset? ExpiredBefore { get; private set; }

    public ValueTask<long> ExpireQuarantinedAsync(string pipeline, DateTimeOffset before, CancellationToken ct)
    {
        ExpiredBefore = before;
        return new(0L);
    }

    public ValueTask<long> DropQuarantinedAsync(string pipeline, DatasetId dataset, string? key, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Dictionary<DatasetId, Dictionary<long, string?>> Copy() => Tables.ToDictionary(t => t.Key, t => t.Value.ToDictionary());

    private void Restore(Dictionary<DatasetId, Dictionary<long, string?>> tables)
    {
        foreach (var (id, rows) in tables)
            Tables[id] = rows;
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private bool Holds(Lease lease) => Held is { } held && held.Token == lease.Token && held.ExpiresAt > time.GetUtcNow();

    private long GenerationOf(DatasetId dataset) => Checkpoints.GetValueOrDefault(dataset)?.Generation ?? 0;

    private sealed class AcceptAll : IRowGate
    {
        public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk) => [];
    }

    private sealed class Stage(FakeWarehouse warehouse, Dataset dataset, PublishMode mode) : IStage, IStagedView
    {
        public List<(long Key, ChangeKind Kind, string? Value)> Staged { get; } = [];

        public Dataset Dataset => dataset;

        public PublishMode Mode => mode;

        public long StagedRows => Staged.Count;

        public long StagedDeletes => Staged.Count(s => s.Kind == ChangeKind.Delete);

        public bool IsWholeContent => mode == PublishMode.Difference;

        public ValueTask WriteAsync(ChangeChunk chunk, CancellationToken ct)
        {
            warehouse.Faults.Pass();
            var (keys, values) = ((FixedWidthArray<long>)chunk.Rows.Column(0), (VarLengthArray)chunk.Rows.Column(1));
            for (var i = 0; i < chunk.Length; i++)
                Staged.Add((keys[i], chunk.Kinds.Span[i], values.IsNull(i) ? null : values.GetString(i)));
            return ValueTask.CompletedTask;
        }

        public ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct)
        {
            var upserted = Staged.Where(s => s.Kind == ChangeKind.Upsert).Select(s => s.Key).ToHashSet();
            var rows = warehouse.Rows(dataset.Id).Keys;
            return ValueTask.FromResult((long)(IsWholeContent ? rows.Count(k => !upserted.Contains(k)) : Staged.Count(s => s.Kind == ChangeKind.Delete && rows.Contains(s.Key))));
        }

        public ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct) => ValueTask.FromResult(Math.Min(limit, warehouse.Rows(dataset.Id).Count));

        public ValueTask<long> CountTargetRowsAsync(CancellationToken ct) => ValueTask.FromResult((long)warehouse.Rows(dataset.Id).Count);

        public MergeStats Merge()
        {
            var rows = warehouse.Rows(dataset.Id);
            var folded = Staged.GroupBy(s => s.Key).Select(g => g.Last()).ToArray();
            var upserts = Staged.Where(s => s.Kind == ChangeKind.Upsert).ToArray();
            if (mode == PublishMode.Append && (upserts.DistinctBy(s => s.Key).Count() != upserts.Length || upserts.Any(s => rows.ContainsKey(s.Key))))
                throw new InvalidOperationException("a key that was promised to be new is not");
            var (inserted, updated, deleted, erased) = (0L, 0L, 0L, 0L);
            foreach (var (key, kind, value) in folded)
            {
                var known = rows.TryGetValue(key, out var old);
                if (kind == ChangeKind.Upsert)
                {
                    rows[key] = value;
                    inserted += known ? 0 : 1;
                    updated += known && old != value ? 1 : 0;
                }
                else if (rows.Remove(key))
                {
                    deleted += kind == ChangeKind.Delete ? 1 : 0;
                    erased += kind == ChangeKind.Erase ? 1 : 0;
                }
            }

            if (IsWholeContent)
            {
                foreach (var key in rows.Keys.Except(folded.Select(f => f.Key)).ToArray())
                {
                    rows.Remove(key);
                    deleted++;
                }
            }

            return new MergeStats(inserted, updated, deleted, erased);
        }
    }

    private sealed class Publication(FakeWarehouse warehouse, Lease lease) : IPublication
    {
        public Guid Id { get; } = Guid.CreateVersion7();

        public ValueTask<IStage> OpenStageAsync(Dataset dataset, PublishMode mode, CancellationToken ct)
        {
            warehouse.Faults.Pass();
            return ValueTask.FromResult<IStage>(new Stage(warehouse, dataset, mode));
        }

        public async ValueTask<PublicationResult> PublishAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
        {
            warehouse.Faults.Pass();
            if (warehouse.BeforeCommit is { } before)
                await before();
            foreach (var part in parts)
            {
                foreach (var gate in part.Gates)
                {
                    if (await gate.InspectAsync((Stage)part.Stage, ct) is { } blocked)
                        return new PublicationResult(PublicationOutcome.Blocked, [], blocked, part.Stage.Dataset.Id);
                }
            }

            lock (warehouse._transaction)
                return Commit(parts);
        }

        public ValueTask<PublicationOutcome> RehearseAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
        {
            warehouse.Faults.Pass();
            lock (warehouse._transaction)
            {
                warehouse.Rehearsals++;
                if (Refused(parts) is { } refused)
                    return ValueTask.FromResult(refused);
                var before = warehouse.Copy();
                Merge(parts);
                warehouse.Restore(before);
                return ValueTask.FromResult(PublicationOutcome.Committed);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private PublicationOutcome? Refused(IReadOnlyList<DatasetPublication> parts) => !warehouse.Holds(lease) ? PublicationOutcome.LeaseLost
            : parts.Any(p => warehouse.GenerationOf(p.Stage.Dataset.Id) != p.Move.ExpectedGeneration) ? PublicationOutcome.Superseded
            : null;

        private List<MergeStats> Merge(IReadOnlyList<DatasetPublication> parts)
        {
            var before = warehouse.Copy();
            List<MergeStats> stats = [.. parts.Select(p => ((Stage)p.Stage).Merge())];
            if (warehouse.Constraint(warehouse.Tables) is not { } refusal)
                return stats;
            warehouse.Restore(before);
            throw new CdcSyncException(ErrorCodes.WarehouseRefusedRows, $"refused: {refusal.Reason}.", "Mend it. Run: cdcsync status") { Refusal = refusal };
        }

        private PublicationResult Commit(IReadOnlyList<DatasetPublication> parts)
        {
            var fate = warehouse.NextCommit;
            warehouse.NextCommit = CommitFate.Answered;
            if (Refused(parts) is { } refused)
                return new PublicationResult(refused, []);
            if (fate == CommitFate.LostBefore)
                throw Lost();
            var before = warehouse.Copy();
            var stats = Merge(parts);
            if (BlockedAfterMerge(parts) is { } blocked)
            {
                warehouse.Restore(before);
                return blocked;
            }

            foreach (var (part, changed) in parts.Zip(stats))
            {
                var id = part.Stage.Dataset.Id;
                warehouse.Quarantine.RemoveAll(q => q.Dataset == id && part.Quarantined.Any(newer => newer.Key == q.Row.Key));
                warehouse.Quarantine.AddRange(part.Quarantined.Select(q => (id, q)));
                warehouse.Accepted.AddRange(part.Accepted.Select(a => (id, part.Move.Next.Generation, a)));
                warehouse.Checkpoints[id] = part.Move.Next;
                warehouse.Ledger.Add(new LedgerEntry(Id, id, part.Move.Next.Generation, part.Ledger, changed, warehouse.Now, lease.Holder));
            }

            return fate == CommitFate.LostAfter ? throw Lost() : new PublicationResult(PublicationOutcome.Committed, stats);
        }

        private PublicationResult? BlockedAfterMerge(IReadOnlyList<DatasetPublication> parts)
        {
            foreach (var part in parts)
            {
                foreach (var gate in part.MergedGates)
                {
                    var asked = gate.InspectAsync(new MergedView(warehouse, part.Stage.Dataset), CancellationToken.None);
                    Assert.True(asked.IsCompleted);
                    if (asked.Result is { } fault)
                        return new PublicationResult(PublicationOutcome.Blocked, [], fault, part.Stage.Dataset.Id);
                }
            }

            return null;
        }

        private sealed class MergedView(FakeWarehouse warehouse, Dataset dataset) : IMergedView
        {
            public Dataset Dataset => dataset;

            public ValueTask<decimal> AskAsync(SqlMeasure query, CancellationToken ct) => new(warehouse.Answer(dataset, query));
        }

        private static CdcSyncException Lost() => new(ErrorCodes.CommitUnknown, "the answer was lost.", "Ask the ledger. Run: cdcsync history");
    }

    private FaultPlan Faults => faults;
}

/// <summary>What happens to a commit's answer.</summary>
internal enum CommitFate
{
    /// <summary>It arrives.</summary>
    Answered,

    /// <summary>The connection breaks before the commit reached the warehouse.</summary>
    LostBefore,

    /// <summary>The connection breaks after the commit.</summary>
    LostAfter,
}
