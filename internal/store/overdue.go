package store

import (
	"context"
	"fmt"
	"time"
)

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
