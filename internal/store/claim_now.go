package store

import (
	"context"
	"time"

	"ordersync"
)

// ClaimNow takes the lease of a connection although nothing of it may be due, for
// an act that must not meet a worker. It returns nil without an error while
// somebody else holds the lease, and for a connection that does not work.
//
// The ring mark is cleared: a doorbell that rings meanwhile finds the lease taken,
// and the next tick rings again.
func (s *Store) ClaimNow(ctx context.Context, id ordersync.ConnectionID, holder string, length time.Duration) (*Lease, error) {
	var lease *Lease
	err := s.inTx(ctx, "claim connection at once", func(ctx context.Context, t *tx) error {
		lease = nil
		if !t.sure {
			return nil
		}
		n, err := t.exec(ctx, `UPDATE connections
			SET epoch = epoch + 1, taken_step = step, lease_until = $2, holder = $3, rung_at = NULL, committed_at = $4
			WHERE id = $1 AND lease_until <= $4 AND NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT')`,
			int64(id), ms(t.now.Add(length)), holder, ms(t.now))
		if err != nil || n == 0 {
			return err
		}
		lease, err = t.lease(ctx, id)
		if err == nil {
			lease.length = length
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return lease, nil
}
