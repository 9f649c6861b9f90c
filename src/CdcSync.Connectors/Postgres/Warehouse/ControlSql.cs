namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>The statements on the control schema. Parameters are numbered in the order of the values next to them.</summary>
internal static class ControlSql
{
    /// <summary>Locks and compares. 1 publication, 2 pipeline, 3 lease token, 4 datasets, 5 their generations.</summary>
    public const string Lock = "SELECT cdcsync.lock_publication($1, $2, $3, $4, $5)";

    /// <summary>What follows in the transaction grows with a whole table: no limit made for statements on a batch is right for it.</summary>
    public const string TakeAllTheTime = "SET LOCAL statement_timeout = 0";

    /// <summary>Names the lease under which a transaction runs that may hold rows of targets. 1 pipeline, 2 lease token.</summary>
    public const string NameLease = "SELECT pg_advisory_xact_lock_shared(hashtext('cdcsync:' || $1::text), ($2::bigint % 2147483647)::int)";

    /// <summary>Ends what runs under another lease of the pipeline: its worker was declared dead, and can't commit any more. 1 pipeline, 2 lease token.</summary>
    public const string EndFormerCopies = """
        SELECT pg_terminate_backend(l.pid)
          FROM pg_locks AS l
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid::bigint = hashtext('cdcsync:' || $1::text)::bigint & 4294967295 AND l.objid::bigint <> $2::bigint % 2147483647
        """;

    /// <summary>How long the server waits for this worker to go on, while it holds checkpoints. 1 milliseconds.</summary>
    public const string LimitFreeze = "SELECT set_config('idle_in_transaction_session_timeout', $1, true)";

    /// <summary>Where relations are compared or counted as a whole, all ways to do it are right; else only indexes are. 1 <c>on</c> or <c>off</c>.</summary>
    public const string WholeScans = "SELECT set_config('enable_hashjoin', $1, true), set_config('enable_mergejoin', $1, true), set_config('enable_seqscan', $1, true)";

    /// <summary>1 pipeline, 2 dataset, 3 expected generation, 4 source kind, 5 source id, 6 position kind, 7 position, 8 snapshot, 9 complete up to.</summary>
    public const string Move = "SELECT cdcsync.move_checkpoint($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    /// <summary>Compares the lease again: the merge may have taken long. 1 pipeline, 2 lease token.</summary>
    public const string CheckLease = "SELECT cdcsync.check_lease($1, $2)";

    /// <summary>Checks now what a commit would.</summary>
    public const string CheckDeferred = "SET CONSTRAINTS ALL IMMEDIATE";

    /// <summary>The number of the first parameter after the ledger's own.</summary>
    public const int AfterLedger = 20;

    /// <summary>Merges, and writes a ledger entry with the merge's counts, which it gives back: one statement, so that they can't disagree.</summary>
    /// <param name="merge">What is done to the target.</param>
    public static string Ledger(MergeText merge) =>
        $"""
        {(merge.With.Length > 0 ? merge.With + "\n" : "")}INSERT INTO cdcsync.ledger (publication, pipeline, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal,
               rows_read, rows_quarantined, landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, lease_token,
               committed_at, inserted, updated, deleted, erased)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
               clock_timestamp(), {merge.Inserted}, {merge.Updated}, {merge.Deleted}, {merge.Erased})
        RETURNING inserted, updated, deleted, erased
        """;

    /// <summary>1 pipeline, 2 token, 3 dataset. Whether the lease is held, and the rows that went.</summary>
    public const string Forget = """
        WITH held AS (SELECT FROM cdcsync.lease WHERE pipeline = $1 AND token = $2 AND expires_at > clock_timestamp() FOR SHARE),
             c AS (DELETE FROM cdcsync.checkpoint WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             s AS (DELETE FROM cdcsync.dataset_state WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             l AS (DELETE FROM cdcsync.ledger WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             q AS (DELETE FROM cdcsync.quarantine WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             k AS (DELETE FROM cdcsync.contract_check WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             a AS (DELETE FROM cdcsync.acceptance WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1),
             h AS (DELETE FROM cdcsync.source_schema WHERE pipeline = $1 AND dataset = $3 AND EXISTS (SELECT FROM held) RETURNING 1)
        SELECT EXISTS (SELECT FROM held), (SELECT count(*) FROM c) + (SELECT count(*) FROM s) + (SELECT count(*) FROM l) + (SELECT count(*) FROM q) + (SELECT count(*) FROM k)
        """;

