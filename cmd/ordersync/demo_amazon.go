package main

import (
	"context"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/web"
)

// demoAmazon is what the demo simulates, and who is imported.
type demoAmazon struct {
	sim      *spapisim.Simulator
	app      spapisim.Application
	tenants  []demoTenant
	newcomer spapisim.Seller // who has not connected yet
}

// demoTenant is a tenant of the demo.
type demoTenant struct {
	engine.ConnectionSpec
	paused bool
}

// demoTenants is how many tenants there are.
const demoTenants = 60

// demoPart is what is wrong with a tenant of the demo.
type demoPart struct {
	trouble spapisim.Trouble // at Amazon
	orders  int              // of the last two days; 0: as everybody
	cursor  string           // "": two days ago
	change  func(*demoTenant)
}

// demoParts are the troubles; all other tenants are healthy.
func demoParts(now time.Time) []demoPart {
	return []demoPart{
		{trouble: spapisim.TroubleNoToken},
		{trouble: spapisim.TroubleRevoked},
		{change: func(t *demoTenant) { t.State = ordersync.NeedsReconnect }},
		{change: func(t *demoTenant) { t.paused = true }},
		{trouble: spapisim.TroubleNoRole},
		{trouble: spapisim.TroubleNoMarket},
		{trouble: spapisim.TroubleThrottled, orders: 300},
		{orders: 2400}, // more than its budget pays for at once
		{trouble: spapisim.TroubleUnavailable},
		{trouble: spapisim.TroubleHangs},
		{trouble: spapisim.TroubleFlaky},
		{trouble: spapisim.TroubleBadJSON},
		{trouble: spapisim.TroubleCircular, orders: 300},
		{trouble: spapisim.TroubleDataIncident},
		{trouble: spapisim.TroubleUnreadable},
		{trouble: spapisim.TroubleHugeOrder},
		{trouble: spapisim.TroubleOdd},
		{cursor: now.AddDate(0, 0, 40).UTC().Format(time.RFC3339)}, // in the future
		{cursor: "2026-02-30"},
	}
}

// newDemoAmazon makes the seed's three tenants, of which one has no refresh
// token, one has a UUID for a cursor and seven items to come, and one is in good
// health; and a fleet in which every third has a trouble of its own.
func newDemoAmazon(clock func() time.Time) (a demoAmazon, err error) {
	now := clock()
	// Who withdraws an authorisation is to see at once what comes of it.
	switches := spapisim.Switches{RevokedAtOnce: true}
	if a.sim, err = spapisim.New(spapisim.Config{Seed: 15, Now: clock, Switches: switches}); err != nil {
		return a, err
	}
	if a.app, err = a.sim.AddApplication(spapisim.ApplicationSpec{}); err != nil {
		return a, err
	}
	if err = a.seed(now); err != nil {
		return a, err
	}
	if a.newcomer, err = a.sim.AddSeller(spapisim.SellerSpec{Region: string(ordersync.RegionEU)}); err != nil {
		return a, err
	}
	if _, err = a.sim.Generate(a.newcomer.Key, spapisim.Generate{N: 60, From: now.AddDate(0, 0, -20), To: now.Add(-10 * time.Minute), Living: true}); err != nil {
		return a, err
	}
	parts := demoParts(now)
	for n := 0; len(a.tenants) < demoTenants; n++ {
		part := demoPart{}
		if n%3 == 1 && n/3 < len(parts) {
			part = parts[n/3]
		}
		t, err := a.member(demoName(n), []ordersync.Region{"eu", "eu", "na", "eu", "fe"}[n%5], part, now)
		if err != nil {
			return a, err
		}
		a.tenants = append(a.tenants, t)
	}
	return a, nil
}

// seed makes the three tenants of the document that ordersync began with.
func (a *demoAmazon) seed(now time.Time) error {
	a.tenants = append(a.tenants, demoTenant{ConnectionSpec: engine.ConnectionSpec{Tenant: "kbz-002", Region: ordersync.RegionEU, State: ordersync.Connected}})
	// Five orders, of which two have two items.
	test, err := a.seller("kbz_test", spapisim.Generate{N: 3, Items: 1, From: now.Add(-50 * time.Hour), To: now.Add(-26 * time.Hour)},
		spapisim.Generate{N: 2, Items: 2, From: now.Add(-25 * time.Hour), To: now.Add(-time.Hour)})
	if err != nil {
		return err
	}
	test.Cursor = "f45c563a-c72e-4025-abe9-96d8d0a86a69"
	healthy, err := a.seller("ecomlg-001", spapisim.Generate{N: 240, From: now.AddDate(0, 0, -6), To: now.Add(-time.Hour)})
	healthy.Cursor = now.Add(-6 * time.Hour).UTC().Format(time.RFC3339)
	a.tenants = append(a.tenants, demoTenant{ConnectionSpec: test}, demoTenant{ConnectionSpec: healthy})
	return err
}

