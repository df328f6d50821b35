package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"ordersync"
)

// OrdersQuery asks for a page of a tenant's orders, the newest order date first.
type OrdersQuery struct {
	Search   string    // a part of the order id or of an item's SKU, upper or lower case; "" for all
	Status   []string  // Amazon's own words; none for all
	From, To time.Time // of the order date, both inclusive; zero for no bound
	Limit    int       // at most 100, which is also what 0 means
	Offset   int       // how many to pass over; it costs what reading them would
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

// maxOrdersPage is how many orders one page has at most.
const maxOrdersPage = 100

// OrdersPage reads a page of the tenant's orders with their items and packages,
// and how many there are in all. Of a search, which reads all orders of the
// tenant, nothing is counted: total is then how many there are at least, those
// that were passed over by Offset included. next is where the following page
// begins; zero after the last.
func (t TenantReader) OrdersPage(ctx context.Context, q OrdersQuery) (out []StoredOrder, total int64, next OrderMark, err error) {
	if q.Limit <= 0 || q.Limit > maxOrdersPage {
		q.Limit = maxOrdersPage
	}
	where := conditions{args: []any{t.tenant}, text: []string{"o.tenant = $1"}}
	where.of(q)
	if q.Search == "" {
		if total, err = t.countOrders(ctx, where); err != nil {
			return nil, 0, next, fmt.Errorf("count orders: %w", err)
		}
	}
	if q.After != (OrderMark{}) {
		where.and("(o.created_at, o.order_id, o.connection_id) < (%s, %s, %s)", ms(q.After.At), ordersync.CleanText(q.After.OrderID), int64(q.After.Connection))
	}
	tail := fmt.Sprintf(` ORDER BY o.created_at DESC, o.order_id DESC, o.connection_id DESC LIMIT %d OFFSET %d`, q.Limit+1, max(q.Offset, 0))
	if out, err = t.orders(ctx, where, tail); err != nil {
		return nil, 0, next, fmt.Errorf("read orders: %w", err)
	}
	if q.Search != "" && len(out) > 0 {
		total = int64(max(q.Offset, 0) + len(out))
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		last := out[len(out)-1]
		next = OrderMark{last.CreatedAt, last.ID, last.Connection}
	}
	return out, total, next, nil
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
	where := conditions{args: []any{t.tenant}, text: []string{"o.tenant = $1"}}
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
	query := `SELECT COUNT(*) FROM orders o WHERE ` + where.String()
	if len(where.text) == 1 {
		query = `SELECT COALESCE(SUM(orders), 0) FROM connections WHERE tenant = $1`
	}
	err = t.r.db.QueryRowContext(ctx, query, where.args...).Scan(&n)
	return n, err
}

// conditions collects the conditions of one query and their parameters.
type conditions struct {
	text []string
	args []any
}

// and adds a condition; each %s in it stands for a parameter.
func (c *conditions) and(text string, args ...any) {
	names := make([]any, len(args))
	for i, a := range args {
		c.args = append(c.args, a)
		names[i] = fmt.Sprintf("$%d", len(c.args))
	}
	c.text = append(c.text, fmt.Sprintf(text, names...))
}

func (c *conditions) String() string { return strings.Join(c.text, " AND ") }

// of adds what a query of orders asks for.
func (c *conditions) of(q OrdersQuery) {
	if q.Search != "" {
		part := "%" + likeText.Replace(strings.ToLower(ordersync.CleanText(q.Search))) + "%"
		c.and(`(LOWER(o.order_id) LIKE %s ESCAPE '!' OR EXISTS (SELECT 1 FROM order_items i WHERE i.tenant = o.tenant
			AND i.connection_id = o.connection_id AND i.order_id = o.order_id AND LOWER(i.sku) LIKE %s ESCAPE '!'))`, part, part)
	}
	if len(q.Status) > 0 {
		words := make([]any, len(q.Status))
		for i, word := range q.Status {
			words[i] = ordersync.CleanText(word)
		}
		c.and("o.status IN ("+strings.TrimSuffix(strings.Repeat("%s, ", len(words)), ", ")+")", words...)
	}
	if !q.From.IsZero() {
		c.and("o.created_at >= %s", ms(q.From))
	}
	if !q.To.IsZero() {
		c.and("o.created_at <= %s", ms(q.To))
	}
}

// likeText takes the meaning from the signs that mean something to LIKE.
var likeText = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
