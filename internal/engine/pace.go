package engine

import (
	"context"
	"math"
	"time"

	"ordersync"
)

// nextPoll is when live work is due after a window that reached SUCCESS: after
// the interval and up to a tenth more, so that connections do not march in step;
// later when the budget cannot pay for it then, or back work is owed its share.
func (x *execution) nextPoll(ctx context.Context, w *ordersync.Walk) (time.Time, error) {
	interval := x.interval(x.lease.Connection)
	poll := ordersync.Poll{Begun: w.StartedAt, Ended: x.store.Now(), Pause: interval + x.jitter(interval/10)}
	poll.Pages = x.expectedPages(w, poll.Pause)
	b, _, _, ok, err := x.store.Reader().Budget(ctx, x.budget(ordersync.SearchOrders))
	if err != nil || !ok {
		return poll.Ended.Add(poll.Pause), err
	}
	due := poll.Next(b)
	poll.Owed = true
	shared := poll.Next(b)
	if shared.Equal(due) {
		return due, nil
	}
	if owed, err := x.backOwed(ctx); err != nil || !owed {
		return due, err
	}
	return shared, nil
}

// expectedPages is how many pages the next window will have: as many as this one,
// or their part where this one was wider because it caught up.
func (x *execution) expectedPages(w *ordersync.Walk, pause time.Duration) int {
	next := pause + x.set.Overlap
	caughtUp := x.windows > 1 || x.lease.Connection.LastSuccessAt.IsZero()
	if !caughtUp || w.Window.Width() <= next {
		return w.Pages
	}
	return int(math.Ceil(float64(w.Pages) * next.Seconds() / w.Window.Width().Seconds()))
}

// backOwed tells whether back work has a window to read now, so that it is only
// tokens that it waits for. What fails waits for something else.
func (x *execution) backOwed(ctx context.Context) (bool, error) {
	if x.lease.Connection.BackFailures > 0 {
		return false, nil
	}
	walk, err := x.store.Walk(ctx, x.lease, ordersync.Back)
	if err != nil || walk != nil {
		return walk != nil, err
	}
	state, err := x.backState(ctx)
	if err != nil {
		return false, err
	}
	_, owed, _ := ordersync.NextBackWork(state)
	return owed, nil
}
