package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// demoCommand shows a global run: a simulated Amazon, a database in a temporary
// folder, and the three tenants of the document that ordersync began with.
type demoCommand struct{}

func (*demoCommand) needsNoSettings() {}

// Run does two global runs over the same tenants: the second finds nothing new.
func (c *demoCommand) Run(i *invocation) (err error) {
	dir, err := os.MkdirTemp("", "ordersync-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	amazon, err := newDemoAmazon(i.now)
	if err != nil {
		return err
	}
	server, err := listen(i.ctx, "127.0.0.1:0", amazon.sim.Handler())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()

	demo := *i
	demo.settings = settings{
		DatabaseURL: "sqlite:" + filepath.Join(dir, "demo.db"), MasterKey: secret.GenerateMasterKey(),
		AmazonClientID: amazon.app.ClientID, AmazonClientSecret: amazon.app.ClientSecret,
		AmazonAPIURL: server.url, AmazonLWAURL: server.url + "/auth/o2/token", AmazonRateScale: 1, Workers: -1,
		Lease: time.Minute, CallTimeout: 3 * time.Second,
	}
	demo.log = slog.New(slog.NewTextHandler(i.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w, err := demo.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, spec := range amazon.tenants {
		if _, err := w.engine.Import(i.ctx, spec); err != nil {
			return fmt.Errorf("import %s: %w", spec.Tenant, err)
		}
	}
	return demo.show(w)
}

// show does the runs and prints them.
func (i *invocation) show(w workplace) error {
	say := func(title string) { _, _ = fmt.Fprintf(i.out, "\n%s\n\n", title) }
	first, err := i.runOnce(w, ordersync.GlobalRun, "")
	if err != nil {
		return err
	}
	say("A global run over three connected tenants:")
	if err := printRun(i.out, first); err != nil {
		return err
	}
	say("The same run as JSON, as `ordersync sync --json` prints it:")
	if err := printJSON(i.out, first); err != nil {
		return err
	}
	// Runs for one tenant ask again however fresh the orders are.
	say("Each tenant once more, alone: Amazon is asked again, and nothing is new.")
	for _, r := range first.Results {
		var again httpapi.Run
		if again, err = i.runOnce(w, ordersync.SingleRun, r.TenantID); err != nil {
			return err
		}
		for _, r := range again.Results {
			_, _ = fmt.Fprintf(i.out, "%s: %s, %s received, %d new, %d changed\n",
				r.TenantID, r.ReasonCode, counted(int(r.OrdersProcessed), "order"), r.OrdersCreated, r.OrdersChanged)
		}
	}
	return nil
}

// demoAmazon is what the demo simulates.
type demoAmazon struct {
	sim     *spapisim.Simulator
	app     spapisim.Application
	tenants []engine.ConnectionSpec
}

// newDemoAmazon makes the three tenants: one without a refresh token, one whose
// cursor is a UUID and who has seven items to come, one in good health.
func newDemoAmazon(clock func() time.Time) (a demoAmazon, err error) {
	now := clock()
	if a.sim, err = spapisim.New(spapisim.Config{Seed: 15, Now: clock}); err != nil {
		return a, err
	}
	if a.app, err = a.sim.AddApplication(spapisim.ApplicationSpec{}); err != nil {
		return a, err
	}
	a.tenants = append(a.tenants, engine.ConnectionSpec{Tenant: "kbz-002", Region: ordersync.RegionEU, State: ordersync.Connected})
	// Five orders, of which two have two items.
	test, err := a.seller("kbz_test", spapisim.Generate{N: 3, Items: 1, From: now.Add(-50 * time.Hour), To: now.Add(-26 * time.Hour)},
		spapisim.Generate{N: 2, Items: 2, From: now.Add(-25 * time.Hour), To: now.Add(-time.Hour)})
	if err != nil {
		return a, err
	}
	test.Cursor = "f45c563a-c72e-4025-abe9-96d8d0a86a69"
	a.tenants = append(a.tenants, test)
	healthy, err := a.seller("ecomlg-001", spapisim.Generate{N: 240, From: now.AddDate(0, 0, -6), To: now.Add(-time.Hour)})
	if err != nil {
		return a, err
	}
	healthy.Cursor = now.Add(-6 * time.Hour).UTC().Format(time.RFC3339)
	a.tenants = append(a.tenants, healthy)
	return a, nil
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
