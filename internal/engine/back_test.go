package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// History is read once live work is done, newest first, and leaves live work
// its budget.
func TestHistoryIsFilled(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 40, 58*24*time.Hour, time.Hour)
		a := w.connect("acme", s)
		begun := time.Now()
		got := w.syncs(a, ordersync.Success)
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the run waited %s for history", took)
		}
		if got.Counts.OrdersReceived >= 40 {
			t.Errorf("the run counts back work: %+v", got.Counts)
		}
		w.serve(2 * time.Hour)
		w.wantCovered(a, time.Now().Add(-60*24*time.Hour))
		if n := w.wantAll(a, 61*24*time.Hour); n != 40 {
			t.Errorf("%d of 40 orders are stored", n)
		}
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
	}, history(60*24*time.Hour))
}

// Where tokens count orders, one that leaves the window between two pages lets
// another fall between them. The second reading finds it.
func TestOrderThatFellBetweenPages(t *testing.T) {
	play(t, func(w *world) {
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.Tokens = spapisim.TokenOffset }))
		s := w.seller()
		ids := w.orders(s, 9, 20*time.Hour, time.Hour)
		for _, id := range ids[:2] {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, BeforePage: 2}))
		}
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.syncs(a, ordersync.Success)
		w.serve(90 * time.Minute)
		if n := w.wantAll(a, 23*time.Hour); n != 9 {
			t.Errorf("%d of 9 orders are stored", n)
		}
		window := ordersync.Window{From: begin.Add(-21 * time.Hour), To: begin.Add(-time.Hour)}
		if c := w.coverage(a); !c.Confirmed[s.MarketplaceIDs()[0]].Covers(window) {
			t.Errorf("confirmed is %v after two readings", c.Confirmed)
		}
	}, pagesOf(4))
}

// An order may surface a day late: the daily sweep finds it.
func TestSweepFindsWhatSurfacesLate(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(time.Minute)
		start := time.Now()
		w.orders(s, 8, 0, -3*time.Hour, func(g *spapisim.Generate) { g.Late = spapisim.Duration(23 * time.Hour) })
		for range 17 { // less often than a server works, which hides nothing from a sweep
			w.serve(time.Minute)
			time.Sleep(3 * time.Hour)
		}
		w.serve(time.Minute)
		if n := w.wantTruth(a, start, start.Add(3*time.Hour)); n != 8 {
			t.Errorf("%d of 8 orders are stored", n)
		}
	})
}

// Whatever Amazon's undocumented ways are, nothing is lost.
func TestAmazonsWays(t *testing.T) {
	var seeds []uint64
	for seed := range uint64(24) {
		seeds = append(seeds, seed+1)
	}
	for _, seed := range rows(seeds, 24) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				start := time.Now().Add(-20 * time.Hour)
				w.orders(s, 20, 20*time.Hour, -time.Hour, func(g *spapisim.Generate) {
					g.Living, g.Odd, g.Unknown, g.SameTime = true, 0.2, 0.2, 1+int(seed)%3
					g.Late = spapisim.Duration(seed%5) * spapisim.Duration(time.Minute)
				})
				a := w.connect("acme", s, startAt(21*time.Hour))
				w.serve(4 * time.Hour)
				if c := w.connection(a); c.LastReason != ordersync.Success {
					t.Errorf("%s: %s", c.LastReason, c.LastMessage)
				}
				if n := w.wantTruth(a, start, time.Now().Add(-15*time.Minute)); n < 10 {
					t.Errorf("only %d orders were compared", n)
				}
				if n := w.calls(s, "", 429); n > 0 {
					t.Errorf("%d calls were throttled", n)
				}
			}, pagesOf(6), quick, func(s *setup) { s.sim.Switches = spapisim.DrawSwitches(seed) })
		})
	}
}

// Where personal data is refused, the order comes without it: better than none.
func TestPersonalDataRefused(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 5, 20*time.Hour, time.Hour)
		on := true
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.PersonalData = &on })
		w.serve(15 * time.Minute)
		if n := len(w.stored(a)); n != 5 {
			t.Errorf("%d of 5 orders are stored; %s", n, w.connection(a).LastReason)
		}
		if first := w.asked(s)[0]; !strings.Contains(first.groups, "BUYER") || first.status != 403 {
			t.Errorf("the first search was answered %d", first.status)
		}
	}, func(s *setup) { s.sim.Switches.PersonalRefused = true })
}

// Only Amazon's own word, twice and apart, makes a tenant reconnect; a new
// token ends it at once.
func TestRevocationNeedsTwoRefusals(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		time.Sleep(65 * time.Minute) // the access token has ended
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		got := w.syncs(a, ordersync.TokenRevoked)
		if c := w.connection(a); got.Outcome.Confirmed || c.State != ordersync.Connected {
			t.Errorf("the first refusal made it %s, confirmed %t", c.State, got.Outcome.Confirmed)
		}
		time.Sleep(5 * time.Minute)
		if got = w.syncs(a, ordersync.TokenRevoked); got.Outcome.Confirmed {
			t.Error("it was confirmed after five minutes")
		}
		w.serve(20 * time.Minute)
		if c := w.connection(a); c.State != ordersync.NeedsReconnect {
			t.Errorf("twenty minutes later it is %s", c.State)
		}
		if got = w.syncs(a, ordersync.TokenRevoked); !got.Outcome.Confirmed {
			t.Error("it is not confirmed")
		}
		w.orders(s, 3, time.Hour, 10*time.Minute)
		w.reauthorize(a)
		w.serve(time.Minute)
		if c := w.connection(a); c.State != ordersync.Connected || c.LastReason != ordersync.Success {
			t.Errorf("with a new token it stands at %s, %s", c.State, c.LastReason)
		}
		if n := w.wantAll(a, 2*time.Hour); n != 3 {
			t.Errorf("%d of 3 orders are stored", n)
		}
	})
}

// Many refusals at once are Amazon's trouble: nobody is told to act.
func TestIncidentIsNoVerdict(t *testing.T) {
	play(t, func(w *world) {
		var accounts []account
		for i := range 8 {
			accounts = append(accounts, w.connect(ordersync.TenantID(fmt.Sprint("t", i)), w.seller(), startAt(time.Hour)))
		}
		w.serve(time.Minute)
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden})
		time.Sleep(6 * time.Minute)
		w.run(ordersync.GlobalRun, "")
		time.Sleep(70 * time.Minute)
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			if got.Outcome.Confirmed || got.Outcome.Reason != ordersync.PlatformDenied && got.Outcome.Reason != ordersync.AccessDenied {
				t.Errorf("%s: %s, confirmed %t", tenant, got.Outcome.Reason, got.Outcome.Confirmed)
			}
		}
		w.sim.RemoveFault(id)
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			if got.Outcome.Reason != ordersync.Success {
				t.Errorf("%s: %s afterwards", tenant, got.Outcome.Reason)
			}
		}
		for _, a := range accounts {
			if c := w.connection(a); c.State != ordersync.Connected {
				t.Errorf("%s is %s", a.tenant, c.State)
			}
		}
	}, quick)
}
