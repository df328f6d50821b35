-- Generated from the migrations by make generate; do not edit.
-- Times are Unix milliseconds, UTC; amounts are texts exactly as Amazon wrote them.

CREATE TABLE api_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    tenant       TEXT NOT NULL, -- '' for an operator's key
    hash         BLOB NOT NULL, -- SHA-256 of the key, which is shown once and kept nowhere
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;

CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);

CREATE INDEX api_keys_tenant ON api_keys (tenant, id);

CREATE TABLE applications (
    client_id  TEXT NOT NULL PRIMARY KEY,
    stopped_at INTEGER, -- NULL: it works
    cause      TEXT NOT NULL DEFAULT '',
    probe_at   INTEGER, -- when one connection may try again
    probe      INTEGER, -- that connection
    suspect    INTEGER  -- the connection that first saw the client secret refused
, suspect_at INTEGER, probe_open INTEGER NOT NULL DEFAULT 0, secret_ends_at INTEGER, secret_noticed_at INTEGER, rotation_asked_at INTEGER, secret_warned_at INTEGER) STRICT;

CREATE TABLE budgets (
    client_id  TEXT NOT NULL,
    region     TEXT NOT NULL,
    seller     TEXT NOT NULL, -- the seller id, or connection:N while it is unknown
    operation  TEXT NOT NULL,
    plan_rate  REAL NOT NULL, -- tokens a second, as published, scaled
    plan_burst REAL NOT NULL,
    rate       REAL NOT NULL, -- in force
    tokens     REAL NOT NULL,
    at         INTEGER NOT NULL,
    rate_at    INTEGER NOT NULL, -- when the rate last changed, or a 429 came
    calls      INTEGER NOT NULL DEFAULT 0,
    throttled  INTEGER NOT NULL DEFAULT 0,
    bad_rate   TEXT NOT NULL DEFAULT '', -- the last unusable rate header
    PRIMARY KEY (client_id, region, seller, operation)
) STRICT;

