package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// The application's own credentials: one trouble of all, and no tenant's.

func (w *world) application() store.Application {
	w.t.Helper()
	app, err := w.store.Reader().Application(w.ctx, w.app.ClientID)
	w.must(err)
	return app
}

// secretOf lets stories change the client secret that ordersync uses.
func secretOf(text *string) func(*setup) {
	return func(s *setup) { s.amazon.ClientSecret = func() string { return *text } }
}

// callTimes are when Amazon was called, calls within a few seconds as one.
func (w *world) callTimes(since time.Time) (at []time.Time) {
	w.t.Helper()
	synctest.Wait()
	for _, c := range w.sim.Calls() {
		if c.At.Before(since) || len(at) > 0 && c.At.Sub(at[len(at)-1]) < 5*time.Second {
			continue
		}
		at = append(at, c.At)
	}
	return at
}

// Wrong credentials stop the fleet: every target says so, one connection a
// minute tries, and nobody is blamed. A restart changes nothing of it. With the
// right secret all goes on by itself.
func TestWrongSecretStopsTheFleet(t *testing.T) {
	var text string
	eachWay(t, func(w *world) {
		t := w.t
		text = w.app.ClientSecret
		all := w.fleet("eu", 4)
		begun := time.Now()
		text = "amzn1.oa2-cs.v1.wrong"
		got := w.run(ordersync.GlobalRun, "") // one of them finds out; some may be fresh
		w.serve(6 * time.Minute)
		stopped := w.application()
		if !stopped.Stopped() || stopped.Cause == "" {
			t.Fatalf("the application stands at %+v, %v", stopped, got)
		}
		w.engine = w.newEngine(w.store) // a restart forgets nothing
		from := time.Now().Add(time.Second)
		w.serve(10 * time.Minute)
		for _, target := range w.run(ordersync.GlobalRun, "") {
			if o := target.Outcome; o.Reason != ordersync.AppCredentialsInvalid || !o.Confirmed {
				t.Errorf("%s: %s, confirmed %t", target.Tenant, o.Reason, o.Confirmed)
			}
		}
		if n := len(w.callTimes(from)); n < 9 || n > 11 {
			t.Errorf("%d tries in ten minutes", n)
		}
		if got := w.application().StoppedAt; !got.Equal(stopped.StoppedAt) {
			t.Errorf("stopped since %s, then since %s", stopped.StoppedAt, got)
		}
		w.wantAllIn(all, ordersync.Connected)
		for _, a := range all {
			w.orders(a.seller, 3, time.Since(begun), 5*time.Minute)
		}
		text = w.app.ClientSecret
		w.serve(62*time.Second + w.lag())
		if w.application().Stopped() {
			t.Error("it stands still a minute after the secret was right again")
		}
		w.serve(10*time.Second + w.lag())
		w.wantFresh(all)
		for _, a := range all {
			if n := w.wantAll(a, time.Hour); n != 3 {
				t.Errorf("%s: %d of 3 orders are stored", a.tenant, n)
			}
		}
		w.wantSound(all...)
	}, quick, secretOf(&text))
}

// Access tokens from before the secret went wrong prove nothing of it: the fleet
// does not go on and stop by turns.
func TestOldAccessTokensProveNothing(t *testing.T) {
	var text string
	play(t, func(w *world) {
		text = w.app.ClientSecret
		all := w.fleet("eu", 3)
		w.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_client"})
		late := w.connect("late", w.seller(), startAt(time.Hour)) // has no access token yet
		w.serve(20 * time.Minute)
		if n := strings.Count(w.log.String(), "credentials are accepted again"); n > 0 || !w.application().Stopped() {
			t.Errorf("it went on %d times, stopped: %t", n, w.application().Stopped())
		}
		w.sim.ClearFaults()
		w.serve(8 * time.Minute)
		w.wantFresh(append(all, late))
		w.wantSound(append(all, late)...)
	}, quick, secretOf(&text))
}

