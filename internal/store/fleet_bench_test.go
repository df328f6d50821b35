package store_test

import (
	"context"
	"testing"
	"time"

	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// BenchmarkFleet is what the numbers of 100,000 connections cost, of which each has a
// budget, and what the minutes of a day cost.
func BenchmarkFleet(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind, storetest.Clock(func() time.Time { return begin }))
			fillFleet(b, s)
			for _, part := range []struct {
				name string
				do   func(ctx context.Context) error
			}{
				{"fleet", func(ctx context.Context) error { _, err := s.Reader().Fleet(ctx); return err }},
				{"ceiling", func(ctx context.Context) error { _, err := s.Reader().Ceiling(ctx); return err }},
				{"a day of traffic", func(ctx context.Context) error {
					_, err := s.Reader().Traffic(ctx, begin.Add(-day), begin)
					return err
				}},
				{"add traffic", func(ctx context.Context) error {
					return s.AddTraffic(ctx, []store.TrafficMinute{{At: begin, Calls: 1}})
				}},
			} {
				b.Run(part.name, func(b *testing.B) {
					for b.Loop() {
						if err := part.do(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

func fillFleet(b *testing.B, s *store.Store) {
	b.Helper()
	const numbers = `WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000) `
	for _, text := range []string{
		`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms,
			live_due_at, back_due_at, cursor_at, last_success_at, last_reason, authorized_at)
			` + numbers + `SELECT 't' || i, 'eu', 'S' || i, 'Tenant ' || i, 'CONNECTED', 0, 0, 1, 1, i, i, i, i, CASE WHEN i % 50 = 0 THEN 'AMAZON_RATE_LIMIT' ELSE 'SUCCESS' END, i FROM numbers`,
		`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
			` + numbers + `SELECT 'app', 'eu', 'S' || i, 'searchOrders', 0.0056, 20, 0.0056, 20, 0, 0 FROM numbers`,
		`INSERT INTO traffic (minute_at, calls, searches, throttled, received, created, changed, set_aside)
			` + numbers + `SELECT 1772280000000 + 60000 * i, 1, 1, 1, 1, 1, 1, 1 FROM numbers WHERE i <= 10080`,
	} {
		if _, err := s.Database().Exec(text); err != nil {
			b.Fatal(err)
		}
	}
}