CREATE TABLE changes (
    tenant              TEXT NOT NULL,
    connection_id       INTEGER NOT NULL,
    seq                 INTEGER NOT NULL,
    kind                TEXT NOT NULL,
    order_id            TEXT NOT NULL,
    at                  INTEGER NOT NULL,
    last_updated_before INTEGER,
    last_updated_after  INTEGER NOT NULL,
    status_before       TEXT NOT NULL,
    status_after        TEXT NOT NULL,
    data_groups         INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX changes_by_order ON changes (tenant, connection_id, order_id, seq);

CREATE TABLE client_secrets (
    client_id        TEXT NOT NULL,
    digest           BLOB NOT NULL, -- keyed
    sealed           BLOB,          -- NULL: it is set from outside
    seen_at          INTEGER NOT NULL,
    ends_at          INTEGER,          -- NULL: nobody has told
    previous_ends_at INTEGER,          -- of the one that it took the place of
    PRIMARY KEY (client_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant                TEXT NOT NULL,
    region                TEXT NOT NULL,
    seller_id             TEXT NOT NULL, -- '' while unknown
    display_name          TEXT NOT NULL,
    state                 TEXT NOT NULL,
    state_since           INTEGER NOT NULL,
    paused                INTEGER NOT NULL DEFAULT 0,
    personal_data         INTEGER NOT NULL DEFAULT 0,
    authorized_at         INTEGER,
    marketplaces          TEXT NOT NULL DEFAULT '', -- ids, sorted, joined by commas
    marketplaces_explicit INTEGER NOT NULL DEFAULT 0,
    marketplaces_at       INTEGER,
    interval_ms           INTEGER, -- NULL: the service's setting
    history_ms            INTEGER, -- NULL: the service's setting
    wanted_since          INTEGER, -- NULL: as history says
    created_at            INTEGER NOT NULL,
    -- the job
    live_due_at           INTEGER, -- NULL: never by itself
    back_due_at           INTEGER,
    lease_until           INTEGER NOT NULL DEFAULT 0,
    holder                TEXT NOT NULL DEFAULT '',
    epoch                 INTEGER NOT NULL DEFAULT 0,
    step                  INTEGER NOT NULL DEFAULT 0,
    rung_at               INTEGER,
    -- how far
    cursor_at             INTEGER,
    cursor_given          BLOB, -- as imported, not yet judged
    live_width_ms         INTEGER NOT NULL,
    back_width_ms         INTEGER NOT NULL,
    live_begun_at         INTEGER, -- begin of the last live work that reached SUCCESS
    change_seq            INTEGER NOT NULL DEFAULT 0,
    orders                INTEGER NOT NULL DEFAULT 0,
    items                 INTEGER NOT NULL DEFAULT 0,
    -- what live work ever received; a target's counts are differences of these
    live_orders           INTEGER NOT NULL DEFAULT 0,
    live_items            INTEGER NOT NULL DEFAULT 0,
    live_created          INTEGER NOT NULL DEFAULT 0,
    live_changed          INTEGER NOT NULL DEFAULT 0,
    live_set_aside        INTEGER NOT NULL DEFAULT 0,
    -- how it stands
    last_polled_at        INTEGER,
    last_success_at       INTEGER,
    last_reason           TEXT NOT NULL DEFAULT '',
    last_message          TEXT NOT NULL DEFAULT '',
    last_reason_at        INTEGER,
    failures              INTEGER NOT NULL DEFAULT 0,
    back_failures         INTEGER NOT NULL DEFAULT 0,
    revoked_at            INTEGER, -- first sight of a refusal not yet confirmed
    denied_at             INTEGER,
    failed_kind           TEXT NOT NULL DEFAULT '', -- denied, revoked, unavailable: of the last such failure
    failed_at             INTEGER,
    -- back work
    sweep_begun_at        INTEGER, -- of the one under way
    sweep_next_from       INTEGER,
    swept_at              INTEGER, -- start of the last complete sweep
    back_calls            INTEGER NOT NULL DEFAULT 0,
    sweep_calls           INTEGER NOT NULL DEFAULT 0,
    live_pages            INTEGER NOT NULL DEFAULT 0
, committed_at INTEGER, slow INTEGER NOT NULL DEFAULT 0, purge_due_at INTEGER NOT NULL DEFAULT 0, changes_from INTEGER NOT NULL DEFAULT 1, live_stuck_at INTEGER, live_stuck_to INTEGER, personal_denied_at INTEGER, marketplaces_empty_at INTEGER, marketplaces_again_at INTEGER, taken_step INTEGER NOT NULL DEFAULT 0, last_confirmed INTEGER NOT NULL DEFAULT 0, reason_since INTEGER, paused_at INTEGER) STRICT;

CREATE UNIQUE INDEX connections_account ON connections (tenant, region, seller_id);

CREATE INDEX connections_back_due ON connections (slow, back_due_at, id) WHERE NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT');

CREATE INDEX connections_badly ON connections (COALESCE(last_success_at, 0), id)
    WHERE state IN ('PENDING', 'NEEDS_RECONNECT') OR state = 'CONNECTED' AND (paused OR last_reason NOT IN ('SUCCESS', ''));

CREATE INDEX connections_failed ON connections (failed_at) WHERE failed_at IS NOT NULL;

CREATE INDEX connections_live_due ON connections (slow, live_due_at, id) WHERE NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT');

CREATE INDEX connections_names ON connections (LOWER(display_name), display_name, LOWER(tenant));

CREATE INDEX connections_names_exact ON connections (display_name);

CREATE INDEX connections_purge_due ON connections (purge_due_at);

CREATE INDEX connections_seller ON connections (seller_id, region);

CREATE INDEX connections_success ON connections (COALESCE(last_success_at, 0), id, region, state);

CREATE INDEX connections_tenants ON connections (LOWER(tenant));

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
    used_at        INTEGER, seller_id TEXT NOT NULL DEFAULT '', proof INTEGER NOT NULL DEFAULT 0, sealed BLOB, login BLOB,
    PRIMARY KEY (tenant, ticket)
);

CREATE INDEX consents_expires ON consents (expires_at);

CREATE UNIQUE INDEX consents_login ON consents (login);

CREATE UNIQUE INDEX consents_state ON consents (state);

CREATE UNIQUE INDEX consents_ticket ON consents (ticket);

CREATE TABLE coverage (
    tenant         TEXT NOT NULL,
    connection_id  INTEGER NOT NULL,
    marketplace_id TEXT NOT NULL,
    level          TEXT NOT NULL, -- walked, confirmed
    from_at        INTEGER NOT NULL,
    to_at          INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection_id, marketplace_id, level, from_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE doubts (
    tenant         TEXT NOT NULL,
    connection_id  INTEGER NOT NULL,
    marketplace_id TEXT NOT NULL,
    from_at        INTEGER NOT NULL,
    to_at          INTEGER NOT NULL,
    read_at        INTEGER NOT NULL, -- when the reading began
    PRIMARY KEY (tenant, connection_id, marketplace_id, from_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
    region    TEXT NOT NULL,
    kind      TEXT NOT NULL, -- denied, revoked, unavailable
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    cause     TEXT NOT NULL DEFAULT '', -- why it was closed
    PRIMARY KEY (region, kind, opened_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_items (
    tenant             TEXT NOT NULL,
    connection_id      INTEGER NOT NULL,
    order_id           TEXT NOT NULL,
    item_id            TEXT NOT NULL,
    position           INTEGER NOT NULL,
    asin               TEXT NOT NULL,
    sku                TEXT NOT NULL,
    title              TEXT NOT NULL,
    quantity           INTEGER NOT NULL,
    unit_amount        TEXT,
    unit_currency      TEXT,
    quantity_fulfilled INTEGER,
    total_amount       TEXT,
    total_currency     TEXT, sku_folded TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, connection_id, order_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_items_any_sku ON order_items (sku_folded, tenant, connection_id, order_id, item_id);

CREATE INDEX order_items_sku ON order_items (tenant, sku_folded, connection_id, order_id);

CREATE TABLE order_packages (
    tenant           TEXT NOT NULL,
    connection_id    INTEGER NOT NULL,
    order_id         TEXT NOT NULL,
    package_id       TEXT NOT NULL,
    position         INTEGER NOT NULL,
    status           TEXT NOT NULL,
    detailed_status  TEXT NOT NULL,
    carrier          TEXT NOT NULL,
    shipping_service TEXT NOT NULL,
    tracking_number  TEXT NOT NULL,
    created_at       INTEGER,
    shipped_at       INTEGER,
    items            TEXT NOT NULL, -- JSON array
    PRIMARY KEY (tenant, connection_id, order_id, package_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_personal (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    order_id      TEXT NOT NULL,
    data_group    INTEGER NOT NULL,
    sealed        BLOB NOT NULL, purge_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, connection_id, order_id, data_group)
) STRICT;

CREATE INDEX order_personal_purge ON order_personal (purge_at);

CREATE TABLE orders (
    tenant           TEXT NOT NULL,
    connection_id    INTEGER NOT NULL,
    order_id         TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    last_updated_at  INTEGER NOT NULL,
    seen_epoch       INTEGER NOT NULL,
    seen_step        INTEGER NOT NULL,
    data_groups      INTEGER NOT NULL, -- ever seen
    status           TEXT NOT NULL,   -- Amazon's own word; '' unknown
    fulfilled_by     TEXT NOT NULL,
    service_level    TEXT NOT NULL,
    ship_from        INTEGER,
    ship_to          INTEGER,
    deliver_from     INTEGER,
    deliver_to       INTEGER,
    channel          TEXT NOT NULL,
    marketplace_id   TEXT NOT NULL,
    marketplace_name TEXT NOT NULL,
    seller_order_id  TEXT NOT NULL,
    programs         TEXT NOT NULL, -- JSON array
    total_amount     TEXT,          -- as Amazon wrote it
    total_currency   TEXT,
    digests          BLOB NOT NULL, -- 8 bytes for each data group
    raw              BLOB NOT NULL, -- zstd
    stored_at        INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL, shipped_seen_at INTEGER, delivered_seen_at INTEGER, delivery TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, connection_id, order_id)
) STRICT;

CREATE INDEX orders_by_date ON orders (tenant, created_at, order_id, connection_id, status, delivery, fulfilled_by,
    marketplace_id, last_updated_at, ship_to, deliver_to);

CREATE INDEX orders_by_id ON orders (order_id, tenant, connection_id);

CREATE TABLE repairs (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    step          INTEGER NOT NULL,
    code          TEXT NOT NULL,
    at            INTEGER NOT NULL,
    old_value     BLOB NOT NULL,
    new_value     TEXT NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id           TEXT NOT NULL PRIMARY KEY,
    mode         TEXT NOT NULL, -- global, single
    tenant       TEXT NOT NULL, -- '' for a global run
    state        TEXT NOT NULL, -- opening, open, finished
    opened_at    INTEGER NOT NULL,
    opened_after INTEGER NOT NULL, -- targets are written up to this connection
    deadline_at  INTEGER NOT NULL,
    cancelled_at INTEGER,
    finished_at  INTEGER
, total INTEGER, success INTEGER, partial INTEGER, skipped INTEGER, failed INTEGER, outcomes_gone INTEGER NOT NULL DEFAULT 0, reasons TEXT, trace TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX runs_opened ON runs (opened_at);

CREATE INDEX runs_outcomes ON runs (opened_at, id) WHERE NOT outcomes_gone AND state = 'finished';

CREATE INDEX runs_unfinished ON runs (opened_at) WHERE state <> 'finished';

CREATE TABLE secrets (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    name          TEXT NOT NULL,
    sealed        BLOB NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection_id, name)
) STRICT;

CREATE TABLE sessions (
    hash       BLOB NOT NULL PRIMARY KEY, -- SHA-256 of what the browser holds
    key_id     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    entry         TEXT NOT NULL, -- the order id, or the digest of a body without one
    order_id      TEXT NOT NULL, -- '' when not even the id could be read
    cause         TEXT NOT NULL,
    body          BLOB NOT NULL, -- zstd, scrubbed
    first_at      INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    next_try_at   INTEGER, from_at INTEGER, to_at INTEGER, marketplaces TEXT NOT NULL DEFAULT '', -- NULL: gone at Amazon
    PRIMARY KEY (tenant, connection_id, entry)
) STRICT;

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE shunned (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    from_at       INTEGER NOT NULL,
    to_at         INTEGER NOT NULL,
    until_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection_id, from_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE state_changes (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    epoch         INTEGER NOT NULL, -- each act has an epoch of its own
    step          INTEGER NOT NULL,
    from_state    TEXT NOT NULL,
    to_state      TEXT NOT NULL,
    cause         TEXT NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE targets (
    run_id          TEXT NOT NULL,
    connection_id   INTEGER NOT NULL,
    tenant          TEXT NOT NULL,
    region          TEXT NOT NULL,
    mode            TEXT NOT NULL,
    opened_at       INTEGER NOT NULL,
    -- until it is settled: what the connection had received when it was opened;
    -- afterwards: what was received for it
    orders_received INTEGER NOT NULL,
    items_received  INTEGER NOT NULL,
    orders_created  INTEGER NOT NULL,
    orders_changed  INTEGER NOT NULL,
    set_aside       INTEGER NOT NULL,
    settled_at      INTEGER,
    status          TEXT NOT NULL DEFAULT '',
    reason          TEXT NOT NULL DEFAULT '',
    message         TEXT NOT NULL DEFAULT '',
    confirmed       INTEGER NOT NULL DEFAULT 0,
    resumes_at      INTEGER,
    error_id        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, connection_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX targets_asked_for ON targets (connection_id) WHERE settled_at IS NULL AND mode = 'single';

CREATE INDEX targets_open ON targets (connection_id, run_id) WHERE settled_at IS NULL;

CREATE INDEX targets_reason ON targets (run_id, reason, settled_at, connection_id) WHERE settled_at IS NOT NULL;

CREATE INDEX targets_settled ON targets (run_id, settled_at, connection_id);

CREATE TABLE traffic (
    minute_at INTEGER NOT NULL PRIMARY KEY, -- its beginning
    calls     INTEGER NOT NULL, -- requests to Amazon's API
    searches  INTEGER NOT NULL, -- of those, searchOrders
    throttled INTEGER NOT NULL, -- of those, answered 429
    received  INTEGER NOT NULL, -- orders, live and back work
    created   INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    set_aside INTEGER NOT NULL
) STRICT;

CREATE TABLE traffic_outcomes (
    minute_at INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (minute_at, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE walk_pages (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    page          INTEGER NOT NULL,
    token_hash    INTEGER NOT NULL, -- of the token that the page gave; 0: none
    digest        INTEGER NOT NULL, -- of the page; 0: empty
    PRIMARY KEY (tenant, connection_id, kind, page)
) STRICT, WITHOUT ROWID;

CREATE TABLE walks (
    tenant        TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    kind          TEXT NOT NULL, -- live, back
    purpose       TEXT NOT NULL,
    from_at       INTEGER NOT NULL,
    to_at         INTEGER NOT NULL,
    cursor_at     INTEGER NOT NULL,
    width_ms      INTEGER NOT NULL,
    marketplaces  TEXT NOT NULL,
    data_groups   INTEGER NOT NULL,
    page_size     INTEGER NOT NULL,
    query         TEXT NOT NULL, -- replayed verbatim with the token
    token         TEXT NOT NULL, -- of the next page; '' before the first
    token_at      INTEGER,
    started_at    INTEGER NOT NULL,
    pages         INTEGER NOT NULL,
    orders        INTEGER NOT NULL,
    empty_pages   INTEGER NOT NULL,
    timeouts      INTEGER NOT NULL,
    unkeyed       INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection_id, kind)
) STRICT;
