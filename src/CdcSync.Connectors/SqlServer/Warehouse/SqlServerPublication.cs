using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Stages into temporary tables on a session of its own, outside any transaction, then publishes on it in one.</summary>
internal sealed class SqlServerPublication(WarehouseSessions sessions, Database database, Lease lease) : IPublication
{
    // Several datasets of one publication may be staged side by side; the session takes one call at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<SqlServerStage> _stages = [];
    private WarehouseSession? _session;
    private bool _failed;

    public Guid Id { get; } = Guid.CreateVersion7();

    public async ValueTask<IStage> OpenStageAsync(Dataset dataset, PublishMode mode, CancellationToken ct)
    {
        var table = SqlServerTable.For(dataset, database.DefaultSchema);
        if (table.Key.Count == 0 && mode != PublishMode.Difference)
            throw new CdcSyncException(ErrorCodes.InternalError, $"{dataset.Id}: rows without a key can only be published as a whole.", "Report it as a bug. Run: cdcsync validate");
        return await InTurnAsync($"{table.Label}: staging", async session =>
        {
            var found = await FoundTable.ReadAsync(session, table, ct);
            if (found.Kind is null)
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{table.Label}: the target is missing.", "It is made again at the next start. Run: cdcsync sync");
            var name = $"#cdcsync_stage_{_stages.Count}";
            var sql = new MergeSql(table, name, Collations(table, found));
            var quarantined = await session.RowsAsync(new Statement(StateSql.QuarantinedKeys(), PipelineName.With(lease.Pipeline), DatasetName.With(dataset.Id.Value)), r => r.GetString(0), ct);
            await session.RunAsync(new Statement(sql.CreateStage()), ct);
            var stage = new SqlServerStage(this, table, mode, name, sql, quarantined.ToHashSet(StringComparer.Ordinal));
            _stages.Add(stage);
            return stage;
        }, ct);
    }

    /// <summary>Copies a chunk into the stage's temporary table.</summary>
    public ValueTask<bool> CopyAsync(SqlServerStage stage, ChangeChunk chunk, CancellationToken ct) => InTurnAsync($"{stage.Table.Label}: staging", async session =>
    {
        using var copy = new SqlBulkCopy(session.Connection, SqlBulkCopyOptions.TableLock | SqlBulkCopyOptions.KeepNulls, externalTransaction: null)
        {
            DestinationTableName = stage.Name,
            BulkCopyTimeout = session.TimeoutSeconds,
        };
        await using var rows = new ChunkReader(chunk, stage.StagedRows);
        await copy.WriteToServerAsync(rows, ct);
        return true;
    }, ct);

    /// <summary>A number for a gate, from inside the transaction.</summary>
    public async ValueTask<long> CountAsync(SqlServerStage stage, TSql sql, CancellationToken ct)
    {
        var doing = $"{stage.Table.Label}: counting for a gate";
        try
        {
            return (long)(await _session!.ScalarAsync(new Statement(sql), ct))!;
        }
        catch (Exception e)
        {
            WarehouseSessions.Rethrow(e, doing, ct);
            throw;
        }
    }

