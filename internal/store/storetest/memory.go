package storetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ordersync/internal/store"
)

// Watch sees what a store asks of its database, and may stand in the way. Each
// function gets the context of who asks.
type Watch struct {
	// Begin is called before a transaction begins, Read before a statement outside
	// of one. Their error is the database's.
	Begin, Read func(context.Context) error
	// Commit decides what becomes of a COMMIT: it calls one of both, or none when
	// nobody is left to care.
	Commit func(ctx context.Context, commit, rollback func() error) error
}

// memorySchema are the statements that make the schema.
var memorySchema = sync.OnceValues(func() ([]string, error) {
	url, err := migratedFile()
	if err != nil {
		return nil, err
	}
	defer url.remove()
	db, err := sql.Open("sqlite", "file:"+url.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(context.Background(), `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			return nil, err
		}
		out = append(out, statement)
	}
	return out, rows.Err()
})

// Memory is a database in memory that lives as long as it is open. Its stores and
// SQL handles must be opened and closed by one bubble.
type Memory struct {
	name string
	*sql.DB
}

// NewMemory makes a migrated database in memory. The handle that it holds keeps it
// alive.
func NewMemory(t testing.TB, name string) *Memory {
	t.Helper()
	schema, err := memorySchema()
	if err != nil {
		t.Fatalf("read the schema: %v", err)
	}
	db, err := sql.Open("sqlite", memorySource(name))
	if err != nil {
		t.Fatalf("open a database in memory: %v", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(context.Background(), strings.Join(schema, ";\n")); err != nil {
		t.Fatalf("make the schema: %v", err)
	}
	return &Memory{name, db}
}

func memorySource(name string) string {
	return "file:/" + name + "?vfs=memdb&_pragma=busy_timeout(15000)&_pragma=foreign_keys(1)&_pragma=synchronous(OFF)&_txlock=immediate"
}

// Open opens a store on the database, as one more process would.
func (m *Memory) Open(ctx context.Context, o store.Options, w Watch) (*store.Store, error) {
	o.URL = "sqlite:/" + m.name
	o.Driver = func(inner driver.Driver) driver.Driver { return watchedDriver{inner, m.name, w} }
	return store.Open(ctx, o)
}

// watchedDriver opens connections to a database in memory, whatever it is asked
// for.
type watchedDriver struct {
	driver.Driver
	name  string
	watch Watch
}

func (d watchedDriver) Open(source string) (driver.Conn, error) {
	memory := memorySource(d.name)
	if strings.Contains(source, "query_only") {
		memory += "&_pragma=query_only(1)"
	}
	inner, err := d.Driver.Open(memory)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(conn)
	if !ok {
		return nil, fmt.Errorf("the connection %T lacks a method", inner)
	}
	return &watchedConn{conn: full, watch: d.watch}, nil
}

// conn is what connections offer and database/sql uses.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type watchedConn struct {
	conn
	watch Watch
	inTx  bool
}

func (c *watchedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.watch.Begin != nil {
		if err := c.watch.Begin(ctx); err != nil {
			return nil, err
		}
	}
	// The context's end rolls back by itself; a COMMIT must not be torn by it.
	t, err := c.conn.BeginTx(context.WithoutCancel(ctx), o)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return &watchedTx{t, c, ctx}, nil
}

func (c *watchedConn) read(ctx context.Context) error {
	if c.inTx || c.watch.Read == nil {
		return nil
	}
	return c.watch.Read(ctx)
}

func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	return c.conn.ExecContext(context.WithoutCancel(ctx), query, args)
}

func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	return c.conn.QueryContext(context.WithoutCancel(ctx), query, args)
}

type watchedTx struct {
	driver.Tx
	of  *watchedConn
	ctx context.Context //nolint:containedctx // of the transaction: COMMIT has none of its own
}

func (t *watchedTx) Commit() error {
	t.of.inTx = false
	if t.of.watch.Commit == nil {
		return t.Tx.Commit()
	}
	return t.of.watch.Commit(t.ctx, t.Tx.Commit, t.Tx.Rollback)
}

func (t *watchedTx) Rollback() error {
	t.of.inTx = false
	return t.Tx.Rollback()
}
