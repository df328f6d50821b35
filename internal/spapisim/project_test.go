package spapisim_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// fullOrder is an order in which every group and every personal field is there.
func fullOrder(id string, created time.Time) spapisim.Order {
	money := &spapisim.Money{Amount: "5980", CurrencyCode: "JPY"}
	window := &spapisim.TimeRange{LatestDateTime: created.Add(48 * time.Hour)}
	return spapisim.Order{
		OrderID: id, CreatedTime: created,
		OrderAliases:     []spapisim.Alias{{AliasID: "a", AliasType: "SELLER_ORDER_ID"}},
		Programs:         []string{"PRIME"},
		AssociatedOrders: []spapisim.AssociatedOrder{},
		SalesChannel:     spapisim.SalesChannel{ChannelName: "AMAZON", MarketplaceID: germany, MarketplaceName: "Amazon.de"},
		Buyer:            &spapisim.Buyer{BuyerName: "Ada", BuyerEmail: "a@b", BuyerCompanyName: "C"},
		Recipient: &spapisim.Recipient{DeliveryAddress: &spapisim.CustomerAddress{
			Name: "Ada", AddressLine1: "1", AddressLine2: "2", AddressLine3: "3", City: "Köln", PostalCode: "50667", CountryCode: "DE", Phone: "5",
			ExtendedFields: &spapisim.ExtendedFields{StreetName: "S"}, AddressType: "RESIDENTIAL",
		}},
		Proceeds:    &spapisim.OrderProceeds{GrandTotal: money},
		Payment:     &spapisim.OrderPayment{PaymentExecutions: []spapisim.PaymentExecution{{PaymentMethod: "P"}}},
		Tax:         &spapisim.OrderTax{TaxInvoicing: &spapisim.TaxInvoicing{InvoiceStatus: "ACCEPTED"}},
		Fulfillment: &spapisim.OrderFulfillment{FulfillmentStatus: "UNSHIPPED", FulfilledBy: "MERCHANT", DeliverByWindow: window},
		OrderItems: []spapisim.OrderItem{{
			OrderItemID: "1", QuantityOrdered: 1, Measurement: &spapisim.Measurement{Unit: "COUNT", Value: 1.5},
			AssociatedOrderItems: []spapisim.AssociatedItem{{OrderID: "x"}}, Programs: []string{"TRANSPARENCY"},
			Product:      spapisim.Product{ASIN: "B", Customization: &spapisim.Customization{CustomizedURL: "https://c"}},
			Proceeds:     &spapisim.ItemProceeds{ProceedsTotal: money},
			Expense:      &spapisim.ItemExpense{},
			Promotion:    &spapisim.ItemPromotion{},
			Cancellation: &spapisim.ItemCancellation{},
			Fulfillment: &spapisim.ItemFulfillment{QuantityUnfulfilled: 1, Packing: &spapisim.Packing{
				GiftOption: &spapisim.GiftOption{GiftMessage: "hi", GiftWrapLevel: "P"},
			}},
			Tax: &spapisim.ItemTax{},
		}},
		Packages:          []spapisim.OrderPackage{{PackageReferenceID: "1"}},
		FulfillmentOrders: []spapisim.FulfillmentOrder{{FulfillmentOrderID: "1"}},
	}
}

// TestProjection: what each includedData value adds, to the field.
func TestProjection(t *testing.T) {
	b := setup(t)
	b.must(b.sim.AddOrders(b.seller.Key, spapisim.Placed{Order: fullOrder("1", start.Add(-time.Hour))}))
	order := []string{"orderId", "orderAliases", "createdTime", "lastUpdatedTime", "programs", "associatedOrders", "salesChannel", "orderItems"}
	item := []string{"orderItemId", "quantityOrdered", "measurement", "programs", "associatedOrderItems", "product"}
	for _, c := range []struct {
		included    string
		order, item []string
	}{
		{"", nil, nil},
		{"BUYER", []string{"buyer"}, nil},
		{"RECIPIENT", []string{"recipient"}, nil},
		{"PROCEEDS", []string{"proceeds"}, []string{"proceeds"}},
		{"EXPENSE", nil, []string{"expense"}},
		{"PROMOTION", nil, []string{"promotion"}},
		{"CANCELLATION", nil, []string{"cancellation"}},
		{"FULFILLMENT", []string{"fulfillment"}, []string{"fulfillment"}},
		{"PACKAGES", []string{"packages"}, nil},
		{"TAX", []string{"tax"}, []string{"tax"}},
		{"PAYMENT", []string{"payment"}, nil},
		{"FULFILLMENT_ORDERS", []string{"fulfillmentOrders"}, nil},
		{"TAX,BUYER", []string{"tax", "buyer"}, []string{"tax"}},
	} {
		var query []string
		if c.included != "" {
			query = []string{"includedData", c.included}
		}
		found := b.page(append(query, "createdAfter", ago(2*time.Hour))...).Orders
		var got struct{ Order map[string]any }
		b.must(json.Unmarshal(b.get(searchPath+"/1", query...).body, &got))
		for _, o := range []map[string]any{found[0], got.Order} {
			wantKeys(t, c.included, o, append(slices.Clone(order), c.order...))
			wantKeys(t, c.included+" item", o["orderItems"].([]any)[0].(map[string]any), append(slices.Clone(item), c.item...))
		}
	}
}

