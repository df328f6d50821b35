package main

import (
	"fmt"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// benchFleet is a program with tenants whose orders are all stored, and an Amazon
// whose budgets are no limit, since they are what is not measured.
func benchFleet(b *testing.B, kind storetest.Kind, tenants int) *program {
	b.Helper()
	p := newProgram(b, kind, storetest.New(b, kind), func(c *spapisim.Config) { c.RateScale = 1e5 })
	members, err := p.sim.Fleet(spapisim.FleetSpec{
		ClientID: p.app.ClientID, Sellers: tenants, Orders: 2, From: p.now().Add(-5 * time.Hour), To: p.now().Add(-time.Hour),
	})
	p.must(err)
	var lines []line
	for i, m := range members {
		lines = append(lines, line{
			"tenantId": fmt.Sprintf("t%04d", i), "region": m.Region, "sellingPartnerId": m.ID, "refreshToken": m.RefreshToken,
			"marketplaceIds": m.MarketplaceIDs(), "cursor": p.now().Add(-6 * time.Hour).UTC().Format(time.RFC3339),
		})
	}
	p.imports(lines...)
	p.sync(exitOK, benchArgs...)
	return p
}

// benchArgs want no history beyond what the first run has read.
var benchArgs = []string{"--back-work", "0s", "--history", "5h", "--log-level", "error", "--amazon-rate-scale", "100000"}

// BenchmarkGlobalRun is a run over a thousand tenants that have nothing new, over
// real HTTP, from the start of the command to its end: a new process knows no
// access token, so that each tenant costs a login and a search.
func BenchmarkGlobalRun(b *testing.B) {
	const tenants = 1000
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			p := benchFleet(b, kind, tenants)
			for b.Loop() {
				p.later(6 * time.Minute)
				if run := p.sync(exitOK, benchArgs...); run.Summary.Success != tenants {
					b.Fatal(run.summary())
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N*tenants), "ms/tenant")
		})
	}
}

// BenchmarkPoll is one tenant's live poll with nothing new, alone.
func BenchmarkPoll(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			p := benchFleet(b, kind, 1)
			for b.Loop() {
				p.later(6 * time.Minute)
				if run := p.sync(exitOK, append(benchArgs, "--tenant", "t0000")...); run.Summary.Success != 1 {
					b.Fatal(run.summary())
				}
			}
		})
	}
}
