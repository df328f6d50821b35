package store

import (
	"context"
	"time"

	"ordersync"
)

// Watch is told what a store does, for metrics and traces. Each field may be nil; all
// are called by many goroutines at once, and must be quick.
type Watch struct {
	// Transaction is told that a transaction begins. What it returns is the context of
	// its statements, and is told how it ended; an error is of its last try.
	Transaction func(ctx context.Context, what string) (context.Context, func(error))
	// Committed is told of each step of an execution that was written, and of what its
	// page changed.
	Committed func(ctx context.Context, c Commit, counts ordersync.Counts)
	// Token is told that a token of a budget was asked for, and how long until there
	// is one; 0: it was taken.
	Token func(op ordersync.Operation, wait time.Duration)
}

// transaction tells the watcher that a transaction begins.
func (w Watch) transaction(ctx context.Context, what string) (context.Context, func(error)) {
	if w.Transaction == nil {
		return ctx, func(error) {}
	}
	return w.Transaction(ctx, what)
}

func (w Watch) committed(ctx context.Context, c Commit, counts ordersync.Counts) {
	if w.Committed != nil {
		w.Committed(ctx, c, counts)
	}
}

func (w Watch) token(op ordersync.Operation, wait time.Duration) {
	if w.Token != nil {
		w.Token(op, wait)
	}
}
