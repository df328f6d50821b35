package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// Key is an API key as it is known after it was made: the key itself is shown
// once and kept nowhere.
type Key struct {
	ID        string
	Name      string
	Tenant    ordersync.TenantID // "" for an operator's
	CreatedAt time.Time
	RevokedAt time.Time // zero: it is good
}

// Operator tells whether the key opens everything.
func (k Key) Operator() bool { return k.Tenant == "" }

// CreateKey stores a key by its hash.
func (s *Store) CreateKey(ctx context.Context, k Key, secret string) error {
	hash := sha256.Sum256([]byte(secret))
	return s.inTx(ctx, "create key", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO api_keys (id, name, tenant, hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
			k.ID, ordersync.CleanText(k.Name), k.Tenant, hash[:], ms(t.now))
		return err
	})
}

// RevokeKey makes a key useless, at once and for good.
func (s *Store) RevokeKey(ctx context.Context, id string) error {
	return s.inTx(ctx, "revoke key", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1`, id, ms(t.now))
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

const keyColumns = `id, name, tenant, created_at, revoked_at`

func scanKey(row scanner) (k Key, err error) {
	var created int64
	var revoked sql.NullInt64
	err = row.Scan(&k.ID, &k.Name, &k.Tenant, &created, &revoked)
	k.CreatedAt, k.RevokedAt = msTime(created), at(revoked)
	return k, err
}

// Key finds the good key that a caller presents; [ErrNotFound] for any other.
func (r *Reader) Key(ctx context.Context, secret string) (Key, error) {
	hash := sha256.Sum256([]byte(secret))
	k, err := scanKey(r.db.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE hash = $1 AND revoked_at IS NULL`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return Key{}, ErrNotFound
	}
	if err != nil {
		return Key{}, fmt.Errorf("look up key: %w", err)
	}
	return k, nil
}

// Keys lists all keys, the newest first.
func (r *Reader) Keys(ctx context.Context) (out []Key, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT `+keyColumns+` FROM api_keys ORDER BY created_at DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, fmt.Errorf("list keys: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}
