package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// back does what can wait: orders set aside, then window after window as
// [ordersync.NextBackWork] chooses, until none is due, live work is, the budget
// is half empty, or the execution is spent.
func (x *execution) back(ctx context.Context) error {
	if err := x.retrySetAside(ctx); err != nil || x.ended {
		return err
	}
	for {
		walk, err := x.store.Walk(ctx, x.lease, ordersync.Back)
		if err != nil {
			return err
		}
		if walk == nil {
			var rest time.Time
			if walk, rest, err = x.newBackWalk(ctx); err != nil {
				return err
			}
			if walk == nil {
				return x.backDone(ctx, rest)
			}
		}
		more, err := x.walk(ctx, walk)
		if err != nil || !more {
			return err
		}
	}
}

// backDone commits that no back work is due before a time.
func (x *execution) backDone(ctx context.Context, next time.Time) error {
	aside, err := x.store.NextSetAside(ctx, x.lease)
	if err != nil {
		return err
	}
	if next.IsZero() || !aside.IsZero() && aside.Before(next) {
		next = aside
	}
	if next.IsZero() {
		next = x.store.Now().Add(x.set.Sweep)
	}
	// What is due now was looked at just now: it waits a little, so that the
	// clock and not this loop brings it back.
	if soon := x.store.Now().Add(time.Minute); next.Before(soon) {
		next = soon
	}
	none := 0
	return x.end(ctx, store.Commit{BackDueAt: &next, BackFailures: &none})
}

// backState reads what decides which back work there is. What was noted by the
// store's clock is moved to Amazon's, which is the state's.
func (x *execution) backState(ctx context.Context) (ordersync.BackState, error) {
	c := x.lease.Connection
	have, err := x.store.Coverage(ctx, x.lease)
	if err != nil {
		return ordersync.BackState{}, err
	}
	shunned, err := x.store.Shunned(ctx, x.lease)
	if err != nil {
		return ordersync.BackState{}, err
	}
	ahead := x.amazonAhead()
	for _, doubts := range have.Doubts {
		for i := range doubts {
			doubts[i].ReadAt = doubts[i].ReadAt.Add(ahead)
		}
	}
	for i := range shunned {
		shunned[i].Until = shunned[i].Until.Add(ahead)
	}
	return x.StateOfBackWork(c, have, shunned), nil
}

// amazonAhead is how far Amazon's clock is ahead of the store's.
func (x *execution) amazonAhead() time.Duration {
	return x.amazon.AmazonNow(x.lease.Connection.Region).Sub(x.store.Now())
}

// StateOfBackWork is what decides which back work a connection has.
func (e *Engine) StateOfBackWork(c ordersync.Connection, have store.Coverage, shunned []ordersync.Shunned) ordersync.BackState {
	now := e.store.Now()
	if e.amazon != nil {
		now = e.amazon.AmazonNow(c.Region)
	}
	s := ordersync.BackState{
		Now: now, Cursor: c.Cursor, Since: e.wantedSince(c, now), Marketplaces: c.Marketplaces,
		Readings: map[string]ordersync.Reading{}, Width: c.BackWidth, Sweep: c.Sweep, Shunned: shunned,
		Calls: c.BackCalls, SweepCalls: c.SweepCalls,
	}
	s.Sweep.Every = e.set.Sweep
	for _, m := range c.Marketplaces {
		s.Readings[m] = have.Reading(m)
	}
	return s
}

// wantedSince is from when on a connection's history is wanted at now. What is
// past the time that orders are kept is never wanted: it would be fetched and
// deleted for ever.
func (e *Engine) wantedSince(c ordersync.Connection, now time.Time) time.Time {
	history := e.set.History
	if c.History > 0 {
		history = c.History
	}
	since := now.Add(-history)
	if !c.WantedSince.IsZero() {
		since = c.WantedSince
	}
	if kept := now.Add(-e.set.Retention.Orders); since.Before(kept) {
		return kept
	}
	return since
}

// wanted is from when on orders of each of the connection's marketplaces are read.
func (x *execution) wanted() map[string]time.Time {
	c := x.lease.Connection
	now, out := x.amazon.AmazonNow(c.Region), map[string]time.Time{}
	for _, m := range c.Marketplaces {
		out[m] = ordersync.WantedFrom(m, x.wantedSince(c, now), now)
	}
	return out
}

