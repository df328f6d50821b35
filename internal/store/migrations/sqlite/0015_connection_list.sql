-- What lists of connections look for, so that a page of them reads little of a large
-- fleet: regions and states beside the order that lists are in, what stands badly
-- apart from the many that do not, and names.

-- +goose Up
DROP INDEX connections_success;
CREATE INDEX connections_success ON connections (COALESCE(last_success_at, 0), id, region, state);
CREATE INDEX connections_badly ON connections (COALESCE(last_success_at, 0), id)
    WHERE state IN ('PENDING', 'NEEDS_RECONNECT') OR state = 'CONNECTED' AND (paused OR last_reason NOT IN ('SUCCESS', ''));
-- SQLite's LIKE follows no index on LOWER: it reads this one, which has all that is
-- looked for, from end to end. The two others are PostgreSQL's; names change seldom.
CREATE INDEX connections_names ON connections (LOWER(display_name), display_name, LOWER(tenant));
CREATE INDEX connections_names_exact ON connections (display_name);
CREATE INDEX connections_tenants ON connections (LOWER(tenant));

-- +goose Down
DROP INDEX connections_tenants;
DROP INDEX connections_names_exact;
DROP INDEX connections_names;
DROP INDEX connections_badly;
DROP INDEX connections_success;
CREATE INDEX connections_success ON connections (COALESCE(last_success_at, 0), id);
