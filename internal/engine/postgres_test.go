package engine_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// A smaller set of stories on the other database; the store's own suite runs
// whole on both.

func playOnPostgres(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	t.Parallel()
	bubbleOn(t, storetest.Postgres, story, change...)
}

func TestPostgresKeepsUp(t *testing.T) {
	playOnPostgres(t, func(w *world) {
		var accounts []account
		for _, tenant := range []ordersync.TenantID{"a", "b", "c"} {
			s := w.seller()
			w.orders(s, 13, 20*time.Hour, -time.Hour, func(g *spapisim.Generate) { g.Living, g.Odd, g.Unknown = true, 0.3, 0.2 })
			accounts = append(accounts, w.connect(tenant, s, startAt(21*time.Hour)))
		}
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			if got.Outcome.Reason != ordersync.Success || got.Counts.OrdersCreated == 0 {
				t.Errorf("%s: %s, %+v", tenant, got.Outcome.Reason, got.Counts)
			}
		}
		w.serve(2 * time.Hour)
		for _, a := range accounts {
			if n := w.wantAll(a, 24*time.Hour); n != 13 {
				t.Errorf("%s: %d of 13 orders are stored", a.tenant, n)
			}
		}
	}, pagesOf(5), quick)
}

func TestPostgresSurvivesCrashes(t *testing.T) {
	c := &crasher{answered: true}
	playOnPostgres(t, func(w *world) {
		s := w.seller()
		w.orders(s, 11, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		start := time.Now().Add(-21 * time.Hour)
		for page := 1; page < 3; page++ {
			if err := w.execute(a, c, 2); !errors.Is(err, errKilled) {
				t.Fatalf("execution %d ended with %v", page, err)
			}
			if got := w.connection(a).Cursor; got.After(start) || len(w.stored(a)) != 4*page {
				t.Errorf("after page %d the cursor is %s, %d orders are stored", page, got, len(w.stored(a)))
			}
			time.Sleep(61 * time.Second)
		}
		w.must(w.execute(a, c, 0))
		if n := w.wantTruth(a, start, begin.Add(-time.Hour)); n != 11 {
			t.Errorf("%d of 11 orders are stored", n)
		}
	}, pagesOf(4), quick, c.ride())
}

func TestPostgresSharesTheWork(t *testing.T) {
	playOnPostgres(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 20*time.Hour, time.Hour)
		accounts := []account{w.connect("one", s, startAt(21*time.Hour)), w.connect("two", s, startAt(21*time.Hour))}
		other, done := w.newEngine(w.openStore()), make(chan struct{})
		go func() {
			w.serveWith(other, time.Hour)
			close(done)
		}()
		w.serve(time.Hour)
		<-done
		for _, a := range accounts {
			if n := w.wantAll(a, 23*time.Hour); n != 12 {
				t.Errorf("%s: %d of 12 orders are stored", a.tenant, n)
			}
		}
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
	}, pagesOf(1))
}

func TestPostgresTakesOrders(t *testing.T) {
	playOnPostgres(t, func(w *world) {
		s := w.seller()
		w.orders(s, 12, 30*days, 4*days)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(time.Minute)
		if _, err := w.engine.Backfill(w.ctx, "acme", time.Now().Add(-31*days)); err != nil {
			t.Fatal(err)
		}
		w.serve(time.Hour)
		w.order(s, "903-0000001-0000001")
		w.one("acme", "903-0000001-0000001")
		if n := len(w.stored(a)); n != 13 {
			t.Errorf("%d of 13 orders are stored", n)
		}
		if x := w.explain("acme", "903-0000001-0000001", true); !x.Here || x.Answer.Imported {
			t.Errorf("explained: %+v", x)
		}
		run, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, "acme")
		w.must(err)
		w.must(w.engine.CancelRun(w.ctx, run))
		wantReason(t, w.targets(run)["acme"], ordersync.Interrupted)
		w.free()
		w.must(w.engine.Remove(w.ctx, "acme", a.connection))
		w.serve(time.Minute)
		if exists, err := w.store.Reader().Tenant("acme").Exists(w.ctx); err != nil || exists {
			t.Errorf("the tenant is still there: %v, %v", exists, err)
		}
	}, quick)
}
