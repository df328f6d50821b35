-- +goose Up
-- What all processes did in each minute, summed, for the charts. It decides nothing.
CREATE TABLE traffic (
    minute_at BIGINT NOT NULL PRIMARY KEY, -- its beginning
    calls     BIGINT NOT NULL, -- requests to Amazon's API
    searches  BIGINT NOT NULL, -- of those, searchOrders
    throttled BIGINT NOT NULL, -- of those, answered 429
    received  BIGINT NOT NULL, -- orders, live and back work
    created   BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    set_aside BIGINT NOT NULL
);

-- How live work ended.
CREATE TABLE traffic_outcomes (
    minute_at BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    n         BIGINT NOT NULL,
    PRIMARY KEY (minute_at, reason)
);

-- +goose Down
DROP TABLE traffic_outcomes;
DROP TABLE traffic;
