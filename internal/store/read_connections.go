package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordersync"
)

// Connection reads one connection of a tenant.
func (t TenantReader) Connection(ctx context.Context, id ordersync.ConnectionID) (ordersync.Connection, error) {
	c, err := scanConnection(t.r.db.QueryRowContext(ctx, `SELECT `+connectionColumns+` FROM connections WHERE tenant = $1 AND id = $2`, t.tenant, int64(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return ordersync.Connection{}, ErrNotFound
	}
	return c.Connection, err
}

// Connections lists the tenant's connections.
func (t TenantReader) Connections(ctx context.Context) ([]ordersync.Connection, error) {
	rows, err := connections(ctx, t.r.db, `WHERE tenant = $1 ORDER BY id`, t.tenant)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	out := make([]ordersync.Connection, len(rows))
	for i, c := range rows {
		out[i] = c.Connection
	}
	return out, nil
}

// ConnectionsAfter lists connections of all tenants behind an id, by their ids, at
// most limit.
func (r *Reader) ConnectionsAfter(ctx context.Context, after ordersync.ConnectionID, limit int) ([]ordersync.Connection, error) {
	rows, err := connections(ctx, r.db, `WHERE id > $1 ORDER BY id LIMIT $2`, int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	out := make([]ordersync.Connection, len(rows))
	for i, c := range rows {
		out[i] = c.Connection
	}
	return out, nil
}
