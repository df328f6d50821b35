package engine_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// givenCursors are cursors that databases have been seen with, and what becomes
// of them. "" as start: seven days ago.
var givenCursors = []struct {
	name, cursor string
	repair       ordersync.RepairCode
	start        string
}{
	{"UUID", "3f0c1f6e-2b6f-4b6e-9a55-0d8c8b1f0a11", ordersync.InvalidDateFixed, ""},
	{"empty", "", "", ""},
	{"spaces", "  \t ", "", ""},
	{"month 13", "0000-13-45", ordersync.InvalidDateFixed, ""},
	{"30 February", "2026-02-30", ordersync.InvalidDateFixed, ""},
	{"day 99x", "2026-99-99x", ordersync.InvalidDateFixed, ""},
	{"hour 25", "2026-01-12T25:00:00Z", ordersync.InvalidDateFixed, ""},
	{"plain date", "2026-01-12", "", "2026-01-12T00:00:00Z"},
	{"date in spaces", " 2026-01-12 ", "", "2026-01-12T00:00:00Z"},
	{"offset east", "2026-01-30T23:00:00+05:30", "", "2026-01-30T17:30:00Z"},
	{"offset west", "2026-01-30T23:00:00.123-08:00", "", "2026-01-31T07:00:00.123Z"},
	{"no zone", "2026-01-30T23:00:00", ordersync.InvalidDateFixed, ""},
	{"epoch seconds", "1769900000", ordersync.InvalidDateFixed, ""},
	{"epoch milliseconds", "1769900000000", ordersync.InvalidDateFixed, ""},
	{"JSON", `{"cursor":"2026-01-30T23:00:00Z"}`, ordersync.InvalidDateFixed, ""},
	{"year 9999", "9999-12-31T23:59:59Z", ordersync.FutureCursorFixed, ""},
	{"future", "2026-02-03T10:06:00Z", ordersync.FutureCursorFixed, ""},
	{"before two years", "2024-02-02T00:00:00Z", ordersync.StaleCursorClamped, ""},
	{"year 0", "0000-01-01T00:00:00Z", ordersync.StaleCursorClamped, ""},
	{"10 kB", strings.Repeat("2026-01-30 ", 1000), ordersync.InvalidDateFixed, ""},
	{"NUL", "2026-01-30T23:00:00Z\x00", ordersync.InvalidDateFixed, ""},
	{"right to left", "\u202e2026-01-30T23:00:00Z\u200f", ordersync.InvalidDateFixed, ""},
	{"no UTF-8", "\xff\xfe2026", ordersync.InvalidDateFixed, ""},
	{"SQL", "'; DROP TABLE orders; --", ordersync.InvalidDateFixed, ""},
}

// Whatever stands in a cursor, the tenant is synced: usable ones are used,
// others are repaired with the old value shown, and no order of the covered
// time is skipped.
func TestEveryCursor(t *testing.T) {
	for _, c := range rows(givenCursors, 6) {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 8, 6*24*time.Hour+20*time.Hour, 10*time.Minute)
				w.order(s, "111-0000000-0000001", func(p *spapisim.Placed) { p.Order.CreatedTime = time.Now().Add(-4 * time.Minute) })
				a := w.connect("acme", s, func(spec *engine.ConnectionSpec) { spec.Cursor = c.cursor })
				got := w.syncs(a, ordersync.Success)
				start := time.Now().Add(-7 * 24 * time.Hour)
				if c.start != "" {
					var err error
					start, err = time.Parse(time.RFC3339, c.start)
					w.must(err)
				}
				wantRepair(t, got.Repairs, c.repair, c.cursor, start)
				w.wantCovered(a, start)
				w.wantTruth(a, start, w.connection(a).Cursor)
				time.Sleep(time.Second)
				if again := w.syncs(a, ordersync.Success); len(again.Repairs) > 0 {
					t.Errorf("it was repaired again: %d times", len(again.Repairs))
				}
			})
		})
	}
}

func wantRepair(t *testing.T, got []ordersync.Repair, code ordersync.RepairCode, old string, start time.Time) {
	t.Helper()
	if code == "" {
		if len(got) > 0 {
			t.Errorf("repaired: %v", got)
		}
		return
	}
	if len(got) != 1 || got[0].Code != code {
		t.Fatalf("repairs are %v, want %s", got, code)
	}
	if string(got[0].Old) != old {
		t.Errorf("the old value is %s, it was %s", ordersync.ShowBytes(got[0].Old), ordersync.ShowBytes([]byte(old)))
	}
	if to, err := time.Parse(time.RFC3339, got[0].New); err != nil || to.Sub(start).Abs() > time.Second {
		t.Errorf("the new value is %s, want %s", got[0].New, start)
	}
}

