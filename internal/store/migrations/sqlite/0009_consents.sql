-- +goose Up
-- Sellers on their way to Amazon's consent page and back. Tickets, states and what
-- marks a browser are kept as hashes.
CREATE TABLE consents (
    ticket         BLOB    NOT NULL,
    tenant         TEXT    NOT NULL,
    region         TEXT    NOT NULL,
    marketplace_id TEXT    NOT NULL,
    connection_id  INTEGER NOT NULL DEFAULT 0,
    started_by     TEXT    NOT NULL,
    return_to      TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    browser        BLOB,
    state          BLOB,
    state_until    INTEGER,
    used_at        INTEGER,
    PRIMARY KEY (tenant, ticket)
);
CREATE UNIQUE INDEX consents_ticket ON consents (ticket);
CREATE UNIQUE INDEX consents_state ON consents (state);
CREATE INDEX consents_expires ON consents (expires_at);

-- +goose Down
DROP TABLE consents;
