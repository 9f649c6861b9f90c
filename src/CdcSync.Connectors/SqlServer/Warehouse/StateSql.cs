using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements that read and write states, ledger, checkpoints and quarantine; pure.</summary>
internal static class StateSql
{
    /// <summary>The checkpoints of a pipeline.</summary>
    public static TSql ReadCheckpoints() => new(
        """
        SELECT dataset, generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to
          FROM cdcsync.[checkpoint] WHERE pipeline = @pipeline;
        """, TSqlKinds.Select, PipelineName);

    /// <summary>The newest entries, newest first; of all datasets where that is null.</summary>
    public static TSql ReadLedger() => new(
        """
        SELECT TOP (@limit) publication, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal, rows_read, rows_quarantined,
               inserted, updated, deleted, erased, landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, committed_at
          FROM cdcsync.ledger
         WHERE pipeline = @pipeline AND (@dataset IS NULL OR dataset = @dataset)
         ORDER BY committed_at DESC, dataset, generation DESC;
        """, TSqlKinds.Select, Limit, PipelineName, DatasetName);

    /// <summary>The landing files that the ledger names.</summary>
    public static TSql ReadLandedPaths() => new("SELECT landing_path FROM cdcsync.ledger WHERE pipeline = @pipeline AND landing_path IS NOT NULL;", TSqlKinds.Select, PipelineName);

    /// <summary>The keys of a dataset's quarantined rows.</summary>
    public static TSql QuarantinedKeys() => new("SELECT row_key FROM cdcsync.quarantine WHERE pipeline = @pipeline AND dataset = @dataset;", TSqlKinds.Select, PipelineName, DatasetName);

    /// <summary>Quarantined rows per dataset.</summary>
    public static TSql CountQuarantined() => new("SELECT dataset, COUNT_BIG(*) AS quarantined FROM cdcsync.quarantine WHERE pipeline = @pipeline GROUP BY dataset;", TSqlKinds.Select, PipelineName);

    /// <summary>Removes all that is known of a dataset, and says how many rows of its checkpoint, state, ledger and quarantine went.</summary>
    public static TSql Forget() => new(
        """
        DECLARE @rows bigint;
        DELETE FROM cdcsync.[checkpoint] WHERE pipeline = @pipeline AND dataset = @dataset;
        SET @rows = ROWCOUNT_BIG();
        DELETE FROM cdcsync.dataset_state WHERE pipeline = @pipeline AND dataset = @dataset;
        SET @rows = @rows + ROWCOUNT_BIG();
        DELETE FROM cdcsync.ledger WHERE pipeline = @pipeline AND dataset = @dataset;
        SET @rows = @rows + ROWCOUNT_BIG();
        DELETE FROM cdcsync.quarantine WHERE pipeline = @pipeline AND dataset = @dataset;
        SET @rows = @rows + ROWCOUNT_BIG();
        DELETE FROM cdcsync.contract_check WHERE pipeline = @pipeline AND dataset = @dataset;
        SET @rows = @rows + ROWCOUNT_BIG();
        DELETE FROM cdcsync.acceptance WHERE pipeline = @pipeline AND dataset = @dataset;
        DELETE FROM cdcsync.source_schema WHERE pipeline = @pipeline AND dataset = @dataset;
        SELECT @rows AS forgotten;
        """, TSqlKinds.Control | TSqlKinds.Delete | TSqlKinds.Select, PipelineName, DatasetName);

    /// <summary>Entries, the newest first. @dataset and @digest0 may be NULL: all.</summary>
    public static TSql ReadQuarantine() => new(
        """
        SELECT TOP (@limit) dataset, row_key, [rule], column_name, reason, payload, generation, position, first_seen_at, last_seen_at
          FROM cdcsync.quarantine
         WHERE pipeline = @pipeline AND (@dataset IS NULL OR dataset = @dataset) AND (@digest0 IS NULL OR row_digest = @digest0)
         ORDER BY last_seen_at DESC, dataset, row_digest;
        """, TSqlKinds.Select, Limit, PipelineName, DatasetName, RowDigest.At(0));

