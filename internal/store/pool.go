package store

import (
	"context"
	"database/sql"
)

// pool is a pool of connections whose every read ends within txTimeout, the wait
// for a connection included, as every transaction does: a database that hangs
// must not hold who asks it for ever.
type pool struct{ *sql.DB }

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.DB.QueryContext(bounded(ctx), query, args...)
}

func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.DB.QueryRowContext(bounded(ctx), query, args...)
}

// bounded is ctx with the deadline of a read. Rows do not say when they are closed:
// the deadline's timer ends with ctx, or when its time has come.
func bounded(ctx context.Context) context.Context {
	ctx, end := context.WithTimeout(ctx, txTimeout)
	context.AfterFunc(ctx, end)
	return ctx
}
