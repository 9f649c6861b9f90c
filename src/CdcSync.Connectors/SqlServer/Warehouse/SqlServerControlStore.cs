using CdcSync.Connectors.Migrations;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The control state in the schema <c>cdcsync</c>. The clock of leases and ledger is the server's.</summary>
internal sealed class SqlServerControlStore(WarehouseSessions sessions, string pipeline) : IControlStore
{
    public async ValueTask CheckSchemaAsync(CancellationToken ct) =>
        await sessions.RunAsync("checking the control schema", async session =>
        {
            await MigrationRunner.For(SqlServerMigrations.Dialect).CheckAsync(session.Connection, ct);
            return true;
        }, ct);

    public ValueTask<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) =>
        sessions.RunAsync("migrating the control schema", session => MigrationRunner.For(SqlServerMigrations.Dialect).MigrateAsync(session.Connection, ct), ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, Checkpoint>> ReadCheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct)
    {
        var wanted = datasets.ToHashSet();
        var rows = await QueryAsync("reading checkpoints", new Statement(StateSql.ReadCheckpoints(), PipelineName.With(pipeline)),
            r => (Id: new DatasetId(r.GetString(0)), Checkpoint: ControlRows.Checkpoint(r, 1)!), ct);
        return rows.Where(r => wanted.Contains(r.Id)).ToDictionary(r => r.Id, r => r.Checkpoint);
    }

    public async ValueTask<bool> TryMoveCheckpointAsync(Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft ledger, CancellationToken ct)
    {
        var publication = Guid.CreateVersion7();
        return await sessions.RunAsync($"{dataset}: moving the checkpoint", async session =>
        {
            await session.BeginAsync(ct);
            if (!await PublicationSteps.BeginAsync(session, sessions.LockMilliseconds, publication, lease, ct)) return false;
            if (!await PublicationSteps.MoveAsync(session, pipeline, dataset, move, ct)) return false;
            await session.RunAsync(new Statement(ControlSql.WriteLedger(),
            [
                .. PublicationSteps.LedgerValues(publication, lease, dataset, move, ledger),
                Inserted.With(0L), Updated.With(0L), Deleted.With(0L), Erased.With(0L),
            ]), ct);
            await session.CommitAsync();
            return true;
        }, ct);
    }

    public ValueTask<bool> WasCommittedAsync(Guid publication, CancellationToken ct) =>
        sessions.RunAsync("asking the ledger for a publication", async session =>
            (int)(await session.ScalarAsync(new Statement(ControlSql.WasCommitted(), PublicationSteps.LockOf(publication), Wait.With(sessions.LockMilliseconds), Publication.With(publication)), ct))! == 1, ct);

    public async ValueTask<IReadOnlyList<LedgerEntry>> ReadLedgerAsync(DatasetId? dataset, int limit, CancellationToken ct) =>
        await QueryAsync("reading the ledger", new Statement(StateSql.ReadLedger(), PipelineName.With(pipeline), DatasetName.With(dataset?.Value), Limit.With(limit)), ControlRows.LedgerEntry, ct);

    public async ValueTask<IReadOnlySet<string>> ReadLandedPathsAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading the ledger's landing files", new Statement(StateSql.ReadLandedPaths(), PipelineName.With(pipeline)), r => r.GetString(0), ct)).ToHashSet(StringComparer.Ordinal);

    public async ValueTask WriteStateAsync(DatasetState state, CancellationToken ct)
    {
        var database = await sessions.DatabaseAsync(ct);
        await sessions.RunAsync($"{state.Dataset}: recording its state", async session =>
        {
            await RefuseTakenAsync(session, database.DefaultSchema, state, ct);
            try
            {
                await session.RunAsync(new Statement(StateSql.WriteState(),
                    PipelineName.With(state.Pipeline), DatasetName.With(state.Dataset.Value), TargetSchema.With(state.Target.Schema ?? ""), TargetName.With(state.Target.Name),
                    Phase.With(ControlText.Of(state.Phase)), ErrorCodeText.With(state.ErrorCode), Error.With(state.Error), Freshness.With(state.FreshnessTarget?.TotalSeconds),
                    ContractId.With(state.Contract.Id), ContractVersion.With(state.Contract.Version), ContractOwner.With(state.Contract.Owner)), ct);
            }
            catch (SqlException e) when (SqlServerErrors.Of(e) == SqlServerFault.DuplicateKey)
            {
                throw SqlServerTargets.Taken(state.Dataset, state.Target, "another dataset, or this one to a worker that was faster");
            }
            return true;
        }, ct);
    }

    public async ValueTask<IReadOnlyList<DatasetStatus>> ReadStatusAsync(string pipeline, CancellationToken ct) =>
        await QueryAsync("reading the status", new Statement(StateSql.ReadStatus(), PipelineName.With(pipeline)), r => ControlRows.Status(pipeline, r), ct);

    public async ValueTask<bool> SetPausedAsync(string pipeline, DatasetId dataset, bool paused, CancellationToken ct) =>
        (await QueryAsync(paused ? $"{dataset}: pausing it" : $"{dataset}: letting it go on", new Statement(StateSql.SetPaused(), PipelineName.With(pipeline), DatasetName.With(dataset.Value), Paused.With(paused)),
            r => r.GetInt64(0), ct)).Single() > 0;

    public async ValueTask<IReadOnlySet<DatasetId>> ReadPausedAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading what is paused", new Statement(StateSql.ReadPaused(), PipelineName.With(pipeline)), r => new DatasetId(r.GetString(0)), ct)).ToHashSet();

    public async ValueTask WriteFilledColumnsAsync(string pipeline, DatasetId dataset, string columns, CancellationToken ct) =>
        await QueryAsync($"{dataset}: recording its columns", new Statement(StateSql.WriteFilledColumns(), PipelineName.With(pipeline), DatasetName.With(dataset.Value), FilledColumns.With(columns)), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, string>> ReadFilledColumnsAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading which columns are filled", new Statement(StateSql.ReadFilledColumns(), PipelineName.With(pipeline)), r => (Dataset: new DatasetId(r.GetString(0)), Columns: r.GetString(1)), ct)).ToDictionary(r => r.Dataset, r => r.Columns);

    public async ValueTask WriteReconciliationAsync(string pipeline, ReconcileReport report, CancellationToken ct) =>
        await QueryAsync($"{report.Dataset}: recording a comparison", ReconciliationSql.Write(pipeline, report), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, SourceSchema>> ReadSourceSchemasAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading the sources' columns", new Statement(GateSql.SourceSchemas(), PipelineName.With(pipeline)), r => (Id: new DatasetId(r.GetString(0)), Schema: SourceSchema.Read(r.GetInt64(1), r.GetString(2), r.GetString(3))), ct))
            .ToDictionary(s => s.Id, s => s.Schema);

    public async ValueTask WriteSourceSchemaAsync(string pipeline, DatasetId dataset, SourceSchema schema, CancellationToken ct) =>
        await QueryAsync($"{dataset}: recording its source's columns", GateSql.WriteSourceSchema(pipeline, dataset, schema), _ => true, ct);

    public async ValueTask<long> SumDeletedAsync(string pipeline, DatasetId dataset, TimeSpan within, CancellationToken ct) =>
        (await QueryAsync($"{dataset}: summing its deletes", GateSql.SumDeleted(pipeline, dataset, within), r => r.GetInt64(0), ct)).Single();

    public async ValueTask<IReadOnlyList<PastBatch>> ReadPastAsync(string pipeline, DatasetId dataset, BatchKind kind, int limit, CancellationToken ct) =>
        await QueryAsync($"{dataset}: reading its past batches", GateSql.Past(pipeline, dataset, kind, limit), r => new PastBatch(r.GetInt64(0), Instant(r, 1)), ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, LastCompared>> ReadReconciledAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("reading when datasets were compared", new Statement(ReconciliationSql.ReadReconciled(), PipelineName.With(pipeline)), r => (Id: new DatasetId(r.GetString(0)), At: new LastCompared(InstantOrNull(r, 1), InstantOrNull(r, 2))), ct))
            .ToDictionary(r => r.Id, r => r.At);

    public async ValueTask<IReadOnlyList<RecordedComparison>> ReadComparisonsAsync(string pipeline, DatasetId? dataset, int limit, CancellationToken ct) =>
        await QueryAsync("reading the comparisons", new Statement(ReconciliationSql.ReadComparisons(), Limit.With(limit), PipelineName.With(pipeline), DatasetName.With(dataset?.Value)), ControlRows.Comparison, ct);

    public async ValueTask<Lease?> ReadLeaseAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync($"{pipeline}: reading the lease", new Statement(ControlSql.ReadLease(), PipelineName.With(pipeline)), r => new Lease(pipeline, r.GetString(0), r.GetInt64(1), Instant(r, 2)), ct)).SingleOrDefault();

    public async ValueTask WriteChecksAsync(string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct) =>
        await sessions.RunAsync($"{dataset.Id}: recording checks", async session =>
        {
            await session.BeginAsync(ct);
            var kept = dataset.Checks.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var (id, check) in await session.RowsAsync(new Statement(CheckSql.Read(), PipelineName.With(pipeline)), r => (r.GetString(0), r.GetString(1)), ct))
                if (id == dataset.Id.Value && !kept.Contains(check)) await session.RunAsync(CheckSql.Drop(pipeline, id, check), ct);
            foreach (var result in results) await session.RunAsync(CheckSql.Write(pipeline, dataset.Id.Value, result), ct);
            await session.CommitAsync();
            return true;
        }, ct);

    public async ValueTask<IReadOnlyList<RecordedCheck>> ReadChecksAsync(string pipeline, CancellationToken ct) =>
        await QueryAsync("reading results of checks", new Statement(CheckSql.Read(), PipelineName.With(pipeline)), r => new RecordedCheck(new DatasetId(r.GetString(0)),
            new CheckResult(r.GetString(1), ControlText.Read<CheckSeverity>(r.GetString(2)), ControlText.Read<CheckVerdict>(r.GetString(3)), r.IsDBNull(4) ? null : CheckValues.Of(r.GetDouble(4)), r.GetString(5), TextOrNull(r, 6), Instant(r, 7)), Instant(r, 8)), ct);

    public async ValueTask<Lease?> TryAcquireLeaseAsync(string pipeline, string holder, TimeSpan duration, CancellationToken ct) =>
        (await QueryAsync($"{pipeline}: taking the lease", new Statement(ControlSql.AcquireLease(),
            Resource.With($"cdcsync.lease.{pipeline}"), Wait.With(sessions.LockMilliseconds), PipelineName.With(pipeline), Holder.With(holder), Lasting(duration)),
            r => new Lease(pipeline, holder, r.GetInt64(0), Instant(r, 1)), ct)).SingleOrDefault();

    public async ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan duration, CancellationToken ct) =>
        (await QueryAsync($"{lease.Pipeline}: renewing the lease", new Statement(ControlSql.RenewLease(), [.. PublicationSteps.LeaseValues(lease), Lasting(duration)]),
            r => lease with { ExpiresAt = Instant(r, 1) }, ct)).SingleOrDefault();

    public async ValueTask ReleaseLeaseAsync(Lease lease, CancellationToken ct) =>
        await QueryAsync($"{lease.Pipeline}: giving the lease back", new Statement(ControlSql.ReleaseLease(), [.. PublicationSteps.LeaseValues(lease)]), _ => true, ct);

    public async ValueTask<IReadOnlyDictionary<DatasetId, long>> CountQuarantinedAsync(string pipeline, CancellationToken ct) =>
        (await QueryAsync("counting the quarantine", new Statement(StateSql.CountQuarantined(), PipelineName.With(pipeline)), r => (Id: new DatasetId(r.GetString(0)), Rows: r.GetInt64(1)), ct))
            .ToDictionary(r => r.Id, r => r.Rows);

    public ValueTask<bool> ForgetAsync(Lease lease, DatasetId dataset, CancellationToken ct) => sessions.RunAsync($"{dataset}: forgetting it", async session =>
    {
        await session.BeginAsync(ct);
        var rows = (long)(await session.ScalarAsync(new Statement(StateSql.Forget(), PipelineName.With(lease.Pipeline), DatasetName.With(dataset.Value)), ct))!;
        // Asked last: what holds the rows' locks by now can't be overtaken by a rival's publication.
        if (!await PublicationSteps.HoldsLeaseAsync(session, lease, ct))
            throw new CdcSyncException(ErrorCodes.LeaseLost, $"{dataset}: another worker holds the lease, or this one's ended.", "Stop the other worker first. Run: cdcsync status");
        await session.CommitAsync();
        return rows > 0;
    }, ct);

    public async ValueTask<IReadOnlyList<QuarantineEntry>> ReadQuarantineAsync(string pipeline, DatasetId? dataset, string? key, int limit, CancellationToken ct) =>
        await QueryAsync("reading the quarantine", new Statement(StateSql.ReadQuarantine(), Limit.With(limit), PipelineName.With(pipeline), DatasetName.With(dataset?.Value), ControlRows.DigestOrNull(key, 0)),
            r => new QuarantineEntry(new DatasetId(r.GetString(0)), new QuarantinedRow(r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5)), r.GetInt64(6), r.GetString(7), Instant(r, 8), Instant(r, 9)), ct);

    public async ValueTask<long> DropQuarantinedAsync(string pipeline, DatasetId dataset, string? key, CancellationToken ct) =>
        (await QueryAsync($"{dataset}: dropping entries from the quarantine", new Statement(StateSql.DropQuarantined(), PipelineName.With(pipeline), DatasetName.With(dataset.Value), ControlRows.DigestOrNull(key, 0)),
            r => r.GetInt64(0), ct)).Single();

    public async ValueTask<long> ExpireQuarantinedAsync(string pipeline, DateTimeOffset before, CancellationToken ct) =>
        (await QueryAsync("emptying old entries of the quarantine", new Statement(StateSql.ExpireQuarantined(), PipelineName.With(pipeline), Before.WithInstant(before), Payload.With(QuarantineEntry.Expired)), r => r.GetInt64(0), ct)).Single();

    /// <summary>See <see cref="IWarehouse.AdvanceIdleAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct)
    {
        if (moves.Count == 0) return [];
        List<DatasetId> moved = [];
        foreach (var some in moves.Chunk(ControlSql.RowsAtOnce))
        {
            moved.AddRange(await QueryAsync("advancing the checkpoints of unchanged datasets",
                new Statement(ControlSql.AdvanceIdle(some.Length), [.. PublicationSteps.LeaseValues(lease), .. some.SelectMany(ControlRows.Idle)]), r => new DatasetId(r.GetString(0)), ct));
        }
        return moved;
    }

    private async Task RefuseTakenAsync(WarehouseSession session, string defaultSchema, DatasetState state, CancellationToken ct)
    {
        var owners = await SqlServerTargets.OwnersAsync(session, state.Target, defaultSchema, ct);
        foreach (var (owner, dataset) in owners.Where(o => o != (state.Pipeline, state.Dataset.Value)))
            throw SqlServerTargets.Taken(state.Dataset, state.Target, $"dataset {dataset} of pipeline {owner}");
    }

    private ValueTask<List<T>> QueryAsync<T>(string doing, Statement statement, Func<SqlDataReader, T> row, CancellationToken ct) =>
        sessions.RunAsync(doing, session => session.RowsAsync(statement, row, ct), ct);

    private static SqlParameter Lasting(TimeSpan duration) => Milliseconds.With((int)duration.TotalMilliseconds);
}
