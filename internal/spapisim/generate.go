package spapisim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Generate says which orders to grow from the seed.
type Generate struct {
	N    int       `json:"n"`
	From time.Time `json:"from"` // createdTime of the first
	To   time.Time `json:"to"`   // no createdTime is later

	// Living lets orders go on after To: paid, shipped, delivered, cancelled,
	// each at its time on Amazon's clock. Otherwise nothing happens after To and
	// every lastUpdatedTime lies between From and To.
	Living bool `json:"living,omitzero"`
	// Marketplaces to spread over; default: those the seller participates in.
	Marketplaces []string `json:"marketplaces,omitzero"`
	// Items per order; 0 draws one to four.
	Items int `json:"items,omitzero"`
	// Late is how much later than getOrder searchOrders learns of every change.
	Late Duration `json:"late,omitzero"`
	// Shares from 0 to 1: orders with enum values the model does not know, with
	// texts that are hard to store, with a body that cannot be read.
	Unknown    float64 `json:"unknown,omitzero"`
	Odd        float64 `json:"odd,omitzero"`
	Unreadable float64 `json:"unreadable,omitzero"`
	// SameTime gives so many neighbours the same lastUpdatedTime.
	SameTime int `json:"sameTime,omitzero"`
}

// More at once than any test needs, and than memory holds, is a typing error.
const (
	maxGenerated = 10_000_000
	maxItems     = 10_000
)

// stage is how far an order has come.
type stage uint8

const (
	stagePreorder stage = iota
	stagePlaced
	stagePayable
	stagePartly
	stageShipped
	stageDelivered
	stageCancelled
	stageUnfulfillable
)

var stageStatus = [...]string{
	"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
}

// recipe grows the same order whenever it is asked for, so that a million
// orders cost little until they are read.
type recipe struct {
	id        string
	seed      uint64
	market    string
	items     int
	created   time.Time
	updated   time.Time
	stage     stage
	unknown   bool
	odd       bool
	nonAmazon bool
	merchant  bool
}

// step is one change in the life of an order.
type step struct {
	at    time.Time
	stage stage
}

