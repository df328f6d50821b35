package main

import (
	"context"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
	"ordersync/internal/telemetry"
)

// watching is what this process tells of its work.
type watching struct {
	traffic *telemetry.Traffic
	store   *store.Store // once it is open
	end     func()       // ends the flushing, and waits for that
}

func newWatching() *watching {
	w := &watching{end: func() {}}
	w.traffic = telemetry.NewTraffic(func() time.Time { return w.store.Now() })
	return w
}

// storeWatch is what the store tells.
func (w *watching) storeWatch() store.Watch {
	return store.Watch{Committed: func(_ context.Context, c store.Commit, counts ordersync.Counts) { w.traffic.Committed(c, counts) }}
}

// amazonWatch is what the client tells.
func (w *watching) amazonWatch(ctx context.Context, op ordersync.Operation, _ ordersync.Region) (context.Context, func(spapi.Sent)) {
	return ctx, func(s spapi.Sent) { w.traffic.Sent(op, s) }
}

// begin adds this process's traffic to the database's, until close.
func (w *watching) begin(i *invocation, s *store.Store) {
	w.store = s
	ctx, stop := context.WithCancel(context.WithoutCancel(i.ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.traffic.Run(ctx, s.AddTraffic, func(err error) { i.log.Warn("traffic is not counted yet", "error", err) })
	}()
	w.end = func() { stop(); <-done }
}