    /// <summary>1 pipeline, 2 dataset (null = all), 3 row key (null = all), 4 limit.</summary>
    public const string ReadQuarantine = """
        SELECT dataset, row_key, rule, column_name, reason, payload, generation, position, first_seen_at, last_seen_at
          FROM cdcsync.quarantine
         WHERE pipeline = $1 AND ($2 IS NULL OR dataset = $2) AND ($3 IS NULL OR row_key = $3)
         ORDER BY last_seen_at DESC, dataset, row_key
         LIMIT $4
        """;

    /// <summary>1 pipeline, 2 dataset, 3 row key (null = all).</summary>
    public const string DropQuarantined = "DELETE FROM cdcsync.quarantine WHERE pipeline = $1 AND dataset = $2 AND ($3 IS NULL OR row_key = $3) RETURNING 1";

    /// <summary>1 pipeline, 2 instant, 3 the payload of an entry whose row has expired.</summary>
    public const string ExpireQuarantined = "UPDATE cdcsync.quarantine SET payload = $3 WHERE pipeline = $1 AND last_seen_at < $2 AND payload <> $3 RETURNING 1";

    /// <summary>1 pipeline, 2 dataset, 3 row keys.</summary>
    public const string ForgetQuarantined = "DELETE FROM cdcsync.quarantine WHERE pipeline = $1 AND dataset = $2 AND row_key = ANY ($3)";

    /// <summary>1 pipeline, 2 dataset.</summary>
    public const string ForgetAllQuarantined = "DELETE FROM cdcsync.quarantine WHERE pipeline = $1 AND dataset = $2";

    /// <summary>1 pipeline, 2 dataset, 3 generation, 4 position, 5 keys, 6 rules, 7 columns, 8 reasons, 9 payloads.</summary>
    public const string Quarantine = """
        INSERT INTO cdcsync.quarantine AS q (pipeline, dataset, row_key, rule, column_name, reason, payload, generation, position, first_seen_at, last_seen_at)
        SELECT $1, $2, r.row_key, r.rule, r.column_name, r.reason, r.payload, $3, $4, statement_timestamp(), statement_timestamp()
          FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS r (row_key, rule, column_name, reason, payload)
         ORDER BY r.row_key
            ON CONFLICT (pipeline, dataset, row_key) DO UPDATE
           SET rule = excluded.rule, column_name = excluded.column_name, reason = excluded.reason, payload = excluded.payload,
               generation = excluded.generation, position = excluded.position, last_seen_at = excluded.last_seen_at
        """;

    /// <summary>1 pipeline, 2 dataset.</summary>
    public const string QuarantinedKeys = "SELECT row_key FROM cdcsync.quarantine WHERE pipeline = $1 AND dataset = $2";

    /// <summary>1 pipeline.</summary>
    public const string CountQuarantined = "SELECT dataset, count(*) FROM cdcsync.quarantine WHERE pipeline = $1 GROUP BY dataset";

    /// <summary>1 pipeline, 2 dataset, 3 paused. A row if there is such a dataset.</summary>
    public const string SetPaused = "UPDATE cdcsync.dataset_state SET paused = $3, updated_at = clock_timestamp() WHERE pipeline = $1 AND dataset = $2 RETURNING 1";

    /// <summary>1 pipeline.</summary>
    public const string ReadPaused = "SELECT dataset FROM cdcsync.dataset_state WHERE pipeline = $1 AND paused";

    /// <summary>1 pipeline, 2 dataset, 3 the columns.</summary>
    public const string WriteFilledColumns = "UPDATE cdcsync.dataset_state SET filled_columns = $3, updated_at = clock_timestamp() WHERE pipeline = $1 AND dataset = $2";

    /// <summary>1 pipeline.</summary>
    public const string ReadFilledColumns = "SELECT dataset, filled_columns FROM cdcsync.dataset_state WHERE pipeline = $1 AND filled_columns IS NOT NULL";

    /// <summary>1 pipeline, 2 datasets.</summary>
    public const string ReadCheckpoints = """
        SELECT dataset, generation, source_kind, source_id, position_kind, position, snapshot::text, complete_up_to
          FROM cdcsync.checkpoint WHERE pipeline = $1 AND dataset = ANY ($2)
        """;

