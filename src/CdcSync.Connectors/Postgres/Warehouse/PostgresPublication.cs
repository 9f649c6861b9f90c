using CdcSync.Connectors.Postgres.Checks;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>
/// One publishing transaction. Where all its stages are small and no gate asked the warehouse, it is a single round trip: BEGIN, lock and compare, move the
/// checkpoints, merge with the ledger, quarantine, compare the lease again, COMMIT. Else the same statements step by step, on the session that staged.
/// Rows whose keys are certainly new are copied into the target itself: the transaction that holds them names its lease by an advisory lock, so that
/// whoever takes the lease over can end it (<see cref="ControlSql.EndFormerCopies"/>).
/// </summary>
internal sealed class PostgresPublication(PostgresSessions sessions, Lease lease) : IPublication
{
    private PostgresSession? _session;
    private PostgresCopy? _copy;
    private bool _isOpen;
    private bool _isLocked;
    private IReadOnlyList<(DatasetId, CheckpointMove)> _moves = [];

    public Guid Id { get; } = Guid.CreateVersion7();

    public async ValueTask<IStage> OpenStageAsync(Dataset dataset, PublishMode mode, CancellationToken ct)
    {
        var table = PostgresTable.For(dataset, await sessions.DefaultSchemaAsync(ct));
        if (table.Key.Count == 0 && mode != PublishMode.Difference)
            throw new CdcSyncException(ErrorCodes.InternalError, $"{dataset.Id}: rows without a key can only be published as a whole.", "Report it as a bug. Run: cdcsync validate");
        return new PostgresStage(this, table, mode, sessions.Options.ArrayRows);
    }

