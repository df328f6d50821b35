package spapi

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// adaptOrder turns Amazon's order into ours. It fails with the first field that
// cannot be read, by path and JSON type, never by content.
func adaptOrder(w *wireOrder) (ordersync.Order, error) {
	var a adapter
	order := ordersync.Order{
		ID:              a.id("orderId", w.id),
		CreatedAt:       a.mustTime("createdTime", w.created),
		LastUpdatedAt:   a.mustTime("lastUpdatedTime", w.updated),
		Channel:         a.text("salesChannel.channelName", w.channel),
		MarketplaceID:   a.text("salesChannel.marketplaceId", w.marketplaceID),
		MarketplaceName: a.text("salesChannel.marketplaceName", w.marketplaceName),
		Status:          a.text("fulfillment.fulfillmentStatus", w.status),
		FulfilledBy:     a.text("fulfillment.fulfilledBy", w.fulfilledBy),
		ServiceLevel:    a.text("fulfillment.fulfillmentServiceLevel", w.serviceLevel),
		ShipBy: ordersync.TimeRange{
			Earliest: a.time("fulfillment.shipByWindow.earliestDateTime", w.shipBy.earliest),
			Latest:   a.time("fulfillment.shipByWindow.latestDateTime", w.shipBy.latest),
		},
		DeliverBy: ordersync.TimeRange{
			Earliest: a.time("fulfillment.deliverByWindow.earliestDateTime", w.deliverBy.earliest),
			Latest:   a.time("fulfillment.deliverByWindow.latestDateTime", w.deliverBy.latest),
		},
		Total: a.money("proceeds.grandTotal", w.total),
	}
	for _, program := range w.programs {
		if program.kind != 0 {
			order.Programs = append(order.Programs, a.text("programs[]", program))
		}
	}
	for _, alias := range w.aliases {
		if string(alias.kind.text) == "SELLER_ORDER_ID" {
			order.SellerOrderID = a.text("orderAliases[].aliasId", alias.id)
		}
	}
	if !w.hasItems {
		a.fail("orderItems", "array", 0)
	}
	order.Items = a.items(w.items)
	order.Packages = a.packages(w.packages)
	return order, a.err
}

// adapter keeps the first failure.
type adapter struct {
	err error
	// in is the array that the fields stand in, "" outside, and index where.
	in    string
	index int
}

// within says that the fields to come are those of an array's element.
func (a *adapter) within(array string, index int) { a.in, a.index = array, index }

func (a *adapter) fail(path, expected string, found jsontext.Kind) {
	if a.err != nil {
		return
	}
	if a.in != "" {
		path = fmt.Sprintf("%s[%d].%s", a.in, a.index, path)
	}
	a.err = misshape{path, expected, found}
}

func (a *adapter) items(wire []wireItem) []ordersync.Item {
	items := make([]ordersync.Item, len(wire))
	seen := make(map[string]bool, len(wire))
	for i, w := range wire {
		a.within("orderItems", i)
		item := &items[i]
		item.ID = a.uniqueID("orderItemId", w.id, seen)
		item.ASIN = a.text("product.asin", w.asin)
		item.SKU = a.text("product.sellerSku", w.sku)
		item.Title = a.text("product.title", w.title)
		item.Quantity = a.mustCount("quantityOrdered", w.quantity)
		item.UnitPrice = a.money("product.price.unitPrice", w.unitPrice)
		item.Total = a.money("proceeds.proceedsTotal", w.total)
		if w.fulfilled.kind != 0 {
			n := a.mustCount("fulfillment.quantityFulfilled", w.fulfilled)
			item.QuantityFulfilled = &n
		}
	}
	a.within("", 0)
	return items
}

