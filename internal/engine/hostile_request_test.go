package engine_test

import (
	"net/http"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// Requests that Amazon takes for bad ones.

// texts are the two ways in which Amazon words its two-minute rule.
var texts = map[string]spapisim.DelayText{"named": spapisim.DelayNamed, "generic": spapisim.DelayGeneric}

// Clocks that differ are no trouble: the Date header of the first answer says
// so, also where that answer is a refusal.
func TestClocksDiffer(t *testing.T) {
	for _, skew := range rows([]time.Duration{-3 * time.Hour, -8 * time.Minute, 8 * time.Minute, 3 * time.Hour}, 2) {
		for name, text := range texts {
			t.Run(skew.String()+" "+name, func(t *testing.T) {
				play(t, func(w *world) {
					s := w.seller()
					a := w.connect("acme", s, startAt(20*time.Hour))
					w.orders(s, 5, 15*time.Hour, 10*time.Hour)
					w.serve(30 * time.Minute)
					if c := w.connection(a); c.LastReason != ordersync.Success || c.Failures != 0 {
						t.Errorf("it stands at %s: %s", c.LastReason, c.LastMessage)
					}
					if n := w.wantTruth(a, begin.Add(-20*time.Hour), begin.Add(-9*time.Hour)); n != 5 {
						t.Errorf("%d of 5 orders are stored", n)
					}
					w.wantSound(a)
				}, quick, func(s *setup) {
					s.sim.Switches.ClockSkew, s.sim.Switches.Delay = spapisim.Duration(skew), text
				})
			})
		}
	}
}

// Two readings of a window lie an hour apart also where Amazon's clock is ahead:
// nobody reads for nothing until then.
func TestSecondReadingWithSkew(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.connect("acme", s, startAt(20*time.Hour))
		w.orders(s, 12, 15*time.Hour, 10*time.Hour)
		w.serve(65 * time.Minute)
		w.countAnew()
		w.serve(15 * time.Minute)
		if n := w.calls(s, spapisim.SearchOrders, -1); n > 12 {
			t.Errorf("%d searches in a quarter of an hour", n)
		}
	}, pagesOf(4), quick, func(s *setup) { s.sim.Switches.ClockSkew = spapisim.Duration(20 * time.Minute) })
}

// Where Amazon refuses every young end, it is asked once more with an end ten
// minutes before its own time, and then says by name what is wrong.
func TestYoungEndsRefused(t *testing.T) {
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				a := w.connect("acme", s, startAt(time.Hour))
				cursor := w.connection(a).Cursor
				want := ordersync.ClockSkew
				if text == spapisim.DelayGeneric {
					want = ordersync.RequestRejected
				}
				w.syncs(a, want)
				searches := w.asked(s)
				if len(searches) != 2 || searches[1].status != http.StatusBadRequest {
					t.Fatalf("asked were %+v", searches)
				}
				if end := searches[1].at.Add(-10 * time.Minute).Truncate(time.Second); !searches[1].to.Equal(end) {
					t.Errorf("the second end was %s, want %s", searches[1].to, end)
				}
				if c := w.connection(a); !c.Cursor.Equal(cursor) && !c.Cursor.Equal(begin.Add(-time.Hour)) {
					t.Errorf("the cursor is %s", c.Cursor)
				}
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.SearchDelay = spapisim.Duration(9 * time.Minute) }))
				w.serve(30 * time.Minute) // the way with the older end is open now
				if c := w.connection(a); time.Since(c.Cursor) > 35*time.Minute {
					t.Errorf("the cursor is %s old", time.Since(c.Cursor))
				}
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.SearchDelay = 0 }))
				w.serve(70 * time.Minute)
				w.wantFresh([]account{a})
				w.wantSound(a)
			}, func(s *setup) {
				s.sim.Switches.Delay, s.sim.Switches.SearchDelay = text, spapisim.Duration(15*time.Minute)
			})
		})
	}
}

// An Amazon that shows orders nine minutes late keeps everybody behind by that
// much, with a word that says so, and keeps nobody from history.
func TestAmazonShowsOrdersLate(t *testing.T) {
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 20, 40*time.Hour, 2*time.Hour)
				a := w.connect("acme", s, startAt(time.Hour))
				w.syncs(a, ordersync.CatchingUp)
				w.serve(2 * time.Hour)
				c := w.connection(a)
				if late := time.Since(c.Cursor); late > 17*time.Minute || c.Failures > 0 {
					t.Errorf("the cursor is %s old, after %d failures", late, c.Failures)
				}
				if n := w.wantTruth(a, begin.Add(-41*time.Hour), begin.Add(-2*time.Hour)); n != 20 {
					t.Errorf("%d of 20 orders of history are stored", n)
				}
				if n := w.calls(s, spapisim.SearchOrders, -1); n > 90 { // three a poll, and history
					t.Errorf("%d searches in two hours", n)
				}
				w.wantSound(a)
			}, history(45*time.Hour), quick, func(s *setup) {
				s.sim.Switches.Delay, s.sim.Switches.SearchDelay = text, spapisim.Duration(9*time.Minute)
			})
		})
	}
}