    public ValueTask<PublicationResult> PublishAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        var doing = $"{string.Join(", ", parts.Select(p => p.Stage.Dataset.Id))}: publishing";
        return InTurnAsync(doing, async session =>
        {
            await session.BeginAsync(ct);
            var result = await InTransactionAsync(session, parts, ct);
            if (result.Outcome != PublicationOutcome.Committed)
            {
                await session.RollbackAsync();
                return result;
            }
            Failpoints.Hit(Failpoints.BeforeCommit);
            ct.ThrowIfCancellationRequested();
            await CommitAsync(session, doing);
            return result;
        }, ct);
    }

    public ValueTask<PublicationOutcome> RehearseAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct) =>
        InTurnAsync($"{string.Join(", ", parts.Select(p => p.Stage.Dataset.Id))}: publishing", async session =>
        {
            await session.BeginAsync(ct);
            var result = await InTransactionAsync(session, [.. parts.Select(p => p with { Gates = [], MergedGates = [] })], ct);
            await session.RollbackAsync();
            return result.Outcome;
        }, ct);

    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            if (!_failed) await DropStagesAsync(session);
            await session.DisposeAsync();
        }
        _turn.Dispose();
    }

    /// <summary>All but the commit. What it answers other than Committed is rolled back by the caller.</summary>
    private async Task<PublicationResult> InTransactionAsync(WarehouseSession session, IReadOnlyList<DatasetPublication> parts, CancellationToken ct)
    {
        // In the order of their ids, so that two workers never wait for each other.
        int[] inOrder = [.. Enumerable.Range(0, parts.Count).OrderBy(i => parts[i].Stage.Dataset.Id.Value, StringComparer.Ordinal)];
        if (!await PublicationSteps.BeginAsync(session, sessions.LockMilliseconds, Id, lease, ct)) return new PublicationResult(PublicationOutcome.LeaseLost, []);
        foreach (var index in inOrder)
        {
            if (!await PublicationSteps.MoveAsync(session, lease.Pipeline, parts[index].Stage.Dataset.Id, parts[index].Move, ct)) return new PublicationResult(PublicationOutcome.Superseded, []);
        }
        var stats = new MergeStats[parts.Count];
        foreach (var index in inOrder)
        {
            var stage = (SqlServerStage)parts[index].Stage;
            if (stage.Table.Key.Count > 0 && stage.Mode != PublishMode.Append) await session.RunAsync(new Statement(stage.Sql.Fold()), ct);
            foreach (var gate in parts[index].Gates)
            {
                if (await gate.InspectAsync(stage, ct) is { } fault) return new PublicationResult(PublicationOutcome.Blocked, [], fault, stage.Dataset.Id);
            }
            ct.ThrowIfCancellationRequested();
            stats[index] = await MergeAsync(session, parts[index], ct);
            Failpoints.Hit(Failpoints.Merged);
            await WriteQuarantineAsync(session, parts[index], ct);
            foreach (var accepted in parts[index].Accepted) await session.RunAsync(GateSql.Accept(lease, parts[index], accepted), ct);
        }
        foreach (var part in parts)
        {
            foreach (var gate in part.MergedGates)
            {
                if (await gate.InspectAsync(new SqlServerMergedView(session, ((SqlServerStage)part.Stage).Table), ct) is { } fault) return new PublicationResult(PublicationOutcome.Blocked, [], fault, part.Stage.Dataset.Id);
            }
        }
        return await PublicationSteps.HoldsLeaseAsync(session, lease, ct) ? new PublicationResult(PublicationOutcome.Committed, stats) : new PublicationResult(PublicationOutcome.LeaseLost, []);
    }

    /// <summary>Merges and writes the ledger with the counts, in one batch.</summary>
    private async Task<MergeStats> MergeAsync(WarehouseSession session, DatasetPublication part, CancellationToken ct)
    {
        var stage = (SqlServerStage)part.Stage;
        var batch = new Statement(stage.Sql.Publish(stage.Mode, stage.Kinds), [.. PublicationSteps.LedgerValues(Id, lease, stage.Dataset.Id, part.Move, part.Ledger)]);
        return (await session.RowsAsync(batch, r => new MergeStats(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3)), ct)).Single();
    }

    private async Task WriteQuarantineAsync(WarehouseSession session, DatasetPublication part, CancellationToken ct)
    {
        var stage = (SqlServerStage)part.Stage;
        var (pipeline, dataset) = (lease.Pipeline, stage.Dataset.Id.Value);
        // An entry that is kept out again keeps when it was first seen. A whole content supersedes all others.
        var superseded = (stage.IsWholeContent ? stage.Quarantined : stage.Superseded).Except(part.Quarantined.Select(q => q.Key));
        foreach (var keys in superseded.Chunk(ControlSql.RowsAtOnce))
            await session.RunAsync(new Statement(StateSql.ForgetQuarantined(keys.Length), [PipelineName.With(pipeline), DatasetName.With(dataset), .. keys.Select(ControlRows.Digest)]), ct);
        // Of two versions of one key the later is the newer.
        foreach (var rows in part.Quarantined.GroupBy(q => q.Key).Select(g => g.Last()).Chunk(ControlSql.RowsAtOnce))
        {
            await session.RunAsync(new Statement(StateSql.Quarantine(rows.Length),
            [
                PipelineName.With(pipeline), DatasetName.With(dataset), Generation.With(part.Move.Next.Generation), PositionText.With(part.Ledger.UpTo.Canonical),
                .. rows.SelectMany(ControlRows.Quarantined),
            ]), ct);
        }
    }

    /// <summary>What fails here without an answer from the server may have been committed all the same.</summary>
    private async Task CommitAsync(WarehouseSession session, string doing)
    {
        try
        {
            await session.CommitAsync();
        }
        catch (Exception e) when (SqlServerErrors.IsDriver(e) && !SqlServerErrors.IsDefinite(e))
        {
            throw new CdcSyncException(ErrorCodes.CommitUnknown, $"{doing}: the connection broke before the answer to the commit came; publication {Id}.", "The ledger is asked, then it goes on. Run: cdcsync history", e);
        }
    }

    private async ValueTask<T> InTurnAsync<T>(string doing, Func<WarehouseSession, Task<T>> work, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            _session ??= await sessions.RentAsync(doing, ct);
            return await work(_session);
        }
        catch (Exception e)
        {
            _failed = true;
            WarehouseSessions.Rethrow(e, doing, ct);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    // The pool would keep them until the connection is used again.
    private async Task DropStagesAsync(WarehouseSession session)
    {
        try
        {
            foreach (var stage in _stages) await session.RunAsync(new Statement(stage.Sql.DropStage()), CancellationToken.None);
        }
        catch (Exception e) when (SqlServerErrors.IsDriver(e))
        {
            // They go with the session.
        }
    }

    private Dictionary<TargetColumn, string> Collations(SqlServerTable table, FoundTable found) => table.Key.Where(c => c.Type.IsText).ToDictionary(
        c => c, c => found.Columns.FirstOrDefault(f => database.Names.Equals(f.Name, c.Plain))?.Collation ?? TargetSql.Bytewise);
}
