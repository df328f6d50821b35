package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated files anew")

// wantFile wants a generated file to be what would be generated.
func wantFile(t testing.TB, path, want string, write bool) {
	t.Helper()
	wantFileOf(t, "make generate", path, want, write)
}

// wantFileOf is wantFile for what a command of its own generates.
func wantFileOf(t testing.TB, command, path, want string, write bool) {
	t.Helper()
	if write {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s differs; if it should, run %s (-file +program):\n%s", path, command, diff)
	}
}

// Users read this JSON: what changes here changes for them.
func TestGeneratedJSON(t *testing.T) {
	p := newProgram(t, storetest.SQLite, storetest.New(t, storetest.SQLite))
	p.wantGolden(*update)
}

// It is the same on the other database.
func TestJSONOnPostgres(t *testing.T) {
	t.Parallel()
	p := newProgram(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	p.wantGolden(false)
}

func (p *program) wantGolden(write bool) {
	p.t.Helper()
	now := p.now()
	seller, token := p.seller("eu")
	p.must(p.sim.AddOrders(seller.Key, spapisim.Placed{Order: fullOrder(now)}, spapisim.Placed{Order: bareOrder(now)}))
	broken, err := p.sim.AddSeller(spapisim.SellerSpec{Region: "na"})
	p.must(err)
	brokenToken, err := p.sim.Authorize(p.app.ClientID, broken.Key)
	p.must(err)
	_, err = p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultBadJSON, Seller: broken.Key})
	p.must(err)
	odd, oddToken := p.seller("fe")
	p.must(p.sim.AddOrders(odd.Key, spapisim.Placed{Order: oddOrder(now), Damage: spapisim.DamageNoItems}))
	p.imports(
		line{"tenantId": "missing", "region": "eu", "status": "CONNECTED"},
		line{"tenantId": "odd", "region": "fe", "sellingPartnerId": odd.ID, "displayName": "Odd & Sons", "refreshToken": oddToken},
		line{"tenantId": "mended", "region": "eu", "refreshToken": token, "cursor": brokenCursor},
		line{"tenantId": "broken", "region": "na", "refreshToken": brokenToken},
	)
	p.key("--name", "cron")
	p.later(time.Second) // the newest comes first
	p.key("--name", "portal of «mended»", "--tenant", "mended")
	for _, c := range []struct{ file, command string }{
		{"run.json", "sync --json --fail-on never"},
		// Whose last success is oldest comes first in the status; back work is done.
		{"", "sync --tenant odd"}, {"", "sync --tenant mended"},
		{"orders.json", "orders list --tenant mended --json"},
		{"order.json", "orders show --tenant mended 701-0000001-0000001 --json"},
		{"status.json", "status --json"},
		{"tenants.json", "tenants list --json"},
		{"tenant.json", "tenants show odd --json"},
		{"backfill.json", "backfill mended --json --since " + now.AddDate(0, 0, -400).UTC().Format(time.DateOnly)},
		{"explain.json", "explain mended 701-0000001-0000001 --json"},
		{"explain_asked.json", "explain broken 701-0000009-0000009 --ask-amazon --json"},
		{"keys.json", "keys list --json"},
		{"doctor.json", "doctor --json"},
	} {
		a := p.run(strings.Fields(c.command)...)
		if a.code != exitOK && c.file != "explain_asked.json" {
			p.t.Fatalf("%s: exit code %d: %s", c.command, a.code, a.err)
		}
		if c.file == "" {
			p.later(time.Second)
			continue
		}
		wantFile(p.t, filepath.Join("testdata", c.file), normal(p.indented(a.out)), write)
	}
}

// indented is JSON, or JSON lines, as people read it.
func (p *program) indented(text string) string {
	p.t.Helper()
	var out bytes.Buffer
	for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
		var one json.RawMessage
		p.must(d.Decode(&one))
		p.must(json.Indent(&out, one, "", "  "))
		out.WriteByte('\n')
	}
	return out.String()
}

// oddOrder is an order that cannot be read.
func oddOrder(now time.Time) spapisim.Order {
	o := bareOrder(now)
	o.OrderID, o.SalesChannel.MarketplaceID = "701-0000003-0000003", "A1VC38T7YXB528"
	return o
}

