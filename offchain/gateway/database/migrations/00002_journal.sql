-- +goose Up
-- What the gateway's staff did, each row chained to the one before it. Rows are
-- never changed and never deleted.
CREATE TABLE journal (
    seq     BIGINT NOT NULL PRIMARY KEY,
    time_ms BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    hash    BLOB   NOT NULL CHECK (length(hash) = 32)
);

-- +goose Down
DROP TABLE journal;
