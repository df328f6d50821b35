package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"
)

// SessionTime is how long somebody who signed in to the dashboard stays so.
const SessionTime = 12 * time.Hour

// OpenSession signs somebody in who presents a good API key. The session is what the
// browser holds; it is kept as a hash only, and ends when the key is revoked.
// [store.ErrNotFound]: the key is none.
func (e *Engine) OpenSession(ctx context.Context, key string) (session string, ends time.Time, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	session = base64.RawURLEncoding.EncodeToString(b[:])
	ends = e.store.Now().Add(SessionTime)
	if err := e.store.OpenSession(ctx, key, session, ends); err != nil {
		return "", time.Time{}, err
	}
	return session, ends, nil
}

// CloseSession signs out.
func (e *Engine) CloseSession(ctx context.Context, session string) error {
	return e.store.CloseSession(ctx, session)
}
