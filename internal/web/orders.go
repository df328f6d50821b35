package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// ordersScreen lists a tenant's orders, the newest first, and finds those of all tenants
// for an operator.
func ordersScreen() screen {
	return screen{
		name: "orders", path: "/orders", nav: "orders", entry: "Orders", icon: "orders",
		load: (*dashboard).loadOrders,
	}
}

const (
	// ordersPage is how many orders a page of the list has.
	ordersPage = 50
	// maxOrderSearch is how long a search of orders may be, in bytes.
	maxOrderSearch = 100
	// shownTenants is how many tenants are offered to be chosen.
	shownTenants = 20
)

// ordersData fills the page.
type ordersData struct {
	Q, Tenant, From, To, Changed            string
	Tenants                                 []tenantChoice // offered to an operator
	Status, Delivery, Marketplace, Channels []choice
	Rows                                    []orderLine
	AllTenants                              bool // the rows may be of several
	First, Next                             string
	Empty                                   string // why there are no rows: ask, filters, tenant, none
	WithoutFilters                          string // the address of the same search without them
	Explain                                 string // the command that says why an order is not here
	More                                    bool   // a filter is set that stands behind the others
}

type tenantChoice struct{ ID, Name, Href string }

// orderLine is a row of the list.
type orderLine struct {
	ID, Href, SKU, Tenant, Name, Country string
	More                                 int   // items besides
	Quantity                             int64 // of the only item, when more than one
	Status, Delivery, Short              orderBadge
	Carrier                              string
	ShipBy                               time.Time // while it waits to be shipped
	Total                                string    // "": not yet known
	OrderedAt, ChangedAt                 time.Time
}

// ordersAsked is what a visitor's address asks for, checked.
type ordersAsked struct {
	tenant   ordersync.TenantID // "": an operator's search over all
	query    store.OrdersQuery
	filtered bool // by more than a search
	after    string
}

func (v *visit) ordersAsked() (a ordersAsked, err error) {
	a.tenant = v.Tenant()
	if text := strings.TrimSpace(v.Query.Get("tenant")); text != "" {
		tenant, err := ordersync.ParseTenantID(text)
		if err != nil {
			return a, wrong("a tenant’s id has at most 128 letters, digits and the signs - _ . : @")
		}
		if !v.May(tenant) {
			return a, store.ErrNotFound
		}
		a.tenant = tenant
	}
	a.query = store.OrdersQuery{Search: strings.TrimSpace(v.Query.Get("q")), Uncounted: true, Limit: ordersPage}
	if len(a.query.Search) > maxOrderSearch {
		return a, wrong("an order id or SKU has at most 100 bytes: search for its beginning")
	}
	if err := a.filters(v.Query); err != nil {
		return a, err
	}
	a.after = v.Query.Get("after")
	return a, nil
}

// filters reads what the list is filtered by.
func (a *ordersAsked) filters(q url.Values) error {
	none := true
	set := func(name string) (string, bool) {
		text := q.Get(name)
		none = none && text == ""
		return text, text != ""
	}
	if text, ok := set("status"); ok {
		if !slices.ContainsFunc(ordersync.OrderStatuses(), func(s ordersync.OrderStatusInfo) bool { return string(s.Code) == text }) {
			return wrong("there is no such status: choose one of the list")
		}
		a.query.Status = []string{text}
	}
	if text, ok := set("delivery"); ok {
		if !slices.ContainsFunc(ordersync.DeliveryStatuses(), func(s ordersync.DeliveryStatusInfo) bool { return string(s.Code) == text }) {
			return wrong("there is no such status: choose one of the list")
		}
		a.query.Delivery = []ordersync.DeliveryStatus{ordersync.DeliveryStatus(text)}
	}
	if text, ok := set("marketplace"); ok {
		if len(text) > maxOrderSearch {
			return wrong("there is no such marketplace: choose one of the list")
		}
		a.query.Marketplaces = []string{text}
	}
	if text, ok := set("channel"); ok {
		if !slices.ContainsFunc(channelNames, func(c channelName) bool { return string(c.channel) == text }) {
			return wrong("fulfilment is FBA, FBM or UNKNOWN: choose one of the list")
		}
		a.query.Channels = []ordersync.FulfillmentChannel{ordersync.FulfillmentChannel(text)}
	}
	for _, day := range []struct {
		name string
		to   *time.Time
		add  time.Duration
	}{{"from", &a.query.From, 0}, {"to", &a.query.To, 24*time.Hour - time.Millisecond}, {"changed", &a.query.UpdatedFrom, 0}} {
		text, ok := set(day.name)
		if !ok {
			continue
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return wrong("a date is written as 2026-11-20")
		}
		*day.to = at.Add(day.add)
	}
	if !a.query.To.IsZero() && a.query.To.Before(a.query.From) {
		return wrong("the last day lies before the first one: change one of them")
	}
	a.filtered = !none
	return nil
}

