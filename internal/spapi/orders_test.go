package spapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
)

// readOne reads a page of one order that must be readable.
func readOne(t testing.TB, body []byte, groups ordersync.Groups, personal bool) ordersync.Order {
	t.Helper()
	page, err := testReader.page(body, groups, personal)
	if err != nil || len(page.Orders) != 1 || len(page.Unreadable) != 0 {
		for _, bad := range page.Unreadable {
			t.Errorf("unreadable: %s: %s", bad.Cause, bad.Body)
		}
		t.Fatalf("page of %d orders, error %v", len(page.Orders), err)
	}
	return page.Orders[0]
}

func TestEveryExampleOfTheModelDecodes(t *testing.T) {
	t.Parallel()
	for name, body := range modelAnswers(t) {
		if strings.HasPrefix(name, "searchOrders") {
			page, err := testReader.page(body, allGroups, true)
			if err != nil || len(page.Orders) == 0 || len(page.Unreadable) != 0 {
				t.Errorf("%s: %d orders, unreadable %+v, error %v", name, len(page.Orders), page.Unreadable, err)
			}
			continue
		}
		order, unreadable, err := testReader.order(body, allGroups, true)
		if err != nil || unreadable != nil || order.ID == "" || len(order.Items) == 0 {
			t.Errorf("%s: %+v, unreadable %+v, error %v", name, order, unreadable, err)
		}
	}
}

// fullOrder has every field that is adapted.
const fullOrder = `{
 "orderId":"250-1234567-8901234",
 "orderAliases":[{"aliasId":"MY-7","aliasType":"SELLER_ORDER_ID"}],
 "createdTime":"2026-11-23T10:00:00+01:00","lastUpdatedTime":"2026-11-23T09:30:00.123Z",
 "programs":["PRIME","PREMIUM"],
 "associatedOrders":[{"orderId":"250-0","associationType":"REPLACEMENT_ORIGINAL_ID"}],
 "salesChannel":{"channelName":"AMAZON","marketplaceId":"A1VC38T7YXB528","marketplaceName":"Amazon.co.jp"},
 "buyer":{"buyerName":"P-NAME","buyerEmail":"P-EMAIL","buyerCompanyName":"P-COMPANY","buyerPurchaseOrderNumber":"P-PO"},
 "recipient":{
  "deliveryAddress":{"name":"P-RNAME","addressLine1":"P-LINE","city":"Tokyo","countryCode":"JP","postalCode":"P-ZIP","phone":"P-PHONE","extendedFields":{"streetName":"P-STREET"}},
  "deliveryPreference":{"dropOffLocation":"P-DROP"}},
 "proceeds":{"grandTotal":{"amount":"5980","currencyCode":"JPY"},"breakdowns":[{"type":"ITEM","subtotal":{"amount":"5980","currencyCode":"JPY"}}]},
 "tax":{"taxRegistrations":[{"entityType":"BUYER","legalName":"P-LEGAL","taxRegistrationNumber":"P-TAXNO"}],"taxInvoicing":{"invoiceStatus":"ACCEPTED"}},
 "fulfillment":{"fulfillmentStatus":"UNSHIPPED","fulfilledBy":"MERCHANT","fulfillmentServiceLevel":"STANDARD",
  "shipByWindow":{"earliestDateTime":"2026-11-24T00:00:00Z","latestDateTime":"2026-11-25T00:00:00Z"},
  "deliverByWindow":{"latestDateTime":"2026-11-28T00:00:00Z"}},
 "orderItems":[
  {"orderItemId":"11","quantityOrdered":2,
   "product":{"asin":"B000","title":"Tea \"green\" \u00e9","sellerSku":"SKU-1","price":{"unitPrice":{"amount":2990,"currencyCode":"JPY"}},"customization":{"customizedUrl":"P-URL"}},
   "proceeds":{"proceedsTotal":{"amount":"5980","currencyCode":"JPY"}},
   "expense":{"pointsCost":{"pointsGranted":{"pointsNumber":3}}},
   "promotion":{"breakdowns":[{"promotionId":"PR"}]},
   "cancellation":{"cancellationRequest":{"requester":"BUYER"}},
   "fulfillment":{"quantityFulfilled":1,"quantityUnfulfilled":1,"packing":{"giftOption":{"giftMessage":"P-GIFT","giftWrapLevel":"GOLD"}}}},
  {"orderItemId":"12","quantityOrdered":1}],
 "packages":[{"packageReferenceId":"1","createdTime":"2026-11-23T11:00:00Z","shipTime":"2026-11-23T12:00:00Z",
  "packageStatus":{"status":"SHIPPED","detailedStatus":"PICKED_UP"},"carrier":"YAMATO","shippingService":"STD","trackingNumber":"T1",
  "shipFromAddress":{"name":"P-FROM","addressLine1":"P-FROMLINE","city":"Osaka","postalCode":"P-FROMZIP"},
  "packageItems":[{"orderItemId":"11","quantity":1,"transparencyCodes":["c"]}]}],
 "futureField":{"secret":"P-UNKNOWN"}
}`

