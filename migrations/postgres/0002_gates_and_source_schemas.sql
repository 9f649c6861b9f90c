-- oldest-binary: 0.1.0
-- What a person let through a gate, the deletes of a day without reading the whole ledger, and which columns the sources had: docs/state.md.

CREATE TABLE cdcsync.acceptance (
    pipeline    text COLLATE "C" NOT NULL,
    dataset     text COLLATE "C" NOT NULL,
    generation  bigint           NOT NULL,
    gate        text COLLATE "C" NOT NULL,
    verdict     text             NOT NULL,
    holder      text             NOT NULL,
    accepted_at timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation, gate)
);

CREATE INDEX ledger_deleted ON cdcsync.ledger (pipeline, dataset, committed_at) INCLUDE (generation, deleted) WHERE deleted > 0;

CREATE TABLE cdcsync.source_schema (
    pipeline text COLLATE "C" NOT NULL,
    dataset  text COLLATE "C" NOT NULL,
    number   bigint           NOT NULL,
    columns  text             NOT NULL,
    changes  text             NOT NULL,
    seen_at  timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset, number)
);
