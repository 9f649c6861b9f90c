using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The table of dataset states, by which each target table belongs to one dataset, and the view over it.</summary>
internal static class StateRecords
{
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetTaken"/> if the target belongs to another dataset or pipeline.</exception>
    public static void RefuseTaken(SqliteSession session, string pipeline, DatasetId dataset, TargetTable target)
    {
        var owner = session
            .Fixed("""
                SELECT pipeline, dataset FROM main.cdcsync_dataset_state
                 WHERE target_schema = ?1 AND target_table = ?2 AND NOT (pipeline = ?3 AND dataset = ?4)
                """)
            .With("", target.Name, pipeline, dataset.Value)
            .First(row => $"dataset {row.Text(1)} of pipeline {row.Text(0)}", missing: null);
        if (owner is not null)
            throw new CdcSyncException(ErrorCodes.TargetTaken, $"{dataset}: the target {target} belongs to {owner}.", "Give one of them another target, or forget the one that is no longer wanted. Run: cdcsync forget DATASET");
    }

    /// <summary>Writes a state; whether the dataset is paused stays as it is.</summary>
    public static void Write(SqliteSession session, DatasetState state) => session
        .Fixed($"""
            INSERT INTO main.cdcsync_dataset_state
                (pipeline, dataset, target_schema, target_table, phase, error_code, error, error_at,
                 freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
            VALUES (?1, ?2, '', ?3, ?4, ?5, ?6, iif(?5 IS NULL, NULL, {Instant.Now}), ?7, ?8, ?9, ?10, {Instant.Now})
            ON CONFLICT (pipeline, dataset) DO UPDATE SET
                target_schema = excluded.target_schema, target_table = excluded.target_table, phase = excluded.phase,
                error_code = excluded.error_code, error = excluded.error, error_at = excluded.error_at,
                freshness_target_seconds = excluded.freshness_target_seconds, contract_id = excluded.contract_id,
                contract_version = excluded.contract_version, contract_owner = excluded.contract_owner, updated_at = excluded.updated_at
            """)
        .With(state.Pipeline, state.Dataset.Value, state.Target.Name, ControlText.Of(state.Phase), state.ErrorCode, state.Error,
            state.FreshnessTarget?.TotalSeconds, state.Contract.Id, state.Contract.Version, state.Contract.Owner)
        .Run();

    /// <summary>Pauses a dataset or lets it go on.</summary>
    /// <returns>False if nothing is known of it.</returns>
    public static bool SetPaused(SqliteSession session, string pipeline, DatasetId dataset, bool paused) => session
        .Fixed($"UPDATE main.cdcsync_dataset_state SET paused = ?3, updated_at = {Instant.Now} WHERE pipeline = ?1 AND dataset = ?2 RETURNING 1")
        .With(pipeline, dataset.Value, paused ? 1L : 0L)
        .First(_ => true, missing: false);

    /// <summary>The datasets that are paused.</summary>
    public static HashSet<DatasetId> Paused(SqliteSession session, string pipeline) => session
        .Fixed("SELECT dataset FROM main.cdcsync_dataset_state WHERE pipeline = ?1 AND paused = 1")
        .With(pipeline)
        .All(row => new DatasetId(row.Text(0)))
        .ToHashSet();

    /// <summary>Records which columns have values in all rows.</summary>
    public static void SetFilled(SqliteSession session, string pipeline, DatasetId dataset, string columns) => session
        .Fixed($"UPDATE main.cdcsync_dataset_state SET filled_columns = ?3, updated_at = {Instant.Now} WHERE pipeline = ?1 AND dataset = ?2")
        .With(pipeline, dataset.Value, columns)
        .Run();

    /// <summary>What was recorded so.</summary>
    public static Dictionary<DatasetId, string> Filled(SqliteSession session, string pipeline) => session
        .Fixed("SELECT dataset, filled_columns FROM main.cdcsync_dataset_state WHERE pipeline = ?1 AND filled_columns IS NOT NULL")
        .With(pipeline)
        .All(row => (Dataset: new DatasetId(row.Text(0)), Columns: row.Text(1)))
        .ToDictionary(r => r.Dataset, r => r.Columns);

    /// <summary>Makes a target a dataset's own, before any state was written.</summary>
    public static void Claim(SqliteSession session, string pipeline, Dataset dataset) => session
        .Fixed($"""
            INSERT INTO main.cdcsync_dataset_state
                (pipeline, dataset, target_schema, target_table, phase, freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
            VALUES (?1, ?2, '', ?3, '{ControlText.Of(DatasetPhase.New)}', ?4, ?5, ?6, ?7, {Instant.Now})
            ON CONFLICT (pipeline, dataset) DO UPDATE SET
                target_schema = excluded.target_schema, target_table = excluded.target_table, updated_at = excluded.updated_at
            """)
        .With(pipeline, dataset.Id.Value, dataset.Target.Name, dataset.FreshnessTarget?.TotalSeconds, dataset.Contract.Id, dataset.Contract.Version, dataset.Contract.Owner)
        .Run();

    /// <summary>True if the target is the dataset's own already.</summary>
    public static bool IsClaimed(SqliteSession session, string pipeline, Dataset dataset) => session
        .Fixed("SELECT 1 FROM main.cdcsync_dataset_state WHERE pipeline = ?1 AND dataset = ?2 AND target_schema = '' AND target_table = ?3")
        .With(pipeline, dataset.Id.Value, dataset.Target.Name)
        .First(_ => true, missing: false);

    /// <summary>The view's lines of a pipeline.</summary>
    public static List<DatasetStatus> Status(SqliteSession session, string pipeline) => session
        .Fixed("""
            SELECT dataset, target_table, phase, error_code, error, freshness_target_seconds, contract_id, contract_version, contract_owner,
                   last_commit_at, quarantined_rows,
                   generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to
              FROM main.cdcsync_dataset_status WHERE pipeline = ?1 ORDER BY dataset
            """)
        .With(pipeline)
        .All(row => new DatasetStatus(
            new DatasetState(pipeline, new DatasetId(row.Text(0)), new TargetTable(null, row.Text(1)), ControlText.Read<DatasetPhase>(row.Text(2)), row.TextOrNull(3), row.TextOrNull(4),
                row.IsNull(5) ? null : TimeSpan.FromSeconds(row.Double(5)), new ContractReference(row.Text(6), row.Text(7), row.Text(8))),
            row.IsNull(11) ? null : ControlRecords.Checkpoint(row, 11), Instant.ReadOrNull(row.TextOrNull(9)), row.Int64(10)));
}
