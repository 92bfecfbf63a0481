-- +goose Up
-- Log-ins under way. A row lives minutes; the sweep deletes it by ends_ms, the
-- only time in it.
CREATE TABLE login_attempt (
    id        BLOB    NOT NULL CHECK (length(id) = 32),
    stage     INTEGER NOT NULL,
    purpose   TEXT    NOT NULL,
    election  BLOB    NOT NULL CHECK (length(election) = 32),
    request   BLOB    NOT NULL CHECK (length(request) = 32),
    challenge BLOB    NOT NULL CHECK (length(challenge) = 32),
    return_to TEXT    NOT NULL,
    state     BLOB    NOT NULL,
    cookie    BLOB    NOT NULL,
    attempt   BLOB    NOT NULL,
    grant_    BLOB    NOT NULL,
    entry     BLOB    NOT NULL,
    style     BIGINT  NOT NULL,
    account   BLOB    NOT NULL,
    ends_ms   BIGINT  NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX login_attempt_state ON login_attempt (state);
CREATE INDEX login_attempt_grant ON login_attempt (grant_);
CREATE INDEX login_attempt_ends ON login_attempt (ends_ms);

-- confirmed is 0, or the channel of the one-time code that was shown.
CREATE TABLE login_session (
    bearer    BLOB    NOT NULL CHECK (length(bearer) = 32),
    purpose   TEXT    NOT NULL,
    election  BLOB    NOT NULL CHECK (length(election) = 32),
    request   BLOB    NOT NULL CHECK (length(request) = 32),
    entry     BLOB    NOT NULL,
    style     BIGINT  NOT NULL,
    account   BLOB    NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0,
    ends_ms   BIGINT  NOT NULL,
    PRIMARY KEY (bearer)
) WITHOUT ROWID;
CREATE INDEX login_session_ends ON login_session (ends_ms);

-- +goose Down
DROP TABLE login_session;
DROP TABLE login_attempt;
