package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// Lease is the exclusive right to write for a connection. The store moves its
// Step and Connection forward with each transaction that succeeds; one that
// fails with [ErrLeaseLost] ends the right for good.
type Lease struct {
	Connection ordersync.Connection
	Epoch      int64
	Step       int64
	// LiveDueAt and BackDueAt are when the work of each kind was due; zero: not.
	LiveDueAt, BackDueAt time.Time
	// Traces are those in which the runs were asked for that waited for this connection
	// at the claim, as [NewRun] has them: some of them, where there are many.
	Traces []string
	length time.Duration
}

// Version is the version of what a request sees whose token was taken last.
func (l *Lease) Version(lastUpdated time.Time) ordersync.Version {
	return ordersync.Version{LastUpdatedAt: lastUpdated, Epoch: l.Epoch, Step: l.Step}
}

// ErrLeaseLost says that another worker or an operator has taken the
// connection: nothing was written, and nothing may be. (Where the answer to a
// COMMIT was lost and two others have taken the connection before it could be
// asked for, it may have been written.)
var ErrLeaseLost = errors.New("the lease of the connection is lost: another worker or an operator has taken it")

// Claim takes the lease of a connection that is due, free and not paused, for
// the given length. It returns nil without an error when there is nothing to
// claim, and while the time is not known well enough to judge others' leases by.
func (s *Store) Claim(ctx context.Context, id ordersync.ConnectionID, holder string, length time.Duration) (*Lease, error) {
	var lease *Lease
	err := s.inTx(ctx, "claim connection", func(ctx context.Context, t *tx) error {
		lease = nil
		if !t.sure {
			return t.inVain(ctx, id)
		}
		n, err := t.exec(ctx, `UPDATE connections
			SET epoch = epoch + 1, taken_step = step, lease_until = $2, holder = $3, rung_at = NULL, committed_at = $4
			WHERE id = $1 AND lease_until <= $4 AND NOT paused
			AND state IN ('CONNECTED', 'NEEDS_RECONNECT')
			AND (live_due_at <= $4 OR back_due_at <= $4)`,
			int64(id), ms(t.now.Add(length)), holder, ms(t.now))
		if err != nil {
			return err
		}
		if n == 0 {
			return t.inVain(ctx, id)
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

// inVain takes the ring mark away when the doorbell was answered and nothing could
// be claimed: by this process's clock the work may not be due yet, and the next
// tick is to ring again.
func (t *tx) inVain(ctx context.Context, id ordersync.ConnectionID) error {
	_, err := t.exec(ctx, `UPDATE connections SET rung_at = NULL WHERE id = $1 AND rung_at IS NOT NULL`, int64(id))
	return err
}

// lease reads the claimed connection.
func (t *tx) lease(ctx context.Context, id ordersync.ConnectionID) (*Lease, error) {
	c, err := scanConnection(t.QueryRowContext(ctx, `SELECT `+connectionColumns+` FROM connections WHERE id = $1`, int64(id)))
	if err != nil {
		return nil, fmt.Errorf("read claimed connection: %w", err)
	}
	l := &Lease{Connection: c.Connection, Epoch: c.epoch, Step: c.step, LiveDueAt: c.liveDueAt, BackDueAt: c.backDueAt}
	l.Traces, err = t.traces(ctx, id)
	return l, err
}

// mostTraces is how many runs an execution points to.
const mostTraces = 8

// traces are those of the runs that wait for a connection, the newest first.
func (t *tx) traces(ctx context.Context, id ordersync.ConnectionID) (out []string, err error) {
	rows, err := t.QueryContext(ctx, `SELECT r.trace FROM targets g JOIN runs r ON r.id = g.run_id
		WHERE g.connection_id = $1 AND g.settled_at IS NULL AND r.trace <> '' ORDER BY g.run_id DESC LIMIT $2`, int64(id), mostTraces)
	if err != nil {
		return nil, fmt.Errorf("read the traces of its runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("read the traces of its runs: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// Dues reads again when the lease's work is due: a run may have asked for live
// work since the claim.
func (s *Store) Dues(ctx context.Context, l *Lease) error {
	var live, back sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT live_due_at, back_due_at FROM connections WHERE id = $1 AND epoch = $2`, int64(l.Connection.ID), l.Epoch).Scan(&live, &back)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("read due times: %w", err)
	}
	l.LiveDueAt, l.BackDueAt = at(live), at(back)
	return nil
}

// RepairsSince counts the repairs of a kind that the connection has had since.
func (s *Store) RepairsSince(ctx context.Context, l *Lease, code ordersync.RepairCode, since time.Time) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM repairs WHERE tenant = $1 AND connection_id = $2 AND code = $3 AND at >= $4`,
		l.Connection.Tenant, int64(l.Connection.ID), code, ms(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count repairs: %w", err)
	}
	return n, nil
}

// write runs fn in one transaction of the lease holder. The first statement
// moves the step; when there is no row for it, the lease is lost. The lease is
// renewed, or ended when release is set. A commit whose answer was lost is
// found by reading the step again and never repeated blindly.
func (s *Store) write(ctx context.Context, l *Lease, what string, release bool, fn func(context.Context, *tx) error) (err error) {
	ctx, ended := s.watch.transaction(ctx, what)
	defer func() { ended(err) }()
	unsure := false // whether an earlier try counts after all
	for try := 1; ; try++ {
		err := s.once(ctx, func(ctx context.Context, t *tx) error {
			until, unmark := t.now.Add(l.length), ""
			if release {
				// A lease that was given back has ended by anybody's clock. A doorbell
				// that came during the lease was spent on it.
				until, unmark = time.UnixMilli(0), `, rung_at = NULL`
			}
			n, err := t.exec(ctx, `UPDATE connections SET step = step + 1, lease_until = $4`+unmark+` WHERE id = $1 AND epoch = $2 AND step = $3`,
				int64(l.Connection.ID), l.Epoch, l.Step, ms(until))
			if err != nil {
				return fmt.Errorf("move step: %w", err)
			}
			if n == 0 {
				return ErrLeaseLost
			}
			return fn(ctx, t)
		})
		if err == nil {
			l.Step++
			return nil
		}
		unsure = unsure || isCommit(err)
		if !unsure && !retryable(err) {
			return fmt.Errorf("%s: %w", what, err)
		}
		done, again, err := s.afterError(ctx, l, err)
		if done {
			l.Step++
			return nil
		}
		if !again || try == txTries {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// afterError decides what an error of a lease holder's transaction means by
// reading the step again: done, to be tried again, or failed. Also a lease that
// seems lost may be its own doing: a server goes on with a COMMIT after the
// connection to who asked for it broke, and it may take effect between two tries.
func (s *Store) afterError(ctx context.Context, l *Lease, failed error) (done, again bool, err error) {
	ctx = context.WithoutCancel(ctx) // which may have ended just because the commit hung
	var epoch, step, taken int64
	err = s.db.QueryRowContext(ctx, `SELECT epoch, step, taken_step FROM connections WHERE id = $1`, int64(l.Connection.ID)).Scan(&epoch, &step, &taken)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, false, ErrLeaseLost
	case err != nil:
		return false, false, errors.Join(failed, fmt.Errorf("read step again: %w", err))
	case epoch == l.Epoch && step == l.Step+1:
		return true, false, nil
	case epoch == l.Epoch+1 && taken == l.Step+1:
		return true, false, nil // and somebody has taken the connection since
	case epoch == l.Epoch && step == l.Step && !errors.Is(failed, ErrLeaseLost):
		return false, retryable(failed) || isCommit(failed), failed
	}
	return false, false, ErrLeaseLost
}
