package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// ConnectionSpec is what an operator says of one connection. What is nil or
// zero was not said: a stored value stays.
type ConnectionSpec struct {
	Tenant       ordersync.TenantID
	DisplayName  *string
	Region       ordersync.Region
	SellerID     string    // the first one that comes is adopted
	Marketplaces *[]string // an empty list means: discover them
	State        ordersync.State
	RefreshToken secret.Secret
	AuthorizedAt time.Time
	PersonalData *bool
	// Adopt limits which connection without a seller id may be given SellerID: only
	// that one, or with 0 none. nil: the first.
	Adopt *ordersync.ConnectionID
	// Renew is the only connection that may be changed, if it is not disconnected; 0:
	// any, or a new one.
	Renew ordersync.ConnectionID
	// Cursor and LastSuccessAt count only when the connection is new. A cursor
	// may be any text: what is no date is repaired by the first execution.
	Cursor        string
	LastSuccessAt time.Time
}

// Import creates or changes one connection, all or nothing. It is an operator's
// act: what is under way for the connection gives way to it. It changes nothing
// when nothing differs. A token that Vault is to keep lies there before the
// connection says so; a [StoreTroubleError] tells that it could not be kept.
func (e *Engine) Import(ctx context.Context, s ConnectionSpec) (store.Imported, error) {
	if e.set.Vault == nil || s.RefreshToken.Empty() {
		return e.importToBase(ctx, s)
	}
	c, version, err := e.importToVault(ctx, s)
	if err != nil {
		return store.Imported{}, err
	}
	out, err := e.importToBase(ctx, s)
	if errors.Is(err, store.ErrNotSame) {
		if err := e.takeBackImport(ctx, c, version); err != nil {
			e.log.ErrorContext(ctx, "the connection was stopped, and its new refresh token could not be deleted in Vault: delete it there", "connection", c.ID, "error", err)
		}
	}
	return out, err
}

func (e *Engine) importToBase(ctx context.Context, s ConnectionSpec) (store.Imported, error) {
	return e.store.ImportConnection(ctx, store.Import{
		Tenant: s.Tenant, Region: s.Region, SellerID: s.SellerID, DisplayName: s.DisplayName,
		Marketplaces: s.Marketplaces, State: s.State, AuthorizedAt: s.AuthorizedAt, PersonalData: s.PersonalData, Adopt: s.Adopt, Renew: s.Renew,
		Cursor: []byte(s.Cursor), LastSuccessAt: s.LastSuccessAt,
		Token: !s.RefreshToken.Empty(),
		Seal:  func(id ordersync.ConnectionID) ([]byte, error) { return e.seal(s.Tenant, id, s.RefreshToken) },
		Same: func(id ordersync.ConnectionID, name string, kept []byte) bool {
			if name == store.RefreshToken && e.set.Vault == nil && e.noted(s.Tenant, id, kept) {
				return false // where there is no Vault any more, the token itself is to be kept
			}
			return e.same(s.Tenant, id, kept, s.RefreshToken)
		},
	})
}
