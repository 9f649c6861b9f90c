using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Stages on a session of its own, then publishes on it in one transaction.</summary>
internal sealed class SqlitePublication(SqliteSessions sessions, string pipeline, Lease lease) : IPublication
{
    /// <summary>Above so many rows the session goes when the publication ends, and with it the temporary file that its stages filled.</summary>
    private const long LargeStage = 100_000;

    private readonly SqliteSession _session = sessions.Rent();
    private readonly List<SqliteStage> _stages = [];
    // Several datasets of one publication may be staged side by side; the session takes one call at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _failed;

    /// <inheritdoc/>
    public Guid Id { get; } = Guid.CreateVersion7();

    /// <inheritdoc/>
    public async ValueTask<IStage> OpenStageAsync(Dataset dataset, PublishMode mode, CancellationToken ct)
    {
        var table = SqliteTable.For(dataset);
        return await InTurnAsync($"staging {dataset.Id}", () =>
        {
            var found = FoundTable.Read(_session, dataset.Target.Name) ?? throw new CdcSyncException(ErrorCodes.TargetMismatch,
                $"{dataset.Id}: the target {dataset.Target} is missing.", "It is made again at the next start. Run: cdcsync sync");
            var sql = new MergeSql(table, $"cdcsync_stage_{_stages.Count}", found.KeyCollations);
            var stage = new SqliteStage(this, _session, table, mode, sql, QuarantineRecords.Keys(_session, pipeline, dataset.Id));
            _session.Execute(stage.Sql.CreateStage);
            _stages.Add(stage);
            return stage;
        }, ct).ConfigureAwait(false);
    }

    /// <summary>See <see cref="IStage.WriteAsync"/>.</summary>
    public async ValueTask StageAsync(SqliteStage stage, ChangeChunk chunk, CancellationToken ct) =>
        await InTurnAsync($"staging {stage.Dataset.Id}", () =>
        {
            stage.Write(chunk);
            return true;
        }, ct).ConfigureAwait(false);

    /// <summary>A number for a gate, from inside the transaction.</summary>
    public long Ask(SqliteStage stage, string sql, int column, CancellationToken ct) => sessions.Translated($"counting for the gates of {stage.Dataset.Id}", () =>
    {
        ct.ThrowIfCancellationRequested();
        using var statement = _session.Prepare(sql);
        return statement.First(row => row.Int64(column), missing: 0);
    }, ct);

    /// <inheritdoc/>
    public ValueTask<PublicationResult> PublishAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct) => TransactAsync(parts, doing =>
    {
        Failpoints.Hit(Failpoints.BeforeCommit);
        return sessions.Translated(doing, () =>
        {
            _session.Commit();
            return true;
        }, default);
    }, ct);

    /// <inheritdoc/>
    public async ValueTask<PublicationOutcome> RehearseAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct) =>
        (await TransactAsync([.. parts.Select(p => p with { Gates = [], MergedGates = [] })], doing => sessions.Translated(doing, () =>
        {
            _session.CheckDeferred();
            return true;
        }, default), ct).ConfigureAwait(false)).Outcome;

    /// <summary>Does all but the end in one transaction, and ends it where nothing speaks against it.</summary>
    private async ValueTask<PublicationResult> TransactAsync(IReadOnlyList<DatasetPublication> parts, Func<string, bool> end, CancellationToken ct)
    {
        var doing = $"publishing {string.Join(", ", parts.Select(p => p.Stage.Dataset.Id))}";
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            using (await sessions.BeginAsync(_session, doing, ct).ConfigureAwait(false))
            {
                var result = await InTransactionAsync(parts, doing, ct).ConfigureAwait(false);
                if (result.Outcome == PublicationOutcome.Committed) end(doing);
                return result;
            }
        }
        catch
        {
            _failed = true;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (var stage in _stages) stage.Close();
        if (_failed || _stages.Sum(s => s.StagedRows) > LargeStage)
        {
            _session.Dispose();
        }
        else
        {
            foreach (var stage in _stages) _session.Execute(stage.Sql.DropStage);
            sessions.Return(_session);
        }
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>All but the commit. What it answers other than Committed is rolled back by the caller.</summary>
    private async ValueTask<PublicationResult> InTransactionAsync(IReadOnlyList<DatasetPublication> parts, string doing, CancellationToken ct)
    {
        // SQLite locks the whole file, so that every checkpoint is locked by now.
        using var interrupt = ct.Register(() => raw.sqlite3_interrupt(_session.Handle));
        if (sessions.Translated(doing, () => Refused(parts), ct) is { } refused) return new PublicationResult(refused, []);
        var stats = new MergeStats[parts.Count];
        foreach (var index in Enumerable.Range(0, parts.Count).OrderBy(i => parts[i].Stage.Dataset.Id.Value, StringComparer.Ordinal))
        {
            var part = parts[index];
            foreach (var gate in part.Gates)
            {
                if (await gate.InspectAsync((SqliteStage)part.Stage, ct).ConfigureAwait(false) is { } fault)
                    return new PublicationResult(PublicationOutcome.Blocked, [], fault, part.Stage.Dataset.Id);
            }
            ct.ThrowIfCancellationRequested();
            stats[index] = sessions.Translated($"publishing {part.Stage.Dataset.Id}", () => Publish(part), ct);
        }
        foreach (var part in parts)
        {
            foreach (var gate in part.MergedGates)
            {
                if (await gate.InspectAsync(new SqliteMergedView(sessions, _session, SqliteTable.For(part.Stage.Dataset)), ct).ConfigureAwait(false) is { } fault)
                    return new PublicationResult(PublicationOutcome.Blocked, [], fault, part.Stage.Dataset.Id);
            }
        }
        return new PublicationResult(PublicationOutcome.Committed, stats);
    }

    private PublicationOutcome? Refused(IReadOnlyList<DatasetPublication> parts)
    {
        if (!ControlRecords.HoldsLease(_session, lease)) return PublicationOutcome.LeaseLost;
        return parts.All(p => ControlRecords.Generation(_session, pipeline, p.Stage.Dataset.Id) == p.Move.ExpectedGeneration) ? null : PublicationOutcome.Superseded;
    }

    private MergeStats Publish(DatasetPublication part)
    {
        var dataset = part.Stage.Dataset.Id;
        var now = _session.Fixed($"SELECT {Instant.Now}").First(row => row.Text(0), missing: "");
        var stats = Merge.Run(_session, (SqliteStage)part.Stage, now);
        Failpoints.Hit(Failpoints.Merged);
        QuarantineRecords.Write(_session, pipeline, part);
        GateRecords.WriteAccepted(_session, lease, pipeline, part);
        ControlRecords.WriteLedger(_session, lease, Id, pipeline, dataset, part.Move.Next.Generation, part.Ledger, stats);
        ControlRecords.WriteCheckpoint(_session, pipeline, dataset, part.Move.Next);
        return stats;
    }

    private async ValueTask<T> InTurnAsync<T>(string doing, Func<T> work, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return sessions.Translated(doing, work, ct);
        }
        catch
        {
            _failed = true;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }
}
