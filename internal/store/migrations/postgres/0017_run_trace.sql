-- +goose Up
-- The trace in which a run was asked for, as W3C's traceparent, so that the traces of its
-- executions can point there; '' where nothing was traced.
ALTER TABLE runs ADD COLUMN trace TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE runs DROP COLUMN trace;
