-- +goose Up

-- When the suspect last saw the client secret refused. A suspicion from before
-- has no time and is as good as none.
ALTER TABLE applications ADD COLUMN suspect_at BIGINT;

-- +goose Down
ALTER TABLE applications DROP COLUMN suspect_at;
