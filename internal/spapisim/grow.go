package spapisim

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// grow makes the whole order of a recipe. Everything random is drawn in the
// same order whatever the stage, so that an order keeps its items, buyer and
// prices through its life.
func (r recipe) grow() *Order {
	g := &grower{recipe: r, rng: rand.New(rand.NewPCG(r.seed, 1))}
	g.m, _ = marketByID(r.market)
	if g.m.id == "" {
		g.m = market{id: r.market, country: "US", currency: "USD", domain: "www.amazon.com", decimals: 2}
	}
	o := &Order{
		OrderID: r.id, CreatedTime: r.created, LastUpdatedTime: r.updated,
		SalesChannel: SalesChannel{ChannelName: "AMAZON", MarketplaceID: r.market, MarketplaceName: g.m.name()},
		OrderItems:   make([]OrderItem, 0, r.items),
	}
	// Amazon sometimes shows prices of pending orders, mostly not.
	g.priced = g.rng.IntN(3) == 0 || r.stage >= stagePayable && r.stage != stageUnfulfillable
	g.people(o)
	g.fulfillment(o)
	for i := range r.items {
		g.item(o, i)
	}
	g.totals(o)
	g.packages(o)
	g.specials(o)
	if r.odd {
		g.oddities(o)
	}
	if r.unknown {
		unknownValues(o)
	}
	return o
}

// grower is one run of grow.
type grower struct {
	recipe
	rng    *rand.Rand
	m      market
	priced bool
	items  int // minor units of the goods
	tax    int
	off    int
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// digits draws n decimal digits.
func digits(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rng.IntN(10))
	}
	return string(b)
}

// money writes minor units of a two-decimal currency in the order's own: 5499
// is 54.99 EUR and 5499 JPY.
func (g *grower) money(minor int) *Money {
	amount := strconv.Itoa(minor)
	if g.m.decimals == 2 {
		for len(amount) < 3 {
			amount = "0" + amount
		}
		point := len(amount) - 2
		amount = amount[:point] + "." + amount[point:]
	}
	return &Money{Amount: amount, CurrencyCode: g.m.currency}
}

// people draws buyer and recipient. All fields are there; what a caller sees is
// decided by project.go.
func (g *grower) people(o *Order) {
	name := pick(g.rng, people)
	places := cities[g.m.country]
	if places == nil {
		places = otherCity
	}
	town := pick(g.rng, places)
	o.Buyer = &Buyer{
		BuyerName:  name,
		BuyerEmail: strings.ToLower(opaque(g.rng, 14)) + "@marketplace" + strings.TrimPrefix(g.m.domain, "www"),
	}
	address := &CustomerAddress{
		Name: name, AddressLine1: strconv.Itoa(1+g.rng.IntN(180)) + " " + town.street,
		City: town.name, StateOrRegion: town.region, PostalCode: town.postal, CountryCode: g.m.country,
		Phone: "+00 555 " + digits(g.rng, 7), AddressType: pick(g.rng, []string{"RESIDENTIAL", "RESIDENTIAL", "COMMERCIAL", "PICKUP_POINT"}),
	}
	if g.m.country == "BR" {
		address.ExtendedFields = &ExtendedFields{StreetName: town.street, StreetNumber: "77", Neighborhood: "Centro"}
	}
	o.Recipient = &Recipient{DeliveryAddress: address}
	if g.rng.IntN(10) == 0 {
		o.Buyer.BuyerCompanyName, o.Buyer.BuyerPurchaseOrderNumber = "Thornfield & Söhne", "PO-"+digits(g.rng, 6)
		o.Programs = append(o.Programs, "AMAZON_BUSINESS")
		address.CompanyName = o.Buyer.BuyerCompanyName
	}
	if g.rng.IntN(12) == 0 {
		o.Recipient.DeliveryPreference = &DeliveryPreference{
			DropOffLocation: "Front desk", AddressInstruction: "Ring twice",
			DeliveryTime: &DeliveryTime{BusinessHours: []BusinessHour{{DayOfWeek: "MON", TimeWindows: []TimeWindow{
				{StartTime: HourMinute{9, 0}, EndTime: HourMinute{17, 30}},
			}}}},
			DeliveryCapabilities: []string{"HAS_ACCESS_POINT"},
		}
	}
}

func (g *grower) fulfillment(o *Order) {
	day := g.created.Truncate(24 * time.Hour)
	f := &OrderFulfillment{
		FulfillmentStatus: stageStatus[g.stage], FulfilledBy: g.by(),
		FulfillmentServiceLevel: pick(g.rng, []string{"STANDARD", "STANDARD", "EXPEDITED", "NEXT_DAY", "SECOND_DAY", "FREE_ECONOMY"}),
	}
	ship := &TimeRange{EarliestDateTime: day.AddDate(0, 0, 1), LatestDateTime: day.AddDate(0, 0, 3).Add(-time.Second)}
	deliver := &TimeRange{EarliestDateTime: day.AddDate(0, 0, 3), LatestDateTime: day.AddDate(0, 0, 7).Add(-time.Second)}
	switch g.rng.IntN(20) {
	case 0:
		ship.EarliestDateTime = time.Time{}
	case 1:
		deliver = nil
	}
	if g.stage != stagePreorder {
		f.ShipByWindow, f.DeliverByWindow = ship, deliver
	}
	if !g.merchant && !g.nonAmazon && g.rng.IntN(2) == 0 {
		o.Programs = append(o.Programs, "PRIME")
	}
	if g.stage == stagePreorder {
		o.Programs = append(o.Programs, "PREORDER")
	}
	o.Fulfillment = f
}

