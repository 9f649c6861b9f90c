-- oldest-binary: 0.1.0
-- A check that can't be answered does not hold either.

DROP VIEW cdcsync_dataset_status;

CREATE VIEW cdcsync_dataset_status AS
SELECT s.pipeline, s.dataset, s.target_schema, s.target_table,
       s.phase, s.error_code, s.error, s.error_at, s.freshness_target_seconds,
       s.contract_id, s.contract_version, s.contract_owner, s.paused,
       c.generation, c.source_kind, c.source_id, c.position_kind, c.position, c.snapshot, c.complete_up_to,
       (SELECT l.committed_at FROM cdcsync_ledger l
         WHERE l.pipeline = s.pipeline AND l.dataset = s.dataset
         ORDER BY l.generation DESC LIMIT 1) AS last_commit_at,
       (SELECT count(*) FROM cdcsync_quarantine q
         WHERE q.pipeline = s.pipeline AND q.dataset = s.dataset) AS quarantined_rows,
       r.finished_at AS compared_at, r.outcome AS comparison, r.missing + r.different + r.extra - r.repaired AS drift_rows,
       (SELECT max(k.checked_at) FROM cdcsync_contract_check k
         WHERE k.pipeline = s.pipeline AND k.dataset = s.dataset) AS checked_at,
       (SELECT count(*) FROM cdcsync_contract_check k
         WHERE k.pipeline = s.pipeline AND k.dataset = s.dataset AND k.verdict IN ('failed', 'unanswered')) AS checks_failed
  FROM cdcsync_dataset_state s
  LEFT JOIN cdcsync_checkpoint c ON c.pipeline = s.pipeline AND c.dataset = s.dataset
  LEFT JOIN cdcsync_reconciliation r ON r.id =
       (SELECT n.id FROM cdcsync_reconciliation n
         WHERE n.pipeline = s.pipeline AND n.dataset = s.dataset
         ORDER BY n.started_at DESC LIMIT 1);
