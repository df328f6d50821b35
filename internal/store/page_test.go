package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func TestOrderIsStoredWhole(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		o := order("1", 0)
		counts := d.page(l, o)
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 1})

		equal(t, "stored order", d.order("acme", "1"), store.StoredOrder{
			Order: o.Order, Connection: l.Connection.ID, Region: ordersync.RegionEU, StoredAt: begin, ChangedAt: begin, Delivery: ordersync.DeliveryPreparing,
		})
		equal(t, "changes", d.changes(l.Connection.ID), []ordersync.Change{{
			Seq: 1, Kind: ordersync.ChangeCreated, OrderID: "1", At: begin, LastUpdatedAfter: begin, StatusAfter: "UNSHIPPED", Groups: ordersync.OrderGroups,
		}})
		d.checkCounters(l.Connection.ID)
	})
}

func TestNewerVersionReplaces(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		d.clock.add(time.Second)
		newer := order("1", time.Minute, status("SHIPPED"))
		counts := d.page(l, newer)
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersChanged: 1})

		equal(t, "stored order", d.order("acme", "1"), store.StoredOrder{
			Order: newer.Order, Connection: l.Connection.ID, Region: ordersync.RegionEU, StoredAt: begin, ChangedAt: begin.Add(time.Second),
			Delivery: ordersync.DeliveryShipped, ShippedSeenAt: begin.Add(time.Second),
		})
		equal(t, "last change", d.changes(l.Connection.ID)[1], ordersync.Change{
			Seq: 2, Kind: ordersync.ChangeUpdated, OrderID: "1", At: begin.Add(time.Second),
			LastUpdatedBefore: begin, LastUpdatedAfter: begin.Add(time.Minute),
			StatusBefore: "UNSHIPPED", StatusAfter: "SHIPPED", Groups: ordersync.GroupFulfillment,
		})
		d.checkCounters(l.Connection.ID)
	})
}

// Amazon's time of the update decides first, then the token taken for the
// request that saw it: epoch, then step.
func TestOnlyAGreaterVersionReplaces(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, test := range []struct {
			name        string
			updated     time.Duration
			epoch, step int64
			replaces    bool
		}{
			{"older, though seen later", -time.Millisecond, 6, 6, false},
			{"a millisecond newer, though seen earlier", time.Millisecond, 4, 4, true},
			{"equally new, the same token", 0, 5, 5, false},
			{"equally new, an earlier step", 0, 5, 4, false},
			{"equally new, a later step", 0, 5, 6, true},
			{"equally new, an earlier epoch with a later step", 0, 4, 9, false},
			{"equally new, a later epoch with an earlier step", 0, 6, 1, true},
		} {
			id := fmt.Sprint("order-", i)
			seen := func(o store.PageOrder, epoch, step int64) ordersync.Counts {
				return d.commit(l, store.Commit{Kind: ordersync.Live, Page: &store.Page{Orders: []store.PageOrder{o}, Epoch: epoch, Step: step}})
			}
			seen(order(id, 0), 5, 5)
			counts := seen(order(id, test.updated, status("SHIPPED")), test.epoch, test.step)
			want, changed := "UNSHIPPED", int64(0)
			if test.replaces {
				want, changed = "SHIPPED", 1
			}
			equal(t, test.name+": status", d.order("acme", id).Status, want)
			equal(t, test.name+": orders changed", counts.OrdersChanged, changed)
		}
		d.checkCounters(l.Connection.ID)
	})
}

func TestEqualContentIsNoChange(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0), order("2", 0))
		before := d.order("acme", "1")
		d.clock.add(time.Hour)
		counts := d.page(l, order("1", 0), order("2", 0))
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4})
		equal(t, "changes", len(d.changes(l.Connection.ID)), 2)
		equal(t, "stored order", d.order("acme", "1"), before)
		d.checkCounters(l.Connection.ID)
	})
}

// Of one order twice in a page, the newer version counts, of equally new ones
// the later; it is one order.
func TestOrderTwiceInAPage(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, test := range []struct {
			name          string
			first, second store.PageOrder
			want          string
		}{
			{"the newer first", order("a", time.Minute, status("NEW")), order("a", 0, status("OLD")), "NEW"},
			{"the newer last", order("b", 0, status("OLD")), order("b", time.Minute, status("NEW")), "NEW"},
			{"equally new", order("c", 0, status("FIRST")), order("c", 0, status("SECOND")), "SECOND"},
		} {
			counts := d.page(l, test.first, order(fmt.Sprint("other-", i), 0), test.second)
			equal(t, test.name+": counts", counts, ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 2})
			equal(t, test.name+": status", d.order("acme", test.first.ID).Status, test.want)
		}
		d.checkCounters(l.Connection.ID)
	})
}

func TestItemsAndPackagesAreReplacedInTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		parcel := func(id string) ordersync.Package { return ordersync.Package{ID: id, Status: "NEW"} }
		d.page(l, order("1", 0, func(o *store.PageOrder) {
			o.Items = []ordersync.Item{item("3"), item("1"), item("2")}
			o.Packages = []ordersync.Package{parcel("c"), parcel("a")}
		}), order("2", 0))
		next := order("1", time.Minute, func(o *store.PageOrder) {
			o.Items = []ordersync.Item{item("9"), item("2"), item("4"), item("3")}
			o.Packages = []ordersync.Package{parcel("a"), parcel("b"), parcel("c")}
		})
		d.page(l, next)
		stored := d.order("acme", "1")
		equal(t, "items", stored.Items, next.Items)
		equal(t, "packages", stored.Packages, next.Packages)
		equal(t, "items of the other order", len(d.order("acme", "2").Items), 2)
		equal(t, "counted items", d.connection("acme", l.Connection.ID).Items, int64(6))
		d.checkCounters(l.Connection.ID)
	})
}

func TestPageOf500Orders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		var page []store.PageOrder
		for i := range 500 {
			page = append(page, order(fmt.Sprintf("%03d", i), 0, func(o *store.PageOrder) { o.Items = o.Items[:1] }))
		}
		counts := d.page(l, page...)
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 500, ItemsReceived: 500, OrdersCreated: 500})
		stored := d.orders("acme")
		equal(t, "stored orders", len(stored), 500)
		equal(t, "the last order", stored[499].Order, page[499].Order)
		d.checkCounters(l.Connection.ID)
	})
}

// More rows than one statement may have parameters for.
func TestPageOf100OrdersWith22Items(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		var page []store.PageOrder
		for i := range 100 {
			page = append(page, order(fmt.Sprintf("%03d", i), 0, func(o *store.PageOrder) {
				o.Items = nil
				for j := range 22 {
					o.Items = append(o.Items, item(fmt.Sprint(1000+j)))
				}
			}))
		}
		d.page(l, page...)
		for i := range page {
			page[i].LastUpdatedAt = page[i].LastUpdatedAt.Add(time.Minute)
			page[i].Items = slices.Clone(page[i].Items)
			slices.Reverse(page[i].Items)
			page[i].Digests = digests(page[i])
		}
		counts := d.page(l, page...)
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 100, ItemsReceived: 2200, OrdersChanged: 100})
		equal(t, "items", d.orders("acme")[42].Items, page[42].Items)
		d.checkCounters(l.Connection.ID)
	})
}

// A seller may sell through two customers of the SaaS, and an account moved to a
// new authorisation has two connections: each keeps its own orders.
func TestSameOrderOfSeveralConnectionsIsKeptApart(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second, other := d.connected("acme", "S1"), d.connected("acme", "S2"), d.connected("globex", "S1")
		d.page(first, order("1", 0, status("FIRST")))
		d.page(second, order("1", 0, status("SECOND")))
		d.page(other, order("1", 0, status("OTHER")))

		var statuses []string
		for _, o := range d.orders("acme") {
			statuses = append(statuses, o.Status)
			equal(t, "items", len(o.Items), 2)
		}
		equal(t, "orders of acme", statuses, []string{"FIRST", "SECOND"})
		equal(t, "order of globex", d.order("globex", "1").Status, "OTHER")
		for _, l := range []*store.Lease{first, second, other} {
			equal(t, "changes", len(d.changes(l.Connection.ID)), 1)
			d.checkCounters(l.Connection.ID)
		}
	})
}

func TestChangesAreDenseAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("acme", "S2")
		var want []string
		for page := range 5 {
			for i := range 3 {
				want = append(want, fmt.Sprintf("%d-%d", page, i))
			}
			d.page(l, order(want[3*page+2], 0), order(want[3*page], 0), order(want[3*page+1], 0))
			d.page(other, order("1", time.Duration(page)*time.Second))
			d.page(l, order("0-0", 0)) // not newer: no number is spent
		}
		var got []string
		for i, c := range d.changes(l.Connection.ID) {
			got = append(got, c.OrderID)
			equal(t, "number", c.Seq, int64(i+1))
		}
		equal(t, "changes", got, want)
		d.checkCounters(other.Connection.ID)
	})
}

func TestMoreOrdersThanOneReadTakes(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, seller := range []string{"S1", "S2"} {
			l := d.connected("acme", seller)
			var page []store.PageOrder
			for i := range 300 {
				page = append(page, order(fmt.Sprintf("%03d", i), 0, func(o *store.PageOrder) { o.Items = o.Items[:1] }))
			}
			d.page(l, page...)
		}
		var keys []string
		for _, o := range d.orders("acme") {
			keys = append(keys, fmt.Sprintf("%d/%s", o.Connection, o.ID))
			if len(o.Items) != 1 || len(o.Packages) != 1 {
				t.Fatalf("order %s has %d items and %d packages", o.ID, len(o.Items), len(o.Packages))
			}
		}
		equal(t, "orders", len(keys), 600)
		equal(t, "sorted", slices.IsSorted(keys), true)
		equal(t, "each once", len(slices.Compact(keys)), 600)
	})
}
