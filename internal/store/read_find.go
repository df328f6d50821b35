package store

import (
	"context"
	"fmt"

	"ordersync"
)

// FoundOrder is an order of any tenant's, for operators who do not know whose it is.
type FoundOrder struct {
	Tenant ordersync.TenantID
	StoredOrder
}

// FindQuery asks for orders of all tenants by what their id or an item's SKU begins
// with.
type FindQuery struct {
	Search string // upper or lower case; "" finds nothing
	Limit  int    // at most 100, which is also what 0 means
	After  FindMark
}

// FindMark is a place in what was found. The zero value is its beginning.
type FindMark struct {
	Tenant     ordersync.TenantID
	Connection ordersync.ConnectionID
	OrderID    string
	// SKU, in small letters, and Item are set where the order was found by a SKU.
	SKU, Item string
}

// FindOrders finds orders of all tenants, those whose id begins with the text
// first, by their ids, then those with such a SKU, by the SKU; each order once. It
// is for operators only. next is where the following page begins; zero after the
// last. However many there are, a page costs the same.
func (r *Reader) FindOrders(ctx context.Context, q FindQuery) (out []FoundOrder, next FindMark, err error) {
	if q.Search == "" {
		return nil, next, nil
	}
	if q.Limit <= 0 || q.Limit > maxOrdersPage {
		q.Limit = maxOrdersPage
	}
	for _, text := range []*string{&q.After.OrderID, &q.After.SKU, &q.After.Item} {
		*text = ordersync.CleanText(*text) // it comes back from outside
	}
	var page []FindMark
	if q.After.Item == "" {
		if page, err = r.findByID(ctx, q); err != nil {
			return nil, next, fmt.Errorf("find orders by id: %w", err)
		}
		q.After = FindMark{}
	}
	if len(page) <= q.Limit {
		bySKU, err := r.findBySKU(ctx, q, q.Limit+1-len(page))
		if err != nil {
			return nil, next, fmt.Errorf("find orders by SKU: %w", err)
		}
		page = append(page, bySKU...)
	}
	if len(page) > q.Limit {
		page = page[:q.Limit]
		next = page[q.Limit-1]
	}
	out, err = r.foundAt(ctx, page)
	return out, next, err
}

// foundAt reads the orders at these places, each as its tenant's.
func (r *Reader) foundAt(ctx context.Context, page []FindMark) ([]FoundOrder, error) {
	places := map[ordersync.TenantID][]OrderMark{}
	for _, m := range page {
		places[m.Tenant] = append(places[m.Tenant], OrderMark{OrderID: m.OrderID, Connection: m.Connection})
	}
	type key struct {
		tenant     ordersync.TenantID
		connection ordersync.ConnectionID
		id         string
	}
	found := map[key]StoredOrder{}
	for tenant, of := range places {
		orders, err := r.Tenant(tenant).ordersOf(ctx, of)
		if err != nil {
			return nil, fmt.Errorf("read found orders: %w", err)
		}
		for _, o := range orders {
			found[key{tenant, o.Connection, o.ID}] = o
		}
	}
	out := make([]FoundOrder, 0, len(page))
	for _, m := range page {
		if o, ok := found[key{m.Tenant, m.Connection, m.OrderID}]; ok {
			out = append(out, FoundOrder{m.Tenant, o})
		}
	}
	return out, nil
}

// findIDs finds orders by the beginning of their ids, from a place on.
const findIDs = `SELECT tenant, connection_id, order_id, '', '' FROM orders
	WHERE order_id >= $1 AND order_id < $2 AND (order_id, tenant, connection_id) > ($3, $4, $5)
	ORDER BY order_id, tenant, connection_id LIMIT $6`

func (r *Reader) findByID(ctx context.Context, q FindQuery) ([]FindMark, error) {
	id, _ := searched(q.Search)
	from := max(id, q.After.OrderID)
	return r.findMarks(ctx, findIDs, from, id+lastSign, q.After.OrderID, q.After.Tenant, int64(q.After.Connection), q.Limit+1)
}

// findSKUs finds orders by the beginning of their items' SKUs, from a place on: of
// several such items of an order the first one, and none that is found by its id.
const findSKUs = `SELECT i.tenant, i.connection_id, i.order_id, i.sku_folded, i.item_id FROM order_items i
	WHERE i.sku_folded >= $1 AND i.sku_folded < $2 AND NOT (i.order_id >= $3 AND i.order_id < $4)
		AND (i.sku_folded, i.tenant, i.connection_id, i.order_id, i.item_id) > ($5, $6, $7, $8, $9)
		AND NOT EXISTS (SELECT 1 FROM order_items j WHERE j.tenant = i.tenant AND j.connection_id = i.connection_id AND j.order_id = i.order_id
			AND j.sku_folded >= $10 AND (j.sku_folded, j.item_id) < (i.sku_folded, i.item_id))
	ORDER BY i.sku_folded, i.tenant, i.connection_id, i.order_id, i.item_id LIMIT $11`

func (r *Reader) findBySKU(ctx context.Context, q FindQuery, limit int) ([]FindMark, error) {
	id, sku := searched(q.Search)
	a := q.After
	return r.findMarks(ctx, findSKUs, max(sku, a.SKU), sku+lastSign, id, id+lastSign,
		a.SKU, a.Tenant, int64(a.Connection), a.OrderID, a.Item, sku, limit)
}

func (r *Reader) findMarks(ctx context.Context, query string, args ...any) (out []FindMark, err error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m FindMark
		var connection int64
		if err := rows.Scan(&m.Tenant, &connection, &m.OrderID, &m.SKU, &m.Item); err != nil {
			return nil, err
		}
		m.Connection = ordersync.ConnectionID(connection)
		out = append(out, m)
	}
	return out, rows.Err()
}
