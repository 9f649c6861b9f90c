using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A SQL Server database (2016 or newer, compatibility level 130; Azure SQL) as warehouse. Nothing is connected before it is needed.</summary>
public sealed class SqlServerWarehouse : IWarehouse, IDiagnosable, IGrantable
{
    private readonly WarehouseSessions _sessions;
    private readonly SqlServerControlStore _control;
    private readonly SqlServerTargets _targets;
    private readonly WarehouseDiagnosis _diagnosis;

    /// <summary>Opens a warehouse for one pipeline.</summary>
    /// <param name="options">Where it is, and how patient its sessions are.</param>
    public SqlServerWarehouse(SqlServerWarehouseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _sessions = new WarehouseSessions(options.Checked());
        _control = new SqlServerControlStore(_sessions, options.Pipeline);
        _targets = new SqlServerTargets(_sessions, options.Pipeline);
        _diagnosis = new WarehouseDiagnosis(_sessions, _targets);
    }

    /// <inheritdoc/>
    public IControlStore Control => _control;

    /// <inheritdoc/>
    /// <remarks>Also <see cref="ErrorCodes.InvalidName"/> for a name that SQL Server can't have.</remarks>
    public ValueTask<IReadOnlyList<string>> EnsureTargetAsync(Dataset dataset, CancellationToken ct) => _targets.EnsureAsync(dataset, ct);

    /// <inheritdoc/>
    public IRowGate ValueGate(Dataset dataset) => new ValueGate(dataset);

    /// <inheritdoc/>
    public ICheckReader Checks => new SqlServerCheckReader(_sessions, _control);

    /// <inheritdoc/>
    public IDigestReader Digests(Dataset dataset) => new SqlServerTargetDigests(_sessions, dataset);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return await new SqlServerTargetDigests(_sessions, scope.Dataset).TotalsAsync(scope, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> HasRowsAsync(Dataset dataset, CancellationToken ct)
    {
        var table = SqlServerTable.For(dataset, (await _sessions.DatabaseAsync(ct)).DefaultSchema);
        return await _sessions.RunAsync($"{table.Label}: looking for rows", async session =>
            (await FoundTable.ReadAsync(session, table, ct)).Kind is not null && (int)(await session.ScalarAsync(new Statement(MergeSql.HasRows(table)), ct))! == 1, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<IPublication> OpenPublicationAsync(Lease lease, CancellationToken ct) =>
        new SqlServerPublication(_sessions, await _sessions.DatabaseAsync(ct), lease);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct) =>
        _control.AdvanceIdleAsync(lease, moves, ct);

    /// <summary>Stages are temporary tables of their sessions and go with them: there is nothing to sweep.</summary>
    public ValueTask<int> SweepStagesAsync(CancellationToken ct) => new(0);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) => _diagnosis.FindingsAsync(datasets, ct);

    /// <inheritdoc/>
    public GrantScript Grants(IReadOnlyList<Dataset> datasets, string login) => WarehouseGrants.For(datasets, login);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _sessions.Dispose();
        return ValueTask.CompletedTask;
    }
}
