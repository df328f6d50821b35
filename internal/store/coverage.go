package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ordersync"
)

// The levels of coverage.
const (
	walked    = "walked"    // a complete window has read it
	confirmed = "confirmed" // read without doubt: in one page, or twice
)

// Covered is a window that was read to its last page.
type Covered struct {
	Window       ordersync.Window
	Marketplaces []string // those of the walk's stored query
	Begun        time.Time
	// Confirmed tells that the window was read in one page.
	Confirmed bool
	// Wanted is from when on orders of each marketplace of the connection are read.
	// What lies before stands in nothing's way.
	Wanted map[string]time.Time
}

// Coverage is what of a connection has been read, by marketplace.
type Coverage struct {
	Walked, Confirmed map[string]ordersync.Spans
	Doubts            map[string][]ordersync.Doubt
}

// Reading is the coverage of one marketplace.
func (c Coverage) Reading(marketplace string) ordersync.Reading {
	return ordersync.Reading{Walked: c.Walked[marketplace], Confirmed: c.Confirmed[marketplace], Doubts: c.Doubts[marketplace]}
}

// Coverage reads the coverage of the lease's connection.
func (s *Store) Coverage(ctx context.Context, l *Lease) (Coverage, error) {
	return coverage(ctx, s.db, l.Connection.Tenant, l.Connection.ID)
}

// Coverage reads what of a connection has been read.
func (t TenantReader) Coverage(ctx context.Context, id ordersync.ConnectionID) (Coverage, error) {
	return coverage(ctx, t.r.db, t.tenant, id)
}

func newCoverage() Coverage {
	return Coverage{map[string]ordersync.Spans{}, map[string]ordersync.Spans{}, map[string][]ordersync.Doubt{}}
}

// coverageRow is a span of coverage as it is stored.
type coverageRow struct {
	marketplace, level string // walked, confirmed, or anything else for a doubt
	from, to, readAt   int64
}

// add adds a row; rows come by marketplace and time.
func (c Coverage) add(r coverageRow) {
	w := ordersync.Window{From: msTime(r.from), To: msTime(r.to)}
	switch r.level {
	case walked:
		c.Walked[r.marketplace] = append(c.Walked[r.marketplace], w)
	case confirmed:
		c.Confirmed[r.marketplace] = append(c.Confirmed[r.marketplace], w)
	default:
		c.Doubts[r.marketplace] = append(c.Doubts[r.marketplace], ordersync.Doubt{Window: w, ReadAt: msTime(r.readAt)})
	}
}

