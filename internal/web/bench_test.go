package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// benchPages are the pages that are measured; what one needs is filled by fillLarge.
var benchPages = []struct{ name, path string }{
	{"fleet", "/"},
	{"orders/all tenants, a SKU", "/orders?q=sku-00042"},
	{"orders/all tenants, what all ids begin with", "/orders?q=0"},
	{"orders/one tenant of 500,000", "/orders?tenant=t1"},
	{"orders/one tenant of 500,000, a SKU", "/orders?tenant=t1&q=sku-00042"},
	{"orders/one tenant of 500,000, delivered", "/orders?tenant=t1&status=DELIVERED&channel=FBM"},
	{"orders/one tenant of 500,000, lost", "/orders?tenant=t1&delivery=LOST"},
	{"orders/one tenant of 5", "/orders?tenant=t7"},
	{"order", "/orders/t1/1/" + benchOrderID(999_998)},
}

// benchOrderID is the id of the order of a number, as fillManyOrders makes it.
func benchOrderID(i int) string { return fmt.Sprintf("028-%07d-%07d", i*7919%10_000_000, i) }

// BenchmarkPages is what each page costs with 100,000 connections, of which one in
// fifty does not stand well, and 1,000,000 orders, when nothing of it is kept: the time
// on the server and the size. The bound is 200 ms and 300 kB.
func BenchmarkPages(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			board := newBoard(b, kind)
			fillLarge(b, board)
			fillManyOrders(b, board)
			v := board.signedIn("")
			for _, page := range benchPages {
				if page.name != "fleet" {
					board.keepFleet()
				}
				b.Run(page.name, func(b *testing.B) {
					size := 0
					for b.Loop() {
						if page.name == "fleet" {
							board.fresh()
						}
						a := v.get(page.path)
						if a.status != http.StatusOK {
							b.Fatal(a.status, a.text)
						}
						size = len(a.text)
					}
					b.ReportMetric(float64(size)/1000, "kB")
					b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(200*time.Millisecond), "of-200ms")
				})
			}
		})
	}
}

// keepFleet lets what was read of the fleet stand for good.
func (b *board) keepFleet() {
	b.t.Helper()
	fleet := b.pages.board.fleet
	now, err := fleet.get(b.ctx)
	b.must(err)
	fleet.load = func(context.Context) (fleetNow, error) { return now, nil }
}

// fillLarge makes a large fleet by SQL.
func fillLarge(b *testing.B, board *board) {
	b.Helper()
	const numbers = `WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000) `
	now := boardStart.UnixMilli()
	for _, text := range []string{
		`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms, marketplaces,
			live_due_at, back_due_at, cursor_at, last_success_at, last_reason, reason_since, authorized_at)
			` + numbers + `SELECT 't' || i, CASE i % 3 WHEN 0 THEN 'na' WHEN 1 THEN 'fe' ELSE 'eu' END, 'S' || i, 'Tenant ' || i,
				CASE WHEN i % 500 = 0 THEN 'NEEDS_RECONNECT' ELSE 'CONNECTED' END, CAST($1 AS BIGINT), CAST($1 AS BIGINT), 1, 1, 'A13V1IB3VIYZZH', CAST($1 AS BIGINT) + i, CAST($1 AS BIGINT) + i, CAST($1 AS BIGINT) - 300 * (i % 4000), CAST($1 AS BIGINT) - i,
				CASE WHEN i % 60 = 0 THEN 'AMAZON_RATE_LIMIT' WHEN i % 300 = 1 THEN 'AMAZON_UNAVAILABLE' WHEN i % 1000 = 3 THEN 'REQUEST_REJECTED' ELSE 'SUCCESS' END, CAST($1 AS BIGINT) - i, CAST($1 AS BIGINT) - CAST(i AS BIGINT) * 300000 FROM numbers`,
		`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
			` + numbers + `SELECT 'client', 'eu', 'S' || i, 'searchOrders', 0.0056, 20, 0.0056, 20, CAST($1 AS BIGINT), CAST($1 AS BIGINT) FROM numbers`,
		`INSERT INTO traffic (minute_at, calls, searches, throttled, received, created, changed, set_aside)
			` + numbers + `SELECT CAST($1 AS BIGINT) - 60000 * i, 1000, 900, i % 7, 5000, 400, 300, 0 FROM numbers WHERE i <= 10080`,
	} {
		if _, err := board.store.Database().Exec(text, now); err != nil {
			b.Fatal(err)
		}
	}
}

