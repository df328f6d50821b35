package spapisim_test

import (
	"slices"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func ship(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "SHIPPED" }

// status asks getOrder.
func (b *bench) status(id string) any {
	b.t.Helper()
	r := b.get(searchPath+"/"+id, "includedData", "FULFILLMENT")
	if r.status != 200 {
		return r.status
	}
	p := b.parseOrder(r)
	return p["fulfillment"].(map[string]any)["fulfillmentStatus"]
}

// found asks searchOrders for the last day, up to two minutes ago.
func (b *bench) found() []string {
	return b.page("lastUpdatedAfter", at(b.clock.Now().AddDate(0, 0, -1))).ids()
}

func TestChanges(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Apply: ship}))
	if got := b.status("1"); got != "SHIPPED" {
		t.Errorf("%v", got)
	}
	if truth, _ := b.sim.Order(b.seller.Key, "1"); !truth.Order.LastUpdatedTime.Equal(start) || !truth.Order.CreatedTime.Equal(start.Add(-time.Hour)) {
		t.Errorf("%+v", truth.Order)
	}
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Quiet: true, Apply: func(o *spapisim.Order) { o.Programs = []string{"PRIME"}; o.OrderID = "2" }}))
	truth, ok := b.sim.Order(b.seller.Key, "1")
	if !ok || !truth.Order.LastUpdatedTime.Equal(start) || !slices.Equal(truth.Order.Programs, []string{"PRIME"}) {
		t.Errorf("a quiet change: %+v", truth.Order)
	}
	if b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "none"}) == nil {
		t.Error("a change of an order that does not exist")
	}
	if b.sim.AddOrders(b.seller.Key, spapisim.Placed{Order: spapisim.Order{OrderID: "1"}}) == nil {
		t.Error("an order id twice")
	}
	if b.sim.Change("eu/none", spapisim.Change{OrderID: "1"}) == nil {
		t.Error("a change for a seller who does not exist")
	}
}

func TestPlannedChanges(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour))
	b.add("later", start.Add(time.Hour))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", At: start.Add(30 * time.Minute), Apply: ship}))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "later", At: start.Add(70 * time.Minute), Apply: ship}))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "never", At: start.Add(70 * time.Minute), Apply: ship}))
	if b.status("1") != "UNSHIPPED" || b.status("later") != 404 {
		t.Errorf("before: %v %v", b.status("1"), b.status("later"))
	}
	b.clock.Add(30 * time.Minute)
	if got := b.status("1"); got != "SHIPPED" {
		t.Errorf("%v", got)
	}
	b.clock.Add(29 * time.Minute)
	b.access = b.login(b.refresh)
	if got := b.status("later"); got != 404 {
		t.Errorf("%v", got)
	}
	b.clock.Add(2 * time.Minute)
	if got := b.status("later"); got != "UNSHIPPED" {
		t.Errorf("%v", got)
	}
	b.clock.Add(20 * time.Minute)
	if got := b.status("later"); got != "SHIPPED" {
		t.Errorf("%v", got)
	}
	if truth, _ := b.sim.Order(b.seller.Key, "later"); !truth.Order.LastUpdatedTime.Equal(start.Add(70 * time.Minute)) {
		t.Errorf("%s", truth.Order.LastUpdatedTime)
	}
}

// TestLateOrders: getOrder sees an order at once, searchOrders later, under the
// time at which it really changed.
func TestLateOrders(t *testing.T) {
	b := setup(t)
	b.add("new", start.Add(-5*time.Minute), func(p *spapisim.Placed) { p.Late = spapisim.Duration(25 * time.Minute) })
	b.add("old", start.Add(-30*time.Minute))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "old", Late: 40 * time.Minute, Apply: ship}))
	if b.status("new") != "UNSHIPPED" || b.status("old") != "SHIPPED" {
		t.Error("getOrder is late")
	}
	b.clock.Add(10 * time.Minute)
	p := b.page("lastUpdatedAfter", ago(time.Hour), "includedData", "FULFILLMENT")
	if got := p.ids(); !slices.Equal(got, []string{"old"}) {
		t.Fatalf("%v", got)
	}
	if got := p.Orders[0]["fulfillment"].(map[string]any)["fulfillmentStatus"]; got != "UNSHIPPED" {
		t.Errorf("searchOrders shows the old state: %v", got)
	}
	b.clock.Add(10 * time.Minute)
	if got := b.page("lastUpdatedAfter", ago(5*time.Minute), "lastUpdatedBefore", ago(5*time.Minute)).ids(); !slices.Equal(got, []string{"new"}) {
		t.Errorf("surfaced under its own time: %v", got)
	}
	b.clock.Add(20 * time.Minute)
	if got := b.page("lastUpdatedAfter", at(start)).ids(); !slices.Equal(got, []string{"old"}) {
		t.Errorf("%v", got)
	}
}

