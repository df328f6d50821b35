package engine

import (
	"bytes"
	"context"
	"errors"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// Taking refresh tokens out of Vault, while others may be writing there.

// documentOf is what Vault has of a connection, if it is that seller's; version 0:
// there is nothing.
func (e *Engine) documentOf(ctx context.Context, c ordersync.Connection) (secret.Kept, error) {
	found, err := e.set.Vault.Read(ctx, vaultRef(c))
	var trouble *secret.VaultError
	switch {
	case err == nil, errors.As(err, &trouble) && trouble.Kind == secret.VaultNoToken: // what else is kept of it counts too
		return found, nil
	case errors.As(err, &trouble) && notOurs(c, trouble):
		return secret.Kept{}, nil
	}
	return secret.Kept{}, &StoreTroubleError{err.Error(), err}
}

// forgetToken deletes a connection's document in Vault, if it is still the version
// that was seen: any other is somebody's who connects again.
func (e *Engine) forgetToken(ctx context.Context, c ordersync.Connection, version int) error {
	found, err := e.documentOf(ctx, c)
	if err != nil || found.Version == 0 || found.Version != version {
		return err
	}
	return e.deleteToken(ctx, c)
}

func (e *Engine) deleteToken(ctx context.Context, c ordersync.Connection) error {
	err := e.set.Vault.Delete(ctx, vaultRef(c))
	var trouble *secret.VaultError
	if err == nil || errors.As(err, &trouble) && notOurs(c, trouble) {
		return nil
	}
	return &StoreTroubleError{err.Error(), err}
}

// stopped tells whether a connection is disabled by now, or gone.
func (e *Engine) stopped(ctx context.Context, c ordersync.Connection) (bool, error) {
	now, err := e.store.Reader().Tenant(c.Tenant).Connection(ctx, c.ID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return err == nil && now.State == ordersync.Disabled, err
}

// takeBack deletes what a rotation has written to Vault of a connection whose secrets
// were deleted meanwhile.
func (e *Engine) takeBack(ctx context.Context, c ordersync.Connection, written token) error {
	if !written.inVault || written.version == 0 {
		return nil
	}
	kept, err := e.store.Secret(ctx, c.Tenant, c.ID, store.RefreshToken)
	if err != nil || kept != nil {
		return err
	}
	stopped, err := e.stopped(ctx, c)
	if err != nil || !stopped {
		return err
	}
	return e.forgetToken(ctx, c, written.version)
}

// takeBackImport deletes what was written to Vault for a connection that was to be
// renewed and was stopped meanwhile: who stopped it takes that for the token of
// somebody who connects again.
func (e *Engine) takeBackImport(ctx context.Context, c ordersync.Connection, version int) error {
	if version == 0 {
		return nil
	}
	stopped, err := e.stopped(ctx, c)
	if err != nil || !stopped {
		return err
	}
	return e.forgetToken(ctx, c, version)
}

// forgetsToken sees what is kept of a connection's token before it is stopped, and
// returns what deletes just that afterwards, and what Amazon has put in its place
// meanwhile. Nothing is deleted of one who has connected again.
func (e *Engine) forgetsToken(ctx context.Context, c ordersync.Connection) (forget func() error) {
	fromBase := func() ([]byte, error) { return e.store.ForgetSecrets(ctx, c.Tenant, c.ID) }
	if e.set.Vault == nil {
		return func() error {
			_, err := fromBase()
			return err
		}
	}
	// In this order a rotation between both is part of what is seen.
	kept, err := e.store.Secret(ctx, c.Tenant, c.ID, store.RefreshToken)
	if err != nil {
		return func() error { return err } // it is stopped all the same
	}
	found, err := e.documentOf(ctx, c)
	if err != nil {
		return func() error { return err }
	}
	return func() error {
		// The database goes first: a rotation that has written to Vault then finds
		// nothing to replace there, and takes back what it wrote. One that was done
		// before has left another note than was seen. Who connects again changes the
		// note only together with the state.
		last, err := fromBase()
		if err != nil {
			return err
		}
		if stopped, err := e.stopped(ctx, c); err != nil || !stopped {
			return err
		}
		if kept != nil && last != nil && !bytes.Equal(kept, last) {
			return e.deleteToken(ctx, c)
		}
		return e.forgetToken(ctx, c, found.Version)
	}
}

// notOurs tells whether Vault has no document of the connection: none at all, one of
// another seller or region, or it can have none since the seller is not known.
func notOurs(c ordersync.Connection, trouble *secret.VaultError) bool {
	switch trouble.Kind {
	case secret.VaultNotFound, secret.VaultOtherSeller:
		return true
	case secret.VaultBadCall:
		return c.SellerID == ""
	}
	return false
}
