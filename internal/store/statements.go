package store

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// SQLite's driver prepares each statement anew, which is two fifths of the work of
// a poll. Its connections are wrapped in ones that keep what they have prepared;
// pgx does so by itself.

const (
	// keptStatements is how many a connection keeps at most, on both databases. Those
	// of every poll fit well; a batch of each size is one more, and with pgx's own
	// bound of 512 a connection's memory in the server grows to tens of megabytes.
	keptStatements = 100
	// longStatement is the length from which on a statement is not kept: it is one
	// of a batch, and the next batch has another length.
	longStatement = 4 << 10
)

// connector opens connections that keep their statements.
type connector struct {
	driver driver.Driver
	source string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.source) }

func (c connector) Driver() driver.Driver { return c.driver }

// keepingDriver is SQLite's driver with connections that keep their statements, and
// whose errors say what to do.
type keepingDriver struct{ driver.Driver }

func (d keepingDriver) Open(source string) (driver.Conn, error) {
	c, err := d.Driver.Open(source)
	if err != nil {
		return nil, withRemedy(err)
	}
	inner, ok := c.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection %T lacks a method", c)
	}
	return tellingConn{&keepingConn{inner, map[string]sqliteStmt{}}}, nil
}

// sqliteConn is what SQLite's connections offer and database/sql uses.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keepingConn keeps statements by their text. One that is in use is not among
// them: a second use at the same time prepares its own.
type keepingConn struct {
	sqliteConn
	kept map[string]sqliteStmt
}

func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil || s == nil {
		if err == nil {
			return c.sqliteConn.ExecContext(ctx, query, args)
		}
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if e := c.give(query, s, err); err == nil {
		err = e
	}
	return result, err
}

func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil || s == nil {
		if err == nil {
			return c.sqliteConn.QueryContext(ctx, query, args)
		}
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = c.give(query, s, err) // the first error counts
		return nil, err
	}
	return &keptRows{rows, func(err error) error { return c.give(query, s, err) }}, nil
}

// take is a statement to be used now; nil for one that is not worth keeping.
func (c *keepingConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if len(query) >= longStatement {
		return nil, nil
	}
	if s, ok := c.kept[query]; ok {
		delete(c.kept, query)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(sqliteStmt)
	if !ok {
		return nil, prepared.Close()
	}
	return s, nil
}

// give keeps a statement that was used, unless its use failed.
func (c *keepingConn) give(query string, s sqliteStmt, failed error) error {
	if _, twice := c.kept[query]; failed != nil || twice {
		return s.Close()
	}
	var err error
	for text, old := range c.kept {
		if len(c.kept) < keptStatements {
			break
		}
		delete(c.kept, text) // any: those that are hot come back at once
		err = old.Close()
	}
	c.kept[query] = s
	return err
}

func (c *keepingConn) Close() error {
	for text, s := range c.kept {
		delete(c.kept, text)
		_ = s.Close() // the connection's own Close ends what is left
	}
	return c.sqliteConn.Close()
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows
	give func(error) error
}

func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if e := r.give(err); err == nil {
		err = e
	}
	return err
}
