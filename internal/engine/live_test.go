package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

func TestWindowOfSeveralPages(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 47, 20*time.Hour, time.Hour, func(g *spapisim.Generate) { g.Odd, g.Unknown = 0.3, 0.2 })
		a := w.connect("acme", s, startAt(21*time.Hour))
		from := time.Now().Add(-21 * time.Hour)
		got := w.syncs(a, ordersync.Success)
		if n := w.wantAll(a, 21*time.Hour); n != 47 || got.Counts.OrdersCreated != 47 || got.Counts.OrdersReceived != 47 {
			t.Errorf("%d orders are stored, the outcome counts %+v", n, got.Counts)
		}
		if n := len(live(w.asked(s), from)); n != 5 {
			t.Errorf("%d searches for 47 orders in pages of 10", n)
		}
		c := w.coverage(a)
		window := ordersync.Window{From: from, To: w.connection(a).Cursor}
		for _, id := range s.MarketplaceIDs() {
			if !c.Walked[id].Covers(window) || c.Confirmed[id].Covers(window) {
				t.Errorf("%s: walked %v, confirmed %v: one reading in several pages is walked and not confirmed", id, c.Walked[id], c.Confirmed[id])
			}
		}
	}, pagesOf(10))
}

func TestExecutionYieldsAfterTwentyPages(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 45, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		run, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, "acme")
		w.must(err)
		before := w.connection(a)
		w.work(a)
		if n := w.calls(s, "searchOrders", 200); n != 20 {
			t.Errorf("the first execution made %d searches", n)
		}
		if walk := w.walk(a); walk == nil || walk.Pages != 20 {
			t.Fatalf("the walk stands at %+v", walk)
		}
		if c := w.connection(a); !c.Cursor.Equal(before.Cursor) || c.LastReason != "" {
			t.Errorf("a yield in the middle of a window moved the cursor to %s or settled %q", c.Cursor, c.LastReason)
		}
		w.work(a)
		w.must(w.engine.Drive(w.ctx, run))
		wantReason(t, w.targets(run)["acme"], ordersync.Success)
		if n := w.wantAll(a, 21*time.Hour); n != 45 {
			t.Errorf("%d of 45 orders are stored", n)
		}
		if w.walk(a) != nil {
			t.Error("the walk is still there")
		}
	}, pagesOf(2), quick)
}

func TestFirstSyncReadsSevenDays(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 7*24*time.Hour-time.Hour, time.Hour)
		a := w.connect("acme", s)
		start := time.Now().Add(-7 * 24 * time.Hour)
		w.syncs(a, ordersync.Success)
		if n := w.wantAll(a, 7*24*time.Hour); n != 12 {
			t.Errorf("%d of 12 orders are stored", n)
		}
		cursor, day := start, 24*time.Hour
		wantWindows(t, live(w.asked(s), start), []ordersync.Window{
			{From: cursor.Add(-5 * time.Minute), To: cursor.Add(day)},
			{From: cursor.Add(day - 5*time.Minute), To: cursor.Add(3 * day)},
			{From: cursor.Add(3*day - 5*time.Minute), To: time.Now().Add(-150 * time.Second)},
		})
		whole := ordersync.Window{From: start, To: w.connection(a).Cursor}
		if c := w.coverage(a); !c.Confirmed[s.MarketplaceIDs()[0]].Covers(whole) {
			t.Errorf("confirmed is %v, want %v", c.Confirmed, whole)
		}
	})
}

// Widths stay where a window has several pages, and halve where it has many.
func TestBusyWindowsDoNotGrow(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		begun := time.Now()
		start := begun.Add(-7 * 24 * time.Hour)
		for day := range 7 {
			back := time.Duration(7-day) * 24 * time.Hour
			w.orders(s, 3, back-2*time.Hour, back-20*time.Hour)
		}
		a := w.connect("acme", s)
		w.syncs(a, ordersync.Success)
		var want []ordersync.Window
		for day := range 7 {
			from := start.Add(time.Duration(day) * 24 * time.Hour)
			want = append(want, ordersync.Window{From: from.Add(-5 * time.Minute), To: from.Add(24 * time.Hour)})
		}
		want[6].To = begun.Add(-150 * time.Second)
		var first []asked
		for _, search := range live(w.asked(s), start) {
			if search.page == 1 {
				first = append(first, search)
			}
		}
		wantWindows(t, first, want)
		if n := w.wantAll(a, 7*24*time.Hour); n != 21 {
			t.Errorf("%d of 21 orders are stored", n)
		}
	}, pagesOf(2), quick)
}

