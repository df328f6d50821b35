// Package truth says what the simulated Amazon really has in ordersync's words, for
// tests that compare it with what is stored. It is built from the simulator's own
// types, so that no misreading is shared with the client.
package truth

import (
	"strings"
	"unicode/utf8"

	"ordersync"
	"ordersync/internal/spapisim"
)

// Order is an order of the simulator's in ordersync's words.
func Order(o spapisim.Order) ordersync.Order {
	out := ordersync.Order{
		ID: o.OrderID, CreatedAt: o.CreatedTime, LastUpdatedAt: o.LastUpdatedTime,
		Channel: Text(o.SalesChannel.ChannelName), MarketplaceID: o.SalesChannel.MarketplaceID, MarketplaceName: Text(o.SalesChannel.MarketplaceName),
		Programs: o.Programs,
	}
	for _, alias := range o.OrderAliases {
		if alias.AliasType == "SELLER_ORDER_ID" {
			out.SellerOrderID = Text(alias.AliasID)
		}
	}
	if f := o.Fulfillment; f != nil {
		out.Status, out.FulfilledBy, out.ServiceLevel = f.FulfillmentStatus, f.FulfilledBy, f.FulfillmentServiceLevel
		out.ShipBy, out.DeliverBy = timeRange(f.ShipByWindow), timeRange(f.DeliverByWindow)
	}
	if o.Proceeds != nil {
		out.Total = money(o.Proceeds.GrandTotal)
	}
	for _, i := range o.OrderItems {
		out.Items = append(out.Items, item(i))
	}
	for _, p := range o.Packages {
		out.Packages = append(out.Packages, parcel(p))
	}
	return out
}

func item(i spapisim.OrderItem) ordersync.Item {
	out := ordersync.Item{
		ID: i.OrderItemID, ASIN: i.Product.ASIN, SKU: Text(i.Product.SellerSKU), Title: Text(i.Product.Title),
		Quantity: int64(i.QuantityOrdered),
	}
	if i.Product.Price != nil {
		out.UnitPrice = money(i.Product.Price.UnitPrice)
	}
	if i.Fulfillment != nil {
		n := int64(i.Fulfillment.QuantityFulfilled)
		out.QuantityFulfilled = &n
	}
	if i.Proceeds != nil {
		out.Total = money(i.Proceeds.ProceedsTotal)
	}
	return out
}

func parcel(p spapisim.OrderPackage) ordersync.Package {
	out := ordersync.Package{
		ID: p.PackageReferenceID, Carrier: Text(p.Carrier), ShippingService: Text(p.ShippingService), TrackingNumber: Text(p.TrackingNumber),
		CreatedAt: p.CreatedTime, ShippedAt: p.ShipTime,
	}
	if p.PackageStatus != nil {
		out.Status, out.DetailedStatus = p.PackageStatus.Status, p.PackageStatus.DetailedStatus
	}
	for _, i := range p.PackageItems {
		out.Items = append(out.Items, ordersync.PackageItem{OrderItemID: i.OrderItemID, Quantity: int64(i.Quantity)})
	}
	return out
}

func timeRange(r *spapisim.TimeRange) ordersync.TimeRange {
	if r == nil {
		return ordersync.TimeRange{}
	}
	return ordersync.TimeRange{Earliest: r.EarliestDateTime, Latest: r.LatestDateTime}
}

func money(m *spapisim.Money) *ordersync.Money {
	if m == nil {
		return nil
	}
	return &ordersync.Money{Amount: m.Amount, Currency: m.CurrencyCode}
}

// Text is a text as every database can hold it: U+0000 and lone surrogates,
// which the simulator keeps as three bytes, become U+FFFD.
func Text(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0:
			r = utf8.RuneError
		case r == utf8.RuneError && size == 1 && i+3 <= len(s) && s[i] == 0xED:
			size = 3
		}
		out.WriteRune(r)
		i += size
	}
	return out.String()
}