// newBackWalk begins the next window of back work; nil when there is none before
// rest, by the store's clock.
func (x *execution) newBackWalk(ctx context.Context) (w *ordersync.Walk, rest time.Time, err error) {
	state, err := x.backState(ctx)
	if err != nil {
		return nil, rest, err
	}
	work, ok, rest := ordersync.NextBackWork(state)
	if !ok {
		if !rest.IsZero() {
			rest = rest.Add(-x.amazonAhead())
		}
		return nil, rest, nil
	}
	return x.begin(ordersync.Walk{
		Kind: ordersync.Back, Purpose: work.Purpose, Window: work.Window, Cursor: x.lease.Connection.Cursor,
		Width: state.Width, Marketplaces: work.Marketplaces,
	}), time.Time{}, nil
}

// countBack counts a call of back work while a sweep is due, so that the sweep
// gets its share and no more. What went before would only weigh for or against
// it.
func (x *execution) countBack(w *ordersync.Walk, c *store.Commit) {
	sweep := x.lease.Connection.Sweep
	sweep.Every = x.set.Sweep
	if w.Kind != ordersync.Back || x.amazon.AmazonNow(x.lease.Connection.Region).Before(sweep.DueAt()) {
		return
	}
	c.BackCalls = 1
	if w.Purpose == ordersync.Sweep {
		c.SweepCalls = 1
	}
}

// completeBack commits the last page of a window of back work.
func (x *execution) completeBack(ctx context.Context, w *ordersync.Walk, c store.Commit) (more bool, err error) {
	c.EndWalk = true
	c.BackWidth = ordersync.NextWidth(w.Width, w.Window.Width(), w.Pages)
	none := 0
	c.BackFailures = &none
	if w.Purpose == ordersync.Sweep {
		if err := x.sweepOn(ctx, w, &c); err != nil {
			return false, err
		}
	}
	if w.Unkeyed > 0 {
		if err := x.narrow(ctx, w, &c); err != nil {
			return false, err
		}
	}
	if _, err := x.store.Commit(ctx, x.lease, c); err != nil {
		return false, err
	}
	if err := x.store.Dues(ctx, x.lease); err != nil {
		return false, err
	}
	return !due(x.lease.LiveDueAt, x.store.Now()), nil
}

// sweepOn moves the sweep on behind a window.
func (x *execution) sweepOn(ctx context.Context, w *ordersync.Walk, c *store.Commit) error {
	state, err := x.backState(ctx)
	if err != nil {
		return err
	}
	// The sweep begins when its first window's reading does.
	state.Now = state.Now.Add(w.StartedAt.Sub(x.store.Now()))
	next := state.Swept(w.Window)
	c.Sweep = &next
	if next.BegunAt.IsZero() { // complete: the next one's share is counted anew
		c.BackCalls, c.SweepCalls = -state.Calls, -state.SweepCalls
	}
	return nil
}

// narrow makes the next window of back work half as wide where one cannot be
// read, and leaves the narrowest alone for a day: all others go on.
func (x *execution) narrow(ctx context.Context, w *ordersync.Walk, c *store.Commit) error {
	if used := min(w.Width, w.Window.Width()); used > ordersync.MinWidth {
		c.BackWidth = ordersync.HalfWidth(used)
		return nil
	}
	c.Shun = &ordersync.Shunned{Window: w.Window, Until: x.store.Now().Add(shunFor)}
	if w.Purpose == ordersync.Sweep {
		return x.sweepOn(ctx, w, c)
	}
	return nil
}

// avoid drops a walk of back work that fails again and again while live work gets
// on: it is this window that cannot be read.
func (x *execution) avoid(ctx context.Context, w *ordersync.Walk, refusal *spapi.Error, c *store.Commit) error {
	connection := x.lease.Connection
	answered := connection.LastReason == ordersync.Success || connection.LastReason == ordersync.CatchingUp
	if w == nil || w.Kind == ordersync.Live || !answered || connection.BackFailures < 1 || !mayBeWindow(refusal.Kind) {
		return nil
	}
	c.EndWalk = true
	return x.narrow(ctx, w, c)
}

// shunFor is how long a window is left alone that cannot be read however small.
const shunFor = 24 * time.Hour

// maxSetAside is how many orders set aside one execution asks for again.
const maxSetAside = 30