    /// <summary>Removes entries, and says how many. @digest0 may be NULL: all of the dataset.</summary>
    public static TSql DropQuarantined() => new(
        """
        DELETE FROM cdcsync.quarantine WHERE pipeline = @pipeline AND dataset = @dataset AND (@digest0 IS NULL OR row_digest = @digest0);
        SELECT ROWCOUNT_BIG() AS dropped;
        """, TSqlKinds.Delete | TSqlKinds.Select, PipelineName, DatasetName, RowDigest.At(0));

    /// <summary>Empties the rows of entries that were last seen before an instant, and says of how many.</summary>
    public static TSql ExpireQuarantined() => new(
        """
        UPDATE cdcsync.quarantine SET payload = @payload WHERE pipeline = @pipeline AND last_seen_at < @before AND payload <> @payload;
        SELECT ROWCOUNT_BIG() AS expired;
        """, TSqlKinds.Update | TSqlKinds.Select, PipelineName, Before, Payload);

    /// <summary>Removes entries.</summary>
    /// <param name="rows">How many, at the most <see cref="ControlSql.RowsAtOnce"/>.</param>
    public static TSql ForgetQuarantined(int rows) => new(
        $"DELETE FROM cdcsync.quarantine WHERE pipeline = @pipeline AND dataset = @dataset AND row_digest IN ({string.Join(", ", Enumerable.Range(0, rows).Select(i => RowDigest.At(i).Name))});",
        TSqlKinds.Delete, [PipelineName, DatasetName, .. Enumerable.Range(0, rows).Select(i => RowDigest.At(i))]);

    /// <summary>Writes entries, each key once; those that are there keep when they were first seen.</summary>
    /// <param name="rows">How many, at the most <see cref="ControlSql.RowsAtOnce"/>; each has the parameters of <see cref="QuarantineRow"/>.</param>
    public static TSql Quarantine(int rows) => new(
        $"""
        UPDATE q
           SET [rule] = r.[rule], column_name = r.column_name, reason = r.reason, payload = r.payload, generation = @generation, position = @position, last_seen_at = SYSUTCDATETIME()
          FROM cdcsync.quarantine AS q
          JOIN (VALUES {ControlSql.List(rows, i => $"({ControlSql.Names(QuarantineRow, i)})")}
               ) AS r (row_digest, row_key, [rule], column_name, reason, payload)
            ON q.row_digest = r.row_digest COLLATE Latin1_General_100_BIN2
         WHERE q.pipeline = @pipeline AND q.dataset = @dataset;
        INSERT INTO cdcsync.quarantine (pipeline, dataset, row_digest, row_key, [rule], column_name, reason, payload, generation, position, first_seen_at, last_seen_at)
        SELECT @pipeline, @dataset, r.row_digest, r.row_key, r.[rule], r.column_name, r.reason, r.payload, @generation, @position, SYSUTCDATETIME(), SYSUTCDATETIME()
          FROM (VALUES {ControlSql.List(rows, i => $"({ControlSql.Names(QuarantineRow, i)})")}
               ) AS r (row_digest, row_key, [rule], column_name, reason, payload)
         WHERE NOT EXISTS (SELECT 1 FROM cdcsync.quarantine AS q WHERE q.pipeline = @pipeline AND q.dataset = @dataset AND q.row_digest = r.row_digest COLLATE Latin1_General_100_BIN2);
        """, TSqlKinds.Update | TSqlKinds.Insert, [PipelineName, DatasetName, Generation, PositionText, .. Enumerable.Range(0, rows).SelectMany(i => QuarantineRow.Select(p => p.At(i)))]);

    /// <summary>Of one row in <see cref="Quarantine"/>.</summary>
    public static IReadOnlyList<TSqlParameter> QuarantineRow { get; } = [RowDigest, RowKey, Rule, Column, Reason, Payload];

