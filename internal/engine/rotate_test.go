package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// Login with Amazon may answer a refresh with another refresh token; the one that
// was used ends when its successor is used.

func rotating(s *setup) { s.sim.Switches.RotateRefreshTokens = true }

func isLogin(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/token") }

func (w *world) sealedToken(a account) string {
	w.t.Helper()
	sealed, err := w.store.Secret(w.ctx, a.tenant, a.connection, "refresh_token")
	w.must(err)
	return string(sealed)
}

func TestRotatedTokensAreKept(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		first := ""
		a := w.connect("acme", s, startAt(time.Hour), func(spec *engine.ConnectionSpec) { first = spec.RefreshToken.Reveal() })
		before := w.sealedToken(a)
		w.syncs(a, ordersync.Success)
		after := w.sealedToken(a)
		if after == before {
			t.Fatal("the new token was dropped")
		}
		w.engine = w.newEngine(w.store) // another process knows only what is stored
		w.serve(5 * time.Hour)
		w.syncs(a, ordersync.Success)
		if w.sealedToken(a) == after {
			t.Error("the third token was dropped")
		}
		// The operator's file still has the first one.
		again, err := w.engine.Import(w.ctx, engine.ConnectionSpec{Tenant: a.tenant, Region: ordersync.Region(s.Region), SellerID: s.ID, RefreshToken: secret.New(first)})
		w.must(err)
		if again.Changed {
			t.Error("a token that Amazon has replaced is taken for a new one")
		}
		loggedOut()
		w.syncs(a, ordersync.Success)
		if n := w.calls(s, spapisim.Token, -1); n > 10 {
			t.Errorf("%d logins in six hours: access tokens last an hour", n)
		}
		w.wantSealed(a)
		w.wantSound(a)
	}, rotating, quick)
}

// An operator's new token that comes while Login answers is the one that stays.
func TestRotationGivesWayToAnImport(t *testing.T) {
	var w *world
	var a account
	imported := ""
	between := along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if isLogin(r) && imported == "" {
			w.reauthorize(a)
			imported = w.sealedToken(a)
		}
		return response, err
	})
	play(t, func(world *world) {
		w = world
		a = w.connect("acme", w.seller(), startAt(time.Hour))
		w.work(a)
		if imported == "" || w.sealedToken(a) != imported {
			t.Error("the operator's token was replaced")
		}
		w.syncs(a, ordersync.Success)
		w.wantSound(a)
	}, rotating, between, quick)
}

// A single order asked for by hand may be what rotates the token.
func TestImportOneKeepsTheRotatedToken(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.order(s, "903-0000001-0000001")
		a := w.connect("acme", s, startAt(time.Hour))
		before := w.sealedToken(a)
		w.one("acme", "903-0000001-0000001")
		if w.sealedToken(a) == before {
			t.Error("the new token was dropped")
		}
		w.syncs(a, ordersync.Success)
	}, rotating, quick)
}

// A token that is sealed anew while Amazon gives its successor is still the one that
// was used: the successor is kept.
func TestRotationWhileTokensAreSealedAnew(t *testing.T) {
	reseal := func() {}
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		reseal = func() {
			sealed := []byte(w.sealedToken(a))
			owner := secret.Owner{Tenant: a.tenant, Connection: a.connection, Purpose: "refresh_token"}
			plain, err := w.box.Open(sealed, owner)
			w.must(err)
			again, err := w.box.Seal(plain, owner)
			w.must(err)
			if ok, err := w.store.ReplaceSecret(w.ctx, a.tenant, a.connection, "refresh_token", sealed, again); err != nil || !ok {
				t.Errorf("sealed anew: %v, %v", ok, err)
			}
			reseal = func() {}
		}
		w.syncs(a, ordersync.Success)
		if strings.Contains(w.log.String(), "stored no longer") || !strings.Contains(w.log.String(), "and it was saved") {
			t.Errorf("the successor was dropped:\n%s", w.log)
		}
		loggedOut()
		w.syncs(a, ordersync.Success)
		w.wantSealed(a)
		w.wantSound(a)
	}, rotating, along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isLogin(r) {
			reseal()
		}
		return next.RoundTrip(r)
	}))
}
