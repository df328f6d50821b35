package engine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// onBoth plays a story on both databases.
func onBoth(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	t.Parallel()
	for _, kind := range storetest.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bubbleOn(t, kind, story, change...)
		})
	}
}

// doorbells starts a service whose workers live until the story ends.
func (w *world) doorbells(e *engine.Engine, s *store.Store) *engine.Service {
	w.t.Helper()
	w.must(engine.PrepareDoorbells(w.ctx, s, false))
	service, err := e.ServeVirtual(w.ctx)
	w.must(err)
	return service
}

func (w *world) stop(s *engine.Service) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 25*time.Second)
	defer cancel()
	w.must(s.Stop(ctx))
}

// settled waits in virtual time until a run is settled.
func (w *world) settled(run ordersync.RunID, most time.Duration) ordersync.Run {
	w.t.Helper()
	for end := time.Now().Add(most); ; time.Sleep(500 * time.Millisecond) {
		r, err := w.store.Reader().Run(w.ctx, run)
		w.must(err)
		if store.Settled(r) {
			return r
		}
		if time.Now().After(end) {
			w.t.Fatalf("after %s the run has %+v", most, r.Summary)
		}
	}
}

func (w *world) shops(n int) (accounts []account) {
	w.t.Helper()
	for i := range n {
		s := w.seller()
		w.orders(s, 3, 20*time.Hour, time.Hour)
		accounts = append(accounts, w.connect(ordersync.TenantID(fmt.Sprintf("t%02d", i)), s, startAt(21*time.Hour)))
	}
	return accounts
}

func TestServeBringsTheFleetUpToDate(t *testing.T) {
	onBoth(t, func(w *world) {
		accounts := w.shops(20)
		service := w.doorbells(w.engine, w.store)
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		if r := w.settled(run, 30*time.Second); r.Summary.Success != 20 {
			w.t.Errorf("the run ended with %+v", r.Summary)
		}
		w.stop(service)
		for _, a := range accounts {
			w.wantAll(a, 24*time.Hour)
		}
		w.wantNoLease()
	})
}

// A tenant that is asked for does not wait for the next tick.
func TestAskedForStartsAtOnce(t *testing.T) {
	onBoth(t, func(w *world) {
		a := w.shops(1)[0]
		service := w.doorbells(w.engine, w.store)
		first, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, a.tenant)
		w.must(err)
		w.settled(first, 10*time.Second)
		began := time.Now()
		second, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, a.tenant)
		w.must(err)
		w.settled(second, 10*time.Second)
		if took := time.Since(began); took > 3*time.Second {
			w.t.Errorf("it took %s", took)
		}
		w.stop(service)
	})
}

// Doorbells hold no truth: with every one of them gone, the ticks ring again.
func TestDoorbellsMayBeDeleted(t *testing.T) {
	onBoth(t, func(w *world) {
		w.shops(12)
		service := w.doorbells(w.engine, w.store)
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		for range 20 {
			w.deleteDoorbells()
			time.Sleep(300 * time.Millisecond)
		}
		if r := w.settled(run, 3*time.Minute); r.Summary.Success != 12 {
			w.t.Errorf("the run ended with %+v", r.Summary)
		}
		w.stop(service)
	})
}

// A service that is stopped in the middle gives its leases back, and another
// finishes the run at once.
func TestAnotherServiceFinishesTheRun(t *testing.T) {
	onBoth(t, func(w *world) {
		accounts := w.shops(15)
		first := w.doorbells(w.engine, w.store)
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		time.Sleep(1500 * time.Millisecond)
		w.stop(first)
		w.wantNoLease()
		other := w.openStore()
		second := w.doorbells(w.newEngine(other), other)
		w.settled(run, 90*time.Second)
		w.stop(second)
		for _, a := range accounts {
			w.wantAll(a, 24*time.Hour)
		}
	}, func(s *setup) { s.settings.Workers = 2 })
}

// Fifty sellers that never answer delay nobody but for the first round, in which
// nobody knows them yet.
func TestFiftyHangingTenantsDelayNobody(t *testing.T) {
	onBoth(t, func(w *world) {
		var healthy []account
		for i := range 70 {
			s := w.seller()
			w.orders(s, 1, 20*time.Hour, time.Hour)
			a := w.connect(ordersync.TenantID(fmt.Sprintf("t%02d", i)), s, startAt(21*time.Hour))
			if i >= 50 {
				healthy = append(healthy, a)
				continue
			}
			_, err := w.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultHang, Seller: s.Key})
			w.must(err)
		}
		service := w.doorbells(w.engine, w.store)
		for round, most := range []time.Duration{30 * time.Second, 5 * time.Second, 5 * time.Second} {
			began := w.store.Now()
			_, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
			w.must(err)
			for _, a := range healthy {
				for w.connection(a).LastSuccessAt.Before(began) {
					time.Sleep(100 * time.Millisecond)
					if took := w.store.Now().Sub(began); took > most {
						w.t.Fatalf("round %d: %s has waited %s", round, a.tenant, took)
					}
				}
			}
			time.Sleep(5 * time.Minute)
		}
		w.stop(service)
		synctest.Wait()
	}, func(s *setup) { s.settings.Workers, s.amazon.CallTimeout = 64, 10*time.Second })
}

// Fifty broken tenants that have never succeeded sort before all others and
// delay nobody: each has its turn and no more.
func TestFiftyBrokenTenantsDelayNobody(t *testing.T) {
	play(t, func(w *world) {
		for i := range 50 {
			s := w.seller()
			a := w.connect(ordersync.TenantID(fmt.Sprintf("a%02d", i)), s, startAt(21*time.Hour))
			w.must(w.sim.Revoke(w.app.ClientID, a.seller.Key))
		}
		healthy := w.shops(5)
		for range 3 {
			w.run(ordersync.GlobalRun, "")
			for _, a := range healthy {
				if c := w.connection(a); c.LastReason != ordersync.Success {
					w.t.Errorf("%s: %s", a.tenant, c.LastReason)
				}
			}
			time.Sleep(10 * time.Minute)
		}
	}, func(s *setup) { s.settings.Workers = 5 })
}

// deleteDoorbells empties the queue's table, whoever is working on what.
func (w *world) deleteDoorbells() {
	w.t.Helper()
	_, err := w.store.Database().ExecContext(w.ctx, `DELETE FROM river_job`)
	w.must(err)
}

// wantNoLease checks that nobody holds a connection.
func (w *world) wantNoLease() {
	w.t.Helper()
	page, _, err := w.store.Reader().Status(w.ctx, store.StatusPage{Limit: 1000})
	w.must(err)
	for _, c := range page {
		if c.LeaseUntil.After(w.store.Now()) {
			w.t.Errorf("%s is still held until %s", c.Tenant, c.LeaseUntil)
		}
	}
}