var changing = []struct {
	pattern *regexp.Regexp
	normal  string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`), `2006-01-02T15:04:05.000Z`},
	{regexp.MustCompile(`"runId": "[0-9A-V]{26}"`), `"runId": "(26 letters and digits)"`},
	{regexp.MustCompile(`clock is [0-9a-zµ.]+ (ahead of|behind)`), "clock is 0s ahead of"},
	{regexp.MustCompile(`request [0-9a-f-]{36}\)`), "request 01234567-89ab-cdef-0123-456789abcdef)"},
	{regexp.MustCompile(`first seen on \d{4}-\d\d-\d\d, and ends on \d{4}-\d\d-\d\d`), "first seen on 2006-01-02, and ends on 2006-07-01"},
	{regexp.MustCompile(`version \d+"`), `version 1"`},
	{regexp.MustCompile(`"totalDuration": \d+`), `"totalDuration": 0`},
	{regexp.MustCompile(`"id": "[a-z2-7]{12}"`), `"id": "(12 letters and digits)"`},
}

// normal is a text without what differs from run to run.
func normal(s string) string {
	for _, c := range changing {
		s = c.pattern.ReplaceAllString(s, c.normal)
	}
	return s
}

// fullOrder has every field that is shown, bareOrder as few as Amazon sends.
func fullOrder(now time.Time) spapisim.Order {
	at := now.Add(-time.Hour)
	window := &spapisim.TimeRange{EarliestDateTime: at, LatestDateTime: at.Add(time.Hour)}
	return spapisim.Order{
		OrderID: "701-0000001-0000001", CreatedTime: at, LastUpdatedTime: at, Programs: []string{"PRIME"},
		OrderAliases: []spapisim.Alias{{AliasID: "my-order-1", AliasType: "SELLER_ORDER_ID"}},
		SalesChannel: spapisim.SalesChannel{ChannelName: "AMAZON", MarketplaceID: "A13V1IB3VIYZZH", MarketplaceName: "Amazon.fr"},
		Proceeds:     &spapisim.OrderProceeds{GrandTotal: &spapisim.Money{Amount: "1049.90", CurrencyCode: "EUR"}},
		Fulfillment: &spapisim.OrderFulfillment{
			FulfillmentStatus: "SHIPPED", FulfilledBy: "MERCHANT", FulfillmentServiceLevel: "STANDARD", ShipByWindow: window, DeliverByWindow: window,
		},
		OrderItems: []spapisim.OrderItem{{
			OrderItemID: "10000000000001", QuantityOrdered: 2,
			Product: spapisim.Product{
				ASIN: "B000000001", SellerSKU: "SKU <1> & co", Title: "Café, 500 g «moulu» 日本",
				Price: &spapisim.Price{UnitPrice: &spapisim.Money{Amount: "524.950", CurrencyCode: "EUR"}},
			},
			Proceeds:    &spapisim.ItemProceeds{ProceedsTotal: &spapisim.Money{Amount: "1049.9", CurrencyCode: "EUR"}},
			Fulfillment: &spapisim.ItemFulfillment{QuantityFulfilled: 2},
		}},
		Packages: []spapisim.OrderPackage{{
			PackageReferenceID: "1", CreatedTime: at, ShipTime: at, Carrier: "Colissimo", ShippingService: "Domicile", TrackingNumber: "6A00000000001",
			PackageStatus: &spapisim.PackageStatus{Status: "IN_TRANSIT", DetailedStatus: "PICKED_UP"},
			PackageItems:  []spapisim.PackageItem{{OrderItemID: "10000000000001", Quantity: 2}},
		}},
	}
}

func bareOrder(now time.Time) spapisim.Order {
	return spapisim.Order{
		OrderID: "701-0000002-0000002", CreatedTime: now.Add(-2 * time.Hour),
		SalesChannel: spapisim.SalesChannel{ChannelName: "NON_AMAZON", MarketplaceID: "A13V1IB3VIYZZH"},
		OrderItems:   []spapisim.OrderItem{{OrderItemID: "10000000000002", QuantityOrdered: 1}},
	}
}

func TestGeneratedConfiguration(t *testing.T) {
	wantFile(t, "../../docs/configuration.md", configurationPage(), *update)
}

// configurationPage is docs/configuration.md.
func configurationPage() string {
	var page strings.Builder
	page.WriteString("<!-- Generated from cmd/ordersync/settings.go by make generate; do not edit. -->\n" +
		"# Configuration\n\n" +
		"Every setting is an environment variable and a flag; a flag wins. A secret may stand in a file instead: name the file in the variable that ends in `_FILE`. " +
		"All settings are checked together at start, and what is wrong is said before anything is done.\n\n" +
		"`ordersync config` prints what is in force, secrets left out; `ordersync config --json` prints it as JSON. " +
		"Values on a command line can be seen by every user of the machine, so secrets belong into the environment or into files.\n\n" +
		"Durations are written like `90s`, `5m` or `24h`.\n\n" +
		"| variable | flag | default | meaning |\n|---|---|---|---|\n")
	for _, s := range (&settings{}).table() {
		initial := "–"
		if s.Default != "" {
			initial = "`" + s.Default + "`"
		}
		flagName := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.Name, "ORDERSYNC_"), "_", "-"))
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | %s |\n", s.Name, flagName, initial, s.Help)
	}
	page.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&page, "| %d | %s |\n", e.code, e.meaning)
	}
	return page.String()
}

// The flags that the page names are those that there are.
func TestFlagsAreNamedAfterTheirVariables(t *testing.T) {
	help := alone("--help").out
	for _, row := range (&settings{}).table() {
		name := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(row.Name, "ORDERSYNC_"), "_", "-"))
		if flag := strings.Contains(help, name+"=") || strings.Contains(help, name+" "); !flag || !strings.Contains(help, "$"+row.Name) {
			t.Errorf("%s: there is no flag %s", row.Name, name)
		}
	}
}
