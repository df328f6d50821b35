package store

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"ordersync"
)

// A search finds orders by their id or by the SKUs of their items. Where it finds
// few, they are gathered from the indexes and put in order; where it finds many, the
// list is walked from its newest end until the page is full, which is soon.

// fewFound is how many orders, or items, a search finds at most that are gathered.
const fewFound = 5000

// lastSign stands behind every text that begins like another: no sign comes after
// it.
const lastSign = string(utf8.MaxRune)

// searched is the text that is searched for, as ids and SKUs are compared with it:
// ids are capitals, and SKUs are compared in small letters.
func searched(q string) (id, sku string) {
	q = ordersync.CleanText(q)
	return upperASCII(q), foldedSKU(q)
}

// lowerASCII and upperASCII change the letters of ASCII only, as both databases do
// to text that is compared byte by byte.
func lowerASCII(s string) string { return mapASCII(s, 'A', 'Z', 'a'-'A') }
func upperASCII(s string) string { return mapASCII(s, 'a', 'z', 'A'-'a') }

func mapASCII(s string, from, to rune, by rune) string {
	return strings.Map(func(r rune) rune {
		if r >= from && r <= to {
			return r + by
		}
		return r
	}, s)
}

// part is the pattern of LIKE, with ! as its escape, for what holds a text.
func part(s string) string { return "%" + likeText.Replace(s) + "%" }

// likeText takes the meaning from the signs that mean something to LIKE.
var likeText = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// idFound and skuFound are the conditions on an order id and on a SKU.
func (c *conditions) idFound(q OrdersQuery) string {
	id, sku := searched(q.Search)
	if q.Anywhere {
		return c.with("LOWER(o.order_id) LIKE %s ESCAPE '!'", part(sku))
	}
	return c.with("o.order_id >= %s AND o.order_id < %s", id, id+lastSign)
}

func (c *conditions) skuFound(q OrdersQuery) string {
	_, sku := searched(q.Search)
	if q.Anywhere {
		return c.with("i.sku_folded LIKE %s ESCAPE '!'", part(sku))
	}
	return c.with("i.sku_folded >= %s AND i.sku_folded < %s", sku, sku+lastSign)
}

// search adds the condition that an order is found.
func (c *conditions) search(q OrdersQuery) {
	c.text = append(c.text, "("+c.idFound(q)+` OR EXISTS (SELECT 1 FROM order_items i WHERE i.tenant = o.tenant
		AND i.connection_id = o.connection_id AND i.order_id = o.order_id AND `+c.skuFound(q)+`))`)
}

// gathered are the two queries for what a search finds, each no further than a
// little over what is few; $1 is the tenant.
func (t TenantReader) gathered(q OrdersQuery, c *conditions) (orders, items string) {
	tail := fmt.Sprintf(` LIMIT %d`, fewFound+1)
	whose := `o.tenant = $1 AND `
	if !q.Anywhere { // then the primary key lists what begins so
		whose += `o.connection_id IN (SELECT id FROM connections WHERE tenant = $1) AND `
	}
	return `SELECT o.connection_id, o.order_id FROM orders o WHERE ` + whose + c.idFound(q) + tail,
		`SELECT i.connection_id, i.order_id FROM order_items i WHERE i.tenant = $1 AND ` + c.skuFound(q) + tail
}

// findsFewQuery counts what a search finds, in each of both ways.
func (t TenantReader) findsFewQuery(q OrdersQuery) (query string, args []any) {
	c := conditions{args: []any{t.tenant}}
	orders, items := t.gathered(q, &c)
	return `SELECT (SELECT COUNT(*) FROM (` + orders + `) AS a), (SELECT COUNT(*) FROM (` + items + `) AS b)`, c.args
}

func (t TenantReader) findsFew(ctx context.Context, q OrdersQuery) (bool, error) {
	query, args := t.findsFewQuery(q)
	var orders, items int
	if err := t.r.db.QueryRowContext(ctx, query, args...).Scan(&orders, &items); err != nil {
		return false, err
	}
	return orders <= fewFound && items <= fewFound, nil
}

// foundQuery is everything that a search finds, by date.
func (t TenantReader) foundQuery(q OrdersQuery) (query string, args []any) {
	where := t.conditions()
	where.of(q, t.r.now())
	orders, items := t.gathered(q, &where)
	// SQLite keeps to the order of a CROSS JOIN: from the few to their orders.
	return `SELECT o.created_at, o.order_id, o.connection_id
		FROM (SELECT * FROM (` + orders + `) AS a UNION SELECT * FROM (` + items + `) AS b) AS m CROSS JOIN orders o
		WHERE o.connection_id = m.connection_id AND o.order_id = m.order_id AND ` + where.String() + byDate, where.args
}

func (t TenantReader) foundOrders(ctx context.Context, q OrdersQuery) ([]OrderMark, error) {
	query, args := t.foundQuery(q)
	return t.marks(ctx, query, args)
}