// Also there one minute of history that cannot be read is left alone, and all
// other history is read.
func TestUnreadableHistoryWhereOrdersAreShownLate(t *testing.T) {
	bad := begin.Add(-20 * time.Hour)
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 20, 40*time.Hour, 21*time.Hour)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(20 * time.Hour)
		gaps := w.coverage(a).Walked[s.MarketplaceIDs()[0]].Missing(ordersync.Window{From: begin.Add(-40 * time.Hour), To: begin})
		if len(gaps) != 1 || gaps[0].Width() > 3*time.Minute || !holds(gaps[0], bad) {
			t.Errorf("gaps are %v", gaps)
		}
		if n := w.wantTruth(a, begin.Add(-40*time.Hour), begin.Add(-21*time.Hour)); n != 20 {
			t.Errorf("%d of 20 orders of history are stored", n)
		}
	}, history(45*time.Hour), quick, refuse(says(500, ""), func(asked ordersync.Window) bool { return holds(asked, bad) }), func(s *setup) {
		s.sim.Switches.SearchDelay = spapisim.Duration(9 * time.Minute)
	})
}

// The incident of the far east: whoever asks for FULFILLMENT is refused.
func TestDataGroupRefused(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("fe", 6)
		cursors := map[ordersync.TenantID]time.Time{}
		for _, a := range all {
			cursors[a.tenant] = w.connection(a).Cursor
		}
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultInvalid, Region: "fe", IncludedData: "FULFILLMENT"})
		w.serve(7 * time.Minute)
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			if got.Outcome.Reason != ordersync.RequestRejected || got.Outcome.Reason.Info().Acts != ordersync.Operator {
				t.Errorf("%s: %s", tenant, got.Outcome.Reason)
			}
		}
		for _, a := range all {
			if c := w.connection(a); !c.Cursor.Equal(cursors[a.tenant]) {
				t.Errorf("%s: the cursor went to %s", a.tenant, c.Cursor)
			}
			w.orders(a.seller, 3, 5*time.Minute, time.Second)
		}
		w.sim.RemoveFault(id)
		w.serve(40 * time.Minute)
		w.wantFresh(all)
		for _, a := range all {
			if n := w.wantAll(a, time.Hour); n != 3 {
				t.Errorf("%s: %d of 3 orders are stored", a.tenant, n)
			}
		}
		w.wantSound(all...)
	}, quick)
}

// Pagination tokens that live as long as their walk: one that a slow budget
// drags on is begun again, narrower, until it fits.
func TestTokensOfASlowWalk(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 60, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.serve(8 * time.Hour)
		if n := w.wantAll(a, 30*time.Hour); n != 60 {
			t.Errorf("%d of 60 orders are stored; it stands at %s", n, w.connection(a).LastReason)
		}
		if n := w.number(`SELECT COUNT(*) FROM repairs WHERE code = 'WALK_RESTARTED'`); n < 1 || n > 12 {
			t.Errorf("%d walks were begun again", n)
		}
		w.wantSound(a)
	}, pagesOf(1), func(s *setup) {
		s.sim.Switches.Life, s.sim.Switches.TTL = spapisim.LifeWalk, spapisim.Duration(20*time.Minute)
	})
}

// Half of all tokens dead: at most three restarts an hour, then it is a bad
// answer; afterwards all is read.
func TestDeadTokensInNumbers(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 40, 20*day, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.fault(spapisim.Fault{Kind: spapisim.FaultDeadToken, Operation: spapisim.SearchOrders, Probability: 0.5})
		for range 6 {
			w.serve(time.Hour)
			since := time.Now().Add(-time.Hour).UnixMilli()
			if n := w.number(`SELECT COUNT(*) FROM repairs WHERE code = 'WALK_RESTARTED' AND at > ?`, since); n > 3 {
				t.Errorf("%d restarts within an hour", n)
			}
		}
		w.sim.ClearFaults()
		w.serve(4 * time.Hour)
		w.wantHistory(a, begin.Add(-24*day))
		if n := w.wantAll(a, 21*day); n != 40 {
			t.Errorf("%d of 40 orders are stored", n)
		}
		w.wantSound(a)
	}, history(25*day), pagesOf(3), quick)
}

// A stretch of history that goes in circles, however small it is asked for, does
// not keep the rest from being read.
func TestBadStretchOfHistory(t *testing.T) {
	bad := begin.Add(-5 * day)
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 20*day, 2*day)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(40 * time.Hour)
		m := s.MarketplaceIDs()[0]
		gaps := w.coverage(a).Walked[m].Missing(ordersync.Window{From: begin.Add(-22 * day), To: begin})
		if len(gaps) != 1 || gaps[0].Width() > 3*time.Minute || gaps[0].From.After(bad) || gaps[0].To.Before(bad) {
			t.Errorf("gaps are %v, the bad stretch is %s", gaps, bad)
		}
		w.wantSound(a)
	}, history(25*day), quick, rare, replace(func(r *http.Request) string {
		q := r.URL.Query()
		from, _ := time.Parse(time.RFC3339, q.Get("lastUpdatedAfter"))
		to, _ := time.Parse(time.RFC3339, q.Get("lastUpdatedBefore"))
		if bad.Before(from) || to.Before(bad) {
			return ""
		}
		return `{"pagination":{"nextToken":"x"}}`
	}))
}

// Two calls that time out halve the page; smaller pages go through.
func TestTimeOutsHalvePages(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 40, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.fault(spapisim.Fault{Kind: spapisim.FaultHang, Operation: spapisim.SearchOrders, OverResults: 50})
		w.serve(time.Hour)
		if n := w.wantAll(a, 21*time.Hour); n != 40 {
			t.Errorf("%d of 40 orders are stored; it stands at %s", n, w.connection(a).LastReason)
		}
		if n := w.calls(s, spapisim.SearchOrders, 0); n < 2 || n > 6 {
			t.Errorf("%d calls hung", n)
		}
		w.wantSound(a)
	}, quick)
}
