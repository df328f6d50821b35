package engine

import (
	"context"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Drive works until every target of a run is settled: it brings a tick and
// workers of its own. It returns when the last of them has ended; what they had
// under way beyond the run is left for later, and nothing of it is lost. A run
// that is interrupted by ctx goes on when anybody ticks again.
func (e *Engine) Drive(ctx context.Context, run ordersync.RunID) error {
	return e.drive(ctx, store.RingRequest{Run: run}, func(bool) (bool, error) {
		r, err := e.store.Reader().Run(ctx, run)
		if err != nil || !store.Settled(r) {
			return false, err
		}
		return true, e.watch(ctx) // what the last of them met may be an incident
	})
}

// DriveBack does what else is due and needs no waiting, for at most a time; with
// a tenant given, only that tenant's.
func (e *Engine) DriveBack(ctx context.Context, most time.Duration, tenant ordersync.TenantID) error {
	end := e.store.Now().Add(most)
	return e.drive(ctx, store.RingRequest{Tenant: tenant}, func(idle bool) (bool, error) {
		return idle || !e.store.Now().Before(end), nil
	})
}

// drainTime is how long executions may go on after an interruption, to commit
// the page they are at and to give their leases back.
const drainTime = 25 * time.Second

// drive ticks and works until done says so; it is asked after each tick whether
// nothing was to do (idle).
func (e *Engine) drive(ctx context.Context, only store.RingRequest, done func(idle bool) (bool, error)) (err error) {
	// Executions are not cut off with ctx: they are asked to end.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	drain := make(chan struct{})
	results := make(chan worked)
	running, slow := 0, 0
	defer func() {
		close(drain)
		defer time.AfterFunc(drainTime, cut).Stop()
		for ; running > 0; running-- {
			if w := <-results; err == nil {
				err = w.err
			}
		}
	}()
	for {
		only.Limit, only.SlowLimit = e.set.Workers-running, e.slowWorkers()-slow
		rung, err := e.tick(ctx, only)
		if err != nil {
			return err
		}
		for _, r := range rung {
			running++
			if r.Slow {
				slow++
			}
			go func() { results <- worked{r.Slow, e.work(work, r.Connection, drain)} }()
		}
		if ended, err := done(running == 0); err != nil || ended {
			return err
		}
		w, ok, err := wait(ctx, results)
		if ok {
			running--
			if w.slow {
				slow--
			}
		}
		if err != nil {
			return err
		}
	}
}

// worked is how an execution ended.
type worked struct {
	slow bool
	err  error
}

// slowWorkers is how many workers may wait for sellers that Amazon answers
// slowly, so that they delay nobody else.
func (e *Engine) slowWorkers() int { return max(1, e.set.Workers/4) }

// tickEvery is how often a tick looks for work that others left behind.
const tickEvery = time.Second

// wait returns when a worker has ended or it is time to tick.
func wait(ctx context.Context, results <-chan worked) (w worked, ok bool, err error) {
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	select {
	case w := <-results:
		if w.err != nil {
			return w, true, fmt.Errorf("work: %w", w.err)
		}
		return w, true, nil
	case <-timer.C:
		return w, false, nil
	case <-ctx.Done():
		return w, false, context.Cause(ctx)
	}
}