func fullPage() []byte { return []byte(`{"orders":[` + fullOrder + `]}`) }

func TestEveryTypedField(t *testing.T) {
	t.Parallel()
	got := readOne(t, fullPage(), allGroups, false)
	one := int64(1)
	want := ordersync.Order{
		ID: "250-1234567-8901234", SellerOrderID: "MY-7",
		CreatedAt:     mustTime(t, "2026-11-23T09:00:00Z"),
		LastUpdatedAt: mustTime(t, "2026-11-23T09:30:00.123Z"),
		Channel:       "AMAZON", MarketplaceID: "A1VC38T7YXB528", MarketplaceName: "Amazon.co.jp",
		Programs: []string{"PRIME", "PREMIUM"},
		Status:   "UNSHIPPED", FulfilledBy: "MERCHANT", ServiceLevel: "STANDARD",
		ShipBy:    ordersync.TimeRange{Earliest: mustTime(t, "2026-11-24T00:00:00Z"), Latest: mustTime(t, "2026-11-25T00:00:00Z")},
		DeliverBy: ordersync.TimeRange{Latest: mustTime(t, "2026-11-28T00:00:00Z")},
		Total:     &ordersync.Money{Amount: "5980", Currency: "JPY"},
		Items: []ordersync.Item{
			{
				ID: "11", ASIN: "B000", SKU: "SKU-1", Title: `Tea "green" é`, Quantity: 2,
				UnitPrice:         &ordersync.Money{Amount: "2990", Currency: "JPY"},
				QuantityFulfilled: &one,
				Total:             &ordersync.Money{Amount: "5980", Currency: "JPY"},
			},
			{ID: "12", Quantity: 1},
		},
		Packages: []ordersync.Package{{
			ID: "1", Status: "SHIPPED", DetailedStatus: "PICKED_UP", Carrier: "YAMATO", ShippingService: "STD", TrackingNumber: "T1",
			CreatedAt: mustTime(t, "2026-11-23T11:00:00Z"), ShippedAt: mustTime(t, "2026-11-23T12:00:00Z"),
			Items: []ordersync.PackageItem{{OrderItemID: "11", Quantity: 1}},
		}},
		Groups: allGroups,
	}
	got.Digests, got.Raw, got.Personal = [ordersync.GroupCount]uint64{}, nil, nil
	g, _ := json.MarshalIndent(got, "", " ")
	w, _ := json.MarshalIndent(want, "", " ")
	if !bytes.Equal(g, w) {
		t.Errorf("got %s\nwant %s", g, w)
	}
}

func TestFirstExampleOfTheModel(t *testing.T) {
	t.Parallel()
	order, unreadable, err := testReader.order(modelAnswers(t)["getOrder/sandbox0"], allGroups, true)
	if err != nil || unreadable != nil {
		t.Fatal(err, unreadable)
	}
	if order.ID != "171-9876543-2109876" || order.Total == nil || order.Status == "" || order.MarketplaceID == "" ||
		order.CreatedAt.IsZero() || order.LastUpdatedAt.IsZero() || order.Items[0].Title == "" || order.Items[0].UnitPrice == nil {
		t.Errorf("fields are missing: %+v", order)
	}
}

