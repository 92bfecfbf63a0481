-- +goose Up
CREATE TABLE IF NOT EXISTS access (
    election      BLOB    NOT NULL CHECK (length(election) = 32),
    entry         BLOB    NOT NULL CHECK (length(entry) = 32),
    style         INTEGER NOT NULL,
    salt          BLOB    NOT NULL CHECK (length(salt) = 16),
    pass          BLOB    NOT NULL CHECK (length(pass) = 32),
    code          BLOB    NOT NULL CHECK (length(code) = 32),
    wrong         INTEGER NOT NULL DEFAULT 0,
    wait_until_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (election, entry)
) WITHOUT ROWID;

-- One row for each entry and panel, for ever: the row is what makes a second
-- record for an entry impossible. It holds no time: times join people and tokens.
CREATE TABLE IF NOT EXISTS record (
    election BLOB    NOT NULL CHECK (length(election) = 32),
    entry    BLOB    NOT NULL CHECK (length(entry) = 32),
    panel    INTEGER NOT NULL,
    record   BLOB    NOT NULL,
    PRIMARY KEY (election, entry, panel)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE record;
DROP TABLE access;
