package spapisim_test

import (
	"slices"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const year = 365 * 24 * time.Hour

func (b *bench) refreshes(token string) bool {
	b.t.Helper()
	r := b.token("grant_type", "refresh_token", "refresh_token", token, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	if r.status != 200 && lwa(b.t, r).Error != "invalid_grant" {
		b.t.Errorf("%d %s", r.status, r.body)
	}
	return r.status == 200
}

// consent goes through the consent page and exchanges the code after a while.
func (b *bench) consent(wait time.Duration) (refresh string) {
	b.t.Helper()
	code, err := b.sim.Consent(b.app.ClientID, b.seller.Key, "")
	b.must(err)
	b.clock.Add(wait)
	return lwa(b.t, b.exchange(code, callback)).RefreshToken
}

// TestCodeIsTheClients: another application cannot exchange a code, and does not
// use it up.
func TestCodeIsTheClients(t *testing.T) {
	b := setup(t)
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{RedirectURIs: []string{callback}})
	b.must(err)
	code, err := b.sim.Consent(b.app.ClientID, b.seller.Key, callback)
	b.must(err)
	mine := b.app
	b.app = other
	r := b.exchange(code, callback)
	if got := lwa(t, r); r.status != 400 || got.Error != "invalid_grant" || got.Description != "The request has an invalid grant parameter : code" {
		t.Errorf("%d %s", r.status, r.body)
	}
	b.app = mine
	if r := b.exchange(code, callback); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// The 365 days count from the consent, not from the exchange of its code; a
// rotated refresh token does not begin them anew.
func TestAuthorizationLivesAYear(t *testing.T) {
	for _, c := range []struct {
		name              string
		rotating, atOnce  bool
		accessAfterExpiry int
	}{
		{"plain", false, false, 200},
		{"rotating", true, false, 200},
		{"access tokens end with it", false, true, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.switches(func(sw *spapisim.Switches) { sw.RotateRefreshTokens, sw.RevokedAtOnce = c.rotating, c.atOnce })
			token := b.consent(4 * time.Minute)
			b.clock.Add(year - 4*time.Minute - time.Second)
			var err error
			b.app.ClientSecret, err = b.sim.RotateSecret(b.app.ClientID) // else the API refuses
			b.must(err)
			r := b.token("grant_type", "refresh_token", "refresh_token", token, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
			last := lwa(t, r)
			b.access = last.AccessToken
			b.clock.Add(time.Second)
			if r.status != 200 || b.refreshes(last.RefreshToken) {
				t.Errorf("%d %s", r.status, r.body)
			}
			if got := b.get(searchPath, "createdAfter", at(start)); got.status != c.accessAfterExpiry {
				t.Errorf("an access token from before: %d %s", got.status, got.body)
			}
			if list := b.sim.Authorizations("", ""); list[0].Active || !list[0].Revoked.IsZero() || !list[0].Expires.Equal(start.Add(year)) {
				t.Errorf("%+v", list)
			}
			again := b.consent(0)
			b.clock.Add(year - time.Second)
			if !b.refreshes(again) {
				t.Error("a new consent does not begin another year")
			}
		})
	}
}

func TestSelfAuthorizedForever(t *testing.T) {
	b := setup(t)
	b.switches(func(sw *spapisim.Switches) { sw.SelfAuthorizedForever = true })
	forever, err := b.sim.Authorize(b.app.ClientID, b.seller.Key)
	b.must(err)
	b.clock.Add(3 * year)
	if list := b.sim.Authorizations("", ""); !b.refreshes(forever) || !list[0].Active || !list[0].Expires.IsZero() {
		t.Errorf("%+v", list)
	}
	if b.refreshes(b.refresh) {
		t.Error("the token from before the switch has its year")
	}
}

// TestOldToken is what becomes of the first refresh token when the seller agrees
// again after 100 days.
func TestOldToken(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		way               spapisim.OldToken
		after, year, both bool // works at once, after its own year, after the new one's
	}{
		{spapisim.OldTokenOwnYear, true, false, false},
		{spapisim.OldTokenRenewed, true, true, false},
		{spapisim.OldTokenEnds, false, false, false},
	} {
		b := setup(t)
		b.switches(func(sw *spapisim.Switches) { sw.OldToken = c.way })
		old := b.consent(0)
		b.clock.Add(100 * day)
		fresh := b.consent(0)
		if fresh == old || !b.refreshes(fresh) || b.refreshes(old) != c.after {
			t.Errorf("%q: at once", c.way)
		}
		b.clock.Add(265 * day)
		if !b.refreshes(fresh) || b.refreshes(old) != c.year {
			t.Errorf("%q: after the first year", c.way)
		}
		b.clock.Add(100 * day)
		if b.refreshes(fresh) || b.refreshes(old) != c.both {
			t.Errorf("%q: after both", c.way)
		}
	}
	b := setup(t)
	if err := b.sim.SetSwitches(func(sw *spapisim.Switches) { sw.OldToken = "gone" }); err == nil {
		t.Error("a value that does not exist was taken")
	}
}

// A seller agrees to the roles that the application has then; what it gains later
// needs another consent.
func TestRolesOfAConsent(t *testing.T) {
	b := setup(t)
	b.must(b.sim.SetApplicationRoles(b.app.ClientID, spapisim.RoleBrandAnalytics))
	code, err := b.sim.Consent(b.app.ClientID, b.seller.Key, callback)
	b.must(err)
	b.must(b.sim.SetApplicationRoles(b.app.ClientID, spapisim.RoleBrandAnalytics, spapisim.RoleInventory))
	b.access = b.login(lwa(t, b.exchange(code, callback)).RefreshToken)
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 403 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if list := b.sim.Authorizations("", ""); !slices.Equal(list[0].Roles, []spapisim.Role{spapisim.RoleBrandAnalytics}) {
		t.Errorf("%+v", list)
	}
	b.access = b.login(b.consent(0))
	wantAnswer(t, b.get(searchPath, "createdAfter", at(start)), 200, searchPath)
}

func TestAuthorizations(t *testing.T) {
	b := setup(t)
	second, _ := b.addSeller("fe")
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{})
	b.must(err)
	_, err = b.sim.Authorize(other.ClientID, b.seller.Key)
	b.must(err)
	b.clock.Add(time.Hour)
	b.must(b.sim.Revoke(b.app.ClientID, b.seller.Key))
	b.clock.Add(time.Hour)
	b.must(b.sim.Revoke(b.app.ClientID, b.seller.Key)) // it ended before
	b.must(b.sim.Revoke(other.ClientID, second.Key))   // there is none
	d := door{t, b.sim.Admin()}
	var all, some []spapisim.Authorization
	d.ok("GET", "/authorizations", "", &all)
	d.ok("GET", "/authorizations?clientId="+other.ClientID+"&seller="+b.seller.Key, "", &some)
	if len(all) != 3 || all[0].Seller != b.seller.Key || all[1].Seller != second.Key || all[2].ClientID != other.ClientID || len(some) != 1 || some[0].ClientID != other.ClientID {
		t.Fatalf("%+v\n%+v", all, some)
	}
	if a := all[0]; a.Active || !a.Revoked.Equal(start.Add(time.Hour)) || !a.At.Equal(start) || !a.Expires.Equal(start.Add(year)) {
		t.Errorf("%+v", a)
	}
	if a := all[1]; !a.Active || !a.Revoked.IsZero() {
		t.Errorf("%+v", a)
	}
}
