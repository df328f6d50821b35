-- What the tick looks for lies in the order in which it is rung, so that it reads
-- no more than it rings, however much is due.

-- +goose Up
DROP INDEX connections_live_due;
DROP INDEX connections_back_due;
CREATE INDEX connections_live_due ON connections (slow, live_due_at, id) WHERE NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT');
CREATE INDEX connections_back_due ON connections (slow, back_due_at, id) WHERE NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT');
CREATE INDEX targets_asked_for ON targets (connection_id) WHERE settled_at IS NULL AND mode = 'single';

-- +goose Down
DROP INDEX targets_asked_for;
DROP INDEX connections_back_due;
DROP INDEX connections_live_due;
CREATE INDEX connections_live_due ON connections (live_due_at);
CREATE INDEX connections_back_due ON connections (back_due_at);
