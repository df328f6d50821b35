package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

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

// NamedTenant is a tenant and what one of its connections is called; "" not at all.
type NamedTenant struct {
	ID   ordersync.TenantID
	Name string
}

// TenantsBeginning lists tenants whose id begins with a text, by id, at most limit.
// Prefixes are compared and not ranges, since databases differ in how they sort.
func (r *Reader) TenantsBeginning(ctx context.Context, prefix string, limit int) (out []NamedTenant, err error) {
	rows, err := r.db.QueryContext(ctx,
		`SELECT tenant, MAX(display_name) FROM connections WHERE substr(tenant, 1, $1) = $2 GROUP BY tenant ORDER BY tenant LIMIT $3`,
		utf8.RuneCountInString(prefix), prefix, limit)
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t NamedTenant
		if err := rows.Scan(&t.ID, &t.Name); err != nil {
			return nil, fmt.Errorf("read tenants: %w", err)
		}
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	return out, nil
}
