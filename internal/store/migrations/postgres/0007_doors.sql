-- +goose Up
-- Whether Amazon's word about what live work ended with last is confirmed.
ALTER TABLE connections ADD COLUMN last_confirmed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE connections SET last_confirmed = TRUE WHERE last_reason = 'TOKEN_REVOKED' AND state = 'NEEDS_RECONNECT'
    OR last_reason = 'ACCESS_DENIED' AND last_reason_at - denied_at >= 3600000;

-- What a run's targets came to, counted once, when it finished; NULL before.
ALTER TABLE runs ADD COLUMN total BIGINT;
ALTER TABLE runs ADD COLUMN success BIGINT;
ALTER TABLE runs ADD COLUMN partial BIGINT;
ALTER TABLE runs ADD COLUMN skipped BIGINT;
ALTER TABLE runs ADD COLUMN failed BIGINT;
UPDATE runs SET (total, success, partial, skipped, failed) = (SELECT COUNT(*),
        COALESCE(SUM(CASE WHEN status = 'success' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN status = 'partial' THEN 1 ELSE 0 END), 0),
        COALESCE(SUM(CASE WHEN status = 'skipped' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END), 0)
    FROM targets WHERE run_id = runs.id) WHERE state = 'finished';

-- +goose Down
ALTER TABLE runs DROP COLUMN failed;
ALTER TABLE runs DROP COLUMN skipped;
ALTER TABLE runs DROP COLUMN partial;
ALTER TABLE runs DROP COLUMN success;
ALTER TABLE runs DROP COLUMN total;
ALTER TABLE connections DROP COLUMN last_confirmed;
