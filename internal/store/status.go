package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ordersync"
)

// ConnectionStatus is a connection as an operator sees it.
type ConnectionStatus struct {
	ordersync.Connection
	HasRefreshToken bool
	LiveDueAt       time.Time // zero: not by itself
	BackDueAt       time.Time
	LeaseUntil      time.Time // in the past: nobody works on it
	SetAside        int64     // orders
	Coverage        Coverage
}

// Complete is from when until when a connection's data is complete at every one
// of its marketplaces: the newest stretch without a gap. Zero times: not yet.
type Complete struct{ From, Until time.Time }

// WalkedThrough is the stretch that was read at least once.
func (s ConnectionStatus) WalkedThrough() Complete {
	return complete(s.Coverage.Walked, s.Marketplaces)
}

// ConfirmedThrough is the stretch that was read without doubt.
func (s ConnectionStatus) ConfirmedThrough() Complete {
	return complete(s.Coverage.Confirmed, s.Marketplaces)
}

func complete(spans map[string]ordersync.Spans, marketplaces []string) (c Complete) {
	for i, m := range marketplaces {
		have := spans[m]
		if len(have) == 0 {
			return Complete{}
		}
		last := have[len(have)-1]
		if i == 0 || last.From.After(c.From) {
			c.From = last.From
		}
		if i == 0 || last.To.Before(c.Until) {
			c.Until = last.To
		}
	}
	if !c.From.Before(c.Until) {
		return Complete{}
	}
	return c
}

// StatusPage asks for a page of connections, those whose last success is oldest
// first.
type StatusPage struct {
	Tenant ordersync.TenantID // "": all
	After  StatusMark         // where the page before ended
	Limit  int
}

// StatusMark is a place in the list of connections. The zero value is its
// beginning.
type StatusMark struct {
	Success int64 // last success, milliseconds; 0 never
	ID      ordersync.ConnectionID
}

// defaultPage is how long a page is that nobody gave a length.
const defaultPage = 100

// statusColumns are what a page of connections reads.
const statusColumns = connectionColumns + `, lease_until,
	EXISTS (SELECT 1 FROM secrets s WHERE s.tenant = connections.tenant AND s.connection_id = connections.id AND s.name = '` + RefreshToken + `'),
	(SELECT COUNT(*) FROM set_aside a WHERE a.tenant = connections.tenant AND a.connection_id = connections.id)`

// The page of all connections follows the index connections_success; a tenant
// has few.
const (
	statusQuery = `SELECT ` + statusColumns + ` FROM connections
		WHERE (COALESCE(last_success_at, 0), id) > ($1, $2) ORDER BY COALESCE(last_success_at, 0), id LIMIT $3`
	statusOfTenantQuery = `SELECT ` + statusColumns + ` FROM connections
		WHERE tenant = $4 AND (COALESCE(last_success_at, 0), id) > ($1, $2) ORDER BY COALESCE(last_success_at, 0), id LIMIT $3`
)

// Status reads a page of connections with their coverage. next is where the
// following page begins; zero after the last.
func (r *Reader) Status(ctx context.Context, p StatusPage) (out []ConnectionStatus, next StatusMark, err error) {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	query, args := statusQuery, []any{p.After.Success, int64(p.After.ID), p.Limit}
	if p.Tenant != "" {
		query, args = statusOfTenantQuery, append(args, p.Tenant)
	}
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, next, fmt.Errorf("read status: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s ConnectionStatus
		var lease int64
		c, err := scanConnection(rows, &lease, &s.HasRefreshToken, &s.SetAside)
		if err != nil {
			return nil, next, fmt.Errorf("read status: %w", err)
		}
		s.Connection, s.LiveDueAt, s.BackDueAt, s.LeaseUntil = c.Connection, c.liveDueAt, c.backDueAt, msTime(lease)
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, next, fmt.Errorf("read status: %w", err)
	}
	if len(out) == p.Limit {
		last := out[len(out)-1]
		next.ID = last.ID
		if !last.LastSuccessAt.IsZero() {
			next.Success = ms(last.LastSuccessAt)
		}
	}
	return out, next, r.addCoverage(ctx, out)
}

