package engine_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// What polling costs of Amazon's budget.

// A day of polling with history covered: at most 300 searches a seller, and none
// is throttled. A global run every five minutes, which the server's own ticks
// bring to its end, adds nothing to it.
func TestDayOfPolling(t *testing.T) {
	play(t, func(w *world) {
		lasts, all := day, w.fleet("eu", 1)
		if raceEnabled {
			lasts = 2 * time.Hour // make test runs the whole day without the detector
		}
		for _, a := range all {
			w.orders(a.seller, 40, 0, -20*time.Hour, func(g *spapisim.Generate) { g.Living = true })
		}
		w.serve(time.Hour)
		w.countAnew()
		for end := time.Now().Add(lasts); time.Now().Before(end); {
			run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
			w.must(err)
			w.serve(5 * time.Minute)
			for tenant, got := range w.targets(run) {
				if got.Outcome.Reason != ordersync.Success {
					t.Errorf("%s: %s", tenant, got.Outcome.Reason)
				}
			}
		}
		for _, a := range all {
			if n := w.calls(a.seller, spapisim.SearchOrders, -1); n > int(300*lasts/day) || n < int(200*lasts/day) {
				t.Errorf("%s: %d searches in %s", a.tenant, n, lasts)
			}
			if n := w.calls(a.seller, "", 429); n > 0 {
				t.Errorf("%s: %d calls were throttled", a.tenant, n)
			}
			if n := w.wantAll(a, 30*time.Hour); n == 0 {
				t.Error("nothing was compared")
			}
		}
	})
}

// An interval that Amazon's budget cannot pay for stretches: nothing is
// throttled, nothing waits with an outcome of its own, and back work still gets
// on.
func TestTinyIntervalStretches(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Minute))
		w.orders(s, 20, 0, -3*time.Hour)
		limited := 0
		for range 200 {
			w.serve(30 * time.Second)
			if c := w.connection(a); c.LastReason != ordersync.Success {
				limited++
			}
		}
		if limited > 3 {
			t.Errorf("%d of 200 times it stood at a limit", limited)
		}
		if n := w.calls(s, spapisim.SearchOrders, -1); n > burst+int(100*time.Minute/perToken)+1 {
			t.Errorf("%d searches", n)
		}
		if n := w.wantAll(a, 4*time.Hour); n < 8 {
			t.Errorf("%d orders are stored", n)
		}
		w.wantSound(a)
	}, func(s *setup) { s.settings.Interval = 10 * time.Second })
}

// Windows of several pages need several tokens: the interval stretches for them
// too. An order in four minutes, two to a page, costs a page for eight minutes
// and two for the overlap and the end: the budget pays for a window in eight
// minutes, not in five. Such a seller owes second readings for ever, which make
// its windows half an hour wide.
func TestBusySellerStretches(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Minute))
		w.orders(s, 60, 0, -4*time.Hour)
		for range 24 {
			w.serve(10 * time.Minute)
		}
		if n := w.wantAll(a, 5*time.Hour); n < 45 {
			t.Errorf("%d orders are stored", n)
		}
		w.wantSound(a)
	}, pagesOf(2), func(s *setup) { s.settings.Sweep = 1000 * time.Hour })
}

// Rates that Amazon lowers in mid-run, lies about or leaves out: calls that are
// throttled stay under one in 200.
func TestThrottledSeldom(t *testing.T) {
	play(t, func(w *world) {
		var all []account
		for i := range rows(make([]int, 3), 3) {
			s := w.seller()
			w.orders(s, 200, 20*day, time.Hour)
			w.orders(s, 60, 0, -20*time.Hour, func(g *spapisim.Generate) { g.Living = true })
			all = append(all, w.connect(ordersync.TenantID(fmt.Sprint("t", i)), s, startAt(time.Hour)))
		}
		headers := []string{"", "0", "much", "", "-5", "off", "NaN", ""}
		for i, header := range headers {
			w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.RateHeader = header }))
			if i == 3 {
				w.must(w.sim.SetRate(spapisim.SearchOrders, "", spapisim.Rate{PerSecond: 0.0112, Burst: burst}))
			}
			w.serve(3 * time.Hour)
		}
		throttled, calls := w.counters().Total("", "", 429), w.counters().Total("", spapisim.SearchOrders, -1)
		if throttled*200 > calls {
			t.Errorf("%d of %d calls were throttled", throttled, calls)
		}
		for _, a := range all {
			if n := w.wantAll(a, 22*day); n < 200 {
				t.Errorf("%s: %d orders are stored", a.tenant, n)
			}
		}
		if n := w.number(`SELECT COUNT(*) FROM budgets WHERE bad_rate <> ''`); n == 0 {
			t.Error("headers without sense are not recorded")
		}
		w.wantSoundBut(2, all...)
	}, history(25*day), pagesOf(10), func(s *setup) { s.settings.Interval = 15 * time.Minute })
}

// A higher rate is believed by steps: at most doubled per full refill.
func TestHigherRateIsBelievedBySteps(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 20*time.Hour, time.Hour)
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.RateHeader = "100" })) // a lie
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.serve(10 * time.Minute)
		b, _, _, _, err := w.store.Reader().Budget(w.ctx, w.budgetOf(a))
		w.must(err)
		if plan := ordersync.PublishedPlans[ordersync.SearchOrders]; b.Rate > plan.Rate {
			t.Errorf("before the first refill the rate is %v", b.Rate)
		}
		w.serve(3 * time.Hour)
		if n, all := w.calls(s, "", 429), w.calls(s, "", -1); n > 4 {
			t.Errorf("%d of %d calls were throttled: more than one an hour", n, all)
		}
		w.wantSoundBut(4, a)
	}, pagesOf(1))
}

// Two processes take from one bucket, also while both have long histories.
func TestTwoProcessesOneBudget(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 20*day, time.Hour)
		one, two := w.connect("one", s, startAt(21*time.Hour)), w.connect("two", s, startAt(21*time.Hour))
		other := w.newEngine(w.openStore())
		var both sync.WaitGroup
		for _, e := range []*engine.Engine{w.engine, other} {
			both.Go(func() { w.serveWith(e, 5*time.Hour) })
		}
		both.Wait()
		for _, a := range []account{one, two} {
			if n := w.wantAll(a, 21*day); n != 30 {
				t.Errorf("%s: %d of 30 orders are stored", a.tenant, n)
			}
		}
		w.wantSound(one, two)
	}, history(25*day), pagesOf(2), func(s *setup) { s.settings.Interval = 30 * time.Minute })
}
