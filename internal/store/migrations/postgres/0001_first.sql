-- All times are Unix milliseconds, UTC, and come from the program's clock.
-- Every key of a tenant's data begins with the tenant.

-- +goose Up
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- The connection row is the job: what is due, who may write, how far it came.
CREATE TABLE connections (
    id                    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant                TEXT NOT NULL,
    region                TEXT NOT NULL,
    seller_id             TEXT NOT NULL, -- '' while unknown
    display_name          TEXT NOT NULL,
    state                 TEXT NOT NULL,
    state_since           BIGINT NOT NULL,
    paused                BOOLEAN NOT NULL DEFAULT FALSE,
    personal_data         BOOLEAN NOT NULL DEFAULT FALSE,
    authorized_at         BIGINT,
    marketplaces          TEXT NOT NULL DEFAULT '', -- ids, sorted, joined by commas
    marketplaces_explicit BOOLEAN NOT NULL DEFAULT FALSE,
    marketplaces_at       BIGINT,
    interval_ms           BIGINT, -- NULL: the service's setting
    history_ms            BIGINT, -- NULL: the service's setting
    wanted_since          BIGINT, -- NULL: as history says
    created_at            BIGINT NOT NULL,
    -- the job
    live_due_at           BIGINT, -- NULL: never by itself
    back_due_at           BIGINT,
    lease_until           BIGINT NOT NULL DEFAULT 0,
    holder                TEXT NOT NULL DEFAULT '',
    epoch                 BIGINT NOT NULL DEFAULT 0,
    step                  BIGINT NOT NULL DEFAULT 0,
    rung_at               BIGINT,
    -- how far
    cursor_at             BIGINT,
    cursor_given          BYTEA, -- as imported, not yet judged
    live_width_ms         BIGINT NOT NULL,
    back_width_ms         BIGINT NOT NULL,
    live_begun_at         BIGINT, -- begin of the last live work that reached SUCCESS
    change_seq            BIGINT NOT NULL DEFAULT 0,
    orders                BIGINT NOT NULL DEFAULT 0,
    items                 BIGINT NOT NULL DEFAULT 0,
    -- what live work ever received; a target's counts are differences of these
    live_orders           BIGINT NOT NULL DEFAULT 0,
    live_items            BIGINT NOT NULL DEFAULT 0,
    live_created          BIGINT NOT NULL DEFAULT 0,
    live_changed          BIGINT NOT NULL DEFAULT 0,
    live_set_aside        BIGINT NOT NULL DEFAULT 0,
    -- how it stands
    last_polled_at        BIGINT,
    last_success_at       BIGINT,
    last_reason           TEXT NOT NULL DEFAULT '',
    last_message          TEXT NOT NULL DEFAULT '',
    last_reason_at        BIGINT,
    failures              BIGINT NOT NULL DEFAULT 0,
    back_failures         BIGINT NOT NULL DEFAULT 0,
    revoked_at            BIGINT, -- first sight of a refusal not yet confirmed
    denied_at             BIGINT,
    failed_kind           TEXT NOT NULL DEFAULT '', -- denied, revoked, unavailable: of the last such failure
    failed_at             BIGINT,
    -- back work
    sweep_begun_at        BIGINT, -- of the one under way
    sweep_next_from       BIGINT,
    swept_at              BIGINT, -- start of the last complete sweep
    back_calls            BIGINT NOT NULL DEFAULT 0,
    sweep_calls           BIGINT NOT NULL DEFAULT 0,
    live_pages            BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX connections_account ON connections (tenant, region, seller_id);
CREATE INDEX connections_live_due ON connections (live_due_at);
CREATE INDEX connections_back_due ON connections (back_due_at);
CREATE INDEX connections_failed ON connections (failed_at) WHERE failed_at IS NOT NULL;

-- The application stands still while its credentials are refused.
CREATE TABLE applications (
    client_id  TEXT NOT NULL PRIMARY KEY,
    stopped_at BIGINT, -- NULL: it works
    cause      TEXT NOT NULL DEFAULT '',
    probe_at   BIGINT, -- when one connection may try again
    probe      BIGINT, -- that connection
    suspect    BIGINT  -- the connection that first saw the client secret refused
);

-- Trouble that many connections of a region share.
CREATE TABLE incidents (
    region    TEXT NOT NULL,
    kind      TEXT NOT NULL, -- denied, revoked, unavailable
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    cause     TEXT NOT NULL DEFAULT '', -- why it was closed
    PRIMARY KEY (region, kind, opened_at)
);

CREATE TABLE state_changes (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    epoch         BIGINT NOT NULL, -- each act has an epoch of its own
    step          BIGINT NOT NULL,
    from_state    TEXT NOT NULL,
    to_state      TEXT NOT NULL,
    cause         TEXT NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step)
);

