package engine_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
)

// A refused refresh token, as one connection lives it. What many share is in
// hostile_incident_test.go.

// grantRefused lets Login with Amazon refuse the refresh token of a seller.
func grantRefused(s spapisim.Seller, count int) spapisim.Fault {
	return spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Seller: s.Key, Variant: "invalid_grant", Count: count}
}

// loggedOut lets the access token of before end: an hour passes.
func loggedOut() { time.Sleep(65 * time.Minute) }

// One refusal may be Login's mistake: it is asked again two seconds later.
func TestOneRefusalIsNone(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.fault(grantRefused(s, 1))
		begun := time.Now()
		got := w.syncs(a, ordersync.Success)
		if took := got.SettledAt.Sub(begun); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		if c := w.connection(a); !c.RevokedAt.IsZero() || c.State != ordersync.Connected {
			t.Errorf("it is %s, refused at %s", c.State, c.RevokedAt)
		}
		w.wantSound(a)
	})
}

// wantRefused checks an outcome that tells nobody to act, and the state with it.
func (w *world) wantRefused(a account, confirmed bool) {
	w.t.Helper()
	got := w.syncs(a, ordersync.TokenRevoked)
	state := ordersync.Connected
	if confirmed {
		state = ordersync.NeedsReconnect
	}
	if c := w.connection(a); got.Outcome.Confirmed != confirmed || c.State != state {
		w.t.Errorf("%s: confirmed %t, %s", a.tenant, got.Outcome.Confirmed, c.State)
	}
}

// A run that asks in between hears the same and confirms nothing; the time
// counts from the first refusal all the same.
func TestRunsConfirmNothingEarly(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		loggedOut()
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		first := time.Now()
		for range 4 {
			w.wantRefused(a, false)
			time.Sleep(3 * time.Minute)
		}
		time.Sleep(time.Until(first.Add(15*time.Minute + 3*time.Second)))
		w.work(a)
		if c := w.connection(a); c.State != ordersync.NeedsReconnect {
			t.Errorf("a quarter of an hour after the first refusal it is %s", c.State)
		}
		w.wantRefused(a, true)
		w.wantSound(a)
	})
}

// A success between two refusals says that the first was none.
func TestSuccessBetweenRefusals(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.fault(grantRefused(s, 2))
		w.wantRefused(a, false)
		time.Sleep(10 * time.Minute)
		w.syncs(a, ordersync.Success)
		if c := w.connection(a); !c.RevokedAt.IsZero() {
			t.Errorf("after a success it is still refused at %s", c.RevokedAt)
		}
		loggedOut()
		w.fault(grantRefused(s, 2))
		w.wantRefused(a, false)
		w.wantSound(a)
	})
}

// One that must reconnect is asked once a day, does no back work, and costs a
// run nothing. Its next secret is tried at once and nothing in between is lost.
func TestReconnection(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(time.Minute)
		loggedOut()
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		w.serve(20 * time.Minute)
		w.wantRefused(a, true)
		cursor := w.connection(a).Cursor
		logins, searches := w.calls(s, spapisim.Token, -1), w.calls(s, spapisim.SearchOrders, -1)
		w.serve(3*24*time.Hour + time.Hour)
		if n := w.calls(s, spapisim.Token, -1) - logins; n != 6 {
			t.Errorf("%d logins in three days, want two a day", n)
		}
		if n := w.calls(s, spapisim.SearchOrders, -1) - searches; n != 0 {
			t.Errorf("%d searches", n)
		}
		if c := w.connection(a); !c.Cursor.Equal(cursor) {
			t.Errorf("the cursor went from %s to %s", cursor, c.Cursor)
		}
		w.orders(s, 20, 3*24*time.Hour, time.Hour)
		w.reauthorize(a)
		w.serve(2 * time.Second)
		if c := w.connection(a); c.State != ordersync.Connected {
			t.Errorf("two seconds after the new secret it is %s", c.State)
		}
		w.serve(10 * time.Minute)
		if n := w.wantAll(a, 4*24*time.Hour); n != 20 {
			t.Errorf("%d of 20 orders are stored", n)
		}
		w.wantSound(a)
	}, quick)
}

// Back work that meets the refusal says nothing of the connection.
func TestBackWorkRevokesNobody(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 60, 30*24*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) { spec.LastSuccessAt = time.Now() })
		w.serve(time.Second)
		loggedOut()
		id := w.fault(grantRefused(s, 0))
		w.work(a) // live: refused for the first time
		w.sim.RemoveFault(id)
		c := w.connection(a)
		if c.RevokedAt.IsZero() || c.State != ordersync.Connected {
			t.Errorf("it is %s, refused at %s", c.State, c.RevokedAt)
		}
		w.serve(3 * time.Hour)
		if c := w.connection(a); c.State != ordersync.Connected || !c.RevokedAt.IsZero() {
			t.Errorf("afterwards it is %s, refused at %s", c.State, c.RevokedAt)
		}
		w.wantSound(a)
	}, history(30*24*time.Hour), pagesOf(4), quick)
}

// The single revoked one is told so although others of its region fail too, as
// long as they are too few to be Amazon's trouble.
func TestFewRefusalsAreNoIncident(t *testing.T) {
	play(t, func(w *world) {
		var all []account
		for i := range 26 {
			all = append(all, w.connect(ordersync.TenantID(fmt.Sprintf("t%02d", i)), w.seller(), startAt(time.Hour)))
		}
		w.serve(time.Minute)
		loggedOut()
		for _, a := range all[:5] { // five, and less than a fifth
			w.must(w.sim.Revoke(w.app.ClientID, a.seller.Key))
		}
		w.serve(25 * time.Minute)
		for i, a := range all {
			want := ordersync.Connected
			if i < 5 {
				want = ordersync.NeedsReconnect
			}
			if c := w.connection(a); c.State != want {
				t.Errorf("%s is %s", a.tenant, c.State)
			}
		}
		w.wantSound(all...)
	}, quick)
}
