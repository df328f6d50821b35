package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// tokenOwner is who a refresh token belongs to.
func tokenOwner(tenant ordersync.TenantID, id ordersync.ConnectionID) secret.Owner {
	return secret.Owner{Tenant: tenant, Connection: id, Purpose: store.RefreshToken}
}

// tokenMissingAgain is how long a connection without a token waits for one,
// should no run ask.
const tokenMissingAgain = time.Hour

// credentials reads the connection's refresh token. Without one it ends the
// execution: a missing token is skipped and no error. There is never a fallback
// to another token, which would fetch another seller's orders.
func (x *execution) credentials(ctx context.Context) (ok bool, err error) {
	c := x.lease.Connection
	sealed, err := x.store.Secret(ctx, c.Tenant, c.ID, store.RefreshToken)
	if err != nil {
		return false, fmt.Errorf("read refresh token: %w", err)
	}
	if sealed == nil {
		return false, x.postpone(ctx, store.Commit{}, x.store.Now().Add(tokenMissingAgain), ordersync.Outcome{Reason: ordersync.TokenMissing})
	}
	plain, err := x.box.Open(sealed, tokenOwner(c.Tenant, c.ID))
	if errors.Is(err, secret.ErrWrongKey) {
		return false, x.fail(ctx, store.Commit{}, ordersync.Outcome{
			Reason:  ordersync.SecretStoreUnavailable,
			Message: "the stored refresh token cannot be opened with this master key; it is no verdict on the tenant's token",
		})
	}
	if err != nil {
		return false, fmt.Errorf("open refresh token: %w", err)
	}
	x.account = x.accountOf(ctx, sealed, plain)
	if x.app.Stopped() {
		// An access token from before would say nothing of the credentials.
		x.amazon.ForgetToken(x.account)
	}
	return true, nil
}
