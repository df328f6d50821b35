-- +goose Up
-- Whether the connection that may try while the application is stopped has not
-- tried yet: each that is chosen tries once.
ALTER TABLE applications ADD COLUMN probe_open INTEGER NOT NULL DEFAULT 0;

-- Whether the targets of a finished run were deleted: they are kept for a shorter
-- time than the run, whose totals stay.
ALTER TABLE runs ADD COLUMN outcomes_gone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_outcomes ON runs (opened_at, id) WHERE NOT outcomes_gone AND state = 'finished';

-- +goose Down
DROP INDEX runs_outcomes;
ALTER TABLE runs DROP COLUMN outcomes_gone;
ALTER TABLE applications DROP COLUMN probe_open;
