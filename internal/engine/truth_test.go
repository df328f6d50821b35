package engine_test

import (
	"strings"
	"time"
	"unicode/utf8"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Comparison of what is stored with what Amazon really has. The expected order
// is built from the simulator's own types, so that no misreading is shared.

// stored reads all orders of an account by id.
func (w *world) stored(a account) map[string]store.StoredOrder {
	w.t.Helper()
	out := map[string]store.StoredOrder{}
	err := w.store.Reader().Tenant(a.tenant).Orders(w.ctx, func(o store.StoredOrder) error {
		if o.Connection == a.connection {
			out[o.ID] = o
		}
		return nil
	})
	w.must(err)
	return out
}

// wantTruth checks that everything Amazon shows between two times is stored as
// it is there: orders, items, packages, statuses, amounts and times, and that
// nothing else is. It returns how many orders were compared.
func (w *world) wantTruth(a account, from, to time.Time) int {
	w.t.Helper()
	truths, err := w.sim.Orders(a.seller.Key)
	w.must(err)
	have, n := w.stored(a), 0
	same := append(cmp.Options{cmpopts.EquateApproxTime(0)}, sameOrder...)
	if w.sim.Switches().Seconds { // Amazon writes its times cut to seconds then
		same[0] = cmp.Comparer(func(a, b time.Time) bool { return a.Truncate(time.Second).Equal(b.Truncate(time.Second)) })
	}
	known := map[string]bool{}
	for _, truth := range truths {
		o := truth.Order
		known[o.OrderID] = true
		if len(truth.Damage) > 0 || !truth.Searchable.Equal(o.LastUpdatedTime) || o.LastUpdatedTime.Before(from) || o.LastUpdatedTime.After(to) {
			continue
		}
		n++
		got, ok := have[o.OrderID]
		if !ok {
			w.t.Errorf("%s: order %s of %s is not stored", a.tenant, o.OrderID, o.LastUpdatedTime)
			continue
		}
		if diff := cmp.Diff(expected(o), got.Order, same...); diff != "" {
			w.t.Errorf("%s: order %s (-Amazon +stored):\n%s", a.tenant, o.OrderID, diff)
		}
	}
	for id := range have {
		if !known[id] {
			w.t.Errorf("%s: order %s is stored and not this seller's", a.tenant, id)
		}
	}
	w.wantCounts(a, have)
	return n
}

// wantAll is wantTruth for all that the cursor covers since so long ago.
func (w *world) wantAll(a account, since time.Duration) int {
	w.t.Helper()
	return w.wantTruth(a, time.Now().Add(-since), w.connection(a).Cursor)
}

// wantCounts checks the connection's own counters against what is stored.
func (w *world) wantCounts(a account, have map[string]store.StoredOrder) {
	w.t.Helper()
	items := 0
	for _, o := range have {
		items += len(o.Items)
	}
	if c := w.connection(a); c.Orders != int64(len(have)) || c.Items != int64(items) {
		w.t.Errorf("%s: the connection counts %d orders and %d items, stored are %d and %d", a.tenant, c.Orders, c.Items, len(have), items)
	}
}

// sameOrder leaves out what is ordersync's own, and tells nil from empty nowhere.
var sameOrder = cmp.Options{
	cmpopts.IgnoreFields(ordersync.Order{}, "Groups", "Digests", "Raw", "Personal"),
	cmpopts.EquateEmpty(),
}

// expected is an order of the simulator's in ordersync's words.
func expected(o spapisim.Order) ordersync.Order {
	out := ordersync.Order{
		ID: o.OrderID, CreatedAt: o.CreatedTime, LastUpdatedAt: o.LastUpdatedTime,
		Channel: clean(o.SalesChannel.ChannelName), MarketplaceID: o.SalesChannel.MarketplaceID, MarketplaceName: clean(o.SalesChannel.MarketplaceName),
		Programs: o.Programs,
	}
	for _, alias := range o.OrderAliases {
		if alias.AliasType == "SELLER_ORDER_ID" {
			out.SellerOrderID = clean(alias.AliasID)
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
		out.Items = append(out.Items, expectedItem(i))
	}
	for _, p := range o.Packages {
		out.Packages = append(out.Packages, expectedPackage(p))
	}
	return out
}

func expectedItem(i spapisim.OrderItem) ordersync.Item {
	out := ordersync.Item{
		ID: i.OrderItemID, ASIN: i.Product.ASIN, SKU: clean(i.Product.SellerSKU), Title: clean(i.Product.Title),
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

func expectedPackage(p spapisim.OrderPackage) ordersync.Package {
	out := ordersync.Package{
		ID: p.PackageReferenceID, Carrier: clean(p.Carrier), ShippingService: clean(p.ShippingService), TrackingNumber: clean(p.TrackingNumber),
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

// clean is a text as every database can hold it: U+0000 and lone surrogates,
// which the simulator keeps as three bytes, become U+FFFD.
func clean(s string) string {
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