    public async ValueTask<PublicationResult> PublishAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _moves = [.. parts.Select(p => (p.Stage.Dataset.Id, p.Move))];
        var doing = $"{string.Join(", ", parts.Select(p => p.Stage.Dataset.Id))}: publishing";
        try
        {
            return await GuardAsync(doing, async () =>
            {
                await EndCopyAsync(ct);
                if (await BlockedAsync(parts, ct) is { } blocked) return blocked;
                return _isOpen || parts.Any(EndsAppending) || parts.Any(p => p.MergedGates.Count > 0) || Failpoints.IsArmed(Failpoints.Merged) || Failpoints.IsArmed(Failpoints.BeforeCommit)
                    ? await PublishInStepsAsync(parts, doing, ct)
                    : await PublishAtOnceAsync(parts, doing, ct);
            });
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.LeaseLost)
        {
            return new PublicationResult(PublicationOutcome.LeaseLost, []);
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.Superseded)
        {
            return new PublicationResult(PublicationOutcome.Superseded, []);
        }
    }

    public async ValueTask<PublicationOutcome> RehearseAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        _moves = [.. parts.Select(p => (p.Stage.Dataset.Id, p.Move))];
        try
        {
            return await GuardAsync($"{string.Join(", ", parts.Select(p => p.Stage.Dataset.Id))}: publishing", async () =>
            {
                await EndCopyAsync(ct);
                await AllButCommitAsync(parts, ct);
                await RunAsync(_session!.Connection, ct, Statement(ControlSql.CheckDeferred));
                return PublicationOutcome.Committed;
            });
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.LeaseLost || e.Code == ErrorCodes.Superseded)
        {
            return e.Code == ErrorCodes.LeaseLost ? PublicationOutcome.LeaseLost : PublicationOutcome.Superseded;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not { } session) return;
        _session = null;
        try
        {
            if (_copy is not null) await _copy.DisposeAsync();
            if (_isOpen) await RunAsync(session.Connection, CancellationToken.None, Statement("ROLLBACK"));
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e) || e is InvalidOperationException)
        {
            // Nothing to save: without its session the server rolls back by itself.
            session.Spoil();
        }
        finally
        {
            await sessions.ReturnAsync(session);
        }
    }

    /// <summary>Copies a chunk into the stage's temporary table; the transaction opens with the first one.</summary>
    public ValueTask<bool> CopyAsync(PostgresStage stage, ChangeChunk chunk, CancellationToken ct) => GuardAsync($"{stage.Table.Label}: staging", async () =>
    {
        if (_copy?.Stage != stage)
        {
            await EndCopyAsync(ct);
            await OpenAsync(ct, stage.Mode == PublishMode.Append ? [] : [Statement(MergeSql.CreateStage(stage.Table))]);
            if (stage.Copied == 0 && stage.Mode != PublishMode.Difference) stage.Watch(await QuarantinedKeysAsync(stage, ct));
            _copy = await PostgresCopy.BeginAsync(_session!.Connection, stage, ct);
        }
        await _copy.WriteAsync(chunk, ct);
        return true;
    });

    /// <summary>Counts in the publishing transaction, after its locks.</summary>
    public ValueTask<long> CountAsync(PostgresStage stage, string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken ct) => GuardAsync($"{stage.Table.Label}: counting for a gate", async () =>
    {
        await LockAsync(ct);
        await using var reader = await SendAsync(_session!.Connection, ct, WholeScans("on"), Statement(sql, [.. parameters]), WholeScans("off"));
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return reader.GetInt64(0);
    });

    private async ValueTask<PublicationResult?> BlockedAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        foreach (var part in parts)
        {
            var view = new PostgresStagedView(this, (PostgresStage)part.Stage);
            foreach (var gate in part.Gates)
                if (await gate.InspectAsync(view, ct) is { } why)
                    return new PublicationResult(PublicationOutcome.Blocked, [], why, part.Stage.Dataset.Id);
        }
        return null;
    }

    private async ValueTask<PublicationResult?> BlockedAfterMergeAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        if (parts.All(p => p.MergedGates.Count == 0)) return null;
        foreach (var part in parts)
        {
            var view = new PostgresMergedView(_session!.Connection, ((PostgresStage)part.Stage).Table);
            foreach (var gate in part.MergedGates)
                if (await gate.InspectAsync(view, ct) is { } why)
                    return new PublicationResult(PublicationOutcome.Blocked, [], why, part.Stage.Dataset.Id);
        }
        // They may have taken their time.
        await RunAsync(_session!.Connection, ct, CheckLease());
        return null;
    }

    private async Task<PublicationResult> PublishAtOnceAsync(IReadOnlyList<DatasetPublication> parts, string doing, CancellationToken ct)
    {
        _session = await sessions.RentAsync(doing, ct);
        await using var batch = Batch(_session.Connection,
        [
            Statement("BEGIN"),
            PostgresControlStore.LockStatement(Id, lease, _moves),
            .. parts.SelectMany(Merge),
            .. parts.SelectMany(Rest),
            CheckLease(),
            Statement("COMMIT"),
        ]);
        await batch.PrepareAsync(ct);
        // From here on no token: the commit is among what goes out now.
        _isOpen = true;
        return await CommittedAsync(doing, async () =>
        {
            await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
            return await StatsAsync(reader);
        });
    }

    private async Task<PublicationResult> PublishInStepsAsync(IReadOnlyList<DatasetPublication> parts, string doing, CancellationToken ct)
    {
        var stats = await AllButCommitAsync(parts, ct);
        if (await BlockedAfterMergeAsync(parts, ct) is { } blocked) return blocked;
        Failpoints.Hit(Failpoints.BeforeCommit);
        ct.ThrowIfCancellationRequested();
        return await CommittedAsync(doing, async () =>
        {
            await RunAsync(_session!.Connection, CancellationToken.None, Statement("COMMIT"));
            return stats;
        });
    }

    private async Task<IReadOnlyList<MergeStats>> AllButCommitAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        await LockAsync(ct);
        var connection = _session!.Connection;
        var stats = new List<MergeStats>();
        foreach (var part in parts)
        {
            await using var reader = await SendAsync(connection, ct, [.. Merge(part)]);
            stats.AddRange(await StatsAsync(reader));
        }
        foreach (var part in parts.Where(EndsAppending)) await EnsureKeyAsync(connection, ((PostgresStage)part.Stage).Table, ct);
        Failpoints.Hit(Failpoints.Merged);
        await RunAsync(connection, ct, [.. parts.SelectMany(Rest), CheckLease()]);
        return stats;
    }

    /// <summary>Sends the commit. What fails then without an answer from the server may have been committed all the same.</summary>
    private async Task<PublicationResult> CommittedAsync(string doing, Func<Task<IReadOnlyList<MergeStats>>> send)
    {
        try
        {
            var stats = await send();
            _isOpen = false;
            return new PublicationResult(PublicationOutcome.Committed, stats);
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e) && !PostgresErrors.IsDefinite(e))
        {
            throw new CdcSyncException(ErrorCodes.CommitUnknown, $"{doing}: the connection broke before the answer to the commit came; publication {Id}.", "The ledger is asked, then it goes on. Run: cdcsync history", e);
        }
    }

    /// <summary>The merge and its ledger entry, after the checkpoint's move, which waits for a rival and fails if it was faster.</summary>
    private IEnumerable<NpgsqlBatchCommand> Merge(DatasetPublication part)
    {
        var stage = (PostgresStage)part.Stage;
        yield return PostgresControlStore.MoveStatement(lease, stage.Dataset.Id, part.Move);
        if (stage.Mode == PublishMode.Difference) yield return WholeScans("on");
        var merge = stage.Merge(ControlSql.AfterLedger);
        var ledger = PostgresControlStore.LedgerParameters(Id, lease, stage.Dataset.Id, part.Move, part.Ledger);
        yield return Statement(ControlSql.Ledger(merge), [.. ledger, .. merge.With.Length > 0 ? stage.RelationParameters() : []]);
        if (stage.Mode == PublishMode.Difference) yield return WholeScans("off");
    }

    private IEnumerable<NpgsqlBatchCommand> Rest(DatasetPublication part)
    {
        var stage = (PostgresStage)part.Stage;
        var (pipeline, dataset) = (Text(lease.Pipeline), Text(stage.Dataset.Id.Value));
        // A whole content supersedes whatever was kept out before.
        if (stage.Mode == PublishMode.Difference)
            yield return Statement(ControlSql.ForgetAllQuarantined, pipeline, dataset);
        else if (stage.KeysOutOfQuarantine() is { Length: > 0 } keys)
            yield return Statement(ControlSql.ForgetQuarantined, pipeline, dataset, Texts(keys));
        foreach (var accepted in part.Accepted)
            yield return Statement(GateSql.Accept, Text(lease.Pipeline), Text(stage.Dataset.Id.Value), BigInt(part.Move.Next.Generation), Text(accepted.Gate), Text(accepted.Verdict), Text(lease.Holder));
        if (part.Quarantined.Count == 0) yield break;
        // Of two versions of one key the later is the newer.
        var rows = part.Quarantined.GroupBy(q => q.Key).Select(g => g.Last()).ToArray();
        yield return Statement(ControlSql.Quarantine, Text(lease.Pipeline), Text(stage.Dataset.Id.Value), BigInt(part.Move.Next.Generation), Text(part.Ledger.UpTo.Canonical),
            Texts([.. rows.Select(r => r.Key)]), Texts([.. rows.Select(r => r.Rule)]), Texts([.. rows.Select(r => r.Column)]), Texts([.. rows.Select(r => r.Reason)]), Texts([.. rows.Select(r => r.Payload)]));
    }

    /// <summary>True if no range is left: what checks the key comes with the last one.</summary>
    private static bool EndsAppending(DatasetPublication part) => part.Stage.Mode == PublishMode.Append && part.Move.Next.Snapshot is null;

    private static async Task EnsureKeyAsync(NpgsqlConnection connection, PostgresTable table, CancellationToken ct)
    {
        if (!TargetPlan.HasKey(table, await FoundTarget.ReadAsync(connection, table, ct)))
            await RunAsync(connection, ct, Statement(ControlSql.TakeAllTheTime), Statement(MergeSql.AddKey(table)));
    }

    /// <summary>Read before the lock: if another worker changes them until then, the generation is another too.</summary>
    private async Task<HashSet<string>> QuarantinedKeysAsync(PostgresStage stage, CancellationToken ct)
    {
        await using var reader = await ReadAsync(_session!.Connection, ct, Statement(ControlSql.QuarantinedKeys, Text(lease.Pipeline), Text(stage.Dataset.Id.Value)));
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct)) keys.Add(reader.GetString(0));
        return keys;
    }

    private NpgsqlBatchCommand CheckLease() => Statement(ControlSql.CheckLease, Text(lease.Pipeline), BigInt(lease.Token));

    private static NpgsqlBatchCommand WholeScans(string onOrOff) => Statement(ControlSql.WholeScans, Text(onOrOff));

    /// <summary>Opens the transaction where it is not open, after what is to stay whatever becomes of it.</summary>
    private async Task OpenAsync(CancellationToken ct, params NpgsqlBatchCommand[] before)
    {
        _session ??= await sessions.RentAsync("opening a publication", ct);
        if (_isOpen)
        {
            await RunAsync(_session.Connection, ct, before);
            return;
        }
        await RunAsync(_session.Connection, ct, [.. before, Statement("BEGIN"), Statement(ControlSql.NameLease, Text(lease.Pipeline), BigInt(lease.Token))]);
        _isOpen = true;
    }

    private async Task LockAsync(CancellationToken ct)
    {
        if (_isLocked) return;
        await OpenAsync(ct);
        await RunAsync(_session!.Connection, ct,
            Statement(ControlSql.LimitFreeze, Text($"{(long)sessions.Options.FrozenAfter.TotalMilliseconds}")),
            PostgresControlStore.LockStatement(Id, lease, _moves));
        _isLocked = true;
    }

    private async Task EndCopyAsync(CancellationToken ct)
    {
        if (_copy is not { } copy) return;
        await copy.EndAsync(ct);
        await copy.DisposeAsync();
        _copy = null;
    }

    /// <summary>Runs work on the session; whatever goes wrong makes it unfit for others.</summary>
    private async ValueTask<T> GuardAsync<T>(string doing, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e)
        {
            if (!(e is PostgresException { SqlState: WarehouseErrors.LeaseNotHeld or WarehouseErrors.OtherGeneration })) _session?.Spoil();
            if (PostgresErrors.IsDriver(e)) throw WarehouseErrors.Translate(e, doing);
            throw;
        }
    }

    private static async Task<IReadOnlyList<MergeStats>> StatsAsync(NpgsqlDataReader reader)
    {
        List<MergeStats> stats = [];
        do
        {
            // Of all that goes out, only the ledger answers with four counts.
            if (reader.FieldCount != 4) continue;
            while (await reader.ReadAsync(CancellationToken.None))
                stats.Add(new MergeStats(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)));
        }
        while (await reader.NextResultAsync(CancellationToken.None));
        return stats;
    }
}
