package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// kept opens a SQLite file with one connection and tells how many statements that
// one keeps.
func kept(t *testing.T) (db *sql.DB, count func() int) {
	t.Helper()
	p, err := sqlite.open("file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=journal_mode(WAL)", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.DB, func() (n int) {
		c, err := p.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Raw(func(driver any) error { n = len(driver.(tellingConn).kept); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	db, count := kept(t)
	exec := func(query string, args ...any) error {
		_, err := db.ExecContext(t.Context(), query, args...)
		return err
	}
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := exec(`CREATE TABLE a (n INTEGER PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := exec(`INSERT INTO a (n) VALUES ($1)`, i); err != nil {
			t.Fatal(err)
		}
		if got := number(`SELECT COUNT(*) FROM a WHERE n <= $1`, i); got != i+1 {
			t.Errorf("%d rows after %d", got, i+1)
		}
	}
	if n := count(); n != 3 {
		t.Errorf("%d statements are kept, want 3", n)
	}
	// One that failed is not kept, and works again.
	if err := exec(`INSERT INTO a (n) VALUES ($1)`, 1); err == nil {
		t.Error("a key was stored twice")
	}
	if n := count(); n != 2 {
		t.Errorf("%d statements are kept after a failure, want 2", n)
	}
	if err := exec(`INSERT INTO a (n) VALUES ($1)`, 20); err != nil {
		t.Error(err)
	}
	// A changed schema is seen by what was prepared before.
	if err := exec(`ALTER TABLE a ADD COLUMN m INTEGER NOT NULL DEFAULT 7`); err != nil {
		t.Error(err)
	}
	if got := number(`SELECT COUNT(*) FROM a WHERE n <= $1`, 100); got != 21 {
		t.Errorf("%d rows", got)
	}
	// One that was read is at rest: it keeps no other from emptying the WAL.
	var busy, frames, moved int
	if err := db.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil || busy != 0 {
		t.Errorf("a kept statement still reads: %d, %v", busy, err)
	}
}

// The same statement twice at the same time is two statements.
func TestStatementInUseIsNotShared(t *testing.T) {
	t.Parallel()
	db, count := kept(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const query = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n`
	numbers := func(inside func()) {
		rows, err := tx.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			inside()
		}
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
	}
	pairs := 0
	numbers(func() { numbers(func() { pairs++ }) })
	if pairs != 9 {
		t.Errorf("%d pairs", pairs)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 1 {
		t.Errorf("%d statements are kept", n)
	}
}

func TestKeptStatementsAreBounded(t *testing.T) {
	t.Parallel()
	db, count := kept(t)
	for i := range 3 * keptStatements {
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d`, i)).Scan(&n); err != nil || n != i {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if n := count(); n != keptStatements {
		t.Errorf("%d statements are kept, want %d", n, keptStatements)
	}
}
