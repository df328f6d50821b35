package telemetry

import (
	"context"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// Telemetry is what one process tells of its work.
type Telemetry struct {
	Traffic *Traffic
	Metrics *Metrics
	Alive   *Alive
	Tracer  *Tracer
}

// New makes a process's telemetry, without traces. now is the store's clock.
func New(version string, now func() time.Time) *Telemetry {
	return &Telemetry{Traffic: NewTraffic(now), Metrics: NewMetrics(version), Alive: NewAlive(), Tracer: &Tracer{}}
}

// Store is told by the store.
func (t *Telemetry) Store() store.Watch {
	return store.Watch{
		Committed: func(ctx context.Context, c store.Commit, counts ordersync.Counts) {
			t.Traffic.Committed(c, counts)
			t.Metrics.Committed(c, counts)
			t.Tracer.committed(ctx, c)
		},
		Token: t.Metrics.Token,
		Transaction: func(ctx context.Context, what string) (context.Context, func(error)) {
			begun := time.Now()
			ctx, end := t.Tracer.transaction(ctx, what)
			return ctx, func(err error) {
				end(err)
				t.Metrics.Transaction(what, time.Since(begun), err)
			}
		},
	}
}

// Amazon is told by the client of Amazon's.
func (t *Telemetry) Amazon(ctx context.Context, op ordersync.Operation, region ordersync.Region) (context.Context, func(spapi.Sent)) {
	ctx, end := t.Tracer.amazon(ctx, op, region)
	return ctx, func(s spapi.Sent) {
		end(s)
		t.Traffic.Sent(op, s)
		t.Metrics.Sent(op, region, s)
	}
}

// Execution is told by the engine. Lines of the log within an execution have its id:
// the connection and the epoch of its claim.
func (t *Telemetry) Execution(ctx context.Context, c ordersync.Connection, epoch int64, traces []string) (context.Context, func(error)) {
	begun, done := time.Now(), t.Alive.Execution()
	ctx, end := t.Tracer.execution(WithID(ctx, "execution", fmt.Sprintf("%d/%d", c.ID, epoch)), c, epoch, traces)
	return ctx, func(err error) {
		done()
		end(err)
		t.Metrics.Executed(time.Since(begun), err)
	}
}

// Trace is asked by the engine when a run is asked for.
func (t *Telemetry) Trace(ctx context.Context) string { return t.Tracer.Trace(ctx) }

// Tick is told by the engine.
func (t *Telemetry) Tick(ctx context.Context) (context.Context, func(error)) {
	begun, done := time.Now(), t.Alive.Tick()
	return ctx, func(err error) {
		done()
		t.Metrics.Ticked(time.Since(begun), err)
	}
}
