// Package storetest opens throw-away databases for tests: a SQLite file in the
// test's own folder, or a database of its own on the Postgres that
// ORDERSYNC_TEST_POSTGRES names. A missing Postgres is a failure, never a skip.
package storetest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Kind is one of the two databases.
type Kind string

// The databases.
const (
	SQLite   Kind = "sqlite"
	Postgres Kind = "postgres"
)

// Kinds are all databases that a rule of the store must hold on.
var Kinds = []Kind{SQLite, Postgres}

// Option changes how a store is opened.
type Option func(*store.Options)

// Clock makes the store's clock.
func Clock(now func() time.Time) Option { return func(o *store.Options) { o.Now = now } }

// Merge sets how a fresh raw body is laid over the stored one.
func Merge(merge func(stored, fresh []byte, asked ordersync.Groups) ([]byte, error)) Option {
	return func(o *store.Options) { o.Merge = merge }
}

// Each runs a test on a database of each kind, both at once.
func Each(t *testing.T, test func(*testing.T, *store.Store), options ...Option) {
	t.Helper()
	EachKind(t, func(t *testing.T, kind Kind) { test(t, Open(t, kind, options...)) })
}

// EachKind runs a test for each kind of database, both at once.
func EachKind(t *testing.T, test func(*testing.T, Kind)) {
	t.Helper()
	t.Parallel()
	for _, kind := range Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

// Open opens a migrated database that is gone after the test.
func Open(t testing.TB, kind Kind, options ...Option) *store.Store {
	t.Helper()
	return OpenURL(t, New(t, kind), options...)
}

// OpenURL opens a database that New or Empty made, once more: as another process
// would. It is closed at the end of the test.
func OpenURL(t testing.TB, url string, options ...Option) *store.Store {
	t.Helper()
	o := store.Options{URL: url}
	for _, option := range options {
		option(&o)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the test's database: %v", err)
		}
	})
	return s
}

// New makes a migrated database that is gone after the test, and returns its
// URL.
func New(t testing.TB, kind Kind) string {
	t.Helper()
	if kind == SQLite {
		return newFile(t)
	}
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return createDatabase(t, template)
}

// Empty makes a database without a schema that is gone after the test, and
// returns its URL.
func Empty(t testing.TB, kind Kind) string {
	t.Helper()
	if kind == SQLite {
		return fileURL(t)
	}
	return createDatabase(t, "template0")
}

// SQL opens a database beside the store, to look at what no method shows and to
// do what no method does.
func SQL(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, source := "pgx", url
	if path, ok := store.SQLitePath(url); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(15000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test's database: %v", err)
		}
	})
	return db
}
