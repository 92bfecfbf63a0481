-- +goose Up
-- One row for each person who asked for a one-time code: the last code, as a
-- keyed hash. It is deleted when its limits mean nothing any more.
CREATE TABLE one_time_code (
    owner   BLOB    NOT NULL CHECK (length(owner) = 32),
    bound   BLOB    NOT NULL CHECK (length(bound) = 32),
    salt    BLOB    NOT NULL CHECK (length(salt) = 16),
    mac     BLOB    NOT NULL CHECK (length(mac) = 32),
    channel INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    sent_ms BIGINT  NOT NULL,
    PRIMARY KEY (owner)
) WITHOUT ROWID;
CREATE INDEX one_time_code_sent ON one_time_code (sent_ms);

-- +goose Down
DROP TABLE one_time_code;
