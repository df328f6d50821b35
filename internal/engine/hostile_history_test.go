package engine_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// History and what else can wait, from end to end.

const day = 24 * time.Hour

// A new connection gets a year of history, newest first, while live work goes on
// as if there were none.
func TestYearOfHistory(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 80, 364*day, time.Hour)
		w.orders(s, 10, 0, -8*time.Hour, func(g *spapisim.Generate) { g.Living = true })
		a := w.connect("acme", s)
		begun := time.Now()
		w.serve(8 * time.Hour)
		w.wantHistory(a, begun.Add(-365*day).Add(8*time.Hour))
		if n := w.wantAll(a, 366*day); n < 80 {
			t.Errorf("%d orders were compared", n)
		}
		newest := begun
		for _, search := range w.backSearches(s) {
			if search.to.After(newest.Add(2*time.Second)) && search.to.Before(begun.Add(-8*day)) {
				t.Errorf("%s to %s was read after %s", search.from, search.to, newest)
			}
			if search.to.Before(newest) {
				newest = search.from
			}
		}
		w.wantPolled(s, begun)
		w.wantSound(a)
	}, history(0), pagesOf(20))
}

// wantPolled checks that live windows followed one another at the interval.
func (w *world) wantPolled(s spapisim.Seller, since time.Time) {
	w.t.Helper()
	last := since
	for _, search := range w.asked(s) {
		if search.page == 1 && search.at.Sub(search.to) < 152*time.Second && search.at.After(last) {
			if gap := search.at.Sub(last); gap > 332*time.Second {
				w.t.Errorf("no live work between %s and %s", last, search.at)
			}
			last = search.at
		}
	}
	if gap := time.Since(last); gap > 332*time.Second {
		w.t.Errorf("no live work since %s", last)
	}
}

// Back work leaves half the burst to live work: whoever asks for a run in the
// middle of a long history has his answer at once.
func TestHistoryLeavesLiveWorkItsBudget(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 50*day, 8*day)
		a := w.connect("acme", s, startAt(time.Hour))
		begun := time.Now()
		w.syncs(a, ordersync.Success)
		for range 4 {
			w.serve(31 * time.Minute)
			if b := w.tokens(a); b < burst/2-1 {
				t.Errorf("%.1f tokens are left beside back work", b)
			}
			at := time.Now()
			if got := w.syncs(a, ordersync.Success); got.SettledAt.Sub(at) > time.Second {
				t.Errorf("the run took %s", got.SettledAt.Sub(at))
			}
		}
		w.wantPolled(s, begun)
		w.serve(4 * time.Hour)
		if n := w.wantAll(a, 51*day); n != 30 {
			t.Errorf("%d of 30 orders are stored", n)
		}
		w.wantSound(a)
	}, history(60*day), pagesOf(1))
}

// tokens is how many searches an account has left by ordersync's own count.
func (w *world) tokens(a account) float64 {
	w.t.Helper()
	b, _, _, ok, err := w.store.Reader().Budget(w.ctx, w.budgetOf(a))
	w.must(err)
	if !ok {
		w.t.Fatal("nothing was called")
	}
	return b.Refilled(time.Now()).Tokens
}

// Orders exactly on the bounds of windows are read, whichever way Amazon takes
// its bounds.
func TestOrdersOnTheBoundsOfWindows(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		cursor := begin.Add(-time.Hour)
		bound, n := cursor.Add(-5*time.Minute), 0
		for width := day; width <= 16*day; width *= 2 {
			for _, off := range []time.Duration{-time.Second, -time.Millisecond, 0, time.Millisecond, 999 * time.Millisecond, time.Second} {
				n++
				at := bound.Add(off)
				w.order(s, fmt.Sprintf("900-0000000-%07d", n), func(p *spapisim.Placed) { p.Order.CreatedTime = at })
			}
			bound = bound.Add(-width)
		}
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(2 * time.Hour)
		if got := w.wantAll(a, 41*day); got != n {
			t.Errorf("%d of %d orders are stored", got, n)
		}
		w.wantHistory(a, begin.Add(-39*day))
		w.wantSound(a)
	}, history(40*day))
}

// A busy seller's windows become narrower, a quiet one's wider.
func TestWindowsFitTheSeller(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 100, 10*day, 9*day)
		w.orders(s, 5, 60*day, 11*day)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(4 * time.Hour)
		w.wantHalved(s)
		if n := w.wantAll(a, 61*day); n != 105 {
			t.Errorf("%d of 105 orders are stored", n)
		}
		w.wantHistory(a, begin.Add(-60*day+5*time.Hour))
		w.wantSound(a)
	}, history(60*day), pagesOf(2), quick)
}

