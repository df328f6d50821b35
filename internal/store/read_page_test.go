package store_test

import (
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// placed makes an order that was placed some time after begin.
func placed(after time.Duration) func(*store.PageOrder) {
	return func(o *store.PageOrder) { o.CreatedAt = begin.Add(after) }
}

func sku(s string) func(*store.PageOrder) {
	return func(o *store.PageOrder) { o.Items[0].SKU = s }
}

// page of orders by their ids.
func (d *database) ordersPage(tenant ordersync.TenantID, q store.OrdersQuery) (ids []string, total int64, next store.OrderMark) {
	d.t.Helper()
	page, total, next, err := d.Reader().Tenant(tenant).OrdersPage(d.ctx, q)
	d.must(err)
	for _, o := range page {
		ids = append(ids, o.ID)
		if len(o.Items) != 2 || len(o.Packages) != 1 || o.Region != ordersync.RegionEU {
			d.t.Errorf("order %s came with %d items, %d packages, region %q", o.ID, len(o.Items), len(o.Packages), o.Region)
		}
	}
	return ids, total, next
}

func TestOrdersPage(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second := d.connected("acme", "S1"), d.connected("acme", "S2")
		d.page(d.connected("other", "S3"), order("A-1", 0))
		d.page(first, order("A-1", 0, placed(time.Hour), sku("Red_Shoe%")), order("b-2", 0, placed(2*time.Hour), status("SHIPPED")),
			order("c-3", 0, placed(3*time.Hour), status("CANCELLED")), order("d-4", 0, placed(3*time.Hour)))
		d.page(second, order("A-1", 0, placed(time.Hour)))
		for _, c := range []struct {
			name string
			q    store.OrdersQuery
			want []string
		}{
			{"all", store.OrdersQuery{}, []string{"d-4", "c-3", "b-2", "A-1", "A-1"}},
			{"a part of the id", store.OrdersQuery{Search: "a-", Anywhere: true}, []string{"A-1", "A-1"}},
			{"capitals", store.OrdersQuery{Search: "B-2", Anywhere: true}, []string{"b-2"}},
			{"a part of a SKU", store.OrdersQuery{Search: "red_shoe%", Anywhere: true}, []string{"A-1"}},
			{"signs mean themselves", store.OrdersQuery{Search: "redxshoe", Anywhere: true}, nil},
			{"all signs", store.OrdersQuery{Search: "%", Anywhere: true}, []string{"A-1"}},
			{"!", store.OrdersQuery{Search: "!", Anywhere: true}, nil},
			{"NUL", store.OrdersQuery{Search: "\x00", Anywhere: true}, nil},
			{"a quote", store.OrdersQuery{Search: `'; DROP TABLE orders; --`, Anywhere: true}, nil},
			{"statuses", store.OrdersQuery{AmazonStatus: []string{"SHIPPED", "CANCELLED"}}, []string{"c-3", "b-2"}},
			{"from", store.OrdersQuery{From: begin.Add(3 * time.Hour)}, []string{"d-4", "c-3"}},
			{"to", store.OrdersQuery{To: begin.Add(time.Hour)}, []string{"A-1", "A-1"}},
			{"together", store.OrdersQuery{Search: "-", Anywhere: true, AmazonStatus: []string{"SHIPPED"}, From: begin, To: begin.Add(9 * time.Hour)}, []string{"b-2"}},
		} {
			ids, total, next := d.ordersPage("acme", c.q)
			equal(t, c.name, ids, c.want)
			equal(t, c.name+": total", total, int64(len(c.want)))
			equal(t, c.name+": next", next, store.OrderMark{})
		}
		ids, total, _ := d.ordersPage("acme", store.OrdersQuery{Limit: 2, Offset: 3})
		equal(t, "from the fourth on", ids, []string{"A-1", "A-1"})
		equal(t, "total of a page", total, int64(5))
		ids, total, _ = d.ordersPage("acme", store.OrdersQuery{Limit: 2, Offset: 1, Uncounted: true})
		equal(t, "uncounted", ids, []string{"c-3", "b-2"})
		equal(t, "how many there are at least", total, int64(4))
		_, total, next := d.ordersPage("acme", store.OrdersQuery{Search: "-", Anywhere: true, Limit: 2, Offset: 1})
		equal(t, "total of a search, which goes on", total, int64(5))
		equal(t, "a search goes on", next != store.OrderMark{}, true)
		_, total, _ = d.ordersPage("acme", store.OrdersQuery{Search: "-", Anywhere: true, Limit: 2, Offset: 5})
		equal(t, "total behind the end of a search", total, int64(5))
		for tenant, want := range map[ordersync.TenantID]time.Time{"acme": begin.Add(time.Hour), "nobody": {}} {
			oldest, err := d.Reader().Tenant(tenant).OldestOrder(d.ctx)
			d.must(err)
			equal(t, "the oldest of "+string(tenant), oldest, want)
		}
	})
}

// Orders that come while somebody turns pages shift no page.
func TestOrdersPageIsStable(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		other := d.connected("acme", "S2")
		for _, id := range []string{"1", "2", "3"} {
			d.page(l, order(id, 0, placed(0)))
			d.page(other, order(id, 0, placed(0)))
		}
		var all []string
		for after := (store.OrderMark{}); ; {
			page, total, next := d.ordersPage("acme", store.OrdersQuery{Limit: 2, After: after})
			equal(t, "total", total, int64(6+len(all)/2))
			all = append(all, page...)
			if after = next; next == (store.OrderMark{}) {
				break
			}
			d.page(l, order("new-"+page[0], 0, placed(time.Hour)))
		}
		equal(t, "orders", all, []string{"3", "3", "2", "2", "1", "1"})
	})
}

func TestOrderOfEachConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		a, b := d.connected("acme", "S1"), d.connected("acme", "S2")
		d.page(a, order("1", 0))
		d.page(b, order("1", 0), order("2", 0))
		d.page(d.connected("other", "S3"), order("1", 0))
		got, err := d.Reader().Tenant("acme").Order(d.ctx, "1")
		d.must(err)
		ids := []ordersync.ConnectionID{}
		for _, o := range got {
			ids = append(ids, o.Connection)
		}
		equal(t, "connections", slices.Sorted(slices.Values(ids)), []ordersync.ConnectionID{a.Connection.ID, b.Connection.ID})
		for _, id := range []string{"3", "", "1\x00"} {
			if got, err := d.Reader().Tenant("acme").Order(d.ctx, id); err != nil || len(got) > 0 {
				t.Errorf("order %q: %d, %v", id, len(got), err)
			}
		}
	})
}
