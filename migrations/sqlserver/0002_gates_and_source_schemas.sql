-- oldest-binary: 0.1.0
-- What a person let through a gate, the deletes of a day without reading the whole ledger, and which columns the sources had: docs/state.md.

CREATE TABLE cdcsync.acceptance (
    pipeline    nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset     nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    generation  bigint                                       NOT NULL,
    gate        nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    verdict     nvarchar(max)                                NOT NULL,
    holder      nvarchar(max)                                NOT NULL,
    accepted_at datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation, gate)
);

CREATE INDEX ledger_deleted ON cdcsync.ledger (pipeline, dataset, committed_at) INCLUDE (deleted) WHERE deleted > 0;

CREATE TABLE cdcsync.source_schema (
    pipeline nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset  nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
    number   bigint                                       NOT NULL,
    columns  nvarchar(max)                                NOT NULL,
    changes  nvarchar(max)                                NOT NULL,
    seen_at  datetime2(6)                                 NOT NULL,
    PRIMARY KEY (pipeline, dataset, number)
);
