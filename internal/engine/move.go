package engine

import (
	"context"
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// Moving is what moving refresh tokens came to.
type Moving struct {
	Moved   int64 // are where they were to go
	There   int64 // lay there already
	Without int64 // connections that have none
	// Failed names connections whose token stayed where it was, at most 20 of them.
	Failed      []string
	FailedCount int64
}

const (
	movePage = 500 // connections read at once
	maxNamed = 20  // failures that are named
)

// errMovedOn says that a token was replaced while it was moved.
var errMovedOn = errors.New("another token came meanwhile: move again")

// MoveTokens moves refresh tokens into Vault, or with toVault false into the database,
// one connection after the other, beside whatever works. A token is written where it
// is to go, read back and compared, and only then taken away where it was; with keep
// it stays in Vault too. One that is interrupted goes on when it is asked for again.
func (e *Engine) MoveTokens(ctx context.Context, toVault, keep bool, progress func(n int64)) (m Moving, err error) {
	if e.set.Vault == nil {
		return m, errors.New("there is no Vault: set ORDERSYNC_SECRETS=vault and ORDERSYNC_VAULT_…")
	}
	var n int64
	for after := (ordersync.ConnectionID)(0); ; {
		page, err := e.store.Reader().ConnectionsAfter(ctx, after, movePage)
		if err != nil || len(page) == 0 {
			return m, err
		}
		for _, c := range page {
			if err := e.moveToken(ctx, c, toVault, keep, &m); err != nil {
				if ctx.Err() != nil {
					return m, ctx.Err()
				}
				if m.FailedCount++; len(m.Failed) < maxNamed {
					m.Failed = append(m.Failed, fmt.Sprintf("tenant %s, connection %d: %v", c.Tenant, c.ID, err))
				}
			}
		}
		n += int64(len(page))
		progress(n)
		after = page[len(page)-1].ID
	}
}

func (e *Engine) moveToken(ctx context.Context, c ordersync.Connection, toVault, keep bool, m *Moving) error {
	t, err := e.readToken(ctx, c)
	switch {
	case errors.Is(err, errNoToken):
		m.Without++
		return nil
	case err != nil:
		return err
	case t.inVault == toVault:
		m.There++
		return nil
	case toVault:
		err = e.moveToVault(ctx, c, t)
	default:
		err = e.moveToDatabase(ctx, c, t, keep)
	}
	if err == nil {
		m.Moved++
	}
	return err
}

// moveToVault writes a token to Vault, and a note of it in its place.
func (e *Engine) moveToVault(ctx context.Context, c ordersync.Connection, t token) error {
	version, there, err := e.mayMove(ctx, c, t)
	if err != nil {
		return err
	}
	if !there {
		if _, err := e.set.Vault.Write(ctx, vaultRef(c), t.Secret, version); err != nil {
			return err
		}
	}
	back, err := e.set.Vault.Read(ctx, vaultRef(c))
	if err != nil {
		return err
	}
	if back.Token.Reveal() != t.Reveal() {
		return errMovedOn
	}
	note, err := e.note(c.Tenant, c.ID, t.Secret)
	if err != nil {
		return err
	}
	// The one that the operator gave is known by its note too, once Amazon has
	// replaced it.
	given, err := e.store.Secret(ctx, c.Tenant, c.ID, store.GivenToken)
	if err != nil {
		return err
	}
	if given != nil {
		plain, err := e.box.Open(given, tokenOwner(c.Tenant, c.ID))
		if err != nil && !errors.Is(err, secret.ErrWrongKey) {
			return err
		}
		if err == nil {
			noted, err := e.note(c.Tenant, c.ID, secret.New(string(plain)))
			if err != nil {
				return err
			}
			if _, err := e.store.ReplaceSecret(ctx, c.Tenant, c.ID, store.GivenToken, given, noted); err != nil {
				return err
			}
		}
	}
	replaced, err := e.store.ReplaceSecret(ctx, c.Tenant, c.ID, store.RefreshToken, t.kept, note)
	if err == nil && !replaced {
		err = errMovedOn
	}
	return err
}

// mayMove refuses to write over another token in Vault: somebody brought it, and
// nobody can tell which is the newer one. version is the document's that may be written
// over; there tells that the token lies there already.
func (e *Engine) mayMove(ctx context.Context, c ordersync.Connection, t token) (version int, there bool, err error) {
	found, err := e.set.Vault.Read(ctx, vaultRef(c))
	var trouble *secret.VaultError
	switch {
	case errors.As(err, &trouble) && trouble.TokenMissing():
		return found.Version, false, nil
	case err != nil:
		return 0, false, err
	case found.Token.Reveal() != t.Reveal():
		return 0, false, errors.New("Vault has another token of this seller: delete the one that is not wanted, there or by importing the connection anew") //nolint:staticcheck // a name
	}
	return 0, true, nil
}

// moveToDatabase seals a token in the database in the place of its note, and then
// deletes it in Vault.
func (e *Engine) moveToDatabase(ctx context.Context, c ordersync.Connection, t token, keep bool) error {
	sealed, err := e.box.Seal([]byte(t.Reveal()), tokenOwner(c.Tenant, c.ID))
	if err != nil {
		return err
	}
	replaced, err := e.store.ReplaceSecret(ctx, c.Tenant, c.ID, store.RefreshToken, t.kept, sealed)
	if err == nil && !replaced {
		err = errMovedOn
	}
	if err != nil {
		return err
	}
	back, err := e.readToken(ctx, c)
	switch {
	case err != nil:
		return err
	case back.inVault || back.Reveal() != t.Reveal():
		return errMovedOn
	case keep:
		return nil
	}
	return e.forgetToken(ctx, c, t.version)
}
