package ordersync_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync"
)

// Amazon's words are those of its model: each has a row, and none is a guess.
func TestEveryWordOfAmazonHasARow(t *testing.T) {
	words, packages, detailed := modelWords(t)
	for _, word := range words {
		if got := ordersync.OrderStatusOf(word, ordersync.DeliveryUnsaid); got == ordersync.OrderUnknown || got == ordersync.OrderUnsaid {
			t.Errorf("the status %s reads as %q", word, got)
		}
	}
	for _, p := range packages {
		for _, d := range append([]string{""}, detailed...) {
			got := ordersync.Package{Status: p, DetailedStatus: d}.Delivery()
			if cancelled := p == "CANCELLED" || d == "LABEL_CANCELLED"; got == ordersync.DeliveryUnknown || (got == ordersync.DeliveryUnsaid) != cancelled {
				t.Errorf("a package that is %s, %q reads as %q", p, d, got)
			}
		}
	}
	if len(words) != 7 || len(packages) != 6 || len(detailed) != 16 {
		t.Errorf("Amazon's model has %d, %d and %d words: look whether each row still fits", len(words), len(packages), len(detailed))
	}
}

// modelWords are the words of Amazon's model for orders, packages, and packages in
// detail.
func modelWords(t *testing.T) (orders, packages, detailed []string) {
	t.Helper()
	folder := os.Getenv("ORDERSYNC_SPAPI_MODELS")
	if folder == "" {
		folder = filepath.Join("..", "shared", "spapi")
	}
	text, err := os.ReadFile(filepath.Join(folder, "orders_2026-01-01.json"))
	if err != nil {
		t.Fatalf("Amazon's model is missing. It is published in github.com/amzn/selling-partner-api-models, under models; "+
			"put orders_2026-01-01.json into a folder and name it in ORDERSYNC_SPAPI_MODELS (%v)", err)
	}
	type enum struct {
		Enum        []string
		Description string
	}
	var model struct {
		Definitions struct {
			FulfillmentStatus enum
			PackageStatus     struct {
				Properties struct{ Status, DetailedStatus enum }
			}
		}
	}
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	of := model.Definitions.PackageStatus.Properties
	for _, found := range regexp.MustCompile("- `([A-Z_]+)`").FindAllStringSubmatch(of.DetailedStatus.Description, -1) {
		detailed = append(detailed, found[1])
	}
	return model.Definitions.FulfillmentStatus.Enum, of.Status.Enum, detailed
}

func TestOrderStatusOf(t *testing.T) {
	for _, test := range []struct {
		amazon   string
		delivery ordersync.DeliveryStatus
		want     ordersync.OrderStatus
	}{
		{"", "", ordersync.OrderUnsaid},
		{"PENDING_AVAILABILITY", "", ordersync.OrderPending},
		{"UNSHIPPED", "DELIVERED", ordersync.OrderConfirmed},
		{"PARTIALLY_SHIPPED", "DELIVERED", ordersync.OrderPartiallyShipped}, // not SHIPPED: some is not
		{"SHIPPED", "IN_TRANSIT", ordersync.OrderShipped},
		{"SHIPPED", "DELIVERED", ordersync.OrderDelivered},
		{"SHIPPED", "RETURNED", ordersync.OrderReturned},
		{"INVOICE_UNCONFIRMED", "DELIVERED", ordersync.OrderDelivered},
		{"CANCELLED", "DELIVERED", ordersync.OrderCancelled},
		{"UNFULFILLABLE", "", ordersync.OrderCancelled},
		{"ON_THE_MOON", "DELIVERED", ordersync.OrderUnknown}, // not PENDING
		{"shipped", "", ordersync.OrderUnknown},
	} {
		if got := ordersync.OrderStatusOf(test.amazon, test.delivery); got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.amazon, test.delivery, got, test.want)
		}
	}
}

