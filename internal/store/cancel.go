package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ordersync"
)

// CancelRun asks for a run to end: what is open of it is settled INTERRUPTED, now
// if it can be, otherwise by the next tick of any process. The work itself goes on
// as due. Cancelling a run that has finished changes nothing.
func (s *Store) CancelRun(ctx context.Context, id ordersync.RunID) error {
	var open bool
	err := s.inTx(ctx, "cancel run", func(ctx context.Context, t *tx) error {
		r, err := runByID(ctx, t, id)
		open = r.State != ordersync.RunFinished
		if err != nil || !open {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE runs SET cancelled_at = COALESCE(cancelled_at, $2) WHERE id = $1 AND state <> 'finished'`, id, ms(t.now))
		return err
	})
	if err != nil || !open {
		return err
	}
	return s.settleRun(ctx, id)
}

// settleLocked is the condition of a target whose connection somebody holds who
// has committed nothing since $9; the run's id is $8, now is $10.
const settleLocked = `run_id = $8 AND settled_at IS NULL AND EXISTS (SELECT 1 FROM connections c
	WHERE c.id = targets.connection_id AND c.lease_until > $10 AND c.committed_at <= $9)`

// SettleLocked settles the open targets of connections whose holder has neither
// taken the lease nor committed anything for twice the lease, in runs that are at
// least as old: somebody holds them and does not get on. What waits for a free
// worker goes on waiting.
func (s *Store) SettleLocked(ctx context.Context, lease time.Duration) error {
	open, err := s.reader.openRuns(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	open = slices.DeleteFunc(open, func(r openRun) bool { return now.Sub(r.OpenedAt) < 2*lease })
	if len(open) == 0 {
		return nil
	}
	held, err := s.reader.anybodyHolds(ctx, now, now.Add(-2*lease))
	if err != nil || !held {
		return err
	}
	for _, r := range open {
		err := s.inTx(ctx, "settle locked targets", func(ctx context.Context, t *tx) error {
			_, err := t.settleWhere(ctx, settleLocked, []any{r.ID, ms(t.now.Add(-2 * lease)), ms(t.now)}, ordersync.Outcome{Reason: ordersync.LockUnavailable})
			return err
		})
		if err != nil {
			return fmt.Errorf("settle locked targets: %w", err)
		}
	}
	return nil
}

// anybodyHolds tells whether a run waits for a connection whose holder has
// committed nothing since. That is rare, and seen here without the writer.
func (r *Reader) anybodyHolds(ctx context.Context, now, since time.Time) (held bool, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM connections c WHERE c.lease_until > $1 AND c.committed_at <= $2
		AND EXISTS (SELECT 1 FROM targets WHERE connection_id = c.id AND settled_at IS NULL))`, ms(now), ms(since)).Scan(&held)
	if err != nil {
		return false, fmt.Errorf("look for locked targets: %w", err)
	}
	return held, nil
}