func (a *adapter) packages(wire []wirePackage) []ordersync.Package {
	if len(wire) == 0 {
		return nil
	}
	packages := make([]ordersync.Package, len(wire))
	seen := make(map[string]bool, len(wire))
	for i, w := range wire {
		a.within("packages", i)
		p := &packages[i]
		p.ID = a.uniqueID("packageReferenceId", w.id, seen)
		p.Status = a.text("packageStatus.status", w.status)
		p.DetailedStatus = a.text("packageStatus.detailedStatus", w.detailed)
		p.Carrier = a.text("carrier", w.carrier)
		p.ShippingService = a.text("shippingService", w.service)
		p.TrackingNumber = a.text("trackingNumber", w.tracking)
		p.CreatedAt = a.time("createdTime", w.created)
		p.ShippedAt = a.time("shipTime", w.shipped)
		for _, content := range w.items {
			p.Items = append(p.Items, ordersync.PackageItem{
				OrderItemID: a.id("packageItems[].orderItemId", content.id),
				Quantity:    a.mustCount("packageItems[].quantity", content.quantity),
			})
		}
	}
	a.within("", 0)
	return packages
}

// text reads a text. A number is taken as it is spelled; Amazon means no
// boolean anywhere.
func (a *adapter) text(path string, s scalar) string {
	if s.kind == 't' || s.kind == 'f' {
		a.fail(path, "string", s.kind)
		return ""
	}
	return string(s.text)
}

// id reads an id: a string of 1 to 64 characters of visible ASCII.
func (a *adapter) id(path string, s scalar) string {
	id := string(s.text)
	if s.kind != '"' || !visibleID(id) {
		a.fail(path, "id of 1 to 64 visible ASCII characters", s.kind)
	}
	return id
}

// uniqueID reads an id that must stand once. Amazon calls it unique within its
// order; of two elements that share one, neither can be trusted, so the order
// is set aside.
func (a *adapter) uniqueID(path string, s scalar, seen map[string]bool) string {
	id := a.id(path, s)
	if seen[id] {
		a.fail(path, "id that stands once in its order", s.kind)
	}
	seen[id] = true
	return id
}

// mustCount reads an integer of 0 or more, also one spelled 2.0 or 2e0.
func (a *adapter) mustCount(path string, s scalar) int64 {
	const most = 1 << 53 // beyond it a number may have been rounded on its way
	if s.kind == '0' {
		if n, err := strconv.ParseInt(string(s.text), 10, 64); err == nil && n >= 0 && n <= most {
			return n
		}
		if x, err := strconv.ParseFloat(string(s.text), 64); err == nil && x == math.Trunc(x) && x >= 0 && x <= most {
			return int64(x)
		}
	}
	a.fail(path, "integer of 0 or more", s.kind)
	return 0
}

// money reads an amount; nil when there is none. A number in place of the
// string keeps its spelling.
func (a *adapter) money(path string, w wireMoney) *ordersync.Money {
	switch {
	case w.amount.kind == 0:
		return nil
	case w.amount.kind != '"' && w.amount.kind != '0':
		a.fail(path+".amount", "decimal number", w.amount.kind)
		return nil
	case w.currency.kind != '"' || len(w.currency.text) == 0:
		a.fail(path+".currencyCode", "currency", w.currency.kind)
		return nil
	}
	money, err := ordersync.ParseMoney(string(w.amount.text), string(w.currency.text))
	if err != nil {
		a.fail(path+".amount", "decimal number", w.amount.kind)
		return nil
	}
	return &money
}

// time reads a time; zero when there is none.
func (a *adapter) time(path string, s scalar) time.Time {
	if s.kind == 0 {
		return time.Time{}
	}
	return a.mustTime(path, s)
}

func (a *adapter) mustTime(path string, s scalar) time.Time {
	at, ok := parseTime(s)
	if !ok {
		a.fail(path, "time", s.kind)
	}
	return at
}

// timeLayouts are the spellings of ISO 8601 that are taken; all allow a
// fraction of a second.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"}

// longestTime is the longest text that is tried as a time, in bytes.
const longestTime = 64

// parseTime reads a time with any offset. One before the year 1970 is none:
// Amazon has no such orders, and a zero time means absent.
func parseTime(s scalar) (time.Time, bool) {
	if s.kind != '"' || len(s.text) > longestTime {
		return time.Time{}, false
	}
	text := strings.ToUpper(string(s.text))
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), at.Unix() >= 0
		}
	}
	return time.Time{}, false
}
