package store

import (
	"context"
	"database/sql"
	"errors"

	"ordersync"
)

// ErrBroughtBack says that a connection was imported anew while it was removed.
var ErrBroughtBack = errors.New("the connection was imported anew while it was removed: it stays; remove it again")

// removeBatch is how many rows of a table one transaction of a removal deletes.
const removeBatch = 1000

// removed are the tables of a connection's data with the column by which a batch
// of each is chosen. The secret goes first. Targets stay: they are the history of
// runs.
var removed = []struct{ table, key string }{
	{"secrets", "name"},
	{"order_personal", "order_id"},
	{"order_items", "order_id"},
	{"order_packages", "order_id"},
	{"changes", "seq"},
	{"orders", "order_id"},
	{"set_aside", "entry"},
	{"walk_pages", "page"},
	{"walks", "kind"},
	{"coverage", "from_at"},
	{"doubts", "from_at"},
	{"shunned", "from_at"},
	{"repairs", "epoch"},
	{"state_changes", "epoch"},
}

// Remove deletes a connection with all that is stored of it. A removal that is
// interrupted leaves it DISABLED and is finished by asking again.
func (s *Store) Remove(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	if err := s.BeginRemoval(ctx, tenant, id); err != nil {
		return err
	}
	return s.FinishRemoval(ctx, tenant, id)
}

// FinishRemoval deletes what is stored of a connection whose removal was begun, and the
// connection. [ErrBroughtBack]: it was imported anew since, and stays.
func (s *Store) FinishRemoval(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	for _, r := range removed {
		for n := int64(removeBatch); n >= removeBatch; {
			err := s.inTx(ctx, "remove "+r.table, func(ctx context.Context, t *tx) (err error) {
				n, err = t.removeSome(ctx, r.table, r.key, tenant, id)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.inTx(ctx, "remove connection", func(ctx context.Context, t *tx) error {
		return t.removeConnection(ctx, tenant, id)
	})
}

// BeginRemoval stops a connection for good, and what waits for it. What is stored of
// it stays until [Store.FinishRemoval].
func (s *Store) BeginRemoval(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	return s.act(ctx, "remove connection", tenant, id, func(ctx context.Context, t *tx, c connectionRow, a *acted) error {
		return t.stop(ctx, c.ID, a, "the connection was removed")
	})
}

// stillRemoving locks the connection and makes sure that nobody brought it back.
// What else an operator does to it meanwhile changes nothing.
func (t *tx) stillRemoving(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	var state ordersync.State
	err := t.QueryRowContext(ctx, `UPDATE connections SET epoch = epoch WHERE tenant = $1 AND id = $2 RETURNING state`, tenant, int64(id)).Scan(&state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound // somebody else has removed it
	case err == nil && state != ordersync.Disabled:
		return ErrBroughtBack
	}
	return err
}

func (t *tx) removeSome(ctx context.Context, table, key string, tenant ordersync.TenantID, id ordersync.ConnectionID) (int64, error) {
	if err := t.stillRemoving(ctx, tenant, id); err != nil {
		return 0, err
	}
	return t.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND connection_id = $2 AND `+key+` IN (
		SELECT `+key+` FROM `+table+` WHERE tenant = $1 AND connection_id = $2 ORDER BY `+key+` LIMIT $3)`, tenant, int64(id), removeBatch)
}

// removeConnection deletes the row itself and what points to it, and revokes the
// keys of a tenant that has no other. The budgets of a seller whose id is known
// stay: they say how Amazon counts, whoever asks.
func (t *tx) removeConnection(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	if err := t.stillRemoving(ctx, tenant, id); err != nil {
		return err
	}
	// A line that was imported meanwhile and left it DISABLED may have brought one.
	if _, err := t.ExecContext(ctx, `DELETE FROM secrets WHERE tenant = $1 AND connection_id = $2`, tenant, int64(id)); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM consents WHERE tenant = $1 AND connection_id = $2`, tenant, int64(id)); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE applications SET suspect = NULL WHERE suspect = $1`,
		`UPDATE applications SET probe = NULL WHERE probe = $1`,
		`DELETE FROM connections WHERE id = $1`,
	} {
		if _, err := t.ExecContext(ctx, statement, int64(id)); err != nil {
			return err
		}
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM budgets WHERE seller = $1`, SellerKey(ordersync.Connection{ID: id})); err != nil {
		return err
	}
	// With its last connection the tenant is gone: links that lead to a new connection
	// of it must not bring it back, and its keys must not open what is imported under
	// its name one day.
	if _, err := t.ExecContext(ctx, `DELETE FROM consents WHERE tenant = $1
		AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant = $1)`, tenant); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE api_keys SET revoked_at = $2 WHERE tenant = $1 AND revoked_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant = $1)`, tenant, ms(t.now))
	return err
}
