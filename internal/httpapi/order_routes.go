package httpapi

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// registerOrders registers the routes that show orders.
func (s *server) registerOrders() {
	route(s, "GET /api/v1/orders", "listOrders", "List orders, the newest order date first",
		"Of one tenant: the caller's own; an operator names one. An operator who names none searches the orders of all tenants by what the order id or a SKU begins with (`q`): "+
			"those found by id come first, then those found by SKU, page by page with `cursor`; other filters want a tenant. "+
			"`nextCursor` costs nothing and no page shifts when orders come; `offset` costs what reading would. "+
			"429: two searches of the tenant that look anywhere are under way already. 503: the search took too long; narrow it by dates.",
		s.listOrders, tag("orders"))
	route(s, "GET /api/v1/orders/{orderId}", "getOrder", "Show an order",
		"By Amazon's order id, with its items, packages, timeline, the changes that are kept, and Amazon's own JSON. Personal fields are not shown.", s.getOrder, tag("orders"))
}

// OrdersInput asks for a page of orders. An order must meet all that is asked for;
// of several words one is enough.
type OrdersInput struct {
	TenantID string `query:"tenantId" doc:"Whose orders; an operator names one here or in X-Tenant-Id, or searches all of them by q."`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Offset   int    `query:"offset" minimum:"0" default:"0" doc:"How many to pass over."`
	Cursor   string `query:"cursor" maxLength:"2000" doc:"nextCursor of the page before; instead of offset."`
	Q        string `query:"q" maxLength:"100" doc:"What the order id or a SKU holds, upper or lower case."`
	Match    string `query:"match" enum:"contains,prefix" doc:"Where q stands: anywhere (contains, which reads the index of all orders of the tenant), or at the beginning (prefix, which costs next to nothing: search as you type). Unless given: contains; over all tenants only prefix."`

	Status             []string `query:"status" maxItems:"20" doc:"Words of orderStatus, or words of Amazon's that are none of these, joined by commas, such as SHIPPED,UNSHIPPED."`
	AmazonStatus       []string `query:"amazonStatus" maxItems:"20" doc:"Amazon's own words, joined by commas."`
	DeliveryStatus     []string `query:"deliveryStatus" maxItems:"20" doc:"Words of deliveryStatus, joined by commas."`
	Marketplace        []string `query:"marketplace" maxItems:"30" doc:"Ids of marketplaces, or countries such as FR, joined by commas."`
	FulfillmentChannel []string `query:"fulfillmentChannel" maxItems:"3" doc:"FBA, FBM or UNKNOWN."`
	ConnectionID       string   `query:"connectionId" maxLength:"20"`

	DateFrom    string `query:"dateFrom" doc:"Order date from here on: RFC 3339, or YYYY-MM-DD in UTC." example:"2026-01-12"`
	DateTo      string `query:"dateTo" doc:"Order date up to here, a day whole." example:"2026-01-31"`
	UpdatedFrom string `query:"updatedFrom" doc:"Amazon's time of the last update from here on, likewise." example:"2026-01-12T02:54:23Z"`
	UpdatedTo   string `query:"updatedTo" doc:"Amazon's time of the last update up to here, a day whole." example:"2026-01-31"`
}

// OrderList is a page of orders.
type OrderList struct {
	Orders     []Order    `json:"orders" nullable:"false"`
	Count      int        `json:"count" doc:"How many are on this page."`
	Total      int64      `json:"total" doc:"How many there are on all pages. Of a search that finds thousands, and of one over all tenants, how many there are at least; hasMore says whether more."`
	Pagination Pagination `json:"pagination"`
}

// Pagination says which page it is.
type Pagination struct {
	Limit      int    `json:"limit"`
	Offset     int    `json:"offset"`
	HasMore    bool   `json:"hasMore"`
	NextCursor string `json:"nextCursor,omitempty" doc:"Where the next page begins."`
}

