package main

import (
	"time"

	"ordersync/internal/engine/truth"
	"ordersync/internal/spapisim"
)

// What `orders list --json` must print of an order, written from Amazon's side:
// a field that ordersync misreads shows as a difference.

func expectedOrder(o spapisim.Order, tenant, region string) object {
	out := object{
		"tenantId": tenant, "region": region, "marketplace": "AMAZON", "externalOrderId": o.OrderID,
		"marketplaceId": orNull(o.SalesChannel.MarketplaceID), "marketplaceName": orNull(o.SalesChannel.MarketplaceName),
		"salesChannel": orNull(o.SalesChannel.ChannelName), "sellerOrderId": nil,
		"orderDate": timeOrNull(o.CreatedTime), "lastUpdatedAt": timeOrNull(o.LastUpdatedTime),
		"amazonStatus": nil, "fulfilledBy": nil, "serviceLevel": nil, "shipBy": expectedRange(nil), "deliverBy": expectedRange(nil),
		"programs": []any{}, "currency": nil, "totalAmount": nil, "items": []any{}, "packages": []any{},
	}
	for _, a := range o.OrderAliases {
		if a.AliasType == "SELLER_ORDER_ID" {
			out["sellerOrderId"] = orNull(a.AliasID)
		}
	}
	for _, program := range o.Programs {
		out["programs"] = append(out["programs"].([]any), program)
	}
	if f := o.Fulfillment; f != nil {
		out["amazonStatus"], out["fulfilledBy"], out["serviceLevel"] = orNull(f.FulfillmentStatus), orNull(f.FulfilledBy), orNull(f.FulfillmentServiceLevel)
		out["shipBy"], out["deliverBy"] = expectedRange(f.ShipByWindow), expectedRange(f.DeliverByWindow)
	}
	if o.Proceeds != nil {
		out["totalAmount"], out["currency"] = expectedMoney(o.Proceeds.GrandTotal)
	}
	for _, i := range o.OrderItems {
		out["items"] = append(out["items"].([]any), expectedItem(i))
	}
	for _, parcel := range o.Packages {
		out["packages"] = append(out["packages"].([]any), expectedPackage(parcel))
	}
	return out
}

// withoutMeanings takes from an order what ordersync makes of Amazon's words, which
// tests of their own look at, and tells whether all of it was there.
func withoutMeanings(o object) (whole bool) {
	whole = true
	take := func(from object, fields ...string) {
		for _, field := range fields {
			_, there := from[field]
			whole = whole && there
			delete(from, field)
		}
	}
	take(o, "orderRef", "orderStatus", "deliveryStatus", "fulfillmentChannel", "carrier", "trackingCode", "trackingUrl", "trackingSource", "shippedAt", "deliveredAt")
	packages, _ := o["packages"].([]any)
	for _, p := range packages {
		take(p.(object), "deliveryStatus", "carrierName", "trackingUrl")
	}
	return whole
}

func expectedItem(i spapisim.OrderItem) object {
	out := object{
		"externalItemId": i.OrderItemID, "asin": orNull(i.Product.ASIN), "sku": orNull(i.Product.SellerSKU), "title": orNull(i.Product.Title),
		"quantity": float64(i.QuantityOrdered), "quantityFulfilled": nil, "unitPrice": nil, "totalAmount": nil, "currency": nil,
	}
	if i.Proceeds != nil {
		out["totalAmount"], out["currency"] = expectedMoney(i.Proceeds.ProceedsTotal)
	}
	if i.Product.Price != nil && i.Product.Price.UnitPrice != nil {
		out["unitPrice"], out["currency"] = expectedMoney(i.Product.Price.UnitPrice)
	}
	if i.Fulfillment != nil {
		out["quantityFulfilled"] = float64(i.Fulfillment.QuantityFulfilled)
	}
	return out
}

func expectedPackage(p spapisim.OrderPackage) object {
	out := object{
		"externalPackageId": p.PackageReferenceID, "status": nil, "detailedStatus": nil, "carrier": orNull(p.Carrier),
		"shippingService": orNull(p.ShippingService), "trackingNumber": orNull(p.TrackingNumber),
		"createdAt": timeOrNull(p.CreatedTime), "shippedAt": timeOrNull(p.ShipTime), "items": []any{},
	}
	if p.PackageStatus != nil {
		out["status"], out["detailedStatus"] = orNull(p.PackageStatus.Status), orNull(p.PackageStatus.DetailedStatus)
	}
	for _, i := range p.PackageItems {
		out["items"] = append(out["items"].([]any), object{"externalItemId": i.OrderItemID, "quantity": float64(i.Quantity)})
	}
	return out
}

func expectedRange(r *spapisim.TimeRange) object {
	if r == nil {
		r = &spapisim.TimeRange{}
	}
	return object{"earliest": timeOrNull(r.EarliestDateTime), "latest": timeOrNull(r.LatestDateTime)}
}

func expectedMoney(m *spapisim.Money) (amount, currency any) {
	if m == nil {
		return nil, nil
	}
	return m.Amount, orNull(m.CurrencyCode)
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// orNull is a text as every database can hold it, null when there is none.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return truth.Text(s)
}