// wantHalved checks that a window of back work with more than twenty pages was
// followed by one half as wide.
func (w *world) wantHalved(s spapisim.Seller) {
	w.t.Helper()
	pages := map[string]int{}
	for _, search := range w.asked(s) {
		pages[search.query]++
	}
	back := w.backSearches(s)
	for i, search := range back {
		if pages[search.query] <= ordersync.MaxPages || i+1 == len(back) {
			continue
		}
		if was, is := search.to.Sub(search.from), back[i+1].to.Sub(back[i+1].from); is > was/2+2*time.Second {
			w.t.Errorf("a window of %s had %d pages, the next has %s", was, pages[search.query], is)
		}
		return
	}
	w.t.Error("no window had more than twenty pages")
}

// A marketplace that is added later is asked for its own history, and the others
// are not read again for it.
func TestMarketplaceAddedLater(t *testing.T) {
	for name, explicit := range map[string]bool{"imported": true, "discovered": false} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				ids := s.MarketplaceIDs()
				w.orders(s, 30, 20*day, time.Hour)
				first := ids[:1]
				a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) {
					if spec.Marketplaces = &first; !explicit {
						spec.Marketplaces = nil
					}
				})
				if !explicit {
					w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{{MarketplaceID: ids[0]}, {MarketplaceID: ids[1], NotActive: true}}))
				}
				w.serve(time.Hour)
				w.addMarketplace(a, ids, explicit)
				at := time.Now()
				w.serve(time.Hour)
				for _, search := range w.asked(s) {
					if search.at.After(at) && search.at.Sub(search.from) > 60*time.Hour && search.markets != ids[1] {
						t.Errorf("%s to %s was asked for %s", search.from, search.to, search.markets)
					}
				}
				w.wantHistory(a, begin.Add(-28*day))
				if n := w.wantAll(a, 31*day); n != 30 {
					t.Errorf("%d of 30 orders are stored", n)
				}
				w.wantSound(a)
			}, history(30*day), quick)
		})
	}
}

// A marketplace that is added while a live window cannot be read is asked for that
// window too, once it was read without it, and not first when the next sweep comes.
func TestMarketplaceAddedWhileAWindowWaits(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := s.MarketplaceIDs()
		w.orders(s, 40, 20*time.Hour, time.Hour)
		first := ids[:1]
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.Marketplaces = &first })
		w.serve(3 * time.Hour)
		away, err := w.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultUnavailable, Seller: s.Key, Operation: spapisim.SearchOrders})
		w.must(err)
		w.serve(time.Hour)
		_, err = w.sim.Generate(s.Key, spapisim.Generate{N: 20, From: time.Now().Add(-50 * time.Minute), To: time.Now().Add(-20 * time.Minute)})
		w.must(err)
		w.addMarketplace(a, ids, true)
		w.serve(2 * time.Hour)
		w.sim.RemoveFault(away)
		w.serve(2 * time.Hour)
		w.wantHistory(a, begin.Add(-15*time.Hour))
		if n := w.wantAll(a, day+8*time.Hour); n != 60 {
			t.Errorf("%d of 60 orders are stored", n)
		}
		w.wantSound(a)
	}, history(day))
}

// addMarketplace lets a connection sell in one place more, and time pass until
// ordersync must know it.
func (w *world) addMarketplace(a account, ids []string, explicit bool) {
	w.t.Helper()
	if explicit {
		_, err := w.engine.Import(w.ctx, engine.ConnectionSpec{
			Tenant: a.tenant, Region: ordersync.Region(a.seller.Region), SellerID: a.seller.ID, Marketplaces: &ids,
		})
		w.must(err)
		return
	}
	w.must(w.sim.SetParticipations(a.seller.Key, []spapisim.Participation{{MarketplaceID: ids[0]}, {MarketplaceID: ids[1]}}))
	time.Sleep(23*time.Hour + time.Minute)
}

// A cursor that had to be repaired skips nothing: what it leaves behind is read
// as history.
func TestRepairedCursorLeavesAGap(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 50*day, time.Hour)
		a := w.connect("acme", s, func(spec *engine.ConnectionSpec) { spec.Cursor = "2026-02-30" })
		got := w.syncs(a, ordersync.Success)
		if len(got.Repairs) != 1 || got.Repairs[0].Code != ordersync.InvalidDateFixed {
			t.Errorf("repairs are %v", got.Repairs)
		}
		w.serve(2 * time.Hour)
		w.wantHistory(a, begin.Add(-60*day+2*time.Hour))
		if n := w.wantAll(a, 61*day); n != 30 {
			t.Errorf("%d of 30 orders are stored", n)
		}
		w.wantSound(a)
	}, history(60*day))
}