// seller makes a seller with orders, authorised for a tenant.
func (a *demoAmazon) seller(tenant ordersync.TenantID, orders ...spapisim.Generate) (engine.ConnectionSpec, error) {
	seller, err := a.sim.AddSeller(spapisim.SellerSpec{Region: string(ordersync.RegionEU)})
	if err != nil {
		return engine.ConnectionSpec{}, err
	}
	for _, g := range orders {
		if _, err := a.sim.Generate(seller.Key, g); err != nil {
			return engine.ConnectionSpec{}, err
		}
	}
	token, err := a.sim.Authorize(a.app.ClientID, seller.Key)
	return engine.ConnectionSpec{
		Tenant: tenant, Region: ordersync.RegionEU, SellerID: seller.ID, State: ordersync.Connected, RefreshToken: secret.New(token),
	}, err
}

// member makes a tenant of the fleet.
func (a *demoAmazon) member(name ordersync.TenantID, region ordersync.Region, part demoPart, now time.Time) (t demoTenant, err error) {
	spec := spapisim.FleetSpec{
		ClientID: a.app.ClientID, Sellers: 1, Orders: 120, From: now.AddDate(0, 0, -8), To: now.Add(-time.Hour), Regions: []string{string(region)},
	}
	if part.orders > 0 {
		spec.Orders, spec.From = part.orders, now.AddDate(0, 0, -2)
	}
	if part.trouble != spapisim.Healthy {
		spec.Troubles = []spapisim.Trouble{part.trouble}
	}
	made, err := a.sim.Fleet(spec)
	if err != nil {
		return t, fmt.Errorf("make %s: %w", name, err)
	}
	t.ConnectionSpec = engine.ConnectionSpec{
		Tenant: name, Region: region, SellerID: made[0].ID, State: ordersync.Connected, Cursor: now.AddDate(0, 0, -2).UTC().Format(time.RFC3339),
	}
	if made[0].RefreshToken != "" {
		t.RefreshToken = secret.New(made[0].RefreshToken)
	}
	if part.cursor != "" {
		t.Cursor = part.cursor
	}
	if part.change != nil {
		part.change(&t)
	}
	return t, nil
}

// join imports the tenants.
func (a *demoAmazon) join(ctx context.Context, e *engine.Engine) error {
	for _, t := range a.tenants {
		imported, err := e.Import(ctx, t.ConnectionSpec)
		if err == nil && t.paused {
			err = e.Pause(ctx, t.Tenant, imported.Connection)
		}
		if err != nil {
			return fmt.Errorf("import %s: %w", t.Tenant, err)
		}
	}
	return nil
}

// register lets sellers connect to the demo, which serves at an address.
func (a *demoAmazon) register(s *settings, public string) error {
	s.AmazonApplication, s.PublicURL, s.AmazonConsentURL, s.ServiceName = a.app.ApplicationID, public, s.AmazonAPIURL, "ordersync's demo"
	err := a.sim.ChangeApplication(a.app.ClientID, func(spec *spapisim.ApplicationSpec) {
		spec.RedirectURIs, spec.LoginURI = []string{public + web.CallbackPath}, public+web.LoginPath
	})
	if err != nil {
		return fmt.Errorf("register the demo with Amazon: %w", err)
	}
	return nil
}

// invite makes a link by which the newcomer connects.
func (a *demoAmazon) invite(ctx context.Context, e *engine.Engine) (link string, err error) {
	ticket, _, err := e.StartConsent(ctx, engine.ConsentRequest{Tenant: "new-shop", Marketplace: "FR", StartedBy: "demo", Valid: 24 * time.Hour})
	if err != nil {
		return "", err
	}
	return e.ConsentLink(ticket), nil
}

// demoName names the tenants of the fleet.
func demoName(n int) ordersync.TenantID {
	first := []string{"alpine", "baltic", "coastal", "delta", "ember", "fjord", "garden", "harbour"}
	second := []string{"audio", "books", "coffee", "cycles", "kitchen", "outdoor", "textiles", "toys"}
	return ordersync.TenantID(first[n%len(first)] + "-" + second[(n+n/len(first))%len(second)])
}
