-- +goose Up
-- Which generation of a campaign's voter register counts; 0 electors is none yet.
CREATE TABLE elector_register (
    campaign    TEXT    NOT NULL PRIMARY KEY,
    generation  INTEGER NOT NULL,
    electors    INTEGER NOT NULL,
    territories BLOB    NOT NULL
) WITHOUT ROWID;

-- Rows of a generation that does not count are of an import that did not end.
-- identity, document and person are keyed hashes, sealed is the person.
CREATE TABLE elector (
    campaign   TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    identity   BLOB    NOT NULL CHECK (length(identity) = 32),
    document   BLOB    NOT NULL CHECK (length(document) = 32),
    person     BLOB    NOT NULL CHECK (length(person) = 32),
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (campaign, generation, identity)
) WITHOUT ROWID;
CREATE INDEX elector_document ON elector (campaign, generation, document);
CREATE INDEX elector_person ON elector (campaign, generation, person);

-- +goose Down
DROP TABLE elector;
DROP TABLE elector_register;