// Generate grows orders for a seller and returns their ids in order of
// creation. Calling it again grows other orders.
func (s *Simulator) Generate(sellerKey string, g Generate) ([]string, error) {
	if g.N < 0 || g.N > maxGenerated || g.Items < 0 || g.Items > maxItems || g.To.Before(g.From) || g.SameTime < 0 {
		return nil, fmt.Errorf("spapisim: cannot generate %+v", g)
	}
	s.mu.Lock()
	sel, err := s.seller(sellerKey)
	var public Seller
	if err == nil {
		public = sel.public()
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if len(g.Marketplaces) == 0 {
		g.Marketplaces = public.MarketplaceIDs()
	}
	if len(g.Marketplaces) == 0 {
		return nil, fmt.Errorf("spapisim: seller %s participates in no marketplace", sellerKey)
	}
	sel, now, sw, err := s.book(sellerKey)
	if err != nil {
		return nil, err
	}
	defer sel.mu.Unlock()
	late := max(g.Late, sw.LateBy).D()
	ids := make([]string, 0, g.N)
	sel.orders.bulk(g.N, func() {
		for i := range g.N {
			sel.orders.grown++
			r, damage, life := s.plan(sellerKey, sel.orders.grown, i, &g)
			sel.orders.live(r, damage, life, now, late)
			ids = append(ids, r.id)
		}
	})
	return ids, nil
}

// plan draws one order and its life.
func (s *Simulator) plan(sellerKey string, number, i int, g *Generate) (recipe, Damage, []step) {
	rng := draw(s.seed, "order", sellerKey, number)
	// Seven digits that differ for each of a seller's orders.
	tail := (uint64(number)*6364137 + draw(s.seed, "orders", sellerKey).Uint64()%10_000_000) % 10_000_000
	r := recipe{
		id:        fmt.Sprintf("%03d-%07d-%07d", 100+rng.IntN(900), rng.IntN(10_000_000), tail),
		seed:      rng.Uint64(),
		market:    g.Marketplaces[rng.IntN(len(g.Marketplaces))],
		items:     g.Items,
		unknown:   rng.Float64() < g.Unknown,
		odd:       rng.Float64() < g.Odd,
		nonAmazon: rng.IntN(25) == 0,
	}
	r.merchant = !r.nonAmazon && rng.IntN(20) < 11
	if r.items == 0 {
		r.items = []int{1, 1, 1, 2, 2, 3, 4}[rng.IntN(7)]
	}
	slot := float64(g.To.Sub(g.From)) / float64(max(g.N, 1))
	share := rng.Float64()
	if g.SameTime > 1 {
		i, share = i-i%g.SameTime, 0
	}
	r.created = g.From.Add(time.Duration((float64(i) + share) * slot)).UTC().Truncate(time.Millisecond)
	var damage Damage
	if rng.Float64() < g.Unreadable {
		damage = []Damage{DamageQuantityText, DamageNoItems, DamageUpdatedTime, DamageNoID}[rng.IntN(4)]
	}
	life := r.life(rng)
	if !g.Living {
		life = slices.DeleteFunc(life, func(st step) bool { return st.at.After(g.To) })
	}
	if g.SameTime > 1 {
		life = []step{{r.created, life[len(life)-1].stage}}
	}
	return r, damage, life
}

// life draws the steps of an order from its creation on. Statuses: Amazon model
// orders_2026-01-01.json, FulfillmentStatus.
func (r *recipe) life(rng *rand.Rand) []step {
	at := r.created
	steps := []step{{at, stagePlaced}}
	add := func(stage stage, least, most time.Duration) {
		at = at.Add(least + time.Duration(rng.Int64N(int64(most-least)))).Truncate(time.Millisecond)
		steps = append(steps, step{at, stage})
	}
	const hour, day = time.Hour, 24 * time.Hour
	switch draw := rng.IntN(100); {
	case draw < 2:
		steps[0].stage = stagePreorder
		add(stagePlaced, 5*day, 20*day)
	case draw < 8:
		add(stageCancelled, 5*time.Minute, 6*hour)
		return steps
	case draw < 10 && r.nonAmazon:
		add(stageUnfulfillable, 5*time.Minute, hour)
		return steps
	case draw < 13: // stays pending
		return steps
	}
	add(stagePayable, 2*time.Minute, hour)
	if rng.IntN(40) == 0 {
		add(stageCancelled, hour, day)
		return steps
	}
	if r.items > 1 && rng.IntN(6) == 0 {
		add(stagePartly, 2*hour, day)
	}
	add(stageShipped, 3*hour, 2*day)
	add(stageDelivered, day, 5*day)
	return steps
}

// live puts an order into the book as it is now and plans what comes.
func (b *orderBook) live(r recipe, damage Damage, life []step, now time.Time, late time.Duration) {
	rec := &record{id: r.id}
	versions := make([]version, len(life))
	last := -1
	for i, st := range life {
		grown := r
		grown.stage, grown.updated = st.stage, st.at
		versions[i] = version{
			created: r.created, updated: st.at, status: stageStatus[st.stage], by: grown.by(),
			marketplace: r.market, recipe: grown, damage: damage,
		}
		if grown.unknown {
			versions[i].by = unknownFulfiller
		}
		if !st.at.After(now) {
			last = i
		}
	}
	first := max(last, 0)
	if late > 0 { // what searchOrders still knows while the last change surfaces
		first = max(last-1, 0)
	}
	for i := first; i < len(versions); i++ {
		b.appear(rec, versions[i], now, late)
	}
}

// unknownFulfiller stands for values that Amazon adds one day.
const unknownFulfiller = "PARTNER_NETWORK"

func (r *recipe) by() string {
	if r.merchant {
		return "MERCHANT"
	}
	return "AMAZON"
}
