package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// ClientSecrets keeps the application's client secrets that come by rotation, sealed
// in the database, and remembers since when those are known that are set from
// outside. It is safe for concurrent use.
type ClientSecrets struct {
	store    *store.Store
	box      *secret.Box
	key      []byte
	clientID string
	set      secret.Secret
}

// NewClientSecrets keeps the secrets of an application. key keys the digests by which
// they are told apart: random bytes that never change; set is the secret that is set
// from outside.
func NewClientSecrets(s *store.Store, box *secret.Box, key []byte, clientID string, set secret.Secret) *ClientSecrets {
	return &ClientSecrets{s, box, key, clientID, set}
}

// clientSecretOwner is who a client secret belongs to.
func clientSecretOwner(clientID string) secret.Owner {
	return secret.Owner{Purpose: "client secret of " + clientID}
}

// digest tells a client secret from others.
func (c *ClientSecrets) digest(text string) []byte {
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte("client secret\x00" + c.clientID + "\x00" + text)) // never fails
	return mac.Sum(nil)
}

// Reveal is the stored secrets, the newest first: what [spapi.Config.StoredSecrets]
// asks for. One that opens under no key hides no other; the error tells of it.
func (c *ClientSecrets) Reveal(ctx context.Context) (out []string, err error) {
	known, err := c.store.Reader().ClientSecrets(ctx, c.clientID)
	if err != nil {
		return nil, err
	}
	var closed []error
	for _, one := range known.Stored {
		plain, err := c.box.Open(one.Sealed, clientSecretOwner(c.clientID))
		if err != nil {
			closed = append(closed, err)
			continue
		}
		out = append(out, string(plain))
	}
	return out, errors.Join(closed...)
}

// newest is the newest of the stored secrets; "" where there is none.
func (c *ClientSecrets) newest(ctx context.Context) (string, error) {
	known, err := c.store.Reader().ClientSecrets(ctx, c.clientID)
	if err != nil || len(known.Stored) == 0 {
		return "", err
	}
	plain, err := c.box.Open(known.Stored[0].Sealed, clientSecretOwner(c.clientID))
	return string(plain), err
}

// saw notes which secret is set from outside.
func (c *ClientSecrets) saw(ctx context.Context) error {
	if c == nil || c.set.Empty() {
		return nil
	}
	return c.store.SawClientSecret(ctx, c.clientID, c.digest(c.set.Reveal()))
}

// keep stores a secret that came, and tells whether it is the newest.
func (c *ClientSecrets) keep(ctx context.Context, n *spapi.NewSecret) (newest bool, err error) {
	// The one that is set was there before, whoever looks first.
	if err := c.saw(ctx); err != nil {
		return false, err
	}
	sealed, err := c.box.Seal([]byte(n.Secret()), clientSecretOwner(c.clientID))
	if err != nil {
		return false, err
	}
	return c.store.SaveClientSecret(ctx, c.clientID, store.ClientSecret{
		Digest: c.digest(n.Secret()), Sealed: sealed, EndsAt: n.Ends, PreviousEnds: n.PreviousEnds,
	})
}

// resealClientSecrets seals the stored client secrets of every application anew.
func (e *Engine) resealClientSecrets(ctx context.Context, r *Resealing) error {
	all, err := e.store.SealedSecrets(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if e.box.Current(one.Sealed) {
			r.Current++
			continue
		}
		owner := clientSecretOwner(one.ClientID)
		plain, err := e.box.Open(one.Sealed, owner)
		if err != nil {
			r.closed("client secret of " + one.ClientID)
			continue
		}
		fresh, err := e.box.Seal(plain, owner)
		if err != nil {
			return err
		}
		done, err := e.store.ResealClientSecret(ctx, one, fresh)
		if err != nil {
			return fmt.Errorf("client secret: %w", err)
		}
		r.Old++
		if done {
			r.Secrets++
		}
	}
	return nil
}
