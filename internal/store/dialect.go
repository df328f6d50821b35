package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	lite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is which of the two databases it is.
type dialect int

const (
	sqlite dialect = iota
	postgres
)

func (d dialect) driver() string {
	if d == postgres {
		return "pgx"
	}
	return "sqlite"
}

// open makes a pool of connections; none is opened yet.
func (d dialect) open(source string, wrap func(driver.Driver) driver.Driver) (pool, error) {
	plain, err := sql.Open(d.driver(), source)
	if err != nil || d == postgres && wrap == nil {
		return pool{DB: plain}, err
	}
	inner := plain.Driver()
	if d == sqlite {
		inner = keepingDriver{inner}
	}
	if wrap != nil {
		inner = wrap(inner)
	}
	return pool{DB: sql.OpenDB(connector{inner, source})}, plain.Close()
}

// placeholders is ($first, $first+1, …), n of them. SQLite looks parameters that
// have a name up one after the other, and "$1" is a name to it: with them a page
// of orders takes seconds.
func (d dialect) placeholders(first, n int) string {
	if d == sqlite {
		return "(?" + strings.Repeat(",?", n-1) + ")"
	}
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}

// retryable tells whether the whole transaction may be tried again: the
// database undid it for the sake of another one.
func retryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	var failure *lite.Error
	if errors.As(err, &failure) {
		switch failure.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return true
		}
	}
	return false
}

// isDuplicate tells whether a unique key was violated.
func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var failure *lite.Error
	if errors.As(err, &failure) {
		return failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || failure.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}
