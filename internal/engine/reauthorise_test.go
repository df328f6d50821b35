package engine_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
)

// What a new authorisation makes forgotten, and what a run does with it.

// A connection that was refused and got a new token is judged by that token
// alone: the first refusal of it confirms nothing.
func TestOldRefusalDoesNotCountAgainstANewToken(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		loggedOut()
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		w.wantRefused(a, false)
		time.Sleep(20 * time.Minute)
		w.reauthorize(a)
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		w.wantRefused(a, false)
		w.serve(16 * time.Minute)
		w.wantRefused(a, true)
		w.wantSound(a)
	})
}

// A run that comes right after the new token tries it instead of repeating the
// old verdict.
func TestRunTriesANewToken(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		loggedOut()
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		w.serve(20 * time.Minute)
		w.wantRefused(a, true)
		w.reauthorize(a)
		w.syncs(a, ordersync.Success)
		if c := w.connection(a); c.State != ordersync.Connected || !c.RevokedAt.IsZero() {
			t.Errorf("it is %s, refused at %s", c.State, c.RevokedAt)
		}
		w.wantSound(a)
	})
}

// Of one that an operator says must reconnect, Amazon has said nothing yet: its
// refusal is confirmed like any other, and then the state is Amazon's word.
func TestImportedAsErrorIsNotConfirmed(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) { spec.State = ordersync.NeedsReconnect })
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
		said := w.connection(a).StateSince
		for range 2 { // tried, then told while nothing is due
			if got := w.syncs(a, ordersync.TokenRevoked); got.Outcome.Confirmed {
				t.Error("Amazon's first refusal is confirmed")
			}
			time.Sleep(time.Minute)
		}
		// What makes it due again too early confirms nothing either.
		name := "New"
		_, err := w.engine.Import(w.ctx, engine.ConnectionSpec{Tenant: a.tenant, Region: ordersync.Region(s.Region), SellerID: s.ID, DisplayName: &name})
		w.must(err)
		if got := w.syncs(a, ordersync.TokenRevoked); got.Outcome.Confirmed {
			t.Error("a refusal is confirmed two minutes after the first")
		}
		w.serve(20 * time.Minute)
		w.wantRefused(a, true)
		if c := w.connection(a); !c.StateSince.After(said) {
			t.Errorf("it must reconnect since %s: that was an operator's word", c.StateSince)
		}
		w.wantSound(a)
	})
}

// After 365 days Amazon refuses the authorisation as if it were withdrawn; who is told
// to reconnect is told that it has ended.
func TestAuthorizationThatEndedIsSaidToHaveEnded(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) { spec.AuthorizedAt = time.Now() })
		w.syncs(a, ordersync.Success)
		time.Sleep(366 * day)
		w.wantRefused(a, false)
		time.Sleep(20 * time.Minute)
		got := w.syncs(a, ordersync.TokenRevoked)
		if !got.Outcome.Confirmed || !strings.HasSuffix(got.Outcome.Text(), ": it was given on "+begin.Format(time.DateOnly)+" and lasts 365 days") {
			t.Errorf("confirmed %v: %s", got.Outcome.Confirmed, got.Outcome.Text())
		}
		w.wantSound(a)
	})
}
