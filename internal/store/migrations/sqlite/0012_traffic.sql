-- +goose Up
-- What all processes did in each minute, summed, for the charts. It decides nothing.
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

-- How live work ended.
CREATE TABLE traffic_outcomes (
    minute_at INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (minute_at, reason)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE traffic_outcomes;
DROP TABLE traffic;
