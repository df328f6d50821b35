package store

import (
	"context"
	"fmt"
	"time"

	"ordersync"
)

// Operator's acts on a connection. Each is itself a claim: it raises the epoch,
// so that what a worker has under way cannot be written any more, and settles
// the targets that it makes unreachable. One that changes nothing disturbs
// nothing.

// acted is what an act comes to.
type acted struct {
	columns
	claims bool // raise the epoch and end the lease
	due    bool // there is work now: ring
	// noted is the cause to be written down among the changes of state; "": none.
	noted string
	to    ordersync.State // that it goes to; "": its state stays
}

// act changes one connection of a tenant.
func (s *Store) act(ctx context.Context, what string, tenant ordersync.TenantID, id ordersync.ConnectionID, fn func(context.Context, *tx, connectionRow, *acted) error) error {
	return s.inTx(ctx, what, func(ctx context.Context, t *tx) error {
		c, err := t.lockConnection(ctx, tenant, id)
		if err != nil {
			return err
		}
		epoch := c.epoch
		var a acted
		if err := fn(ctx, t, c, &a); err != nil {
			return err
		}
		if a.claims {
			epoch++
			a.claim()
		}
		if a.due {
			a.put("rung_at", nil)
		}
		if err := t.update(ctx, id, a.columns); err != nil {
			return err
		}
		if a.noted != "" {
			to := c.State
			if a.to != "" {
				to = a.to
			}
			if err := t.stateChange(ctx, tenant, id, epoch, c.step, c.State, to, a.noted); err != nil {
				return err
			}
		}
		if a.due {
			return t.ring(ctx, Rung{Connection: id, Urgency: Due, Slow: c.Slow})
		}
		return nil
	})
}

// lockConnection locks a connection of a tenant and reads it.
func (t *tx) lockConnection(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (c connectionRow, err error) {
	// Setting a column to itself locks the row on both databases.
	n, err := t.exec(ctx, `UPDATE connections SET epoch = epoch WHERE tenant = $1 AND id = $2`, tenant, int64(id))
	switch {
	case err != nil:
		return c, fmt.Errorf("lock connection: %w", err)
	case n == 0:
		return c, ErrNotFound
	}
	return scanConnection(t.QueryRowContext(ctx, `SELECT `+connectionColumns+` FROM connections WHERE tenant = $1 AND id = $2`, tenant, int64(id)))
}

// Pause stops a connection's work until it is resumed.
func (s *Store) Pause(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	err := s.act(ctx, "pause connection", tenant, id, func(ctx context.Context, t *tx, c connectionRow, a *acted) error {
		if c.Paused {
			return nil
		}
		a.claims, a.noted = true, "paused"
		a.put("paused", true)
		a.put("paused_at", ms(t.now))
		return t.settleTargets(ctx, c.ID, ordersync.Outcome{Reason: ordersync.Paused})
	})
	return err
}

// Resume lets a paused connection work again, at once.
func (s *Store) Resume(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	err := s.act(ctx, "resume connection", tenant, id, func(_ context.Context, t *tx, c connectionRow, a *acted) error {
		if !c.Paused {
			return nil
		}
		a.claims, a.noted = true, "resumed"
		a.put("paused", false)
		a.put("paused_at", nil)
		if works(c.State) {
			a.put("live_due_at", ms(t.now))
			a.due = true
		}
		return nil
	})
	return err
}

// Change is what an operator sets of a connection; nil leaves as it is, zero
// means the service's setting.
type Change struct {
	Interval, History *time.Duration
	PersonalData      *bool
	WantedSince       *time.Time // history is wanted from here on, whatever History says
}

// Set changes a connection's settings. History that is wanted is read at once;
// personal data that may be held no longer is forgotten by the next purges.
func (s *Store) Set(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, v Change) error {
	err := s.act(ctx, "change connection", tenant, id, func(ctx context.Context, t *tx, c connectionRow, a *acted) error {
		a.setDurations(v, c, t.now)
		if v.WantedSince != nil && !msTimeOrZero(*v.WantedSince).Equal(c.WantedSince) {
			a.put("wanted_since", msOrNull(*v.WantedSince))
		}
		if v.PersonalData != nil && *v.PersonalData != c.PersonalData {
			a.put("personal_data", *v.PersonalData)
			a.put("purge_due_at", 0)
			a.put("personal_denied_at", nil)
			// Their stored queries ask for what may now be asked for no longer, or not yet.
			if err := t.dropWalks(ctx, c.Connection); err != nil {
				return err
			}
		}
		a.claims = len(a.text) > 0
		if (v.History != nil || v.WantedSince != nil) && c.State == ordersync.Connected && !c.Cursor.IsZero() {
			a.put("back_due_at", ms(t.now))
			a.due = true
		}
		return nil
	})
	return err
}

// setDurations sets the interval and the history where they differ. A shorter
// interval counts from now on, not only after the longer one has passed.
func (a *acted) setDurations(v Change, c connectionRow, now time.Time) {
	put := func(name string, d *time.Duration, have time.Duration) {
		switch {
		case d == nil || *d == have:
		case *d == 0:
			a.put(name, nil)
		default:
			a.put(name, millis(*d))
		}
	}
	put("interval_ms", v.Interval, c.Interval)
	put("history_ms", v.History, c.History)
	if v.Interval != nil && *v.Interval > 0 && c.liveDueAt.After(now.Add(*v.Interval)) {
		a.put("live_due_at", ms(now.Add(*v.Interval)))
	}
}

// msTimeOrZero is a time as it will be read again.
func msTimeOrZero(v time.Time) time.Time {
	if v.IsZero() {
		return v
	}
	return msTime(ms(v))
}

// dropWalks forgets what a connection has under way; it is begun again.
func (t *tx) dropWalks(ctx context.Context, c ordersync.Connection) error {
	for _, kind := range []ordersync.WalkKind{ordersync.Live, ordersync.Back} {
		if err := t.dropWalk(ctx, &Lease{Connection: c}, kind); err != nil {
			return err
		}
	}
	return nil
}
