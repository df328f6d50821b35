package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// cover commits complete windows of some marketplaces.
func (d *database) cover(l *store.Lease, c store.Covered) {
	d.t.Helper()
	d.commit(l, store.Commit{Kind: ordersync.Live, Covered: &c})
}

func (d *database) coverage(l *store.Lease) store.Coverage {
	d.t.Helper()
	c, err := d.Coverage(d.ctx, l)
	d.must(err)
	return c
}

// Whatever windows are read in whatever order, what is stored is what the sets
// of spans say, for each marketplace and level by itself.
func TestCoverageIsWhatTheSpansSay(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for seed := range uint64(4) {
			random := rand.New(rand.NewPCG(seed, 0))
			l := d.connected(ordersync.TenantID(rune('a'+seed)), "S1")
			want := map[string]ordersync.Reading{}
			for range 25 {
				from := random.IntN(40)
				w := window(from, from+random.IntN(8))
				ids := [][]string{{french}, {german}, {french, german}}[random.IntN(3)]
				c := store.Covered{Window: w, Marketplaces: ids, Begun: d.clock.Now(), Confirmed: random.IntN(2) == 0}
				d.cover(l, c)
				for _, id := range ids {
					want[id] = want[id].Read(w, c.Begun, c.Confirmed)
				}
				d.clock.add(time.Duration(random.IntN(50)) * time.Minute)
			}
			got := d.coverage(l)
			for _, id := range []string{french, german} {
				equal(t, id, got.Reading(id), want[id])
			}
		}
	})
}

func TestConfirmedIsWhatWasReadWithoutDoubt(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.cover(l, store.Covered{Window: window(0, 100), Marketplaces: []string{french}, Begun: begin})
		d.cover(l, store.Covered{Window: window(20, 40), Marketplaces: []string{french}, Begun: begin, Confirmed: true})
		c := d.coverage(l)
		equal(t, "walked", c.Walked[french], ordersync.Spans{window(0, 100)})
		equal(t, "confirmed", c.Confirmed[french], ordersync.Spans{window(20, 40)})
	})
}

func TestCoverageIsTheConnectionsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, second, other := d.connected("acme", "S1"), d.connected("acme", "S2"), d.connected("globex", "S1")
		d.cover(l, store.Covered{Window: window(0, 10), Marketplaces: []string{french}, Begun: begin, Confirmed: true})
		d.cover(second, store.Covered{Window: window(5, 20), Marketplaces: []string{french}, Begun: begin, Confirmed: true})
		equal(t, "the first", d.coverage(l).Walked, map[string]ordersync.Spans{french: {window(0, 10)}})
		equal(t, "the second", d.coverage(second).Walked, map[string]ordersync.Spans{french: {window(5, 20)}})
		equal(t, "the other", len(d.coverage(other).Walked), 0)

		c, err := d.Reader().Tenant("globex").Coverage(d.ctx, l.Connection.ID)
		d.must(err)
		equal(t, "read by another tenant", len(c.Walked), 0)
		c, err = d.Reader().Tenant("acme").Coverage(d.ctx, l.Connection.ID)
		d.must(err)
		equal(t, "read by its tenant", c, d.coverage(l))
	})
}

func TestShunnedWindowsUntilTheyAreRead(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		shun := func(l *store.Lease, w ordersync.Window, until time.Duration) ordersync.Shunned {
			s := ordersync.Shunned{Window: w, Until: begin.Add(until)}
			d.commit(l, store.Commit{Shun: &s})
			return s
		}
		shun(l, window(60, 120), time.Hour)
		again := shun(l, window(60, 120), 2*time.Hour)
		second := shun(l, window(300, 360), time.Hour)
		theirs := shun(other, window(300, 360), time.Hour)
		shunned := func(l *store.Lease) []ordersync.Shunned {
			all, err := d.Shunned(d.ctx, l)
			d.must(err)
			return all
		}
		equal(t, "shunned", shunned(l), []ordersync.Shunned{again, second})
		d.cover(l, store.Covered{Window: window(61, 400), Marketplaces: []string{french}, Begun: begin})
		equal(t, "after one was read and half of the other", shunned(l), []ordersync.Shunned{again})
		equal(t, "the other's", shunned(other), []ordersync.Shunned{theirs})
		read, err := d.Reader().Tenant("acme").Shunned(d.ctx, l.Connection.ID)
		d.must(err)
		equal(t, "read by its tenant", read, shunned(l))
	})
}
