package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// A request gets only the data groups that it asked for. What it did not ask for
// is neither compared nor erased.

func TestGroupsNotAskedForStay(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		full := order("1", 0)
		d.page(l, full)
		counts := d.page(l, order("1", time.Minute, asking(ordersync.GroupCore), func(o *store.PageOrder) {
			o.Items = []ordersync.Item{o.Items[1], o.Items[0], {ID: "13", Title: "New", Quantity: 1}}
		}))
		equal(t, "orders changed", counts.OrdersChanged, int64(1))

		got := d.order("acme", "1")
		want := full.Order
		want.LastUpdatedAt = begin.Add(time.Minute)
		want.Items = []ordersync.Item{full.Items[1], full.Items[0], {ID: "13", Title: "New", Quantity: 1}}
		want.Digests = got.Digests
		equal(t, "stored order", got.Order, want)
		equal(t, "kept digests", got.Digests[1:], full.Digests[1:])
		equal(t, "groups of the change", d.changes(l.Connection.ID)[1].Groups, ordersync.GroupCore)
		equal(t, "status of the change", d.changes(l.Connection.ID)[1].StatusAfter, "UNSHIPPED")
		d.checkCounters(l.Connection.ID)
	})
}

func TestEachGroupIsReplacedByItself(t *testing.T) {
	replace := func(o *store.PageOrder) {
		two := int64(2)
		o.Status, o.FulfilledBy, o.ServiceLevel = "SHIPPED", "AMAZON", "EXPRESS"
		o.ShipBy, o.DeliverBy = ordersync.TimeRange{}, ordersync.TimeRange{Latest: begin.Add(48 * time.Hour)}
		o.Total, o.Packages = nil, nil
		for i := range o.Items {
			o.Items[i].QuantityFulfilled, o.Items[i].Total = &two, nil
		}
	}
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for _, group := range []ordersync.Groups{ordersync.GroupFulfillment, ordersync.GroupProceeds, ordersync.GroupPackages} {
			id := group.String()
			old, fresh := order(id, 0).Order, order(id, time.Minute, replace).Order
			d.page(l, order(id, 0))
			d.page(l, order(id, time.Minute, replace, asking(ordersync.GroupCore|group)))

			want := old
			want.LastUpdatedAt = fresh.LastUpdatedAt
			want.Items = []ordersync.Item{old.Items[0], old.Items[1]}
			for i := range want.Items {
				switch group {
				case ordersync.GroupFulfillment:
					want.Items[i].QuantityFulfilled = fresh.Items[i].QuantityFulfilled
				case ordersync.GroupProceeds:
					want.Items[i].Total = fresh.Items[i].Total
				}
			}
			switch group {
			case ordersync.GroupFulfillment:
				want.Status, want.FulfilledBy, want.ServiceLevel = fresh.Status, fresh.FulfilledBy, fresh.ServiceLevel
				want.ShipBy, want.DeliverBy = fresh.ShipBy, fresh.DeliverBy
			case ordersync.GroupProceeds:
				want.Total = nil
			case ordersync.GroupPackages:
				want.Packages = nil
			}
			got := d.order("acme", id)
			want.Digests = got.Digests
			equal(t, id, got.Order, want)
			changes := d.changes(l.Connection.ID)
			equal(t, id+": changed groups", changes[len(changes)-1].Groups, group)
		}
	})
}

func TestGroupSeenForTheFirstTimeIsAChange(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, asking(ordersync.GroupCore)))
		equal(t, "groups at first", d.order("acme", "1").Groups, ordersync.GroupCore)
		full := order("1", 0)
		counts := d.page(l, full)
		equal(t, "orders changed", counts.OrdersChanged, int64(1))
		equal(t, "stored order", d.order("acme", "1").Order, full.Order)
		equal(t, "changed groups", d.changes(l.Connection.ID)[1].Groups, ordersync.OrderGroups&^ordersync.GroupCore)
	})
}

func TestRawIsMergedWhenGroupsStay(t *testing.T) {
	merge := func(stored, fresh []byte, asked ordersync.Groups) ([]byte, error) {
		return fmt.Appendf(nil, "%s+%s for %s", stored, fresh, asked), nil
	}
	raw := func(text string) func(*store.PageOrder) {
		return func(o *store.PageOrder) { o.Raw = []byte(text) }
	}
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, raw("old")))
		d.page(l, order("1", time.Minute, raw("new"), asking(ordersync.GroupCore|ordersync.GroupTax)))
		equal(t, "merged", string(d.order("acme", "1").Raw), "old+new for CORE,TAX")
		d.page(l, order("1", 2*time.Minute, raw("whole")))
		equal(t, "not merged when all was asked for", string(d.order("acme", "1").Raw), "whole")
	}, storetest.Merge(merge))
}

