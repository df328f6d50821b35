package spapisim

import (
	"fmt"
	"slices"
	"time"
)

// Placed says how an order comes into the simulator.
type Placed struct {
	Order  Order    `json:"order"`
	Late   Duration `json:"late,omitzero"` // searchOrders knows it so much later
	Damage Damage   `json:"damage,omitzero"`
}

// AddOrders places orders at their createdTime: one that lies ahead does not
// exist before. Missing times, ids and lists are filled in. An id that exists
// is an error; nothing is added then.
func (s *Simulator) AddOrders(sellerKey string, orders ...Placed) error {
	sel, now, sw, err := s.book(sellerKey)
	if err != nil {
		return err
	}
	defer sel.mu.Unlock()
	versions := make([]version, len(orders))
	placed := make(map[string]bool, len(orders))
	for i := range orders {
		o := cloneOrder(&orders[i].Order)
		if o.OrderID == "" || sel.orders.records[o.OrderID] != nil || sel.orders.coming[o.OrderID] || placed[o.OrderID] {
			return fmt.Errorf("spapisim: order id %q is empty or taken", o.OrderID)
		}
		placed[o.OrderID] = true
		if o.CreatedTime.IsZero() {
			o.CreatedTime = now
		}
		if o.LastUpdatedTime.Before(o.CreatedTime) {
			o.LastUpdatedTime = o.CreatedTime
		}
		if o.SalesChannel.ChannelName == "" {
			o.SalesChannel.ChannelName = "AMAZON"
		}
		if o.OrderItems == nil {
			o.OrderItems = []OrderItem{}
		}
		versions[i] = versionOf(o, orders[i].Damage)
	}
	sel.orders.bulk(len(versions), func() {
		for i, v := range versions {
			late := max(orders[i].Late, sw.LateBy)
			sel.orders.appear(&record{id: v.body.OrderID}, v, now, late.D())
		}
	})
	return nil
}

// appear publishes a new order now, or when its time comes.
func (b *orderBook) appear(r *record, v version, now time.Time, late time.Duration) {
	if !v.updated.After(now) {
		b.publish(r, v, now, v.updated.Add(late))
		return
	}
	b.coming[r.id] = true
	b.at(v.updated, func() {
		delete(b.coming, r.id)
		b.publish(r, v, v.updated, v.updated.Add(late))
	})
}

// Change is something that happens to an order.
type Change struct {
	OrderID string
	// At is when, on Amazon's clock; zero or past: now. It becomes the order's
	// lastUpdatedTime unless Quiet.
	At time.Time
	// BeforePage, when set, waits instead until the next searchOrders call for
	// that page of a walk (2: between the first page and the second).
	BeforePage int
	// Late is how much later than getOrder searchOrders learns of it.
	Late  time.Duration
	Quiet bool
	// Apply changes the order. It gets a copy of its own.
	Apply func(*Order)
	// Damage, when not nil, replaces the order's damage; empty ends it.
	Damage Damage
}

// pageEvent is a change that waits for a page.
type pageEvent struct {
	page int
	c    Change
}

// Change lets something happen to an order, now or later. A change at a time
// that lies ahead concerns the order as it is then; if there is none by then,
// nothing happens.
func (s *Simulator) Change(sellerKey string, c Change) error {
	sel, now, sw, err := s.book(sellerKey)
	if err != nil {
		return err
	}
	defer sel.mu.Unlock()
	b := &sel.orders
	c.Late = max(c.Late, sw.LateBy.D())
	switch {
	case c.BeforePage > 0:
		b.betweens = append(b.betweens, pageEvent{c.BeforePage, c})
	case c.At.After(now):
		b.at(c.At, func() { b.change(c, c.At) })
	case b.records[c.OrderID] == nil:
		return fmt.Errorf("spapisim: seller %s has no order %q", sellerKey, c.OrderID)
	default:
		b.change(c, now)
	}
	return nil
}

func (b *orderBook) change(c Change, at time.Time) {
	r := b.records[c.OrderID]
	if r == nil {
		return
	}
	o := cloneOrder(r.now.order())
	if c.Apply != nil {
		c.Apply(o)
	}
	o.OrderID = r.id
	if !c.Quiet {
		o.LastUpdatedTime = at
	}
	damage := r.now.damage
	if c.Damage != nil {
		damage = c.Damage
	}
	b.publish(r, versionOf(o, damage), at, at.Add(c.Late))
}

// beforePage lets the changes happen that waited for this page of a walk.
func (b *orderBook) beforePage(page int, now time.Time) {
	waiting := b.betweens
	b.betweens = nil
	for _, e := range waiting {
		if e.page == page {
			b.change(e.c, now)
		} else {
			b.betweens = append(b.betweens, e)
		}
	}
}

// Truth is an order as it really is.
type Truth struct {
	Order Order `json:"order"`
	// Searchable is the lastUpdatedTime that searchOrders knows; zero: the order
	// has not surfaced yet.
	Searchable time.Time `json:"searchable,omitzero"`
	Damage     Damage    `json:"damage,omitzero"`
}

// Orders returns all orders of a seller that exist now, by lastUpdatedTime.
func (s *Simulator) Orders(sellerKey string) ([]Truth, error) {
	sel, _, _, err := s.book(sellerKey)
	if err != nil {
		return nil, err
	}
	defer sel.mu.Unlock()
	list := make([]Truth, 0, len(sel.orders.records))
	for _, r := range sel.orders.records {
		list = append(list, r.truth())
	}
	slices.SortFunc(list, func(a, b Truth) int {
		return place{a.Order.LastUpdatedTime, a.Order.OrderID}.compare(place{b.Order.LastUpdatedTime, b.Order.OrderID})
	})
	return list, nil
}

// Order returns one order of a seller; false: it does not exist (yet).
func (s *Simulator) Order(sellerKey, orderID string) (Truth, bool) {
	sel, _, _, err := s.book(sellerKey)
	if err != nil {
		return Truth{}, false
	}
	defer sel.mu.Unlock()
	r := sel.orders.records[orderID]
	if r == nil {
		return Truth{}, false
	}
	return r.truth(), true
}

func (r *record) truth() Truth {
	t := Truth{Order: *cloneOrder(r.now.order()), Damage: r.now.damage}
	if r.listed {
		t.Searchable = r.indexed.updated
	}
	return t
}
