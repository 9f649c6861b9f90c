-- oldest-binary: 0.1.0
-- A check that can't be answered does not hold either.

-- ALTER VIEW must begin a batch of its own. Grants on the view stay.
EXEC (N'
ALTER VIEW cdcsync.dataset_status AS
SELECT s.pipeline, s.dataset, s.target_schema, s.target_table,
       s.phase, s.error_code, s.error, s.error_at, s.freshness_target_seconds,
       s.contract_id, s.contract_version, s.contract_owner, s.paused,
       c.generation, c.source_kind, c.source_id, c.position_kind, c.position, c.snapshot, c.complete_up_to,
       (SELECT TOP (1) l.committed_at FROM cdcsync.ledger AS l
         WHERE l.pipeline = s.pipeline AND l.dataset = s.dataset
         ORDER BY l.generation DESC) AS last_commit_at,
       (SELECT COUNT_BIG(*) FROM cdcsync.quarantine AS q
         WHERE q.pipeline = s.pipeline AND q.dataset = s.dataset) AS quarantined_rows,
       r.finished_at AS compared_at, r.outcome AS comparison, r.missing + r.different + r.extra - r.repaired AS drift_rows,
       (SELECT MAX(k.checked_at) FROM cdcsync.contract_check AS k
         WHERE k.pipeline = s.pipeline AND k.dataset = s.dataset) AS checked_at,
       (SELECT COUNT_BIG(*) FROM cdcsync.contract_check AS k
         WHERE k.pipeline = s.pipeline AND k.dataset = s.dataset AND k.verdict IN (N''failed'', N''unanswered'')) AS checks_failed
  FROM cdcsync.dataset_state AS s
  LEFT JOIN cdcsync.[checkpoint] AS c ON c.pipeline = s.pipeline AND c.dataset = s.dataset
  LEFT JOIN cdcsync.reconciliation AS r ON r.id =
       (SELECT TOP (1) n.id FROM cdcsync.reconciliation AS n
         WHERE n.pipeline = s.pipeline AND n.dataset = s.dataset
         ORDER BY n.started_at DESC);
');
