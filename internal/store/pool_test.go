package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyConnection runs a check on each of a pool's connections, all held at
// once so that none is looked at twice.
func everyConnection(t *testing.T, db *sql.DB, check func(*sql.Conn)) {
	t.Helper()
	for range db.Stats().MaxOpenConnections {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		check(c)
	}
}

func openKind(t *testing.T, kind dialect) *Store {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	if kind == postgres {
		if url = os.Getenv("ORDERSYNC_TEST_POSTGRES"); url == "" {
			t.Fatal("run `make test` or `scripts/with-postgres go test ./...`")
		}
	}
	s, err := Open(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPragmasAreInForceOnEveryConnection(t *testing.T) {
	t.Parallel()
	s := openKind(t, sqlite)
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "15000", "foreign_keys": "1", "query_only": "0"}
	check := func(c *sql.Conn) {
		for pragma, value := range want {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != value {
				t.Errorf("%s is %s, want %s", pragma, got, value)
			}
		}
	}
	everyConnection(t, s.db.DB, check)
	want["query_only"] = "1"
	delete(want, "synchronous") // says nothing to who only reads
	everyConnection(t, s.reader.db.DB, check)
	everyConnection(t, s.doors.db.DB, check)
}

func TestReaderCannotWrite(t *testing.T) {
	t.Parallel()
	for kind, words := range map[dialect]string{sqlite: "readonly", postgres: "read-only transaction"} {
		t.Run(kind.driver(), func(t *testing.T) {
			s := openKind(t, kind)
			everyConnection(t, s.reader.db.DB, func(c *sql.Conn) {
				for _, statement := range []string{"CREATE TABLE forbidden (a INTEGER)", "BEGIN; CREATE TABLE forbidden (a INTEGER)"} {
					_, err := c.ExecContext(context.Background(), statement)
					if err == nil || !strings.Contains(err.Error(), words) {
						t.Errorf("%s: %v", statement, err)
					}
					_, _ = c.ExecContext(context.Background(), "ROLLBACK")
				}
			})
		})
	}
}

func TestReaderCannotWriteRows(t *testing.T) {
	t.Parallel()
	s := openKind(t, sqlite)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO settings (name, value) VALUES ('a', x'00')`, `UPDATE settings SET name = 'b'`, `DELETE FROM settings`, `PRAGMA user_version = 7`,
	} {
		if _, err := s.reader.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("a reader may %s", statement)
		}
	}
}

// On Postgres a commit that was answered is on the disk, unless who runs the
// server decided otherwise for all.
func TestPostgresConnectionsSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	s := openKind(t, postgres)
	var name, readOnly, zone string
	row := s.db.QueryRowContext(t.Context(), `SELECT current_setting('application_name'), current_setting('default_transaction_read_only'), current_setting('synchronous_commit')`)
	if err := row.Scan(&name, &readOnly, &zone); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ordersync", "off", "on"}, []string{name, readOnly, zone}); diff != "" {
		t.Error(diff)
	}
}

// A machine that stands still in the middle of a transaction must not hold the
// rows that every run has to lock.
func TestPostgresUndoesTransactionsOfTheDead(t *testing.T) {
	t.Parallel()
	s := openKind(t, postgres)
	var limit string
	if err := s.db.QueryRowContext(t.Context(), `SELECT current_setting('idle_in_transaction_session_timeout')`).Scan(&limit); err != nil || limit != "10s" {
		t.Errorf("the limit is %q, %v", limit, err)
	}
	u, err := url.Parse(os.Getenv("ORDERSYNC_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("idle_in_transaction_session_timeout", "100")
	u.RawQuery = q.Encode()
	other, err := Open(t.Context(), Options{URL: u.String()})
	if err != nil {
		t.Fatal(err)
	}
	dead, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dead.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock(4711)`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock(4711)`); err != nil {
		t.Errorf("the lock of the dead: %v", err)
	}
	if err := errors.Join(dead.Rollback(), other.Close()); err == nil {
		t.Error("the transaction of the dead is alive")
	}
}

// A statement that was prepared is planned anew for each tenant by who reads: a plan
// for the usual tenant, which has few orders, would read all those of a large one.
func TestReadersArePlannedForTheirTenant(t *testing.T) {
	t.Parallel()
	s := openKind(t, postgres)
	for name, r := range map[string]*Reader{"reader": s.reader, "doors": s.doors} {
		c, err := r.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		for range 12 { // Postgres thinks of a general plan from the sixth time on
			var n int
			if err := c.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_class WHERE relname = $1`, "nothing").Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
		var general, own int
		if err := c.QueryRowContext(t.Context(), `SELECT SUM(generic_plans), SUM(custom_plans) FROM pg_prepared_statements WHERE CARDINALITY(parameter_types) = 1`).Scan(&general, &own); err != nil {
			t.Fatal(err)
		}
		if general != 0 || own < 12 {
			t.Errorf("%s: %d times by a general plan, %d times by one of its own", name, general, own)
		}
	}
}

func TestURLParametersOfTheUserStay(t *testing.T) {
	t.Parallel()
	write, read, err := postgresSources("postgres://u:p%40ss@h:5433/db?application_name=mine&connect_timeout=3&sslmode=require&host=%2Ftmp%2Fx")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{write, read} {
		for _, part := range []string{"u:p%40ss@h:5433/db", "application_name=mine", "connect_timeout=3", "sslmode=require", "host=%2Ftmp%2Fx"} {
			if !strings.Contains(u, part) {
				t.Errorf("%s is gone from %s", part, u)
			}
		}
	}
	if strings.Contains(write, "read_only") || !strings.Contains(read, "default_transaction_read_only=on") {
		t.Errorf("who writes and who reads: %s, %s", write, read)
	}
	if _, read, err = postgresSources("postgres://u@h/db?plan_cache_mode=auto"); err != nil || !strings.Contains(read, "plan_cache_mode=auto") {
		t.Errorf("the user's plan_cache_mode is gone: %s, %v", read, err)
	}
}
