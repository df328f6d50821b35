-- Generated from the migrations by scripts/with-postgres go test ./cmd/ordersync -run PostgresSchema -update; do not edit.
-- Times are Unix milliseconds, UTC; amounts are texts exactly as Amazon wrote them.

CREATE TABLE api_keys (
    id text NOT NULL,
    name text NOT NULL,
    tenant text NOT NULL,
    hash bytea NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (id)
);
CREATE INDEX api_keys_tenant ON api_keys USING btree (tenant, id);
CREATE UNIQUE INDEX api_keys_hash ON api_keys USING btree (hash);

CREATE TABLE applications (
    client_id text NOT NULL,
    stopped_at bigint,
    cause text NOT NULL DEFAULT ''::text,
    probe_at bigint,
    probe bigint,
    suspect bigint,
    suspect_at bigint,
    probe_open boolean NOT NULL DEFAULT false,
    secret_ends_at bigint,
    secret_noticed_at bigint,
    rotation_asked_at bigint,
    secret_warned_at bigint,
    PRIMARY KEY (client_id)
);

CREATE TABLE budgets (
    client_id text NOT NULL,
    region text NOT NULL,
    seller text NOT NULL,
    operation text NOT NULL,
    plan_rate double precision NOT NULL,
    plan_burst double precision NOT NULL,
    rate double precision NOT NULL,
    tokens double precision NOT NULL,
    at bigint NOT NULL,
    rate_at bigint NOT NULL,
    calls bigint NOT NULL DEFAULT 0,
    throttled bigint NOT NULL DEFAULT 0,
    bad_rate text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (client_id, region, seller, operation)
);

CREATE TABLE changes (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    last_updated_before bigint,
    last_updated_after bigint NOT NULL,
    status_before text NOT NULL,
    status_after text NOT NULL,
    data_groups bigint NOT NULL,
    xid bigint NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    PRIMARY KEY (tenant, connection_id, seq)
);
CREATE INDEX changes_by_order ON changes USING btree (tenant, connection_id, order_id, seq);

CREATE TABLE client_secrets (
    client_id text NOT NULL,
    digest bytea NOT NULL,
    sealed bytea,
    seen_at bigint NOT NULL,
    ends_at bigint,
    previous_ends_at bigint,
    PRIMARY KEY (client_id, digest)
);

CREATE TABLE connections (
    id bigint NOT NULL GENERATED AS IDENTITY,
    tenant text NOT NULL,
    region text NOT NULL,
    seller_id text NOT NULL,
    display_name text NOT NULL,
    state text NOT NULL,
    state_since bigint NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    personal_data boolean NOT NULL DEFAULT false,
    authorized_at bigint,
    marketplaces text NOT NULL DEFAULT ''::text,
    marketplaces_explicit boolean NOT NULL DEFAULT false,
    marketplaces_at bigint,
    interval_ms bigint,
    history_ms bigint,
    wanted_since bigint,
    created_at bigint NOT NULL,
    live_due_at bigint,
    back_due_at bigint,
    lease_until bigint NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT ''::text,
    epoch bigint NOT NULL DEFAULT 0,
    step bigint NOT NULL DEFAULT 0,
    rung_at bigint,
    cursor_at bigint,
    cursor_given bytea,
    live_width_ms bigint NOT NULL,
    back_width_ms bigint NOT NULL,
    live_begun_at bigint,
    change_seq bigint NOT NULL DEFAULT 0,
    orders bigint NOT NULL DEFAULT 0,
    items bigint NOT NULL DEFAULT 0,
    live_orders bigint NOT NULL DEFAULT 0,
    live_items bigint NOT NULL DEFAULT 0,
    live_created bigint NOT NULL DEFAULT 0,
    live_changed bigint NOT NULL DEFAULT 0,
    live_set_aside bigint NOT NULL DEFAULT 0,
    last_polled_at bigint,
    last_success_at bigint,
    last_reason text NOT NULL DEFAULT ''::text,
    last_message text NOT NULL DEFAULT ''::text,
    last_reason_at bigint,
    failures bigint NOT NULL DEFAULT 0,
    back_failures bigint NOT NULL DEFAULT 0,
    revoked_at bigint,
    denied_at bigint,
    failed_kind text NOT NULL DEFAULT ''::text,
    failed_at bigint,
    sweep_begun_at bigint,
    sweep_next_from bigint,
    swept_at bigint,
    back_calls bigint NOT NULL DEFAULT 0,
    sweep_calls bigint NOT NULL DEFAULT 0,
    live_pages bigint NOT NULL DEFAULT 0,
    committed_at bigint,
    slow boolean NOT NULL DEFAULT false,
    purge_due_at bigint NOT NULL DEFAULT 0,
    changes_from bigint NOT NULL DEFAULT 1,
    live_stuck_at bigint,
    live_stuck_to bigint,
    personal_denied_at bigint,
    marketplaces_empty_at bigint,
    marketplaces_again_at bigint,
    taken_step bigint NOT NULL DEFAULT 0,
    last_confirmed boolean NOT NULL DEFAULT false,
    reason_since bigint,
    paused_at bigint,
    PRIMARY KEY (id)
);
CREATE INDEX connections_back_due ON connections USING btree (slow, back_due_at, id) WHERE ((NOT paused) AND (state = ANY (ARRAY['CONNECTED'::text, 'NEEDS_RECONNECT'::text])));
CREATE INDEX connections_badly ON connections USING btree (COALESCE(last_success_at, (0)::bigint), id) WHERE ((state = ANY (ARRAY['PENDING'::text, 'NEEDS_RECONNECT'::text])) OR ((state = 'CONNECTED'::text) AND (paused OR (last_reason <> ALL (ARRAY['SUCCESS'::text, ''::text])))));
CREATE INDEX connections_failed ON connections USING btree (failed_at) WHERE (failed_at IS NOT NULL);
CREATE INDEX connections_live_due ON connections USING btree (slow, live_due_at, id) WHERE ((NOT paused) AND (state = ANY (ARRAY['CONNECTED'::text, 'NEEDS_RECONNECT'::text])));
CREATE INDEX connections_names ON connections USING btree (lower(display_name) text_pattern_ops);
CREATE INDEX connections_names_exact ON connections USING btree (display_name text_pattern_ops);
CREATE INDEX connections_purge_due ON connections USING btree (purge_due_at);
CREATE INDEX connections_seller ON connections USING btree (seller_id, region);
CREATE INDEX connections_success ON connections USING btree (COALESCE(last_success_at, (0)::bigint), id, region, state);
CREATE INDEX connections_tenants ON connections USING btree (lower(tenant) text_pattern_ops);
CREATE UNIQUE INDEX connections_account ON connections USING btree (tenant, region, seller_id);