// An order that cannot be merged stops its page, and nothing is half done.
func TestRawThatCannotBeMergedLeavesNothingHalfDone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		before := d.dump()
		_, err := d.Commit(d.ctx, l, pageOf(l, order("0", 0), order("1", time.Minute, asking(ordersync.GroupCore))))
		if !errors.Is(err, errMerge) {
			t.Errorf("the error is %v, want %v", err, errMerge)
		}
		equal(t, "database", d.dump(), before)
	}, storetest.Merge(func(_, _ []byte, _ ordersync.Groups) ([]byte, error) { return nil, errMerge }))
}

var errMerge = errors.New("no JSON")

func TestRawIsReplacedWithoutMerge(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		d.page(l, order("1", time.Minute, asking(ordersync.GroupCore), func(o *store.PageOrder) { o.Raw = []byte("new") }))
		equal(t, "raw", string(d.order("acme", "1").Raw), "new")
	})
}

// personal reads the sealed fields of an order, by group.
func (d *database) personal(id string) []string {
	d.t.Helper()
	return d.rows(`SELECT data_group, sealed FROM order_personal WHERE order_id = $1 ORDER BY data_group`, id)
}

// Buyer and recipient may be absent for want of a role; that is no word about
// them.
func TestAbsentPersonalGroupsNeverErase(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, sealed(ordersync.GroupBuyer, "buyer"), sealed(ordersync.GroupRecipient, "recipient")))
		before := d.personal("1")
		equal(t, "sealed rows", len(before), 2)

		asked := func(o *store.PageOrder) { o.Groups |= ordersync.PersonalGroups }
		d.page(l, order("1", time.Minute, status("SHIPPED"), asked))
		equal(t, "personal fields after an answer without them", d.personal("1"), before)
		equal(t, "status", d.order("acme", "1").Status, "SHIPPED")
		equal(t, "groups", d.order("acme", "1").Groups, ordersync.OrderGroups|ordersync.PersonalGroups)

		d.page(l, order("1", 2*time.Minute, status("DONE")))
		equal(t, "personal fields after a request without them", d.personal("1"), before)

		counts := d.page(l, order("1", 2*time.Minute, status("DONE"), asked))
		equal(t, "absence is no change", counts.OrdersChanged, int64(0))
	})
}

// City and country come without a role: a group of which something comes says
// nothing of its sealed fields where none come.
func TestGroupWithoutItsSealedFieldsNeverErases(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, sealed(ordersync.GroupRecipient, "recipient"), sealed(ordersync.GroupFulfillment, "gift")), order("2", 0))
		before := d.personal("1")
		reduced := order("1", time.Minute, sealed(ordersync.GroupRecipient, "city"), sealed(ordersync.GroupFulfillment, "no gift"))
		reduced.Sealed = nil
		counts := d.page(l, reduced)
		equal(t, "changed", counts.OrdersChanged, int64(1))
		equal(t, "sealed rows", d.personal("1"), before)
		got, err := d.Personal(d.ctx, l, []string{"0", "1", "2"})
		d.must(err)
		equal(t, "read", got, map[string]map[ordersync.Groups][]byte{
			"1": {ordersync.GroupRecipient: []byte("recipient"), ordersync.GroupFulfillment: []byte("gift")},
		})
		got, err = d.Personal(d.ctx, d.connected("globex", "S1"), []string{"1"})
		d.must(err)
		equal(t, "read of another tenant", len(got), 0)
	})
}

func TestPersonalGroupsAreReplacedOneByOne(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, sealed(ordersync.GroupBuyer, "b1"), sealed(ordersync.GroupRecipient, "r1")))
		d.page(l, order("1", time.Minute, sealed(ordersync.GroupBuyer, "b2"), func(o *store.PageOrder) { o.Groups |= ordersync.PersonalGroups }))
		equal(t, "sealed rows", d.personal("1"), []string{"256 | 6232", "512 | 7231"})
		equal(t, "changed groups", d.changes(l.Connection.ID)[1].Groups, ordersync.GroupBuyer)

		// The same content is sealed differently each time; it stays as it is.
		resealed := order("1", 2*time.Minute, status("SHIPPED"), sealed(ordersync.GroupBuyer, "b2"), sealed(ordersync.GroupRecipient, "r1"))
		resealed.Sealed[ordersync.GroupBuyer] = []byte("b2 sealed anew")
		d.page(l, resealed)
		equal(t, "sealed rows", d.personal("1"), []string{"256 | 6232", "512 | 7231"})
	})
}

func TestPersonalFieldsOfOneOrderOnly(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		d.page(l, order("1", 0, sealed(ordersync.GroupBuyer, "mine")), order("2", 0, sealed(ordersync.GroupBuyer, "second")))
		d.page(other, order("1", 0, sealed(ordersync.GroupBuyer, "theirs")))
		d.page(l, order("1", time.Minute, sealed(ordersync.GroupBuyer, "fresh")))
		equal(t, "rows", d.rows(`SELECT tenant, order_id, sealed FROM order_personal ORDER BY tenant, order_id`), []string{
			"acme | 1 | 6672657368", "acme | 2 | 7365636f6e64", "globex | 1 | 746865697273",
		})
	})
}
