package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"ordersync"
)

// What became of a connection, the newest first: for people who look at one.

// recentOutcomes looks through the runs since a time, of everybody and of the tenant,
// for the connection's part in each: targets are many and have no index of their own
// for it. $1 tenant, $2 connection, $3 since, $4 how many.
const recentOutcomes = `SELECT ` + targetColumns + ` FROM runs r JOIN targets t ON t.run_id = r.id AND t.connection_id = $2
	WHERE r.opened_at >= $3 AND r.tenant IN ('', $1) AND t.tenant = $1 ORDER BY r.opened_at DESC, r.id DESC LIMIT $4`

// Outcomes lists what runs opened since a time came to for a connection, those that are
// open included.
func (t TenantReader) Outcomes(ctx context.Context, id ordersync.ConnectionID, since time.Time, limit int) ([]ordersync.Target, error) {
	rows, err := t.r.db.QueryContext(ctx, recentOutcomes, t.tenant, int64(id), ms(since), limit)
	if err != nil {
		return nil, fmt.Errorf("read outcomes: %w", err)
	}
	return scanTargets(rows)
}

// StateChange is a change of a connection's state, or an operator's word that is kept
// beside them: From and To are then the same.
type StateChange struct {
	At       time.Time
	From, To ordersync.State // From is "" for a new connection
	Cause    string          // a reason's code, or what was done: imported, paused, …
}

// StateChanges lists the last changes of a connection's state.
func (t TenantReader) StateChanges(ctx context.Context, id ordersync.ConnectionID, limit int) (out []StateChange, err error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT at, from_state, to_state, cause FROM state_changes
		WHERE tenant = $1 AND connection_id = $2 ORDER BY epoch DESC, step DESC LIMIT $3`, t.tenant, int64(id), limit)
	if err != nil {
		return nil, fmt.Errorf("read changes of state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c StateChange
		var when int64
		if err := rows.Scan(&when, &c.From, &c.To, &c.Cause); err != nil {
			return nil, fmt.Errorf("read changes of state: %w", err)
		}
		c.At = msTime(when)
		out = append(out, c)
	}
	return out, rows.Err()
}

// Repairs lists the last repairs of a connection.
func (t TenantReader) Repairs(ctx context.Context, id ordersync.ConnectionID, limit int) (out []ordersync.Repair, err error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT code, at, old_value, new_value FROM repairs
		WHERE tenant = $1 AND connection_id = $2 ORDER BY epoch DESC, step DESC, code DESC LIMIT $3`, t.tenant, int64(id), limit)
	if err != nil {
		return nil, fmt.Errorf("read repairs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r ordersync.Repair
		var when int64
		if err := rows.Scan(&r.Code, &when, &r.Old, &r.New); err != nil {
			return nil, fmt.Errorf("read repairs: %w", err)
		}
		r.At = msTime(when)
		out = append(out, r)
	}
	return out, rows.Err()
}

// Walks lists the walks of a connection that are under way, live work first, without
// their queries and tokens.
func (t TenantReader) Walks(ctx context.Context, id ordersync.ConnectionID) (out []ordersync.Walk, err error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT kind, purpose, from_at, to_at, cursor_at, marketplaces, token_at, started_at, pages, orders
		FROM walks WHERE tenant = $1 AND connection_id = $2 ORDER BY kind DESC`, t.tenant, int64(id))
	if err != nil {
		return nil, fmt.Errorf("read walks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var w ordersync.Walk
		var from, to, cursor, started int64
		var token sql.NullInt64
		var marketplaces string
		if err := rows.Scan(&w.Kind, &w.Purpose, &from, &to, &cursor, &marketplaces, &token, &started, &w.Pages, &w.Orders); err != nil {
			return nil, fmt.Errorf("read walks: %w", err)
		}
		w.Window, w.StartedAt, w.TokenAt = ordersync.Window{From: msTime(from), To: msTime(to)}, msTime(started), at(token)
		w.Cursor, w.Marketplaces = time.UnixMilli(cursor).UTC(), split(marketplaces)
		out = append(out, w)
	}
	return out, rows.Err()
}

// Arrival is how many orders came new or changed in a slot of time, and in how many
// pages.
type Arrival struct {
	At            time.Time // the slot's beginning
	Orders, Pages int64
}

// mostArrivals is how many of the last changes are counted.
const mostArrivals = 10_000

// lastArrivals counts the last changes by slot. $1 tenant, $2 connection, $3 the slot's
// length, $4 how many changes are looked at. All of a page carry its time.
const lastArrivals = `SELECT at / $3, COUNT(*), COUNT(DISTINCT at), MIN(at) FROM
	(SELECT at FROM changes WHERE tenant = $1 AND connection_id = $2 ORDER BY seq DESC LIMIT $4) AS c GROUP BY 1`

// Arrivals counts what came since a time, by slots of a length, the earliest first; a
// slot without any is left out. Only so many of the last changes are looked at: what
// came before complete is not counted.
func (t TenantReader) Arrivals(ctx context.Context, id ordersync.ConnectionID, since time.Time, slot time.Duration) (out []Arrival, complete time.Time, err error) {
	rows, err := t.r.db.QueryContext(ctx, lastArrivals, t.tenant, int64(id), slot.Milliseconds(), mostArrivals)
	if err != nil {
		return nil, since, fmt.Errorf("count arrivals: %w", err)
	}
	defer rows.Close()
	total, first := int64(0), since
	for rows.Next() {
		var a Arrival
		var number, earliest int64
		if err := rows.Scan(&number, &a.Orders, &a.Pages, &earliest); err != nil {
			return nil, since, fmt.Errorf("count arrivals: %w", err)
		}
		total += a.Orders
		if one := msTime(earliest); len(out) == 0 || one.Before(first) {
			first = one
		}
		a.At = msTime(number * slot.Milliseconds())
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, since, fmt.Errorf("count arrivals: %w", err)
	}
	if complete = since; total == mostArrivals && first.After(since) {
		complete = first
	}
	out = slices.DeleteFunc(out, func(a Arrival) bool { return a.At.Before(since.Truncate(slot)) })
	slices.SortFunc(out, func(a, b Arrival) int { return a.At.Compare(b.At) })
	return out, complete, nil
}
