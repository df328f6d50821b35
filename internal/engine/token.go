package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// Where refresh tokens are kept. Without Vault they lie sealed in the database. With
// Vault the database keeps in their place what tells one token from another, sealed
// too: so status knows who has a token without asking Vault, and a file that is
// imported again changes nothing. A token that still lies in the database is used
// from there until it is moved.

// tokenOwner is who a refresh token belongs to.
func tokenOwner(tenant ordersync.TenantID, id ordersync.ConnectionID) secret.Owner {
	return secret.Owner{Tenant: tenant, Connection: id, Purpose: store.RefreshToken}
}

// noteOwner is who the note of a refresh token in Vault belongs to.
func noteOwner(tenant ordersync.TenantID, id ordersync.ConnectionID) secret.Owner {
	return secret.Owner{Tenant: tenant, Connection: id, Purpose: store.RefreshToken + " in Vault"}
}

// token is a connection's refresh token as it was read.
type token struct {
	secret.Secret
	kept    []byte // what the database has of it; nil: nothing yet
	inVault bool
	version int // in Vault
}

// errNoToken says that the secret store answers and has no refresh token of the
// connection.
var errNoToken = errors.New("there is no refresh token")

// StoreTroubleError says that a refresh token could not be had though there may be
// one: it is the secret store's trouble and no verdict on the tenant's token.
type StoreTroubleError struct {
	what string
	err  error
}

func (e *StoreTroubleError) Error() string {
	return e.what + "; it is no verdict on the tenant's token"
}

func (e *StoreTroubleError) Unwrap() error { return e.err }

// ImportError says what is wrong with an import, for its author.
type ImportError struct{ Wrong string }

func (e *ImportError) Error() string { return e.Wrong }

// vaultRef is where Vault keeps a connection's token.
func vaultRef(c ordersync.Connection) secret.VaultRef {
	return secret.VaultRef{Tenant: c.Tenant, Region: c.Region, Seller: c.SellerID}
}

// readToken reads a connection's refresh token. The error is [errNoToken], a
// [StoreTroubleError], or the database's. There is never a fallback to another
// connection's token, which would fetch another seller's orders.
func (e *Engine) readToken(ctx context.Context, c ordersync.Connection) (token, error) {
	kept, err := e.store.Secret(ctx, c.Tenant, c.ID, store.RefreshToken)
	if err != nil {
		return token{}, fmt.Errorf("read refresh token: %w", err)
	}
	inVault, closed := e.set.Vault != nil, error(nil)
	if kept != nil {
		plain, err := e.box.Open(kept, tokenOwner(c.Tenant, c.ID))
		if err == nil {
			return token{Secret: secret.New(string(plain)), kept: kept}, nil
		}
		if !errors.Is(err, secret.ErrWrongKey) {
			return token{}, fmt.Errorf("open refresh token: %w", err)
		}
		if _, err := e.box.Open(kept, noteOwner(c.Tenant, c.ID)); err != nil {
			closed = &StoreTroubleError{"the stored refresh token cannot be opened with this master key", err}
		}
	}
	switch {
	case inVault:
		return e.readVault(ctx, c, kept, closed)
	case closed != nil:
		return token{}, closed
	case kept != nil:
		return token{}, &StoreTroubleError{"the refresh token is kept in Vault, and this process is not told of one: set ORDERSYNC_SECRETS=vault, or move it back", nil}
	}
	return token{}, errNoToken
}

// readVault reads a connection's token in Vault and notes in the database whether
// there is one. closed is not nil where what the database keeps may be a token itself,
// under a key that is not given: that stays, whatever Vault lacks.
func (e *Engine) readVault(ctx context.Context, c ordersync.Connection, kept []byte, closed error) (token, error) {
	found, err := e.set.Vault.Read(ctx, vaultRef(c))
	var trouble *secret.VaultError
	switch {
	case err == nil:
		note, err := e.noteOf(ctx, c, kept, found.Token)
		return token{Secret: found.Token, kept: note, inVault: true, version: found.Version}, err
	case !errors.As(err, &trouble), trouble.Kind == secret.VaultCancelled:
		return token{}, err
	case closed != nil && (trouble.TokenMissing() || trouble.Kind == secret.VaultBadCall):
		return token{}, closed
	case trouble.TokenMissing():
		if kept != nil {
			if _, err := e.store.ReplaceSecret(ctx, c.Tenant, c.ID, store.RefreshToken, kept, nil); err != nil {
				return token{}, err
			}
		}
		return token{}, errNoToken
	case trouble.Kind == secret.VaultBadCall && c.SellerID == "":
		return token{}, errNoToken // Vault can have none of a seller whom nobody knows
	}
	return token{}, &StoreTroubleError{trouble.Error(), err}
}

// noteOf notes in the database that Vault has a connection's token, unless that is
// what it says already.
func (e *Engine) noteOf(ctx context.Context, c ordersync.Connection, kept []byte, t secret.Secret) ([]byte, error) {
	if kept != nil && e.same(c.Tenant, c.ID, kept, t) {
		return kept, nil
	}
	note, err := e.note(c.Tenant, c.ID, t)
	if err != nil {
		return nil, err
	}
	if e.noted(c.Tenant, c.ID, kept) {
		// The token before may be the one that an operator gave: its note is kept, so
		// that the same line imported again does not bring it back.
		_, err = e.store.RotateToken(ctx, c.Tenant, c.ID, kept, note)
		return note, err
	}
	if _, err := e.store.ReplaceSecret(ctx, c.Tenant, c.ID, store.RefreshToken, kept, note); err != nil {
		return nil, err
	}
	return note, nil
}

