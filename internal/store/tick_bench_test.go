package store_test

import (
	"context"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// BenchmarkTick is what each part of a tick costs in a database of 20,000
// connections, of which half are due and a global run waits for all.
func BenchmarkTick(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind, storetest.Clock(func() time.Time { return begin }))
			run := fillForTick(b, s)
			rewind := func() {
				if _, err := s.Database().Exec(`UPDATE connections SET rung_at = NULL WHERE rung_at IS NOT NULL`); err != nil {
					b.Fatal(err)
				}
			}
			for _, part := range []struct {
				name string
				do   func(ctx context.Context) error
				undo func()
			}{
				{"ring all", func(ctx context.Context) error {
					rung, err := s.Ring(ctx, store.RingRequest{Limit: 256, SlowLimit: 64})
					if len(rung) != 256 {
						b.Fatalf("%d were rung", len(rung))
					}
					return err
				}, rewind},
				{"ring of the run", func(ctx context.Context) error {
					_, err := s.Ring(ctx, store.RingRequest{Limit: 256, SlowLimit: 64, Run: run})
					return err
				}, rewind},
				{"opening runs", func(ctx context.Context) error { _, err := s.Reader().OpeningRuns(ctx); return err }, nil},
				{"judge incidents", func(ctx context.Context) error { _, err := s.JudgeIncidents(ctx); return err }, nil},
				{"settle unfinished", s.SettleUnfinished, nil},
				{"settle locked", func(ctx context.Context) error { return s.SettleLocked(ctx, lease) }, nil},
				{"purge", func(ctx context.Context) error { _, err := s.Purge(ctx, store.Retention{}); return err }, nil},
				{"is the run settled", func(ctx context.Context) error { _, err := s.Reader().RunSettled(ctx, run); return err }, nil},
				{"next due", func(ctx context.Context) error { _, _, err := s.Reader().NextDue(ctx); return err }, nil},
			} {
				b.Run(part.name, func(b *testing.B) {
					for b.Loop() {
						if err := part.do(b.Context()); err != nil {
							b.Fatal(err)
						}
						if part.undo != nil {
							b.StopTimer()
							part.undo()
							b.StartTimer()
						}
					}
				})
			}
		})
	}
}

// fillForTick makes the connections and the run of BenchmarkTick.
func fillForTick(b *testing.B, s *store.Store) ordersync.RunID {
	b.Helper()
	const n = 20_000
	exec := func(query string, args ...any) {
		b.Helper()
		if _, err := s.Database().Exec(query, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms, purge_due_at)
		WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1)
		SELECT 'many-' || CAST(i AS TEXT), 'eu', 'S1', '', 'CONNECTED', 0, 0, 1, 1, $2 FROM numbers`, n, begin.Add(time.Hour).UnixMilli())
	r := store.NewRun{ID: "BENCH", Mode: ordersync.GlobalRun, Deadline: ordersync.RunDeadline}
	if err := s.OpenRun(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	for done := false; !done; {
		var err error
		if done, err = s.FillRun(b.Context(), r.ID, nil); err != nil {
			b.Fatal(err)
		}
	}
	exec(`UPDATE runs SET opened_at = opened_at - 300000`)
	exec(`UPDATE connections SET rung_at = NULL, live_due_at = $1 - id, back_due_at = $1 - 50000`, begin.UnixMilli())
	exec(`UPDATE connections SET live_due_at = $1 + id, back_due_at = $1 + 50000 WHERE id % 2 = 0`, begin.UnixMilli())
	exec(`ANALYZE`)
	return r.ID
}