// wantCovered checks that all from a time to the cursor was read, in every
// marketplace.
func (w *world) wantCovered(a account, from time.Time) {
	w.t.Helper()
	c, cursor := w.coverage(a), w.connection(a).Cursor
	if behind := time.Since(cursor); behind > 9*time.Minute || behind < 0 {
		w.t.Errorf("the cursor is %s behind", behind)
	}
	if !from.Before(cursor) {
		return
	}
	for _, id := range a.seller.MarketplaceIDs() {
		if !c.Walked[id].Covers(ordersync.Window{From: from, To: cursor}) {
			w.t.Errorf("%s: %v was read, not all of %s to %s", id, c.Walked[id], from, cursor)
		}
	}
}

// A cursor that is ahead of Amazon, but less than is a fault, stays, and what
// live work then leaves out is a gap, which back work reads.
func TestCursorSlightlyAhead(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		begun := time.Now()
		w.orders(s, 30, 30*time.Minute, -5*time.Minute)
		a := w.connect("acme", s, startAt(-4*time.Minute))
		if got := w.syncs(a, ordersync.Success); len(got.Repairs) > 0 {
			t.Errorf("repairs are %v", got.Repairs)
		}
		w.serve(20 * time.Minute)
		w.wantCovered(a, begun.Add(-time.Hour))
		if n := w.wantTruth(a, begun.Add(-30*time.Minute), begun.Add(5*time.Minute)); n != 30 {
			t.Errorf("%d of 30 orders are stored", n)
		}
	}, history(2*time.Hour))
}

// A cursor that goes bad later is set back to the end of what is covered.
func TestClockThatRanAhead(t *testing.T) {
	play(t, func(w *world) {
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = spapisim.Duration(48 * time.Hour) }))
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		if ahead := time.Until(w.connection(a).Cursor); ahead < 47*time.Hour {
			t.Fatalf("the cursor follows Amazon's clock: %s", ahead)
		}
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = 0 }))
		w.engine = w.newEngine(w.store)
		w.orders(s, 5, 50*time.Minute, 10*time.Minute)
		got := w.sync(a)
		if len(got.Repairs) != 1 || got.Repairs[0].Code != ordersync.FutureCursorFixed {
			t.Errorf("repairs are %v", got.Repairs)
		}
		w.serve(10 * time.Minute)
		if n := w.wantTruth(a, time.Now().Add(-2*time.Hour), w.connection(a).Cursor); n != 5 {
			t.Errorf("%d of 5 orders are stored", n)
		}
	})
}

// Amazon's clock counts, whatever ours says.
func TestSkewedClocks(t *testing.T) {
	for _, skew := range []time.Duration{-20 * time.Minute, -90 * time.Second, 90 * time.Second, 20 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			play(t, func(w *world) {
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = spapisim.Duration(skew) }))
				s := w.seller()
				now := w.sim.Now()
				_, err := w.sim.Generate(s.Key, spapisim.Generate{N: 10, From: now.Add(-5 * time.Hour), To: now.Add(-time.Minute)})
				w.must(err)
				a := w.connect("acme", s, startAt(6*time.Hour))
				w.serve(25 * time.Minute)
				if c := w.connection(a); c.LastReason != ordersync.Success {
					t.Errorf("%s: %s", c.LastReason, c.LastMessage)
				}
				if n := w.wantTruth(a, now.Add(-5*time.Hour), w.sim.Now()); n != 10 {
					t.Errorf("%d of 10 orders are stored", n)
				}
				for _, search := range w.asked(s)[1:] {
					if search.status != 200 {
						t.Errorf("a search to %s at %s was answered %d", search.to, search.at, search.status)
					}
				}
			})
		})
	}
}

// A tenant that was away for long catches up window by window, and says so.
func TestCatchingUp(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		for day := range 30 {
			back := time.Duration(30-day) * 24 * time.Hour
			w.orders(s, 3, back-2*time.Hour, back-20*time.Hour)
		}
		a := w.connect("acme", s, startAt(30*24*time.Hour))
		got := w.syncs(a, ordersync.CatchingUp)
		if got.Outcome.Status() != ordersync.StatusPartial || got.Counts.OrdersCreated == 0 {
			t.Errorf("%+v, %+v", got.Outcome, got.Counts)
		}
		start := time.Now().Add(-30 * 24 * time.Hour)
		w.serveUntil(a, time.Hour, func() bool { return w.connection(a).LastReason == ordersync.Success })
		w.wantCovered(a, start)
		if n := w.wantTruth(a, start, time.Now()); n != 90 {
			t.Errorf("%d of 90 orders are stored", n)
		}
	}, pagesOf(2), quick)
}