func TestDeliveryOf(t *testing.T) {
	of := func(words ...string) (packages []ordersync.Package) {
		for _, word := range words {
			status, detailed, _ := strings.Cut(word, "/")
			packages = append(packages, ordersync.Package{Status: status, DetailedStatus: detailed})
		}
		return packages
	}
	for _, test := range []struct {
		order    string
		packages []ordersync.Package
		arrived  bool
		want     ordersync.DeliveryStatus
	}{
		{"", nil, false, ""},
		{"PENDING", nil, false, ""},
		{"CANCELLED", of("DELIVERED"), true, ""},
		{"UNSHIPPED", nil, false, "PREPARING"},
		{"UNSHIPPED", of("PENDING/PENDING_PICK_UP"), false, "PREPARING"},
		{"PARTIALLY_SHIPPED", of("DELIVERED"), false, "PREPARING"}, // what is not shipped counts
		{"PARTIALLY_SHIPPED", of("IN_TRANSIT/LOST"), false, "LOST"},
		{"SHIPPED", nil, false, "SHIPPED"},
		{"SHIPPED", nil, true, "DELIVERED"}, // it does not fall back
		{"SHIPPED", of("PENDING"), false, "SHIPPED"},
		{"SHIPPED", of("IN_TRANSIT"), false, "IN_TRANSIT"},
		{"SHIPPED", of("IN_TRANSIT/OUT_FOR_DELIVERY"), false, "OUT_FOR_DELIVERY"},
		{"SHIPPED", of("DELIVERED", "IN_TRANSIT"), false, "IN_TRANSIT"},
		{"SHIPPED", of("DELIVERED", "DELIVERED"), false, "DELIVERED"},
		{"SHIPPED", of("DELIVERED", "CANCELLED"), false, "DELIVERED"},
		{"SHIPPED", of("CANCELLED", "PENDING/LABEL_CANCELLED"), false, "SHIPPED"},
		{"SHIPPED", of("DELIVERED", "UNDELIVERABLE/RETURNED_TO_SELLER"), false, "DELIVERED"},
		{"SHIPPED", of("DELIVERED/RETURNED_TO_SELLER"), true, "RETURNED"},
		{"SHIPPED", of("DELIVERED/REJECTED_BY_BUYER"), false, "RETURNING"},
		{"SHIPPED", of("UNDELIVERABLE"), false, "UNDELIVERABLE"},
		{"SHIPPED", of("IN_TRANSIT/DAMAGED", "DELIVERED"), false, "DAMAGED"},
		{"SHIPPED", of("IN_TRANSIT/ON_THE_MOON"), false, "IN_TRANSIT"}, // the coarse word is known
		{"SHIPPED", of("TELEPORTED/ON_THE_MOON", "DELIVERED"), false, "UNKNOWN"},
		{"SHIPPED", of(""), false, "SHIPPED"},
		{"ON_THE_MOON", nil, false, "UNKNOWN"},
		{"ON_THE_MOON", of("DELIVERED"), false, "DELIVERED"},
	} {
		if got := ordersync.DeliveryOf(ordersync.Order{Status: test.order, Packages: test.packages}, test.arrived); got != test.want {
			t.Errorf("%s with %+v: %q, want %q", test.order, test.packages, got, test.want)
		}
	}
}

// An order is late when Amazon's own time has passed and Amazon does not say that
// it is that far.
func TestDelayed(t *testing.T) {
	promise := ordersync.TimeRange{Latest: start}
	for _, test := range []struct {
		status          ordersync.DeliveryStatus
		ship, deliver   ordersync.TimeRange
		after           time.Duration
		want            ordersync.DeliveryStatus
		reading, french string
	}{
		{"PREPARING", promise, ordersync.TimeRange{}, time.Second, "DELAYED", "Late", "En retard"},
		{"PREPARING", promise, ordersync.TimeRange{}, 0, "PREPARING", "Being prepared", "En préparation"},
		{"PREPARING", ordersync.TimeRange{}, promise, time.Hour, "PREPARING", "Being prepared", "En préparation"},
		{"IN_TRANSIT", promise, ordersync.TimeRange{}, time.Hour, "IN_TRANSIT", "In transit", "En transit"},
		{"IN_TRANSIT", promise, promise, time.Hour, "DELAYED", "Late", "En retard"},
		{"OUT_FOR_DELIVERY", promise, promise, time.Hour, "DELAYED", "Late", "En retard"},
		{"SHIPPED", promise, promise, time.Hour, "SHIPPED", "Shipped", "Expédié"}, // Amazon says no more of it
		{"DELIVERED", promise, promise, time.Hour, "DELIVERED", "Delivered", "Livré"},
		{"", promise, promise, time.Hour, "", "", ""},
	} {
		got := test.status.At(start.Add(test.after), test.ship, test.deliver)
		if info := got.Info(); got != test.want || info.English != test.reading || info.French != test.french {
			t.Errorf("%s after %s: %s (%s, %s)", test.status, test.after, got, info.English, info.French)
		}
	}
}

