using System.Text.Json;
using CdcSync.Connectors.Migrations;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The control tables of a SQLite warehouse: <c>cdcsync_…</c> beside the targets.</summary>
internal sealed class SqliteControlStore(SqliteSessions sessions, string pipeline) : IControlStore
{
    private readonly MigrationRunner _migrations = MigrationRunner.For(Dialect(sessions.Path));

    public static MigrationDialect Dialect(string path) => new()
    {
        Engine = "sqlite",
        Journal = "main.cdcsync_schemaversions",
        JournalExists = "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'cdcsync_schemaversions'",
        CreateJournal = """
            CREATE TABLE IF NOT EXISTS main.cdcsync_schemaversions (
                schemaversionsid INTEGER NOT NULL PRIMARY KEY,
                scriptname       TEXT    NOT NULL UNIQUE,
                applied          TEXT    NOT NULL,
                oldest_binary    TEXT    NOT NULL
            ) STRICT
            """,
        Now = Instant.Now,
        Translate = (e, doing) => SqliteErrors.Translate(path, doing, (SqliteException)e),
    };

    public async ValueTask CheckSchemaAsync(CancellationToken ct)
    {
        // Who only looks does not leave an empty file behind where the path is wrong.
        if (!sessions.IsThere)
            throw new CdcSyncException(ErrorCodes.ControlSchemaMissing, $"there is no warehouse file {sessions.Path}.", "Correct the path, or make the warehouse. Run: cdcsync migrate");
        await WithConnectionAsync(async connection =>
        {
            await _migrations.CheckAsync(connection, ct).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) => WithConnectionAsync(connection => _migrations.MigrateAsync(connection, ct));

    public ValueTask<IReadOnlyDictionary<DatasetId, Checkpoint>> ReadCheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct) =>
        new(sessions.Read("reading checkpoints", session => ControlRecords.Checkpoints(session, pipeline, datasets), ct));

    public ValueTask<bool> TryMoveCheckpointAsync(Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft ledger, CancellationToken ct) =>
        sessions.WriteAsync($"moving the checkpoint of {dataset}", session =>
        {
            if (!ControlRecords.HoldsLease(session, lease) || ControlRecords.Generation(session, pipeline, dataset) != move.ExpectedGeneration) return false;
            ControlRecords.WriteLedger(session, lease, Guid.CreateVersion7(), pipeline, dataset, move.Next.Generation, ledger, MergeStats.None);
            ControlRecords.WriteCheckpoint(session, pipeline, dataset, move.Next);
            return true;
        }, ct);

    /// <summary>See <see cref="IWarehouse.AdvanceIdleAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct)
    {
        if (moves.Count == 0) return [];
        return await sessions.WriteAsync("advancing idle checkpoints", session => session
            .Fixed($"""
                UPDATE main.cdcsync_checkpoint AS c
                   SET generation = m.value ->> 2, source_kind = m.value ->> 3, source_id = m.value ->> 4, position_kind = m.value ->> 5,
                       position = m.value ->> 6, snapshot = m.value ->> 7, complete_up_to = m.value ->> 8, updated_at = {Instant.Now}
                  FROM json_each(?1) AS m
                 WHERE c.pipeline = ?2 AND c.dataset = m.value ->> 0 AND c.generation = m.value ->> 1
                   AND EXISTS (SELECT 1 FROM main.cdcsync_lease AS l
                                WHERE l.pipeline = ?3 AND l.token = ?4 AND l.holder = ?5 AND l.expires_at > {Instant.Now})
                RETURNING dataset
                """)
            .With(MovesAsJson(moves), pipeline, lease.Pipeline, lease.Token, lease.Holder)
            .All(row => new DatasetId(row.Text(0))), ct).ConfigureAwait(false);
    }

    public ValueTask<bool> WasCommittedAsync(Guid publication, CancellationToken ct) =>
        new(sessions.Read("asking the ledger", session => session
            .Fixed("SELECT 1 FROM main.cdcsync_ledger WHERE publication = ?1 LIMIT 1")
            .With(publication.ToString())
            .First(_ => true, missing: false), ct));

    public ValueTask<IReadOnlyList<LedgerEntry>> ReadLedgerAsync(DatasetId? dataset, int limit, CancellationToken ct) =>
        new(sessions.Read("reading the ledger", session => ControlRecords.Ledger(session, pipeline, dataset, limit), ct));

    public ValueTask<IReadOnlySet<string>> ReadLandedPathsAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading the ledger", session => session
            .Fixed("SELECT landing_path FROM main.cdcsync_ledger WHERE pipeline = ?1 AND landing_path IS NOT NULL")
            .With(pipeline)
            .All(row => row.Text(0))
            .ToHashSet(StringComparer.Ordinal), ct));

    public async ValueTask WriteStateAsync(DatasetState state, CancellationToken ct) =>
        await sessions.WriteAsync($"recording the state of {state.Dataset}", session =>
        {
            StateRecords.RefuseTaken(session, state.Pipeline, state.Dataset, state.Target);
            StateRecords.Write(session, state);
            return true;
        }, ct).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<DatasetStatus>> ReadStatusAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading the status", session => StateRecords.Status(session, pipeline), ct));

    public ValueTask<bool> SetPausedAsync(string pipeline, DatasetId dataset, bool paused, CancellationToken ct) =>
        sessions.WriteAsync(paused ? $"pausing {dataset}" : $"letting {dataset} go on", session => StateRecords.SetPaused(session, pipeline, dataset, paused), ct);

    public ValueTask<IReadOnlySet<DatasetId>> ReadPausedAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading what is paused", session => (IReadOnlySet<DatasetId>)StateRecords.Paused(session, pipeline), ct));

    public async ValueTask WriteFilledColumnsAsync(string pipeline, DatasetId dataset, string columns, CancellationToken ct) =>
        await sessions.WriteAsync($"recording the columns of {dataset}", session =>
        {
            StateRecords.SetFilled(session, pipeline, dataset, columns);
            return true;
        }, ct).ConfigureAwait(false);

    public ValueTask<IReadOnlyDictionary<DatasetId, string>> ReadFilledColumnsAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading which columns are filled", session => (IReadOnlyDictionary<DatasetId, string>)StateRecords.Filled(session, pipeline), ct));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<DatasetId, SourceSchema>> ReadSourceSchemasAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading the sources' columns", session => (IReadOnlyDictionary<DatasetId, SourceSchema>)GateRecords.SourceSchemas(session, pipeline), ct));

    /// <inheritdoc/>
    public async ValueTask WriteSourceSchemaAsync(string pipeline, DatasetId dataset, SourceSchema schema, CancellationToken ct) =>
        await sessions.WriteAsync($"recording the columns of {dataset}'s source", session =>
        {
            GateRecords.WriteSourceSchema(session, pipeline, dataset, schema);
            return true;
        }, ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<long> SumDeletedAsync(string pipeline, DatasetId dataset, TimeSpan within, CancellationToken ct) =>
        new(sessions.Read($"summing the deletes of {dataset}", session => GateRecords.SumDeleted(session, pipeline, dataset, within), ct));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PastBatch>> ReadPastAsync(string pipeline, DatasetId dataset, BatchKind kind, int limit, CancellationToken ct) =>
        new(sessions.Read($"reading the past batches of {dataset}", session => (IReadOnlyList<PastBatch>)GateRecords.Past(session, pipeline, dataset, kind, limit), ct));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<DatasetId, LastCompared>> ReadReconciledAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading when datasets were compared", session => (IReadOnlyDictionary<DatasetId, LastCompared>)session
            .Fixed("""
                SELECT dataset, max(finished_at) FILTER (WHERE mode <> 'totals'), max(finished_at) FILTER (WHERE mode = 'totals')
                  FROM main.cdcsync_reconciliation
                 WHERE pipeline = ?1 AND finished_at IS NOT NULL AND mode IN ('digest', 'keys', 'full', 'totals')
                 GROUP BY dataset
                """)
            .With(pipeline)
            .All(row => (Id: new DatasetId(row.Text(0)), At: new LastCompared(Instant.ReadOrNull(row.TextOrNull(1)), Instant.ReadOrNull(row.TextOrNull(2))))).ToDictionary(r => r.Id, r => r.At), ct));

    public async ValueTask WriteReconciliationAsync(string pipeline, ReconcileReport report, CancellationToken ct) =>
        await sessions.WriteAsync($"recording a comparison of {report.Dataset}", session => session
            .Fixed("""
                INSERT INTO main.cdcsync_reconciliation
                    (id, pipeline, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                """)
            .With(report.Id.ToString(), pipeline, report.Dataset.Value, ControlText.Of(report.Request), Instant.Of(report.StartedAt), Instant.Of(report.FinishedAt), ControlText.Of(report.Outcome),
                report.SourceRows, report.TargetRows, report.Found.Missing, report.Found.Different, report.Found.Extra, report.Repaired.Total, ControlText.OfReport(report))
            .Run(), ct).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<RecordedComparison>> ReadComparisonsAsync(string pipeline, DatasetId? dataset, int limit, CancellationToken ct) =>
        new(sessions.Read("reading the comparisons", session => (IReadOnlyList<RecordedComparison>)ControlRecords.Comparisons(session, pipeline, dataset, limit), ct));

    public ValueTask<Lease?> ReadLeaseAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading the lease", session => session
            .Fixed($"SELECT holder, token, expires_at FROM main.cdcsync_lease WHERE pipeline = ?1 AND expires_at > {Instant.Now}")
            .With(pipeline)
            .All(row => new Lease(pipeline, row.Text(0), row.Int64(1), Instant.Read(row.Text(2))))
            .SingleOrDefault(), ct));

    public async ValueTask WriteChecksAsync(string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct) =>
        await sessions.WriteAsync($"recording checks of {dataset.Id}", session =>
        {
            CheckRecords.Write(session, pipeline, dataset, results);
            return true;
        }, ct).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<RecordedCheck>> ReadChecksAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("reading results of checks", session => (IReadOnlyList<RecordedCheck>)CheckRecords.All(session, pipeline), ct));

    public ValueTask<Lease?> TryAcquireLeaseAsync(string pipeline, string holder, TimeSpan duration, CancellationToken ct) =>
        sessions.WriteAsync("taking the lease", session => session
            .Fixed($"""
                INSERT INTO main.cdcsync_lease (pipeline, holder, token, expires_at) VALUES (?1, ?2, 1, {Instant.NowPlus("?3")})
                ON CONFLICT (pipeline) DO UPDATE SET holder = excluded.holder, token = cdcsync_lease.token + 1, expires_at = excluded.expires_at
                 WHERE cdcsync_lease.expires_at <= {Instant.Now}
                RETURNING token, expires_at
                """)
            .With(pipeline, holder, duration.TotalSeconds)
            .All(row => new Lease(pipeline, holder, row.Int64(0), Instant.Read(row.Text(1))))
            .SingleOrDefault(), ct);

    public ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan duration, CancellationToken ct) =>
        sessions.WriteAsync("renewing the lease", session => session
            .Fixed($"""
                UPDATE main.cdcsync_lease SET expires_at = {Instant.NowPlus("?4")}
                 WHERE pipeline = ?1 AND token = ?2 AND holder = ?3 AND expires_at > {Instant.Now}
                RETURNING expires_at
                """)
            .With(lease.Pipeline, lease.Token, lease.Holder, duration.TotalSeconds)
            .All(row => lease with { ExpiresAt = Instant.Read(row.Text(0)) })
            .SingleOrDefault(), ct);

    public async ValueTask ReleaseLeaseAsync(Lease lease, CancellationToken ct) =>
        await sessions.WriteAsync("giving the lease back", session => session
            .Fixed($"UPDATE main.cdcsync_lease SET expires_at = {Instant.Now} WHERE pipeline = ?1 AND token = ?2 AND holder = ?3 AND expires_at > {Instant.Now}")
            .With(lease.Pipeline, lease.Token, lease.Holder)
            .Run(), ct).ConfigureAwait(false);

    public ValueTask<IReadOnlyDictionary<DatasetId, long>> CountQuarantinedAsync(string pipeline, CancellationToken ct) =>
        new(sessions.Read("counting the quarantine", session => session
            .Fixed("SELECT dataset, count(*) FROM main.cdcsync_quarantine WHERE pipeline = ?1 GROUP BY dataset")
            .With(pipeline)
            .All(row => (Id: new DatasetId(row.Text(0)), Rows: row.Int64(1)))
            .ToDictionary(row => row.Id, row => row.Rows), ct));

    public ValueTask<IReadOnlyList<QuarantineEntry>> ReadQuarantineAsync(string pipeline, DatasetId? dataset, string? key, int limit, CancellationToken ct) =>
        new(sessions.Read("reading the quarantine", session => (IReadOnlyList<QuarantineEntry>)QuarantineRecords.Entries(session, pipeline, dataset, key, limit), ct));

    public ValueTask<long> DropQuarantinedAsync(string pipeline, DatasetId dataset, string? key, CancellationToken ct) =>
        sessions.WriteAsync($"dropping entries of {dataset} from the quarantine", session => QuarantineRecords.Drop(session, pipeline, dataset, key), ct);

    public ValueTask<long> ExpireQuarantinedAsync(string pipeline, DateTimeOffset before, CancellationToken ct) =>
        sessions.WriteAsync("emptying old entries of the quarantine", session => QuarantineRecords.Expire(session, pipeline, before), ct);

    public ValueTask<bool> ForgetAsync(Lease lease, DatasetId dataset, CancellationToken ct) =>
        sessions.WriteAsync($"forgetting {dataset}", session =>
        {
            if (!ControlRecords.HoldsLease(session, lease))
                throw new CdcSyncException(ErrorCodes.LeaseLost, $"{dataset}: another worker holds the lease, or this one's ended.", "Stop the other worker first. Run: cdcsync status");
            var rows = 0;
            foreach (var table in (string[])["checkpoint", "dataset_state", "ledger", "quarantine", "contract_check", "acceptance", "source_schema"])
                rows += session.Fixed($"DELETE FROM main.cdcsync_{table} WHERE pipeline = ?1 AND dataset = ?2 RETURNING 1").With(pipeline, dataset.Value).All(_ => 1).Count();
            return rows > 0;
        }, ct);

    private static string MovesAsJson(IReadOnlyDictionary<DatasetId, CheckpointMove> moves) => JsonSerializer.Serialize(moves.Select(object?[] (m) =>
    [
        m.Key.Value, m.Value.ExpectedGeneration, m.Value.Next.Generation, m.Value.Next.Source.Kind, m.Value.Next.Source.Id,
        m.Value.Next.Stream.Kind, m.Value.Next.Stream.Canonical, ControlText.OfSnapshot(m.Value.Next.Snapshot), Instant.Of(m.Value.Next.CompleteUpTo),
    ]));

    private async ValueTask<T> WithConnectionAsync<T>(Func<SqliteConnection, Task<T>> work)
    {
        var session = sessions.Rent();
        var done = false;
        try
        {
            var result = await work(session.Connection).ConfigureAwait(false);
            done = true;
            return result;
        }
        finally
        {
            if (done) sessions.Return(session);
            else session.Dispose();
        }
    }
}
