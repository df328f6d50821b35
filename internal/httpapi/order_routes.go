package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// registerOrders registers the routes that show orders.
func (s *server) registerOrders() {
	route(s, "GET /api/v1/orders", "listOrders", "List orders, the newest order date first",
		"Of one tenant: the caller's own; an operator names one. `nextCursor` costs nothing and no page shifts when orders come; `offset` costs what reading would. "+
			"429: two searches (`q`) of the tenant are under way already. 503: the search took too long; narrow it by dates.",
		s.listOrders, tag("orders"))
	route(s, "GET /api/v1/orders/{orderId}", "getOrder", "Show an order",
		"By Amazon's order id, with its items, packages and the changes that are kept.", s.getOrder, tag("orders"))
}

// OrdersInput asks for a page of orders.
type OrdersInput struct {
	TenantID string   `query:"tenantId" doc:"Whose orders; an operator must name one here or in X-Tenant-Id."`
	Limit    int      `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Offset   int      `query:"offset" minimum:"0" default:"0" doc:"How many to pass over."`
	Cursor   string   `query:"cursor" maxLength:"200" doc:"nextCursor of the page before; instead of offset."`
	Q        string   `query:"q" maxLength:"100" doc:"A part of the order id or of a SKU, upper or lower case."`
	Status   []string `query:"status" maxItems:"20" doc:"Amazon's own words, joined by commas, such as SHIPPED,UNSHIPPED."`
	DateFrom string   `query:"dateFrom" doc:"Order date from here on: RFC 3339, or YYYY-MM-DD in UTC." example:"2026-01-12"`
	DateTo   string   `query:"dateTo" doc:"Order date up to here, a day whole." example:"2026-01-31"`
}

// OrderList is a page of orders.
type OrderList struct {
	Orders     []Order    `json:"orders" nullable:"false"`
	Count      int        `json:"count" doc:"How many are on this page."`
	Total      int64      `json:"total" doc:"How many there are on all pages; with q how many there are at least, hasMore says whether more."`
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
	tenant, err := callerOf(ctx).one(in.TenantID)
	if err != nil {
		return nil, err
	}
	query, err := in.query()
	if err != nil {
		return nil, err
	}
	if query.Search != "" {
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

func (in *OrdersInput) query() (q store.OrdersQuery, err error) {
	q = store.OrdersQuery{Search: in.Q, Limit: in.Limit, Offset: in.Offset}
	for _, word := range in.Status {
		if word = strings.TrimSpace(word); word != "" {
			q.Status = append(q.Status, word)
		}
	}
	if in.Cursor != "" {
		if in.Offset != 0 {
			return q, badField("query.offset", "give either cursor or offset")
		}
		if q.After, err = parseOrderMark(in.Cursor); err != nil {
			return q, badCursor()
		}
	}
	if q.From, _, err = parseDay("query.dateFrom", in.DateFrom); err != nil {
		return q, err
	}
	to, day, err := parseDay("query.dateTo", in.DateTo)
	if err != nil {
		return q, err
	}
	if q.To = to; day {
		q.To = to.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return q, badField("query.dateTo", "it lies before dateFrom: give the later one here")
	}
	return q, nil
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

// OrderDetail is an order with its history.
type OrderDetail struct {
	Order
	Changes []Change `json:"changes" nullable:"false" doc:"What is kept of its changes, oldest first."`
	AlsoIn  []string `json:"alsoIn,omitempty" nullable:"false" doc:"Other connections of the tenant that have this order; the one shown was updated last."`
}

// Change is one change of an order.
type Change struct {
	Seq               int64                `json:"seq" doc:"Its place in the connection's list of changes, without holes."`
	Kind              ordersync.ChangeKind `json:"kind" enum:"created,updated"`
	At                *string              `json:"at" doc:"When it was stored."`
	LastUpdatedBefore *string              `json:"lastUpdatedBefore"`
	LastUpdatedAfter  *string              `json:"lastUpdatedAfter"`
	StatusBefore      *string              `json:"statusBefore"`
	StatusAfter       *string              `json:"statusAfter"`
	Groups            []string             `json:"groups" nullable:"false" doc:"Amazon's data groups whose content changed."`
}

func changesOf(changes []ordersync.Change) []Change {
	out := []Change{}
	for _, c := range changes {
		out = append(out, Change{
			Seq: c.Seq, Kind: c.Kind, At: when(c.At), LastUpdatedBefore: when(c.LastUpdatedBefore), LastUpdatedAfter: when(c.LastUpdatedAfter),
			StatusBefore: text(c.StatusBefore), StatusAfter: text(c.StatusAfter), Groups: append([]string{}, c.Groups.Names()...),
		})
	}
	return out
}

func (s *server) getOrder(ctx context.Context, in *struct {
	OrderID  string `path:"orderId" maxLength:"100" doc:"Amazon's order id."`
	TenantID string `query:"tenantId" doc:"Whose order; an operator must name one here or in X-Tenant-Id."`
}) (*struct{ Body OrderDetail }, error) {
	tenant, err := callerOf(ctx).one(in.TenantID)
	if err != nil {
		return nil, err
	}
	found, err := s.Reader.Tenant(tenant).Order(ctx, in.OrderID)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound()
	}
	newest := found[0]
	for _, o := range found[1:] {
		if o.LastUpdatedAt.After(newest.LastUpdatedAt) {
			newest = o
		}
	}
	changes, err := s.Reader.Tenant(tenant).OrderHistory(ctx, newest.Connection, newest.ID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body OrderDetail }{OrderDetail{Order: OrderOf(tenant, newest), Changes: changesOf(changes)}}
	for _, o := range found {
		if o.Connection != newest.Connection {
			out.Body.AlsoIn = append(out.Body.AlsoIn, strconv.FormatInt(int64(o.Connection), 10))
		}
	}
	return out, nil
}
