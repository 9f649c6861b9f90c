-- oldest-binary: 0.1.0
-- The control schema: docs/state.md describes every table and column. Ids are compared byte by byte, whatever the database's locale.

CREATE TABLE cdcsync.checkpoint (
    pipeline       text COLLATE "C" NOT NULL,
    dataset        text COLLATE "C" NOT NULL,
    generation     bigint           NOT NULL,
    source_kind    text             NOT NULL,
    source_id      text             NOT NULL,
    position_kind  text             NOT NULL,
    position       text             NOT NULL,
    snapshot       json,
    complete_up_to timestamptz,
    updated_at     timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset)
) WITH (fillfactor = 50);

CREATE TABLE cdcsync.ledger (
    publication      uuid             NOT NULL,
    pipeline         text COLLATE "C" NOT NULL,
    dataset          text COLLATE "C" NOT NULL,
    generation       bigint           NOT NULL,
    kind             text             NOT NULL,
    position_kind    text             NOT NULL,
    after_position   text,
    up_to_position   text             NOT NULL,
    range_ordinal    integer,
    rows_read        bigint           NOT NULL,
    rows_quarantined bigint           NOT NULL,
    inserted         bigint           NOT NULL,
    updated          bigint           NOT NULL,
    deleted          bigint           NOT NULL,
    erased           bigint           NOT NULL,
    landing_path     text,
    landing_sha256   text,
    landing_rows     bigint,
    landing_bytes    bigint,
    source_time      timestamptz      NOT NULL,
    newest_commit    timestamptz,
    holder           text             NOT NULL,
    lease_token      bigint           NOT NULL,
    committed_at     timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset, generation)
);

CREATE INDEX ledger_publication ON cdcsync.ledger (publication);

CREATE TABLE cdcsync.quarantine (
    pipeline      text COLLATE "C" NOT NULL,
    dataset       text COLLATE "C" NOT NULL,
    row_key       text COLLATE "C" NOT NULL,
    rule          text             NOT NULL,
    column_name   text             NOT NULL,
    reason        text             NOT NULL,
    payload       text             NOT NULL,
    generation    bigint           NOT NULL,
    position      text             NOT NULL,
    first_seen_at timestamptz      NOT NULL,
    last_seen_at  timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset, row_key)
);

CREATE TABLE cdcsync.reconciliation (
    id          uuid             NOT NULL PRIMARY KEY,
    pipeline    text COLLATE "C" NOT NULL,
    dataset     text COLLATE "C" NOT NULL,
    mode        text             NOT NULL,
    started_at  timestamptz      NOT NULL,
    finished_at timestamptz,
    outcome     text,
    source_rows bigint,
    target_rows bigint,
    missing     bigint,
    different   bigint,
    extra       bigint,
    repaired    bigint,
    report      json
);

CREATE INDEX reconciliation_dataset ON cdcsync.reconciliation (pipeline, dataset, started_at);

CREATE TABLE cdcsync.staging (
    table_name text COLLATE "C" NOT NULL PRIMARY KEY,
    pipeline   text COLLATE "C" NOT NULL,
    dataset    text COLLATE "C" NOT NULL,
    created_at timestamptz      NOT NULL,
    expires_at timestamptz      NOT NULL
);

CREATE TABLE cdcsync.dataset_state (
    pipeline                 text COLLATE "C" NOT NULL,
    dataset                  text COLLATE "C" NOT NULL,
    target_schema            text COLLATE "C" NOT NULL DEFAULT '',
    target_table             text COLLATE "C" NOT NULL,
    phase                    text             NOT NULL,
    error_code               text,
    error                    text,
    error_at                 timestamptz,
    freshness_target_seconds double precision,
    contract_id              text             NOT NULL,
    contract_version         text             NOT NULL,
    contract_owner           text             NOT NULL,
    paused                   boolean          NOT NULL DEFAULT false,
    updated_at               timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset)
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX dataset_state_target ON cdcsync.dataset_state (target_schema, target_table);

