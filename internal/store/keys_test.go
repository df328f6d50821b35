package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store"
)

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.must(d.CreateKey(d.ctx, store.Key{ID: "k1", Name: "ops\x00"}, "osk_one"))
		d.clock.add(time.Second)
		d.must(d.CreateKey(d.ctx, store.Key{ID: "k2", Name: "shop", Tenant: "acme"}, "osk_two"))
		k, err := d.Reader().Key(d.ctx, "osk_two")
		d.must(err)
		equal(t, "the tenant's key", k, store.Key{ID: "k2", Name: "shop", Tenant: "acme", CreatedAt: begin.Add(time.Second)})
		if k.Operator() {
			t.Error("a tenant's key opens everything")
		}
		for _, wrong := range []string{"", "osk_", "osk_three", "osk_on", "osk_one "} {
			if _, err := d.Reader().Key(d.ctx, wrong); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("key %q: %v", wrong, err)
			}
		}
		d.must(d.RevokeKey(d.ctx, "k2"))
		d.clock.add(time.Second)
		d.must(d.RevokeKey(d.ctx, "k2")) // again: it stays as revoked as it was
		if _, err := d.Reader().Key(d.ctx, "osk_two"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a revoked key: %v", err)
		}
		if err := d.RevokeKey(d.ctx, "k3"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoking an unknown key: %v", err)
		}
		all, err := d.Reader().Keys(d.ctx)
		d.must(err)
		equal(t, "keys", all, []store.Key{
			{ID: "k2", Name: "shop", Tenant: "acme", CreatedAt: begin.Add(time.Second), RevokedAt: begin.Add(time.Second)},
			{ID: "k1", Name: "ops\uFFFD", CreatedAt: begin},
		})
		if dump := d.dump(); strings.Contains(dump, "osk_") {
			t.Error("the database holds a key itself")
		}
	})
}