// shipped is how many of an item's quantity have gone.
func (g *grower) shipped(i, quantity int) int {
	switch {
	case g.stage == stageShipped, g.stage == stageDelivered, g.stage == stagePartly && i == 0:
		return quantity
	}
	return 0
}

func (g *grower) item(o *Order, i int) {
	what := pick(g.rng, goods)
	quantity := []int{1, 1, 1, 1, 2, 3}[g.rng.IntN(6)]
	discounted, gift, serials := g.rng.IntN(8) == 0, g.rng.IntN(15) == 0, g.rng.IntN(20) == 0
	it := OrderItem{
		OrderItemID: fmt.Sprintf("%s%04d", digits(g.rng, 10), i), QuantityOrdered: quantity,
		Product: Product{
			ASIN: what.asin, Title: what.title, SellerSKU: what.sku,
			Condition: &Condition{ConditionType: "NEW", ConditionSubtype: "NEW"},
		},
		Fulfillment: &ItemFulfillment{QuantityFulfilled: g.shipped(i, quantity)},
	}
	it.Fulfillment.QuantityUnfulfilled = quantity - it.Fulfillment.QuantityFulfilled
	if g.stage == stageCancelled {
		it.Fulfillment.QuantityUnfulfilled = 0
		it.Cancellation = &ItemCancellation{
			CancellationExecution: &CancellationExecution{CancelledBy: "BUYER", CancelReason: cancelReasons[i%len(cancelReasons)]},
		}
	}
	if serials {
		it.Product.SerialNumbers = []string{"SN" + digits(g.rng, 9)}
		it.Programs = []string{"TRANSPARENCY"}
	}
	if gift {
		it.Fulfillment.Packing = &Packing{GiftOption: &GiftOption{GiftMessage: pick(g.rng, giftMessages), GiftWrapLevel: "PREMIUM"}}
		it.Product.Customization = &Customization{CustomizedURL: "https://customisation.invalid/" + opaque(g.rng, 20)}
	}
	if g.priced {
		g.price(&it, what, quantity, discounted)
	}
	o.OrderItems = append(o.OrderItems, it)
}

// price fills in what an item costs. Where prices include tax (Europe, Japan)
// there is no TAX row.
func (g *grower) price(it *OrderItem, what good, quantity int, discounted bool) {
	line, off, tax := what.price*quantity, 0, 0
	it.Product.Price = &Price{UnitPrice: g.money(what.price)}
	rows := []ItemBreakdown{{Type: "ITEM", Subtotal: *g.money(line)}}
	if discounted {
		off = line / 10
		rows = append(rows, ItemBreakdown{Type: "DISCOUNT", Subtotal: *g.money(off)})
		it.Promotion = &ItemPromotion{Breakdowns: []PromotionBreakdown{{PromotionID: "SIM-TENTH-OFF"}}}
	}
	if g.m.country == "US" || g.m.country == "CA" {
		tax = (line - off) * 8 / 100
		rows = append(rows, ItemBreakdown{Type: "TAX", Subtotal: *g.money(tax),
			DetailedBreakdowns: []DetailedBreakdown{{Subtype: "ITEM", Value: g.money(tax)}}})
		it.Tax = &ItemTax{TaxCollections: []TaxCollection{{Model: "MARKETPLACE_FACILITATOR", ResponsibleParty: "Amazon Services, Inc."}}}
	}
	if g.m.country == "JP" {
		points := line / 100
		it.Expense = &ItemExpense{PointsCost: &PointsCost{PointsGranted: &PointsGranted{PointsNumber: points, PointsMonetaryValue: g.money(points)}}}
	}
	it.Proceeds = &ItemProceeds{ProceedsTotal: g.money(line - off + tax), Breakdowns: rows}
	g.items, g.off, g.tax = g.items+line, g.off+off, g.tax+tax
}

func (g *grower) totals(o *Order) {
	shipping := []int{0, 0, 0, 499, 399}[g.rng.IntN(5)]
	if !g.priced {
		return
	}
	rows := []OrderBreakdown{{Type: "ITEM", Subtotal: *g.money(g.items)}}
	for _, row := range []struct {
		kind  string
		value int
	}{{"SHIPPING", shipping}, {"DISCOUNT", g.off}, {"TAX", g.tax}} {
		if row.value > 0 {
			rows = append(rows, OrderBreakdown{Type: row.kind, Subtotal: *g.money(row.value)})
		}
	}
	o.Proceeds = &OrderProceeds{GrandTotal: g.money(g.items + shipping + g.tax - g.off), Breakdowns: rows}
}

