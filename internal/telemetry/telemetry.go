package telemetry

import (
	"context"
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
}

// New makes a process's telemetry. now is the store's clock.
func New(version string, now func() time.Time) *Telemetry {
	return &Telemetry{Traffic: NewTraffic(now), Metrics: NewMetrics(version), Alive: NewAlive()}
}

// Store is told by the store.
func (t *Telemetry) Store() store.Watch {
	return store.Watch{
		Committed: func(_ context.Context, c store.Commit, counts ordersync.Counts) {
			t.Traffic.Committed(c, counts)
			t.Metrics.Committed(c, counts)
		},
		Token: t.Metrics.Token,
		Transaction: func(ctx context.Context, what string) (context.Context, func(error)) {
			begun := time.Now()
			return ctx, func(err error) { t.Metrics.Transaction(what, time.Since(begun), err) }
		},
	}
}

// Amazon is told by the client of Amazon's.
func (t *Telemetry) Amazon(ctx context.Context, op ordersync.Operation, region ordersync.Region) (context.Context, func(spapi.Sent)) {
	return ctx, func(s spapi.Sent) {
		t.Traffic.Sent(op, s)
		t.Metrics.Sent(op, region, s)
	}
}

// Execution is told by the engine.
func (t *Telemetry) Execution(ctx context.Context, _ ordersync.Connection, _ int64) (context.Context, func(error)) {
	begun, done := time.Now(), t.Alive.Execution()
	return ctx, func(err error) {
		done()
		t.Metrics.Executed(time.Since(begun), err)
	}
}

// Tick is told by the engine.
func (t *Telemetry) Tick(ctx context.Context) (context.Context, func(error)) {
	begun, done := time.Now(), t.Alive.Tick()
	return ctx, func(err error) {
		done()
		t.Metrics.Ticked(time.Since(begun), err)
	}
}