// fillManyOrders makes 1,000,000 orders by SQL: half of them the first tenant's, the
// others five a tenant; 1.3 items an order, a package and a change for every second. One
// in ten thousand was lost. Their bodies are those of an order that was stored.
func fillManyOrders(b *testing.B, board *board) {
	b.Helper()
	const seed = "028-0000000-0000000"
	board.stores(board.connect("seed"), anOrder(seed, boardStart, func(o *store.PageOrder) {
		o.Raw = []byte(`{"orderId":"` + seed + `","fulfillment":{"fulfillmentStatus":"SHIPPED"},"orderItems":["` + strings.Repeat("0123456789abcdef", 90) + `"]}`)
	}))
	const (
		numbers = `WITH RECURSIVE numbers(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < 1000000) `
		whose   = `(CASE i % 2 WHEN 0 THEN 1 ELSE i % 100000 + 1 END)`
		key     = `'t' || CAST(` + whose + ` AS TEXT), ` + whose + `, '028-' || SUBSTR(CAST(10000000 + (i * 7919) % 10000000 AS TEXT), 2) || '-' || SUBSTR(CAST(10000000 + i AS TEXT), 2)`
		sku     = `'Sku-' || SUBSTR(CAST(100000 + i % 5000 AS TEXT), 2)`
		at      = `(CAST($1 AS BIGINT) - (1000000 - i) * 60000)`
	)
	for _, text := range []string{
		`INSERT INTO orders (tenant, connection_id, order_id, created_at, last_updated_at, seen_epoch, seen_step, data_groups, status, delivery, fulfilled_by,
			service_level, channel, marketplace_id, marketplace_name, seller_order_id, programs, total_amount, total_currency, digests, raw, stored_at, changed_at, ship_to, deliver_to) ` + numbers + `
			SELECT ` + key + `, ` + at + `, ` + at + ` + 3600000, 0, 0, 7,
				CASE i % 50 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'UNSHIPPED' WHEN 2 THEN 'CANCELLED' WHEN 3 THEN 'PARTIALLY_SHIPPED' ELSE 'SHIPPED' END,
				CASE WHEN i % 10000 = 4322 THEN 'LOST' WHEN i % 50 = 0 OR i % 50 = 2 THEN '' WHEN i % 50 = 1 OR i % 50 = 3 THEN 'PREPARING' WHEN i % 3 = 0 THEN 'SHIPPED' ELSE 'DELIVERED' END,
				CASE i % 3 WHEN 0 THEN 'AMAZON' ELSE 'MERCHANT' END, 'STANDARD', 'AMAZON', CASE i % 7 WHEN 0 THEN 'A13V1IB3VIYZZH' ELSE 'A1PA6795UKMFR9' END, 'Amazon', '', '[]', '1184.90', 'EUR',
				s.digests, s.raw, ` + at + `, ` + at + `, ` + at + ` + 86400000, ` + at + ` + 432000000
			FROM numbers, (SELECT digests, raw FROM orders WHERE tenant = 'seed') AS s`,
		`INSERT INTO order_items (tenant, connection_id, order_id, item_id, position, asin, sku, title, quantity, sku_folded, unit_amount, unit_currency, total_amount, total_currency) ` + numbers + `
			SELECT ` + key + `, '0', 0, 'B000000001', ` + sku + `, 'A thing of some sort', 1, LOWER(` + sku + `), '1184.90', 'EUR', '1184.90', 'EUR' FROM numbers WHERE CAST($1 AS BIGINT) > 0`,
		`INSERT INTO order_items (tenant, connection_id, order_id, item_id, position, asin, sku, title, quantity, sku_folded) ` + numbers + `
			SELECT ` + key + `, '1', 1, 'B000000002', ` + sku + ` || '-x', 'Another thing', 2, LOWER(` + sku + ` || '-x') FROM numbers WHERE i % 3 = 0 AND CAST($1 AS BIGINT) > 0`,
		`INSERT INTO order_packages (tenant, connection_id, order_id, package_id, position, status, detailed_status, carrier, shipping_service, tracking_number, items) ` + numbers + `
			SELECT ` + key + `, '1', 0, 'DELIVERED', '', 'Colissimo', '', '6A' || CAST(10000000 + i AS TEXT), '[]' FROM numbers WHERE i % 2 = 0 AND CAST($1 AS BIGINT) > 0`,
		`INSERT INTO changes (tenant, connection_id, seq, kind, order_id, at, last_updated_after, status_before, status_after, data_groups) ` + numbers + `
			SELECT 't1', 1, i, 'created', '028-' || SUBSTR(CAST(10000000 + (i * 7919) % 10000000 AS TEXT), 2) || '-' || SUBSTR(CAST(10000000 + i AS TEXT), 2), ` + at + `, ` + at + `, '', 'SHIPPED', 7 FROM numbers WHERE i % 2 = 0`,
		`ANALYZE`,
	} {
		var args []any
		if text != "ANALYZE" {
			args = []any{boardStart.UnixMilli()}
		}
		if _, err := board.store.Database().Exec(text, args...); err != nil {
			b.Fatal(err)
		}
	}
}
