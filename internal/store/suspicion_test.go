package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// An old suspicion must not count against a new authorisation, and an import that
// says nothing new must not make Amazon's word forgotten.
func TestImportForgetsSuspicions(t *testing.T) {
	cases := []struct {
		name   string
		before ordersync.State
		in     store.Import
		forget bool
	}{
		{"a new token", ordersync.Connected, line(bearing("new")), true},
		{"a new token for one that must reconnect", ordersync.NeedsReconnect, line(bearing("new")), true},
		{"connected again", ordersync.NeedsReconnect, line(state(ordersync.Connected)), true},
		{"an operator's word that it must reconnect", ordersync.Connected, line(state(ordersync.NeedsReconnect)), true},
		{"the same token", ordersync.Connected, line(bearing("old")), false},
		{"the same state", ordersync.Connected, line(state(ordersync.Connected)), false},
		{"a name", ordersync.NeedsReconnect, line(named("New")), false},
	}
	each(t, func(t *testing.T, d *database) {
		for i, c := range cases {
			tenant := ordersync.TenantID(rune('a' + i))
			first := line(state(c.before), bearing("old"))
			first.Tenant, c.in.Tenant = tenant, tenant
			id := d.bring(first).Connection
			d.set(id, "revoked_at = history_ms, denied_at = history_ms, failures = 4, back_failures = 3", begin.UnixMilli())
			d.bring(c.in)
			got, err := d.Reader().Tenant(tenant).Connection(d.ctx, id)
			d.must(err)
			want := []any{begin, begin, 4, 3}
			if c.forget {
				want = []any{time.Time{}, time.Time{}, 0, 0}
			}
			equal(t, c.name, []any{got.RevokedAt, got.DeniedAt, got.Failures, got.BackFailures}, want)
		}
	})
}
