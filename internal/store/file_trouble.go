package store

import (
	"context"
	"database/sql/driver"
	"errors"

	lite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What SQLite says of a file that cannot be used is a few words and a number. The
// driver's connections are wrapped so that every such error, wherever it ends, also
// says what to do.

// remedies say what to do about a SQLite file, by the code of the error.
var remedies = map[int]string{
	sqlite3.SQLITE_FULL:     "the disk is full, or the file may not grow: make room; nothing is lost, and what was not stored is done again",
	sqlite3.SQLITE_READONLY: "may this user write the file and its folder, and is the disk not mounted to be read only?",
	sqlite3.SQLITE_BUSY:     "another program holds the file and does not let go: end that program; nothing is lost",
	sqlite3.SQLITE_IOERR:    "the disk does not read or write as it should: is it full? The system's log says more",
	sqlite3.SQLITE_CORRUPT: "the file is damaged: end what uses it, keep it, and put the last copy of it in its place; " +
		"what has changed since then is read from Amazon again",
	sqlite3.SQLITE_NOTADB: "is it a database? If the path is right, its beginning was overwritten: put the last copy of it in its place",
}

// fileError is an error of SQLite's with what to do about it.
type fileError struct {
	err    error
	remedy string
}

func (e *fileError) Error() string { return e.err.Error() + ": " + e.remedy }
func (e *fileError) Unwrap() error { return e.err }

// withRemedy adds to an error of SQLite's what to do about it, if there is
// something to be said.
func withRemedy(err error) error {
	var said *fileError
	var failure *lite.Error
	if err == nil || errors.As(err, &said) || !errors.As(err, &failure) {
		return err
	}
	if remedy := remedies[failure.Code()&0xff]; remedy != "" {
		return &fileError{err, remedy}
	}
	return err
}

// IsFileTrouble tells whether an error is of a SQLite file that cannot be used as it
// is, and says what to do about it: nobody's request is at fault.
func IsFileTrouble(err error) bool {
	var said *fileError
	return errors.As(err, &said)
}

// tellingConn is a connection whose errors say what to do.
type tellingConn struct{ *keepingConn }

func (c tellingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.keepingConn.ExecContext(ctx, query, args)
	return result, withRemedy(err)
}

func (c tellingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.keepingConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, withRemedy(err)
	}
	return tellingRows{rows}, nil
}

func (c tellingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	t, err := c.keepingConn.BeginTx(ctx, o)
	if err != nil {
		return nil, withRemedy(err)
	}
	return tellingTx{t}, nil
}

// tellingTx is a transaction whose errors say what to do.
type tellingTx struct{ driver.Tx }

func (t tellingTx) Commit() error   { return withRemedy(t.Tx.Commit()) }
func (t tellingTx) Rollback() error { return withRemedy(t.Tx.Rollback()) }

// tellingRows are rows whose errors say what to do.
type tellingRows struct{ driver.Rows }

func (r tellingRows) Next(row []driver.Value) error { return withRemedy(r.Rows.Next(row)) }
func (r tellingRows) Close() error                  { return withRemedy(r.Rows.Close()) }
