package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// one imports an order that must come.
func (w *world) one(tenant ordersync.TenantID, id string) engine.ImportedOne {
	w.t.Helper()
	one, err := w.engine.ImportOne(w.ctx, tenant, id)
	w.must(err)
	return one
}

// free checks that nobody holds a lease.
func (w *world) free() {
	w.t.Helper()
	page, _, err := w.store.Reader().Status(w.ctx, store.StatusPage{})
	w.must(err)
	for _, c := range page {
		if c.LeaseUntil.After(w.store.Now()) {
			w.t.Errorf("connection %d of %s is held until %s", c.ID, c.Tenant, c.LeaseUntil)
		}
	}
}

// An order that nobody has read yet comes at once, and disturbs nothing: what is
// due stays due, and what the run counts is live work's.
func TestImportOne(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		due, _, err := w.store.Reader().NextDue(w.ctx)
		w.must(err)
		w.order(s, "903-0000001-0000001")
		one := w.one("acme", "903-0000001-0000001")
		if want := (engine.ImportedOne{Connection: a.connection, Region: "eu", OrderID: "903-0000001-0000001", Imported: true}); one != want {
			t.Errorf("imported %+v, want %+v", one, want)
		}
		if w.one("acme", "903-0000001-0000001").Imported {
			t.Error("the same version was imported twice")
		}
		if after, _, err := w.store.Reader().NextDue(w.ctx); err != nil || !after.Equal(due) {
			t.Errorf("work is due %s, was %s (%v)", after, due, err)
		}
		w.free()
		if got := w.syncs(a, ordersync.Success); got.Counts.OrdersCreated != 0 {
			t.Errorf("the run made %d orders that were there", got.Counts.OrdersCreated)
		}
		if n := len(w.stored(a)); n != 1 {
			t.Errorf("%d orders are stored", n)
		}
	})
}

// The connection that has the order is asked; the tenant's others are not.
func TestImportOneAsksWhoHasIt(t *testing.T) {
	play(t, func(w *world) {
		first, second := w.seller(), w.seller()
		w.connect("acme", first, startAt(time.Hour))
		b := w.connect("acme", second, startAt(time.Hour))
		w.order(second, "903-0000001-0000002")
		if got := w.one("acme", "903-0000001-0000002"); got.Connection != b.connection {
			t.Errorf("connection %d has it, not %d", b.connection, got.Connection)
		}
		w.countAnew()
		w.one("acme", "903-0000001-0000002")
		if n := w.calls(first, spapisim.GetOrder, 0) + w.calls(first, spapisim.GetOrder, 404); n > 0 {
			t.Errorf("the other connection was asked %d times", n)
		}
		if _, err := w.engine.ImportOne(w.ctx, "acme", "903-0000001-0000003"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("an order that nobody has: %v", err)
		}
		w.free()
	})
}

func TestImportOneThatCannotBe(t *testing.T) {
	const id = "903-0000001-0000004"
	reason := func(want ordersync.Reason) func(error) bool {
		return func(err error) bool {
			var not *engine.NotConnectedError
			return errors.As(err, &not) && not.Reason == want
		}
	}
	refused := func(want ordersync.Reason) func(error) bool {
		return func(err error) bool {
			var r *engine.RefusedError
			return errors.As(err, &r) && r.Reason == want
		}
	}
	for name, c := range map[string]struct {
		before func(*world, account)
		want   func(error) bool
	}{
		"paused": {func(w *world, a account) { w.must(w.engine.Pause(w.ctx, a.tenant, a.connection)) }, reason(ordersync.Paused)},
		"disabled": {func(w *world, a account) {
			_, err := w.engine.Import(w.ctx, engine.ConnectionSpec{Tenant: a.tenant, Region: "eu", State: ordersync.Disabled})
			w.must(err)
		}, reason(ordersync.NotConnected)},
		"revoked": {func(w *world, a account) { w.must(w.sim.Revoke(w.app.ClientID, a.seller.Key)) }, reason(ordersync.TokenRevoked)},
		"denied":  {func(w *world, _ account) { w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden}) }, refused(ordersync.AccessDenied)},
		"failing": {func(w *world, _ account) { w.fault(spapisim.Fault{Kind: spapisim.FaultInternal}) }, refused(ordersync.AmazonUnavailable)},
		"throttled": {func(w *world, _ account) { w.fault(spapisim.Fault{Kind: spapisim.FaultThrottle}) }, func(err error) bool {
			var throttled *engine.ThrottledError
			return errors.As(err, &throttled) && throttled.ResumesAt.After(begin)
		}},
		"unreadable": {func(w *world, a account) {
			w.must(w.sim.Change(a.seller.Key, spapisim.Change{OrderID: id, Quiet: true, Damage: spapisim.DamageNoItems}))
		}, func(err error) bool { return errors.Is(err, engine.ErrUnreadable) }},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				a := w.connect("acme", s, startAt(time.Hour))
				w.order(s, id)
				c.before(w, a)
				before := w.connection(a)
				_, err := w.engine.ImportOne(w.ctx, "acme", id)
				if !c.want(err) {
					t.Errorf("%v", err)
				}
				w.free()
				if after := w.connection(a); after.State != before.State || after.LastReason != before.LastReason || !after.RevokedAt.Equal(before.RevokedAt) {
					t.Errorf("the connection stands at %s, %s", after.State, after.LastReason)
				}
			})
		})
	}
}