func wantKeys(t testing.TB, name string, got map[string]any, want []string) {
	t.Helper()
	slices.Sort(want)
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, want) {
		t.Errorf("%s: %q instead of %q", name, keys, want)
	}
}

// TestPersonalData: which fields which roles open, for which orders.
func TestPersonalData(t *testing.T) {
	const nothing = ""
	for _, c := range []struct {
		name   string
		roles  []spapisim.Role
		change func(*spapisim.Order)
		want   string // open fields
	}{
		{"no restricted role", []spapisim.Role{spapisim.RoleInventory}, nil, nothing},
		{"direct shipping", []spapisim.Role{spapisim.RoleDirectShipping}, nil, "address custom email gift name phone"},
		{"direct shipping, Amazon fulfils", []spapisim.Role{spapisim.RoleDirectShipping}, func(o *spapisim.Order) { o.Fulfillment.FulfilledBy = "AMAZON" }, "address custom gift"},
		{"direct shipping, pending", []spapisim.Role{spapisim.RoleDirectShipping}, func(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "PENDING" }, "address custom gift phone"},
		{"direct shipping, shipped", []spapisim.Role{spapisim.RoleDirectShipping}, func(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "SHIPPED" }, "address custom email gift name phone"},
		{"direct shipping, shipped and past delivery", []spapisim.Role{spapisim.RoleDirectShipping}, func(o *spapisim.Order) {
			o.Fulfillment.FulfillmentStatus = "SHIPPED"
			o.Fulfillment.DeliverByWindow.LatestDateTime = start.Add(-time.Minute)
		}, "address custom email gift name"},
		{"tax", []spapisim.Role{spapisim.RoleTaxInvoicing}, nil, "custom gift name"},
		{"tax, Amazon fulfils", []spapisim.Role{spapisim.RoleTaxRemittance}, func(o *spapisim.Order) { o.Fulfillment.FulfilledBy = "AMAZON" }, "custom gift name"},
		{"tax, cancelled", []spapisim.Role{spapisim.RoleTaxInvoicing}, func(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "CANCELLED" }, "custom gift"},
		{"tax in Japan", []spapisim.Role{spapisim.RoleTaxInvoicing}, func(o *spapisim.Order) { o.SalesChannel.MarketplaceID = japan }, "custom gift"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.must(b.sim.SetApplicationRoles(b.app.ClientID, append(c.roles, spapisim.RolePricing)...))
			_, err := b.sim.Authorize(b.app.ClientID, b.seller.Key)
			b.must(err)
			o := fullOrder("1", start.Add(-time.Hour))
			if c.change != nil {
				c.change(&o)
			}
			b.must(b.sim.AddOrders(b.seller.Key, spapisim.Placed{Order: o}))
			r := b.get(searchPath+"/1", "includedData", everything)
			wantAnswer(t, r, 200, searchPath+"/{orderId}")
			if got := openFields(string(r.body)); got != c.want {
				t.Errorf("open: %q instead of %q\n%s", got, c.want, r.body)
			}
			for _, stays := range []string{`"city":"Köln"`, `"countryCode":"DE"`, `"buyerCompanyName":"C"`, `"giftWrapLevel":"P"`} {
				if !strings.Contains(string(r.body), stays) {
					t.Errorf("%s is gone", stays)
				}
			}
		})
	}
}

// openFields names the personal rules that an answer shows.
func openFields(body string) string {
	var open []string
	for _, rule := range []struct{ name, fields string }{
		{"address", `"name" "addressLine1" "addressLine2" "addressLine3" "postalCode" "extendedFields"`},
		{"custom", `"customizedUrl"`}, {"email", `"buyerEmail"`}, {"gift", `"giftMessage"`}, {"name", `"buyerName"`}, {"phone", `"phone"`},
	} {
		n := 0
		fields := strings.Fields(rule.fields)
		for _, f := range fields {
			if strings.Contains(body, f+":") {
				n++
			}
		}
		switch n {
		case len(fields):
			open = append(open, rule.name)
		case 0:
		default:
			open = append(open, rule.name+" in part")
		}
	}
	return strings.Join(open, " ")
}

