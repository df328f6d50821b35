package engine

import (
	"context"

	"ordersync"
)

// Watch is told what an engine does, for metrics and traces. Each field may be nil; all
// are called by many goroutines at once.
type Watch struct {
	// Execution is told that a worker has claimed a connection. What it returns is the
	// context of the execution, and is told how it ended.
	Execution func(ctx context.Context, c ordersync.Connection, epoch int64) (context.Context, func(error))
	// Tick is told that a tick begins; what it returns is told how it ended.
	Tick func(ctx context.Context) (context.Context, func(error))
}

func (w Watch) execution(ctx context.Context, c ordersync.Connection, epoch int64) (context.Context, func(error)) {
	if w.Execution == nil {
		return ctx, func(error) {}
	}
	return w.Execution(ctx, c, epoch)
}

func (w Watch) tick(ctx context.Context) (context.Context, func(error)) {
	if w.Tick == nil {
		return ctx, func(error) {}
	}
	return w.Tick(ctx)
}