CREATE TABLE cdcsync.lease (
    pipeline   text COLLATE "C" NOT NULL PRIMARY KEY,
    holder     text             NOT NULL,
    token      bigint           NOT NULL,
    expires_at timestamptz      NOT NULL
) WITH (fillfactor = 10);

CREATE VIEW cdcsync.dataset_status AS
SELECT s.pipeline, s.dataset, s.target_schema, s.target_table,
       s.phase, s.error_code, s.error, s.error_at, s.freshness_target_seconds,
       s.contract_id, s.contract_version, s.contract_owner, s.paused,
       c.generation, c.source_kind, c.source_id, c.position_kind, c.position, c.snapshot, c.complete_up_to,
       (SELECT l.committed_at FROM cdcsync.ledger l
         WHERE l.pipeline = s.pipeline AND l.dataset = s.dataset
         ORDER BY l.generation DESC LIMIT 1) AS last_commit_at,
       (SELECT count(*) FROM cdcsync.quarantine q
         WHERE q.pipeline = s.pipeline AND q.dataset = s.dataset) AS quarantined_rows
  FROM cdcsync.dataset_state s
  LEFT JOIN cdcsync.checkpoint c ON c.pipeline = s.pipeline AND c.dataset = s.dataset;

-- A publishing transaction goes out in one piece, up to its COMMIT, so what stops it must be an error: CD001 the lease is not held, CD002 a checkpoint
-- has another generation.
CREATE FUNCTION cdcsync.check_lease(p_pipeline text, p_token bigint) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM FROM cdcsync.lease AS l WHERE l.pipeline = p_pipeline AND l.token = p_token AND l.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease of the pipeline is not held' USING ERRCODE = 'CD001';
    END IF;
END
$function$;

-- Compares lease and generations and locks the checkpoints, in the order of their ids, so that two workers never wait for each other.
-- A dataset without a checkpoint has generation 0. The publication itself is locked too: who lost the answer to a commit waits for its end, then asks the ledger.
CREATE FUNCTION cdcsync.lock_publication(p_publication uuid, p_pipeline text, p_token bigint, p_datasets text[], p_generations bigint[])
    RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    v_row record;
    v_generation bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_publication::text, 0));
    FOR v_row IN
        SELECT m.dataset, m.generation FROM unnest(p_datasets, p_generations) AS m (dataset, generation) ORDER BY m.dataset COLLATE "C"
    LOOP
        SELECT c.generation INTO v_generation FROM cdcsync.checkpoint AS c
         WHERE c.pipeline = p_pipeline AND c.dataset = v_row.dataset FOR UPDATE;
        IF coalesce(v_generation, 0) <> v_row.generation THEN
            RAISE EXCEPTION 'the checkpoint of a dataset has another generation' USING ERRCODE = 'CD002';
        END IF;
    END LOOP;
    PERFORM cdcsync.check_lease(p_pipeline, p_token);
END
$function$;

-- Moves a checkpoint from one generation to the next.
CREATE FUNCTION cdcsync.move_checkpoint(
    p_pipeline text, p_dataset text, p_expected bigint, p_source_kind text, p_source_id text,
    p_position_kind text, p_position text, p_snapshot json, p_complete_up_to timestamptz) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    IF p_expected = 0 THEN
        INSERT INTO cdcsync.checkpoint (pipeline, dataset, generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to, updated_at)
        VALUES (p_pipeline, p_dataset, 1, p_source_kind, p_source_id, p_position_kind, p_position, p_snapshot, p_complete_up_to, clock_timestamp())
            ON CONFLICT DO NOTHING;
    ELSE
        UPDATE cdcsync.checkpoint AS c
           SET generation = p_expected + 1, source_kind = p_source_kind, source_id = p_source_id, position_kind = p_position_kind,
               position = p_position, snapshot = p_snapshot, complete_up_to = p_complete_up_to, updated_at = clock_timestamp()
         WHERE c.pipeline = p_pipeline AND c.dataset = p_dataset AND c.generation = p_expected;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the checkpoint of a dataset has another generation' USING ERRCODE = 'CD002';
    END IF;
END
$function$;
