package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// rotateTime is how long saving a refresh token may take that Amazon gave in place
// of another. The call that it came with waits no longer for it.
const rotateTime = 5 * time.Second

// authorisation is a connection's refresh token and where it is kept. Calls of one
// execution may ask for it while another one of them brings its successor.
type authorisation struct {
	mu sync.Mutex
	token
}

func (a *authorisation) reveal() string { return a.now().Reveal() }

func (a *authorisation) now() token {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// accountOf is the account of a connection's seller as the client wants it.
func (e *Engine) accountOf(ctx context.Context, c ordersync.Connection, t token) spapi.Account {
	a := &authorisation{token: t}
	return spapi.Account{
		Region: c.Region, RefreshToken: a.reveal, PersonalData: c.PersonalData,
		Rotated: func(fresh string) { e.rotated(context.WithoutCancel(ctx), c, a, fresh) },
	}
}

// rotated stores the token that Amazon gave in place of a, unless an operator has
// brought another one meanwhile. It is saved before it is used, since the old one
// may end with that; one that cannot be saved is not used, and the call goes on.
func (e *Engine) rotated(ctx context.Context, c ordersync.Connection, a *authorisation, fresh string) {
	ctx, cancel := context.WithTimeout(ctx, rotateTime)
	defer cancel()
	next, saved, err := e.replaceToken(ctx, c, a.now(), secret.New(fresh))
	switch {
	case err != nil:
		e.log.ErrorContext(ctx, "Amazon gave a new refresh token and it could not be saved; the old one is used as long as it is accepted", "connection", c.ID, "error", err)
	case !saved:
		e.log.InfoContext(ctx, "Amazon gave a new refresh token in place of one that is stored no longer", "connection", c.ID)
		if err := e.takeBack(ctx, c, next); err != nil {
			e.log.ErrorContext(ctx, "the connection was stopped, and its new refresh token could not be deleted in Vault: delete it there", "connection", c.ID, "error", err)
		}
	default:
		a.mu.Lock()
		a.token = next
		a.mu.Unlock()
		e.log.InfoContext(ctx, "Amazon gave a new refresh token, and it was saved", "connection", c.ID)
	}
}

// replaceTries is how often a token is looked for anew that was moved or sealed anew
// while its successor came.
const replaceTries = 3

// replaceToken puts a token in the place of another where that is kept; not saved:
// another one lies there by now.
func (e *Engine) replaceToken(ctx context.Context, c ordersync.Connection, used token, fresh secret.Secret) (next token, saved bool, err error) {
	for range replaceTries {
		next = token{Secret: fresh, inVault: used.inVault}
		if used.inVault {
			next.version, err = e.set.Vault.Write(ctx, vaultRef(c), fresh, used.version)
			var lost *secret.VaultError
			if errors.As(err, &lost) && lost.Kind == secret.VaultConflict {
				return next, false, nil
			}
			if err == nil {
				next.kept, err = e.note(c.Tenant, c.ID, fresh)
			}
		} else {
			next.kept, err = e.box.Seal([]byte(fresh.Reveal()), tokenOwner(c.Tenant, c.ID))
		}
		if err != nil {
			return next, false, err
		}
		if saved, err = e.store.RotateToken(ctx, c.Tenant, c.ID, used.kept, next.kept); saved || err != nil {
			return next, saved || used.inVault, err
		}
		if used, saved, err = e.usedNow(ctx, c, used, next); saved || err != nil || used.kept == nil {
			return next, saved, err
		}
	}
	return next, false, nil
}

// usedNow finds a token where it lies by now, after it was moved or sealed anew; its
// kept is nil where another one has come. saved tells that the next one lies there
// already.
func (e *Engine) usedNow(ctx context.Context, c ordersync.Connection, used, next token) (now token, saved bool, err error) {
	kept, err := e.store.Secret(ctx, c.Tenant, c.ID, store.RefreshToken)
	if err != nil || kept == nil {
		return token{}, false, err
	}
	if used.inVault && e.same(c.Tenant, c.ID, kept, next.Secret) {
		return token{}, true, nil // somebody has read it in Vault since
	}
	if plain, err := e.box.Open(kept, tokenOwner(c.Tenant, c.ID)); err == nil {
		if string(plain) != used.Reveal() {
			return token{}, false, nil
		}
		return token{Secret: used.Secret, kept: kept}, false, nil
	}
	if e.set.Vault == nil {
		return token{}, false, nil
	}
	found, err := e.set.Vault.Read(ctx, vaultRef(c))
	switch {
	case err != nil:
		return token{}, false, err
	case found.Token.Reveal() == next.Reveal():
		return token{}, true, nil
	case found.Token.Reveal() != used.Reveal():
		return token{}, false, nil
	}
	return token{Secret: used.Secret, kept: kept, inVault: true, version: found.Version}, false, nil
}