// retrySetAside asks again for orders that could not be read, for at most half
// of the execution's time: windows get their turn in the same execution. What is
// left stays due.
func (x *execution) retrySetAside(ctx context.Context) error {
	waiting, err := x.store.DueSetAside(ctx, x.lease, maxSetAside)
	if err != nil {
		return err
	}
	for _, a := range waiting {
		if x.draining() || x.store.Now().Sub(x.begun) >= ordersync.ExecutionTimeout/2 {
			return nil
		}
		if ok, err := x.token(ctx, ordersync.GetOrder, nil, true); err != nil || !ok {
			return err
		}
		if more, err := x.retryOrder(ctx, a.OrderID); err != nil || !more {
			return err
		}
	}
	return nil
}

// retryOrder asks for one order. A readable version is stored like any other and
// ends the entry; so does, but for its being kept as gone, a 404. more tells that
// the next can be asked for.
func (x *execution) retryOrder(ctx context.Context, id string) (more bool, err error) {
	stamp := x.lease.Version(time.Time{})
	answer, asked, err := x.getOrder(ctx, id)
	if !asked {
		return false, err
	}
	var refusal *spapi.Error
	gone := errors.As(err, &refusal) && refusal.Kind == spapi.NotFound
	if err != nil && !gone {
		return x.getFailed(ctx, id, err)
	}
	meta := answer.Meta
	c := store.Commit{Kind: x.kind}
	switch {
	case gone:
		meta = refusal.Meta
		c.SetAside = &store.SetAsideTry{OrderID: id, Gone: true}
	case answer.Unreadable != nil:
		c.SetAside = &store.SetAsideTry{OrderID: id}
	default:
		c.Page = &store.Page{Epoch: stamp.Epoch, Step: stamp.Step}
		stored, err := x.storedPersonal(ctx, answer.Order)
		if err != nil {
			return false, err
		}
		if err := x.addOrders(ctx, c.Page, stored, answer.Order); err != nil {
			return false, x.unknown(ctx, err, nil)
		}
	}
	learned := x.learned(ordersync.GetOrder, meta)
	c.Learned = &learned
	x.trusted(&c)
	_, err = x.store.Commit(ctx, x.lease, c)
	return true, err
}

// getOrder asks for one order, without personal data where that is refused. asked
// is false when the budget has no token for that.
func (x *execution) getOrder(ctx context.Context, id string) (answer spapi.OrderAnswer, asked bool, err error) {
	ask := func(groups ordersync.Groups) error {
		return x.twice(ctx, func() (err error) {
			answer, err = x.amazon.GetOrder(ctx, x.account, groups, id)
			return err
		})
	}
	groups := x.lease.Connection.Groups()
	err = ask(groups)
	if kindOf(err) != spapi.Denied || groups&ordersync.PersonalGroups == 0 {
		return answer, true, err
	}
	if ok, err := x.token(ctx, ordersync.GetOrder, nil, true); err != nil || !ok {
		return answer, false, err
	}
	err = ask(groups &^ ordersync.PersonalGroups)
	return answer, true, err
}

// getFailed notes that one order could not be asked for, which counts as a try: it
// must hold up neither the other orders nor windows. What may be Amazon's own
// trouble leaves the other orders for later, and windows find out. What holds for
// the account or the application ends the execution.
func (x *execution) getFailed(ctx context.Context, id string, err error) (more bool, _ error) {
	var refusal *spapi.Error
	if ctx.Err() != nil || !errors.As(err, &refusal) || refusal.Operation == spapi.TokenOperation {
		return false, x.refused(ctx, nil, ordersync.GetOrder, err)
	}
	learned := x.learned(ordersync.GetOrder, refusal.Meta)
	c := store.Commit{Kind: x.kind, Learned: &learned, SetAside: &store.SetAsideTry{OrderID: id}}
	switch refusal.Kind {
	case spapi.Denied, spapi.BadRequest, spapi.TooRecent, spapi.TooLarge, spapi.BadResponse:
		more = true
	case spapi.Unavailable, spapi.TimedOut:
		c.Slow = slowed(refusal)
	case spapi.Throttled:
		c.SetAside, learned.Throttled = nil, true
	default:
		return false, x.refused(ctx, nil, ordersync.GetOrder, err)
	}
	x.logRefusal(ctx, ordersync.GetOrder, refusal)
	_, err = x.store.Commit(ctx, x.lease, c)
	return more, err
}