func wantWindows(t *testing.T, got []asked, want []ordersync.Window) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d windows, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if !got[i].from.Equal(w.From.Truncate(time.Second)) || !got[i].to.Equal(w.To.Truncate(time.Second)) {
			t.Errorf("window %d is %s to %s, want %s to %s", i+1, got[i].from, got[i].to, w.From, w.To)
		}
	}
}

func TestWindowsOverlap(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		cursor := w.connection(a).Cursor
		w.countAnew()
		time.Sleep(10 * time.Minute)
		w.syncs(a, ordersync.Success)
		next := live(w.asked(s), cursor)
		wantWindows(t, next, []ordersync.Window{{From: cursor.Add(-5 * time.Minute), To: time.Now().Add(-150 * time.Second)}})
	})
}

// An order that changes while its window is read leaves the window, whatever
// the order of pages is, and is met in the next.
func TestOrderUpdatedDuringTheWalk(t *testing.T) {
	for _, sort := range []spapisim.Sort{spapisim.SortUpdated, spapisim.SortUpdatedDesc, spapisim.SortCreated} {
		t.Run("sort "+string(sort), func(t *testing.T) {
			play(t, func(w *world) {
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.Sort = sort }))
				s := w.seller()
				ids := w.orders(s, 12, 20*time.Hour, time.Hour)
				for i, id := range []string{ids[0], ids[5], ids[11]} {
					w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, BeforePage: 2 + i%2, Apply: func(o *spapisim.Order) {
						o.Fulfillment.FulfillmentStatus = "SHIPPED"
						o.OrderItems = o.OrderItems[:1]
					}}))
				}
				a := w.connect("acme", s, startAt(21*time.Hour))
				w.syncs(a, ordersync.Success)
				w.serve(12 * time.Minute)
				if n := w.wantAll(a, 21*time.Hour); n != 12 {
					t.Errorf("%d of 12 orders are stored", n)
				}
			}, pagesOf(4))
		})
	}
}

// Amazon may show an order five minutes late; the overlap is for that.
func TestLateOrdersAreFoundByTheNextPoll(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		start := time.Now()
		w.orders(s, 60, 0, -time.Hour, func(g *spapisim.Generate) { g.Late = spapisim.Duration(5 * time.Minute) })
		w.serve(80 * time.Minute)
		if n := w.wantTruth(a, start, start.Add(time.Hour)); n != 60 {
			t.Errorf("%d of 60 late orders are stored", n)
		}
	})
}

// A day has 288 intervals of five minutes, and each is up to a tenth longer.
func TestDayOfLivePolls(t *testing.T) {
	hours := 24
	if raceEnabled {
		hours = 3 // a race detector makes a day of SQLite long
	}
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(2 * time.Hour)
		start := time.Now()
		w.countAnew()
		w.orders(s, 40, 0, -2*time.Hour, func(g *spapisim.Generate) { g.Living = true })
		w.serve(time.Duration(hours) * time.Hour)
		if n := w.calls(s, "searchOrders", 200); n < 250*hours/24 || n > 300*hours/24+1 {
			t.Errorf("%d searches in %d hours", n, hours)
		}
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
		if n := w.wantTruth(a, start, w.connection(a).Cursor); n != 40 {
			t.Errorf("%d of 40 orders are stored", n)
		}
		if behind := time.Since(w.connection(a).Cursor); behind > 9*time.Minute {
			t.Errorf("the cursor is %s behind", behind)
		}
		searches := w.asked(s)
		for i := 1; i < len(searches); i++ {
			if gap := searches[i].at.Sub(searches[i-1].at); gap > 5*time.Minute+31*time.Second {
				t.Errorf("%s between two polls", gap)
			}
		}
	})
}

// A second run really asks again, and what it meets again it does not change.
func TestSecondRunChangesNothing(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 15, 6*time.Minute, 3*time.Minute)
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		before := w.stored(a)
		time.Sleep(time.Minute)
		w.countAnew()
		got := w.syncs(a, ordersync.Success)
		if n := w.calls(s, "searchOrders", 200); n == 0 {
			t.Error("the second run asked nothing")
		}
		want := ordersync.Counts{OrdersReceived: 15, ItemsReceived: got.Counts.ItemsReceived}
		if got.Counts != want || got.Counts.ItemsReceived < 15 {
			t.Errorf("the second run counts %+v", got.Counts)
		}
		wantSame(t, before, w.stored(a))
	})
}

func wantSame(t *testing.T, before, after map[string]store.StoredOrder) {
	t.Helper()
	if len(before) != len(after) {
		t.Errorf("%d orders before, %d after", len(before), len(after))
	}
	for id, o := range before {
		if !after[id].ChangedAt.Equal(o.ChangedAt) {
			t.Errorf("order %s was written again", id)
		}
	}
}
