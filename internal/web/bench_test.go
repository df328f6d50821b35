package web

import (
	"net/http"
	"testing"
	"time"

	"ordersync/internal/store/storetest"
)

// benchPages are the pages that are measured; what one needs is filled by fillLarge.
var benchPages = []struct{ name, path string }{
	{"fleet", "/"},
}

// BenchmarkPages is what each page costs with 100,000 connections, of which one in
// fifty does not stand well, when nothing of it is kept: the time on the server and the
// size. The bound is 200 ms and 300 kB.
func BenchmarkPages(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			board := newBoard(b, kind)
			fillLarge(b, board)
			v := board.signedIn("")
			for _, page := range benchPages {
				b.Run(page.name, func(b *testing.B) {
					size := 0
					for b.Loop() {
						board.fresh()
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