func (s *server) listOrders(ctx context.Context, in *OrdersInput) (*struct{ Body OrderList }, error) {
	caller := callerOf(ctx)
	if tenant, err := caller.named(in.TenantID); err == nil && tenant == "" && caller.tenant == "" {
		return s.findOrders(ctx, in)
	}
	tenant, err := caller.one(in.TenantID)
	if err != nil {
		return nil, err
	}
	query, err := in.query()
	if err != nil {
		return nil, err
	}
	if query.Search != "" && query.Anywhere {
		done, err := s.searches.take(string(tenant), mostSearches, searchAgain)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	orders, total, next, err := s.Reader.Tenant(tenant).OrdersPage(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body OrderList }{OrderList{Orders: []Order{}, Count: len(orders), Total: total, Pagination: Pagination{Limit: in.Limit, Offset: in.Offset}}}
	for _, o := range orders {
		out.Body.Orders = append(out.Body.Orders, OrderOf(tenant, o))
	}
	page := &out.Body.Pagination
	if page.HasMore = next != (store.OrderMark{}); page.HasMore {
		page.NextCursor = orderMarkText(next)
	}
	return out, nil
}

// query is what is asked of one tenant's orders.
func (in *OrdersInput) query() (q store.OrdersQuery, err error) {
	q = store.OrdersQuery{
		Search: in.Q, Anywhere: in.Match != "prefix", Limit: in.Limit, Offset: in.Offset,
		Status: words(in.Status), AmazonStatus: words(in.AmazonStatus),
	}
	if in.Cursor != "" {
		if in.Offset != 0 {
			return q, badField("query.offset", "give either cursor or offset")
		}
		if q.After, err = parseOrderMark(in.Cursor); err != nil {
			return q, badCursor()
		}
	}
	if q.Delivery, err = knownWords("query.deliveryStatus", in.DeliveryStatus, deliveryWords()); err != nil {
		return q, err
	}
	if q.Channels, err = knownWords("query.fulfillmentChannel", in.FulfillmentChannel, channelWords); err != nil {
		return q, err
	}
	for _, word := range words(in.Marketplace) {
		if m, ok := ordersync.FindMarketplace(word); ok {
			word = m.ID
		}
		q.Marketplaces = append(q.Marketplaces, word)
	}
	if in.ConnectionID != "" {
		id, err := strconv.ParseInt(in.ConnectionID, 10, 64)
		if err != nil || id <= 0 {
			return q, badField("query.connectionId", "use the connectionId of an order or of the status, a number")
		}
		q.Connection = ordersync.ConnectionID(id)
	}
	if q.From, q.To, err = parseSpan("date", in.DateFrom, in.DateTo); err != nil {
		return q, err
	}
	q.UpdatedFrom, q.UpdatedTo, err = parseSpan("updated", in.UpdatedFrom, in.UpdatedTo)
	return q, err
}

// words are what was joined by commas.
func words(given []string) (out []string) {
	for _, word := range given {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// knownWords are words of which each must be one of a list.
func knownWords[T ~string](field string, given []string, known []T) (out []T, err error) {
	for _, word := range words(given) {
		if !slices.Contains(known, T(word)) {
			var list []string
			for _, k := range known {
				list = append(list, string(k))
			}
			return nil, badField(field, "use one or several of %s, joined by commas", strings.Join(list, ", "))
		}
		out = append(out, T(word))
	}
	return out, nil
}

var channelWords = []ordersync.FulfillmentChannel{ordersync.FulfilledByAmazon, ordersync.FulfilledByMerchant, ordersync.FulfilledByUnknown}

func deliveryWords() (out []ordersync.DeliveryStatus) {
	for _, row := range ordersync.DeliveryStatuses() {
		out = append(out, row.Code)
	}
	return out
}

// parseSpan reads two times or days, of fields that begin with name.
func parseSpan(name, first, last string) (from, to time.Time, err error) {
	if from, _, err = parseDay("query."+name+"From", first); err != nil {
		return from, to, err
	}
	to, day, err := parseDay("query."+name+"To", last)
	if err != nil {
		return from, to, err
	}
	if day {
		to = to.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		err = badField("query."+name+"To", "it lies before %sFrom: give the later one here", name)
	}
	return from, to, err
}

// parseDay reads a time or a day; zero when nothing was given. Days of years
// that no database can hold are refused.
func parseDay(field, value string) (at time.Time, day bool, err error) {
	if value == "" {
		return time.Time{}, false, nil
	}
	if at, err = time.Parse(time.DateOnly, value); err == nil {
		day = true
	} else {
		at, err = time.Parse(time.RFC3339, value)
	}
	if err != nil || at.Year() < 1 || at.Year() > 9998 {
		return time.Time{}, false, badField(field, "this is no date: use YYYY-MM-DD or RFC 3339, such as 2026-01-12T02:54:23Z (a + is written as %%2B)")
	}
	return at.UTC(), day, nil
}

// orderMarkText is a place in the list of orders as clients see it.
func orderMarkText(m store.OrderMark) string {
	return pairText(m.At.UnixMilli(), int64(m.Connection)) + "-" + m.OrderID
}

func parseOrderMark(s string) (m store.OrderMark, err error) {
	parts := strings.SplitN(s, "-", 3)
	if len(parts) < 3 {
		return m, strconv.ErrSyntax
	}
	at, id, err := parsePair(parts[0] + "-" + parts[1])
	return store.OrderMark{At: time.UnixMilli(at), Connection: ordersync.ConnectionID(id), OrderID: parts[2]}, err
}
