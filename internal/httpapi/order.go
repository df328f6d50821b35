package httpapi

import (
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
	SellerOrderID   *string            `json:"sellerOrderId"`
	OrderDate       *string            `json:"orderDate"`
	LastUpdatedAt   *string            `json:"lastUpdatedAt"`
	AmazonStatus    *string            `json:"amazonStatus" doc:"Amazon's own word."`
	FulfilledBy     *string            `json:"fulfilledBy"`
	ServiceLevel    *string            `json:"serviceLevel"`
	ShipBy          Range              `json:"shipBy"`
	DeliverBy       Range              `json:"deliverBy"`
	Programs        []string           `json:"programs" nullable:"false"`
	Currency        *string            `json:"currency"`
	TotalAmount     *string            `json:"totalAmount" doc:"Exactly as Amazon wrote it."`
	Items           []Item             `json:"items" nullable:"false"`
	Packages        []Package          `json:"packages" nullable:"false"`
	StoredAt        *string            `json:"storedAt"`
	ChangedAt       *string            `json:"changedAt"`
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
	Status            *string       `json:"status"`
	DetailedStatus    *string       `json:"detailedStatus"`
	Carrier           *string       `json:"carrier"`
	ShippingService   *string       `json:"shippingService"`
	TrackingNumber    *string       `json:"trackingNumber"`
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
		AmazonStatus: text(o.Status), FulfilledBy: text(o.FulfilledBy), ServiceLevel: text(o.ServiceLevel),
		ShipBy: Range{when(o.ShipBy.Earliest), when(o.ShipBy.Latest)}, DeliverBy: Range{when(o.DeliverBy.Earliest), when(o.DeliverBy.Latest)},
		Programs: append([]string{}, o.Programs...), Items: []Item{}, Packages: []Package{},
		StoredAt: when(o.StoredAt), ChangedAt: when(o.ChangedAt),
	}
	out.TotalAmount, out.Currency = amount(o.Total)
	for _, i := range o.Items {
		out.Items = append(out.Items, itemOf(i))
	}
	for _, p := range o.Packages {
		out.Packages = append(out.Packages, packageOf(p))
	}
	return out
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
	out := Package{
		ExternalPackageID: p.ID, Status: text(p.Status), DetailedStatus: text(p.DetailedStatus), Carrier: text(p.Carrier),
		ShippingService: text(p.ShippingService), TrackingNumber: text(p.TrackingNumber),
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
