-- +goose Up
-- What a run's targets came to by reason, as JSON, counted once, when it finished; NULL
-- before, and of runs that finished before this was kept.
ALTER TABLE runs ADD COLUMN reasons TEXT;
-- A run's outcomes of one reason, by time.
CREATE INDEX targets_reason ON targets (run_id, reason, settled_at, connection_id) WHERE settled_at IS NOT NULL;
-- Keys are listed by whom they open.
CREATE INDEX api_keys_tenant ON api_keys (tenant, id);

-- +goose Down
DROP INDEX api_keys_tenant;
DROP INDEX targets_reason;
ALTER TABLE runs DROP COLUMN reasons;