func coverage(ctx context.Context, q querier, tenant ordersync.TenantID, id ordersync.ConnectionID) (Coverage, error) {
	out := newCoverage()
	rows, err := q.QueryContext(ctx, `SELECT marketplace_id, level, from_at, to_at, 0 FROM coverage
		WHERE tenant = $1 AND connection_id = $2 UNION ALL SELECT marketplace_id, 'doubt', from_at, to_at, read_at FROM doubts
		WHERE tenant = $1 AND connection_id = $2 ORDER BY 1, 2, 3`, tenant, int64(id))
	if err != nil {
		return out, fmt.Errorf("read coverage: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row coverageRow
		if err := rows.Scan(&row.marketplace, &row.level, &row.from, &row.to, &row.readAt); err != nil {
			return out, fmt.Errorf("read coverage: %w", err)
		}
		out.add(row)
	}
	return out, rows.Err()
}

// cover adds a complete reading to the coverage of its marketplaces.
func (t *tx) cover(ctx context.Context, l *Lease, c Covered) error {
	have, err := coverage(ctx, t, l.Connection.Tenant, l.Connection.ID)
	if err != nil {
		return err
	}
	if err := t.unshun(ctx, l, c.Window); err != nil {
		return err
	}
	for _, m := range c.Marketplaces {
		before := have.Reading(m)
		after := before.Read(c.Window, c.Begun, c.Confirmed)
		if err := t.saveReading(ctx, l, m, before, after); err != nil {
			return err
		}
		have.Walked[m] = after.Walked
	}
	return t.endUnkeyed(ctx, l, c, have)
}

// uncover makes a window a gap of marketplaces, whether it was read or not.
func (t *tx) uncover(ctx context.Context, l *Lease, w ordersync.Window, marketplaces []string) error {
	have, err := coverage(ctx, t, l.Connection.Tenant, l.Connection.ID)
	if err != nil {
		return err
	}
	for _, m := range marketplaces {
		before := have.Reading(m)
		if err := t.saveReading(ctx, l, m, before, before.Forget(w)); err != nil {
			return err
		}
	}
	return nil
}

// saveReading writes what of a reading has changed.
func (t *tx) saveReading(ctx context.Context, l *Lease, marketplace string, before, after ordersync.Reading) error {
	if err := t.saveSpans(ctx, l, marketplace, walked, before.Walked, after.Walked); err != nil {
		return err
	}
	if err := t.saveSpans(ctx, l, marketplace, confirmed, before.Confirmed, after.Confirmed); err != nil {
		return err
	}
	return t.saveDoubts(ctx, l, marketplace, before.Doubts, after.Doubts)
}

// unshun forgets the shunned windows that a reading covers.
func (t *tx) unshun(ctx context.Context, l *Lease, w ordersync.Window) error {
	_, err := t.ExecContext(ctx, `DELETE FROM shunned WHERE tenant = $1 AND connection_id = $2 AND from_at >= $3 AND to_at <= $4`,
		l.Connection.Tenant, int64(l.Connection.ID), ms(w.From), ms(w.To))
	if err != nil {
		return fmt.Errorf("forget shunned windows: %w", err)
	}
	return nil
}

// saveSpans writes what of a set of spans has changed.
func (t *tx) saveSpans(ctx context.Context, l *Lease, marketplace, level string, before, after ordersync.Spans) error {
	gone, fresh := difference(before, after)
	for _, span := range gone {
		if _, err := t.ExecContext(ctx, `DELETE FROM coverage WHERE tenant = $1 AND connection_id = $2 AND marketplace_id = $3 AND level = $4 AND from_at = $5`,
			l.Connection.Tenant, int64(l.Connection.ID), marketplace, level, ms(span.From)); err != nil {
			return fmt.Errorf("merge coverage: %w", err)
		}
	}
	for _, span := range fresh {
		if _, err := t.ExecContext(ctx, `INSERT INTO coverage (tenant, connection_id, marketplace_id, level, from_at, to_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			l.Connection.Tenant, int64(l.Connection.ID), marketplace, level, ms(span.From), ms(span.To)); err != nil {
			return fmt.Errorf("merge coverage: %w", err)
		}
	}
	return nil
}

// saveDoubts writes what of the doubts has changed.
func (t *tx) saveDoubts(ctx context.Context, l *Lease, marketplace string, before, after []ordersync.Doubt) error {
	gone, fresh := difference(before, after)
	for _, d := range gone {
		if _, err := t.ExecContext(ctx, `DELETE FROM doubts WHERE tenant = $1 AND connection_id = $2 AND marketplace_id = $3 AND from_at = $4`,
			l.Connection.Tenant, int64(l.Connection.ID), marketplace, ms(d.From)); err != nil {
			return fmt.Errorf("save doubts: %w", err)
		}
	}
	for _, d := range fresh {
		if _, err := t.ExecContext(ctx, `INSERT INTO doubts (tenant, connection_id, marketplace_id, from_at, to_at, read_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			l.Connection.Tenant, int64(l.Connection.ID), marketplace, ms(d.From), ms(d.To), ms(d.ReadAt)); err != nil {
			return fmt.Errorf("save doubts: %w", err)
		}
	}
	return nil
}

// difference lists what is only in before and what is only in after.
func difference[T comparable](before, after []T) (gone, fresh []T) {
	for _, v := range before {
		if !slices.Contains(after, v) {
			gone = append(gone, v)
		}
	}
	for _, v := range after {
		if !slices.Contains(before, v) {
			fresh = append(fresh, v)
		}
	}
	return gone, fresh
}

// shun keeps a window apart that could not be read, until a time.
func (t *tx) shun(ctx context.Context, l *Lease, v ordersync.Shunned) error {
	_, err := t.ExecContext(ctx, `INSERT INTO shunned (tenant, connection_id, from_at, to_at, until_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, connection_id, from_at) DO UPDATE SET to_at = excluded.to_at, until_at = excluded.until_at`,
		l.Connection.Tenant, int64(l.Connection.ID), ms(v.From), ms(v.To), ms(v.Until))
	if err != nil {
		return fmt.Errorf("shun window: %w", err)
	}
	return nil
}

// Shunned lists the windows of a connection that could not be read.
func (t TenantReader) Shunned(ctx context.Context, id ordersync.ConnectionID) ([]ordersync.Shunned, error) {
	return shunned(ctx, t.r.db, t.tenant, id)
}

// Shunned lists the windows of the lease's connection that could not be read.
func (s *Store) Shunned(ctx context.Context, l *Lease) ([]ordersync.Shunned, error) {
	return shunned(ctx, s.db, l.Connection.Tenant, l.Connection.ID)
}

func shunned(ctx context.Context, q querier, tenant ordersync.TenantID, id ordersync.ConnectionID) (out []ordersync.Shunned, err error) {
	rows, err := q.QueryContext(ctx, `SELECT from_at, to_at, until_at FROM shunned WHERE tenant = $1 AND connection_id = $2 ORDER BY from_at`, tenant, int64(id))
	if err != nil {
		return nil, fmt.Errorf("read shunned windows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var from, to, until int64
		if err := rows.Scan(&from, &to, &until); err != nil {
			return nil, fmt.Errorf("read shunned windows: %w", err)
		}
		out = append(out, ordersync.Shunned{Window: ordersync.Window{From: msTime(from), To: msTime(to)}, Until: msTime(until)})
	}
	return out, rows.Err()
}
