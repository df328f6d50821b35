package engine_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// The published plan of searchOrders: 20 at once, then one in three minutes.
const (
	burst    = 20
	perToken = 10000 * time.Second / 56
)

// A window of 35 pages at Amazon's real rates: nothing is throttled, nobody
// holds a worker while it waits, and it ends as early as the budget permits.
func TestBudgetIsUsedAndNeverOverdrawn(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 35, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		begun, from := time.Now(), time.Now().Add(-21*time.Hour)
		got := w.syncs(a, ordersync.AmazonRateLimit)
		if held := time.Since(begun); held > 2*time.Second {
			t.Errorf("the run waited %s for a token", held)
		}
		if got.Outcome.Status() != ordersync.StatusPartial || got.Outcome.ResumesAt.Before(begun) || got.Outcome.ResumesAt.After(begun.Add(perToken)) {
			t.Errorf("%+v", got.Outcome)
		}
		if n := len(w.stored(a)); n < burst-2 || got.Counts.OrdersCreated != int64(n) {
			t.Errorf("%d orders are stored before the first wait, the outcome counts %d", n, got.Counts.OrdersCreated)
		}
		asleep := w.syncs(a, ordersync.AmazonRateLimit)
		if !asleep.Outcome.ResumesAt.Equal(got.Outcome.ResumesAt) {
			t.Errorf("a run that meets a sleeper says %s, not %s", asleep.Outcome.ResumesAt, got.Outcome.ResumesAt)
		}
		w.serveUntil(a, 2*time.Hour, func() bool { return w.walkedPages(s, from) >= 35 })
		took, earliest := time.Since(begun), (35-burst)*perToken
		if took < earliest || took > earliest*102/100 {
			t.Errorf("35 pages took %s; Amazon's bucket permits %s", took, earliest)
		}
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
		if n := w.wantTruth(a, from, begun.Add(-time.Hour)); n != 35 {
			t.Errorf("%d of 35 orders are stored", n)
		}
	}, pagesOf(1))
}

// serveUntil serves until something holds, and looks now and then.
func (w *world) serveUntil(a account, most time.Duration, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(most); !holds(); {
		if time.Now().After(end) {
			w.t.Fatalf("not within %s; %s stands at %q", most, a.tenant, w.connection(a).LastReason)
		}
		w.serve(30 * time.Second)
	}
}

// walkedPages counts the pages of the first live window that were read.
func (w *world) walkedPages(s spapisim.Seller, from time.Time) int {
	searches := live(w.asked(s), from)
	n := 0
	for _, search := range searches {
		if search.to.Equal(searches[0].to) && search.status == http.StatusOK {
			n++
		}
	}
	return n
}

// Waiting for a token takes no worker from anybody.
func TestWaitingTenantHoldsNobodyUp(t *testing.T) {
	play(t, func(w *world) {
		busy := w.seller()
		w.orders(busy, 40, 20*time.Hour, time.Hour)
		w.connect("busy", busy, startAt(21*time.Hour))
		quiet := w.connect("quiet", w.seller(), startAt(time.Hour))
		w.serve(time.Minute)
		w.set.settings.Workers = 1
		w.engine = w.newEngine(w.store)
		for range 3 {
			time.Sleep(6 * time.Minute)
			begun := time.Now()
			got := w.run(ordersync.GlobalRun, "")
			wantReason(t, got["quiet"], ordersync.Success)
			if took := got["quiet"].SettledAt.Sub(begun); took > time.Second {
				t.Errorf("quiet waited %s", took)
			}
			if reason := got["busy"].Outcome.Reason; reason != ordersync.AmazonRateLimit {
				t.Errorf("busy: %s", reason)
			}
		}
		if w.connection(quiet).Failures != 0 || w.calls(busy, "", 429) != 0 {
			t.Error("something failed or was throttled")
		}
	}, pagesOf(1))
}

