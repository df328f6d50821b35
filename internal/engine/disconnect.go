package engine

import (
	"context"

	"ordersync"
)

// Disconnect stops a connection and deletes its refresh token. Its orders and its
// cursor stay, for the day on which the seller connects again. It returns the state
// that it was in. One that is interrupted is finished by asking again.
func (e *Engine) Disconnect(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (before ordersync.State, err error) {
	c, err := e.store.Reader().Tenant(tenant).Connection(ctx, id)
	if err != nil {
		return "", err
	}
	forget := e.forgetsToken(ctx, c)
	if before, err = e.store.Disconnect(ctx, tenant, id); err != nil {
		return before, err
	}
	return before, forget()
}
