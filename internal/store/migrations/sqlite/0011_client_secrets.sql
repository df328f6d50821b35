-- +goose Up
-- Client secrets of the application: those that came by rotation, sealed, and of
-- those that are set from outside only since when they are known.
CREATE TABLE client_secrets (
    client_id        TEXT NOT NULL,
    digest           BLOB NOT NULL, -- keyed
    sealed           BLOB,          -- NULL: it is set from outside
    seen_at          INTEGER NOT NULL,
    ends_at          INTEGER,          -- NULL: nobody has told
    previous_ends_at INTEGER,          -- of the one that it took the place of
    PRIMARY KEY (client_id, digest)
) STRICT, WITHOUT ROWID;

-- What Amazon has said of the secret's end, when a new one was asked for, and when
-- the log was told that it ends.
ALTER TABLE applications ADD COLUMN secret_ends_at INTEGER;
ALTER TABLE applications ADD COLUMN secret_noticed_at INTEGER;
ALTER TABLE applications ADD COLUMN rotation_asked_at INTEGER;
ALTER TABLE applications ADD COLUMN secret_warned_at INTEGER;

-- +goose Down
ALTER TABLE applications DROP COLUMN secret_warned_at;
ALTER TABLE applications DROP COLUMN rotation_asked_at;
ALTER TABLE applications DROP COLUMN secret_noticed_at;
ALTER TABLE applications DROP COLUMN secret_ends_at;
DROP TABLE client_secrets;
