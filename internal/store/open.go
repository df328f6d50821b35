package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"ordersync"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // driver "sqlite"
)

// Options say which database to open.
type Options struct {
	// URL is sqlite:PATH, or a postgres:// or postgresql:// URL.
	URL string
	// Now is this machine's clock; nil means time.Now.
	Now func() time.Time
	// DatabaseTime corrects Now by the clock of a Postgres database, so that all
	// processes agree on the time. Without it they must share a clock, as tests in
	// a time of their own do. On SQLite all processes are on one machine.
	DatabaseTime bool
	// Merge lays a fresh raw body over the stored one: what the request did not
	// ask for stays. nil means that the fresh one wins whole, which is right
	// only when all requests ask for the same groups.
	Merge func(stored, fresh []byte, asked ordersync.Groups) ([]byte, error)
	// Driver wraps the database's driver, for who watches statements or lets
	// COMMITs fail; nil means the driver as it is.
	Driver func(driver.Driver) driver.Driver
	// Watch is told what the store does.
	Watch Watch
}

// Store is the database. Create it with Open; Close it at the end.
type Store struct {
	db     pool
	reader *Reader
	doors  *Reader
	kind   dialect
	path   string // of a SQLite file
	listen string // where to listen on Postgres
	clock  *clock
	merge  func(stored, fresh []byte, asked ordersync.Groups) ([]byte, error)
	zip    *zstd.Encoder
	bell   Bell
	watch  Watch
}

// Reader reads. It has no write method and its connections are read-only, so
// whoever holds only a Reader can change nothing.
type Reader struct {
	db    pool
	kind  dialect
	now   func() time.Time
	unzip *zstd.Decoder

	fleet   recent[Fleet]
	ceiling recent[float64]
}

// Connections at most. SQLite has one writer; on Postgres eight writers use two
// cores fully and leave room in max_connections for other processes.
const (
	postgresWriters = 8
	readers         = 8
	doorReaders     = 4
	busyTimeout     = 15 * time.Second
	// idleTimeout is after how long Postgres undoes a transaction in which nobody
	// says anything: a machine that stands still must not hold locks for which
	// every run waits. It is less than a transaction may take, so that who waits
	// outlives it.
	idleTimeout = 10 * time.Second
	// doorTime is how long a read may take that answers a request.
	doorTime = 5 * time.Second
)

// Open opens the database and checks that it answers. It changes nothing; the
// schema is checked and made by [Store.Migrate] and [Store.CheckSchema].
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{clock: &clock{machine: o.Now}, merge: o.Merge, watch: o.Watch}
	write, read, err := s.sources(o.URL)
	if err != nil {
		return nil, err
	}
	if s.zip, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2)); err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxBody))
	if err != nil {
		return nil, fmt.Errorf("prepare decompression: %w", err)
	}
	s.reader = &Reader{kind: s.kind, now: s.Now, unzip: unzip}
	s.doors = &Reader{kind: s.kind, now: s.Now, unzip: unzip}
	if s.db, err = s.kind.open(write, o.Driver); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if s.reader.db, err = s.kind.open(read, o.Driver); err != nil {
		return nil, fmt.Errorf("open database for reading: %w", err)
	}
	if s.doors.db, err = s.kind.open(read, o.Driver); err != nil {
		return nil, fmt.Errorf("open database for reading: %w", err)
	}
	s.doors.db.most = doorTime
	writers := 1
	if s.kind == postgres {
		writers = postgresWriters
	}
	s.db.SetMaxOpenConns(writers)
	s.db.SetMaxIdleConns(writers)
	s.reader.db.SetMaxOpenConns(readers)
	s.reader.db.SetMaxIdleConns(readers)
	s.doors.db.SetMaxOpenConns(doorReaders)
	s.doors.db.SetMaxIdleConns(doorReaders)
	if err := s.db.PingContext(ctx); err != nil {
		_ = s.Close()
		return nil, s.openError(err)
	}
	if o.DatabaseTime && s.kind == postgres {
		s.clock.ask = s.databaseTime
		s.clock.keep(ctx)
	}
	return s, nil
}

// maxBody is the most that a stored body may unpack to, in bytes.
const maxBody = 64 << 20

