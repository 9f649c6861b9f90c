using CdcSync.Connectors.Postgres.Checks;
using CdcSync.Connectors.Postgres.Digests;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Warehouses;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A PostgreSQL database (15 or newer) as warehouse. Nothing is connected before it is needed.</summary>
public sealed class PostgresWarehouse : IWarehouse, IDiagnosable, IGrantable
{
    private readonly string _pipeline;
    private readonly PostgresSessions _sessions;
    private readonly PostgresControlStore _control;
    private readonly PostgresTargets _targets;
    private readonly WarehouseDiagnosis _diagnosis;

    /// <summary>Opens a warehouse for one pipeline.</summary>
    /// <param name="options">Where it is, and how patient its sessions are.</param>
    /// <param name="time">The clock by which idle sessions age.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WarehouseDenied"/> if the connection string can't be read.</exception>
    public PostgresWarehouse(PostgresWarehouseOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _pipeline = options.Pipeline;
        _sessions = new PostgresSessions(options.Checked(), time);
        _control = new PostgresControlStore(_sessions, options.Pipeline);
        _targets = new PostgresTargets(_sessions, options.Pipeline);
        _diagnosis = new WarehouseDiagnosis(_sessions, _targets);
    }

    /// <inheritdoc/>
    public IControlStore Control => _control;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> EnsureTargetAsync(Dataset dataset, CancellationToken ct) => _targets.EnsureAsync(dataset, KeyCheck.Now, ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> EnsureTargetForAppendAsync(Dataset dataset, CancellationToken ct) => _targets.EnsureAsync(dataset, KeyCheck.Later, ct);

    /// <inheritdoc/>
    public IRowGate ValueGate(Dataset dataset) => new PostgresValueGate(dataset);

    /// <inheritdoc/>
    public IDigestReader Digests(Dataset dataset) => new PostgresDigests(_sessions, dataset);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return await new PostgresDigests(_sessions, scope.Dataset).TotalsAsync(scope, ct);
    }

    /// <inheritdoc/>
    public ICheckReader Checks => new PostgresCheckReader(_sessions, _pipeline);

    /// <inheritdoc/>
    public async ValueTask<bool> HasRowsAsync(Dataset dataset, CancellationToken ct)
    {
        var table = PostgresTable.For(dataset, await _sessions.DefaultSchemaAsync(ct));
        return await _sessions.RunAsync($"{table.Label}: looking for rows", async connection =>
        {
            if ((await FoundTarget.ReadAsync(connection, table, ct)).Kind is null) return false;
            await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {table.Name})", connection);
            return (bool)(await command.ExecuteScalarAsync(ct))!;
        }, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IPublication> OpenPublicationAsync(Lease lease, CancellationToken ct) => new(new PostgresPublication(_sessions, lease));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct) =>
        _control.AdvanceIdleAsync(lease, moves, ct);

    /// <summary>Stages are temporary tables of their sessions and go with them: there is nothing to sweep.</summary>
    public ValueTask<int> SweepStagesAsync(CancellationToken ct) => new(0);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) => _diagnosis.FindingsAsync(datasets, ct);

    /// <inheritdoc/>
    public GrantScript Grants(IReadOnlyList<Dataset> datasets, string login) => WarehouseGrants.For(_sessions.Database, datasets, login);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _sessions.DisposeAsync();
}
