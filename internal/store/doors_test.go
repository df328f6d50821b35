package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Requests that hold all the connections they may have keep nothing from the
// engine, and each of their reads ends soon.
func TestDoorsHaveConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openKind(t, sqlite)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		everyConnection(t, s.doors.db.DB, func(*sql.Conn) {
			if s.doors.db.Stats().InUse < doorReaders {
				return // not all of them yet
			}
			begun := time.Now()
			if _, err := s.Reader().OpeningRuns(t.Context()); err != nil || time.Since(begun) > 0 {
				t.Errorf("the engine waited %s: %v", time.Since(begun), err)
			}
			_, err := s.Doors().OpeningRuns(context.Background())
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != doorTime {
				t.Errorf("after %s: %v", time.Since(begun), err)
			}
		})
	})
}

// A read that takes too long says so, on both databases.
func TestReadThatTakesTooLong(t *testing.T) {
	t.Parallel()
	for kind, endless := range map[dialect]string{
		sqlite:   `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n`,
		postgres: `SELECT COUNT(*) FROM generate_series(1, 1000000000000)`,
	} {
		t.Run(kind.driver(), func(t *testing.T) {
			s := openKind(t, kind)
			short := s.doors.db
			short.most = 100 * time.Millisecond
			var n int
			if err := short.QueryRowContext(t.Context(), endless).Scan(&n); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}
