package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestKeysPages(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for i, tenant := range []ordersync.TenantID{"b", "", "a", "b", ""} {
			d.must(d.CreateKey(d.ctx, store.Key{ID: fmt.Sprint("k", i), Name: "n", Tenant: tenant}, fmt.Sprint("secret", i)))
		}
		d.must(d.RevokeKey(d.ctx, "k3"))
		list := func(p store.KeysPage) (ids []string) {
			t.Helper()
			for {
				page, next, err := d.Reader().KeysPage(d.ctx, p)
				d.must(err)
				for _, k := range page {
					ids = append(ids, k.ID)
				}
				if p.After = next; next == (store.KeyMark{}) {
					return ids
				}
			}
		}
		for limit := range 4 {
			equal(t, fmt.Sprint("good ones, pages of ", limit), list(store.KeysPage{Limit: limit}), []string{"k1", "k4", "k2", "k0"})
		}
		equal(t, "revoked ones", list(store.KeysPage{Revoked: true}), []string{"k3"})
		k, err := d.Reader().KeyByID(d.ctx, "k3")
		d.must(err)
		equal(t, "a revoked one", k, store.Key{ID: "k3", Name: "n", Tenant: "b", CreatedAt: begin, RevokedAt: begin})
		if _, err := d.Reader().KeyByID(d.ctx, "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a key that is none: %v", err)
		}
	})
}

// A page of many keys follows an index.
func TestKeysAreNotSorted(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.exec(`DROP INDEX api_keys_hash`) // for many to have one
		d.exec(`INSERT INTO api_keys (id, name, tenant, hash, created_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000)
			SELECT 'k' || CAST(i AS TEXT), 'n', 't' || CAST(i AS TEXT), $1, i FROM numbers`, []byte("x"))
		d.exec(`ANALYZE`)
		d.wantPlan(store.KeysQuery(false), "api_keys_tenant", "t5", "k5", 25)
	})
}

func TestDatabaseVersion(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		have, err := d.Reader().DatabaseVersion(d.ctx)
		d.must(err)
		name := map[storetest.Kind]string{storetest.SQLite: "SQLite", storetest.Postgres: "PostgreSQL"}[d.kind]
		_, want, err := d.SchemaVersion(d.ctx)
		d.must(err)
		if have.Name != name || !strings.Contains(have.Version, ".") || have.Schema != want {
			t.Errorf("%+v, want %s with schema %d", have, name, want)
		}
	})
}
