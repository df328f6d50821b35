package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordersync"
)

// RefreshToken is the name of a connection's refresh token among its secrets.
const RefreshToken = "refresh_token"

// Secret reads a sealed secret of a connection; nil when there is none.
func (s *Store) Secret(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, name string) ([]byte, error) {
	sealed, err := sealedSecret(ctx, s.db, tenant, id, name)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return sealed, nil
}

func sealedSecret(ctx context.Context, q querier, tenant ordersync.TenantID, id ordersync.ConnectionID, name string) ([]byte, error) {
	var sealed []byte
	err := q.QueryRowContext(ctx, `SELECT sealed FROM secrets WHERE tenant = $1 AND connection_id = $2 AND name = $3`, tenant, int64(id), name).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return sealed, err
}

func (t *tx) saveSecret(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, name string, sealed []byte) error {
	_, err := t.ExecContext(ctx, `INSERT INTO secrets (tenant, connection_id, name, sealed, updated_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, connection_id, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at`,
		tenant, int64(id), name, sealed, ms(t.now))
	if err != nil {
		return fmt.Errorf("save secret: %w", err)
	}
	return nil
}

// GivenToken is the name of the refresh token that the operator gave, once Amazon
// has put others in its place: it tells a file that is imported again from a new
// authorisation.
const GivenToken = "refresh_token_given"

// RotateToken puts the refresh token that Amazon gave in the place of the one that
// was used for it; false when another one is stored by now, which stays.
func (s *Store) RotateToken(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, used, fresh []byte) (saved bool, err error) {
	err = s.inTx(ctx, "save rotated token", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE secrets SET sealed = $5, updated_at = $6 WHERE tenant = $1 AND connection_id = $2 AND name = $3 AND sealed = $4`,
			tenant, int64(id), RefreshToken, used, fresh, ms(t.now))
		if saved = n > 0; err != nil || !saved {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO secrets (tenant, connection_id, name, sealed, updated_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			tenant, int64(id), GivenToken, used, ms(t.now))
		return err
	})
	if isCommit(err) {
		if stored, again := s.Secret(ctx, tenant, id, RefreshToken); again == nil && bytes.Equal(stored, fresh) {
			return true, nil // only the answer was lost
		}
	}
	return saved && err == nil, err
}

// ReplaceSecret puts fresh in the place of what a connection's secret was, where it
// still is that: nil stands for none. It tells whether it did.
func (s *Store) ReplaceSecret(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, name string, used, fresh []byte) (replaced bool, err error) {
	err = s.inTx(ctx, "replace secret", func(ctx context.Context, t *tx) error {
		query, args := `UPDATE secrets SET sealed = $4, updated_at = $5 WHERE tenant = $1 AND connection_id = $2 AND name = $3 AND sealed = $6`,
			[]any{tenant, int64(id), name, fresh, ms(t.now), used}
		switch {
		case used == nil && fresh == nil:
			return nil
		case used == nil: // a connection that was removed meanwhile gets none
			query, args = `INSERT INTO secrets (tenant, connection_id, name, sealed, updated_at)
				SELECT tenant, id, $3, $4, $5 FROM connections WHERE tenant = $1 AND id = $2 ON CONFLICT DO NOTHING`, args[:5]
		case fresh == nil:
			query, args = `DELETE FROM secrets WHERE tenant = $1 AND connection_id = $2 AND name = $3 AND sealed = $4`, []any{tenant, int64(id), name, used}
		}
		n, err := t.exec(ctx, query, args...)
		replaced = n > 0
		return err
	})
	return replaced && err == nil, err
}

// SetOnce stores a value of the installation under a name unless there is one,
// and returns the one that is stored: of two processes that start together,
// both get the same.
func (s *Store) SetOnce(ctx context.Context, name string, value []byte) (stored []byte, err error) {
	err = s.inTx(ctx, "save setting", func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		return t.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&stored)
	})
	return stored, err
}

// Setting reads a value of the installation; nil when there is none.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read setting: %w", err)
	}
	return value, nil
}
