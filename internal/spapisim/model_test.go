package spapisim_test

import (
	"net/http"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// TestAnswersFitTheModels holds a broad set of answers against Amazon's models.
func TestAnswersFitTheModels(t *testing.T) {
	for _, region := range []string{"na", "eu", "fe"} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.must(b.sim.SetApplicationRoles(b.app.ClientID, spapisim.RoleDirectShipping, spapisim.RoleTaxInvoicing))
			b.seller, b.refresh = b.addSeller(region)
			b.access = b.login(b.refresh)
			var all []spapisim.Participation
			for _, id := range spapisim.Marketplaces(region) {
				all = append(all, spapisim.Participation{MarketplaceID: id})
			}
			b.must(b.sim.SetParticipations(b.seller.Key, all))
			ids := b.generate(400, func(g *spapisim.Generate) { g.Odd, g.Living = 0.2, true; g.From = start.AddDate(0, 0, -20) })
			for _, seconds := range []bool{false, true} {
				b.switches(func(sw *spapisim.Switches) { sw.Seconds = seconds })
				for _, included := range append(spapisim.DataSets(), everything) {
					r := b.get(searchPath, "lastUpdatedAfter", at(start.AddDate(0, 0, -30)), "includedData", included)
					wantAnswer(t, r, http.StatusOK, searchPath)
					r = b.get(searchPath+"/"+ids[3], "includedData", included)
					wantAnswer(t, r, http.StatusOK, searchPath+"/{orderId}")
					b.clock.Add(time.Minute)
				}
			}
			r := b.get(participationPath)
			if r.status != http.StatusOK {
				t.Fatalf("%d %s", r.status, r.body)
			}
			checkAnswer(t, "sellers.json", participationPath, r.status, r.body)
		})
	}
}

func wantAnswer(t testing.TB, r reply, status int, path string) {
	t.Helper()
	if r.status != status {
		t.Fatalf("%s: %d instead of %d: %s (%s)", path, r.status, status, clip(r.body), r.header.Get("X-Simulator-Reason"))
	}
	checkAnswer(t, "orders_2026-01-01.json", path, r.status, r.body)
}
