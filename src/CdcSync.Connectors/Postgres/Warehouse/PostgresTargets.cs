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

    /// <summary>What <see cref="EnsureAsync"/> would do before rows are merged, and why it could not create what is missing (null = it could).</summary>
    /// <exception cref="CdcSyncException">The table can't take the dataset.</exception>
    public async ValueTask<(IReadOnlyList<string> Steps, string? MissingRight)> PlanAsync(Dataset dataset, CancellationToken ct)
    {
        var schema = await sessions.DefaultSchemaAsync(ct);
        var table = PostgresTable.For(dataset, schema);
        var isClaimed = await IsClaimedIfKnownAsync(table, schema, ct);
        return await sessions.RunAsync($"{table.Label}: looking at the target", async connection =>
        {
            var found = await FoundTarget.ReadAsync(connection, table, ct);
            IReadOnlyList<string> steps = [.. TargetPlan.For(table, found, KeyCheck.Now, isClaimed).Select(step => step.Done)];
            return (steps, found.Kind is null ? await MissingRightAsync(connection, table, found.HasSchema, ct) : null);
        }, ct);
    }

    private static async Task<string?> MissingRightAsync(NpgsqlConnection connection, PostgresTable table, bool hasSchema, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(hasSchema ? "SELECT has_schema_privilege($1, 'CREATE')" : "SELECT has_database_privilege(current_database(), 'CREATE')", connection);
        if (hasSchema) command.Parameters.Add(Text(table.Schema));
        return (bool)(await command.ExecuteScalarAsync(ct))! ? null
            : hasSchema ? $"the user may not create tables in schema {table.Schema}" : $"the user may not create the schema {table.Schema}";
    }

    /// <summary>Without a control schema nothing is claimed yet.</summary>
    private async ValueTask<bool> IsClaimedIfKnownAsync(PostgresTable table, string schema, CancellationToken ct)
    {
        try
        {
            return await sessions.RunAsync($"{table.Label}: looking at the target's owner", connection => IsClaimedAsync(connection, table, schema, ct), ct);
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.ControlSchemaMissing)
        {
            return false;
        }
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
