-- oldest-binary: 0.1.0
-- Which columns of a target have values in all rows, so that a column that comes into the contract later is filled by itself.

ALTER TABLE cdcsync.dataset_state ADD COLUMN filled_columns text;