func (d *dashboard) loadOrders(ctx context.Context, v *visit) (any, error) {
	a, err := v.ordersAsked()
	if err != nil {
		return nil, err
	}
	data := ordersData{Q: a.query.Search, Tenant: string(a.tenant), From: v.Query.Get("from"), To: v.Query.Get("to"), Changed: v.Query.Get("changed")}
	if a.after != "" {
		data.First = v.With("after", "")
	}
	data.More = len(a.query.Channels) > 0 || data.From != "" || data.To != "" || data.Changed != ""
	var own []ordersync.Connection
	if a.tenant != "" {
		if own, err = d.Reader.Tenant(a.tenant).Connections(ctx); err != nil {
			return nil, err
		}
	}
	v.orderChoices(a, own, &data)
	if err := d.offerTenants(ctx, v, a, &data); err != nil {
		return nil, err
	}
	switch {
	case a.tenant != "" && len(own) == 0 && v.Operator():
		data.Empty = "tenant"
	case a.tenant != "":
		err = d.listOrders(ctx, v, a, own, &data)
	case a.filtered:
		data.Empty, data.WithoutFilters = "filters", "/orders?"+url.Values{"q": {a.query.Search}}.Encode()
	case a.query.Search == "":
		data.Empty = "ask"
	default:
		err = d.findOrders(ctx, v, a, &data)
	}
	if data.Empty == "" && len(data.Rows) == 0 {
		data.Empty = "none"
		if v.Operator() && a.tenant != "" && looksWhole.MatchString(a.query.Search) {
			data.Explain = explainCommand(a.tenant, a.query.Search)
		}
	}
	return data, err
}

// listOrders reads a page of a tenant's orders.
func (d *dashboard) listOrders(ctx context.Context, v *visit, a ordersAsked, own []ordersync.Connection, data *ordersData) (err error) {
	if a.after != "" {
		if a.query.After, err = parseOrderMark(a.after); err != nil {
			return wrong("the address of this page is broken: begin at the first page")
		}
	}
	page, _, next, err := d.Reader.Tenant(a.tenant).OrdersPage(ctx, a.query)
	if err != nil {
		return err
	}
	names := map[ordersync.ConnectionID]string{}
	for _, c := range own {
		names[c.ID] = nameOf(c.DisplayName, c.Tenant)
	}
	for _, o := range page {
		line := v.orderLine(a.tenant, o, a.query.Search)
		line.Name = orElse(names[o.Connection], string(a.tenant))
		data.Rows = append(data.Rows, line)
	}
	if next != (store.OrderMark{}) {
		data.Next = v.With("after", orderMarkText(next))
	}
	return nil
}

// findOrders reads a page of what is found over all tenants.
func (d *dashboard) findOrders(ctx context.Context, v *visit, a ordersAsked, data *ordersData) (err error) {
	data.AllTenants = true
	q := store.FindQuery{Search: a.query.Search, Limit: ordersPage}
	if a.after != "" {
		if q.After, err = parseFindMark(a.after); err != nil {
			return wrong("the address of this page is broken: begin at the first page")
		}
	}
	page, next, err := d.Reader.FindOrders(ctx, q)
	if err != nil {
		return err
	}
	for _, o := range page {
		data.Rows = append(data.Rows, v.orderLine(o.Tenant, o.StoredOrder, a.query.Search))
	}
	if next != (store.FindMark{}) {
		data.Next = v.With("after", findMarkText(next))
	}
	return nil
}

