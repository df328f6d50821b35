package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// A live window that Amazon does not answer, although it answers others, becomes
// narrower until what cannot be read is alone in a minute. After six hours the
// cursor passes that minute, which stays as a gap that back work tries daily.
// While Amazon answers nothing, nothing becomes narrower and nothing is passed.

const (
	// stuckLong is how long live work stands before a minute that it then passes.
	stuckLong = 6 * time.Hour
	// elsewhere is how far before the reach of live windows another one is asked
	// for, to tell an outage from a window that cannot be read.
	elsewhere = time.Hour
)

// mayBeWindow tells whether a refusal may be owed to what the window holds.
func mayBeWindow(k spapi.Kind) bool {
	switch k {
	case spapi.BadRequest, spapi.BadResponse, spapi.TooLarge, spapi.Unavailable, spapi.TimedOut:
		return true
	}
	return false
}

// stuck decides what to do about a live window that failed and may be at fault
// itself. Nothing is done at the first failure. refusal is nil for a walk that
// makes no sense. again tells that w was changed in place and is to be tried
// again by this execution; what the answer taught is stored then.
func (x *execution) stuck(ctx context.Context, w *ordersync.Walk, learned store.Learned, refusal *spapi.Error) (again bool, err error) {
	c := x.lease.Connection
	if w.Kind != ordersync.Live || w.Purpose == ordersync.Passing {
		return false, nil
	}
	// Earlier failures are another window's where this execution has completed
	// one, unless it was one cut short before this.
	if first := c.Failures == 0 || x.windows > 0 && !x.cut; first && c.StuckAt.IsZero() {
		return false, nil
	}
	narrowest := w.Width <= ordersync.MinWidth
	timedOut := refusal != nil && refusal.Kind == spapi.TimedOut
	halved := timedOut && w.Timeouts%2 == 0 && w.PageSize > 1 && !narrowest // its page, just now
	if halved && c.StuckAt.IsZero() {
		return false, nil
	}
	if !narrowest || c.StuckAt.IsZero() {
		if ok, err := x.othersAnswered(ctx, w); err != nil || !ok {
			return false, err
		}
	}
	mark := store.Stuck{At: c.StuckAt, To: maxTime(w.Window.To, w.Cursor.Add(ordersync.MinWidth))}
	if mark.At.IsZero() {
		mark.At = x.store.Now()
	}
	switch {
	case halved:
		return true, x.note(ctx, w, refusal)
	case !narrowest:
		return true, x.narrowLive(ctx, w, store.Commit{Learned: &learned, Stuck: &mark, Slow: slowed(refusal)})
	}
	return x.stuckMinute(ctx, w, mark, learned, refusal)
}

// stuckMinute is stuck for a window that cannot be narrower.
func (x *execution) stuckMinute(ctx context.Context, w *ordersync.Walk, mark store.Stuck, learned store.Learned, refusal *spapi.Error) (again bool, err error) {
	if c := x.lease.Connection; !mark.At.Equal(c.StuckAt) || !mark.To.Equal(c.StuckTo) {
		if _, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Stuck: &mark}); err != nil {
			return false, err
		}
	}
	// A page of one order tells what of the minute can be read. A circle and a
	// rejected query have nothing to do with the size of a page.
	if w.PageSize > 1 && refusal != nil && refusal.Kind != spapi.BadRequest {
		w.PageSize = 1
		setQuery(w)
		return true, x.note(ctx, w, refusal)
	}
	if x.store.Now().Sub(mark.At) < stuckLong {
		return false, nil
	}
	return x.pass(ctx, w, learned)
}

