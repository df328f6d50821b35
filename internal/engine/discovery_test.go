package engine_test

import (
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// No search is sent before the marketplaces are known: Amazon would answer for
// an unknown set of them.
func TestMarketplacesAreDiscoveredFirst(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{
			{MarketplaceID: "A1PA6795UKMFR9"}, {MarketplaceID: "A13V1IB3VIYZZH"}, {MarketplaceID: "APJ6JRA9NG5V4", NotActive: true},
			{MarketplaceID: "A0NEWLAND00000"}, // one that Amazon has just opened
		}))
		w.orders(s, 4, 50*time.Minute, 10*time.Minute, func(g *spapisim.Generate) {
			g.Marketplaces = []string{"A13V1IB3VIYZZH", "A0NEWLAND00000"}
		})
		a := w.connect("acme", s, startAt(time.Hour), discover)
		w.syncs(a, ordersync.Success)
		want := []string{"A0NEWLAND00000", "A13V1IB3VIYZZH", "A1PA6795UKMFR9"}
		if got := w.connection(a).Marketplaces; !slices.Equal(got, want) {
			t.Errorf("marketplaces are %v, want %v", got, want)
		}
		if first := w.sim.Calls()[1]; first.Operation != spapisim.GetParticipations {
			t.Errorf("the first call after the login was %s", first.Operation)
		}
		for _, search := range w.asked(s) {
			if search.markets != "A0NEWLAND00000,A13V1IB3VIYZZH,A1PA6795UKMFR9" {
				t.Errorf("a search asked for %q", search.markets)
			}
		}
		if n := w.wantAll(a, time.Hour); n != 4 {
			t.Errorf("%d of 4 orders are stored", n)
		}
		for range 5 {
			time.Sleep(11 * time.Hour)
			w.syncs(a, ordersync.Success)
		}
		if n := w.calls(s, spapisim.GetParticipations, 200); n != 2 {
			t.Errorf("they were asked for %d times in 55 hours, want when they are a day old", n)
		}
	})
}

// A seller that takes part nowhere is not connected, in words of its own.
func TestNoMarketplaceAtAll(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{{MarketplaceID: "A1PA6795UKMFR9", NotActive: true}}))
		a := w.connect("acme", s, startAt(time.Hour), discover)
		got := w.syncs(a, ordersync.NotConnected)
		if got.Outcome.Text() == ordersync.NotConnected.Info().English {
			t.Errorf("it says only %q", got.Outcome.Text())
		}
		wantText(t, got.Outcome.Text(), "marketplace")
		if n := w.calls(s, spapisim.SearchOrders, -1); n != 0 {
			t.Errorf("%d searches without a marketplace", n)
		}
		w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{{MarketplaceID: "A1PA6795UKMFR9"}}))
		w.orders(s, 3, 50*time.Minute, 10*time.Minute)
		w.serve(24*time.Hour + 10*time.Minute)
		if n := w.wantAll(a, 26*time.Hour); n != 3 {
			t.Errorf("%d of 3 orders are stored once it takes part", n)
		}
	})
}

// What discovery cannot be asked for today is known from yesterday.
func TestDiscoveryThatFailsLater(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour), discover)
		first := w.fault(spapisim.Fault{Kind: spapisim.FaultUnavailable, Operation: spapisim.GetParticipations})
		w.syncs(a, ordersync.AmazonUnavailable)
		w.sim.RemoveFault(first)
		w.serve(12 * time.Minute)
		if c := w.connection(a); c.LastReason != ordersync.Success || len(c.Marketplaces) != 2 {
			t.Fatalf("%s, %v", c.LastReason, c.Marketplaces)
		}
		w.fault(spapisim.Fault{Kind: spapisim.FaultUnavailable, Operation: spapisim.GetParticipations})
		time.Sleep(25 * time.Hour)
		w.syncs(a, ordersync.Success)
	}, quick)
}

// Explicit marketplaces are the operator's word: nobody discovers others.
func TestExplicitMarketplacesStay(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		only := []string{"A13V1IB3VIYZZH"}
		w.orders(s, 20, 50*time.Minute, 10*time.Minute)
		a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) { spec.Marketplaces = &only })
		w.syncs(a, ordersync.Success)
		if n := w.calls(s, spapisim.GetParticipations, -1); n != 0 {
			t.Errorf("they were discovered %d times", n)
		}
		have := w.stored(a)
		for _, o := range have {
			if o.MarketplaceID != only[0] {
				t.Errorf("an order of %s is stored", o.MarketplaceID)
			}
		}
		if len(have) < 3 || len(have) > 17 {
			t.Errorf("%d of 20 orders are stored", len(have))
		}
	})
}
