-- oldest-binary: 0.1.0
-- The newest result of each check of a contract.

CREATE TABLE cdcsync_contract_check (
    pipeline   TEXT NOT NULL,
    dataset    TEXT NOT NULL,
    check_id   TEXT NOT NULL,
    severity   TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    value      REAL,
    expected   TEXT NOT NULL,
    detail     TEXT,
    checked_at TEXT NOT NULL,
    since      TEXT NOT NULL,
    PRIMARY KEY (pipeline, dataset, check_id)
) STRICT, WITHOUT ROWID;
