-- +goose Up
-- Sellers on their way to Amazon's consent page and back. Tickets, states and what
-- marks a browser are kept as hashes.
CREATE TABLE consents (
    ticket         BYTEA  NOT NULL,
    tenant         TEXT   NOT NULL,
    region         TEXT   NOT NULL,
    marketplace_id TEXT   NOT NULL,
    connection_id  BIGINT NOT NULL DEFAULT 0,
    started_by     TEXT   NOT NULL,
    return_to      TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    browser        BYTEA,
    state          BYTEA,
    state_until    BIGINT,
    used_at        BIGINT,
    PRIMARY KEY (tenant, ticket)
);
CREATE UNIQUE INDEX consents_ticket ON consents (ticket);
CREATE UNIQUE INDEX consents_state ON consents (state);
CREATE INDEX consents_expires ON consents (expires_at);

-- +goose Down
DROP TABLE consents;
