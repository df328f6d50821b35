package engine

import (
	"context"
	"time"

	"ordersync"
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
	var ticked Ticked
	opening, err := e.store.Reader().OpeningRuns(ctx)
	if err != nil {
		return ticked, err
	}
	for _, id := range opening {
		if err := e.fillRun(ctx, id); err != nil {
			return ticked, err
		}
	}
	if err := e.watch(ctx); err != nil {
		return ticked, err
	}
	app, err := e.store.Reader().Application(ctx, e.set.ClientID)
	switch {
	case err != nil:
		return ticked, err
	case app.Stopped():
		ticked.Ring, err = e.probe(ctx)
	case limit > 0:
		ticked.Ring, err = e.store.Ring(ctx, limit, run)
	}
	if err != nil {
		return ticked, err
	}
	if err := e.store.SettleUnfinished(ctx); err != nil {
		return ticked, err
	}
	next, ok, err := e.store.Reader().NextDue(ctx)
	if ok {
		ticked.Next = next
	}
	return ticked, err
}
