using CdcSync.Connectors.Sqlite.Checks;
using CdcSync.Connectors.Sqlite.Digests;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>A SQLite file as warehouse. Readers in other processes see whole publications only and are never made to wait.</summary>
public sealed class SqliteWarehouse : IWarehouse, IDiagnosable
{
    private readonly string _pipeline;
    private readonly SqliteSessions _sessions;
    private readonly SqliteControlStore _control;

    /// <summary>Opens nothing yet: the file is opened, and made where it is missing, at the first use. Its folder must exist.</summary>
    /// <param name="connectionString">Microsoft.Data.Sqlite's connection string: <c>Data Source=warehouse.db</c>.</param>
    /// <param name="pipeline">The pipeline, whose name scopes all state.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public SqliteWarehouse(string connectionString, string pipeline)
    {
        _pipeline = pipeline;
        _sessions = new SqliteSessions(connectionString);
        _control = new SqliteControlStore(_sessions, pipeline);
    }

    /// <summary>Its sessions.</summary>
    internal SqliteSessions Sessions => _sessions;

    /// <inheritdoc/>
    public IControlStore Control => _control;

    /// <inheritdoc/>
    /// <remarks>Also <see cref="ErrorCodes.InvalidName"/> for a target or column name that SQLite or the control schema has for itself.</remarks>
    public async ValueTask<IReadOnlyList<string>> EnsureTargetAsync(Dataset dataset, CancellationToken ct)
    {
        var table = SqliteTable.For(dataset);
        // Most times there is nothing to do, and a reader takes no lock.
        if (_sessions.Read($"looking at the target of {dataset.Id}", session => Needed(session, table).Count == 0 && StateRecords.IsClaimed(session, _pipeline, dataset), ct)) return [];
        return await _sessions.WriteAsync($"making the target of {dataset.Id}", session =>
        {
            StateRecords.RefuseTaken(session, _pipeline, dataset.Id, dataset.Target);
            var needed = Needed(session, table);
            foreach (var (sql, _) in needed) session.Execute(sql);
            StateRecords.Claim(session, _pipeline, dataset);
            return (IReadOnlyList<string>)[.. needed.Select(n => n.Did)];
        }, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IRowGate ValueGate(Dataset dataset) => new SqliteValueGate(dataset);

    /// <inheritdoc/>
    public IDigestReader Digests(Dataset dataset) => new LocalDigests(new SqliteTargetSide(_sessions.Path, SqliteTable.For(dataset)));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return await LocalTotals.OfAsync(new SqliteTargetSide(_sessions.Path, SqliteTable.For(scope.Dataset)), scope, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ICheckReader Checks => new SqliteCheckReader(_sessions, _pipeline);

    /// <inheritdoc/>
    public ValueTask<bool> HasRowsAsync(Dataset dataset, CancellationToken ct)
    {
        var table = SqliteTable.For(dataset);
        return new(_sessions.Read($"looking at the target of {dataset.Id}", session =>
        {
            if (FoundTable.Read(session, dataset.Target.Name) is null) return false;
            using var any = session.Prepare($"SELECT EXISTS (SELECT 1 FROM {table.Name})");
            return any.First(row => row.Int64(0) != 0, missing: false);
        }, ct));
    }

    /// <inheritdoc/>
    public ValueTask<IPublication> OpenPublicationAsync(Lease lease, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return new(new SqlitePublication(_sessions, _pipeline, lease));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct) =>
        _control.AdvanceIdleAsync(lease, moves, ct);

    /// <inheritdoc/>
    /// <remarks>Stages are temporary tables, of which a crash leaves nothing: always 0.</remarks>
    public ValueTask<int> SweepStagesAsync(CancellationToken ct) => new(0);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) => new(_sessions.IsThere
        ? _sessions.Read("looking at the warehouse", session => WarehouseDiagnosis.Findings(session, _sessions.Path, _pipeline, datasets), ct)
        : []);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _sessions.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static IReadOnlyList<(string Sql, string Did)> Needed(SqliteSession session, SqliteTable table) =>
        TargetDdl.For(table, FoundTable.Read(session, table.Dataset.Target.Name));
}