// Every status has a row, whose words are nobody else's.
func TestStatusTablesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	once := func(kind string, words ...string) {
		for _, word := range words {
			if word == "" || seen[kind+word] {
				t.Errorf("%s %q stands twice, or is empty", kind, word)
			}
			seen[kind+word] = true
		}
	}
	for _, row := range ordersync.OrderStatuses() {
		once("order code", string(row.Code), row.English, row.French)
		once("order word", row.Amazon...)
		if row.Code.Info().English != row.English || (len(row.Amazon) == 0) != (row.When != "") {
			t.Errorf("the row %s is not whole", row.Code)
		}
	}
	for _, row := range ordersync.DeliveryStatuses() {
		once("delivery code", string(row.Code), row.English, row.French)
		once("detailed word", row.Detailed...)
		once("package word", row.Amazon...)
		if row.Code.Info().English != row.English || len(row.Amazon)+len(row.Detailed) == 0 && row.When == "" {
			t.Errorf("the row %s is not whole", row.Code)
		}
	}
	if got := ordersync.OrderStatus("FROM_A_NEWER_VERSION").Info().Code; got != ordersync.OrderUnknown {
		t.Errorf("a status of a newer version reads as %s", got)
	}
	if got := ordersync.DeliveryStatus("FROM_A_NEWER_VERSION").Info().Code; got != ordersync.DeliveryUnknown {
		t.Errorf("a delivery status of a newer version reads as %s", got)
	}
	// The words of the system before are all there still.
	for _, word := range strings.Fields("PENDING CONFIRMED SHIPPED DELIVERED CANCELLED RETURNED") {
		if !seen["order code"+word] {
			t.Errorf("the order status %s is gone", word)
		}
	}
	for _, word := range strings.Fields("PREPARING SHIPPED IN_TRANSIT OUT_FOR_DELIVERY DELIVERED DELAYED LOST") {
		if !seen["delivery code"+word] {
			t.Errorf("the delivery status %s is gone", word)
		}
	}
}

func TestFulfillmentChannel(t *testing.T) {
	for word, want := range map[string]ordersync.FulfillmentChannel{"": "", "AMAZON": "FBA", "MERCHANT": "FBM", "ROBOT": "UNKNOWN"} {
		got := ordersync.FulfillmentChannelOf(word)
		if got != want || got != ordersync.FulfilledByUnknown && got.FulfilledBy() != word {
			t.Errorf("%q is %q, and that %q", word, got, got.FulfilledBy())
		}
	}
}

func TestTimeline(t *testing.T) {
	at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
	show := func(moments []ordersync.Moment) string {
		var out []string
		for _, m := range moments {
			out = append(out, fmt.Sprintf("%s %s %s %t", m.Kind, m.At.Sub(start), m.Package, m.Seen))
		}
		return strings.Join(out, ", ")
	}
	order := ordersync.Order{CreatedAt: at(0), Packages: []ordersync.Package{{ID: "b", ShippedAt: at(5)}, {ID: "a", ShippedAt: at(3)}, {ID: "c"}}}
	for want, got := range map[string][]ordersync.Moment{
		"placed 0s  false, shipped 3h0m0s a false, shipped 5h0m0s b false, delivered 9h0m0s  true": ordersync.TimelineOf(order, at(4), at(9)),
		"placed 0s  false, shipped 4h0m0s  true":                                                   ordersync.TimelineOf(ordersync.Order{CreatedAt: at(0)}, at(4), time.Time{}),
		"placed 0s  false":                                                                         ordersync.TimelineOf(ordersync.Order{CreatedAt: at(0)}, time.Time{}, time.Time{}),
		"":                                                                                         ordersync.TimelineOf(ordersync.Order{}, time.Time{}, time.Time{}),
	} {
		if show(got) != want {
			t.Errorf("%s, want %s", show(got), want)
		}
	}
}

