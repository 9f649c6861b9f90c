-- oldest-binary: 0.1.0
-- The newest result of each check of a contract.

CREATE TABLE cdcsync.contract_check (
    pipeline   text COLLATE "C" NOT NULL,
    dataset    text COLLATE "C" NOT NULL,
    check_id   text COLLATE "C" NOT NULL,
    severity   text             NOT NULL,
    verdict    text             NOT NULL,
    value      double precision,
    expected   text             NOT NULL,
    detail     text,
    checked_at timestamptz      NOT NULL,
    since      timestamptz      NOT NULL,
    PRIMARY KEY (pipeline, dataset, check_id)
);