// Two tenants that share a seller account share Amazon's bucket, and so do two
// processes.
func TestConnectionsOfOneSellerShareABudget(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 20*time.Hour, time.Hour)
		one, two := w.connect("one", s, startAt(21*time.Hour)), w.connect("two", s, startAt(21*time.Hour))
		begun, from := time.Now(), time.Now().Add(-21*time.Hour)
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		other := w.newEngine(w.openStore())
		var both sync.WaitGroup
		both.Go(func() { w.must(w.engine.Work(w.ctx, one.connection)) })
		both.Go(func() { w.must(other.Work(w.ctx, two.connection)) })
		both.Wait()
		if n := w.calls(s, "searchOrders", -1); n < burst-2 || n > burst {
			t.Errorf("%d searches of a full bucket", n)
		}
		w.must(w.engine.Drive(w.ctx, run))
		w.serveUntil(one, 3*time.Hour, func() bool { return len(w.stored(one))+len(w.stored(two)) == 24 })
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
		w.wantTruth(one, from, begun.Add(-time.Hour))
		w.wantTruth(two, from, begun.Add(-time.Hour))
	}, pagesOf(1))
}

// Each tenant's calls carry tokens of its own, of the same seller or not.
func TestTenantsNeverShareTokens(t *testing.T) {
	var p tape
	play(t, func(w *world) {
		shared, own := w.seller(), w.seller()
		w.orders(shared, 3, 20*time.Hour, time.Hour)
		w.orders(own, 3, 20*time.Hour, time.Hour)
		accounts := []account{w.connect("a", shared, startAt(21*time.Hour)), w.connect("b", shared, startAt(21*time.Hour)), w.connect("c", own, startAt(21*time.Hour))}
		owner := map[string]ordersync.TenantID{}
		seen := 0
		for _, a := range accounts {
			w.syncs(a, ordersync.Success)
			all := p.all()
			for _, r := range all[seen:] {
				token := r.Header.Get("X-Amz-Access-Token")
				if token == "" {
					continue // a token request
				}
				if who, used := owner[token]; used && who != a.tenant {
					t.Errorf("%s calls with a token of %s", a.tenant, who)
				}
				owner[token] = a.tenant
			}
			seen = len(all)
			if n := w.wantAll(a, 21*time.Hour); n != 3 {
				t.Errorf("%s: %d of 3 orders are stored", a.tenant, n)
			}
		}
		if len(owner) != 3 {
			t.Errorf("%d access tokens for 3 tenants", len(owner))
		}
		w.wantSealed(accounts...)
	}, p.record())
}

// Rates that Amazon lowers are kept to; headers that make no sense change
// nothing.
func TestRateHeaders(t *testing.T) {
	for header, lowered := range map[string]bool{"off": false, "0": false, "-1": false, "much": false, "0.0028": true} {
		t.Run(header, func(t *testing.T) {
			play(t, func(w *world) {
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.RateHeader = header }))
				s := w.seller()
				if lowered {
					w.must(w.sim.SetRate(spapisim.SearchOrders, s.Key, spapisim.Rate{PerSecond: 0.0028, Burst: burst}))
				}
				w.orders(s, 24, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				w.serve(40 * time.Minute)
				if n := w.calls(s, "", 429); n > 0 {
					t.Errorf("%d calls were throttled", n)
				}
				if n := len(w.stored(a)); n != 24 {
					t.Errorf("%d of 24 orders after 40 minutes", n)
				}
			}, pagesOf(1))
		})
	}
}

// A 429 all the same empties the bucket: no hammering, and nothing is lost.
func TestThrottledAllTheSame(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 9, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.fault(spapisim.Fault{Kind: spapisim.FaultThrottle, Operation: spapisim.SearchOrders, Page: 2, Count: 1})
		begun := time.Now()
		got := w.syncs(a, ordersync.AmazonRateLimit)
		if wait := got.Outcome.ResumesAt.Sub(begun); wait < perToken*9/10 || wait > perToken*11/10 {
			t.Errorf("it resumes after %s, the next token comes after %s", wait, perToken)
		}
		w.serve(30 * time.Minute)
		if n := w.wantAll(a, 21*time.Hour); n != 9 {
			t.Errorf("%d of 9 orders are stored", n)
		}
		if n := w.calls(s, "", 429); n != 1 {
			t.Errorf("%d calls were throttled", n)
		}
	}, pagesOf(4))
}
