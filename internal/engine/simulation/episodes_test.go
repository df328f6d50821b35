package simulation

import (
	"slices"
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// episode is a trouble that lasts. begin says how it ends; nil: it did not begin.
type episode struct {
	fault       fault
	least, most time.Duration
	begin       func(w *world, lasts time.Duration) (end func())
}

// ending is what is to be undone when its time has come.
type ending struct {
	at    time.Time
	fault fault
	run   func()
}

var episodes = []episode{
	{databaseAway, 5 * time.Second, 10 * time.Minute, func(w *world, lasts time.Duration) func() {
		w.away = time.Now().Add(lasts)
		return func() {}
	}},
	{processCutOff, 30 * time.Second, 20 * time.Minute, func(w *world, lasts time.Duration) func() {
		w.processes[w.rng.IntN(len(w.processes))].cutOff = time.Now().Add(lasts)
		return func() {}
	}},
	{sellerAway, 10 * time.Minute, 4 * time.Hour, func(w *world, _ time.Duration) func() {
		kinds := []spapisim.FaultKind{spapisim.FaultInternal, spapisim.FaultUnavailable, spapisim.FaultBadJSON, spapisim.FaultHTML, spapisim.FaultHang, spapisim.FaultInvalid, spapisim.FaultSameToken}
		return w.lasting(spapisim.Fault{Kind: pick(w.rng, kinds...), Seller: w.anySeller().Key, Operation: spapisim.SearchOrders})
	}},
	{sellerDenied, 10 * time.Minute, 3 * time.Hour, func(w *world, _ time.Duration) func() {
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultForbidden, Seller: w.anySeller().Key})
	}},
	{regionDenied, 10 * time.Minute, 50 * time.Minute, func(w *world, _ time.Duration) func() {
		w.act(globalRun, w.openRun("")) // so that many see it at once
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultForbidden, Region: "eu"})
	}},
	{regionRevoked, time.Minute, 40 * time.Minute, func(w *world, lasts time.Duration) func() {
		if lasts >= w.plan.revokedAfter-time.Minute || w.fired[regionRevoked]+w.fired[sellerRefused] > 0 {
			return nil // it would be Amazon's own word, twice and apart
		}
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_grant", Region: "eu", Operation: spapisim.Token})
	}},
	{regionAway, 5 * time.Minute, 2 * time.Hour, func(w *world, _ time.Duration) func() {
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultUnavailable, Region: "eu"})
	}},
	{regionHangs, 3 * time.Minute, 15 * time.Minute, func(w *world, _ time.Duration) func() {
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultHang, Region: "eu"})
	}},
	{appRefused, 5 * time.Minute, time.Hour, func(w *world, _ time.Duration) func() {
		return w.lasting(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_client", Operation: spapisim.Token})
	}},
	{appExpired, 5 * time.Minute, 40 * time.Minute, func(w *world, _ time.Duration) func() {
		w.must(w.sim.ExpireSecret(w.app.ClientID, true))
		return func() { w.must(w.sim.ExpireSecret(w.app.ClientID, false)) }
	}},
	{revocation, 10 * time.Minute, 6 * time.Hour, (*world).revoke},
	{sellerRefused, 30 * time.Minute, 4 * time.Hour, (*world).refuse},
	{nobodyAnswers, 40 * time.Minute, 80 * time.Minute, func(w *world, lasts time.Duration) func() {
		w.act(globalRun, w.openRun(""))
		w.deaf = time.Now().Add(lasts)
		return func() {}
	}},
	{marketAdded, 10 * time.Minute, 3 * time.Hour, func(w *world, _ time.Duration) func() {
		c := w.anyConnection()
		if !c.explicit || len(c.seller.Participations) < 2 || c.removed {
			return nil
		}
		some := !c.some
		w.actOn(c, marketAdded, func(d *desk) error { c.some = some; return d.bring(c) })
		return func() { w.actOn(c, marketAdded, func(d *desk) error { c.some = false; return d.bring(c) }) }
	}},
	{tokenGone, 10 * time.Minute, 3 * time.Hour, (*world).loseToken},
	{marketGone, 10 * time.Minute, 30 * time.Hour, func(w *world, _ time.Duration) func() {
		s := w.anySeller()
		return w.participate(s, func(i int) bool { return i > 0 || len(s.Participations) < 2 })
	}},
	{noMarket, 10 * time.Minute, 4 * time.Hour, func(w *world, _ time.Duration) func() {
		s := w.anySeller()
		for _, c := range w.fleet {
			c.emptied = c.emptied || c.seller == s
		}
		return w.participate(s, func(int) bool { return false })
	}},
	{rolesLost, 5 * time.Minute, 40 * time.Minute, func(w *world, _ time.Duration) func() {
		return w.roles(spapisim.RoleBrandAnalytics)
	}},
	{personalRefused, 10 * time.Minute, 5 * time.Hour, func(w *world, _ time.Duration) func() {
		return w.roles(spapisim.RoleInventory)
	}},
	{rateLowered, 30 * time.Minute, 4 * time.Hour, func(w *world, _ time.Duration) func() {
		s := w.anySeller()
		w.must(w.sim.SetRate(spapisim.SearchOrders, s.Key, spapisim.Rate{PerSecond: 0.0056 / 3, Burst: pick(w.rng, 1.0, 4, 20)}))
		return func() {
			w.must(w.sim.SetRate(spapisim.SearchOrders, s.Key, spapisim.Rate{PerSecond: 0.0056, Burst: 20}))
		}
	}},
	{rateLies, 10 * time.Minute, 2 * time.Hour, func(w *world, _ time.Duration) func() {
		return w.switched(func(sw *spapisim.Switches) { sw.RateHeader = pick(w.rng, "0", "-1", "much", "5", "0.0001") })
	}},
	{clockMoves, time.Hour, 5 * time.Hour, func(w *world, _ time.Duration) func() {
		by := spapisim.Duration(w.draw(-3*time.Minute, 6*time.Minute))
		return w.switched(func(sw *spapisim.Switches) { sw.ClockSkew += by })
	}},
	{shownLate, 30 * time.Minute, 4 * time.Hour, func(w *world, _ time.Duration) func() {
		by := spapisim.Duration(w.draw(3*time.Minute, 14*time.Minute))
		return w.switched(func(sw *spapisim.Switches) { sw.SearchDelay = by })
	}},
	{tokensDie, 10 * time.Minute, 2 * time.Hour, func(w *world, _ time.Duration) func() {
		by := spapisim.Duration(w.draw(2*time.Second, 3*time.Minute))
		return w.switched(func(sw *spapisim.Switches) { sw.TTL, sw.Life = by, spapisim.LifeWalk })
	}},
	{poisonedMinute, 6*time.Hour + 30*time.Minute, 11 * time.Hour, func(w *world, _ time.Duration) func() {
		s := w.anySeller()
		if w.rng.IntN(3) > 0 || !s.poison.IsZero() { // it takes long to be passed
			return nil
		}
		s.poison = w.sim.Now().Add(-w.draw(0, 10*time.Minute))
		w.journal.note("episode", "%s is poisoned at %s", s.Key, s.poison)
		return func() { s.poison = time.Time{} }
	}},
	{pausing, 5 * time.Minute, 3 * time.Hour, func(w *world, _ time.Duration) func() {
		c := w.anyConnection()
		w.actOn(c, pausing, func(d *desk) error { return d.pause(c, true) })
		return func() { w.actOn(c, pausing, func(d *desk) error { return d.pause(c, false) }) }
	}},
	{disabling, 5 * time.Minute, 3 * time.Hour, func(w *world, _ time.Duration) func() {
		c := w.anyConnection()
		w.actOn(c, disabling, func(d *desk) error { return d.setState(c, ordersync.Disabled) })
		return func() { w.actOn(c, disabling, func(d *desk) error { return d.setState(c, ordersync.Connected) }) }
	}},
	{removal, 10 * time.Minute, 2 * time.Hour, func(w *world, _ time.Duration) func() {
		c := w.anyConnection()
		if w.rng.IntN(2) == 0 || c.unnamed || c.removed {
			return nil
		}
		w.actOn(c, removal, func(d *desk) error { return d.remove(c) })
		return func() {
			if w.plan.on[firstConsent] && w.rng.IntN(2) == 0 {
				w.sendToConsent(c, firstConsent)
				return
			}
			w.actOn(c, removal, func(d *desk) error { return d.bring(c) })
		}
	}},
}

