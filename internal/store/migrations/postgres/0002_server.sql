-- +goose Up
CREATE TABLE api_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    tenant       TEXT NOT NULL, -- '' for an operator's key
    hash         BYTEA NOT NULL, -- SHA-256 of the key, which is shown once and kept nowhere
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);

-- When the holder of the lease took it or last committed; whether Amazon answers
-- this seller slowly; when the connection's data is next looked at for what is
-- past its time; the first change that is kept.
ALTER TABLE connections ADD COLUMN committed_at BIGINT;
ALTER TABLE connections ADD COLUMN slow BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE connections ADD COLUMN purge_due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN changes_from BIGINT NOT NULL DEFAULT 1;
CREATE INDEX connections_purge_due ON connections (purge_due_at);
CREATE INDEX connections_success ON connections (COALESCE(last_success_at, 0), id);

-- The clock of personal data: when an order was first seen shipped and delivered,
-- and from when on its personal fields may be held no longer.
ALTER TABLE orders ADD COLUMN shipped_seen_at BIGINT;
ALTER TABLE orders ADD COLUMN delivered_seen_at BIGINT;
ALTER TABLE order_personal ADD COLUMN purge_at BIGINT NOT NULL DEFAULT 0;
UPDATE orders SET shipped_seen_at = last_updated_at WHERE status IN ('SHIPPED', 'INVOICE_UNCONFIRMED');
UPDATE order_personal SET purge_at = COALESCE((SELECT CASE
        WHEN o.status IN ('CANCELLED', 'CANCELED') THEN 0
        WHEN o.status IN ('SHIPPED', 'INVOICE_UNCONFIRMED') THEN COALESCE(o.deliver_to, o.shipped_seen_at) + 2592000000
        ELSE o.created_at + 15552000000 END
    FROM orders o WHERE o.tenant = order_personal.tenant AND o.connection_id = order_personal.connection_id AND o.order_id = order_personal.order_id), 0);
CREATE INDEX order_personal_purge ON order_personal (purge_at);

CREATE INDEX runs_opened ON runs (opened_at);
CREATE INDEX targets_settled ON targets (run_id, settled_at, connection_id);

-- +goose Down
DROP INDEX targets_settled;
DROP INDEX runs_opened;
DROP INDEX order_personal_purge;
ALTER TABLE order_personal DROP COLUMN purge_at;
ALTER TABLE orders DROP COLUMN delivered_seen_at;
ALTER TABLE orders DROP COLUMN shipped_seen_at;
DROP INDEX connections_success;
DROP INDEX connections_purge_due;
ALTER TABLE connections DROP COLUMN changes_from;
ALTER TABLE connections DROP COLUMN purge_due_at;
ALTER TABLE connections DROP COLUMN slow;
ALTER TABLE connections DROP COLUMN committed_at;
DROP TABLE api_keys;