// Close closes the database. Transactions that run must have ended.
func (s *Store) Close() error {
	// The last connection to a SQLite file moves the WAL into it, which only one
	// that may write can.
	err := errors.Join(s.reader.db.Close(), s.doors.db.Close(), s.db.Close())
	s.reader.unzip.Close()
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Reader is the read-only side.
func (s *Store) Reader() *Reader { return s.reader }

// Doors is the read-only side for those who answer requests. It has connections of
// its own, so that nobody's searches keep the engine from its work, and each of its
// reads ends within five seconds.
func (s *Store) Doors() *Reader { return s.doors }

// Now is the store's clock: the only one whose times are compared between
// processes.
func (s *Store) Now() time.Time { return s.clock.now().UTC().Truncate(time.Millisecond) }

// databaseTime is the database's clock, for this machine's to be corrected by. No
// statement that decides asks for it. It is asked over a connection of the
// readers, so that it never waits for who waits for it.
func (s *Store) databaseTime(ctx context.Context) (t time.Time, err error) {
	err = s.reader.db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&t)
	return t, err
}

// Local tells whether the database is a file of this machine.
func (s *Store) Local() bool { return s.kind == sqlite }

func (s *Store) sources(raw string) (write, read string, err error) {
	scheme, rest, ok := strings.Cut(raw, ":")
	switch {
	case ok && scheme == "sqlite":
		s.kind = sqlite
		s.path, write, read, err = sqliteSources(rest)
		return write, read, err
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		s.kind = postgres
		write, read, err = postgresSources(raw)
		s.listen = write
		return write, read, err
	}
	return "", "", fmt.Errorf("database URL has an unknown scheme: use sqlite:PATH or postgres://USER@HOST/DATABASE")
}

// SQLitePath is the file of a sqlite: URL; false for any other.
func SQLitePath(databaseURL string) (string, bool) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	return path, ok && path != ""
}

// AuthorityInPath tells whether what follows sqlite: begins like a host, as in
// sqlite://orders.db: SQLite opens no such file.
func AuthorityInPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "//")
	return ok && !strings.HasPrefix(rest, "/")
}

func sqliteSources(path string) (file, write, read string, err error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return "", "", "", fmt.Errorf("database URL names no file: use sqlite:PATH, for example sqlite:ordersync.db")
	}
	if strings.HasPrefix(path, ":memory:") {
		return "", "", "", fmt.Errorf("database URL sqlite::memory: is refused: every connection would see a database of its own; use a file")
	}
	if AuthorityInPath(path) {
		return "", "", "", fmt.Errorf("database URL names a host: use sqlite:PATH without slashes before a relative path, for example sqlite:ordersync.db")
	}
	// The pragmas stand in the DSN so that every connection gets them,
	// busy_timeout first.
	common := "?_pragma=busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")&_pragma=foreign_keys(1)"
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	write = name + common + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	read = name + common + "&mode=ro&_pragma=query_only(1)"
	return path, write, read, nil
}

func postgresSources(raw string) (write, read string, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The text of the error would repeat the URL, and with it a password.
		return "", "", fmt.Errorf("database URL cannot be read: use postgres://USER:PASSWORD@HOST/DATABASE with special characters percent-encoded")
	}
	q := u.Query()
	if !q.Has("application_name") {
		q.Set("application_name", "ordersync")
	}
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "10")
	}
	if !q.Has("statement_cache_capacity") {
		q.Set("statement_cache_capacity", strconv.Itoa(keptStatements))
	}
	if !q.Has("idle_in_transaction_session_timeout") {
		q.Set("idle_in_transaction_session_timeout", strconv.FormatInt(idleTimeout.Milliseconds(), 10))
	}
	u.RawQuery = q.Encode()
	write = u.String()
	q.Set("default_transaction_read_only", "on")
	if !q.Has("plan_cache_mode") {
		// A plan that is to fit every tenant is made for the usual one, which has few
		// orders: of one with half a million it would read them all.
		q.Set("plan_cache_mode", "force_custom_plan")
	}
	u.RawQuery = q.Encode()
	return write, u.String(), nil
}

// openError says what to do about a database that cannot be opened. It never
// repeats the URL, which may hold a password.
func (s *Store) openError(err error) error {
	if s.kind == postgres {
		return fmt.Errorf("the Postgres database does not answer (is it running, are host, user and password in DATABASE_URL right?): %w", err)
	}
	if IsFileTrouble(err) {
		return fmt.Errorf("the SQLite file cannot be opened: %w", err)
	}
	if _, statErr := os.Stat(s.path); statErr == nil {
		return fmt.Errorf("the SQLite file cannot be opened (is it a database, may this user read and write it and its folder?): %w", err)
	}
	return fmt.Errorf("the SQLite file cannot be made (does its folder exist, may this user write there?): %w", err)
}