func TestGeneratedOrderStatusPage(t *testing.T) {
	const path = "docs/order-status.md"
	want := orderStatusPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the tables say: run make generate", path)
	}
}

// orderStatusPage is docs/order-status.md.
func orderStatusPage() string {
	var page strings.Builder
	page.WriteString("<!-- Generated from order_status.go, delivery_status.go and carrier.go by make generate; do not edit. -->\n" +
		"# Statuses of orders and carriers\n\n" +
		"Amazon's own words are always shown: `amazonStatus` of an order, `status` and `detailedStatus` of a package. Beside them stand words that do not change when Amazon's do, `orderStatus` and `deliveryStatus`. " +
		"A word of Amazon's that this version does not know makes them `UNKNOWN` and never another; where Amazon says nothing they are null.\n\n" +
		"## Order status\n\n`orderStatus` in the order of an order's life. What counts is `fulfillment.fulfillmentStatus`.\n\n" +
		"| `orderStatus` | reads | se lit | Amazon's words | or when |\n|---|---|---|---|---|\n")
	for _, row := range ordersync.OrderStatuses() {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", row.Code, row.English, row.French, coded(row.Amazon), orDash(row.When))
	}
	page.WriteString("\n## Delivery status\n\nAmazon tells of packages only for orders that the seller ships. Of several packages the one that stands first in this table speaks for the order: trouble first, then the one that is least far. " +
		"So `DELIVERED` means all of it, and `RETURNED` too. A package's detailed word counts before its coarse one; packages that are `CANCELLED` or `LABEL_CANCELLED` say nothing. " +
		"Once Amazon has said that all was delivered it stays so, also when its answers no longer list the packages.\n\n" +
		"| `deliveryStatus` | reads | se lit | Amazon's detailed words | Amazon's coarse words | or when |\n|---|---|---|---|---|---|\n")
	for _, row := range ordersync.DeliveryStatuses() {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s | %s |\n", row.Code, row.English, row.French, coded(row.Detailed), coded(row.Amazon), orDash(row.When))
	}
	page.WriteString("\nAn order that is `PENDING` or cancelled has none (null). `DELAYED` comes from the clock: it is never stored, and no change is told of it.\n\n" +
		"## Carriers\n\nSellers write the carrier's name themselves. `carrier` is Amazon's word; `carrierName` and `trackingUrl` follow this table, in which the first row that fits counts. " +
		"A carrier without a page of its own, or one that is not in the table, is followed at 17track.net; what cannot be a parcel's number has no link. Links are https only. " +
		"For orders that Amazon ships the link leads to the order's page in Seller Central.\n\n" +
		"| carrier | known by | page |\n|---|---|---|\n")
	for _, row := range ordersync.Carriers() {
		link := "17track.net"
		if row.Link != "" {
			link = strings.SplitN(row.Link, "/", 4)[2]
		}
		fmt.Fprintf(&page, "| %s | %s | %s |\n", row.Name, coded(row.Words), link)
	}
	return page.String()
}

func coded(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// The tables are handed out as copies.
func TestStatusTablesCannotBeChanged(t *testing.T) {
	ordersync.OrderStatuses()[0].Code, ordersync.DeliveryStatuses()[0].Code, ordersync.Carriers()[0].Name = "X", "X", "X"
	if ordersync.OrderStatuses()[0].Code == "X" || ordersync.DeliveryStatuses()[0].Code == "X" || ordersync.Carriers()[0].Name == "X" {
		t.Error("a caller changed a table")
	}
}
