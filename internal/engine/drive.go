package engine

import (
	"context"
	"errors"
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
	err := e.drive(ctx, run, func(bool) (bool, error) {
		r, err := e.store.Reader().Run(ctx, run)
		return store.Settled(r), err
	})
	// The last failures may have come after the last tick: they are judged now,
	// since nobody else may do so before the next run.
	return errors.Join(err, e.watch(context.WithoutCancel(ctx)))
}

// DriveBack does what else is due and needs no waiting, for at most a time.
func (e *Engine) DriveBack(ctx context.Context, most time.Duration) error {
	end := e.store.Now().Add(most)
	return e.drive(ctx, "", func(idle bool) (bool, error) {
		return idle || !e.store.Now().Before(end), nil
	})
}

// drainTime is how long executions may go on after an interruption, to commit
// the page they are at and to give their leases back.
const drainTime = 25 * time.Second

// drive ticks and works until done says so; it is asked after each tick whether
// nothing was to do (idle).
func (e *Engine) drive(ctx context.Context, run ordersync.RunID, done func(idle bool) (bool, error)) (err error) {
	// Executions are not cut off with ctx: they are asked to end.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	drain := make(chan struct{})
	results := make(chan error)
	running := 0
	defer func() {
		close(drain)
		defer time.AfterFunc(drainTime, cut).Stop()
		for ; running > 0; running-- {
			if worked := <-results; err == nil {
				err = worked
			}
		}
	}()
	for {
		ticked, err := e.Tick(ctx, e.set.Workers-running, run)
		if err != nil {
			return err
		}
		for _, id := range ticked.Ring {
			running++
			go func() { results <- e.work(work, id, drain) }()
		}
		if ended, err := done(running == 0); err != nil || ended {
			return err
		}
		if err := wait(ctx, results, &running); err != nil {
			return err
		}
	}
}

// tickEvery is how often a tick looks for work that others left behind.
const tickEvery = time.Second

// wait returns when a worker has ended or it is time to tick.
func wait(ctx context.Context, results <-chan error, running *int) error {
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	select {
	case err := <-results:
		*running--
		if err != nil {
			return fmt.Errorf("work: %w", err)
		}
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