func TestPersonalFieldsAreReduced(t *testing.T) {
	t.Parallel()
	order := readOne(t, fullPage(), allGroups, false)
	if order.Personal != nil {
		t.Error("personal fields were kept")
	}
	if bytes.Contains(order.Raw, []byte("P-")) {
		t.Errorf("raw holds a personal value: %s", order.Raw)
	}
	var raw struct {
		Reduced   []struct{ Path, Type string } `json:"$reduced"`
		Recipient struct {
			DeliveryAddress struct{ City, CountryCode string }
		}
		OrderItems []struct {
			Product struct {
				Price struct{ UnitPrice struct{ Amount json.Number } }
			}
		}
	}
	if err := json.Unmarshal(order.Raw, &raw); err != nil {
		t.Fatalf("%v: %s", err, order.Raw)
	}
	if raw.Recipient.DeliveryAddress.City != "Tokyo" || raw.OrderItems[0].Product.Price.UnitPrice.Amount != "2990" {
		t.Errorf("raw lacks fields that are not personal: %s", order.Raw)
	}
	if !bytes.Contains(order.Raw, []byte(`"title":"Tea \"green\" \u00e9"`)) {
		t.Errorf("raw does not keep the spelling: %s", order.Raw)
	}
	var got []string
	for _, r := range raw.Reduced {
		got = append(got, r.Path+" "+r.Type)
	}
	want := []string{
		"buyer.buyerCompanyName string", "buyer.buyerEmail string", "buyer.buyerName string", "buyer.buyerPurchaseOrderNumber string",
		"futureField object",
		"orderItems[].fulfillment.packing.giftOption.giftMessage string",
		"orderItems[].product.customization.customizedUrl string",
		"packages[].shipFromAddress.addressLine1 string", "packages[].shipFromAddress.name string", "packages[].shipFromAddress.postalCode string",
		"recipient.deliveryAddress.addressLine1 string", "recipient.deliveryAddress.extendedFields object", "recipient.deliveryAddress.name string",
		"recipient.deliveryAddress.phone string", "recipient.deliveryAddress.postalCode string", "recipient.deliveryPreference object",
		"tax.taxRegistrations[].legalName string", "tax.taxRegistrations[].taxRegistrationNumber string",
	}
	if !slices.Equal(got, want) {
		t.Errorf("reduced:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPersonalFieldsAreKeptApart(t *testing.T) {
	t.Parallel()
	order := readOne(t, fullPage(), allGroups, true)
	if bytes.Contains(order.Raw, []byte("P-")) || bytes.Contains(order.Raw, []byte("$reduced")) {
		t.Errorf("raw: %s", order.Raw)
	}
	want := map[ordersync.Groups]string{
		ordersync.GroupCore:        `{"orderItems":[{"product":{"customization":{"customizedUrl":"P-URL"}},"orderItemId":"11"},{}],"futureField":{"secret":"P-UNKNOWN"}}`,
		ordersync.GroupBuyer:       `{"buyer":{"buyerName":"P-NAME","buyerEmail":"P-EMAIL","buyerCompanyName":"P-COMPANY","buyerPurchaseOrderNumber":"P-PO"}}`,
		ordersync.GroupRecipient:   `{"recipient":{"deliveryAddress":{"name":"P-RNAME","addressLine1":"P-LINE","postalCode":"P-ZIP","phone":"P-PHONE","extendedFields":{"streetName":"P-STREET"}},"deliveryPreference":{"dropOffLocation":"P-DROP"}}}`,
		ordersync.GroupTax:         `{"tax":{"taxRegistrations":[{"legalName":"P-LEGAL","taxRegistrationNumber":"P-TAXNO"}]}}`,
		ordersync.GroupFulfillment: `{"orderItems":[{"fulfillment":{"packing":{"giftOption":{"giftMessage":"P-GIFT"}}},"orderItemId":"11"},{}]}`,
		ordersync.GroupPackages:    `{"packages":[{"shipFromAddress":{"name":"P-FROM","addressLine1":"P-FROMLINE","postalCode":"P-FROMZIP"},"packageReferenceId":"1"}]}`,
	}
	for group, json := range want {
		if string(order.Personal[group]) != json {
			t.Errorf("%s: %s\nwant %s", group, order.Personal[group], json)
		}
	}
	if len(order.Personal) != len(want) {
		t.Errorf("personal fields of %d groups, want %d", len(order.Personal), len(want))
	}
}

func TestArraysKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	item := func(id, gift string) string {
		return fmt.Sprintf(`{"orderItemId":%q,"quantityOrdered":1%s}`, id, gift)
	}
	gift := `,"fulfillment":{"packing":{"giftOption":{"giftMessage":"hi"}}}`
	order := readOne(t, smallPage(`"orderItems":[`+item("1", "")+","+item("2", gift)+","+item("3", "")+`],"associatedOrders":[{},"x",{}]`), allGroups, true)
	want := `{"orderItems":[{},{"fulfillment":{"packing":{"giftOption":{"giftMessage":"hi"}}},"orderItemId":"2"},{}]}`
	if got := string(order.Personal[ordersync.GroupFulfillment]); got != want {
		t.Errorf("personal %s\nwant %s", got, want)
	}
	if got := string(order.Personal[ordersync.GroupCore]); got != `{"associatedOrders":[{},"x",{}]}` {
		t.Errorf("personal %s", got)
	}
}

// smallPage is a page of one order; its fields come after the required ones
// and without orderItems when they name them themselves.
func smallPage(fields string) []byte {
	order := `{"orderId":"1","createdTime":"2026-01-02T03:04:05Z","lastUpdatedTime":"2026-01-02T03:04:06Z","salesChannel":{"channelName":"AMAZON"}`
	if !strings.Contains(fields, `"orderItems"`) {
		order += `,"orderItems":[]`
	}
	if fields != "" {
		order += "," + fields
	}
	return []byte(`{"orders":[` + order + `}]}`)
}

func TestPagination(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"orders":[]}`:                                                    "",
		`{"orders":[],"pagination":null}`:                                  "",
		`{"orders":[],"pagination":{}}`:                                    "",
		`{"orders":[],"pagination":{"nextToken":null}}`:                    "",
		`{"orders":[],"pagination":{"nextToken":""}}`:                      "",
		`{"pagination":{"x":[1],"nextToken":"a+b/c="},"orders":[],"y":{}}`: "a+b/c=",
	} {
		page, err := testReader.page([]byte(body), allGroups, true)
		if err != nil || page.NextToken != want || page.Digest != 0 {
			t.Errorf("%s: %+v, error %v", body, page, err)
		}
	}
}

func TestEchoedBound(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]time.Time{
		`{"orders":[],"lastUpdatedBefore":"2026-11-23T10:00:00Z"}`: mustTime(t, "2026-11-23T10:00:00Z"),
		`{"orders":[],"lastUpdatedBefore":"soon"}`:                 {},
		`{"orders":[],"lastUpdatedBefore":{"a":1}}`:                {},
		`{"orders":[],"lastUpdatedBefore":null}`:                   {},
		`{"orders":[],"createdBefore":"2026-11-23T10:00:00Z"}`:     {},
	} {
		page, err := testReader.page([]byte(body), allGroups, true)
		if err != nil || !page.UpperBound.Equal(want) {
			t.Errorf("%s: %v, error %v", body, page.UpperBound, err)
		}
	}
}

func TestGroupsNotAskedForMeanNothing(t *testing.T) {
	t.Parallel()
	order := readOne(t, fullPage(), ordersync.GroupCore|ordersync.GroupProceeds, true)
	if order.Status != "" || order.Packages != nil || order.Items[0].QuantityFulfilled != nil || order.Total == nil {
		t.Errorf("%+v", order)
	}
	for bit, digest := range order.Digests {
		asked := (ordersync.GroupCore | ordersync.GroupProceeds).Has(1 << bit)
		if asked != (digest != 0) {
			t.Errorf("group %s has digest %d", ordersync.Groups(1<<bit), digest)
		}
	}
	if order.Personal[ordersync.GroupBuyer] != nil || bytes.Contains(order.Raw, []byte("UNSHIPPED")) {
		t.Error("a group that was not asked for was kept")
	}
}