// narrowLive puts a window half as wide in a walk's place. Pages that were made
// smaller after timeouts stay so.
func (x *execution) narrowLive(ctx context.Context, w *ordersync.Walk, c store.Commit) error {
	was := *w
	c.Kind, c.EndWalk, c.LiveWidth = w.Kind, true, ordersync.HalfWidth(min(w.Width, w.Window.To.Sub(w.Cursor)))
	x.log.InfoContext(ctx, "live window made narrower", "connection", x.lease.Connection.ID, "from", w.Cursor, "width", c.LiveWidth)
	if _, err := x.store.Commit(ctx, x.lease, c); err != nil {
		return err
	}
	if _, err := x.replace(ctx, w); err != nil || was.Timeouts == 0 {
		return err
	}
	w.Timeouts, w.PageSize = was.Timeouts, was.PageSize
	setQuery(w)
	_, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Walk: w})
	return err
}

// othersAnswered tells whether Amazon answers this connection for another window:
// then it is this one that it does not answer. During an incident nobody asks.
func (x *execution) othersAnswered(ctx context.Context, w *ordersync.Walk) (bool, error) {
	if x.proven || x.windows > 0 {
		return true, nil
	}
	open, _, err := x.store.Reader().IncidentSince(ctx, x.lease.Connection.Region, store.FailedUnavailable, x.store.Now())
	if err != nil || open {
		return false, err
	}
	to := w.Cursor.Add(-x.set.Overlap - elsewhere).Truncate(time.Second)
	other := *x.begin(ordersync.Walk{
		Kind: ordersync.Live, Window: ordersync.Window{From: to.Add(-ordersync.MinWidth), To: to}, Marketplaces: w.Marketplaces,
	})
	other.Groups, other.PageSize = w.Groups, 1
	setQuery(&other)
	said, err := x.ask(ctx, &other)
	x.proven = said == answers
	return x.proven, err
}

// word is what Amazon says when it is asked for a window.
type word int

const (
	nothing    word = iota // not asked for want of a token, or refused for another reason
	answers                // its page can be read
	answersNot             // it cannot
)

// ask asks Amazon for a walk's next page. Nothing of the answer is kept but what
// it says of the budget.
func (x *execution) ask(ctx context.Context, w *ordersync.Walk) (word, error) {
	if ok, err := x.token(ctx, ordersync.SearchOrders, nil, true); err != nil || !ok {
		return nothing, err
	}
	x.pages++
	page, failed := x.amazon.SearchOrders(ctx, x.account, w.Groups, w.Query, w.Token)
	if ctx.Err() != nil {
		return nothing, context.Cause(ctx)
	}
	meta := page.Meta
	var refusal *spapi.Error
	if errors.As(failed, &refusal) {
		meta = refusal.Meta
	}
	learned := x.learned(ordersync.SearchOrders, meta)
	learned.Throttled = kindOf(failed) == spapi.Throttled
	if _, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Learned: &learned}); err != nil {
		return nothing, err
	}
	if said := wordOf(failed); said != answers {
		return said, nil
	}
	cause, err := x.unusable(ctx, w, page)
	if cause != "" {
		return answersNot, err
	}
	return answers, err
}

// wordOf is what the end of a call says of the window.
func wordOf(failed error) word {
	switch {
	case failed == nil:
		return answers
	case mayBeWindow(kindOf(failed)):
		return answersNot
	}
	return nothing
}

// pass leaves a minute behind that stood in the way long enough, if a window
// behind it can be read and the minute still cannot: else it was an outage. The
// cursor moves with the last page of that window.
func (x *execution) pass(ctx context.Context, w *ordersync.Walk, learned store.Learned) (again bool, err error) {
	window, ok := x.behind(w)
	if !ok {
		return false, nil
	}
	next := *x.begin(ordersync.Walk{
		Kind: ordersync.Live, Purpose: ordersync.Passing, Window: window, Cursor: w.Cursor, Width: w.Width, Marketplaces: w.Marketplaces,
	})
	if said, err := x.ask(ctx, &next); err != nil || said != answers {
		return false, err
	}
	said, err := x.ask(ctx, w)
	if err != nil || said == nothing {
		return false, err
	}
	if _, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Learned: &learned, EndWalk: true}); err != nil {
		return false, err
	}
	if said == answers { // an outage that has just ended
		return x.replace(ctx, w)
	}
	x.log.WarnContext(ctx, "live work passes what cannot be read", "connection", x.lease.Connection.ID,
		"from", w.Cursor, "to", window.From, "since", x.lease.Connection.StuckAt)
	// It is stored at once: what was found out is not to be asked for again.
	if _, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Walk: &next}); err != nil {
		return false, err
	}
	*w = next
	return true, nil
}

