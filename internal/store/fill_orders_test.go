package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"

	"ordersync"
)

// fillOrders writes n orders a minute apart, the last at begin, to the connections 1
// to tenants, each of a tenant of its own that is called fill-0, fill-1 and so on:
// 1.3 items an order, a package for every second, of every fiftieth a status that
// is rare, and one order in ten thousand that was lost.
func fillOrders(t testing.TB, db *sql.DB, n, tenants int) {
	t.Helper()
	body := make([]byte, 300)
	_, _ = rand.Read(body)
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := zip.EncodeAll(fmt.Appendf(nil, `{"orderId":%q}`, hex.EncodeToString(body)), nil) // about 330 bytes, as measured of the simulator's
	numbers := fmt.Sprintf(`WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d) `, n)
	const id = `'028-' || SUBSTR(CAST(10000000 + (i * 7919) %% 10000000 AS TEXT), 2) || '-' || SUBSTR(CAST(10000000 + i AS TEXT), 2)`
	key := fmt.Sprintf(`SELECT 'fill-' || CAST(i %% %d AS TEXT), i %% %d + 1, `+id, tenants, tenants)
	at := fmt.Sprintf(`%d - (%d - i) * 60000`, begin.UnixMilli(), n)
	const sku = `'Sku-' || SUBSTR(CAST(100000 + i %% 5000 AS TEXT), 2)`
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec(fmt.Sprintf(`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms, orders)
		WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d - 1)
		SELECT 'fill-' || CAST(i AS TEXT), 'eu', 'S', '', 'CONNECTED', 0, 0, 1, 1, %d FROM numbers`, tenants, n/tenants))
	exec(`INSERT INTO orders (tenant, connection_id, order_id, created_at, last_updated_at, seen_epoch, seen_step, data_groups, status, delivery, fulfilled_by,
			service_level, channel, marketplace_id, marketplace_name, seller_order_id, programs, digests, raw, stored_at, changed_at, ship_to, deliver_to) `+
		numbers+key+`, `+at+`, `+at+` + 3600000, 0, 0, 7,
			CASE i % 50 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'UNSHIPPED' WHEN 2 THEN 'CANCELLED' WHEN 3 THEN 'PARTIALLY_SHIPPED' ELSE 'SHIPPED' END,
			CASE WHEN i % 10000 = 4321 THEN 'LOST' WHEN i % 50 = 0 OR i % 50 = 2 THEN '' WHEN i % 50 = 1 OR i % 50 = 3 THEN 'PREPARING' WHEN i % 2 = 0 THEN 'SHIPPED' ELSE 'DELIVERED' END,
			CASE i % 2 WHEN 0 THEN 'AMAZON' ELSE 'MERCHANT' END,
			'STANDARD', 'AMAZON', CASE i % 3 WHEN 0 THEN 'A13V1IB3VIYZZH' ELSE 'A1PA6795UKMFR9' END, 'Amazon', '', '[]', $1, $2, 0, 0, `+at+` + 86400000, `+at+` + 86400000 * 5 FROM numbers`,
		make([]byte, 8*ordersync.GroupCount), raw)
	for item, where := range []string{"", " WHERE i % 3 = 0"} {
		exec(`INSERT INTO order_items (tenant, connection_id, order_id, item_id, position, asin, sku, title, quantity, sku_folded) ` +
			numbers + key + fmt.Sprintf(`, '%d', %d, 'B000000001', `+sku+` || '%s', 'A thing of some sort', 1, LOWER(`+sku+` || '%[3]s') FROM numbers`, item, item, []string{"", "-x"}[item]) + where)
	}
	exec(`INSERT INTO order_packages (tenant, connection_id, order_id, package_id, position, status, detailed_status, carrier, shipping_service, tracking_number, items) ` +
		numbers + key + `, '1', 0, 'DELIVERED', '', 'Colissimo', '', CAST(i AS TEXT), '[]' FROM numbers WHERE i % 2 = 1`)
	exec(`INSERT INTO changes (tenant, connection_id, seq, kind, order_id, at, last_updated_after, status_before, status_after, data_groups) ` +
		fmt.Sprintf(numbers+`SELECT 'fill-' || CAST(i %% %d AS TEXT), i %% %d + 1, i, 'created', `+id, tenants, tenants) + `, 0, 0, '', 'SHIPPED', 7 FROM numbers`)
	exec(`ANALYZE`)
}

// filledID is the id of the order of a number.
func filledID(i int) string { return fmt.Sprintf("028-%07d-%07d", i*7919%10_000_000, i) }
