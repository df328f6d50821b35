package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
)

// A read that gets no connection, because the database hangs and all of them wait
// for it, ends by itself; so does a transaction.
func TestNothingWaitsForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openKind(t, sqlite)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		never := context.Background()
		waits := map[string]func() error{
			"one row of the reader": func() error { _, err := s.Reader().Application(never, "client"); return err },
			"rows of the reader":    func() error { _, err := s.Reader().OpeningRuns(never); return err },
			"a tenant's rows":       func() error { _, err := s.Reader().Tenant("acme").Connections(never); return err },
			"one row of the store":  func() error { _, err := s.Secret(never, "acme", 1, RefreshToken); return err },
			"rows of the store":     func() error { _, err := s.Coverage(never, &Lease{}); return err },
			"a transaction":         func() error { return s.StopApplication(never, "client", "") },
		}
		held := func(wait func() error) func(*sql.Conn) {
			return func(*sql.Conn) {
				if s.db.Stats().InUse+s.reader.db.Stats().InUse < 1+readers {
					return // not all of them yet
				}
				begun := time.Now()
				if err := wait(); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != txTimeout {
					t.Errorf("after %s: %v", time.Since(begun), err)
				}
			}
		}
		for what, wait := range waits {
			everyConnection(t, s.db.DB, func(*sql.Conn) { everyConnection(t, s.reader.db.DB, held(wait)) })
			if err := wait(); err != nil {
				t.Errorf("%s, afterwards: %v", what, err)
			}
		}
	})
}

// A row that is not there is none, and a read that was cut off by its caller says so.
func TestReadsEndWithTheirCaller(t *testing.T) {
	t.Parallel()
	s := openKind(t, sqlite)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reader().Tenant("acme").Connection(t.Context(), 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("a connection that is not there: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, read := range []func() error{
		func() error { _, err := s.Reader().OpeningRuns(gone); return err },
		func() error { _, err := s.Walk(gone, &Lease{}, ordersync.Live); return err },
	} {
		if err := read(); !errors.Is(err, context.Canceled) {
			t.Errorf("its caller has left: %v", err)
		}
	}
}
