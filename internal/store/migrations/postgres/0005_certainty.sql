-- +goose Up

-- When the suspect last saw the client secret refused. A suspicion from before
-- has no time and is as good as none.
ALTER TABLE applications ADD COLUMN suspect_at BIGINT;

-- The step at the last claim or operator's act: whether the holder before had
-- done a commit whose answer was lost.
ALTER TABLE connections ADD COLUMN taken_step BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE connections DROP COLUMN taken_step;
ALTER TABLE applications DROP COLUMN suspect_at;
