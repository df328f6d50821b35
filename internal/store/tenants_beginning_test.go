package store_test

import (
	"fmt"
	"testing"

	"ordersync"
)

// Ids are completed by how they begin, capital letters apart from small ones, and
// whatever stands in them is no pattern.
func TestTenantsBeginning(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, tenant := range []ordersync.TenantID{"acme", "acme-2", "Acme", "a%e", "a_me", "globex"} {
			d.full(tenant, "S1")
		}
		d.full("acme", "S2")
		d.exec(`UPDATE connections SET display_name = 'Acme & Sons' WHERE tenant = 'acme' AND seller_id = 'S2'`)
		for _, c := range []struct {
			prefix string
			limit  int
			want   string
		}{
			{"acme", 10, "[{acme Acme & Sons} {acme-2 }]"},
			{"acme", 1, "[{acme Acme & Sons}]"},
			{"A", 10, "[{Acme }]"},
			{"a%", 10, "[{a%e }]"},
			{"a_", 10, "[{a_me }]"},
			{"acme-2", 10, "[{acme-2 }]"},
			{"acme-22", 10, "[]"},
			{"nobody", 10, "[]"},
		} {
			got, err := d.Reader().TenantsBeginning(d.ctx, c.prefix, c.limit)
			d.must(err)
			equal(t, c.prefix, fmt.Sprint(got), c.want)
		}
		all, err := d.Reader().TenantsBeginning(d.ctx, "", 100)
		d.must(err)
		equal(t, "all", len(all), 6)
	})
}
