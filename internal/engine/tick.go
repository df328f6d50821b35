package engine

import (
	"context"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Ticked is what a tick found.
type Ticked struct {
	// Ring are the connections to work on now, the most urgent first.
	Ring []ordersync.ConnectionID
	// Next is when the next connection becomes due, should nothing else happen;
	// zero when none ever does. It lies in the past for one that was just rung
	// and while the application is stopped: tick again in a second then.
	Next time.Time
}

// Tick finishes runs that are half opened, settles what waited too long, judges
// incidents, and says which connections to work on, at most limit. It is cheap
// when nothing is due. With a run given, only connections that the run waits for
// are named.
func (e *Engine) Tick(ctx context.Context, limit int, run ordersync.RunID) (Ticked, error) {
	rung, err := e.tick(ctx, store.RingRequest{Limit: limit, SlowLimit: limit, Run: run})
	ticked := Ticked{}
	for _, r := range rung {
		ticked.Ring = append(ticked.Ring, r.Connection)
	}
	if err != nil {
		return ticked, err
	}
	next, ok, err := e.store.Reader().NextDue(ctx)
	if ok {
		ticked.Next = next
	}
	return ticked, err
}

// tick is Tick with all that can be asked for.
func (e *Engine) tick(ctx context.Context, r store.RingRequest) (rung []store.Rung, err error) {
	ctx, end := e.set.Watch.tick(ctx)
	defer func() { end(err) }()
	opening, err := e.store.Reader().OpeningRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range opening {
		if err := e.fillSome(ctx, id); err != nil {
			return nil, err
		}
	}
	if err := e.watch(ctx); err != nil {
		return nil, err
	}
	app, err := e.store.Reader().Application(ctx, e.set.ClientID)
	switch {
	case err != nil:
		return nil, err
	case app.Stopped():
		rung, err = e.probe(ctx)
	case r.Limit > 0:
		rung, err = e.store.Ring(ctx, r)
	}
	if err != nil {
		return rung, err
	}
	if err := e.store.SettleUnfinished(ctx); err != nil {
		return rung, err
	}
	return rung, e.housekeep(ctx)
}

// fillBatches is how many batches of a run's targets one tick writes at most: the
// targets of a large fleet take longer than the others may wait for their tick.
const fillBatches = 4

// fillSome goes on with a run that is half opened; the next tick does too.
func (e *Engine) fillSome(ctx context.Context, id ordersync.RunID) error {
	for range fillBatches {
		if done, err := e.store.FillRun(ctx, id, e.fresh); err != nil || done {
			return err
		}
	}
	return nil
}
