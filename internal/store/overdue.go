package store

import (
	"context"
	"fmt"
	"time"

	"ordersync"
)

// Sample lists some connections that are to work, those whose last success is longest
// ago first.
func (r *Reader) Sample(ctx context.Context, limit int) ([]ordersync.Connection, error) {
	rows, err := connections(ctx, r.db, `WHERE state = 'CONNECTED' AND NOT paused ORDER BY COALESCE(last_success_at, 0), id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	out := make([]ordersync.Connection, len(rows))
	for i, c := range rows {
		out[i] = c.Connection
	}
	return out, nil
}

// Overdue counts connections whose live work has been due for a while and that
// nobody works on: of a fleet that is served there are none for long.
func (r *Reader) Overdue(ctx context.Context, now time.Time, since time.Duration) (n int64, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM connections WHERE `+mayWork+` AND live_due_at <= $1 AND lease_until <= $2`,
		ms(now.Add(-since)), ms(now)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count overdue connections: %w", err)
	}
	return n, nil
}
