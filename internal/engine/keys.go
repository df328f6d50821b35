package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"

	"ordersync"
	"ordersync/internal/store"
)

// keyPrefix marks an API key, so that one that leaks is recognised.
const keyPrefix = "osk_"

// maxKeyName is how long a key's name may be, in bytes.
const maxKeyName = 100

// KeyNameError says what is wrong with the name of a key, as it goes on after
// the name of the field.
type KeyNameError struct{ Wrong string }

func (e *KeyNameError) Error() string { return "the key's name " + e.Wrong }

// CheckKeyName checks the name of a key; what is wrong is a [KeyNameError].
func CheckKeyName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return &KeyNameError{"is empty: say who or what will use the key"}
	case len(name) > maxKeyName:
		return &KeyNameError{fmt.Sprintf("has %d bytes, at most %d are allowed", len(name), maxKeyName)}
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return &KeyNameError{fmt.Sprintf("%s has characters that cannot be printed: leave them out", ordersync.ShowBytes([]byte(name)))}
	}
	return nil
}

// NewKey makes an API key: of one tenant, or with "" an operator's. The secret is
// returned once and kept nowhere. A name that cannot be is a [KeyNameError].
func (e *Engine) NewKey(ctx context.Context, name string, tenant ordersync.TenantID) (store.Key, string, error) {
	if err := CheckKeyName(name); err != nil {
		return store.Key{}, "", err
	}
	name = strings.TrimSpace(name)
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	secret := keyPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	key := store.Key{ID: strings.ToLower(rand.Text()[:12]), Name: name, Tenant: tenant, CreatedAt: e.store.Now()}
	if err := e.store.CreateKey(ctx, key, secret); err != nil {
		return store.Key{}, "", err
	}
	return key, secret, nil
}

// RevokeKey makes a key useless, at once and for good. [ErrNotFound]: there is
// none of that id.
func (e *Engine) RevokeKey(ctx context.Context, id string) error { return e.store.RevokeKey(ctx, id) }