CREATE TABLE secrets (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    name          TEXT NOT NULL,
    sealed        BYTEA NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection_id, name)
);

CREATE TABLE walks (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    kind          TEXT NOT NULL, -- live, back
    purpose       TEXT NOT NULL,
    from_at       BIGINT NOT NULL,
    to_at         BIGINT NOT NULL,
    cursor_at     BIGINT NOT NULL,
    width_ms      BIGINT NOT NULL,
    marketplaces  TEXT NOT NULL,
    data_groups   BIGINT NOT NULL,
    page_size     BIGINT NOT NULL,
    query         TEXT NOT NULL, -- replayed verbatim with the token
    token         TEXT NOT NULL, -- of the next page; '' before the first
    token_at      BIGINT,
    started_at    BIGINT NOT NULL,
    pages         BIGINT NOT NULL,
    orders        BIGINT NOT NULL,
    empty_pages   BIGINT NOT NULL,
    timeouts      BIGINT NOT NULL,
    unkeyed       BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection_id, kind)
);

-- What a walk has seen, to find one that goes in circles.
CREATE TABLE walk_pages (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    page          BIGINT NOT NULL,
    token_hash    BIGINT NOT NULL, -- of the token that the page gave; 0: none
    digest        BIGINT NOT NULL, -- of the page; 0: empty
    PRIMARY KEY (tenant, connection_id, kind, page)
);

CREATE TABLE coverage (
    tenant         TEXT NOT NULL,
    connection_id  BIGINT NOT NULL,
    marketplace_id TEXT NOT NULL,
    level          TEXT NOT NULL, -- walked, confirmed
    from_at        BIGINT NOT NULL,
    to_at          BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection_id, marketplace_id, level, from_at)
);

-- Windows that could not be read however small; tried again daily.
CREATE TABLE shunned (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    from_at       BIGINT NOT NULL,
    to_at         BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection_id, from_at)
);

-- What was read once, in several pages, and must be read again.
CREATE TABLE doubts (
    tenant         TEXT NOT NULL,
    connection_id  BIGINT NOT NULL,
    marketplace_id TEXT NOT NULL,
    from_at        BIGINT NOT NULL,
    to_at          BIGINT NOT NULL,
    read_at        BIGINT NOT NULL, -- when the reading began
    PRIMARY KEY (tenant, connection_id, marketplace_id, from_at)
);

CREATE TABLE orders (
    tenant           TEXT NOT NULL,
    connection_id    BIGINT NOT NULL,
    order_id         TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    last_updated_at  BIGINT NOT NULL,
    seen_epoch       BIGINT NOT NULL,
    seen_step        BIGINT NOT NULL,
    data_groups      BIGINT NOT NULL, -- ever seen
    status           TEXT NOT NULL,   -- Amazon's own word; '' unknown
    fulfilled_by     TEXT NOT NULL,
    service_level    TEXT NOT NULL,
    ship_from        BIGINT,
    ship_to          BIGINT,
    deliver_from     BIGINT,
    deliver_to       BIGINT,
    channel          TEXT NOT NULL,
    marketplace_id   TEXT NOT NULL,
    marketplace_name TEXT NOT NULL,
    seller_order_id  TEXT NOT NULL,
    programs         TEXT NOT NULL, -- JSON array
    total_amount     TEXT,          -- as Amazon wrote it
    total_currency   TEXT,
    digests          BYTEA NOT NULL, -- 8 bytes for each data group
    raw              BYTEA NOT NULL, -- zstd
    stored_at        BIGINT NOT NULL,
    changed_at       BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection_id, order_id)
);
CREATE INDEX orders_by_date ON orders (tenant, created_at, order_id);

CREATE TABLE order_items (
    tenant             TEXT NOT NULL,
    connection_id      BIGINT NOT NULL,
    order_id           TEXT NOT NULL,
    item_id            TEXT NOT NULL,
    position           BIGINT NOT NULL,
    asin               TEXT NOT NULL,
    sku                TEXT NOT NULL,
    title              TEXT NOT NULL,
    quantity           BIGINT NOT NULL,
    unit_amount        TEXT,
    unit_currency      TEXT,
    quantity_fulfilled BIGINT,
    total_amount       TEXT,
    total_currency     TEXT,
    PRIMARY KEY (tenant, connection_id, order_id, item_id)
);

CREATE TABLE order_packages (
    tenant           TEXT NOT NULL,
    connection_id    BIGINT NOT NULL,
    order_id         TEXT NOT NULL,
    package_id       TEXT NOT NULL,
    position         BIGINT NOT NULL,
    status           TEXT NOT NULL,
    detailed_status  TEXT NOT NULL,
    carrier          TEXT NOT NULL,
    shipping_service TEXT NOT NULL,
    tracking_number  TEXT NOT NULL,
    created_at       BIGINT,
    shipped_at       BIGINT,
    items            TEXT NOT NULL, -- JSON array
    PRIMARY KEY (tenant, connection_id, order_id, package_id)
);