// behind is the minute that is read to pass a window: the next one, and with
// every hour one twice as far behind, so that several that cannot be read side
// by side are passed too. Windows never share an instant with what is passed.
func (x *execution) behind(w *ordersync.Walk) (next ordersync.Window, ok bool) {
	c := x.lease.Connection
	last := x.amazon.AmazonNow(c.Region).Add(-ordersync.Delay).Truncate(time.Second)
	first := minuteBehind(w.Cursor).To
	fits := 0
	for !first.Add(ordersync.MinWidth << fits).After(last) {
		fits++
	}
	if fits == 0 {
		return next, false
	}
	hours := int((x.store.Now().Sub(c.StuckAt) - stuckLong) / time.Hour)
	next.From = first.Add(ordersync.MinWidth<<(hours%fits) - ordersync.MinWidth)
	next.To = next.From.Add(ordersync.MinWidth)
	return next, true
}

// minuteBehind is the minute behind a cursor.
func minuteBehind(cursor time.Time) ordersync.Window {
	from := cursor.Truncate(time.Second)
	return ordersync.Window{From: from, To: from.Add(ordersync.MinWidth + time.Second)}
}

// unstuck notes in the commit of a complete live window what it means for a
// window that could not be read: passed, or found to be readable. Until then
// windows do not become wider.
func (x *execution) unstuck(w *ordersync.Walk, c *store.Commit) {
	connection := x.lease.Connection
	now := x.store.Now()
	switch {
	case w.Purpose == ordersync.Passing:
		passed := ordersync.Shunned{Window: minuteBehind(w.Cursor), Until: now.Add(shunFor)}
		if passed.To.Before(w.Window.From) { // back work finds out what of it cannot be read
			passed = ordersync.Shunned{Window: ordersync.Window{From: passed.From, To: w.Window.From}, Until: now}
		}
		c.Shun, c.Stuck, c.BackDueAt = &passed, &store.Stuck{}, &now
	case connection.StuckAt.IsZero():
	case c.Cursor.Before(connection.StuckTo):
		c.LiveWidth = min(c.LiveWidth, w.Width)
	default:
		c.Stuck = &store.Stuck{}
	}
}

// standing adds to a failure what live work stands before and what ends that.
func (x *execution) standing(o ordersync.Outcome) ordersync.Outcome {
	c := x.lease.Connection
	if c.StuckAt.IsZero() {
		return o
	}
	switch o.Reason {
	case ordersync.AmazonUnavailable, ordersync.AmazonBadResponse, ordersync.RequestRejected:
		o.Message = o.Text() + "; nothing behind " + c.Cursor.Format(timeLayout) + " is answered since " + c.StuckAt.Format(timeLayout) +
			", and what cannot be read is passed from " + c.StuckAt.Add(stuckLong).Format(timeLayout) + " on, if what follows can be"
	}
	return o
}

// reach is where a live window begins that would reach back over what cannot be
// read: behind it. Before a window that is not answered it reaches back a second
// only, against bounds that Amazon takes for exclusive.
func (x *execution) reach(ctx context.Context, cursor time.Time, w ordersync.Window) (from time.Time, err error) {
	from = w.From
	if x.lease.Connection.StuckTo.After(cursor) {
		from = maxTime(from, cursor.Add(-time.Second).Truncate(time.Second))
	}
	shunned, err := x.store.Shunned(ctx, x.lease)
	for _, s := range shunned {
		if s.To.After(from) && !s.To.After(cursor) && s.To.Before(w.To) {
			from = s.To
		}
	}
	return from, err
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
