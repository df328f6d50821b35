package spapisim_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func TestFleet(t *testing.T) {
	make := func() (*bench, []spapisim.Member) {
		b := setup(t, func(c *spapisim.Config) { c.Sleep = noSleep })
		members, err := b.sim.Fleet(spapisim.FleetSpec{
			ClientID: b.app.ClientID, Sellers: 60, Orders: 12, From: start.AddDate(0, 0, -3), To: start.Add(-time.Hour),
			Regions: []string{"na", "eu", "fe"}, Troubles: spapisim.Troubles(),
		})
		b.must(err)
		return b, members
	}
	b, members := make()
	_, again := make()
	counted := map[spapisim.Trouble]int{}
	for i, m := range members {
		counted[m.Trouble]++
		if m.RefreshToken != again[i].RefreshToken || m.Key != again[i].Key || m.Trouble != again[i].Trouble {
			t.Fatal("the same seed made another fleet")
		}
		if want := []string{"na", "eu", "fe"}[i%3]; m.Region != want {
			t.Errorf("seller %d is in %s", i, m.Region)
		}
	}
	if counted[spapisim.Healthy] != 60-len(spapisim.Troubles()) {
		t.Errorf("%v", counted)
	}
	for _, trouble := range spapisim.Troubles() {
		if counted[trouble] != 1 {
			t.Errorf("%s: %d sellers", trouble, counted[trouble])
		}
	}
	for _, m := range members {
		if m.Trouble == spapisim.TroubleHangs || m.Trouble == spapisim.TroubleResets {
			continue // they need a connection; fault_test.go
		}
		t.Run(m.Key+" "+string(m.Trouble), func(t *testing.T) { checkMember(t, b, m) })
	}
	for _, bad := range []spapisim.FleetSpec{
		{ClientID: "x", Sellers: 1}, {ClientID: b.app.ClientID, Sellers: 1, Troubles: []spapisim.Trouble{"gremlins"}},
		{ClientID: b.app.ClientID, Sellers: 1, Troubles: spapisim.Troubles()}, {ClientID: b.app.ClientID, Sellers: 1, Regions: []string{"mars"}},
	} {
		if _, err := b.sim.Fleet(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// checkMember: each trouble shows as what it is called, and healthy sellers
// have none.
func checkMember(t *testing.T, b *bench, m spapisim.Member) {
	login := b.token("grant_type", "refresh_token", "refresh_token", m.RefreshToken, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	wantLogin := map[spapisim.Trouble]string{
		spapisim.TroubleNoToken: "invalid_request", spapisim.TroubleRevoked: "invalid_grant",
		spapisim.TroubleOtherClient: "unauthorized_client", spapisim.TroubleNoLogin: "server_error",
	}[m.Trouble]
	if got := lwa(t, login).Error; got != wantLogin {
		t.Fatalf("login: %q instead of %q", got, wantLogin)
	}
	if wantLogin != "" {
		return
	}
	b.access = lwa(t, login).AccessToken
	search := []string{"lastUpdatedAfter", at(start.AddDate(0, 0, -4)), "includedData", "FULFILLMENT", "maxResultsPerPage", "5"}
	r := b.get(searchPath, search...)
	want := map[spapisim.Trouble]int{
		spapisim.TroubleNoRole: 403, spapisim.TroubleWrongRegion: 403, spapisim.TroubleSecret: 403, spapisim.TroubleForbidden: 403,
		spapisim.TroubleUnavailable: 503, spapisim.TroubleHTML: 400, spapisim.TroubleDataIncident: 400,
	}[m.Trouble]
	if want == 0 {
		want = http.StatusOK
	}
	if m.Trouble == spapisim.TroubleFlaky {
		for n := 0; r.status == 500 && n < 20; n++ {
			r = b.get(searchPath, search...)
		}
	}
	if r.status != want {
		t.Fatalf("%d instead of %d: %s", r.status, want, clip(r.body))
	}
	switch m.Trouble {
	case spapisim.Healthy:
		wantAnswer(t, r, 200, searchPath)
		if got := len(allIDs(b.walk(search...))); got != 12 {
			t.Errorf("%d orders", got)
		}
	case spapisim.TroubleThrottled:
		if r := b.get(searchPath, search...); r.status != 429 {
			t.Errorf("second call %d", r.status)
		}
	case spapisim.TroubleManyOrders:
		if got := len(allIDs(b.walk("lastUpdatedAfter", at(start.AddDate(0, 0, -4))))); got != 600 {
			t.Errorf("%d orders", got)
		}
	case spapisim.TroubleHugeOrder:
		truth, err := b.sim.Orders(m.Key)
		b.must(err)
		if !slices.ContainsFunc(truth, func(o spapisim.Truth) bool { return len(o.Order.OrderItems) == 500 }) {
			t.Error("no huge order")
		}
	case spapisim.TroubleNoMarket:
		for _, s := range b.sim.Sellers() {
			if s.Key == m.Key && len(s.MarketplaceIDs()) != 0 {
				t.Errorf("%+v", s)
			}
		}
	}
}
