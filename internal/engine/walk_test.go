package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// Walks that go in circles end, and say so; afterwards everything is read.
func TestCircularWalks(t *testing.T) {
	for _, kind := range []spapisim.FaultKind{spapisim.FaultSameToken, spapisim.FaultSamePage} {
		t.Run(string(kind), func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 12, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				cursor := time.Now().Add(-21 * time.Hour)
				id := w.fault(spapisim.Fault{Kind: kind, Operation: spapisim.SearchOrders})
				got := w.syncs(a, ordersync.AmazonBadResponse)
				if n := w.calls(s, "searchOrders", -1); n > 5 {
					t.Errorf("%d calls before the circle was seen", n)
				}
				c := w.connection(a)
				if c.Cursor.After(cursor) || c.LiveWidth != 12*time.Hour || w.walk(a) != nil {
					t.Errorf("the cursor is %s, the width %s, the walk %v", c.Cursor, c.LiveWidth, w.walk(a))
				}
				if got.Outcome.Reason.Info().Acts != ordersync.Operator {
					t.Errorf("%+v", got.Outcome)
				}
				w.sim.RemoveFault(id)
				w.serve(15 * time.Minute)
				if n := w.wantAll(a, 21*time.Hour); n != 12 {
					t.Errorf("%d of 12 orders are stored", n)
				}
			}, pagesOf(3), quick)
		})
	}
}

// replace lets an answer of Amazon's searches be another one.
func replace(body func(r *http.Request) string) func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil || !isSearch(r) || response.StatusCode != http.StatusOK {
			return response, err
		}
		if text := body(r); text != "" {
			_ = response.Body.Close()
			response.Body, response.ContentLength = http.NoBody, 0
			response.Body = readCloser{strings.NewReader(text)}
			response.ContentLength = int64(len(text))
		}
		return response, nil
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// Pages without orders are no end: only fifty in a row are one.
func TestEmptyPages(t *testing.T) {
	for name, empty := range map[string]int{"fifty": 50, "forty-nine": 49} {
		t.Run(name, func(t *testing.T) {
			pages := 0
			play(t, func(w *world) {
				s := w.seller()
				a := w.connect("acme", s, startAt(time.Hour))
				w.serve(2 * time.Minute)
				want := ordersync.Success
				if empty == 50 {
					want = ordersync.AmazonBadResponse
				}
				c := w.connection(a)
				if c.LastReason != want {
					t.Errorf("%s (%s), want %s", c.LastReason, c.LastMessage, want)
				}
				if moved := c.Cursor.After(begin.Add(-time.Hour)); moved != (want == ordersync.Success) {
					t.Errorf("the cursor is %s", c.Cursor)
				}
			}, quick, replace(func(r *http.Request) string {
				if pages++; pages > empty {
					return `{"orders":[]}`
				}
				return `{"orders":[],"pagination":{"nextToken":"` + strings.Repeat("t", pages) + `"}}`
			}), blindTokens)
		})
	}
}

// blindTokens takes tokens away that the simulator never gave.
var blindTokens = along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if before, _, found := strings.Cut(r.URL.RawQuery, "&paginationToken=t"); found {
		r = r.Clone(r.Context())
		r.URL.RawQuery = before
	}
	return next.RoundTrip(r)
})

// A token that Amazon no longer knows restarts the window, half as wide.
func TestDeadToken(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		cursor := time.Now().Add(-21 * time.Hour)
		w.fault(spapisim.Fault{Kind: spapisim.FaultDeadToken, Operation: spapisim.SearchOrders, Page: 3, Count: 1})
		got := w.syncs(a, ordersync.Success)
		if len(got.Repairs) != 1 || got.Repairs[0].Code != ordersync.WalkRestarted {
			t.Errorf("repairs are %v", got.Repairs)
		}
		first := live(w.asked(s), cursor)
		restarted := false
		for _, search := range first {
			if search.page == 1 && search.from.Equal(first[0].from) && search.to.Equal(cursor.Add(12*time.Hour)) {
				restarted = true
			}
		}
		if !restarted {
			t.Error("the window was not begun again half as wide")
		}
		if n := w.wantAll(a, 21*time.Hour); n != 12 {
			t.Errorf("%d of 12 orders are stored", n)
		}
	}, pagesOf(3), quick)
}

