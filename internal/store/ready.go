package store

import (
	"context"
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
	err = s.reader.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have)
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