// addCoverage reads the coverage of a page of connections, all of it at once.
func (r *Reader) addCoverage(ctx context.Context, page []ConnectionStatus) error {
	if len(page) == 0 {
		return nil
	}
	of := make(map[int64]*Coverage, len(page))
	args := make([]any, 0, len(page))
	for i := range page {
		page[i].Coverage = newCoverage()
		of[int64(page[i].ID)] = &page[i].Coverage
		args = append(args, int64(page[i].ID))
	}
	rows, err := r.db.QueryContext(ctx, `WITH page AS (SELECT tenant, id FROM connections WHERE id IN `+r.kind.placeholders(1, len(args))+`)
		SELECT id, marketplace_id, level, from_at, to_at, 0 FROM page p JOIN coverage v ON v.tenant = p.tenant AND v.connection_id = p.id
		UNION ALL SELECT id, marketplace_id, 'doubt', from_at, to_at, read_at FROM page p JOIN doubts d ON d.tenant = p.tenant AND d.connection_id = p.id
		ORDER BY 1, 2, 3, 4`, args...)
	if err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var row coverageRow
		if err := rows.Scan(&id, &row.marketplace, &row.level, &row.from, &row.to, &row.readAt); err != nil {
			return fmt.Errorf("read coverage: %w", err)
		}
		of[id].add(row)
	}
	return rows.Err()
}

// FleetTotals are the numbers over all connections.
type FleetTotals struct {
	Connections, Tenants, WithToken int64
	Paused                          int64
	ByState                         map[ordersync.State]int64
	ByReason                        map[ordersync.Reason]int64
	Orders, Items, SetAside         int64
	// OldestComplete is the oldest end of coverage (walked) of a connection that
	// is connected and not paused; zero when there is none, or while one of them is
	// not complete at every one of its marketplaces.
	OldestComplete time.Time
}

// oldestComplete is the oldest end of [ConnectionStatus.WalkedThrough].
const oldestComplete = `(SELECT CASE WHEN COUNT(*) = COUNT(until_at) THEN MIN(until_at) END FROM (
	SELECT (SELECT CASE WHEN COUNT(*) = LENGTH(c.marketplaces) - LENGTH(REPLACE(c.marketplaces, ',', '')) + 1 AND MAX(from_at) < MIN(to_at) THEN MIN(to_at) END
		FROM (SELECT MAX(v.from_at) AS from_at, MAX(v.to_at) AS to_at FROM coverage v
			WHERE v.tenant = c.tenant AND v.connection_id = c.id AND v.level = 'walked'
			AND ',' || c.marketplaces || ',' LIKE '%,' || v.marketplace_id || ',%' GROUP BY v.marketplace_id) AS m) AS until_at
	FROM connections c WHERE c.state = 'CONNECTED' AND NOT c.paused) AS o)`

// Totals counts the fleet.
func (r *Reader) Totals(ctx context.Context) (t FleetTotals, err error) {
	t.ByState, t.ByReason = map[ordersync.State]int64{}, map[ordersync.Reason]int64{}
	var oldest sql.NullInt64
	err = r.db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(DISTINCT tenant), COALESCE(SUM(orders), 0), COALESCE(SUM(items), 0),
			COALESCE(SUM(CASE WHEN paused THEN 1 ELSE 0 END), 0),
			(SELECT COUNT(DISTINCT tenant) FROM secrets WHERE name = '`+RefreshToken+`'), (SELECT COUNT(*) FROM set_aside),
			`+oldestComplete+`
		FROM connections`).Scan(&t.Connections, &t.Tenants, &t.Orders, &t.Items, &t.Paused, &t.WithToken, &t.SetAside, &oldest)
	if err != nil {
		return t, fmt.Errorf("count the fleet: %w", err)
	}
	t.OldestComplete = at(oldest)
	rows, err := r.db.QueryContext(ctx, `SELECT state, last_reason, COUNT(*) FROM connections GROUP BY state, last_reason`)
	if err != nil {
		return t, fmt.Errorf("count the fleet: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state ordersync.State
		var reason ordersync.Reason
		var n int64
		if err := rows.Scan(&state, &reason, &n); err != nil {
			return t, fmt.Errorf("count the fleet: %w", err)
		}
		t.ByState[state] += n
		if reason != "" {
			t.ByReason[reason] += n
		}
	}
	return t, rows.Err()
}
