package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ordersync"
)

// Commit is what one step of an execution writes, all of it or nothing. Parts
// that are zero are left out.
type Commit struct {
	Kind ordersync.WalkKind

	Learned *Learned // what the answer said of its budget
	Page    *Page
	// Walk is the walk after the page, with Seen of it; EndWalk forgets it.
	Walk    *ordersync.Walk
	Seen    Seen
	EndWalk bool

	Covered *Covered
	// Cursor and LiveWidth go forward with a complete live window, BackWidth and
	// Sweep with one of back work.
	Cursor    time.Time
	LiveWidth time.Duration
	BackWidth time.Duration
	Sweep     *ordersync.SweepState
	Repairs   []ordersync.Repair

	// Stuck is where live work stands now; nil: as before.
	Stuck *Stuck

	Marketplaces []string // as just discovered
	// MarketplacesEmptyAt and MarketplacesAgainAt are those of the connection;
	// nil: as before, zero: no more. A list that was discovered ends both.
	MarketplacesEmptyAt, MarketplacesAgainAt *time.Time

	Polled bool // live work asked Amazon, or tried to
	// BackCalls and SweepCalls are the calls to be counted.
	BackCalls, SweepCalls int64
	BackFailures          *int
	SetAside              *SetAsideTry
	Shun                  *ordersync.Shunned

	// Slow tells whether Amazon answers slowly: a timeout says so, and only a page
	// that came in time says otherwise; nil: as before.
	Slow *bool

	// State is the connection's state from now on, "" for the same as before;
	// Cause says why. One that is said again counts anew.
	State ordersync.State
	Cause string
	// Failed is the kind of failure that incidents are made of; "" for others.
	Failed FailureKind
	// RevokedAt and DeniedAt mark when Amazon first said so; nil: as before,
	// zero: it said otherwise.
	RevokedAt, DeniedAt *time.Time
	// PersonalDeniedAt marks when Amazon refused to be asked for personal data.
	PersonalDeniedAt *time.Time
	// NoFailures tells that what failed in a row before says nothing any more.
	NoFailures bool

	// Settle ends every open target of the connection.
	Settle *Settle
	// Release ends the lease; LiveDueAt is then when live work is due again
	// (nil: as before, zero: never by itself).
	Release   bool
	LiveDueAt *time.Time
	BackDueAt *time.Time
}

// Stuck is a window that Amazon does not answer: since when, and its end. Zero:
// live work stands before none.
type Stuck struct{ At, To time.Time }

// Settle is the outcome of live work.
type Settle struct {
	Outcome ordersync.Outcome
	// BegunAt is when live work began that reached SUCCESS, Pages how many it took.
	BegunAt time.Time
	Pages   int
	// Failed counts towards the backoff; everything else resets it, unless
	// KeepFailures.
	Failed, KeepFailures bool
}

// Commit writes one step. It returns what the page changed.
func (s *Store) Commit(ctx context.Context, l *Lease, c Commit) (counts ordersync.Counts, err error) {
	var next ordersync.Connection
	err = s.write(ctx, l, "commit", c.Release, func(ctx context.Context, t *tx) error {
		next = l.Connection
		if counts, err = t.commitWork(ctx, l, c, s); err != nil {
			return err
		}
		return t.commitConnection(ctx, l, c, counts, &next)
	})
	if err != nil {
		return ordersync.Counts{}, err
	}
	l.Connection = next
	if c.LiveDueAt != nil {
		l.LiveDueAt = *c.LiveDueAt
	}
	if c.BackDueAt != nil {
		l.BackDueAt = *c.BackDueAt
	}
	s.watch.committed(ctx, c, counts)
	return counts, nil
}

// commitWork writes what lies outside the connection's row.
func (t *tx) commitWork(ctx context.Context, l *Lease, c Commit, s *Store) (counts ordersync.Counts, err error) {
	if c.Learned != nil {
		if err := t.learn(ctx, *c.Learned); err != nil {
			return counts, err
		}
	}
	if c.Page != nil {
		if counts, err = t.savePage(ctx, l, *c.Page, s); err != nil {
			return counts, fmt.Errorf("save page: %w", err)
		}
		if c.Walk != nil || c.EndWalk {
			if err := t.placeUnkeyed(ctx, l, c.Kind, c.Page.Unreadable); err != nil {
				return counts, err
			}
		}
	}
	switch {
	case c.EndWalk:
		err = t.dropWalk(ctx, l, c.Kind)
	case c.Walk != nil:
		if err = t.saveWalk(ctx, l, *c.Walk); err == nil && c.Page != nil {
			err = t.remember(ctx, l, *c.Walk, c.Seen)
		}
	}
	if err != nil {
		return counts, err
	}
	if c.Covered != nil {
		if err := t.cover(ctx, l, *c.Covered); err != nil {
			return counts, err
		}
	}
	if c.Shun != nil {
		if err := t.shun(ctx, l, *c.Shun); err != nil {
			return counts, err
		}
	}
	if c.SetAside != nil {
		if err := t.setAsideTried(ctx, l, *c.SetAside); err != nil {
			return counts, err
		}
	}
	return counts, t.saveRepairs(ctx, l, c.Repairs)
}

