-- +goose Up
-- formed_ms: since when the list is formed and nobody can withdraw; 0 is not yet.
CREATE TABLE application_campaign (
    campaign    TEXT    NOT NULL PRIMARY KEY,
    last_number INTEGER NOT NULL,
    formed_ms   INTEGER NOT NULL,
    erased_ms   INTEGER NOT NULL
) WITHOUT ROWID;

-- status: 1 submitted, 2 accepted, 3 rejected, 4 withdrawn. subject, phone and
-- elector are keyed hashes; sealed is all that is known of the person.
CREATE TABLE application (
    campaign TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    subject  BLOB    NOT NULL CHECK (length(subject) = 32),
    phone    BLOB    NOT NULL CHECK (length(phone) = 32),
    elector  BLOB    CHECK (length(elector) = 32),
    status   INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
    sealed   BLOB    NOT NULL,
    PRIMARY KEY (campaign, number)
) WITHOUT ROWID;
CREATE INDEX application_of ON application (campaign, subject);
-- One that counts for each account, phone and elector, whoever comes at once.
CREATE UNIQUE INDEX application_subject ON application (campaign, subject) WHERE status IN (1, 2);
CREATE UNIQUE INDEX application_phone_bound ON application (campaign, phone) WHERE status IN (1, 2);
CREATE UNIQUE INDEX application_elector ON application (campaign, elector) WHERE status IN (1, 2);

-- History of an application.
CREATE TABLE application_event (
    campaign TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    fields   TEXT    NOT NULL,
    PRIMARY KEY (campaign, number, seq)
) WITHOUT ROWID;

-- Phones that an account has shown to be its own.
CREATE TABLE application_phone (
    campaign TEXT NOT NULL,
    subject  BLOB NOT NULL CHECK (length(subject) = 32),
    phone    BLOB NOT NULL CHECK (length(phone) = 32),
    PRIMARY KEY (campaign, subject, phone)
) WITHOUT ROWID;

-- The slip of an accepted application for an election of the campaign, sealed.
CREATE TABLE enrolment (
    campaign TEXT    NOT NULL,
    election BLOB    NOT NULL CHECK (length(election) = 32),
    number   INTEGER NOT NULL,
    sealed   BLOB    NOT NULL,
    PRIMARY KEY (campaign, election, number)
) WITHOUT ROWID;

-- What remains of a campaign whose data were erased.
CREATE TABLE application_count (
    campaign TEXT    NOT NULL,
    status   INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (campaign, status, reason)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE application_count;
DROP TABLE enrolment;
DROP TABLE application_phone;
DROP TABLE application_event;
DROP TABLE application;
DROP TABLE application_campaign;
