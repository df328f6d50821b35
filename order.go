package ordersync

import "time"

// Order is one order as Amazon sent it in answer to one request. Fields of a
// group that the request did not ask for are empty and mean nothing.
type Order struct {
	ID            string // Amazon's 3-7-7 order id
	SellerOrderID string // the seller's own id, "" when none
	CreatedAt     time.Time
	LastUpdatedAt time.Time // Amazon's time of the latest change of any aspect

	Channel         string // AMAZON, NON_AMAZON, or what Amazon invents next
	MarketplaceID   string
	MarketplaceName string
	Programs        []string

	// GroupFulfillment. All are Amazon's own words; unknown ones are kept.
	Status       string
	FulfilledBy  string
	ServiceLevel string
	ShipBy       TimeRange
	DeliverBy    TimeRange

	Total *Money // GroupProceeds; nil when Amazon gave none, as for pending orders

	Items    []Item
	Packages []Package // GroupPackages

	// Groups are the data groups that the request asked for.
	Groups Groups
	// Digests holds one content digest for each group, by bit; equal digests
	// mean equal content. LastUpdatedAt is no part of any.
	Digests [GroupCount]uint64
	// Raw is Amazon's JSON with the known fields that are not personal; what was
	// left out is listed under "$reduced" by path and type.
	Raw []byte
	// Personal holds, by data group, the JSON of personal and unknown fields:
	// one object with Amazon's own nesting for each group that has any. It is nil
	// unless the connection may hold personal data, and stored sealed only.
	Personal map[Groups][]byte
}

// Item is one line of an order.
type Item struct {
	ID                string // unique within its order; digits, kept as text
	ASIN, SKU         string
	Title             string
	Quantity          int64
	UnitPrice         *Money
	QuantityFulfilled *int64 // GroupFulfillment
	Total             *Money // GroupProceeds: the line's proceeds
}

// Package is one parcel of a merchant-fulfilled order. GroupPackages.
type Package struct {
	ID              string
	Status          string
	DetailedStatus  string
	Carrier         string
	ShippingService string
	TrackingNumber  string
	CreatedAt       time.Time // zero when Amazon gave none
	ShippedAt       time.Time
	Items           []PackageItem
}

// PackageItem says how many of an order's item are in a package.
type PackageItem struct {
	OrderItemID string
	Quantity    int64
}

// TimeRange is a window of Amazon's; either end may be missing (zero).
type TimeRange struct{ Earliest, Latest time.Time }

// Unreadable is an order that could not be adapted. It is set aside: kept apart
// with its cause and asked for again, so that it never stops its tenant.
type Unreadable struct {
	OrderID string // "" when not even the id could be read
	Key     string // the order id, or the digest of the body
	Cause   string // which field had which shape; no content
	Body    []byte // the body, scrubbed like Order.Raw
}

// Version orders what was seen of one order: by Amazon's time of update, then
// by the token taken for the request that saw it. Only a greater one replaces.
type Version struct {
	LastUpdatedAt time.Time
	Epoch, Step   int64
}

// After tells whether v replaces o.
func (v Version) After(o Version) bool {
	if !v.LastUpdatedAt.Equal(o.LastUpdatedAt) {
		return v.LastUpdatedAt.After(o.LastUpdatedAt)
	}
	if v.Epoch != o.Epoch {
		return v.Epoch > o.Epoch
	}
	return v.Step > o.Step
}

// ChangeKind says what a change did to an order.
type ChangeKind string

// The kinds of change.
const (
	ChangeCreated ChangeKind = "created"
	ChangeUpdated ChangeKind = "updated"
)

// Change is one entry of a connection's dense, ordered change list. It holds no
// personal data.
type Change struct {
	Seq               int64 // 1, 2, 3 … without holes, per connection
	Kind              ChangeKind
	OrderID           string
	At                time.Time
	LastUpdatedBefore time.Time // zero when created
	LastUpdatedAfter  time.Time
	StatusBefore      string
	StatusAfter       string
	Groups            Groups // whose content changed
}
