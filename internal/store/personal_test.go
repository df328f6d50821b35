package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func deliverBy(after time.Duration) func(*store.PageOrder) {
	return func(o *store.PageOrder) { o.DeliverBy.Latest = begin.Add(after) }
}

func parcel(status string) func(*store.PageOrder) {
	return func(o *store.PageOrder) {
		o.Packages = append([]ordersync.Package(nil), o.Packages...)
		o.Packages[0].Status = status
	}
}

// version is a later version of an order, changed in nothing but what is said.
type version struct {
	after   time.Duration
	changes []func(*store.PageOrder)
}

// Personal fields are kept until 30 days after delivery, and Amazon names no time
// of delivery.
func TestPersonalFieldsRunDown(t *testing.T) {
	personal := sealed(ordersync.GroupBuyer, "x")
	shipped := []func(*store.PageOrder){personal, status("SHIPPED")}
	for name, c := range map[string]struct {
		versions []version
		until    time.Duration // after begin
	}{
		"never shipped": {[]version{{0, []func(*store.PageOrder){personal, deliverBy(9 * day)}}}, 180*day - time.Hour},
		"shipped, seen so": {
			[]version{{0, []func(*store.PageOrder){personal}}, {5 * day, shipped}, {8 * day, append(shipped, sku("x"))}}, 35 * day,
		},
		"shipped, delivery window": {[]version{{0, []func(*store.PageOrder){personal}}, {5 * day, append(shipped, deliverBy(7*day))}}, 37 * day},
		"delivered, seen so": {
			[]version{{0, shipped}, {9 * day, append(shipped, deliverBy(7*day), parcel("DELIVERED"))}, {11 * day, append(shipped, parcel("DELIVERED"), sku("y"))}}, 39 * day,
		},
		"partly shipped": {[]version{{0, []func(*store.PageOrder){personal, status("PARTIALLY_SHIPPED"), parcel("DELIVERED")}}}, 180*day - time.Hour},
		"without what was not asked for": {
			[]version{{0, []func(*store.PageOrder){personal}}, {5 * day, append(shipped, deliverBy(7*day))}, {6 * day, []func(*store.PageOrder){asking(ordersync.GroupCore), sku("z")}}}, 37 * day,
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *database) {
				l := d.connected("acme", "S1")
				d.exec(`UPDATE connections SET personal_data = NOT personal_data`)
				for _, v := range c.versions {
					d.clock.mu.Lock()
					d.clock.now = begin.Add(v.after)
					d.clock.mu.Unlock()
					d.page(l, order("1", v.after, v.changes...))
				}
				equal(t, "in time", d.after(c.until-time.Millisecond).Personal, int64(0))
				if n := d.number(`SELECT COUNT(*) FROM order_personal`); n == 0 {
					t.Fatal("nothing is held")
				}
				if got := d.after(c.until); got.Personal == 0 || d.number(`SELECT COUNT(*) FROM order_personal`) > 0 {
					t.Errorf("%d were deleted, %d are held", got.Personal, d.number(`SELECT COUNT(*) FROM order_personal`))
				}
				// A later change of them is not held again.
				if name != "never shipped" && name != "partly shipped" {
					d.page(l, order("1", 400*day, append(shipped, deliverBy(day), sealed(ordersync.GroupBuyer, "new"))...))
					equal(t, "held again", d.number(`SELECT COUNT(*) FROM order_personal`), int64(0))
				}
			})
		})
	}
}

func TestPersonalFieldsOfACancelledOrder(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.exec(`UPDATE connections SET personal_data = NOT personal_data`)
		d.page(l, order("1", 0, sealed(ordersync.GroupBuyer, "x")), order("2", 0, sealed(ordersync.GroupBuyer, "x"), status("CANCELLED")))
		equal(t, "held", d.rows(`SELECT order_id FROM order_personal`), []string{"1"})
		// Only the status changes, in an answer without personal fields.
		d.page(l, order("1", time.Hour, status("CANCELLED")))
		equal(t, "held after the cancellation", d.number(`SELECT COUNT(*) FROM order_personal`), int64(0))
	})
}

// What was shipped long before we saw it first was shipped by its last update.
func TestPersonalFieldsOfOldOrders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.exec(`UPDATE connections SET personal_data = NOT personal_data`)
		d.page(l, order("1", -29*day, sealed(ordersync.GroupBuyer, "x"), status("SHIPPED")), order("2", -31*day, sealed(ordersync.GroupBuyer, "x"), status("SHIPPED")))
		equal(t, "held", d.rows(`SELECT order_id FROM order_personal`), []string{"1"})
		equal(t, "purged", d.after(day).Personal, int64(1))
	})
}

// A connection that may hold personal data no longer forgets what it has.
func TestPersonalFieldsThatMayBeHeldNoLonger(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.full("acme", "S1")
		d.purge()
		equal(t, "held", d.number(`SELECT COUNT(*) FROM order_personal`), int64(1))
		d.must(d.Set(d.ctx, "acme", id, store.Change{PersonalData: ptr(false)}))
		equal(t, "purged", d.purge().Personal, int64(1))
	})
}

// A shorter retention comes sooner; Amazon's limit cannot be stretched.
func TestPersonalFieldsBySetting(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.exec(`UPDATE connections SET personal_data = NOT personal_data`)
		d.page(l, order("1", 0, sealed(ordersync.GroupBuyer, "x"), status("SHIPPED")))
		d.clock.add(7 * day)
		equal(t, "eight days", d.purgeBy(store.Retention{Personal: 8 * day}).Personal, int64(0))
		equal(t, "seven days", d.purgeBy(store.Retention{Personal: 7 * day}).Personal, int64(1))
		equal(t, "at most", store.Retention{Personal: 99 * day}.WithDefaults().Personal, 30*day)
	})
}

// Gift messages and the like lie in other data groups than buyer and recipient: of a
// cancelled order they go at once too.
func TestPersonalFieldsOfOtherGroupsGoWithTheOrder(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(state(ordersync.Connected), personal(true), selling(french))).Connection
		l := d.claim(id)
		d.page(l, order("1", 0, sealed(ordersync.GroupFulfillment, "gift")), order("2", 0, sealed(ordersync.GroupFulfillment, "gift")))
		d.page(l, order("1", time.Minute, status("CANCELLED"), sealed(ordersync.GroupFulfillment, "gift")))
		equal(t, "held", d.rows(`SELECT order_id FROM order_personal`), []string{"2"})
	})
}
