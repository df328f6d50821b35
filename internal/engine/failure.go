package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// The rules of trying again within an execution.
const (
	revokedPause   = 2 * time.Second // before a refused token is tried once more
	maxRetries     = 2               // of calls that Amazon failed
	retryPause     = time.Second     // doubled each time
	maxRestarts    = 3               // of walks, an hour
	restartPeriod  = time.Hour
	recentEnd      = 10 * time.Minute // a window's end younger than this may be too young for Amazon
	skewTolerated  = time.Minute
	deniedAgain    = time.Hour // a denial is confirmed when seen again so much later
	reconnectAgain = 24 * time.Hour
)

// twice makes a call, and once more when Amazon refuses the refresh token: it
// must say so twice, apart, to be believed. The second call needs no token of
// the budget, since the first was never sent.
func (x *execution) twice(ctx context.Context, call func() error) error {
	err := call()
	if kindOf(err) == spapi.Revoked {
		if err := sleep(ctx, revokedPause); err != nil {
			return err
		}
		err = call()
	}
	x.works = x.works || accepts(err)
	return err
}

// accepts tells whether the end of a call proves that Amazon accepts the
// application's credentials: it spoke of the seller or of the request. A denial,
// a throttling and a failure may come before anybody has looked at them.
func accepts(err error) bool {
	if err == nil {
		return true
	}
	var refusal *spapi.Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Kind {
	case spapi.Revoked, spapi.ClientMismatch, spapi.BadRequest, spapi.TooRecent, spapi.NotFound, spapi.TooLarge:
		return true
	case spapi.BadResponse:
		return refusal.Operation != spapi.TokenOperation
	}
	return false
}

// kindOf is the kind of a client's error; "" for none and for any other error.
func kindOf(err error) spapi.Kind {
	var refusal *spapi.Error
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return ""
}

// decisive tells whether an error of a call ends the execution even where the
// call could have been left out: what it says of the account or the application
// holds for every other call too.
func decisive(err error) bool {
	switch kindOf(err) {
	case spapi.Revoked, spapi.AppCredentials, spapi.AppSecretExpired, spapi.ClientMismatch, spapi.Cancelled, "":
		return true
	}
	return false
}

// searchFailed decides what an error of a search means. again tells that the
// same walk, changed in place, is to be tried again by this execution.
func (x *execution) searchFailed(ctx context.Context, w *ordersync.Walk, err error) (again bool, _ error) {
	var refusal *spapi.Error
	if !errors.As(err, &refusal) {
		return false, x.refused(ctx, w, ordersync.SearchOrders, err)
	}
	badRequest := refusal.Kind == spapi.BadRequest || refusal.Kind == spapi.TooRecent
	switch {
	case badRequest && w.Token != "":
		return x.restart(ctx, w, refusal)
	case badRequest:
		return x.rejected(ctx, w, refusal)
	case refusal.Kind == spapi.TooLarge && w.PageSize > 1:
		halvePages(w)
		return true, x.note(ctx, w, refusal)
	case refusal.Kind == spapi.Denied && w.Groups&ordersync.PersonalGroups != 0:
		// Some applications are refused instead of answered without what their
		// roles do not open.
		w.Groups &^= ordersync.PersonalGroups
		setQuery(w)
		return true, x.note(ctx, w, refusal)
	case refusal.Kind == spapi.Unavailable && x.retried < maxRetries && !x.spent():
		x.retried++
		if err := x.note(ctx, w, refusal); err != nil {
			return false, err
		}
		return true, sleep(ctx, retryPause<<(x.retried-1))
	case refusal.Kind == spapi.TimedOut:
		w.Timeouts++
		if w.Timeouts%2 == 0 && w.PageSize > 1 {
			halvePages(w)
		}
	}
	if mayBeWindow(refusal.Kind) && ctx.Err() == nil {
		if again, err := x.stuck(ctx, w, x.learned(ordersync.SearchOrders, refusal.Meta), refusal); again || err != nil {
			return again, err
		}
	}
	return false, x.refused(ctx, w, ordersync.SearchOrders, err)
}

// note stores what an answer taught and how the walk was changed for it.
func (x *execution) note(ctx context.Context, w *ordersync.Walk, refusal *spapi.Error) error {
	learned := x.learned(ordersync.SearchOrders, refusal.Meta)
	_, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: w.Kind, Learned: &learned, Walk: w})
	return err
}

// halvePages halves the page size of a walk, one of the two parameters that
// Amazon lets change within it.
func halvePages(w *ordersync.Walk) {
	w.PageSize = max(w.PageSize/2, 1)
	setQuery(w)
}

// restart begins a window again whose pagination token is dead, half as wide.
func (x *execution) restart(ctx context.Context, w *ordersync.Walk, refusal *spapi.Error) (again bool, _ error) {
	n, err := x.store.RepairsSince(ctx, x.lease, ordersync.WalkRestarted, x.store.Now().Add(-restartPeriod))
	if err != nil {
		return false, err
	}
	if n >= maxRestarts {
		return x.badWalk(ctx, w, refusal.Meta, "its pagination tokens die one after the other")
	}
	learned := x.learned(ordersync.SearchOrders, refusal.Meta)
	c := store.Commit{Kind: w.Kind, Learned: &learned, Repairs: []ordersync.Repair{{
		Code: ordersync.WalkRestarted, Old: []byte(w.Width.String()), New: ordersync.HalfWidth(w.Width).String(),
	}}}
	if err := x.again(ctx, w, &c); err != nil {
		return false, err
	}
	if _, err := x.store.Commit(ctx, x.lease, c); err != nil {
		return false, err
	}
	x.log.InfoContext(ctx, "walk restarted", "connection", x.lease.Connection.ID, "amazonRequestId", refusal.RequestID)
	return x.replace(ctx, w)
}