// TestLateChangeDoesNotHideANewerOne: a change that surfaces late must not
// bring back an older state over a later change.
func TestLateChangeDoesNotHideANewerOne(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Late: 30 * time.Minute, Apply: ship}))
	b.clock.Add(10 * time.Minute)
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Apply: func(o *spapisim.Order) { o.Programs = []string{"PRIME"} }}))
	b.clock.Add(30 * time.Minute)
	p := b.page("lastUpdatedAfter", at(start.Add(time.Minute)))
	if len(p.Orders) != 1 || p.Orders[0]["programs"] == nil {
		t.Errorf("%v", p.Orders)
	}
}

// The same for a newer one that left the time of update as it was.
func TestLateChangeDoesNotHideAQuietOne(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Late: 30 * time.Minute, Damage: spapisim.DamageNoID}))
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1", Quiet: true, Damage: spapisim.Damage{}}))
	b.clock.Add(50 * time.Minute)
	if got := b.found(); !slices.Equal(got, []string{"1"}) {
		t.Errorf("found %q", got)
	}
}

func TestLateByDefault(t *testing.T) {
	b := setup(t)
	b.must(b.sim.SetSellerSwitches(b.seller.Key, func(sw *spapisim.Switches) { sw.LateBy = spapisim.Duration(20 * time.Minute) }))
	b.add("1", start.Add(-10*time.Minute))
	b.add("2", start.Add(-time.Hour))
	if got := b.found(); !slices.Equal(got, []string{"2"}) {
		t.Errorf("%v", got)
	}
	b.clock.Add(10 * time.Minute)
	if got := b.found(); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("%v", got)
	}
}

func TestTruth(t *testing.T) {
	b := setup(t)
	ids := b.generate(50, func(g *spapisim.Generate) { g.Late = spapisim.Duration(100 * time.Hour) })
	b.add("future", start.Add(time.Hour))
	truth, err := b.sim.Orders(b.seller.Key)
	b.must(err)
	if len(truth) != len(ids) {
		t.Errorf("%d of %d", len(truth), len(ids))
	}
	hidden := 0
	for i, one := range truth {
		if one.Searchable.IsZero() {
			hidden++
		}
		if i > 0 && one.Order.LastUpdatedTime.Before(truth[i-1].Order.LastUpdatedTime) {
			t.Error("not in order")
		}
	}
	if hidden == 0 || len(b.found()) != len(ids)-hidden {
		t.Errorf("%d hidden, %d found of %d", hidden, len(b.found()), len(ids))
	}
	truth[0].Order.OrderItems[0].Product.Title = "changed"
	again, _ := b.sim.Order(b.seller.Key, truth[0].Order.OrderID)
	if again.Order.OrderItems[0].Product.Title == "changed" {
		t.Error("the truth can be written to from outside")
	}
}

func TestOrderIDIsPlacedOnce(t *testing.T) {
	b := setup(t)
	place := func(at time.Time, ids ...string) error {
		var orders []spapisim.Placed
		for _, id := range ids {
			orders = append(orders, spapisim.Placed{Order: spapisim.Order{OrderID: id, CreatedTime: at}})
		}
		return b.sim.AddOrders(b.seller.Key, orders...)
	}
	ahead := start.Add(time.Hour)
	b.must(place(ahead, "ahead"))
	for _, ids := range [][]string{{"twice", "twice"}, {"ahead"}, {""}} {
		if err := place(start, ids...); err == nil {
			t.Errorf("%q are placed", ids)
		}
	}
	b.clock.Add(time.Hour)
	if all, err := b.sim.Orders(b.seller.Key); err != nil || len(all) != 1 {
		t.Errorf("%d orders, %v", len(all), err)
	}
}

func TestTooManyOrdersToGenerate(t *testing.T) {
	b := setup(t)
	for _, g := range []spapisim.Generate{{N: 1 << 60}, {N: 1, Items: 1 << 60}} {
		if _, err := b.sim.Generate(b.seller.Key, g); err == nil {
			t.Errorf("%+v is taken", g)
		}
	}
	if _, err := b.sim.Fleet(spapisim.FleetSpec{ClientID: b.app.ClientID, Sellers: 1 << 60}); err == nil {
		t.Error("a fleet of a quintillion is taken")
	}
}