// packages of merchant-fulfilled orders that have gone at least in part.
func (g *grower) packages(o *Order) {
	carrier, number := pick(g.rng, carriers), digits(g.rng, 12)
	if !g.merchant || (g.stage != stagePartly && g.stage != stageShipped && g.stage != stageDelivered) {
		return
	}
	status := &PackageStatus{Status: "IN_TRANSIT", DetailedStatus: "PICKED_UP"}
	if g.stage == stageDelivered {
		status = &PackageStatus{Status: "DELIVERED", DetailedStatus: "DELIVERED"}
	}
	p := OrderPackage{
		PackageReferenceID: "PKG-" + digits(g.rng, 8), CreatedTime: g.created.Add(2 * time.Hour), PackageStatus: status,
		Carrier: carrier.name, ShipTime: g.created.Add(3 * time.Hour), ShippingService: carrier.service, TrackingNumber: "1Z" + number,
		ShipFromAddress: &MerchantAddress{Name: "Warehouse 1", AddressLine1: "1 Dock Road", City: "Harbour", PostalCode: "00100", CountryCode: g.m.country},
	}
	for _, it := range o.OrderItems {
		if n := it.Fulfillment.QuantityFulfilled; n > 0 {
			p.PackageItems = append(p.PackageItems, PackageItem{OrderItemID: it.OrderItemID, Quantity: n})
		}
	}
	o.Packages = []OrderPackage{p}
}

// specials are what only some channels and countries have.
func (g *grower) specials(o *Order) {
	if g.rng.IntN(6) == 0 {
		o.OrderAliases = []Alias{{AliasID: "S-" + digits(g.rng, 8), AliasType: "SELLER_ORDER_ID"}}
	}
	if g.rng.IntN(50) == 0 {
		o.AssociatedOrders = []AssociatedOrder{{OrderID: "250-" + digits(g.rng, 7) + "-" + digits(g.rng, 7), AssociationType: "REPLACEMENT_ORIGINAL_ID"}}
	}
	if g.nonAmazon {
		o.SalesChannel = SalesChannel{ChannelName: "NON_AMAZON", MarketplaceID: g.market}
		o.Buyer = nil
	}
	switch g.m.country {
	case "BR":
		o.Payment = &OrderPayment{PaymentExecutions: []PaymentExecution{{PaymentMethod: "CreditCard", AcquirerID: "11.111.111/0001-11", CardBrand: "VISA", AuthorizationCode: digits(g.rng, 6)}}}
		o.Tax = &OrderTax{TaxInvoicing: &TaxInvoicing{InvoiceStatus: "ACCEPTED"}}
	case "TR":
		o.Tax = &OrderTax{
			TaxRegistrations: []TaxRegistration{{EntityType: "BUYER", LegalName: "Yıldız Ticaret", TaxRegistrationType: "BUSINESS", TaxRegistrationNumber: digits(g.rng, 10),
				TaxRegistrationAttributes: []TaxAttribute{{Key: "TAX_OFFICE", Value: "Konak"}}}},
			TaxInvoicing: &TaxInvoicing{BuyerInvoicePreference: "INDIVIDUAL"},
		}
	case "IN":
		o.Programs = append(o.Programs, "AMAZON_EASY_SHIP")
		o.FulfillmentOrders = []FulfillmentOrder{{FulfillmentOrderID: opaque(g.rng, 9)}}
	}
	if o.Proceeds != nil && o.Payment == nil && g.rng.IntN(4) == 0 {
		o.Payment = &OrderPayment{PaymentExecutions: []PaymentExecution{{PaymentMethod: "Standard", PaymentAmount: o.Proceeds.GrandTotal}}}
	}
}

// oddities put texts that are hard to store where people type.
func (g *grower) oddities(o *Order) {
	for i := range o.OrderItems {
		o.OrderItems[i].Product.Title = pick(g.rng, oddTexts)
		o.OrderItems[i].Product.SellerSKU = pick(g.rng, oddTexts)
	}
	o.Recipient.DeliveryAddress.City = pick(g.rng, oddTexts)
	o.Recipient.DeliveryAddress.Name = pick(g.rng, oddTexts)
	o.OrderAliases = []Alias{{AliasID: pick(g.rng, oddTexts), AliasType: "SELLER_ORDER_ID"}}
}

// unknownValues are values that the model's lists do not have, in fields that
// it types as plain text.
func unknownValues(o *Order) {
	o.SalesChannel.ChannelName = "AMAZON_LIVE"
	o.Programs = append(o.Programs, "MOON_DELIVERY")
	o.Fulfillment.FulfilledBy = unknownFulfiller
	o.Fulfillment.FulfillmentServiceLevel = "BY_DRONE"
	if o.Proceeds != nil {
		o.Proceeds.Breakdowns = append(o.Proceeds.Breakdowns, OrderBreakdown{Type: "CARBON_FEE", Status: "WAIVED", Subtotal: *o.Proceeds.GrandTotal})
	}
	for i := range o.Packages {
		o.Packages[i].PackageStatus.DetailedStatus = "ON_THE_ROOF"
	}
}
