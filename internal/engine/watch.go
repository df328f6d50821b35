package engine

import (
	"context"

	"ordersync"
	"ordersync/internal/store"
)

// Watch is told what an engine does, for metrics and traces. Each field may be nil; all
// are called by many goroutines at once.
type Watch struct {
	// Execution is told that a worker has claimed a connection, and the traces of the
	// runs that wait for it. What it returns is the context of the execution, and is told
	// how it ended.
	Execution func(ctx context.Context, c ordersync.Connection, epoch int64, traces []string) (context.Context, func(error))
	// Trace is the trace of a context, as W3C's traceparent; "": it has none.
	Trace func(ctx context.Context) string
	// Tick is told that a tick begins; what it returns is told how it ended.
	Tick func(ctx context.Context) (context.Context, func(error))
}

func (w Watch) execution(ctx context.Context, l *store.Lease) (context.Context, func(error)) {
	if w.Execution == nil {
		return ctx, func(error) {}
	}
	return w.Execution(ctx, l.Connection, l.Epoch, l.Traces)
}

func (w Watch) trace(ctx context.Context) string {
	if w.Trace == nil {
		return ""
	}
	return w.Trace(ctx)
}

func (w Watch) tick(ctx context.Context) (context.Context, func(error)) {
	if w.Tick == nil {
		return ctx, func(error) {}
	}
	return w.Tick(ctx)
}
