package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ordersync"
)

// Standing is how many connections of a region stand alike: in the same state, with
// the same reason, and as fresh as each other.
type Standing struct {
	Region    ordersync.Region
	State     ordersync.State
	Paused    bool
	Reason    ordersync.Reason // of their last outcome; "" before any
	Confirmed bool
	Band      int // of [FreshnessBands]; -1: nothing was read of them yet
	N         int64
	// Lately is how many of them have stood so for less than a quarter of an hour.
	Lately int64
	// Since is since when the first of them has stood so; zero when nobody kept it.
	Since time.Time
	// DueAt is when the last of them goes on by itself; zero: none does.
	DueAt time.Time
}

// Connection is one of them, as far as it is known here.
func (s Standing) Connection() ordersync.Connection {
	return ordersync.Connection{Region: s.Region, State: s.State, Paused: s.Paused, LastReason: s.Reason, LastConfirmed: s.Confirmed}
}

// standingSince is [ordersync.Connection.Since].
const standingSince = `CASE WHEN paused AND state <> 'DISABLED' THEN paused_at WHEN state <> 'CONNECTED' OR last_reason = '' THEN state_since ELSE reason_since END`

// lately is how long ago something is new.
const lately = 15 * time.Minute

// Standings groups all connections by how they stand. It reads each once.
func (r *Reader) Standings(ctx context.Context) (out []Standing, err error) {
	now := r.now()
	rows, err := r.db.QueryContext(ctx, `SELECT region, state, paused, last_reason, last_confirmed, `+freshnessBand+` AS band, COUNT(*),
			SUM(CASE WHEN `+standingSince+` > $5 THEN 1 ELSE 0 END), MIN(`+standingSince+`), MAX(live_due_at)
		FROM connections GROUP BY 1, 2, 3, 4, 5, 6`, append(freshnessBounds(now), ms(now.Add(-lately)))...)
	if err != nil {
		return nil, fmt.Errorf("group the fleet: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Standing
		var since, due sql.NullInt64
		if err := rows.Scan(&s.Region, &s.State, &s.Paused, &s.Reason, &s.Confirmed, &s.Band, &s.N, &s.Lately, &since, &due); err != nil {
			return nil, fmt.Errorf("group the fleet: %w", err)
		}
		s.Since, s.DueAt = at(since), at(due)
		out = append(out, s)
	}
	return out, rows.Err()
}

// Stand is a connection in a picture of the fleet: who it is and how it stands.
type Stand struct {
	ID          ordersync.ConnectionID
	Tenant      ordersync.TenantID
	DisplayName string
	Standing    // of it alone: N is 1
	Cursor      time.Time
}

const standColumns = `id, tenant, display_name, region, state, paused, last_reason, last_confirmed, ` + freshnessBand + ` AS band,
	` + standingSince + ` AS since, live_due_at, cursor_at`

// Stands is the picture of the first connections, by region and in the order in which
// they came: always in the same place.
func (r *Reader) Stands(ctx context.Context, limit int) ([]Stand, error) {
	return r.stands(ctx, `SELECT `+standColumns+` FROM connections ORDER BY region, id LIMIT $5`, append(freshnessBounds(r.now()), limit)...)
}

// standsBadly are the connections of which something is to be told.
const standsBadly = `state IN ('PENDING', 'NEEDS_RECONNECT') OR state = 'CONNECTED' AND (paused OR last_reason NOT IN ('SUCCESS', ''))`

// Troubled are some of the connections that do not stand well: of those that stand
// alike, regions aside, at most each, the longest first.
func (r *Reader) Troubled(ctx context.Context, each int) ([]Stand, error) {
	return r.stands(ctx, `SELECT id, tenant, display_name, region, state, paused, last_reason, last_confirmed, band, since, live_due_at, cursor_at FROM (
		SELECT `+standColumns+`, ROW_NUMBER() OVER (PARTITION BY state, paused, last_reason, last_confirmed ORDER BY `+standingSince+`, id) AS place
			FROM connections WHERE `+standsBadly+`) AS t
		WHERE place <= $5 ORDER BY since, id`, append(freshnessBounds(r.now()), each)...)
}

func (r *Reader) stands(ctx context.Context, query string, args ...any) (out []Stand, err error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read how connections stand: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		s := Stand{Standing: Standing{N: 1}}
		var since, due, cursor sql.NullInt64
		if err := rows.Scan(&s.ID, &s.Tenant, &s.DisplayName, &s.Region, &s.State, &s.Paused, &s.Reason, &s.Confirmed, &s.Band,
			&since, &due, &cursor); err != nil {
			return nil, fmt.Errorf("read how connections stand: %w", err)
		}
		s.Since, s.DueAt, s.Cursor = at(since), at(due), at(cursor)
		out = append(out, s)
	}
	return out, rows.Err()
}
