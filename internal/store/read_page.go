package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"ordersync"
)

// OrdersQuery asks for a page of a tenant's orders, the newest order date first. The
// zero value asks for all; an order must meet everything that is given.
type OrdersQuery struct {
	// Search is what the order id or an item's SKU begins with, or with Anywhere holds
	// somewhere, upper or lower case; "" for all. What begins with a text is found by
	// an index; to look anywhere reads the index of all orders of the tenant, unless
	// the text is a whole order id of Amazon's.
	Search   string
	Anywhere bool
	// Status are order statuses, and words of Amazon's that are none of ours: an order
	// that has one of them is found.
	Status       []string
	AmazonStatus []string // Amazon's own words
	Delivery     []ordersync.DeliveryStatus
	Marketplaces []string // ids
	Channels     []ordersync.FulfillmentChannel
	Connection   ordersync.ConnectionID // 0 for all
	From, To     time.Time              // of the order date, both inclusive; zero for no bound
	UpdatedFrom  time.Time              // of Amazon's time of the last update, likewise
	UpdatedTo    time.Time
	// Uncounted saves counting what is found: total is then how many there are at
	// least. To count reads as much of the index as meets the dates.
	Uncounted bool
	Limit     int // at most 100, which is also what 0 means
	Offset    int // how many to pass over; it costs what reading them would
	// After is where the page before ended. It costs nothing, and orders that come
	// meanwhile shift no page.
	After OrderMark
}

// OrderMark is a place in the list of a tenant's orders. The zero value is its
// beginning.
type OrderMark struct {
	At         time.Time // order date
	OrderID    string
	Connection ordersync.ConnectionID
}

// after tells whether m stands behind o in the list.
func (m OrderMark) after(o OrderMark) bool {
	if c := m.At.Compare(o.At); c != 0 {
		return c < 0
	}
	if c := strings.Compare(m.OrderID, o.OrderID); c != 0 {
		return c < 0
	}
	return m.Connection < o.Connection
}

// wholeOrderID is Amazon's order id. Nothing longer holds one.
var wholeOrderID = regexp.MustCompile(`^[0-9A-Za-z]{3}-[0-9]{7}-[0-9]{7}$`)

// maxOrdersPage is how many orders one page has at most.
const maxOrdersPage = 100

// OrdersPage reads a page of the tenant's orders with their items and packages, and
// how many there are in all. Of a search that finds thousands nothing is counted:
// total is then how many there are at least, those that were passed over by Offset
// included. next is where the following page begins; zero after the last.
func (t TenantReader) OrdersPage(ctx context.Context, q OrdersQuery) (out []StoredOrder, total int64, next OrderMark, err error) {
	if q.Limit <= 0 || q.Limit > maxOrdersPage {
		q.Limit = maxOrdersPage
	}
	q.Offset = max(q.Offset, 0)
	q.Anywhere = q.Anywhere && !wholeOrderID.MatchString(q.Search)
	page, total, err := t.orderMarks(ctx, q)
	if err != nil {
		return nil, 0, next, fmt.Errorf("look for orders: %w", err)
	}
	if len(page) > q.Limit {
		page = page[:q.Limit]
		next = page[q.Limit-1]
	}
	if out, err = t.ordersOf(ctx, page); err != nil {
		return nil, 0, next, fmt.Errorf("read orders: %w", err)
	}
	return out, total, next, nil
}

