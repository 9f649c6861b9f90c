using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres;

/// <summary>Creates and widens target tables.</summary>
internal sealed class PostgresTargets(PostgresSessions sessions, string pipeline)
{
    /// <summary>See <see cref="Core.Warehouses.IWarehouse.EnsureTargetAsync"/>.</summary>
    public async ValueTask<IReadOnlyList<string>> EnsureAsync(Dataset dataset, CancellationToken ct)
    {
        var schema = await sessions.DefaultSchemaAsync(ct);
        var table = PostgresTable.For(dataset, schema);
        return await sessions.RunAsync($"{table.Label}: preparing the target", async connection =>
        {
            await RefuseTakenAsync(connection, table, schema, ct);
            var plan = TargetPlan.For(table, await FoundTarget.ReadAsync(connection, table, ct));
            return plan.Count == 0 ? [] : await CarryOutAsync(connection, table, ct);
        }, ct);
    }

    /// <summary>The error for a target that belongs to another dataset.</summary>
    public static CdcSyncException Taken(DatasetId dataset, TargetTable target, string owner) =>
        new(ErrorCodes.TargetTaken, $"{dataset}: the target {target} belongs to {owner}; one table takes one dataset.", "Name another target, or forget the other dataset. Run: cdcsync status");

    private async Task RefuseTakenAsync(NpgsqlConnection connection, PostgresTable table, string defaultSchema, CancellationToken ct)
    {
        await using var reader = await ReadAsync(connection, ct, Statement(ControlSql.OwnerOfTarget,
            Text(table.Schema), Text(table.Dataset.Target.Name), Text(pipeline), Text(table.Dataset.Id.Value), Text(defaultSchema)));
        if (await reader.ReadAsync(ct))
            throw Taken(table.Dataset.Id, table.Dataset.Target, $"dataset {reader.GetString(1)} of pipeline {reader.GetString(0)}");
    }

    private static async Task<IReadOnlyList<string>> CarryOutAsync(NpgsqlConnection connection, PostgresTable table, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtext('cdcsync.targets'))", ct);
        // Another worker may have been faster while this one waited for the lock.
        var plan = TargetPlan.For(table, await FoundTarget.ReadAsync(connection, table, ct));
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