// lasting sets a fault until it is ended.
func (w *world) lasting(f spapisim.Fault) func() {
	id, err := w.sim.AddFault(f)
	w.must(err)
	w.journal.note("episode", "fault %+v", f)
	return func() { w.sim.RemoveFault(id) }
}

// switched changes how all of Amazon behaves, until it is ended.
func (w *world) switched(change func(*spapisim.Switches)) func() {
	w.must(w.sim.SetSwitches(change))
	return func() {
		was := w.plan.switches
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { *sw = was }))
	}
}

func (w *world) roles(roles ...spapisim.Role) func() {
	w.must(w.sim.SetApplicationRoles(w.app.ClientID, roles...))
	w.narrow++
	return func() {
		w.narrow--
		w.must(w.sim.SetApplicationRoles(w.app.ClientID, spapisim.RoleInventory, spapisim.RoleDirectShipping))
	}
}

// participate lets a seller take part in some of its marketplaces only.
func (w *world) participate(s *seller, stays func(i int) bool) func() {
	some := slices.Clone(s.Participations)
	for i := range some {
		some[i].NotActive = !stays(i)
	}
	w.must(w.sim.SetParticipations(s.Key, some))
	w.journal.note("episode", "%s takes part in %+v", s.Key, some)
	return func() { w.must(w.sim.SetParticipations(s.Key, s.Participations)) }
}