// orderMarks are the places of a page of orders, one more if there is one, and the
// total.
func (t TenantReader) orderMarks(ctx context.Context, q OrdersQuery) (page []OrderMark, total int64, err error) {
	where := t.conditions()
	where.of(q, t.r.now())
	switch {
	case q.Search != "":
		few, err := t.findsFew(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		if few {
			all, err := t.foundOrders(ctx, q)
			return pageOfMarks(all, q), int64(len(all)), err
		}
		where.search(q)
	case !q.Uncounted:
		if total, err = t.countOrders(ctx, where); err != nil || total == 0 {
			return nil, 0, err
		}
		page, err = t.walkOrders(ctx, where, q)
		return page, total, err
	}
	if page, err = t.walkOrders(ctx, where, q); len(page) > 0 {
		total = int64(q.Offset + len(page))
	}
	return page, total, err
}

// pageOfMarks cuts a page out of all places.
func pageOfMarks(all []OrderMark, q OrdersQuery) []OrderMark {
	if q.After != (OrderMark{}) {
		i, _ := slices.BinarySearchFunc(all, q.After, func(m, after OrderMark) int {
			if m.after(after) {
				return 1
			}
			return -1
		})
		all = all[i:]
	}
	all = all[min(q.Offset, len(all)):]
	return all[:min(q.Limit+1, len(all))]
}

// byDate is the order of the list.
const byDate = ` ORDER BY o.created_at DESC, o.order_id DESC, o.connection_id DESC`

// ordersWalk looks through the list, which lies with all that it is filtered by in
// an index; $1 is the tenant.
const ordersWalk = `SELECT o.created_at, o.order_id, o.connection_id FROM orders o WHERE `

// walkOrders reads places of the list from its newest end.
func (t TenantReader) walkOrders(ctx context.Context, where conditions, q OrdersQuery) ([]OrderMark, error) {
	if q.After != (OrderMark{}) {
		where.and("(o.created_at, o.order_id, o.connection_id) < (%s, %s, %s)", ms(q.After.At), ordersync.CleanText(q.After.OrderID), int64(q.After.Connection))
	}
	return t.marks(ctx, ordersWalk+where.String()+byDate+fmt.Sprintf(` LIMIT %d OFFSET %d`, q.Limit+1, q.Offset), where.args)
}

func (t TenantReader) marks(ctx context.Context, query string, args []any) (out []OrderMark, err error) {
	rows, err := t.r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var created, connection int64
		var m OrderMark
		if err := rows.Scan(&created, &m.OrderID, &connection); err != nil {
			return nil, err
		}
		m.At, m.Connection = msTime(created), ordersync.ConnectionID(connection)
		out = append(out, m)
	}
	return out, rows.Err()
}

// ordersOf reads the orders at these places, in their order. One that was deleted
// meanwhile is left out.
func (t TenantReader) ordersOf(ctx context.Context, page []OrderMark) ([]StoredOrder, error) {
	type key struct {
		connection ordersync.ConnectionID
		id         string
	}
	found := map[key]StoredOrder{}
	ids := map[ordersync.ConnectionID][]any{}
	for _, m := range page {
		ids[m.Connection] = append(ids[m.Connection], m.OrderID)
	}
	for connection, of := range ids {
		where := t.conditions()
		where.and("o.connection_id = %s", int64(connection))
		where.among("o.order_id", of)
		orders, err := t.orders(ctx, where, "")
		if err != nil {
			return nil, err
		}
		for _, o := range orders {
			found[key{o.Connection, o.ID}] = o
		}
	}
	out := make([]StoredOrder, 0, len(page))
	for _, m := range page {
		if o, ok := found[key{m.Connection, m.OrderID}]; ok {
			out = append(out, o)
		}
	}
	return out, nil
}

// oldestOrder follows the index by date.
const oldestOrder = `SELECT created_at FROM orders WHERE tenant = $1 ORDER BY created_at LIMIT 1`

// OldestOrder is the date of the tenant's oldest order; zero when there is none.
func (t TenantReader) OldestOrder(ctx context.Context) (time.Time, error) {
	var oldest int64
	err := t.r.db.QueryRowContext(ctx, oldestOrder, t.tenant).Scan(&oldest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("read the oldest order: %w", err)
	}
	return msTime(oldest), nil
}

// Order reads an order by Amazon's id: one of each connection that has it.
func (t TenantReader) Order(ctx context.Context, externalOrderID string) ([]StoredOrder, error) {
	where := t.conditions()
	where.and("o.connection_id IN (SELECT id FROM connections WHERE tenant = $1) AND o.order_id = %s", ordersync.CleanText(externalOrderID))
	out, err := t.orders(ctx, where, ` ORDER BY o.connection_id`)
	if err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	return out, nil
}

// orders reads the orders of the tenant that meet the conditions.
func (t TenantReader) orders(ctx context.Context, where conditions, tail string) (out []StoredOrder, err error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT `+readColumns+`, (SELECT region FROM connections c WHERE c.id = o.connection_id) FROM orders o WHERE `+where.String()+tail, where.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var region sql.NullString
		o, err := scanOrder(rows, t.r.unzip, &region)
		if err != nil {
			return nil, err
		}
		o.Region = ordersync.Region(region.String)
		o.readAt(t.r.now())
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, addParts(ctx, t.r.db, t.r.kind, t.tenant, out)
}

// countOrders counts what meets the conditions; of all orders the connections
// know the number.
func (t TenantReader) countOrders(ctx context.Context, where conditions) (n int64, err error) {
	query := ordersCount + where.String()
	if len(where.text) == 1 {
		query = `SELECT COALESCE(SUM(orders), 0) FROM connections WHERE tenant = $1`
	}
	err = t.r.db.QueryRowContext(ctx, query, where.args...).Scan(&n)
	return n, err
}

const ordersCount = `SELECT COUNT(*) FROM orders o WHERE `
