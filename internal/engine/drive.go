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
		if settled, err := e.store.Reader().RunSettled(ctx, run); err != nil || !settled {
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
// nothing was to do (idle). An execution that breaks off because of the database
// ends nothing: its lease passes, and the work is claimed again.
func (e *Engine) drive(ctx context.Context, only store.RingRequest, done func(idle bool) (bool, error)) error {
	c := e.newCrew(ctx)
	defer c.dismiss()
	for {
		only.Limit, only.SlowLimit = c.size-c.running, e.slowWorkers()-c.slow
		rung, err := e.tick(ctx, only)
		if err != nil {
			return err
		}
		for _, r := range rung {
			c.work(r)
		}
		if ended, err := done(c.running == 0); err != nil || ended {
			return err
		}
		if err := c.wait(ctx); err != nil {
			return err
		}
	}
}

// slowWorkers is how many workers may wait for sellers that Amazon answers
// slowly, so that they delay nobody else.
func (e *Engine) slowWorkers() int { return max(1, e.set.Workers/4) }

const (
	// tickEvery is how often a tick looks for work that others left behind.
	tickEvery = time.Second
	// mostBroken is how many executions in a row may break off before it is no
	// longer the trouble of one.
	mostBroken = 10
)

// crew are the workers of one drive. Only the goroutine that drives uses it.
type crew struct {
	*Engine
	ctx           context.Context //nolint:containedctx // of the executions, which outlive the drive's own
	cut           context.CancelFunc
	drain         chan struct{}
	results       chan worked
	size          int
	running, slow int
	broken        int // executions that broke off, in a row
}

// worked is how an execution ended.
type worked struct {
	store.Rung
	err error
}

// newCrew makes workers. Their executions are not cut off with ctx: they are
// asked to end.
func (e *Engine) newCrew(ctx context.Context) *crew {
	c := &crew{Engine: e, size: e.set.Workers, drain: make(chan struct{}), results: make(chan worked, max(1, e.set.Workers))}
	c.ctx, c.cut = context.WithCancel(context.WithoutCancel(ctx))
	return c
}

// work lets a worker look after a connection.
func (c *crew) work(r store.Rung) {
	c.running++
	if r.Slow {
		c.slow++
	}
	go func() { c.results <- worked{r, c.Engine.work(c.ctx, r.Connection, c.drain)} }()
}

// ended notes how an execution ended.
func (c *crew) ended(w worked) {
	c.running--
	if w.Slow {
		c.slow--
	}
	if w.err == nil {
		c.broken = 0
		return
	}
	c.broken++
	c.log.ErrorContext(c.ctx, "execution broke off; it is claimed again", "connection", w.Connection, "error", w.err)
}

// wait returns when so many workers are idle that a tick is worth its price, or
// when it is time to tick anyhow. It fails when nothing works any more.
func (c *crew) wait(ctx context.Context) error {
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	for {
		select {
		case w := <-c.results:
			c.ended(w)
			if c.broken >= mostBroken {
				return fmt.Errorf("%d executions in a row broke off, the last of them: %w", c.broken, w.err)
			}
			if len(c.results) == 0 && c.idle() {
				return nil
			}
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// idle tells whether a quarter of the workers has nothing to do.
func (c *crew) idle() bool { return c.size-c.running >= max(1, c.size/4) }

// dismiss asks the executions under way to end and waits for them.
func (c *crew) dismiss() {
	close(c.drain)
	defer c.cut()
	defer time.AfterFunc(drainTime, c.cut).Stop()
	for c.running > 0 {
		c.ended(<-c.results)
	}
}
