package store_test

import (
	"context"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// BenchmarkRunPage is what each part of a run's page costs when the run has 100,000
// targets, among five of as many: one in 1000 of them has the rare reason.
func BenchmarkRunPage(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind, storetest.Clock(func() time.Time { return begin }))
			fillFleet(b, s)
			fillRuns(b, s)
			page := func(p store.OutcomesPage) func(context.Context) error {
				return func(ctx context.Context) error {
					out, _, err := s.Reader().Outcomes(ctx, runID(3), p)
					if len(out) == 0 {
						b.Fatal("no outcome")
					}
					return err
				}
			}
			old := store.SettledMark{At: begin.Add(5 * time.Second), Connection: 1}
			for _, part := range []struct {
				name string
				do   func(ctx context.Context) error
			}{
				{"whole tally", func(ctx context.Context) error { _, _, err := s.Reader().TallyTargets(ctx, runID(3)); return err }},
				{"tally while it goes on", func(ctx context.Context) error { _, err := s.Reader().RunTally(ctx, runID(3)); return err }},
				{"tally when it has finished", func(ctx context.Context) error { _, err := s.Reader().RunTally(ctx, runID(4)); return err }},
				{"totals while it goes on", func(ctx context.Context) error { _, err := s.Reader().Run(ctx, runID(3)); return err }},
				{"run before", func(ctx context.Context) error {
					_, err := s.Reader().RunBefore(ctx, ordersync.Run{ID: runID(3), Mode: ordersync.GlobalRun})
					return err
				}},
				{"newest", page(store.OutcomesPage{Limit: 25})},
				{"deep", page(store.OutcomesPage{Limit: 25, Before: old})},
				{"rare reason", page(store.OutcomesPage{Limit: 25, Reason: ordersync.TokenRevoked})},
				{"one of a reason", page(store.OutcomesPage{Limit: 25, Reason: ordersync.ClockSkew})},
				{"one of a status", page(store.OutcomesPage{Limit: 25, Status: ordersync.StatusFailed})},
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

// fillRuns makes finished runs of all connections, each settled within 100 s.
func fillRuns(b *testing.B, s *store.Store) {
	b.Helper()
	for n := range 5 {
		for _, text := range []string{
			`INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at, finished_at) VALUES ($1, 'global', '', 'finished', $2, 0, $2, $2)`,
			`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside,
				settled_at, status, reason, message)
			SELECT $1, id, tenant, region, 'global', $2, 3, 3, 2, 1, 0, $2 + (id * 7919) % 100000,
				CASE WHEN id % 1000 = 0 THEN 'skipped' WHEN id = 4711 THEN 'failed' ELSE 'success' END,
				CASE WHEN id % 1000 = 0 THEN 'TOKEN_REVOKED' WHEN id = 4711 THEN 'CLOCK_SKEW' ELSE 'SUCCESS' END, 'orders are up to date' FROM connections`,
		} {
			if _, err := s.Database().Exec(text, string(runID(n+1)), begin.UnixMilli()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := s.Database().Exec(`UPDATE runs SET reasons = '[{"reason":"SUCCESS","n":100000,"counts":{}}]' WHERE id = $1`, string(runID(4))); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Database().Exec(`ANALYZE`); err != nil {
		b.Fatal(err)
	}
}