// One connection that cannot answer for reasons of its own must not keep the
// rest standing still: probes take turns.
func TestProbesTakeTurns(t *testing.T) {
	var text string
	eachWay(t, func(w *world) {
		t := w.t
		text = w.app.ClientSecret
		all := w.fleet("eu", 4)
		w.run(ordersync.SingleRun, all[3].tenant) // the last that has succeeded
		w.fault(spapisim.Fault{Kind: spapisim.FaultHang, Seller: all[3].seller.Key})
		w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Seller: all[0].seller.Key})
		text = "wrong"
		w.serve(10 * time.Minute)
		if !w.application().Stopped() {
			t.Fatal("it does not stand still")
		}
		text = w.app.ClientSecret
		w.serve(4*time.Minute + w.lag())
		if w.application().Stopped() {
			t.Error("it stands still four minutes after the secret was right again")
		}
		w.serve(6 * time.Minute)
		w.wantFresh(all[1:3])
		w.wantSound(all[1:3]...)
	}, quick, secretOf(&text))
}

// secretRefused lets the API name the client secret to some sellers.
func (w *world) secretRefused(sellers ...spapisim.Seller) {
	w.t.Helper()
	for _, s := range sellers {
		w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Variant: "secret", Seller: s.Key})
	}
}

// What a call says of the secret is only a suspicion while one of many hears it:
// it is that connection's own trouble, and is told as such.
func TestOneSuspicionStopsNobody(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 3)
		w.secretRefused(all[0].seller)
		time.Sleep(5 * time.Minute)
		w.serve(20 * time.Minute)
		if w.application().Stopped() {
			t.Error("one of three stopped the fleet")
		}
		got := w.syncs(all[0], ordersync.AccessDenied)
		if got.Outcome.Confirmed {
			t.Error("it is confirmed within the hour")
		}
		w.wantFresh(all[1:])
		w.serve(70 * time.Minute)
		if got = w.syncs(all[0], ordersync.AccessDenied); !got.Outcome.Confirmed {
			t.Error("seen again an hour later it is not confirmed")
		}
		w.wantSound(all...)
	}, quick)
}

func TestTwoSuspicionsStopTheFleet(t *testing.T) {
	eachWay(t, func(w *world) {
		t := w.t
		all := w.fleet("eu", 5)
		w.must(w.sim.ExpireSecret(w.app.ClientID, true))
		time.Sleep(5 * time.Minute)
		w.serve(time.Minute)
		if !w.application().Stopped() {
			t.Fatal("it does not stand still")
		}
		from := time.Now().Add(time.Second)
		w.serve(10 * time.Minute)
		if n := len(w.callTimes(from)); n < 9 || n > 11 {
			t.Errorf("%d tries in ten minutes", n)
		}
		for _, target := range w.run(ordersync.GlobalRun, "") {
			wantReason(t, target, ordersync.AppCredentialsInvalid)
		}
		w.wantAllIn(all, ordersync.Connected)
		w.must(w.sim.ExpireSecret(w.app.ClientID, false))
		w.serve(75*time.Second + w.lag())
		w.wantFresh(all)
		w.wantSound(all...)
	}, quick)
}

func TestOnlyConnectionStopsItself(t *testing.T) {
	eachWay(t, func(w *world) {
		all := w.fleet("eu", 1)
		w.must(w.sim.ExpireSecret(w.app.ClientID, true))
		w.syncs(all[0], ordersync.AppCredentialsInvalid)
		w.must(w.sim.ExpireSecret(w.app.ClientID, false))
		w.serve(75*time.Second + w.lag())
		w.wantFresh(all)
		w.wantSound(all...)
	}, quick)
}

// Whatever else Login says while the fleet stands still, it goes on only when
// the credentials were looked at: answers without sense prove nothing.
func TestOtherAnswersDoNotResume(t *testing.T) {
	for _, kind := range rows([]spapisim.FaultKind{spapisim.FaultBadJSON, spapisim.FaultHTML, spapisim.FaultInternal, spapisim.FaultThrottle}, 4) {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			var text string
			play(t, func(w *world) {
				text = w.app.ClientSecret
				all := w.fleet("eu", 3)
				text = "wrong"
				w.serve(7 * time.Minute)
				text = w.app.ClientSecret
				id := w.fault(spapisim.Fault{Kind: kind, Operation: spapisim.Token})
				w.serve(5 * time.Minute)
				if !w.application().Stopped() {
					t.Error("it goes on")
				}
				w.sim.RemoveFault(id)
				w.serve(65 * time.Minute) // the probes have failed: each has its own backoff
				w.wantFresh(all)
				w.wantSoundBut(20, all...)
			}, quick, secretOf(&text))
		})
	}
}
