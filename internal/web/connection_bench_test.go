package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/store/storetest"
)

// BenchmarkConnectionPages is what the list of 100,000 connections costs the server, and
// the page of one of them with a day of runs behind it and many orders.
func BenchmarkConnectionPages(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind, storetest.Clock(func() time.Time { return boardStart }))
			const numbers = `WITH RECURSIVE numbers(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000) `
			for _, text := range []string{
				`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms, marketplaces,
					live_due_at, back_due_at, cursor_at, last_success_at, last_reason, authorized_at)
					` + numbers + `SELECT 't' || i, 'eu', 'S' || i, 'Tenant ' || i, 'CONNECTED', 0, 0, 86400000, 86400000, 'A13V1IB3VIYZZH,A1PA6795UKMFR9',
					i, i, 1772366000000 + i, i, CASE WHEN i % 50 = 0 THEN 'AMAZON_RATE_LIMIT' ELSE 'SUCCESS' END, 1770000000000 + i FROM numbers`,
				`INSERT INTO changes (tenant, connection_id, seq, kind, order_id, at, last_updated_after, status_before, status_after, data_groups)
					` + numbers + `SELECT 't7', 7, i, 'created', 'o' || i, 1772280000000 + 860 * i, 0, '', '', 0 FROM numbers`,
				`INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at)
					` + numbers + `SELECT 'r' || i, 'global', '', 'finished', 1772280000000 + 300000 * i, 0, 0 FROM numbers WHERE i <= 288`,
				`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside, settled_at, status, reason)
					` + numbers + `SELECT 'r' || (i % 288 + 1), i / 288, 't' || (i / 288), 'eu', 'global', 1772280000000, 1, 1, 1, 1, 0, 1772280000000 + 300000 * (i % 288 + 1), 'success', 'SUCCESS' FROM numbers`,
				`INSERT INTO coverage (tenant, connection_id, marketplace_id, level, from_at, to_at)
					` + numbers + `SELECT 't7', 7, 'A13V1IB3VIYZZH', 'walked', 1740000000000 + 86400000 * i, 1740000000000 + 86400000 * i + 3600000 FROM numbers WHERE i <= 350`,
				`ANALYZE`,
			} {
				if _, err := s.Database().Exec(text); err != nil {
					b.Fatal(err)
				}
			}
			pages, err := New(Config{Reader: s.Doors(), Engine: engine.New(s, nil, nil, engine.Settings{}, nil), ClientID: "app", Open: true, Now: func() time.Time { return boardStart }})
			if err != nil {
				b.Fatal(err)
			}
			for _, page := range []struct{ name, path string }{
				{"list", "/connections"}, {"list that needs a human", "/connections?needs=1"}, {"list by reason", "/connections?reason=AMAZON_RATE_LIMIT"},
				{"list by a name", "/connections?q=Tenant+99999"}, {"one", "/connections/t7/7"},
			} {
				b.Run(page.name, func(b *testing.B) {
					size := 0
					for b.Loop() {
						r := httptest.NewRequest(http.MethodGet, "http://localhost"+page.path, nil)
						r.RemoteAddr = "127.0.0.1:1"
						w := httptest.NewRecorder()
						if pages.ServeHTTP(w, r); w.Code != http.StatusOK {
							b.Fatal(w.Code, w.Body.String())
						}
						size = w.Body.Len()
					}
					b.ReportMetric(float64(size), "B/page")
				})
			}
		})
	}
}
