-- oldest-binary: 0.1.0
-- What a person let through a gate, the deletes of a day without reading the whole ledger, and which columns the sources had: docs/state.md.

CREATE TABLE cdcsync_acceptance (
    pipeline    TEXT    NOT NULL,
    dataset     TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    gate        TEXT    NOT NULL,
    verdict     TEXT    NOT NULL,
    holder      TEXT    NOT NULL,
    accepted_at TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation, gate)
) STRICT, WITHOUT ROWID;

CREATE INDEX cdcsync_ledger_deleted ON cdcsync_ledger (pipeline, dataset, committed_at, generation, deleted) WHERE deleted > 0;

CREATE TABLE cdcsync_source_schema (
    pipeline TEXT    NOT NULL,
    dataset  TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    columns  TEXT    NOT NULL,
    changes  TEXT    NOT NULL,
    seen_at  TEXT    NOT NULL,
    PRIMARY KEY (pipeline, dataset, number)
) STRICT, WITHOUT ROWID;
