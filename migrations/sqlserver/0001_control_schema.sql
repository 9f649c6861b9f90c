-- oldest-binary: 0.1.0
-- The control schema: docs/state.md describes every table and column. Instants are UTC. Ids are compared byte by byte, whatever the database's collation; names
-- of targets as the database compares names.

CREATE TABLE cdcsync.[checkpoint] (
    pipeline       nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset        nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    generation     bigint                                       NOT NULL,
    source_kind    nvarchar(max)                                NOT NULL,
    source_id      nvarchar(max)                                NOT NULL,
    position_kind  nvarchar(max)                                NOT NULL,
    position       nvarchar(max)                                NOT NULL,
    snapshot       nvarchar(max),
    complete_up_to datetime2(6),
    updated_at     datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset)
);

CREATE TABLE cdcsync.ledger (
    publication      uniqueidentifier                             NOT NULL,
    pipeline         nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset          nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    generation       bigint                                       NOT NULL,
    kind             nvarchar(20)                                 NOT NULL,
    position_kind    nvarchar(max)                                NOT NULL,
    after_position   nvarchar(max),
    up_to_position   nvarchar(max)                                NOT NULL,
    range_ordinal    int,
    rows_read        bigint                                       NOT NULL,
    rows_quarantined bigint                                       NOT NULL,
    inserted         bigint                                       NOT NULL,
    updated          bigint                                       NOT NULL,
    deleted          bigint                                       NOT NULL,
    erased           bigint                                       NOT NULL,
    landing_path     nvarchar(max),
    landing_sha256   nvarchar(64),
    landing_rows     bigint,
    landing_bytes    bigint,
    source_time      datetime2(6)                                 NOT NULL,
    newest_commit    datetime2(6),
    holder           nvarchar(max)                                NOT NULL,
    lease_token      bigint                                       NOT NULL,
    committed_at     datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation)
);

CREATE INDEX ledger_publication ON cdcsync.ledger (publication);

-- The key of a row may be longer than an index takes: row_digest stands for it, its SHA-256 (of the UTF-8 text) in lower-case hex.
CREATE TABLE cdcsync.quarantine (
    pipeline      nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset       nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    row_digest    nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    row_key       nvarchar(max)                                NOT NULL,
    [rule]        nvarchar(max)                                NOT NULL,
    column_name   nvarchar(max)                                NOT NULL,
    reason        nvarchar(max)                                NOT NULL,
    payload       nvarchar(max)                                NOT NULL,
    generation    bigint                                       NOT NULL,
    position      nvarchar(max)                                NOT NULL,
    first_seen_at datetime2(6)                                 NOT NULL,
    last_seen_at  datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset, row_digest)
);

CREATE TABLE cdcsync.reconciliation (
    id          uniqueidentifier                             NOT NULL PRIMARY KEY,
    pipeline    nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset     nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    mode        nvarchar(20)                                 NOT NULL,
    started_at  datetime2(6)                                 NOT NULL,
    finished_at datetime2(6),
    outcome     nvarchar(max),
    source_rows bigint,
    target_rows bigint,
    missing     bigint,
    different   bigint,
    extra       bigint,
    repaired    bigint,
    report      nvarchar(max)
);

CREATE INDEX reconciliation_dataset ON cdcsync.reconciliation (pipeline, dataset, started_at);

CREATE TABLE cdcsync.staging (
    table_name nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    pipeline   nvarchar(63)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset    nvarchar(63)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    created_at datetime2(6)                                  NOT NULL,
    expires_at datetime2(6)                                  NOT NULL
);

CREATE TABLE cdcsync.dataset_state (
    pipeline                 nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset                  nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    target_schema            nvarchar(128)                                NOT NULL,
    target_table             nvarchar(128)                                NOT NULL,
    phase                    nvarchar(20)                                 NOT NULL,
    error_code               nvarchar(20),
    error                    nvarchar(max),
    error_at                 datetime2(6),
    freshness_target_seconds float,
    contract_id              nvarchar(max)                                NOT NULL,
    contract_version         nvarchar(max)                                NOT NULL,
    contract_owner           nvarchar(max)                                NOT NULL,
    paused                   bit                                          NOT NULL DEFAULT 0,
    updated_at               datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset)
);

CREATE UNIQUE INDEX dataset_state_target ON cdcsync.dataset_state (target_schema, target_table);

CREATE TABLE cdcsync.lease (
    pipeline   nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    holder     nvarchar(max)                                NOT NULL,
    token      bigint                                       NOT NULL,
    expires_at datetime2(6)                                 NOT NULL
);

-- CREATE VIEW must begin a batch of its own.
EXEC (N'
CREATE VIEW cdcsync.dataset_status AS
SELECT s.pipeline, s.dataset, s.target_schema, s.target_table,
       s.phase, s.error_code, s.error, s.error_at, s.freshness_target_seconds,
       s.contract_id, s.contract_version, s.contract_owner, s.paused,
       c.generation, c.source_kind, c.source_id, c.position_kind, c.position, c.snapshot, c.complete_up_to,
       (SELECT TOP (1) l.committed_at FROM cdcsync.ledger AS l
         WHERE l.pipeline = s.pipeline AND l.dataset = s.dataset
         ORDER BY l.generation DESC) AS last_commit_at,
       (SELECT COUNT_BIG(*) FROM cdcsync.quarantine AS q
         WHERE q.pipeline = s.pipeline AND q.dataset = s.dataset) AS quarantined_rows
  FROM cdcsync.dataset_state AS s
  LEFT JOIN cdcsync.[checkpoint] AS c ON c.pipeline = s.pipeline AND c.dataset = s.dataset;
');
