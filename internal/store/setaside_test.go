package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func unreadable(orderID, key, cause string) ordersync.Unreadable {
	return ordersync.Unreadable{OrderID: orderID, Key: key, Cause: cause, Body: []byte(`{}`)}
}

// setAside lists what is set aside.
func (d *database) setAside() []string {
	d.t.Helper()
	return d.rows(`SELECT entry, order_id, cause, first_at, last_at FROM set_aside ORDER BY entry`)
}

func TestUnreadableOrdersAreSetAsideWithTheirCause(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		c := pageOf(l, order("1", 0))
		c.Page.Unreadable = []ordersync.Unreadable{
			unreadable("2", "2", "total: expected text"), unreadable("", "digest", "orderId: missing"), unreadable("2", "2", "twice in a page"),
			{OrderID: "3", Key: "3", Cause: "no body"},
		}
		counts := d.commit(l, c)
		equal(t, "counts", counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 1, SetAside: 4})
		equal(t, "set aside", d.setAside(), []string{
			"2 | 2 | total: expected text | 1772366400000 | 1772366400000",
			"3 | 3 | no body | 1772366400000 | 1772366400000",
			"digest |  | orderId: missing | 1772366400000 | 1772366400000",
		})
		d.checkCounters(l.Connection.ID)
	})
}

func TestUnreadableOrderMetAgainKeepsItsBeginning(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for _, cause := range []string{"first cause", "second cause"} {
			c := pageOf(l)
			c.Page.Unreadable = []ordersync.Unreadable{unreadable("2", "2", cause)}
			d.commit(l, c)
			d.clock.add(time.Second)
		}
		equal(t, "set aside", d.setAside(), []string{"2 | 2 | second cause | 1772366400000 | 1772366401000"})
	})
}

// A readable version ends the entry in the transaction that stores it, also when
// what it says is already stored.
func TestReadableVersionEndsTheEntry(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		for _, l := range []*store.Lease{l, other} {
			c := pageOf(l, order("stored", 0))
			c.Page.Unreadable = []ordersync.Unreadable{unreadable("new", "new", "cause"), unreadable("stored", "stored", "cause"), unreadable("", "digest", "cause")}
			d.commit(l, c)
		}
		d.decide(store.CommitLost, store.CommitLost, store.CommitLost, store.CommitLost, store.CommitLost)
		if _, err := d.Commit(d.ctx, l, pageOf(l, order("new", 0))); err == nil {
			t.Fatal("a commit that was undone five times succeeded")
		}
		equal(t, "entries after a page that was undone", len(d.setAside()), 6)

		d.page(l, order("new", 0), order("stored", 0))
		equal(t, "entries", d.rows(`SELECT tenant, entry FROM set_aside ORDER BY tenant, entry`),
			[]string{"acme | digest", "globex | digest", "globex | new", "globex | stored"})
	})
}