// Tokens that die again and again are an outcome, no endless loop.
func TestTokensThatAlwaysDie(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.fault(spapisim.Fault{Kind: spapisim.FaultDeadToken, Operation: spapisim.SearchOrders})
		got := w.sync(a)
		if got.Outcome.Status() == ordersync.StatusSuccess {
			t.Errorf("%s though no second page can be read", got.Outcome.Reason)
		}
		if n := len(got.Repairs); n > 3 {
			t.Errorf("%d restarts within the hour", n)
		}
		w.sim.ClearFaults()
		w.serve(90 * time.Minute)
		if n := w.wantAll(a, 23*time.Hour); n != 12 {
			t.Errorf("%d of 12 orders are stored", n)
		}
	}, pagesOf(3), quick)
}

// An answer that is too large is asked for in smaller pages.
func TestTooLargePages(t *testing.T) {
	for name, fault := range map[string]spapisim.Fault{
		"413":            {Kind: spapisim.FaultTooLarge, OverResults: 30},
		"over our limit": {Kind: spapisim.FaultBigBody, Size: 100 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 40, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				fault.Operation = spapisim.SearchOrders
				w.fault(fault)
				w.syncs(a, ordersync.Success)
				if n := w.wantAll(a, 21*time.Hour); n != 40 {
					t.Errorf("%d of 40 orders are stored", n)
				}
				if sizes := w.asked(s); sizes[1].size != 50 || sizes[2].size != 25 {
					t.Errorf("page sizes are %d, %d, %d", sizes[0].size, sizes[1].size, sizes[2].size)
				}
			}, quick, func(s *setup) { s.amazon.BodyLimit = 3 << 20 })
		})
	}
}

// One order that cannot be read is set aside; the rest goes on.
func TestUnreadableOrderIsSetAside(t *testing.T) {
	for _, damage := range []string{"quantity-text", "no-items", "updated-time", "no-id"} {
		t.Run(damage, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				ids := w.orders(s, 9, 20*time.Hour, time.Hour)
				bad, _ := spapisim.NamedDamage(damage)
				w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[4], Quiet: true, Damage: bad}))
				a := w.connect("acme", s, startAt(21*time.Hour))
				got := w.syncs(a, ordersync.Success)
				if got.Counts.SetAside != 1 || got.Counts.OrdersCreated != 8 {
					t.Errorf("%+v", got.Counts)
				}
				if n := w.wantAll(a, 21*time.Hour); n != 8 {
					t.Errorf("%d of 8 readable orders are stored", n)
				}
				if _, stored := w.stored(a)[ids[4]]; stored {
					t.Error("the unreadable order is stored as if it were none")
				}
				covered := w.coverage(a).Walked[s.MarketplaceIDs()[0]].Covers(ordersync.Window{From: begin.Add(-21 * time.Hour), To: begin.Add(-time.Hour)})
				if covered != (damage != "no-id") {
					t.Errorf("covered: %t; an order without an id cannot be asked for again, so its window stays a gap", covered)
				}
				w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[4], Damage: spapisim.Damage{}}))
				w.serve(15 * time.Minute)
				if n := w.wantAll(a, 21*time.Hour); n != 9 {
					t.Errorf("%d of 9 orders are stored once it can be read", n)
				}
			})
		})
	}
}

// A page that is mostly unreadable says something of Amazon, not of its orders:
// nothing moves.
func TestMostlyUnreadablePage(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 10, 20*time.Hour, time.Hour)
		for _, id := range ids[:6] {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, Quiet: true, Damage: spapisim.DamageNoItems}))
		}
		a := w.connect("acme", s, startAt(21*time.Hour))
		cursor := time.Now().Add(-21 * time.Hour)
		got := w.syncs(a, ordersync.AmazonBadResponse)
		if c := w.connection(a); c.Cursor.After(cursor) || len(w.stored(a)) != 0 || got.Counts != (ordersync.Counts{}) {
			t.Errorf("the cursor is %s, %d orders are stored, %+v", c.Cursor, len(w.stored(a)), got.Counts)
		}
		w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[0], Quiet: true, Damage: spapisim.Damage{}}))
		got = w.syncs(a, ordersync.Success) // five of ten are half, not most
		if got.Counts.SetAside != 5 || len(w.stored(a)) != 5 {
			t.Errorf("%+v, %d orders are stored", got.Counts, len(w.stored(a)))
		}
	})
}