// replace puts the next walk of the same kind in a dropped one's place.
func (x *execution) replace(ctx context.Context, w *ordersync.Walk) (again bool, err error) {
	var next *ordersync.Walk
	if w.Kind == ordersync.Live {
		next, err = x.newLiveWalk(ctx)
	} else {
		var rest time.Time
		if next, rest, err = x.newBackWalk(ctx); err == nil && next == nil {
			return false, x.backDone(ctx, rest)
		}
	}
	if err != nil {
		return false, err
	}
	*w = *next
	return true, nil
}

// rejected decides what a 400 to a first page means. Where the window's end is
// young, Amazon may find it too young: it is asked once more with an end ten
// minutes before Amazon's own time.
func (x *execution) rejected(ctx context.Context, w *ordersync.Walk, refusal *spapi.Error) (again bool, _ error) {
	region := x.lease.Connection.Region
	amazon := refusal.Date
	if amazon.IsZero() {
		amazon = x.amazon.AmazonNow(region)
	}
	young := x.cut || amazon.Sub(w.Window.To) < recentEnd
	if end := amazon.Add(-recentEnd).Truncate(time.Second); young && !x.cut {
		x.cut = true
		w.Window.To = end
		if !w.Window.From.Before(end) {
			w.Window.From = end.Add(-x.set.Overlap).Truncate(time.Second)
		}
		setQuery(w)
		return true, x.note(ctx, w, refusal)
	}
	reason := ordersync.RequestRejected
	if skew := amazon.Sub(x.store.Now()).Abs(); young && (refusal.Kind == spapi.TooRecent || skew > skewTolerated) {
		reason = ordersync.ClockSkew
	}
	learned := x.learned(ordersync.SearchOrders, refusal.Meta)
	x.logRefusal(ctx, ordersync.SearchOrders, refusal)
	if young && x.answered && x.kind == ordersync.Live {
		return false, x.shownLate(ctx, w, store.Commit{Learned: &learned, EndWalk: true})
	}
	if mayBeWindow(refusal.Kind) {
		if again, err := x.stuck(ctx, w, learned, refusal); again || err != nil {
			return again, err
		}
	}
	c := store.Commit{Learned: &learned, EndWalk: true}
	if err := x.avoid(ctx, w, refusal, &c); err != nil {
		return false, err
	}
	return false, x.fail(ctx, c, outcomeOf(reason, refusal))
}

func (x *execution) logRefusal(ctx context.Context, op ordersync.Operation, refusal *spapi.Error) {
	x.log.WarnContext(ctx, "call refused", "connection", x.lease.Connection.ID, "operation", op, "kind", refusal.Kind,
		"status", refusal.Status, "code", refusal.Code, "amazonRequestId", refusal.RequestID)
}

// refused ends the execution by what Amazon answered.
func (x *execution) refused(ctx context.Context, w *ordersync.Walk, op ordersync.Operation, err error) error {
	var refusal *spapi.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx) // nothing is settled: the lease ends by itself
	case !errors.As(err, &refusal):
		return x.unknown(ctx, err, nil)
	}
	learned := x.learned(op, refusal.Meta)
	c := store.Commit{Learned: &learned, Polled: x.kind == ordersync.Live}
	if w != nil && w.Timeouts > 0 {
		c.Walk = w
	}
	// What is to be passed must not be read either: an outage, it is asked anew.
	c.EndWalk = w != nil && w.Purpose == ordersync.Passing
	x.logRefusal(ctx, op, refusal)
	if err := x.avoid(ctx, w, refusal, &c); err != nil {
		return err
	}
	switch refusal.Kind {
	case spapi.Throttled:
		resumes, err := x.throttled(ctx, op, learned, x.reserve(op))
		if err != nil {
			return err
		}
		return x.rateLimited(ctx, resumes)
	case spapi.Bug:
		return x.unknown(ctx, err, nil)
	case spapi.AppCredentials, spapi.AppSecretExpired:
		return x.applicationRefused(ctx, c, refusal)
	case spapi.Revoked:
		return x.revoked(ctx, c)
	case spapi.Denied, spapi.ClientMismatch:
		return x.denied(ctx, c, refusal)
	case spapi.Unavailable, spapi.TimedOut:
		c.Failed = store.FailedUnavailable
		c.Slow = slowed(refusal)
	}
	return x.fail(ctx, c, outcomeOf(refusal.Reason(), refusal))
}

// outcomeOf is an outcome that a refusal leads to. Where somebody must look at what
// Amazon answered its message says it: the operation, and what Amazon's support asks
// for.
func outcomeOf(reason ordersync.Reason, refusal *spapi.Error) ordersync.Outcome {
	o := ordersync.Outcome{Reason: reason}
	switch reason {
	case ordersync.AmazonBadResponse, ordersync.RequestRejected, ordersync.AccessDenied:
		o.Message = reason.Info().English + ": " + refusal.Error()
	}
	return o
}

// slowed is what a failure says of the connection's speed: a timeout that it is
// slow, anything else nothing. Only a page that comes in time says otherwise.
func slowed(refusal *spapi.Error) *bool {
	if refusal == nil || refusal.Kind != spapi.TimedOut {
		return nil
	}
	slow := true
	return &slow
}
