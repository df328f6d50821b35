package store

import (
	"context"
	"fmt"
	"time"

	"ordersync"
)

// AuthorizationPage asks for a page of the calendar of authorisations.
type AuthorizationPage struct {
	Until time.Time         // those that end before; those that have ended too
	After AuthorizationMark // where the page before ended
	Limit int               // 0: a hundred
}

// AuthorizationMark is a place in the calendar. The zero value is its beginning.
type AuthorizationMark struct {
	AuthorizedAt int64 // milliseconds
	ID           ordersync.ConnectionID
}

// Authorizations reads a page of the connections that work, or wait for their seller,
// and whose authorisation ends: those that end first come first. next is where the
// following page begins; zero after the last. The few that matter are a part of all,
// and nobody asks often: no index.
func (r *Reader) Authorizations(ctx context.Context, p AuthorizationPage) (out []ordersync.Connection, next AuthorizationMark, err error) {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	rows, err := connections(ctx, r.db, `WHERE state IN ($1, $2) AND authorized_at < $3 AND (authorized_at, id) > ($4, $5)
		ORDER BY authorized_at, id LIMIT $6`,
		ordersync.Connected, ordersync.NeedsReconnect, ms(p.Until.Add(-ordersync.AuthorizationTime)), p.After.AuthorizedAt, int64(p.After.ID), p.Limit)
	if err != nil {
		return nil, next, fmt.Errorf("read the calendar of authorisations: %w", err)
	}
	for _, c := range rows {
		out = append(out, c.Connection)
	}
	if len(out) == p.Limit {
		last := out[len(out)-1]
		next = AuthorizationMark{ms(last.AuthorizedAt), last.ID}
	}
	return out, next, nil
}

// UndatedAuthorizations counts the connections that work and of which nobody said when
// their seller consented: their end is not known.
func (r *Reader) UndatedAuthorizations(ctx context.Context) (n int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM connections WHERE state IN ($1, $2) AND authorized_at IS NULL`,
		ordersync.Connected, ordersync.NeedsReconnect).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count authorisations without a date: %w", err)
	}
	return n, nil
}
