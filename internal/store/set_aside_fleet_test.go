package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// What is set aside of the fleet is counted, those first who have it longest; what is
// switched off does not count.
func TestSetAsideOfTheFleet(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second, off := d.connect("a", "A1"), d.connect("b", "B1"), d.connect("c", "C1")
		d.connect("d", "D1")
		setAside := func(id ordersync.ConnectionID, orders ...string) {
			d.t.Helper()
			l := d.claim(id)
			p := store.Page{Epoch: l.Epoch, Step: l.Step}
			for _, order := range orders {
				p.Unreadable = append(p.Unreadable, ordersync.Unreadable{OrderID: order, Key: order, Cause: "items: missing", Body: []byte("{}")})
			}
			d.commit(l, store.Commit{Kind: ordersync.Live, Page: &p, Release: true})
		}
		setAside(second, "1", "2")
		d.clock.add(time.Hour)
		setAside(first, "3")
		setAside(off, "4")
		d.outcome(first, ordersync.Outcome{Reason: ordersync.RequestRejected}, time.Time{})
		d.exec(`UPDATE connections SET state = 'DISABLED' WHERE tenant = 'c'`)

		got, err := d.Reader().SetAside(d.ctx, 1)
		d.must(err)
		some := got.Some
		got.Some = nil
		equal(t, "the fleet", got, store.SetAsideFleet{Orders: 3, Connections: 2, Alone: 1, Since: begin})
		if len(some) != 1 || some[0].ID != second {
			t.Errorf("some are %+v", some)
		}
		list, _, err := d.Reader().ConnectionList(d.ctx, store.ConnectionList{SetAside: true})
		d.must(err)
		if len(list) != 2 || list[0].SetAside+list[1].SetAside != 3 {
			t.Errorf("listed are %+v", list)
		}
	})
}
