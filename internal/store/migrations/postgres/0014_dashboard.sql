-- +goose Up
-- Who is signed in to the dashboard. A session is as good as the key that it was
-- opened with, and ends with it.
CREATE TABLE sessions (
    hash       BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of what the browser holds
    key_id     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);

-- Since when a connection has the reason that it has, and since when it is paused.
-- NULL: since before this was kept.
ALTER TABLE connections ADD COLUMN reason_since BIGINT;
ALTER TABLE connections ADD COLUMN paused_at BIGINT;

-- +goose Down
ALTER TABLE connections DROP COLUMN paused_at;
ALTER TABLE connections DROP COLUMN reason_since;
DROP TABLE sessions;