    /// <summary>Moves what can be moved without waiting. 1 pipeline, 2 lease token, then arrays: 3 datasets, 4 expected generations, 5 source kinds, 6 source ids, 7 position kinds, 8 positions, 9 snapshots, 10 complete up to.</summary>
    public const string AdvanceIdle = """
        WITH moves AS (
            SELECT * FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::json[], $10::timestamptz[])
                       AS m (dataset, expected, source_kind, source_id, position_kind, position, snapshot, complete_up_to)
        ), locked AS (
            SELECT c.dataset FROM cdcsync.checkpoint AS c
             WHERE c.pipeline = $1 AND c.dataset = ANY ($3)
               AND EXISTS (SELECT FROM cdcsync.lease AS l WHERE l.pipeline = $1 AND l.token = $2 AND l.expires_at > clock_timestamp())
               FOR UPDATE SKIP LOCKED
        )
        UPDATE cdcsync.checkpoint AS c
           SET generation = m.expected + 1, source_kind = m.source_kind, source_id = m.source_id, position_kind = m.position_kind,
               position = m.position, snapshot = m.snapshot, complete_up_to = m.complete_up_to, updated_at = clock_timestamp()
          FROM moves AS m JOIN locked AS k ON k.dataset = m.dataset
         WHERE c.pipeline = $1 AND c.dataset = m.dataset AND c.generation = m.expected
        RETURNING c.dataset
        """;

