package httpapi

import (
	"slices"
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Order is an order as users see it.
type Order struct {
	TenantID        ordersync.TenantID `json:"tenantId"`
	ConnectionID    string             `json:"connectionId"`
	Region          ordersync.Region   `json:"region"`
	Marketplace     string             `json:"marketplace" enum:"AMAZON"`
	MarketplaceID   *string            `json:"marketplaceId"`
	MarketplaceName *string            `json:"marketplaceName"`
	SalesChannel    *string            `json:"salesChannel"`
	ExternalOrderID string             `json:"externalOrderId"`
	OrderRef        string             `json:"orderRef" doc:"Short: # and the last six signs of the id."`
	SellerOrderID   *string            `json:"sellerOrderId"`
	OrderDate       *string            `json:"orderDate"`
	LastUpdatedAt   *string            `json:"lastUpdatedAt"`
	AmazonStatus    *string            `json:"amazonStatus" doc:"Amazon's own word."`
	OrderStatus     *string            `json:"orderStatus" doc:"What it means by docs/order-status.md: PENDING, CONFIRMED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, RETURNED, CANCELLED; UNKNOWN for a word that this version does not know; null where Amazon has not said."`
	DeliveryStatus  *string            `json:"deliveryStatus" doc:"By the same page: PREPARING, SHIPPED, IN_TRANSIT, OUT_FOR_DELIVERY, DELIVERED, DELAYED, LOST, DAMAGED, UNDELIVERABLE, RETURNING, RETURNED, UNKNOWN; null where nothing is on its way."`
	FulfilledBy     *string            `json:"fulfilledBy" doc:"Amazon's own word."`

	FulfillmentChannel *string `json:"fulfillmentChannel" doc:"FBA: Amazon ships it; FBM: the seller; UNKNOWN: a word that this version does not know."`

	ServiceLevel   *string   `json:"serviceLevel"`
	ShipBy         Range     `json:"shipBy"`
	DeliverBy      Range     `json:"deliverBy"`
	Programs       []string  `json:"programs" nullable:"false"`
	Currency       *string   `json:"currency"`
	TotalAmount    *string   `json:"totalAmount" doc:"Exactly as Amazon wrote it."`
	Carrier        *string   `json:"carrier" doc:"Of the package by which the order is followed, else of the order."`
	TrackingCode   *string   `json:"trackingCode"`
	TrackingURL    *string   `json:"trackingUrl" doc:"A page over https that follows it; of an order that Amazon ships, its page in Seller Central."`
	TrackingSource string    `json:"trackingSource" enum:"ORDERS_API,AMAZON_FBA,NOT_AVAILABLE"`
	ShippedAt      *string   `json:"shippedAt" doc:"Amazon's time of the first package, else when it was first seen shipped."`
	DeliveredAt    *string   `json:"deliveredAt" doc:"When it was first seen delivered; Amazon names no time."`
	Items          []Item    `json:"items" nullable:"false"`
	Packages       []Package `json:"packages" nullable:"false"`
	StoredAt       *string   `json:"storedAt"`
	ChangedAt      *string   `json:"changedAt"`
}

// Range is a span of time; either end may be null.
type Range struct {
	Earliest *string `json:"earliest"`
	Latest   *string `json:"latest"`
}

// Item is a line of an order.
type Item struct {
	ExternalItemID    string  `json:"externalItemId"`
	ASIN              *string `json:"asin"`
	SKU               *string `json:"sku"`
	Title             *string `json:"title"`
	Quantity          int64   `json:"quantity"`
	QuantityFulfilled *int64  `json:"quantityFulfilled"`
	UnitPrice         *string `json:"unitPrice"`
	TotalAmount       *string `json:"totalAmount"`
	Currency          *string `json:"currency"`
}

// Package is a parcel of an order.
type Package struct {
	ExternalPackageID string        `json:"externalPackageId"`
	Status            *string       `json:"status" doc:"Amazon's own word."`
	DetailedStatus    *string       `json:"detailedStatus" doc:"Amazon's own word."`
	DeliveryStatus    *string       `json:"deliveryStatus" doc:"What they mean by docs/order-status.md; null for a package that was cancelled."`
	Carrier           *string       `json:"carrier" doc:"As Amazon has it; sellers write it themselves."`
	CarrierName       *string       `json:"carrierName" doc:"Its name in the table of carriers, else as Amazon has it."`
	ShippingService   *string       `json:"shippingService"`
	TrackingNumber    *string       `json:"trackingNumber"`
	TrackingURL       *string       `json:"trackingUrl" doc:"A page over https that follows it."`
	CreatedAt         *string       `json:"createdAt"`
	ShippedAt         *string       `json:"shippedAt"`
	Items             []PackageItem `json:"items" nullable:"false"`
}

// PackageItem says how many of an item are in a package.
type PackageItem struct {
	ExternalItemID string `json:"externalItemId"`
	Quantity       int64  `json:"quantity"`
}

// OrderOf shows a stored order.
func OrderOf(tenant ordersync.TenantID, o store.StoredOrder) Order {
	out := Order{
		TenantID: tenant, ConnectionID: strconv.FormatInt(int64(o.Connection), 10), Region: o.Region,
		Marketplace: "AMAZON", MarketplaceID: text(o.MarketplaceID), MarketplaceName: text(o.MarketplaceName), SalesChannel: text(o.Channel),
		ExternalOrderID: o.ID, SellerOrderID: text(o.SellerOrderID), OrderDate: when(o.CreatedAt), LastUpdatedAt: when(o.LastUpdatedAt),
		OrderRef: orderRef(o.ID), AmazonStatus: text(o.Status), OrderStatus: text(string(o.OrderStatus())), DeliveryStatus: text(string(o.DeliveryStatus())),
		FulfilledBy: text(o.FulfilledBy), FulfillmentChannel: text(string(ordersync.FulfillmentChannelOf(o.FulfilledBy))), ServiceLevel: text(o.ServiceLevel),
		ShipBy: Range{when(o.ShipBy.Earliest), when(o.ShipBy.Latest)}, DeliverBy: Range{when(o.DeliverBy.Earliest), when(o.DeliverBy.Latest)},
		Programs: append([]string{}, o.Programs...), Items: []Item{}, Packages: []Package{},
		StoredAt: when(o.StoredAt), ChangedAt: when(o.ChangedAt),
	}
	out.TotalAmount, out.Currency = amount(o.Total)
	tracking := o.Tracking()
	out.Carrier, out.TrackingCode, out.TrackingURL, out.TrackingSource = text(tracking.Carrier), text(tracking.Number), text(tracking.Link), string(tracking.Source)
	for _, m := range slices.Backward(o.Timeline()) { // the earliest of each counts
		switch m.Kind {
		case ordersync.MomentShipped:
			out.ShippedAt = when(m.At)
		case ordersync.MomentDelivered:
			out.DeliveredAt = when(m.At)
		}
	}
	for _, i := range o.Items {
		out.Items = append(out.Items, itemOf(i))
	}
	for _, p := range o.Packages {
		out.Packages = append(out.Packages, packageOf(p))
	}
	return out
}

// orderRef is an order's id in short.
func orderRef(id string) string {
	signs := []rune(id)
	return "#" + string(signs[max(len(signs)-6, 0):])
}

func itemOf(i ordersync.Item) Item {
	out := Item{
		ExternalItemID: i.ID, ASIN: text(i.ASIN), SKU: text(i.SKU), Title: text(i.Title),
		Quantity: i.Quantity, QuantityFulfilled: i.QuantityFulfilled,
	}
	var currency *string
	out.TotalAmount, currency = amount(i.Total)
	if out.UnitPrice, out.Currency = amount(i.UnitPrice); out.Currency == nil {
		out.Currency = currency
	}
	return out
}

func packageOf(p ordersync.Package) Package {
	tracking := p.Tracking()
	out := Package{
		ExternalPackageID: p.ID, Status: text(p.Status), DetailedStatus: text(p.DetailedStatus), DeliveryStatus: text(string(p.Delivery())),
		Carrier: text(p.Carrier), CarrierName: text(tracking.Carrier),
		ShippingService: text(p.ShippingService), TrackingNumber: text(p.TrackingNumber), TrackingURL: text(tracking.Link),
		CreatedAt: when(p.CreatedAt), ShippedAt: when(p.ShippedAt), Items: []PackageItem{},
	}
	for _, i := range p.Items {
		out.Items = append(out.Items, PackageItem{i.OrderItemID, i.Quantity})
	}
	return out
}

// text shows what may be missing.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// when shows a time; the zero time is null.
func when(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return text(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func amount(m *ordersync.Money) (amount, currency *string) {
	if m == nil {
		return nil, nil
	}
	return &m.Amount, text(m.Currency)
}
