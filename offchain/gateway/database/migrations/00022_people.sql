-- +goose Up
-- Whose entry an account's is. Subject and phone are keyed hashes, sealed holds
-- them with mail and language.
CREATE TABLE person (
    election BLOB   NOT NULL CHECK (length(election) = 32),
    entry    BLOB   NOT NULL CHECK (length(entry) = 32),
    style    BIGINT NOT NULL,
    subject  BLOB   NOT NULL CHECK (length(subject) = 32),
    phone    BLOB   NOT NULL,
    sealed   BLOB   NOT NULL,
    PRIMARY KEY (election, entry)
) WITHOUT ROWID;
CREATE UNIQUE INDEX person_subject ON person (election, subject);
CREATE INDEX person_phone ON person (election, phone);

-- Persons who are still to be told that a token was endorsed for their entry;
-- the channel is that of the code, so that another can be taken.
CREATE TABLE endorsed_notice (
    election BLOB    NOT NULL CHECK (length(election) = 32),
    entry    BLOB    NOT NULL CHECK (length(entry) = 32),
    channel  INTEGER NOT NULL,
    tries    INTEGER NOT NULL DEFAULT 0,
    lease_ms BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (election, entry)
) WITHOUT ROWID;

-- Persons who say that they did not ask for the token of their entry.
CREATE TABLE dispute (
    election BLOB NOT NULL CHECK (length(election) = 32),
    entry    BLOB NOT NULL CHECK (length(entry) = 32),
    PRIMARY KEY (election, entry)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE dispute;
DROP TABLE endorsed_notice;
DROP TABLE person;
