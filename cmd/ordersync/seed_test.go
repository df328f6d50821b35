package main

import (
	"slices"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// brokenCursor is the cursor that the seed found in the place of a date.
const brokenCursor = "f45c563a-c72e-4025-abe9-96d8d0a86a69"

// seedFleet is the seed's three tenants: one without a token, one with a broken
// cursor and seven items to come, one in good health.
type seedFleet struct{ test, healthy spapisim.Seller }

func (p *program) importSeed() (f seedFleet) {
	p.t.Helper()
	now := p.now()
	var testToken, healthyToken string
	f.test, testToken = p.seller("eu",
		spapisim.Generate{N: 3, Items: 1, From: now.Add(-50 * time.Hour), To: now.Add(-26 * time.Hour)},
		spapisim.Generate{N: 2, Items: 2, From: now.Add(-25 * time.Hour), To: now.Add(-time.Minute * 4)})
	f.healthy, healthyToken = p.seller("eu", spapisim.Generate{N: 60, From: now.AddDate(0, 0, -6), To: now.Add(-4 * time.Minute)})
	p.imports(
		line{"tenantId": "kbz-002", "region": "eu", "status": "CONNECTED"},
		line{"tenantId": "kbz_test", "region": "eu", "sellingPartnerId": f.test.ID, "status": "CONNECTED", "refreshToken": testToken, "cursor": brokenCursor},
		line{
			"tenantId": "ecomlg-001", "region": "eu", "sellingPartnerId": f.healthy.ID, "status": "CONNECTED", "refreshToken": healthyToken,
			"cursor": now.AddDate(0, 0, -7).UTC().Format(time.RFC3339), "displayName": "E-Commerce LG", "lastSuccessAt": "2026-01-12T02:54:23Z",
		},
	)
	return f
}

func TestSeedScenario(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		run := p.sync(exitOK)
		if run.Mode != "global" || !run.Success || !run.Finished || run.summary() != "3/2/1/0, partial 0" {
			p.t.Fatalf("the run: %+v", run)
		}
		missing := p.of(run, "kbz-002")
		if missing.Status != "skipped" || missing.ReasonCode != "TOKEN_MISSING" || missing.WhoActs != "tenant" ||
			missing.Message != "No refresh token in Vault - reconnect Amazon required" {
			p.t.Errorf("kbz-002: %+v", missing)
		}
		mended := p.of(run, "kbz_test")
		if mended.Status != "success" || mended.ReasonCode != "SUCCESS" || mended.ItemsProcessed != 7 || mended.OrdersCreated != 5 || mended.Message != "" {
			p.t.Errorf("kbz_test: %+v", mended)
		}
		if len(mended.Repairs) != 1 || mended.Repairs[0].Code != "INVALID_DATE_FIXED" || mended.Repairs[0].Old != brokenCursor {
			p.t.Fatalf("kbz_test's repairs: %+v", mended.Repairs)
		}
		at, err := time.Parse(time.RFC3339, mended.Repairs[0].New)
		if week := p.now().AddDate(0, 0, -7); err != nil || at.Before(week.Add(-time.Minute)) || at.After(week.Add(time.Minute)) {
			p.t.Errorf("the cursor was set to %s, want a week ago (%v)", mended.Repairs[0].New, err)
		}
		healthy := p.of(run, "ecomlg-001")
		if healthy.Status != "success" || healthy.ReasonCode != "SUCCESS" || healthy.OrdersCreated == 0 || len(healthy.Repairs) != 0 {
			p.t.Errorf("ecomlg-001: %+v", healthy)
		}
		seed := []string{"SUCCESS", "LOCK_UNAVAILABLE", "NOT_CONNECTED", "TOKEN_MISSING", "INVALID_DATE_FIXED", "AMAZON_RATE_LIMIT", "UNKNOWN_ERROR"}
		if len(run.ReasonCodes) < 8 || !slices.Equal(run.ReasonCodes[:7], seed) {
			p.t.Errorf("reason codes %v", run.ReasonCodes)
		}
		p.wantTruth("kbz_test", f.test)
		p.wantTruth("ecomlg-001", f.healthy)
	})
}

// A second run finds nothing new: neither when it counts what is fresh without
// asking, nor when it asks Amazon again.
func TestSecondRunChangesNothing(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		p.sync(exitOK)
		for _, second := range []struct {
			name  string
			later time.Duration
			args  []string
			asks  bool
		}{
			{"fresh enough to count", 0, nil, false},
			{"for one tenant, at once", 0, []string{"--tenant", "ecomlg-001"}, true},
			{"with an interval that has passed", 2 * time.Second, []string{"--sync-interval", "1s"}, true},
			{"with a wide overlap", 10 * time.Minute, []string{"--overlap", "24h"}, true},
		} {
			p.later(second.later)
			before := p.searches(f.healthy)
			run := p.sync(exitOK, second.args...)
			if asked := p.searches(f.healthy) > before; asked != second.asks {
				p.t.Errorf("%s: asked Amazon: %t", second.name, asked)
			}
			for _, r := range run.Results {
				if r.OrdersCreated != 0 || r.OrdersChanged != 0 || len(r.Repairs) != 0 {
					p.t.Errorf("%s: %+v", second.name, r)
				}
			}
			if second.args == nil && run.summary() != "3/2/1/0, partial 0" {
				p.t.Errorf("%s: %s", second.name, run.summary())
			}
			if second.later > time.Minute && p.of(run, "ecomlg-001").OrdersProcessed == 0 {
				p.t.Errorf("%s: no order was read again, so nothing is proved: %+v", second.name, run.Results)
			}
		}
		p.wantTruth("kbz_test", f.test)
		p.wantTruth("ecomlg-001", f.healthy)
	})
}

// An order that changed at Amazon counts as changed and not as new.
func TestChangeIsFound(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		seller, token := p.seller("eu", spapisim.Generate{N: 20, From: now.AddDate(0, 0, -3), To: now.Add(-10 * time.Minute)})
		p.imports(line{"tenantId": "t", "region": "eu", "refreshToken": token})
		p.sync(exitOK)
		orders, err := p.sim.Orders(seller.Key)
		p.must(err)
		p.later(time.Hour)
		p.must(p.sim.Change(seller.Key, spapisim.Change{
			OrderID: orders[0].Order.OrderID,
			Apply:   func(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "CANCELLED" },
		}))
		p.later(time.Hour)
		got := p.of(p.sync(exitOK), "t")
		if got.OrdersCreated != 0 || got.OrdersChanged != 1 {
			p.t.Errorf("the second run: %+v", got)
		}
		p.wantTruth("t", seller)
	})
}
