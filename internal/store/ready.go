package store

import (
	"context"
	"errors"
	"fmt"
)

// Ready tells whether work can be sent here: nil when the database answers and
// has the schema that this program wants, [ErrSchemaOld] or [ErrSchemaNew] when
// another process has changed it. It changes nothing and waits for no writer.
func (s *Store) Ready(ctx context.Context) error {
	p, err := s.goose()
	if err != nil {
		return err
	}
	sources := p.ListSources()
	want := sources[len(sources)-1].Version
	var have int64
	err = s.reader.db.QueryRowContext(ctx, newestMigration).Scan(&have)
	switch {
	case err != nil:
		return fmt.Errorf("read schema version: %w", err)
	case have < want:
		return ErrSchemaOld
	case have > want:
		return ErrSchemaNew
	}
	return nil
}

// Ping tells whether the database answers.
func (r *Reader) Ping(ctx context.Context) error {
	var one int
	if err := r.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	return nil
}

// ErrClockUnknown says that this process does not know what time it is for all: its
// clock has jumped against the database's, or the two were never compared. It claims
// nothing until they agree.
var ErrClockUnknown = errors.New("the time is not known: this machine's clock and the database's have not agreed yet")

// ClockKnown tells whether the time is known well enough to work by it.
func (s *Store) ClockKnown(ctx context.Context) error {
	s.clock.keep(ctx)
	if !s.clock.sure() {
		return ErrClockUnknown
	}
	return nil
}

// newestMigration is the version of the schema.
const newestMigration = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`
