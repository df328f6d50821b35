package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
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

// NewKey makes an API key: of one tenant, or with "" an operator's. The secret is
// returned once and kept nowhere.
func (e *Engine) NewKey(ctx context.Context, name string, tenant ordersync.TenantID) (store.Key, string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return store.Key{}, "", errors.New("the key has no name: say who or what will use it")
	case len(name) > maxKeyName:
		return store.Key{}, "", fmt.Errorf("the key's name has %d bytes, at most %d are allowed", len(name), maxKeyName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return store.Key{}, "", fmt.Errorf("the key's name %s has characters that cannot be printed", ordersync.ShowBytes([]byte(name)))
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	secret := keyPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	key := store.Key{ID: strings.ToLower(rand.Text()[:12]), Name: name, Tenant: tenant, CreatedAt: e.store.Now()}
	if err := e.store.CreateKey(ctx, key, secret); err != nil {
		return store.Key{}, "", err
	}
	return key, secret, nil
}