func (t *tx) saveRepairs(ctx context.Context, l *Lease, repairs []ordersync.Repair) error {
	for _, r := range repairs {
		_, err := t.ExecContext(ctx, `INSERT INTO repairs (tenant, connection_id, epoch, step, code, at, old_value, new_value)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			l.Connection.Tenant, int64(l.Connection.ID), l.Epoch, l.Step, r.Code, ms(t.now), append([]byte{}, r.Old...), r.New)
		if err != nil {
			return fmt.Errorf("save repair: %w", err)
		}
	}
	return nil
}

// commitConnection writes the connection's row and settles its targets.
func (t *tx) commitConnection(ctx context.Context, l *Lease, c Commit, counts ordersync.Counts, next *ordersync.Connection) error {
	set := columns{}
	set.put("committed_at", ms(t.now))
	if c.Kind == ordersync.Live && counts != (ordersync.Counts{}) {
		set.add("live_orders", counts.OrdersReceived)
		set.add("live_items", counts.ItemsReceived)
		set.add("live_created", counts.OrdersCreated)
		set.add("live_changed", counts.OrdersChanged)
		set.add("live_set_aside", counts.SetAside)
	}
	if !c.Cursor.IsZero() {
		set.put("cursor_at", ms(c.Cursor))
		set.put("cursor_given", nil)
		next.Cursor, next.GivenCursor = c.Cursor, nil
	}
	if c.LiveWidth != 0 {
		set.put("live_width_ms", millis(c.LiveWidth))
		next.LiveWidth = c.LiveWidth
	}
	if c.Stuck != nil {
		set.put("live_stuck_at", msOrNull(c.Stuck.At))
		set.put("live_stuck_to", msOrNull(c.Stuck.To))
		next.StuckAt, next.StuckTo = c.Stuck.At, c.Stuck.To
	}
	t.backColumns(&set, c, next)
	t.verdictColumns(&set, c, next)
	t.marketplaceColumns(&set, c, next)
	if c.Slow != nil && *c.Slow != next.Slow {
		set.put("slow", *c.Slow)
		next.Slow = *c.Slow
	}
	if c.Polled {
		set.put("last_polled_at", ms(t.now))
		next.LastPolledAt = t.now
	}
	if c.Settle != nil {
		t.settleColumns(&set, *c.Settle, next)
	}
	if c.LiveDueAt != nil {
		set.put("live_due_at", msOrNull(*c.LiveDueAt))
	}
	if c.BackDueAt != nil {
		set.put("back_due_at", msOrNull(*c.BackDueAt))
	}
	if err := t.update(ctx, l.Connection.ID, set); err != nil {
		return fmt.Errorf("save connection: %w", err)
	}
	if err := t.ringAgain(ctx, c, *next); err != nil {
		return err
	}
	if c.State != "" {
		if err := t.stateChange(ctx, l.Connection.Tenant, l.Connection.ID, l.Epoch, l.Step, l.Connection.State, c.State, c.Cause); err != nil {
			return err
		}
	}
	if c.Settle == nil {
		return nil
	}
	return t.settleTargets(ctx, l.Connection.ID, c.Settle.Outcome)
}

// marketplaceColumns are what discovery says.
func (t *tx) marketplaceColumns(set *columns, c Commit, next *ordersync.Connection) {
	if c.Marketplaces != nil {
		if c.BackDueAt == nil && !next.Cursor.IsZero() && someNew(next.Marketplaces, c.Marketplaces) {
			set.put("back_due_at", ms(t.now)) // its history is a gap
		}
		set.put("marketplaces", list(c.Marketplaces))
		set.put("marketplaces_at", ms(t.now))
		next.Marketplaces, next.MarketplacesAt = c.Marketplaces, t.now
		c.MarketplacesEmptyAt, c.MarketplacesAgainAt = &time.Time{}, &time.Time{}
	}
	if c.MarketplacesEmptyAt != nil {
		set.put("marketplaces_empty_at", msOrNull(*c.MarketplacesEmptyAt))
		next.MarketplacesEmptyAt = *c.MarketplacesEmptyAt
	}
	if c.MarketplacesAgainAt != nil {
		set.put("marketplaces_again_at", msOrNull(*c.MarketplacesAgainAt))
		next.MarketplacesAgainAt = *c.MarketplacesAgainAt
	}
}

// backColumns are what back work moves.
func (t *tx) backColumns(set *columns, c Commit, next *ordersync.Connection) {
	if c.BackWidth != 0 {
		set.put("back_width_ms", millis(c.BackWidth))
		next.BackWidth = c.BackWidth
	}
	if c.Sweep != nil {
		set.put("sweep_begun_at", msOrNull(c.Sweep.BegunAt))
		set.put("sweep_next_from", msOrNull(c.Sweep.NextFrom))
		set.put("swept_at", msOrNull(c.Sweep.LastAt))
		next.Sweep = *c.Sweep
	}
	if c.BackCalls != 0 {
		set.add("back_calls", c.BackCalls)
		set.add("sweep_calls", c.SweepCalls)
		next.BackCalls, next.SweepCalls = next.BackCalls+c.BackCalls, next.SweepCalls+c.SweepCalls
	}
	if c.BackFailures != nil {
		set.put("back_failures", *c.BackFailures)
		next.BackFailures = *c.BackFailures
	}
}

// verdictColumns are what Amazon's word changes of the connection itself.
func (t *tx) verdictColumns(set *columns, c Commit, next *ordersync.Connection) {
	if c.State != "" {
		set.put("state", c.State)
		set.put("state_since", ms(t.now))
		next.State, next.StateSince = c.State, t.now
	}
	if c.Failed != "" {
		set.put("failed_kind", c.Failed)
		set.put("failed_at", ms(t.now))
	}
	if c.RevokedAt != nil {
		set.put("revoked_at", msOrNull(*c.RevokedAt))
		next.RevokedAt = *c.RevokedAt
	}
	if c.DeniedAt != nil {
		set.put("denied_at", msOrNull(*c.DeniedAt))
		next.DeniedAt = *c.DeniedAt
	}
	if c.PersonalDeniedAt != nil {
		set.put("personal_denied_at", msOrNull(*c.PersonalDeniedAt))
		next.PersonalDeniedAt = *c.PersonalDeniedAt
	}
	if c.NoFailures && c.Settle == nil {
		set.put("failures", 0)
		next.Failures = 0
	}
}

// ringAgain rings for work that stays due when the lease is given back.
func (t *tx) ringAgain(ctx context.Context, c Commit, next ordersync.Connection) error {
	stays := func(at *time.Time) bool { return at != nil && !at.IsZero() && !at.After(t.now) }
	switch {
	case !c.Release:
		return nil
	case stays(c.LiveDueAt):
		return t.ring(ctx, Rung{next.ID, Due, next.Slow})
	case stays(c.BackDueAt):
		return t.ring(ctx, Rung{next.ID, CanWait, next.Slow})
	}
	return nil
}

func (t *tx) settleColumns(set *columns, s Settle, next *ordersync.Connection) {
	if next.LastReason != s.Outcome.Reason || next.ReasonSince.IsZero() {
		set.put("reason_since", ms(t.now))
		next.ReasonSince = t.now
	}
	set.put("last_reason", s.Outcome.Reason)
	set.put("last_message", ordersync.CleanText(s.Outcome.Text()))
	set.put("last_confirmed", s.Outcome.Confirmed)
	set.put("last_reason_at", ms(t.now))
	next.LastReason, next.LastMessage, next.LastConfirmed, next.LastReasonAt = s.Outcome.Reason, s.Outcome.Text(), s.Outcome.Confirmed, t.now
	switch {
	case s.Failed:
		set.add("failures", 1)
		next.Failures++
	case !s.KeepFailures:
		set.put("failures", 0)
		next.Failures = 0
	}
	if s.Outcome.Reason == ordersync.Success {
		set.put("last_success_at", ms(t.now))
		set.put("live_begun_at", msOrNull(s.BegunAt))
		set.put("live_pages", s.Pages)
		next.LastSuccessAt, next.LivePages = t.now, s.Pages
	}
}

// settleTargets settles every open target of a connection with what live work
// received since each was opened.
func (t *tx) settleTargets(ctx context.Context, id ordersync.ConnectionID, o ordersync.Outcome) error {
	_, err := t.settleWhere(ctx, `connection_id = $8 AND settled_at IS NULL`, []any{int64(id)}, o)
	return err
}

// columns collects the assignments of one UPDATE of a connection.
type columns struct {
	text []string
	args []any
}

func (c *columns) put(name string, value any) {
	c.args = append(c.args, value)
	c.text = append(c.text, fmt.Sprintf("%s = $%d", name, len(c.args)+1))
}

func (c *columns) add(name string, n int64) {
	c.args = append(c.args, n)
	c.text = append(c.text, fmt.Sprintf("%s = %s + $%d", name, name, len(c.args)+1))
}

// claim raises the epoch and ends the lease: an operator's act is a claim too.
func (c *columns) claim() {
	c.add("epoch", 1)
	c.put("lease_until", 0)
	c.text = append(c.text, "taken_step = step")
}

func (t *tx) update(ctx context.Context, id ordersync.ConnectionID, c columns) error {
	if len(c.text) == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE connections SET `+strings.Join(c.text, ", ")+` WHERE id = $1`, append([]any{int64(id)}, c.args...)...)
	return err
}