CREATE TABLE consents (
    ticket bytea NOT NULL,
    tenant text NOT NULL,
    region text NOT NULL,
    marketplace_id text NOT NULL,
    connection_id bigint NOT NULL DEFAULT 0,
    started_by text NOT NULL,
    return_to text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    browser bytea,
    state bytea,
    state_until bigint,
    used_at bigint,
    seller_id text NOT NULL DEFAULT ''::text,
    proof boolean NOT NULL DEFAULT false,
    sealed bytea,
    login bytea,
    PRIMARY KEY (tenant, ticket)
);
CREATE INDEX consents_expires ON consents USING btree (expires_at);
CREATE UNIQUE INDEX consents_login ON consents USING btree (login);
CREATE UNIQUE INDEX consents_state ON consents USING btree (state);
CREATE UNIQUE INDEX consents_ticket ON consents USING btree (ticket);

CREATE TABLE coverage (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    marketplace_id text NOT NULL,
    level text NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, marketplace_id, level, from_at)
);

CREATE TABLE doubts (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    marketplace_id text NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    read_at bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, marketplace_id, from_at)
);

CREATE TABLE incidents (
    region text NOT NULL,
    kind text NOT NULL,
    opened_at bigint NOT NULL,
    closed_at bigint,
    cause text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (region, kind, opened_at)
);

CREATE TABLE order_items (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    item_id text NOT NULL,
    position bigint NOT NULL,
    asin text NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    quantity bigint NOT NULL,
    unit_amount text,
    unit_currency text,
    quantity_fulfilled bigint,
    total_amount text,
    total_currency text,
    sku_folded text COLLATE "C" NOT NULL DEFAULT ''::text,
    PRIMARY KEY (tenant, connection_id, order_id, item_id)
);
CREATE INDEX order_items_any_sku ON order_items USING btree (sku_folded, tenant, connection_id, order_id, item_id);
CREATE INDEX order_items_sku ON order_items USING btree (tenant, sku_folded, connection_id, order_id);

CREATE TABLE order_packages (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    package_id text NOT NULL,
    position bigint NOT NULL,
    status text NOT NULL,
    detailed_status text NOT NULL,
    carrier text NOT NULL,
    shipping_service text NOT NULL,
    tracking_number text NOT NULL,
    created_at bigint,
    shipped_at bigint,
    items text NOT NULL,
    PRIMARY KEY (tenant, connection_id, order_id, package_id)
);

CREATE TABLE order_personal (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    data_group bigint NOT NULL,
    sealed bytea NOT NULL,
    purge_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, connection_id, order_id, data_group)
);
CREATE INDEX order_personal_purge ON order_personal USING btree (purge_at);