// An order that is asked for by its id and answered without one is kept under the id
// that was asked for, and so asked for again: by its body's digest nobody could.
func TestImportOneAnsweredWithoutAnID(t *testing.T) {
	play(t, func(w *world) {
		const id = "903-0000001-0000007"
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.order(s, id)
		w.damage(a, id, "no-id")
		if _, err := w.engine.ImportOne(w.ctx, "acme", id); !errors.Is(err, engine.ErrUnreadable) {
			t.Errorf("%v", err)
		}
		if list := w.aside(a); len(list) != 1 || list[0].OrderID != id || list[0].Entry != id {
			t.Fatalf("set aside are %+v", list)
		}
		w.heal(a, id, true)
		w.serve(2 * time.Hour)
		if list := w.aside(a); len(list) != 0 || len(w.stored(a)) != 1 {
			t.Errorf("set aside are %+v, stored %d orders", list, len(w.stored(a)))
		}
	})
}

func TestImportOneWithoutAToken(t *testing.T) {
	play(t, func(w *world) {
		w.connect("acme", w.seller(), noToken)
		_, err := w.engine.ImportOne(w.ctx, "acme", "903-0000001-0000005")
		var not *engine.NotConnectedError
		if !errors.As(err, &not) || not.Reason != ordersync.TokenMissing {
			t.Errorf("%v", err)
		}
		w.free()
	})
}

func TestImportOneOfNoOrder(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.connect("acme", s)
		for _, id := range []string{"", ".", "..", "a b", "é", "1\x00", strings.Repeat("9", 65)} {
			if _, err := w.engine.ImportOne(w.ctx, "acme", id); !errors.Is(err, engine.ErrOrderID) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := w.engine.ImportOne(w.ctx, "nobody", "1"); err == nil {
			t.Error("a tenant without a connection")
		}
		if n := w.counters().Total(s.Key, "", 0); n > 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// A worker that holds the connection is waited for a little, and never disturbed.
func TestImportOneBesideAWorker(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 3, 30*time.Minute, time.Minute)
		a := w.connect("acme", s, startAt(time.Hour))
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultSlow, Delay: spapisim.Duration(15 * time.Second), Operation: spapisim.SearchOrders})
		done := make(chan error)
		go func() { done <- w.engine.Work(w.ctx, a.connection) }()
		time.Sleep(time.Second)
		w.order(s, "903-0000001-0000006")
		asked := time.Now()
		if _, err := w.engine.ImportOne(w.ctx, "acme", "903-0000001-0000006"); !errors.Is(err, engine.ErrBusy) {
			t.Errorf("beside a slow worker: %v", err)
		}
		if waited := time.Since(asked); waited < 5*time.Second || waited > 6*time.Second {
			t.Errorf("waited %s", waited)
		}
		time.Sleep(6 * time.Second) // the worker is about to end
		w.sim.RemoveFault(id)
		w.one("acme", "903-0000001-0000006")
		w.must(<-done)
		if c := w.connection(a); c.LastReason != ordersync.Success {
			t.Errorf("the worker ended with %s", c.LastReason)
		}
		w.free()
	})
}

// Whoever goes away while Amazon is asked leaves no lease behind.
func TestImportOneThatIsGivenUp(t *testing.T) {
	play(t, func(w *world) {
		w.connect("acme", w.seller(), startAt(time.Hour))
		w.fault(spapisim.Fault{Kind: spapisim.FaultHang})
		ctx, cancel := context.WithTimeout(w.ctx, 3*time.Second)
		defer cancel()
		if _, err := w.engine.ImportOne(ctx, "acme", "903-0000001-0000007"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		w.free()
	})
}

// Its calls are paid from the seller's budget like all others.
func TestImportOneUsesTheBudget(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.connect("acme", s, startAt(time.Hour))
		w.order(s, "903-0000001-0000008")
		for range 40 {
			start := time.Now()
			_, err := w.engine.ImportOne(w.ctx, "acme", "903-0000001-0000008")
			var throttled *engine.ThrottledError
			if err != nil && !errors.As(err, &throttled) {
				t.Fatal(err)
			}
			if waited := time.Since(start); waited > 3*time.Second {
				t.Errorf("waited %s", waited)
			}
		}
		if n := w.calls(s, spapisim.GetOrder, 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
		w.free()
	})
}
