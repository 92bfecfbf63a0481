-- +goose Up

-- person: keyed hash of whoever is logged in; minute: Unix time / 60. Rows go
-- after two minutes.
CREATE TABLE person_requests (
    person   BLOB NOT NULL,
    minute   BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (person, minute)
) WITHOUT ROWID;

-- The waiting room, one row: the last ticket given out and the last admitted.
CREATE TABLE room (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    issued   BIGINT NOT NULL,
    admitted BIGINT NOT NULL,
    CHECK (admitted <= issued)
);
INSERT INTO room (id, issued, admitted) VALUES (1, 0, 0);

-- +goose Down
DROP TABLE room;
DROP TABLE person_requests;
