package store

import (
	"context"

	"ordersync"
)

// Disconnect stops a connection until it is connected again; its orders and its
// cursor stay. Its secrets are deleted by [Store.ForgetSecrets]. It returns the state
// that it was in.
func (s *Store) Disconnect(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (before ordersync.State, err error) {
	err = s.act(ctx, "disconnect", tenant, id, func(ctx context.Context, t *tx, c connectionRow, a *acted) error {
		if before = c.State; before == ordersync.Disabled {
			return nil
		}
		a.noted, a.to = "disconnected", ordersync.Disabled
		return t.stop(ctx, c.ID, a, "the account was disconnected")
	})
	return before, err
}

// stop disables a connection, ends what is due, and settles what waits for it.
func (t *tx) stop(ctx context.Context, id ordersync.ConnectionID, a *acted, why string) error {
	a.claims = true
	a.put("state", ordersync.Disabled)
	a.put("state_since", ms(t.now))
	a.put("live_due_at", nil)
	a.put("back_due_at", nil)
	return t.settleTargets(ctx, id, ordersync.Outcome{Reason: ordersync.NotConnected, Message: why})
}

// ForgetSecrets deletes the secrets of a connection that is DISABLED, and returns what
// was kept of its refresh token last; nil: nothing. One that was connected again
// meanwhile keeps its own.
func (s *Store) ForgetSecrets(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (last []byte, err error) {
	err = s.inTx(ctx, "forget secrets", func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `UPDATE connections SET epoch = epoch WHERE tenant = $1 AND id = $2`, tenant, int64(id)); err != nil {
			return err
		}
		var err error
		if last, err = sealedSecret(ctx, t, tenant, id, RefreshToken); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM secrets WHERE tenant = $1 AND connection_id = $2
			AND EXISTS (SELECT 1 FROM connections c WHERE c.tenant = $1 AND c.id = $2 AND c.state = 'DISABLED')`, tenant, int64(id))
		return err
	})
	return last, err
}
