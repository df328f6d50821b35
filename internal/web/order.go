package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"ordersync"
	"ordersync/internal/store"
)

// orderScreen is one order of a connection.
func orderScreen() screen {
	return screen{
		name: "order", path: "/orders/{tenant}/{connection}/{order}", nav: "orders",
		live: []string{"order-state", "order-items", "order-packages", "order-current", "order-moments", "order-changes", "order-raw"},
		load: (*dashboard).loadOrder,
	}
}

const (
	// shownItems, shownPackages and shownChanges are how many of each are listed.
	shownItems, shownPackages, shownChanges = 200, 100, 50
	// shownRaw is how much of Amazon's JSON is shown, in bytes.
	shownRaw = 96 << 10
)

// orderData fills the page. Nothing of it is personal: what is lies apart and sealed.
type orderData struct {
	ID, SellerID, Tenant, Name, Region, Country, Connection string
	Whole                                                   bool   // the id has the form of Amazon's
	TenantOrders                                            string // the tenant's list
	OrderedAt                                               time.Time
	AmazonPage, Explain                                     string // "": there is none
	Others                                                  []otherOrder
	State                                                   orderState
	Items                                                   orderItems
	Packages                                                orderPackages
	Current                                                 orderCurrent
	Moments                                                 []momentRow
	Changes                                                 []changeRow
	ChangesMore                                             int
	Raw                                                     orderRaw
}

// otherOrder is the same order in another connection of the tenant.
type otherOrder struct{ Name, Href string }

// orderState is where an order stands.
type orderState struct {
	Status, Delivery     orderBadge
	Arrived, Packages    int // of the packages
	ShipBy               time.Time
	DeliverFrom, Deliver time.Time
	Service, Shipper     string
	FulfilledBy          string // Amazon's own word; "" for one that we know
	ChangedAt, StoredAt  time.Time
}

// orderRaw is Amazon's own JSON.
type orderRaw struct {
	Text  string // "": nothing is kept
	Size  int    // as it is kept, in bytes
	Short bool   // the end is left out
}

// orderOf reads the order that the address names, for who may see it, and the same
// order in other connections of the tenant.
func (d *dashboard) orderOf(ctx context.Context, v *visit) (tenant ordersync.TenantID, o store.StoredOrder, others []store.StoredOrder, err error) {
	if tenant, err = ordersync.ParseTenantID(v.param("tenant")); err != nil || !v.May(tenant) {
		return "", o, nil, store.ErrNotFound
	}
	found, err := d.Reader.Tenant(tenant).Order(ctx, v.param("order"))
	if err != nil {
		return "", o, nil, err
	}
	there := false
	for _, one := range found {
		if strconv.FormatInt(int64(one.Connection), 10) == v.param("connection") {
			o, there = one, true
		} else {
			others = append(others, one)
		}
	}
	if !there {
		return "", o, nil, store.ErrNotFound
	}
	return tenant, o, others, nil
}

func (d *dashboard) loadOrder(ctx context.Context, v *visit) (any, error) {
	tenant, o, others, err := d.orderOf(ctx, v)
	if err != nil {
		return nil, err
	}
	mine := d.Reader.Tenant(tenant)
	c, err := mine.ConnectionStatus(ctx, o.Connection)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	aside, err := mine.SetAsideOrder(ctx, o.Connection, o.ID)
	if err != nil {
		return nil, err
	}
	changes, err := mine.OrderHistory(ctx, o.Connection, o.ID)
	if err != nil {
		return nil, err
	}
	data := orderData{
		ID: o.ID, Whole: looksWhole.MatchString(o.ID), SellerID: o.SellerOrderID, Tenant: string(tenant), Name: nameOf(c.DisplayName, tenant), Region: v.regionName(o.Region), TenantOrders: ordersHref(tenant),
		Country: v.countryName(o.MarketplaceID), Connection: connectionHref(tenant, o.Connection), OrderedAt: o.CreatedAt,
		AmazonPage: httpsOnly(ordersync.OrderPage(o.MarketplaceID, o.ID)),
		State:      v.orderState(o), Items: v.orderItems(o), Packages: v.orderPackages(o), Current: v.orderCurrent(c, o, aside), Moments: v.moments(o), Raw: rawOf(o.Raw),
	}
	if v.Operator() {
		data.Explain = explainCommand(tenant, o.ID)
	}
	for _, other := range others {
		data.Others = append(data.Others, otherOrder{v.regionName(other.Region), orderHref(tenant, other.Connection, other.ID)})
	}
	data.Changes, data.ChangesMore = v.changeRows(changes)
	return data, nil
}

// orderState is where the order stands.
func (v *visit) orderState(o store.StoredOrder) orderState {
	out := orderState{
		Status: v.orderBadge(o), Delivery: v.deliveryBadge(o.DeliveryStatus()),
		ShipBy: o.ShipBy.Latest, DeliverFrom: o.DeliverBy.Earliest, Deliver: o.DeliverBy.Latest, Service: o.ServiceLevel,
		ChangedAt: o.LastUpdatedAt, StoredAt: o.ChangedAt,
	}
	switch ordersync.FulfillmentChannelOf(o.FulfilledBy) {
	case ordersync.FulfilledByAmazon:
		out.Shipper = v.T("shipped by Amazon (FBA)")
	case ordersync.FulfilledByMerchant:
		out.Shipper = v.T("shipped by the seller (FBM)")
	case ordersync.FulfilledByUnknown:
		out.FulfilledBy = o.FulfilledBy
	}
	for _, p := range o.Packages {
		if of := p.Delivery(); of != ordersync.DeliveryUnsaid {
			out.Packages++
			if of == ordersync.DeliveryDelivered {
				out.Arrived++
			}
		}
	}
	return out
}

// rawOf is stored JSON as people read it, its numbers as they were written.
func rawOf(stored []byte) orderRaw {
	var pretty bytes.Buffer
	if len(stored) == 0 || json.Indent(&pretty, stored, "", "  ") != nil {
		return orderRaw{}
	}
	out, text := orderRaw{Size: len(stored)}, pretty.Bytes()
	if out.Short = len(text) > shownRaw; out.Short {
		for text = text[:shownRaw]; len(text) > 0 && !utf8.Valid(text[max(0, len(text)-utf8.UTFMax):]); {
			text = text[:len(text)-1]
		}
	}
	out.Text = string(text)
	return out
}