    /// <summary>Writes a dataset's state; whether it is paused stays as it is.</summary>
    public static TSql WriteState() => new(
        """
        UPDATE cdcsync.dataset_state
           SET target_schema = @target_schema, target_table = @target_table, phase = @phase, error_code = @error_code, error = @error,
               error_at = CASE WHEN @error_code IS NOT NULL THEN SYSUTCDATETIME() END, freshness_target_seconds = @freshness,
               contract_id = @contract_id, contract_version = @contract_version, contract_owner = @contract_owner, updated_at = SYSUTCDATETIME()
         WHERE pipeline = @pipeline AND dataset = @dataset;
        IF ROWCOUNT_BIG() = 0
            INSERT INTO cdcsync.dataset_state (pipeline, dataset, target_schema, target_table, phase, error_code, error, error_at,
                   freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
            VALUES (@pipeline, @dataset, @target_schema, @target_table, @phase, @error_code, @error, CASE WHEN @error_code IS NOT NULL THEN SYSUTCDATETIME() END,
                   @freshness, @contract_id, @contract_version, @contract_owner, SYSUTCDATETIME());
        """, Upsert, [.. State, ErrorCodeText, Error]);

    /// <summary>Pauses a dataset or lets it go on, and says how many there are of that name.</summary>
    public static TSql SetPaused() => new(
        """
        UPDATE cdcsync.dataset_state SET paused = @paused, updated_at = SYSUTCDATETIME() WHERE pipeline = @pipeline AND dataset = @dataset;
        SELECT ROWCOUNT_BIG() AS known;
        """, TSqlKinds.Update | TSqlKinds.Select, PipelineName, DatasetName, Paused);

    /// <summary>The datasets that are paused.</summary>
    public static TSql ReadPaused() => new("SELECT dataset FROM cdcsync.dataset_state WHERE pipeline = @pipeline AND paused = 1;", TSqlKinds.Select, PipelineName);

    /// <summary>Records which columns have values in all rows.</summary>
    public static TSql WriteFilledColumns() => new("UPDATE cdcsync.dataset_state SET filled_columns = @columns, updated_at = SYSUTCDATETIME() WHERE pipeline = @pipeline AND dataset = @dataset;", TSqlKinds.Update, PipelineName, DatasetName, FilledColumns);

    /// <summary>What was recorded so.</summary>
    public static TSql ReadFilledColumns() => new("SELECT dataset, filled_columns FROM cdcsync.dataset_state WHERE pipeline = @pipeline AND filled_columns IS NOT NULL;", TSqlKinds.Select, PipelineName);

    /// <summary>Makes a target a dataset's own, before any state was written.</summary>
    public static TSql ClaimTarget() => new(
        """
        UPDATE cdcsync.dataset_state
           SET target_schema = @target_schema, target_table = @target_table, updated_at = SYSUTCDATETIME()
         WHERE pipeline = @pipeline AND dataset = @dataset;
        IF ROWCOUNT_BIG() = 0
            INSERT INTO cdcsync.dataset_state (pipeline, dataset, target_schema, target_table, phase,
                   freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
            VALUES (@pipeline, @dataset, @target_schema, @target_table, @phase, @freshness, @contract_id, @contract_version, @contract_owner, SYSUTCDATETIME());
        """, Upsert, State);

    /// <summary>Pipeline and dataset of those whose target a table is.</summary>
    public static TSql OwnersOfTarget() => new(
        """
        SELECT pipeline, dataset FROM cdcsync.dataset_state
         WHERE COALESCE(NULLIF(target_schema, N''), @default_schema) = @schema AND target_table = @table;
        """, TSqlKinds.Select, Schema, Table, DefaultSchema);

    /// <summary>The lines of the view.</summary>
    public static TSql ReadStatus() => new(
        """
        SELECT dataset, target_schema, target_table, phase, error_code, error, freshness_target_seconds, contract_id, contract_version, contract_owner,
               generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to, last_commit_at, quarantined_rows
          FROM cdcsync.dataset_status WHERE pipeline = @pipeline ORDER BY dataset;
        """, TSqlKinds.Select, PipelineName);

    private const TSqlKinds Upsert = TSqlKinds.Update | TSqlKinds.Control | TSqlKinds.Insert;

    private static IReadOnlyList<TSqlParameter> State { get; } = [PipelineName, DatasetName, TargetSchema, TargetName, Phase, Freshness, ContractId, ContractVersion, ContractOwner];
}
