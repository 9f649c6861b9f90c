using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Creates and widens target tables.</summary>
internal sealed class SqlServerTargets(WarehouseSessions sessions, string pipeline)
{
    private const int DependsOnColumn = 4922, DependsOnObject = 5074;

    /// <summary>See <see cref="IWarehouse.EnsureTargetAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<string>> EnsureAsync(Dataset dataset, CancellationToken ct)
    {
        var database = await sessions.DatabaseAsync(ct);
        var table = SqlServerTable.For(dataset, database.DefaultSchema);
        return await sessions.RunAsync($"{table.Label}: preparing the target", async session =>
        {
            var isClaimed = await IsClaimedAsync(session, table, database, ct);
            var plan = TargetPlan.For(table, await FoundTable.ReadAsync(session, table, ct), database.Names);
            return isClaimed && plan.Count == 0 ? [] : await CarryOutAsync(session, table, database, ct);
        }, ct);
    }

    /// <summary>What <see cref="EnsureAsync"/> would do.</summary>
    /// <exception cref="CdcSyncException">The table can't take the dataset.</exception>
    public async ValueTask<IReadOnlyList<string>> PlanAsync(Dataset dataset, CancellationToken ct)
    {
        var database = await sessions.DatabaseAsync(ct);
        var table = SqlServerTable.For(dataset, database.DefaultSchema);
        return await sessions.RunAsync($"{table.Label}: looking at the target", async session =>
            (IReadOnlyList<string>)[.. TargetPlan.For(table, await FoundTable.ReadAsync(session, table, ct), database.Names).Select(step => step.Done)], ct);
    }

    /// <summary>The error for a target that belongs to another dataset.</summary>
    public static CdcSyncException Taken(DatasetId dataset, TargetTable target, string owner) =>
        new(ErrorCodes.TargetTaken, $"{dataset}: the target {target} belongs to {owner}; one table takes one dataset.", "Name another target, or forget the other dataset. Run: cdcsync status");

    /// <summary>Pipeline and dataset of those whose target it is.</summary>
    public static Task<List<(string Pipeline, string Dataset)>> OwnersAsync(WarehouseSession session, TargetTable target, string defaultSchema, CancellationToken ct) => session.RowsAsync(
        new Statement(StateSql.OwnersOfTarget(), Schema.With(target.Schema ?? defaultSchema), Table.With(target.Name), DefaultSchema.With(defaultSchema)),
        r => (r.GetString(0), r.GetString(1)), ct);

    /// <summary>True if the target is the dataset's own already.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetTaken"/> if it is another's.</exception>
    private async Task<bool> IsClaimedAsync(WarehouseSession session, SqlServerTable table, Database database, CancellationToken ct)
    {
        var owners = await OwnersAsync(session, table.Dataset.Target, database.DefaultSchema, ct);
        foreach (var (owner, dataset) in owners.Where(o => o != (pipeline, table.Dataset.Id.Value)))
            throw Taken(table.Dataset.Id, table.Dataset.Target, $"dataset {dataset} of pipeline {owner}");
        return owners.Count > 0;
    }

    private async Task<IReadOnlyList<string>> CarryOutAsync(WarehouseSession session, SqlServerTable table, Database database, CancellationToken ct)
    {
        await session.BeginAsync(ct);
        await session.RunAsync(new Statement(ControlSql.Lock(), Resource.With("cdcsync.targets"), Wait.With(sessions.LockMilliseconds)), ct);
        // Another worker may have been faster while this one waited for the lock.
        var isClaimed = await IsClaimedAsync(session, table, database, ct);
        var plan = TargetPlan.For(table, await FoundTable.ReadAsync(session, table, ct), database.Names);
        if (!isClaimed) await session.RunAsync(Claim(table.Dataset), ct);
        foreach (var step in plan)
        {
            try
            {
                await session.RunAsync(new Statement(step.Sql), ct);
            }
            catch (SqlException e) when (e.Errors.Cast<SqlError>().Any(error => error.Number is DependsOnColumn or DependsOnObject))
            {
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{table.Label}: SQL Server refused to do this: {step.Done}: {SqlServerErrors.Said(e)}.", $"Drop what depends on the column, run the statement, and create it again: {step.Sql.Text}. Run: cdcsync doctor", e);
            }
        }
        await session.CommitAsync();
        return [.. plan.Select(step => step.Done)];
    }

    private Statement Claim(Dataset dataset) => new(StateSql.ClaimTarget(),
        PipelineName.With(pipeline), DatasetName.With(dataset.Id.Value), TargetSchema.With(dataset.Target.Schema ?? ""), TargetName.With(dataset.Target.Name), Phase.With(ControlText.Of(DatasetPhase.New)),
        Freshness.With(dataset.FreshnessTarget?.TotalSeconds), ContractId.With(dataset.Contract.Id), ContractVersion.With(dataset.Contract.Version), ContractOwner.With(dataset.Contract.Owner));
}