// offerTenants names tenants to an operator: the first ones, or those whose ids begin as
// the one that was asked for.
func (d *dashboard) offerTenants(ctx context.Context, v *visit, a ordersAsked, data *ordersData) error {
	if !v.Operator() {
		return nil
	}
	prefix := ""
	if a.tenant != "" {
		there, err := d.Reader.Tenant(a.tenant).Exists(ctx)
		if err != nil || there {
			return err
		}
		prefix = string(a.tenant)
	}
	found, err := d.Reader.TenantsBeginning(ctx, prefix, shownTenants)
	for _, t := range found {
		data.Tenants = append(data.Tenants, tenantChoice{string(t.ID), nameOf(t.Name, t.ID), ordersHref(t.ID)})
	}
	return err
}

// orderLine is an order as a row shows it.
func (v *visit) orderLine(tenant ordersync.TenantID, o store.StoredOrder, search string) orderLine {
	out := orderLine{
		ID: o.ID, Href: orderHref(tenant, o.Connection, o.ID), Tenant: string(tenant), Name: string(tenant), Country: marketplaceTag(o.MarketplaceID),
		Status: v.orderBadge(o), Delivery: v.deliveryBadge(o.DeliveryStatus()),
		Total: v.words.money(o.Total), OrderedAt: o.CreatedAt, ChangedAt: o.LastUpdatedAt,
	}
	if out.Delivery.Text != "" { // else nothing is on its way
		out.Carrier = o.Tracking().Carrier
	}
	if out.Short = out.Status; out.Delivery.Class == "failed" {
		out.Short = out.Delivery
	}
	if o.OrderStatus() == ordersync.OrderConfirmed || o.OrderStatus() == ordersync.OrderPartiallyShipped {
		out.ShipBy = o.ShipBy.Latest
	}
	if item, ok := itemSearched(o.Items, search); ok {
		out.SKU, out.More = orElse(item.SKU, item.ASIN), len(o.Items)-1
		if out.More == 0 && item.Quantity > 1 {
			out.Quantity = item.Quantity
		}
	}
	return out
}

// itemSearched is the first item whose SKU begins as what was searched for, else the
// first.
func itemSearched(items []ordersync.Item, search string) (ordersync.Item, bool) {
	if len(items) == 0 {
		return ordersync.Item{}, false
	}
	for _, i := range items {
		if search != "" && strings.HasPrefix(strings.ToLower(i.SKU), strings.ToLower(search)) {
			return i, true
		}
	}
	return items[0], true
}

// channelName is a channel as it can be chosen, in English.
type channelName struct {
	channel ordersync.FulfillmentChannel
	name    string
}

var channelNames = []channelName{
	{ordersync.FulfilledByAmazon, "Amazon (FBA)"}, {ordersync.FulfilledByMerchant, "Seller (FBM)"}, {ordersync.FulfilledByUnknown, "Not known"},
}

// orderChoices fills what can be chosen.
func (v *visit) orderChoices(a ordersAsked, own []ordersync.Connection, data *ordersData) {
	first := func(values ...string) []choice { return []choice{{"", v.T("Any"), len(values) == 0}} }
	status, channel := strings.Join(a.query.Status, ""), v.Query.Get("channel")
	data.Status, data.Delivery, data.Channels = first(a.query.Status...), first(), first()
	for _, s := range ordersync.OrderStatuses() {
		data.Status = append(data.Status, choice{string(s.Code), v.either(s.English, s.French), status == string(s.Code)})
	}
	for _, s := range ordersync.DeliveryStatuses() {
		data.Delivery = append(data.Delivery, choice{string(s.Code), v.either(s.English, s.French), slices.Contains(a.query.Delivery, s.Code)})
	}
	for _, c := range channelNames {
		data.Channels = append(data.Channels, choice{string(c.channel), v.T(c.name), channel == string(c.channel)})
	}
	data.Marketplace = append(first(a.query.Marketplaces...), v.marketplaceChoices(a, own)...)
}

// marketplaceChoices are those of who has one tenant's key, else all; and the one that
// was chosen, whatever it is.
func (v *visit) marketplaceChoices(a ordersAsked, own []ordersync.Connection) (out []choice) {
	ids := slices.Clone(a.query.Marketplaces)
	for _, c := range own {
		if !v.Operator() {
			ids = append(ids, c.Marketplaces...)
		}
	}
	if v.Operator() {
		for _, m := range ordersync.Marketplaces {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		out = append(out, choice{id, v.countryName(id), slices.Contains(a.query.Marketplaces, id)})
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Compare(sortable.Replace(a.Text), sortable.Replace(b.Text)) })
	return out
}

// sortable takes the accents with which names of countries begin.
var sortable = strings.NewReplacer("É", "E")
