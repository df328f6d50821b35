package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordersync"
)

// KeysPage asks for a page of API keys: operators' first, then by tenant.
type KeysPage struct {
	Revoked bool // those that were revoked, instead of the good ones
	// After is the last one of the page before; its zero value is the beginning.
	After KeyMark
	Limit int // 0: 100
}

// KeyMark is a place in the list of keys.
type KeyMark struct {
	Tenant ordersync.TenantID
	ID     string
}

// keysQuery is the text of a page's query; it follows an index.
func keysQuery(revoked bool) string {
	which := `revoked_at IS NULL`
	if revoked {
		which = `revoked_at IS NOT NULL`
	}
	return `SELECT ` + keyColumns + ` FROM api_keys WHERE (tenant, id) > ($1, $2) AND ` + which + ` ORDER BY tenant, id LIMIT $3`
}

// KeysPage reads a page of API keys. next is where the following page begins; zero
// after the last.
func (r *Reader) KeysPage(ctx context.Context, p KeysPage) (out []Key, next KeyMark, err error) {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	rows, err := r.db.QueryContext(ctx, keysQuery(p.Revoked), p.After.Tenant, p.After.ID, p.Limit+1)
	if err != nil {
		return nil, next, fmt.Errorf("list keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, next, fmt.Errorf("list keys: %w", err)
		}
		out = append(out, k)
	}
	if len(out) > p.Limit {
		out = out[:p.Limit]
		next = KeyMark{out[p.Limit-1].Tenant, out[p.Limit-1].ID}
	}
	return out, next, rows.Err()
}

// KeyByID finds a key, good or revoked; [ErrNotFound] when there is none.
func (r *Reader) KeyByID(ctx context.Context, id string) (Key, error) {
	k, err := scanKey(r.db.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = $1`, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return k, ErrNotFound
	case err != nil:
		return k, fmt.Errorf("look up key: %w", err)
	}
	return k, nil
}

// DatabaseVersion is which database it is, and the version of the schema in it.
type DatabaseVersion struct {
	Name, Version string // SQLite or PostgreSQL
	Schema        int64
}

// productQuery asks a database for its own version.
func (d dialect) productQuery() (name, query string) {
	if d == postgres {
		return "PostgreSQL", `SELECT current_setting('server_version')`
	}
	return "SQLite", `SELECT sqlite_version()`
}

// DatabaseVersion reads what database it is.
func (r *Reader) DatabaseVersion(ctx context.Context) (v DatabaseVersion, err error) {
	name, query := r.kind.productQuery()
	v.Name = name
	if err = r.db.QueryRowContext(ctx, query).Scan(&v.Version); err == nil {
		err = r.db.QueryRowContext(ctx, newestMigration).Scan(&v.Schema)
	}
	if err != nil {
		return v, fmt.Errorf("read the database's version: %w", err)
	}
	return v, nil
}