// open tells whether the last of the windows has not ended.
func open(spans []ordersync.Window) bool {
	return len(spans) > 0 && spans[len(spans)-1].To.IsZero()
}

func (w *world) anySeller() *seller         { return w.sellers[w.rng.IntN(len(w.sellers))] }
func (w *world) anyConnection() *connection { return w.fleet[w.rng.IntN(len(w.fleet))] }

// happenings are what happens to orders.
func (w *world) happen() {
	s := w.anySeller()
	switch n := w.rng.IntN(10); {
	case n < 4 || len(s.ids) == 0:
		w.newOrders(s)
	case n == 4 && w.plan.on[betweenPages]:
		w.change(s, spapisim.Change{BeforePage: 2 + w.rng.IntN(3), Apply: w.edit()})
		w.count(betweenPages)
	case n == 5 && w.plan.on[quietChange]:
		w.changeQuietly(s)
	case n == 6 && (w.plan.on[damagedOrder] || w.plan.on[orderWithoutID]):
		w.damage(s)
	default:
		w.change(s, spapisim.Change{Late: w.late(), Apply: w.edit()})
	}
}

func (w *world) newOrders(s *seller) {
	now, late := w.sim.Now(), w.late()
	ids, err := w.sim.Generate(s.Key, spapisim.Generate{
		N: 1 + w.rng.IntN(3), Marketplaces: s.MarketplaceIDs(), From: now, To: now, Living: true, Items: 1 + w.rng.IntN(2), Late: spapisim.Duration(late),
	})
	w.must(err)
	s.ids = append(s.ids, ids...)
	for _, id := range ids {
		s.late[id] = late // also what a living order does later
	}
	w.journal.note("amazon", "%s has new orders %v", s.Key, ids)
}

// late is how much later than said an order is shown.
func (w *world) late() time.Duration {
	if !w.hit(lateOrder, 0.3) {
		return 0
	}
	w.count(lateOrder)
	d := w.draw(time.Minute, w.plan.mostLate)
	return d
}