// note is what the database keeps of a token that lies in Vault.
func (e *Engine) note(tenant ordersync.TenantID, id ordersync.ConnectionID, t secret.Secret) ([]byte, error) {
	sum := sha256.Sum256([]byte(t.Reveal()))
	return e.box.Seal(sum[:], noteOwner(tenant, id))
}

// seal is what the database is to keep of a token: the token itself, or the note of
// it.
func (e *Engine) seal(tenant ordersync.TenantID, id ordersync.ConnectionID, t secret.Secret) ([]byte, error) {
	if e.set.Vault != nil {
		return e.note(tenant, id, t)
	}
	return e.box.Seal([]byte(t.Reveal()), tokenOwner(tenant, id))
}

// noted tells whether what the database keeps is the note of a token in Vault.
func (e *Engine) noted(tenant ordersync.TenantID, id ordersync.ConnectionID, kept []byte) bool {
	_, err := e.box.Open(kept, noteOwner(tenant, id))
	return err == nil
}

// same tells whether what the database keeps is of this token, wherever that lies.
func (e *Engine) same(tenant ordersync.TenantID, id ordersync.ConnectionID, kept []byte, t secret.Secret) bool {
	if plain, err := e.box.Open(kept, tokenOwner(tenant, id)); err == nil {
		return subtle.ConstantTimeCompare(plain, []byte(t.Reveal())) == 1
	}
	sum := sha256.Sum256([]byte(t.Reveal()))
	plain, err := e.box.Open(kept, noteOwner(tenant, id))
	return err == nil && bytes.Equal(plain, sum[:])
}

// writeVault writes a token that an operator or a seller brought, as a version of the
// document. One that lies there already is left as it is: version 0.
func (e *Engine) writeVault(ctx context.Context, c ordersync.Connection, t secret.Secret) (version int, err error) {
	found, err := e.set.Vault.Read(ctx, vaultRef(c))
	var trouble *secret.VaultError
	switch {
	case err == nil && found.Token.Reveal() == t.Reveal():
		return 0, nil
	case errors.As(err, &trouble) && trouble.TokenMissing(): // found has the version even so
	case errors.As(err, &trouble) && trouble.Kind == secret.VaultBadCall:
		return 0, &ImportError{trouble.Detail}
	case err != nil:
		return 0, &StoreTroubleError{err.Error(), err}
	}
	if version, err = e.set.Vault.Write(ctx, vaultRef(c), t, found.Version); err != nil {
		return 0, &StoreTroubleError{err.Error(), err}
	}
	return version, nil
}

// importToVault writes the token of an import to Vault, unless it is the one that is
// kept, or the given one that Amazon has replaced since. It returns for which
// connection, and as which version; 0: nothing was written.
func (e *Engine) importToVault(ctx context.Context, s ConnectionSpec) (c ordersync.Connection, version int, err error) {
	c, known, err := e.importTarget(ctx, s)
	if err != nil {
		return c, 0, err
	}
	if s.Renew != 0 && (c.ID != s.Renew || c.State == ordersync.Disabled) {
		return c, 0, store.ErrNotSame
	}
	if known {
		for _, name := range []string{store.RefreshToken, store.GivenToken} {
			kept, err := e.store.Secret(ctx, c.Tenant, c.ID, name)
			if err != nil {
				return c, 0, err
			}
			if kept == nil || !e.same(c.Tenant, c.ID, kept, s.RefreshToken) {
				continue
			}
			if _, err := e.readToken(ctx, c); !errors.Is(err, errNoToken) {
				return c, 0, err // Vault has it, or its successor
			}
		}
	}
	version, err = e.writeVault(ctx, c, s.RefreshToken)
	return c, version, err
}

// importTarget is the connection that an import means, as far as it is known.
func (e *Engine) importTarget(ctx context.Context, s ConnectionSpec) (c ordersync.Connection, known bool, err error) {
	all, err := e.store.Reader().Tenant(s.Tenant).Connections(ctx)
	if err != nil {
		return c, false, err
	}
	all = slices.DeleteFunc(all, func(c ordersync.Connection) bool {
		adopts := c.SellerID == "" && (s.Adopt == nil || *s.Adopt == c.ID)
		return c.Region != s.Region || s.SellerID != "" && c.SellerID != s.SellerID && !adopts
	})
	// The one of that seller goes before the one that has none yet.
	slices.SortFunc(all, func(a, b ordersync.Connection) int { return strings.Compare(b.SellerID, a.SellerID) })
	switch {
	case len(all) > 0 && (s.SellerID != "" || len(all) == 1):
		c, known = all[0], true
	case len(all) > 1:
		return c, false, store.ErrSellerNeeded
	default:
		c = ordersync.Connection{Tenant: s.Tenant, Region: s.Region}
	}
	if s.SellerID != "" {
		c.SellerID = s.SellerID
	}
	return c, known, nil
}