CREATE TABLE orders (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    last_updated_at bigint NOT NULL,
    seen_epoch bigint NOT NULL,
    seen_step bigint NOT NULL,
    data_groups bigint NOT NULL,
    status text NOT NULL,
    fulfilled_by text NOT NULL,
    service_level text NOT NULL,
    ship_from bigint,
    ship_to bigint,
    deliver_from bigint,
    deliver_to bigint,
    channel text NOT NULL,
    marketplace_id text NOT NULL,
    marketplace_name text NOT NULL,
    seller_order_id text NOT NULL,
    programs text NOT NULL,
    total_amount text,
    total_currency text,
    digests bytea NOT NULL,
    raw bytea NOT NULL,
    stored_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    shipped_seen_at bigint,
    delivered_seen_at bigint,
    delivery text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (tenant, connection_id, order_id)
);
CREATE INDEX orders_by_date ON orders USING btree (tenant, created_at, order_id, connection_id) INCLUDE (status, delivery, fulfilled_by, marketplace_id, last_updated_at, ship_to, deliver_to);
CREATE INDEX orders_by_id ON orders USING btree (order_id, tenant, connection_id);

CREATE TABLE repairs (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    epoch bigint NOT NULL,
    step bigint NOT NULL,
    code text NOT NULL,
    at bigint NOT NULL,
    old_value bytea NOT NULL,
    new_value text NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step, code)
);

CREATE TABLE runs (
    id text NOT NULL,
    mode text NOT NULL,
    tenant text NOT NULL,
    state text NOT NULL,
    opened_at bigint NOT NULL,
    opened_after bigint NOT NULL,
    deadline_at bigint NOT NULL,
    cancelled_at bigint,
    finished_at bigint,
    total bigint,
    success bigint,
    partial bigint,
    skipped bigint,
    failed bigint,
    outcomes_gone boolean NOT NULL DEFAULT false,
    reasons text,
    trace text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (id)
);
CREATE INDEX runs_opened ON runs USING btree (opened_at);
CREATE INDEX runs_outcomes ON runs USING btree (opened_at, id) WHERE ((NOT outcomes_gone) AND (state = 'finished'::text));
CREATE INDEX runs_unfinished ON runs USING btree (opened_at) WHERE (state <> 'finished'::text);

CREATE TABLE secrets (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, name)
);

CREATE TABLE sessions (
    hash bytea NOT NULL,
    key_id text NOT NULL,
    created_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    PRIMARY KEY (hash)
);

CREATE TABLE set_aside (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    entry text NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    cause text NOT NULL,
    body bytea NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    tries bigint NOT NULL,
    next_try_at bigint,
    from_at bigint,
    to_at bigint,
    marketplaces text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (tenant, connection_id, entry)
);

CREATE TABLE settings (
    name text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE shunned (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    until_at bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, from_at)
);

CREATE TABLE state_changes (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    at bigint NOT NULL,
    epoch bigint NOT NULL,
    step bigint NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (tenant, connection_id, epoch, step)
);

CREATE TABLE targets (
    run_id text NOT NULL,
    connection_id bigint NOT NULL,
    tenant text NOT NULL,
    region text NOT NULL,
    mode text NOT NULL,
    opened_at bigint NOT NULL,
    orders_received bigint NOT NULL,
    items_received bigint NOT NULL,
    orders_created bigint NOT NULL,
    orders_changed bigint NOT NULL,
    set_aside bigint NOT NULL,
    settled_at bigint,
    status text NOT NULL DEFAULT ''::text,
    reason text NOT NULL DEFAULT ''::text,
    message text NOT NULL DEFAULT ''::text,
    confirmed boolean NOT NULL DEFAULT false,
    resumes_at bigint,
    error_id text NOT NULL DEFAULT ''::text,
    PRIMARY KEY (run_id, connection_id)
);
CREATE INDEX targets_asked_for ON targets USING btree (connection_id) WHERE ((settled_at IS NULL) AND (mode = 'single'::text));
CREATE INDEX targets_open ON targets USING btree (connection_id, run_id) WHERE (settled_at IS NULL);
CREATE INDEX targets_reason ON targets USING btree (run_id, reason, settled_at, connection_id) WHERE (settled_at IS NOT NULL);
CREATE INDEX targets_settled ON targets USING btree (run_id, settled_at, connection_id);

CREATE TABLE traffic (
    minute_at bigint NOT NULL,
    calls bigint NOT NULL,
    searches bigint NOT NULL,
    throttled bigint NOT NULL,
    received bigint NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    set_aside bigint NOT NULL,
    PRIMARY KEY (minute_at)
);

CREATE TABLE traffic_outcomes (
    minute_at bigint NOT NULL,
    reason text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (minute_at, reason)
);

CREATE TABLE walk_pages (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    kind text NOT NULL,
    page bigint NOT NULL,
    token_hash bigint NOT NULL,
    digest bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, kind, page)
);

CREATE TABLE walks (
    tenant text NOT NULL,
    connection_id bigint NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    cursor_at bigint NOT NULL,
    width_ms bigint NOT NULL,
    marketplaces text NOT NULL,
    data_groups bigint NOT NULL,
    page_size bigint NOT NULL,
    query text NOT NULL,
    token text NOT NULL,
    token_at bigint,
    started_at bigint NOT NULL,
    pages bigint NOT NULL,
    orders bigint NOT NULL,
    empty_pages bigint NOT NULL,
    timeouts bigint NOT NULL,
    unkeyed bigint NOT NULL,
    PRIMARY KEY (tenant, connection_id, kind)
);
