-- oldest-binary: 0.1.0
-- The control schema: docs/state.md describes every table and column. Instants are UTC text, YYYY-MM-DDTHH:MM:SS.ffffffZ.

CREATE TABLE cdcsync_checkpoint (
    pipeline       TEXT    NOT NULL,
    dataset        TEXT    NOT NULL,
    generation     INTEGER NOT NULL,
    source_kind    TEXT    NOT NULL,
    source_id      TEXT    NOT NULL,
    position_kind  TEXT    NOT NULL,
    position       TEXT    NOT NULL,
    snapshot       TEXT,
    complete_up_to TEXT,
    updated_at     TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdcsync_ledger (
    publication      TEXT    NOT NULL,
    pipeline         TEXT    NOT NULL,
    dataset          TEXT    NOT NULL,
    generation       INTEGER NOT NULL,
    kind             TEXT    NOT NULL,
    position_kind    TEXT    NOT NULL,
    after_position   TEXT,
    up_to_position   TEXT    NOT NULL,
    range_ordinal    INTEGER,
    rows_read        INTEGER NOT NULL,
    rows_quarantined INTEGER NOT NULL,
    inserted         INTEGER NOT NULL,
    updated          INTEGER NOT NULL,
    deleted          INTEGER NOT NULL,
    erased           INTEGER NOT NULL,
    landing_path     TEXT,
    landing_sha256   TEXT,
    landing_rows     INTEGER,
    landing_bytes    INTEGER,
    source_time      TEXT    NOT NULL,
    newest_commit    TEXT,
    holder           TEXT    NOT NULL,
    lease_token      INTEGER NOT NULL,
    committed_at     TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation)
) STRICT, WITHOUT ROWID;

CREATE INDEX cdcsync_ledger_publication ON cdcsync_ledger (publication);

CREATE TABLE cdcsync_quarantine (
    pipeline      TEXT    NOT NULL,
    dataset       TEXT    NOT NULL,
    row_key       TEXT    NOT NULL,
    rule          TEXT    NOT NULL,
    column_name   TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    payload       TEXT    NOT NULL,
    generation    INTEGER NOT NULL,
    position      TEXT    NOT NULL,
    first_seen_at TEXT    NOT NULL,
    last_seen_at  TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset, row_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdcsync_reconciliation (
    id          TEXT    NOT NULL PRIMARY KEY,
    pipeline    TEXT    NOT NULL,
    dataset     TEXT    NOT NULL,
    mode        TEXT    NOT NULL,
    started_at  TEXT    NOT NULL,
    finished_at TEXT,
    outcome     TEXT,
    source_rows INTEGER,
    target_rows INTEGER,
    missing     INTEGER,
    different   INTEGER,
    extra       INTEGER,
    repaired    INTEGER,
    report      TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX cdcsync_reconciliation_dataset ON cdcsync_reconciliation (pipeline, dataset, started_at);

CREATE TABLE cdcsync_staging (
    table_name TEXT NOT NULL PRIMARY KEY,
    pipeline   TEXT NOT NULL,
    dataset    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cdcsync_dataset_state (
    pipeline                 TEXT    NOT NULL,
    dataset                  TEXT    NOT NULL,
    target_schema            TEXT    NOT NULL DEFAULT '',
    target_table             TEXT    NOT NULL COLLATE NOCASE,
    phase                    TEXT    NOT NULL,
    error_code               TEXT,
    error                    TEXT,
    error_at                 TEXT,
    freshness_target_seconds REAL,
    contract_id              TEXT    NOT NULL,
    contract_version         TEXT    NOT NULL,
    contract_owner           TEXT    NOT NULL,
    paused                   INTEGER NOT NULL DEFAULT 0,
    updated_at               TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX cdcsync_dataset_state_target ON cdcsync_dataset_state (target_schema, target_table);

CREATE TABLE cdcsync_lease (
    pipeline   TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL,
    token      INTEGER NOT NULL,
    expires_at TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW cdcsync_dataset_status AS
SELECT s.pipeline, s.dataset, s.target_schema, s.target_table,
       s.phase, s.error_code, s.error, s.error_at, s.freshness_target_seconds,
       s.contract_id, s.contract_version, s.contract_owner, s.paused,
       c.generation, c.source_kind, c.source_id, c.position_kind, c.position, c.snapshot, c.complete_up_to,
       (SELECT l.committed_at FROM cdcsync_ledger l
         WHERE l.pipeline = s.pipeline AND l.dataset = s.dataset
         ORDER BY l.generation DESC LIMIT 1) AS last_commit_at,
       (SELECT count(*) FROM cdcsync_quarantine q
         WHERE q.pipeline = s.pipeline AND q.dataset = s.dataset) AS quarantined_rows
  FROM cdcsync_dataset_state s
  LEFT JOIN cdcsync_checkpoint c ON c.pipeline = s.pipeline AND c.dataset = s.dataset;
