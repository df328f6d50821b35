package store

import (
	"cmp"
	"context"
	"database/sql"
	"time"
)

// pool is a pool of connections whose every read ends within a time, the wait for
// a connection included, as every transaction does: a database that hangs must not
// hold who asks it for ever.
type pool struct {
	*sql.DB
	most time.Duration // 0: txTimeout
}

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.DB.QueryContext(p.bounded(ctx), query, args...)
}

func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.DB.QueryRowContext(p.bounded(ctx), query, args...)
}

// bounded is ctx with the deadline of a read. Rows do not say when they are closed:
// the deadline's timer ends with ctx, or when its time has come.
func (p pool) bounded(ctx context.Context) context.Context {
	ctx, end := context.WithTimeout(ctx, cmp.Or(p.most, txTimeout))
	context.AfterFunc(ctx, end)
	return ctx
}
