package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Session is somebody who signed in to the dashboard with a key.
type Session struct {
	Key    Key
	EndsAt time.Time
}

// OpenSession stores a session of a good key by the hash of what the browser will
// hold. [ErrNotFound] when the key is none, or was revoked. Sessions that have ended
// are deleted with it.
func (s *Store) OpenSession(ctx context.Context, key, session string, ends time.Time) error {
	keyHash, hash := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(session))
	return s.inTx(ctx, "open session", func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM sessions WHERE ends_at <= $1`, ms(t.now)); err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO sessions (hash, key_id, created_at, ends_at)
			SELECT $2, id, $3, $4 FROM api_keys WHERE hash = $1 AND revoked_at IS NULL`, keyHash[:], hash[:], ms(t.now), ms(ends))
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// CloseSession ends a session; one that is none is no error.
func (s *Store) CloseSession(ctx context.Context, session string) error {
	hash := sha256.Sum256([]byte(session))
	return s.inTx(ctx, "close session", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, hash[:])
		return err
	})
}

// Session finds who holds a session, by its key as that is now; [ErrNotFound] when it
// has ended or its key was revoked.
func (r *Reader) Session(ctx context.Context, session string) (out Session, err error) {
	hash := sha256.Sum256([]byte(session))
	var created, ends int64
	var revoked sql.NullInt64
	err = r.db.QueryRowContext(ctx, `SELECT k.id, k.name, k.tenant, k.created_at, k.revoked_at, s.ends_at
		FROM sessions s JOIN api_keys k ON k.id = s.key_id WHERE s.hash = $1 AND s.ends_at > $2 AND k.revoked_at IS NULL`, hash[:], ms(r.now())).
		Scan(&out.Key.ID, &out.Key.Name, &out.Key.Tenant, &created, &revoked, &ends)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, ErrNotFound
	}
	if err != nil {
		return Session{}, fmt.Errorf("look up session: %w", err)
	}
	out.Key.CreatedAt, out.Key.RevokedAt, out.EndsAt = msTime(created), at(revoked), msTime(ends)
	return out, nil
}
