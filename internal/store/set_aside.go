package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ordersync"
)

// SetAside is an order that waits to be asked for again.
type SetAside struct {
	OrderID string
	Tries   int
}

// SetAsideTry is what asking again brought. A readable version ends the entry
// with its page; this is for the rest.
type SetAsideTry struct {
	OrderID string
	// Gone tells that Amazon does not know the order any more: the entry is kept
	// and not tried again.
	Gone bool
}

// An order is asked for again hourly, after a day daily.
const (
	setAsideSoon  = time.Hour
	setAsideLater = 24 * time.Hour
	setAsideHours = 24
)

// DueSetAside lists the orders that are to be asked for again now, at most limit.
func (s *Store) DueSetAside(ctx context.Context, l *Lease, limit int) (out []SetAside, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT order_id, tries FROM set_aside
		WHERE tenant = $1 AND connection_id = $2 AND order_id <> '' AND next_try_at <= $3 ORDER BY next_try_at, entry LIMIT $4`,
		l.Connection.Tenant, int64(l.Connection.ID), ms(s.Now()), limit)
	if err != nil {
		return nil, fmt.Errorf("read orders set aside: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a SetAside
		if err := rows.Scan(&a.OrderID, &a.Tries); err != nil {
			return nil, fmt.Errorf("read orders set aside: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// NextSetAside is when the next order is to be asked for again; zero: none.
func (s *Store) NextSetAside(ctx context.Context, l *Lease) (time.Time, error) {
	var next sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT MIN(next_try_at) FROM set_aside WHERE tenant = $1 AND connection_id = $2 AND order_id <> ''`,
		l.Connection.Tenant, int64(l.Connection.ID)).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("read orders set aside: %w", err)
	}
	return at(next), nil
}

// setAsideTried notes that an order could not be had.
func (t *tx) setAsideTried(ctx context.Context, l *Lease, try SetAsideTry) error {
	soon, later := any(ms(t.now.Add(setAsideSoon))), any(ms(t.now.Add(setAsideLater)))
	cause := ""
	if try.Gone {
		soon, later, cause = nil, nil, "Amazon does not know the order any more (404)"
	}
	_, err := t.ExecContext(ctx, `UPDATE set_aside SET tries = tries + 1, last_at = $4,
		next_try_at = CASE WHEN tries < $5 THEN CAST($6 AS BIGINT) ELSE CAST($7 AS BIGINT) END,
		cause = CASE WHEN $8 = '' THEN cause ELSE $8 END
		WHERE tenant = $1 AND connection_id = $2 AND entry = $3`,
		l.Connection.Tenant, int64(l.Connection.ID), try.OrderID, ms(t.now), setAsideHours, soon, later, cause)
	if err != nil {
		return fmt.Errorf("note try of an order set aside: %w", err)
	}
	return nil
}

// SetAsideEntry is an entry as people see it.
type SetAsideEntry struct {
	Entry, OrderID, Cause string
	FirstAt, LastAt       time.Time
	Tries                 int
	NextTryAt             time.Time // zero: gone at Amazon
}

// SetAside lists what is set aside of a connection.
func (t TenantReader) SetAside(ctx context.Context, id ordersync.ConnectionID, limit int) ([]SetAsideEntry, error) {
	return t.setAside(ctx, `ORDER BY first_at, entry LIMIT $3`, t.tenant, int64(id), limit)
}

// SetAsideOrder reads the entry of one order; nil when it is not set aside.
func (t TenantReader) SetAsideOrder(ctx context.Context, id ordersync.ConnectionID, orderID string) (*SetAsideEntry, error) {
	out, err := t.setAside(ctx, `AND entry = $3`, t.tenant, int64(id), ordersync.CleanText(orderID))
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return &out[0], nil
}

func (t TenantReader) setAside(ctx context.Context, tail string, args ...any) (out []SetAsideEntry, err error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT entry, order_id, cause, first_at, last_at, tries, next_try_at FROM set_aside
		WHERE tenant = $1 AND connection_id = $2 `+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read orders set aside: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e SetAsideEntry
		var first, last int64
		var next sql.NullInt64
		if err := rows.Scan(&e.Entry, &e.OrderID, &e.Cause, &first, &last, &e.Tries, &next); err != nil {
			return nil, fmt.Errorf("read orders set aside: %w", err)
		}
		e.FirstAt, e.LastAt, e.NextTryAt = msTime(first), msTime(last), at(next)
		out = append(out, e)
	}
	return out, rows.Err()
}

// SetAsideFleet is what is set aside of all connections that are not switched off.
type SetAsideFleet struct {
	Orders, Connections int64
	// Alone is how many of the connections need a human for nothing else.
	Alone int64
	Since time.Time // of the first order; zero: none is set aside
	Some  []Stand   // those that have one longest
}

// setAsideOnce has a row for each connection with orders set aside.
const setAsideOnce = `(SELECT connection_id, COUNT(*) AS entries, MIN(first_at) AS aside_since FROM set_aside GROUP BY connection_id)`

// SetAside tells how many orders of how many connections are set aside, and some of
// the connections, at most limit.
func (r *Reader) SetAside(ctx context.Context, limit int) (f SetAsideFleet, err error) {
	var first sql.NullInt64
	if err := r.db.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(entries), 0) AS BIGINT), COUNT(*), COUNT(CASE WHEN `+needsHuman()+` THEN NULL ELSE 1 END), MIN(aside_since)
		FROM `+setAsideOnce+` AS aside JOIN connections ON id = connection_id WHERE `+notDisabled).Scan(&f.Orders, &f.Connections, &f.Alone, &first); err != nil {
		return f, fmt.Errorf("count orders set aside: %w", err)
	}
	f.Since = at(first)
	f.Some, err = r.stands(ctx, `SELECT `+standColumns+` FROM `+setAsideOnce+` AS aside JOIN connections ON id = connection_id
		WHERE `+notDisabled+` ORDER BY aside_since, id LIMIT $5`, append(freshnessBounds(r.now()), limit)...)
	return f, err
}
