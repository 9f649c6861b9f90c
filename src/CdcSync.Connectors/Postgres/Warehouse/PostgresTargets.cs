using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>Creates and widens target tables.</summary>
internal sealed class PostgresTargets(PostgresSessions sessions, string pipeline)
{
    /// <summary>See <see cref="IWarehouse.EnsureTargetAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<string>> EnsureAsync(Dataset dataset, KeyCheck key, CancellationToken ct)
    {
        var schema = await sessions.DefaultSchemaAsync(ct);
        var table = PostgresTable.For(dataset, schema);
        return await sessions.RunAsync($"{table.Label}: preparing the target", async connection =>
        {
            var isClaimed = await IsClaimedAsync(connection, table, schema, ct);
            var plan = TargetPlan.For(table, await FoundTarget.ReadAsync(connection, table, ct), key, isClaimed);
            return isClaimed && plan.Count == 0 ? [] : await CarryOutAsync(connection, table, schema, key, ct);
        }, ct);
    }

    /// <summary>The error for a target that belongs to another dataset.</summary>
    public static CdcSyncException Taken(DatasetId dataset, TargetTable target, string owner) =>
        new(ErrorCodes.TargetTaken, $"{dataset}: the target {target} belongs to {owner}; one table takes one dataset.", "Name another target, or forget the other dataset. Run: cdcsync status");

    /// <summary>True if the target is the dataset's own already.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetTaken"/> if it is another's.</exception>
    private async Task<bool> IsClaimedAsync(NpgsqlConnection connection, PostgresTable table, string defaultSchema, CancellationToken ct)
    {
        var isClaimed = false;
        await using var reader = await ReadAsync(connection, ct, Statement(ControlSql.OwnersOfTarget, Text(table.Schema), Text(table.Dataset.Target.Name), Text(defaultSchema)));
        while (await reader.ReadAsync(ct))
        {
            if ((reader.GetString(0), reader.GetString(1)) != (pipeline, table.Dataset.Id.Value))
                throw Taken(table.Dataset.Id, table.Dataset.Target, $"dataset {reader.GetString(1)} of pipeline {reader.GetString(0)}");
            isClaimed = true;
        }
        return isClaimed;
    }

    private async Task<IReadOnlyList<string>> CarryOutAsync(NpgsqlConnection connection, PostgresTable table, string defaultSchema, KeyCheck key, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtext('cdcsync.targets'))", ct);
        // Another worker may have been faster while this one waited for the lock.
        var isClaimed = await IsClaimedAsync(connection, table, defaultSchema, ct);
        var plan = TargetPlan.For(table, await FoundTarget.ReadAsync(connection, table, ct), key, isClaimed);
        if (!isClaimed) await RunAsync(connection, ct, ClaimStatement(table.Dataset));
        foreach (var step in plan)
        {
            try
            {
                await ExecuteAsync(connection, step.Sql, ct);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.FeatureNotSupported)
            {
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{table.Label}: PostgreSQL refused to do this: {step.Done}: {e.MessageText}.", $"Drop what depends on the column, run the statement, and create it again: {step.Sql}. Run: cdcsync doctor", e);
            }
        }
        await transaction.CommitAsync(CancellationToken.None);
        return [.. plan.Select(step => step.Done)];
    }

    private NpgsqlBatchCommand ClaimStatement(Dataset dataset) => Statement(ControlSql.ClaimTarget,
        Text(pipeline), Text(dataset.Id.Value), Text(dataset.Target.Schema ?? ""), Text(dataset.Target.Name), Text(ControlText.Of(DatasetPhase.New)),
        Double(dataset.FreshnessTarget?.TotalSeconds), Text(dataset.Contract.Id), Text(dataset.Contract.Version), Text(dataset.Contract.Owner));

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
