package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// CommitFate is what a test lets happen to a COMMIT. It must call one of both.
type CommitFate func(commit, rollback func() error) error

// CommitDone is a COMMIT as it should be.
func CommitDone(commit, _ func() error) error { return commit() }

// CommitLost is a COMMIT before which the connection broke: it is undone.
func CommitLost(_, rollback func() error) error { return errors.Join(ErrCommitLost, rollback()) }

// CommitAnswerLost is a COMMIT after which the connection broke: it is done, and
// nobody says so.
func CommitAnswerLost(commit, _ func() error) error { return errors.Join(ErrCommitLost, commit()) }

// ErrCommitLost is what a worker sees of a COMMIT whose connection broke.
var ErrCommitLost = errors.New("the connection broke during COMMIT")

// DecideCommits lets a test decide the fate of each COMMIT of the store from now
// on. The URL is the one that the store was opened with.
func (s *Store) DecideCommits(url string, next func() CommitFate) error {
	write, _, err := s.sources(url)
	if err != nil {
		return err
	}
	limit := s.db.Stats().MaxOpenConnections
	inner := s.db.Driver()
	if err := s.db.Close(); err != nil {
		return err
	}
	s.db = pool{DB: sql.OpenDB(&fatefulConnector{inner: inner, source: write, next: next})}
	s.db.SetMaxOpenConns(limit)
	s.db.SetMaxIdleConns(limit)
	return nil
}

type fatefulConnector struct {
	inner  driver.Driver
	source string
	next   func() CommitFate
}

func (c *fatefulConnector) Driver() driver.Driver { return c.inner }

func (c *fatefulConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.inner.Open(c.source)
	if err != nil {
		return nil, err
	}
	return &fatefulConn{conn, c.next}, nil
}

// fatefulConn passes everything on; only its transactions' COMMIT is decided.
type fatefulConn struct {
	driver.Conn
	next func() CommitFate
}

func (c *fatefulConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	t, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &fatefulTx{t, c.next}, nil
}

func (c *fatefulConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *fatefulConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *fatefulConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *fatefulConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *fatefulConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *fatefulConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type fatefulTx struct {
	driver.Tx
	next func() CommitFate
}

func (t *fatefulTx) Commit() error { return t.next()(t.Tx.Commit, t.Rollback) }
