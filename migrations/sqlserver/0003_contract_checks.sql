-- oldest-binary: 0.1.0
-- The newest result of each check of a contract.

CREATE TABLE cdcsync.contract_check (
    pipeline   nvarchar(63)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    dataset    nvarchar(63)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    check_id   nvarchar(300) COLLATE Latin1_General_100_BIN2 NOT NULL,
    severity   nvarchar(20)                                  NOT NULL,
    verdict    nvarchar(20)                                  NOT NULL,
    value      float,
    expected   nvarchar(max)                                 NOT NULL,
    detail     nvarchar(max),
    checked_at datetime2(6)                                  NOT NULL,
    since      datetime2(6)                                  NOT NULL,
    PRIMARY KEY (pipeline, dataset, check_id)
);