-- Personal fields, sealed, by data group.
CREATE TABLE order_personal (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    order_id      TEXT NOT NULL,
    data_group    BIGINT NOT NULL,
    sealed        BYTEA NOT NULL,
    PRIMARY KEY (tenant, connection_id, order_id, data_group)
);

CREATE TABLE set_aside (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    entry         TEXT NOT NULL, -- the order id, or the digest of a body without one
    order_id      TEXT NOT NULL, -- '' when not even the id could be read
    cause         TEXT NOT NULL,
    body          BYTEA NOT NULL, -- zstd, scrubbed
    first_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    tries         BIGINT NOT NULL,
    next_try_at   BIGINT, -- NULL: gone at Amazon
    PRIMARY KEY (tenant, connection_id, entry)
);

CREATE TABLE changes (
    tenant              TEXT NOT NULL,
    connection_id       BIGINT NOT NULL,
    seq                 BIGINT NOT NULL,
    kind                TEXT NOT NULL,
    order_id            TEXT NOT NULL,
    at                  BIGINT NOT NULL,
    last_updated_before BIGINT,
    last_updated_after  BIGINT NOT NULL,
    status_before       TEXT NOT NULL,
    status_after        TEXT NOT NULL,
    data_groups         BIGINT NOT NULL,
    -- readers stop below the oldest running transaction
    xid                 BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    PRIMARY KEY (tenant, connection_id, seq)
);

CREATE TABLE repairs (
    tenant        TEXT NOT NULL,
    connection_id BIGINT NOT NULL,
    epoch         BIGINT NOT NULL,
    step          BIGINT NOT NULL,
    code          TEXT NOT NULL,
    at            BIGINT NOT NULL,
    old_value     BYTEA NOT NULL,
    new_value     TEXT NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step, code)
);

CREATE TABLE budgets (
    client_id  TEXT NOT NULL,
    region     TEXT NOT NULL,
    seller     TEXT NOT NULL, -- the seller id, or connection:N while it is unknown
    operation  TEXT NOT NULL,
    plan_rate  DOUBLE PRECISION NOT NULL, -- tokens a second, as published, scaled
    plan_burst DOUBLE PRECISION NOT NULL,
    rate       DOUBLE PRECISION NOT NULL, -- in force
    tokens     DOUBLE PRECISION NOT NULL,
    at         BIGINT NOT NULL,
    rate_at    BIGINT NOT NULL, -- when the rate last changed, or a 429 came
    calls      BIGINT NOT NULL DEFAULT 0,
    throttled  BIGINT NOT NULL DEFAULT 0,
    bad_rate   TEXT NOT NULL DEFAULT '', -- the last unusable rate header
    PRIMARY KEY (client_id, region, seller, operation)
);

CREATE TABLE runs (
    id           TEXT NOT NULL PRIMARY KEY,
    mode         TEXT NOT NULL, -- global, single
    tenant       TEXT NOT NULL, -- '' for a global run
    state        TEXT NOT NULL, -- opening, open, finished
    opened_at    BIGINT NOT NULL,
    opened_after BIGINT NOT NULL, -- targets are written up to this connection
    deadline_at  BIGINT NOT NULL,
    cancelled_at BIGINT,
    finished_at  BIGINT
);
CREATE INDEX runs_unfinished ON runs (opened_at) WHERE state <> 'finished';

CREATE TABLE targets (
    run_id          TEXT NOT NULL,
    connection_id   BIGINT NOT NULL,
    tenant          TEXT NOT NULL,
    region          TEXT NOT NULL,
    mode            TEXT NOT NULL,
    opened_at       BIGINT NOT NULL,
    -- until it is settled: what the connection had received when it was opened;
    -- afterwards: what was received for it
    orders_received BIGINT NOT NULL,
    items_received  BIGINT NOT NULL,
    orders_created  BIGINT NOT NULL,
    orders_changed  BIGINT NOT NULL,
    set_aside       BIGINT NOT NULL,
    settled_at      BIGINT,
    status          TEXT NOT NULL DEFAULT '',
    reason          TEXT NOT NULL DEFAULT '',
    message         TEXT NOT NULL DEFAULT '',
    confirmed       BOOLEAN NOT NULL DEFAULT FALSE,
    resumes_at      BIGINT,
    error_id        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, connection_id)
);
CREATE INDEX targets_open ON targets (connection_id, run_id) WHERE settled_at IS NULL;

-- +goose Down
DROP TABLE shunned, doubts, incidents, applications, targets, runs, budgets, repairs, changes, set_aside, order_personal, order_packages, order_items, orders,
    coverage, walk_pages, walks, secrets, state_changes, connections, settings;
