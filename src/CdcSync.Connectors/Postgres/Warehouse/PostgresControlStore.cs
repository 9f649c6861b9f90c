using CdcSync.Connectors.Migrations;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>The control state in the schema <c>cdcsync</c>. The clock of leases and ledger is the server's.</summary>
internal sealed class PostgresControlStore(PostgresSessions sessions, string pipeline) : IControlStore
{
    public async ValueTask CheckSchemaAsync(CancellationToken ct) =>
        await sessions.RunAsync("checking the control schema", async connection =>
        {
            await MigrationRunner.For(PostgresMigrations.Dialect).CheckAsync(connection, ct);
            return true;
        }, ct);

    public ValueTask<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) =>
        sessions.RunAsync("migrating the control schema", connection => MigrationRunner.For(PostgresMigrations.Dialect).MigrateAsync(connection, ct), ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, Checkpoint>> ReadCheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct)
    {
        var rows = await QueryAsync("reading checkpoints", Statement(ControlSql.ReadCheckpoints, Text(pipeline), Texts([.. datasets.Select(d => d.Value)])),
            r => (Id: new DatasetId(r.GetString(0)), Checkpoint: ReadCheckpoint(r, 1)!), ct);
        return rows.ToDictionary(r => r.Id, r => r.Checkpoint);
    }

    public async ValueTask<bool> TryMoveCheckpointAsync(Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft ledger, CancellationToken ct)
    {
        var doing = $"{dataset}: moving the checkpoint";
        var publication = Guid.CreateVersion7();
        try
        {
            return await sessions.RunAsync(doing, async connection =>
            {
                // No token: the commit goes out with the rest.
                await using var reader = await ReadAsync(connection, CancellationToken.None,
                    Statement("BEGIN"),
                    LockStatement(publication, lease, [(dataset, move)]),
                    MoveStatement(lease, dataset, move),
                    Statement(ControlSql.Ledger(MergeText.Nothing), [.. LedgerParameters(publication, lease, dataset, move, ledger)]),
                    Statement("COMMIT"));
                await DrainAsync(reader);
                return true;
            }, ct);
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.Superseded || e.Code == ErrorCodes.LeaseLost)
        {
            return false;
        }
    }

    public ValueTask<bool> WasCommittedAsync(Guid publication, CancellationToken ct) =>
        sessions.RunAsync("asking the ledger for a publication", async connection =>
        {
            await using var reader = await ReadAsync(connection, ct, Statement(ControlSql.AwaitEnd, Uuid(publication)), Statement(ControlSql.WasCommitted, Uuid(publication)));
            await reader.NextResultAsync(ct);
            await reader.ReadAsync(ct);
            return reader.GetBoolean(0);
        }, ct);

    public async ValueTask<IReadOnlyList<LedgerEntry>> ReadLedgerAsync(DatasetId? dataset, int limit, CancellationToken ct) =>
        await QueryAsync("reading the ledger", Statement(ControlSql.ReadLedger, Text(pipeline), Text(dataset?.Value), BigInt(limit)), ReadEntry, ct);

    public async ValueTask<IReadOnlySet<string>> ReadLandedPathsAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading the ledger's landing files", Statement(ControlSql.ReadLandedPaths, Text(pipeline)), r => r.GetString(0), ct)).ToHashSet(StringComparer.Ordinal);

    public async ValueTask WriteStateAsync(DatasetState state, CancellationToken ct)
    {
        try
        {
            await QueryAsync($"{state.Dataset}: recording its state", Statement(ControlSql.WriteState,
                Text(state.Pipeline), Text(state.Dataset.Value), Text(state.Target.Schema ?? ""), Text(state.Target.Name), Text(ControlText.Of(state.Phase)),
                Text(state.ErrorCode), Text(state.Error), Double(state.FreshnessTarget?.TotalSeconds),
                Text(state.Contract.Id), Text(state.Contract.Version), Text(state.Contract.Owner)), _ => true, ct);
        }
        // The one thing its row can collide with is another dataset's target.
        catch (CdcSyncException e) when (e.Code == ErrorCodes.WarehouseRefusedRows)
        {
            throw PostgresTargets.Taken(state.Dataset, state.Target, "another dataset");
        }
    }

    public async ValueTask<IReadOnlyList<DatasetStatus>> ReadStatusAsync(string pipeline, CancellationToken ct) =>
        await QueryAsync("reading the status", Statement(ControlSql.ReadStatus, Text(pipeline)), r => ReadStatus(pipeline, r), ct);

    public async ValueTask<bool> SetPausedAsync(string pipeline, DatasetId dataset, bool paused, CancellationToken ct) =>
        (await QueryAsync(paused ? $"{dataset}: pausing it" : $"{dataset}: letting it go on", Statement(ControlSql.SetPaused, Text(pipeline), Text(dataset.Value), Boolean(paused)), _ => true, ct)).Count > 0;

    public async ValueTask<IReadOnlySet<DatasetId>> ReadPausedAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading what is paused", Statement(ControlSql.ReadPaused, Text(pipeline)), r => new DatasetId(r.GetString(0)), ct)).ToHashSet();

    public async ValueTask WriteFilledColumnsAsync(string pipeline, DatasetId dataset, string columns, CancellationToken ct) =>
        await QueryAsync($"{dataset}: recording its columns", Statement(ControlSql.WriteFilledColumns, Text(pipeline), Text(dataset.Value), Text(columns)), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, string>> ReadFilledColumnsAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading which columns are filled", Statement(ControlSql.ReadFilledColumns, Text(pipeline)), r => (Dataset: new DatasetId(r.GetString(0)), Columns: r.GetString(1)), ct)).ToDictionary(r => r.Dataset, r => r.Columns);

    public async ValueTask WriteReconciliationAsync(string pipeline, ReconcileReport report, CancellationToken ct) =>
        await QueryAsync($"{report.Dataset}: recording a comparison", Statement(ControlSql.WriteReconciliation,
            Uuid(report.Id), Text(pipeline), Text(report.Dataset.Value), Text(ControlText.Of(report.Request)), Instant(report.StartedAt), Instant(report.FinishedAt), Text(ControlText.Of(report.Outcome)),
            BigInt(report.SourceRows), BigInt(report.TargetRows), BigInt(report.Found.Missing), BigInt(report.Found.Different), BigInt(report.Found.Extra), BigInt(report.Repaired.Total),
            Json(ControlText.OfReport(report))), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, SourceSchema>> ReadSourceSchemasAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading the sources' columns", Statement(GateSql.SourceSchemas, Text(pipeline)), r => (Id: new DatasetId(r.GetString(0)), Schema: SourceSchema.Read(r.GetInt64(1), r.GetString(2), r.GetString(3))), ct))
            .ToDictionary(s => s.Id, s => s.Schema);

    public async ValueTask WriteSourceSchemaAsync(string pipeline, DatasetId dataset, SourceSchema schema, CancellationToken ct) =>
        await QueryAsync($"{dataset}: recording its source's columns", Statement(GateSql.WriteSourceSchema, Text(pipeline), Text(dataset.Value), BigInt(schema.Number), Text(schema.ColumnsText), Text(schema.ChangesText)), _ => true, ct);

    public async ValueTask<long> SumDeletedAsync(string pipeline, DatasetId dataset, TimeSpan within, CancellationToken ct) =>
        (await QueryAsync($"{dataset}: summing its deletes", Statement(GateSql.SumDeleted, Text(pipeline), Text(dataset.Value), Double(within.TotalSeconds)), r => r.GetInt64(0), ct)).Single();

    public async ValueTask<IReadOnlyList<PastBatch>> ReadPastAsync(string pipeline, DatasetId dataset, BatchKind kind, int limit, CancellationToken ct) =>
        await QueryAsync($"{dataset}: reading its past batches", Statement(GateSql.Past, Text(pipeline), Text(dataset.Value), Text(ControlText.Of(kind)), BigInt(limit)),
            r => new PastBatch(r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1)), ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, LastCompared>> ReadReconciledAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading when datasets were compared", Statement(ControlSql.ReadReconciled, Text(pipeline)), r => (Id: new DatasetId(r.GetString(0)), At: new LastCompared(InstantOrNull(r, 1), InstantOrNull(r, 2))), ct))
            .ToDictionary(r => r.Id, r => r.At);

    public async ValueTask<IReadOnlyList<RecordedComparison>> ReadComparisonsAsync(string pipeline, DatasetId? dataset, int limit, CancellationToken ct) =>
        await QueryAsync("reading the comparisons", Statement(ControlSql.ReadComparisons, Text(pipeline), Text(dataset?.Value), BigInt(limit)),
            r => new RecordedComparison(r.GetGuid(0), new DatasetId(r.GetString(1)), ControlText.ReadMode(r.GetString(2)), r.GetFieldValue<DateTimeOffset>(3), r.GetFieldValue<DateTimeOffset>(4),
                ControlText.Read<ReconcileOutcome>(r.GetString(5)), r.GetInt64(6), r.GetInt64(7), new DriftCounts(r.GetInt64(8), r.GetInt64(9), r.GetInt64(10)), r.GetInt64(11),
                ControlText.ReadReport(r.IsDBNull(12) ? null : r.GetString(12))), ct);

    public async ValueTask<Lease?> ReadLeaseAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync($"{pipeline}: reading the lease", Statement(ControlSql.ReadLease, Text(pipeline)), r => new Lease(pipeline, r.GetString(0), r.GetInt64(1), r.GetFieldValue<DateTimeOffset>(2)), ct)).SingleOrDefault();

    public async ValueTask WriteChecksAsync(string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct) =>
        await QueryAsync($"{dataset.Id}: recording checks", Statement(ControlSql.WriteChecks, Text(pipeline), Text(dataset.Id.Value), Texts([.. dataset.Checks.Select(c => c.Id)]),
            Texts([.. results.Select(r => r.Check)]), Texts([.. results.Select(r => ControlText.Of(r.Severity))]), Texts([.. results.Select(r => ControlText.Of(r.Verdict))]),
            Doubles([.. results.Select(r => (double?)r.Value)]), Texts([.. results.Select(r => r.Expected)]), Texts([.. results.Select(r => r.Detail)]), Instants([.. results.Select(r => (DateTimeOffset?)r.At)])), _ => true, ct);

    public async ValueTask<IReadOnlyList<RecordedCheck>> ReadChecksAsync(string pipeline, CancellationToken ct) =>
        await QueryAsync("reading results of checks", Statement(ControlSql.ReadChecks, Text(pipeline)),
            r => new RecordedCheck(new DatasetId(r.GetString(0)), new CheckResult(r.GetString(1), ControlText.Read<CheckSeverity>(r.GetString(2)), ControlText.Read<CheckVerdict>(r.GetString(3)),
                r.IsDBNull(4) ? null : CheckValues.Of(r.GetDouble(4)), r.GetString(5), TextOrNull(r, 6), r.GetFieldValue<DateTimeOffset>(7)), r.GetFieldValue<DateTimeOffset>(8)), ct);

    public async ValueTask<Lease?> TryAcquireLeaseAsync(string pipeline, string holder, TimeSpan duration, CancellationToken ct)
    {
        var lease = (await QueryAsync($"{pipeline}: taking the lease", Statement(ControlSql.AcquireLease, Text(pipeline), Text(holder), Double(duration.TotalSeconds)),
            r => new Lease(pipeline, holder, r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1)), ct)).SingleOrDefault();
        if (lease is { Token: > 1 }) await EndFormerCopiesAsync(lease, ct);
        return lease;
    }

    public async ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan duration, CancellationToken ct) =>
        (await QueryAsync($"{lease.Pipeline}: renewing the lease", Statement(ControlSql.RenewLease, Text(lease.Pipeline), BigInt(lease.Token), Double(duration.TotalSeconds)),
            r => lease with { ExpiresAt = r.GetFieldValue<DateTimeOffset>(1) }, ct)).SingleOrDefault();

    public async ValueTask ReleaseLeaseAsync(Lease lease, CancellationToken ct) =>
        await QueryAsync($"{lease.Pipeline}: giving the lease back", Statement(ControlSql.ReleaseLease, Text(lease.Pipeline), BigInt(lease.Token)), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, long>> CountQuarantinedAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("counting the quarantine", Statement(ControlSql.CountQuarantined, Text(pipeline)), r => (Id: new DatasetId(r.GetString(0)), Rows: r.GetInt64(1)), ct))
            .ToDictionary(r => r.Id, r => r.Rows);

    public async ValueTask<bool> ForgetAsync(Lease lease, DatasetId dataset, CancellationToken ct)
    {
        var (isHeld, rows) = (await QueryAsync($"{dataset}: forgetting it", Statement(ControlSql.Forget, Text(lease.Pipeline), BigInt(lease.Token), Text(dataset.Value)), r => (r.GetBoolean(0), r.GetInt64(1)), ct)).Single();
        return isHeld ? rows > 0 : throw new CdcSyncException(ErrorCodes.LeaseLost, $"{dataset}: another worker holds the lease, or this one's ended.", "Stop the other worker first. Run: cdcsync status");
    }

    public async ValueTask<IReadOnlyList<QuarantineEntry>> ReadQuarantineAsync(string pipeline, DatasetId? dataset, string? key, int limit, CancellationToken ct) =>
        await QueryAsync("reading the quarantine", Statement(ControlSql.ReadQuarantine, Text(pipeline), Text(dataset?.Value), Text(key), BigInt(limit)),
            r => new QuarantineEntry(new DatasetId(r.GetString(0)), new QuarantinedRow(r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5)),
                r.GetInt64(6), r.GetString(7), r.GetFieldValue<DateTimeOffset>(8), r.GetFieldValue<DateTimeOffset>(9)), ct);

    public async ValueTask<long> DropQuarantinedAsync(string pipeline, DatasetId dataset, string? key, CancellationToken ct) =>
        (await QueryAsync($"{dataset}: dropping entries from the quarantine", Statement(ControlSql.DropQuarantined, Text(pipeline), Text(dataset.Value), Text(key)), _ => true, ct)).Count;

    public async ValueTask<long> ExpireQuarantinedAsync(string pipeline, DateTimeOffset before, CancellationToken ct) =>
        (await QueryAsync("emptying old entries of the quarantine", Statement(ControlSql.ExpireQuarantined, Text(pipeline), Instant(before), Text(QuarantineEntry.Expired)), _ => true, ct)).Count;

    /// <summary>See <see cref="IWarehouse.AdvanceIdleAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct)
    {
        if (moves.Count == 0) return [];
        KeyValuePair<DatasetId, CheckpointMove>[] all = [.. moves];
        return await QueryAsync("advancing the checkpoints of unchanged datasets", Statement(ControlSql.AdvanceIdle,
            Text(lease.Pipeline), BigInt(lease.Token),
            Texts([.. all.Select(m => m.Key.Value)]), BigInts([.. all.Select(m => m.Value.ExpectedGeneration)]),
            Texts([.. all.Select(m => m.Value.Next.Source.Kind)]), Texts([.. all.Select(m => m.Value.Next.Source.Id)]),
            Texts([.. all.Select(m => m.Value.Next.Stream.Kind)]), Texts([.. all.Select(m => m.Value.Next.Stream.Canonical)]),
            Jsons([.. all.Select(m => ControlText.OfSnapshot(m.Value.Next.Snapshot))]), Instants([.. all.Select(m => m.Value.Next.CompleteUpTo)])),
            r => new DatasetId(r.GetString(0)), ct);
    }

    /// <summary>The values of <see cref="ControlSql.Ledger"/>, in its order.</summary>
    public static IEnumerable<NpgsqlParameter> LedgerParameters(Guid publication, Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft draft) =>
    [
        Uuid(publication), Text(lease.Pipeline), Text(dataset.Value), BigInt(move.Next.Generation), Text(ControlText.Of(draft.Kind)),
        Text(draft.UpTo.Kind), Text(draft.After?.Canonical), Text(draft.UpTo.Canonical), Integer(draft.Range), BigInt(draft.RowsRead), BigInt(draft.RowsQuarantined),
        Text(draft.Landing?.Path), Text(draft.Landing?.Sha256), BigInt(draft.Landing?.Rows), BigInt(draft.Landing?.Bytes),
        Instant(draft.SourceTime), Instant(draft.NewestCommit), Text(lease.Holder), BigInt(lease.Token),
    ];

    /// <summary>The statement that locks the checkpoints of a publication, or fails.</summary>
    public static NpgsqlBatchCommand LockStatement(Guid publication, Lease lease, IReadOnlyList<(DatasetId Dataset, CheckpointMove Move)> moves) => Statement(ControlSql.Lock,
        Uuid(publication), Text(lease.Pipeline), BigInt(lease.Token), Texts([.. moves.Select(m => m.Dataset.Value)]), BigInts([.. moves.Select(m => m.Move.ExpectedGeneration)]));

    /// <summary>The statement that moves a checkpoint, or fails.</summary>
    public static NpgsqlBatchCommand MoveStatement(Lease lease, DatasetId dataset, CheckpointMove move) => Statement(ControlSql.Move,
        Text(lease.Pipeline), Text(dataset.Value), BigInt(move.ExpectedGeneration), Text(move.Next.Source.Kind), Text(move.Next.Source.Id),
        Text(move.Next.Stream.Kind), Text(move.Next.Stream.Canonical), Json(ControlText.OfSnapshot(move.Next.Snapshot)), Instant(move.Next.CompleteUpTo));

    private async Task EndFormerCopiesAsync(Lease lease, CancellationToken ct)
    {
        try
        {
            await QueryAsync($"{lease.Pipeline}: ending what runs under an earlier lease", Statement(ControlSql.EndFormerCopies, Text(lease.Pipeline), BigInt(lease.Token)), _ => true, ct);
        }
        catch (CdcSyncException denied) when (denied.Code == ErrorCodes.WarehouseDenied)
        {
            // A session of another user: it can't commit, but its rows are waited for until its timeouts end it.
        }
    }

    private ValueTask<List<T>> QueryAsync<T>(string doing, NpgsqlBatchCommand statement, Func<NpgsqlDataReader, T> row, CancellationToken ct) =>
        sessions.RunAsync(doing, async connection =>
        {
            await using var reader = await ReadAsync(connection, ct, statement);
            List<T> rows = [];
            while (await reader.ReadAsync(ct)) rows.Add(row(reader));
            return rows;
        }, ct);

    private static async Task DrainAsync(NpgsqlDataReader reader)
    {
        while (await reader.NextResultAsync(CancellationToken.None)) { }
    }

    private static Checkpoint? ReadCheckpoint(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : new Checkpoint(
        r.GetInt64(at), new SourceIdentity(r.GetString(at + 1), r.GetString(at + 2)), new Position(r.GetString(at + 3), r.GetString(at + 4)),
        ControlText.ReadSnapshot(TextOrNull(r, at + 5)), InstantOrNull(r, at + 6));

    private static LedgerEntry ReadEntry(NpgsqlDataReader r)
    {
        var kind = r.GetString(4);
        var landing = r.IsDBNull(14) ? null : new LandedFile(r.GetString(14), r.GetString(15), r.GetInt64(16), r.GetInt64(17));
        var draft = new LedgerDraft(ControlText.Read<BatchKind>(r.GetString(3)), TextOrNull(r, 5) is { } after ? new Position(kind, after) : null, new Position(kind, r.GetString(6)),
            r.GetInt64(8), r.GetInt64(9), landing, r.GetFieldValue<DateTimeOffset>(18), InstantOrNull(r, 19), r.IsDBNull(7) ? null : r.GetInt32(7));
        return new LedgerEntry(r.GetGuid(0), new DatasetId(r.GetString(1)), r.GetInt64(2), draft,
            new MergeStats(r.GetInt64(10), r.GetInt64(11), r.GetInt64(12), r.GetInt64(13)), r.GetFieldValue<DateTimeOffset>(21), r.GetString(20));
    }

    private static DatasetStatus ReadStatus(string pipeline, NpgsqlDataReader r)
    {
        var state = new DatasetState(pipeline, new DatasetId(r.GetString(0)), new TargetTable(r.GetString(1) is { Length: > 0 } schema ? schema : null, r.GetString(2)),
            ControlText.Read<DatasetPhase>(r.GetString(3)), TextOrNull(r, 4), TextOrNull(r, 5), r.IsDBNull(6) ? null : TimeSpan.FromSeconds(r.GetDouble(6)),
            new ContractReference(r.GetString(7), r.GetString(8), r.GetString(9)));
        return new DatasetStatus(state, ReadCheckpoint(r, 10), InstantOrNull(r, 17), r.GetInt64(18));
    }

    private static string? TextOrNull(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);

    private static DateTimeOffset? InstantOrNull(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetFieldValue<DateTimeOffset>(at);
}