    /// <summary>Waits for a publication that still runs on a connection that was lost. 1 publication.</summary>
    public const string AwaitEnd = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::text, 0))";

    /// <summary>1 publication.</summary>
    public const string WasCommitted = "SELECT EXISTS (SELECT FROM cdcsync.ledger WHERE publication = $1)";

    /// <summary>1 pipeline, 2 dataset or null, 3 limit.</summary>
    public const string ReadLedger = """
        SELECT publication, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal, rows_read, rows_quarantined,
               inserted, updated, deleted, erased, landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, committed_at
          FROM cdcsync.ledger
         WHERE pipeline = $1 AND ($2::text IS NULL OR dataset = $2)
         ORDER BY committed_at DESC, dataset, generation DESC
         LIMIT $3
        """;

    /// <summary>1 pipeline.</summary>
    public const string ReadLandedPaths = "SELECT landing_path FROM cdcsync.ledger WHERE pipeline = $1 AND landing_path IS NOT NULL";

    /// <summary>1 pipeline, 2 dataset, 3 target schema, 4 target table, 5 phase, 6 error code, 7 error, 8 freshness target, 9 contract id, 10 its version, 11 its owner.</summary>
    public const string WriteState = """
        INSERT INTO cdcsync.dataset_state AS s (pipeline, dataset, target_schema, target_table, phase, error_code, error, error_at,
               freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $6::text IS NOT NULL THEN clock_timestamp() END, $8, $9, $10, $11, clock_timestamp())
            ON CONFLICT (pipeline, dataset) DO UPDATE
           SET target_schema = excluded.target_schema, target_table = excluded.target_table, phase = excluded.phase,
               error_code = excluded.error_code, error = excluded.error, error_at = excluded.error_at,
               freshness_target_seconds = excluded.freshness_target_seconds, contract_id = excluded.contract_id,
               contract_version = excluded.contract_version, contract_owner = excluded.contract_owner, updated_at = excluded.updated_at
        """;

    /// <summary>Whose a target is. 1 its schema, 2 its table, 3 the schema meant by none.</summary>
    public const string OwnersOfTarget = """
        SELECT pipeline, dataset FROM cdcsync.dataset_state
         WHERE coalesce(nullif(target_schema, ''), $3) = $1 AND target_table = $2
        """;

    /// <summary>Makes a target a dataset's own, before any state was written. 1 pipeline, 2 dataset, 3 target schema, 4 target table, 5 phase, 6 freshness target, 7 contract id, 8 its version, 9 its owner.</summary>
    public const string ClaimTarget = """
        INSERT INTO cdcsync.dataset_state AS s (pipeline, dataset, target_schema, target_table, phase,
               freshness_target_seconds, contract_id, contract_version, contract_owner, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp())
            ON CONFLICT (pipeline, dataset) DO UPDATE
           SET target_schema = excluded.target_schema, target_table = excluded.target_table, updated_at = excluded.updated_at
        """;

    /// <summary>1 pipeline.</summary>
    public const string ReadStatus = """
        SELECT dataset, target_schema, target_table, phase, error_code, error, freshness_target_seconds, contract_id, contract_version, contract_owner,
               generation, source_kind, source_id, position_kind, position, snapshot::text, complete_up_to, last_commit_at, quarantined_rows
          FROM cdcsync.dataset_status WHERE pipeline = $1 ORDER BY dataset
        """;

    /// <summary>1 pipeline, 2 holder, 3 seconds.</summary>
    public const string AcquireLease = """
        INSERT INTO cdcsync.lease AS l (pipeline, holder, token, expires_at)
        VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
            ON CONFLICT (pipeline) DO UPDATE
           SET holder = excluded.holder, token = l.token + 1, expires_at = clock_timestamp() + make_interval(secs => $3)
         WHERE l.expires_at <= clock_timestamp()
        RETURNING token, expires_at
        """;

    /// <summary>1 pipeline, 2 token, 3 seconds.</summary>
    public const string RenewLease = """
        UPDATE cdcsync.lease SET expires_at = clock_timestamp() + make_interval(secs => $3)
         WHERE pipeline = $1 AND token = $2 AND expires_at > clock_timestamp()
        RETURNING token, expires_at
        """;

    /// <summary>1 pipeline, 2 token.</summary>
    public const string ReleaseLease = "UPDATE cdcsync.lease SET expires_at = clock_timestamp() WHERE pipeline = $1 AND token = $2 AND expires_at > clock_timestamp()";

    /// <summary>When each dataset was last compared, row by row and by totals. Parameter: the pipeline.</summary>
    public const string ReadReconciled = """
        SELECT dataset, max(finished_at) FILTER (WHERE mode <> 'totals'), max(finished_at) FILTER (WHERE mode = 'totals')
          FROM cdcsync.reconciliation
         WHERE pipeline = $1 AND finished_at IS NOT NULL AND mode IN ('digest', 'keys', 'full', 'totals')
         GROUP BY dataset
        """;

    /// <summary>The newest comparisons. 1 pipeline, 2 dataset or null, 3 limit.</summary>
    public const string ReadComparisons = """
        SELECT id, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report
          FROM cdcsync.reconciliation
         WHERE pipeline = $1 AND ($2::text IS NULL OR dataset = $2) AND finished_at IS NOT NULL
         ORDER BY finished_at DESC, dataset
         LIMIT $3
        """;

    /// <summary>The lease that somebody holds now. Parameter: the pipeline.</summary>
    public const string ReadLease = "SELECT holder, token, expires_at FROM cdcsync.lease WHERE pipeline = $1 AND expires_at > clock_timestamp()";

    /// <summary>Records results of checks, and drops those of checks that the dataset no longer has. 1 pipeline, 2 dataset, 3 its checks; per result: 4 check, 5 severity,
    /// 6 verdict, 7 value, 8 expected, 9 detail, 10 when.</summary>
    public const string WriteChecks = """
        WITH gone AS (DELETE FROM cdcsync.contract_check WHERE pipeline = $1 AND dataset = $2 AND check_id <> ALL ($3))
        INSERT INTO cdcsync.contract_check AS c (pipeline, dataset, check_id, severity, verdict, value, expected, detail, checked_at, since)
        SELECT $1, $2, r.check_id, r.severity, r.verdict, r.value, r.expected, r.detail, r.at, r.at
          FROM unnest($4, $5, $6, $7, $8, $9, $10) AS r (check_id, severity, verdict, value, expected, detail, at)
            ON CONFLICT (pipeline, dataset, check_id) DO UPDATE SET
               since = CASE WHEN c.verdict = excluded.verdict THEN c.since ELSE excluded.since END,
               severity = excluded.severity, verdict = excluded.verdict, value = excluded.value,
               expected = excluded.expected, detail = excluded.detail, checked_at = excluded.checked_at
        """;

    /// <summary>1 pipeline.</summary>
    public const string ReadChecks = """
        SELECT dataset, check_id, severity, verdict, value, expected, detail, checked_at, since FROM cdcsync.contract_check WHERE pipeline = $1 ORDER BY dataset, check_id
        """;

    /// <summary>Records a comparison. Parameters: id, pipeline, dataset, mode, start, end, outcome, rows of the source and of the target, missing, different, extra, repaired, report.</summary>
    public const string WriteReconciliation = """
        INSERT INTO cdcsync.reconciliation
            (id, pipeline, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """;
}