func TestPersonalRefused(t *testing.T) {
	for _, c := range []struct {
		role                     spapisim.Role
		buyer, recipient, others int
	}{
		{spapisim.RoleInventory, 403, 403, 200},
		{spapisim.RoleTaxInvoicing, 200, 403, 200},
		{spapisim.RoleDirectShipping, 200, 200, 200},
	} {
		b := setup(t)
		b.add("1", start.Add(-time.Hour))
		b.must(b.sim.SetApplicationRoles(b.app.ClientID, c.role))
		_, err := b.sim.Authorize(b.app.ClientID, b.seller.Key)
		b.must(err)
		b.switches(func(sw *spapisim.Switches) { sw.PersonalRefused = true })
		for included, status := range map[string]int{"FULFILLMENT,BUYER": c.buyer, "RECIPIENT": c.recipient, "FULFILLMENT,TAX": c.others} {
			r := b.get(searchPath, "createdAfter", ago(2*time.Hour), "includedData", included)
			wantAnswer(t, r, status, searchPath)
			if r := b.get(searchPath+"/1", "includedData", included); r.status != status {
				t.Errorf("%s %s: getOrder %d", c.role, included, r.status)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour+123456789*time.Nanosecond))
	for seconds, want := range map[bool]string{false: `"createdTime":"2026-11-23T09:00:00.123Z"`, true: `"createdTime":"2026-11-23T09:00:00Z"`} {
		b.switches(func(sw *spapisim.Switches) { sw.Seconds = seconds })
		if r := b.get(searchPath + "/1"); !strings.Contains(string(r.body), want) {
			t.Errorf("%s", r.body)
		}
	}
}

func TestUnknownFields(t *testing.T) {
	b := setup(t)
	b.generate(3)
	b.switches(func(sw *spapisim.Switches) { sw.UnknownFields = true })
	p := b.page("createdAfter", ago(48*time.Hour))
	if p.Orders[0]["orderScore"] == nil || p.Orders[0]["orderItems"].([]any)[0].(map[string]any)["itemScore"] == nil {
		t.Errorf("%v", p.Orders[0])
	}
}

func TestDamages(t *testing.T) {
	for name, want := range map[string]string{
		"quantity-text": `"quantityOrdered":"two"`, "updated-time": `"lastUpdatedTime":"yesterday"`, "null-windows": `"shipByWindow":null`,
		"unknown-status": `"fulfillmentStatus":"IN_ORBIT"`, "empty-items": `"orderItems":[]`, "number-money": `"amount":12.3`,
	} {
		if got := damaged(t, name); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, gone := range map[string]string{"no-items": `"orderItems"`, "no-id": `"orderId":"1"`} {
		if got := damaged(t, name); strings.Contains(got, gone) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := spapisim.NamedDamage("scratch"); err == nil {
		t.Error("a damage that does not exist")
	}
}

func damaged(t testing.TB, name string) string {
	b := setup(t)
	damage, err := spapisim.NamedDamage(name)
	b.must(err)
	b.must(b.sim.AddOrders(b.seller.Key, spapisim.Placed{Order: fullOrder("1", start.Add(-time.Hour)), Damage: damage}))
	r := b.get(searchPath+"/1", "includedData", everything)
	var any map[string]any
	if err := json.Unmarshal(r.body, &any); r.status != 200 || err != nil {
		t.Fatalf("%s: %d %v %s", name, r.status, err, r.body)
	}
	return string(r.body)
}

func TestHardTexts(t *testing.T) {
	b := setup(t)
	b.add("1", start.Add(-time.Hour), func(p *spapisim.Placed) {
		p.Order.OrderAliases = []spapisim.Alias{{AliasID: "a\x00b \xed\xa0\xbd|\xed\xb8\x80 \xff \"\\\n日本🦊\u2028", AliasType: "SELLER_ORDER_ID"}}
	})
	want := `"aliasId":"a\u0000b \ud83d|\ude00 ` + "\ufffd" + ` \"\\\u000a日本🦊` + "\u2028" + `"`
	r := b.get(searchPath + "/1")
	if !strings.Contains(string(r.body), want) || !json.Valid(r.body) {
		t.Errorf("%s", r.body)
	}
	b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "1"}))
	if again := b.get(searchPath + "/1"); !strings.Contains(string(again.body), want) {
		t.Errorf("a change lost the text: %s", again.body)
	}
	truth, _ := b.sim.Order(b.seller.Key, "1")
	text, err := json.Marshal(truth)
	b.must(err)
	if !strings.Contains(string(text), `\u0000b \ud83d|\ude00`) {
		t.Errorf("the truth lost the text: %s", text)
	}
}