func (w *world) change(s *seller, c spapisim.Change) {
	c.OrderID = s.ids[w.rng.IntN(len(s.ids))]
	s.late[c.OrderID] = max(s.late[c.OrderID], c.Late)
	w.journal.note("amazon", "%s changes %s, late %s, before page %d", s.Key, c.OrderID, c.Late, c.BeforePage)
	w.must(w.sim.Change(s.Key, c))
}

// changeQuietly changes an order without a new time of update. Only a reading
// again can find that: it is done to orders that the sweep comes by.
func (w *world) changeQuietly(s *seller) {
	id := s.ids[w.rng.IntN(len(s.ids))]
	truth, ok := w.sim.Order(s.Key, id)
	if !ok || w.sim.Now().Sub(truth.Order.LastUpdatedTime) > 8*time.Hour || !truth.Searchable.Equal(truth.Order.LastUpdatedTime) {
		return
	}
	w.count(quietChange)
	s.quiet[id] = quietly{at: time.Now(), amazon: later(w.sim.Now(), w.byAmazon(time.Now()))}
	w.journal.note("amazon", "%s changes %s quietly", s.Key, id)
	w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, Quiet: true, Apply: w.edit()}))
}

// quietly is when an order was changed without a new time of update: by the clock of the
// journal, and by Amazon's, in which sweeps note when they begin.
type quietly struct{ at, amazon time.Time }

// byAmazon is a time by Amazon's clock, while nobody sets it.
func (w *world) byAmazon(t time.Time) time.Time {
	return t.Add(time.Duration(w.plan.switches.ClockSkew))
}

// damage makes an order unreadable, or whole again.
func (w *world) damage(s *seller) {
	id := s.ids[w.rng.IntN(len(s.ids))]
	if s.damaged[id] != "" {
		w.repair(s, id)
		return
	}
	c := spapisim.Change{OrderID: id, Quiet: !w.stormy, Damage: pick(w.rng, spapisim.DamageQuantityText, spapisim.DamageNoItems, spapisim.DamageUpdatedTime)}
	f := damagedOrder
	if w.plan.on[orderWithoutID] && w.rng.IntN(2) == 0 {
		c.Damage, f = spapisim.DamageNoID, orderWithoutID
	}
	if !w.plan.on[f] {
		return
	}
	w.count(f)
	s.damaged[id] = f
	w.journal.note("amazon", "%s damages %s: %v", s.Key, id, c.Damage)
	w.must(w.sim.Change(s.Key, c))
}

func (w *world) repair(s *seller, id string) {
	delete(s.damaged, id)
	w.journal.note("amazon", "%s repairs %s", s.Key, id)
	// Half of them get no new time: only who asks for the order again will know.
	w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, Quiet: w.rng.IntN(2) == 0, Damage: spapisim.Damage{}}))
}

// edit is one way in which an order changes.
func (w *world) edit() func(*spapisim.Order) {
	n := strconv.Itoa(1 + w.rng.IntN(1_000_000))
	which := w.rng.IntN(6)
	return func(o *spapisim.Order) {
		switch which {
		case 0:
			if o.Fulfillment != nil {
				o.Fulfillment.FulfillmentStatus = []string{"UNSHIPPED", "SHIPPED", "CANCELLED"}[len(n)%3]
			}
		case 1:
			if o.Proceeds != nil && o.Proceeds.GrandTotal != nil {
				o.Proceeds.GrandTotal.Amount = n + ".25"
			}
		case 2:
			o.Packages = append(o.Packages, spapisim.OrderPackage{PackageReferenceID: n, Carrier: "C" + n, TrackingNumber: "T" + n})
		case 3:
			if len(o.OrderItems) > 0 {
				again := o.OrderItems[0]
				again.OrderItemID = "9" + n
				o.OrderItems = append(o.OrderItems, again)
			}
		case 4:
			if len(o.OrderItems) > 1 {
				o.OrderItems = o.OrderItems[1:]
			}
		}
		if len(o.OrderItems) > 0 {
			o.OrderItems[0].Product.Title = "T" + n // every edit shows
		}
	}
}
