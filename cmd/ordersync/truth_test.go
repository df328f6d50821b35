package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ordersync/internal/spapisim"

	"github.com/google/go-cmp/cmp"
)

// object is a JSON object as anybody reads it.
type object = map[string]any

// orders are the stored orders of a tenant as `orders list --json` prints them,
// by Amazon's id, without what is ordersync's own.
func (p *program) orders(tenant string) map[string]object {
	p.t.Helper()
	orders := map[string]object{}
	for text := range strings.Lines(p.ok(p.run("orders", "list", "--tenant", tenant, "--json"))) {
		var o object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			p.t.Fatalf("%v: %s", err, text)
		}
		id, _ := o["externalOrderId"].(string)
		if orders[id] != nil {
			p.t.Errorf("%s is listed twice", id)
		}
		for _, own := range []string{"connectionId", "storedAt", "changedAt"} {
			if s, _ := o[own].(string); s == "" {
				p.t.Errorf("%s: %s is missing", id, own)
			}
			delete(o, own)
		}
		if !withoutMeanings(o) {
			p.t.Errorf("%s: what Amazon's words mean is not said: %v", id, o)
		}
		orders[id] = o
	}
	return orders
}

// wantTruth wants the orders of a tenant to be what Amazon has of a seller: the
// same orders, and of each the same in every field. It returns them.
func (p *program) wantTruth(tenant string, seller spapisim.Seller) map[string]object {
	p.t.Helper()
	truths, err := p.sim.Orders(seller.Key)
	p.must(err)
	return p.wantOrders(tenant, seller.Region, truths)
}

// wantOrders wants the orders of a tenant to be these.
func (p *program) wantOrders(tenant, region string, truths []spapisim.Truth) map[string]object {
	p.t.Helper()
	stored, wrong := p.orders(tenant), 0
	if len(stored) != len(truths) {
		p.t.Errorf("%s: %d orders are stored, Amazon has %d", tenant, len(stored), len(truths))
	}
	for _, truth := range truths {
		want := expectedOrder(truth.Order, tenant, region)
		if diff := cmp.Diff(want, stored[truth.Order.OrderID]); diff != "" && wrong < 3 {
			wrong++
			p.t.Errorf("%s: %s (-Amazon +stored):\n%s", tenant, truth.Order.OrderID, diff)
		}
	}
	return stored
}

// Orders of all kinds come out exactly as Amazon has them.
func TestOrdersAreAmazons(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		sellers, lines := map[string]spapisim.Seller{}, []line{}
		for tenant, region := range map[string]string{"euro": "eu", "america": "na", "japan": "fe"} {
			seller, token := p.seller(region, spapisim.Generate{
				N: 150, From: now.AddDate(0, 0, -6), To: now.Add(-10 * time.Minute), Unknown: 0.1, Odd: 0.2,
			})
			sellers[tenant] = seller
			lines = append(lines, line{"tenantId": tenant, "region": region, "refreshToken": token})
		}
		p.imports(lines...)
		if run := p.sync(exitOK); run.summary() != "3/3/0/0, partial 0" {
			p.t.Fatalf("the run: %+v", run)
		}
		all := []object{}
		for tenant, seller := range sellers {
			for _, o := range p.wantTruth(tenant, seller) {
				all = append(all, o)
			}
		}
		wantVariety(p.t, all)
	})
}

// wantVariety wants every kind of order to be among those that were compared:
// otherwise the comparison proves little.
func wantVariety(t testing.TB, orders []object) {
	t.Helper()
	found := map[string]bool{}
	for _, o := range orders {
		channel, _ := o["salesChannel"].(string)
		status, _ := o["amazonStatus"].(string)
		found["no price"] = found["no price"] || o["totalAmount"] == nil
		found["yen"] = found["yen"] || o["currency"] == "JPY"
		found["another channel"] = found["another channel"] || channel == "NON_AMAZON"
		found["pending"] = found["pending"] || status == "PENDING"
		found["an unknown fulfiller"] = found["an unknown fulfiller"] || o["fulfilledBy"] == "PARTNER_NETWORK"
		packages, _ := o["packages"].([]any)
		found["a package"] = found["a package"] || len(packages) > 0
		items, _ := o["items"].([]any)
		for _, i := range items {
			title, _ := i.(object)["title"].(string)
			found["an odd title"] = found["an odd title"] || strings.ContainsRune(title, utf8.RuneError)
		}
	}
	for _, kind := range []string{"no price", "yen", "another channel", "pending", "an unknown fulfiller", "a package", "an odd title"} {
		if !found[kind] {
			t.Errorf("among %d orders there is none with %s", len(orders), kind)
		}
	}
}

// Two tenants may have authorised the same seller: each has all of its orders.
func TestOneSellerOfTwoTenants(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		seller, token := p.seller("eu", spapisim.Generate{N: 30, From: now.AddDate(0, 0, -3), To: now.Add(-10 * time.Minute)})
		p.imports(
			line{"tenantId": "one", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token},
			line{"tenantId": "two", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token},
		)
		run := p.sync(exitOK)
		for _, tenant := range []string{"one", "two"} {
			if r := p.of(run, tenant); r.ReasonCode != "SUCCESS" || r.OrdersCreated != 30 {
				p.t.Errorf("%+v", r)
			}
			p.wantTruth(tenant, seller)
		}
	})
}

// A run for one tenant leaves the others alone, and names only its own.
func TestRunOfOneTenant(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		run := p.sync(exitOK, "--tenant", "kbz_test")
		if run.Mode != "single" || run.TenantID != "kbz_test" || run.summary() != "1/1/0/0, partial 0" || p.of(run, "kbz_test").ItemsProcessed != 7 {
			p.t.Errorf("the run: %+v", run)
		}
		if p.searches(f.healthy) != 0 {
			p.t.Error("another tenant's seller was asked for")
		}
		if others := p.orders("ecomlg-001"); len(others) != 0 {
			p.t.Errorf("another tenant has %d orders", len(others))
		}
	})
}

// Two connections of one tenant are two results and one list of orders.
func TestTenantWithTwoRegions(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		orders := spapisim.Generate{N: 12, From: now.AddDate(0, 0, -2), To: now.Add(-10 * time.Minute)}
		_, europe := p.seller("eu", orders)
		_, america := p.seller("na", orders)
		p.imports(line{"tenantId": "both", "region": "eu", "refreshToken": europe}, line{"tenantId": "both", "region": "na", "refreshToken": america})
		run := p.sync(exitOK, "--tenant", "both")
		if len(run.Results) != 2 || run.Results[0].Region == run.Results[1].Region || run.summary() != "2/2/0/0, partial 0" {
			p.t.Errorf("the run: %+v", run)
		}
		if got := p.orders("both"); len(got) != 24 {
			p.t.Errorf("%d orders, want 24", len(got))
		}
	})
}
