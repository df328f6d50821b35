package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// The states of a schema that stop a start.
var (
	// ErrSchemaOld says that migrations are missing.
	ErrSchemaOld = errors.New("the database has an older schema: run `ordersync migrate` first")
	// ErrSchemaNew says that a newer version has already migrated the database.
	ErrSchemaNew = errors.New("the database has a newer schema than this version knows: use the newer ordersync")
)

// Prepare makes the schema fit to work with: an empty database is migrated; an
// older schema is migrated on SQLite and refused on Postgres, where other
// processes may be at work; a newer one is always refused.
func (s *Store) Prepare(ctx context.Context) error {
	have, want, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case have == want:
		return nil
	case have > want:
		return ErrSchemaNew
	case have > 0 && s.kind == postgres:
		return ErrSchemaOld
	}
	_, err = s.Migrate(ctx)
	return err
}

// SchemaVersion tells the database's version and the one that this program
// wants. An empty database has version 0.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	p, err := s.goose()
	if err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	want = sources[len(sources)-1].Version
	err = s.db.QueryRowContext(ctx, s.kind.versionQuery()).Scan(&have)
	if err != nil {
		return 0, want, fmt.Errorf("read schema version: %w", err)
	}
	if have == 0 {
		return 0, want, nil
	}
	have, err = p.GetDBVersion(ctx)
	if err != nil {
		return 0, want, fmt.Errorf("read schema version: %w", err)
	}
	return have, want, nil
}

// versionQuery counts goose's own table, so that asking changes nothing.
func (d dialect) versionQuery() string {
	if d == postgres {
		return `SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')`
	}
	return `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'goose_db_version'`
}

// Migrate brings the schema up to date under a lock that all processes respect,
// and tells how many migrations it applied.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	if s.kind == sqlite {
		unlock, err := s.lockFile()
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	p, err := s.goose()
	if err != nil {
		return 0, err
	}
	if have, want, err := s.SchemaVersion(ctx); err != nil {
		return 0, err
	} else if have > want {
		return 0, ErrSchemaNew
	}
	results, err := p.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

// lockFile takes the lock that migrations of a SQLite file respect.
func (s *Store) lockFile() (unlock func() error, err error) {
	l := flock.New(s.path + ".migrate")
	if err := l.Lock(); err != nil {
		return nil, fmt.Errorf("lock the database file for migration: %w", err)
	}
	return l.Unlock, nil
}

// exclusiveKey is the key of the lock that Exclusive takes on Postgres.
const exclusiveKey = 0x6f72646572 // "order"

// Exclusive runs fn while no other process does the same with this database.
func (s *Store) Exclusive(ctx context.Context, fn func(context.Context) error) (err error) {
	if s.kind == sqlite {
		unlock, err := s.lockFile()
		if err != nil {
			return err
		}
		return errors.Join(fn(ctx), unlock())
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(exclusiveKey)); err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	err = fn(ctx)
	_, unlocked := c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(exclusiveKey))
	return errors.Join(err, unlocked)
}

func (s *Store) goose() (*goose.Provider, error) {
	name, kind := "migrations/sqlite", goose.DialectSQLite3
	var options []goose.ProviderOption
	if s.kind == postgres {
		name, kind = "migrations/postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks each second, for five minutes
		if err != nil {
			return nil, fmt.Errorf("prepare migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, name)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(kind, s.db.DB, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
