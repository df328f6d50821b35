package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// A tick does not wait for a large run to be opened: it writes some of its targets,
// rings for what is due, and the next one goes on.
func TestTickRingsWhileARunIsOpened(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller(), startAt(time.Hour))
		_, err := w.store.Database().ExecContext(w.ctx, `INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 6000)
			SELECT 'many-' || CAST(i AS TEXT), 'eu', 'S1', '', 'CONNECTED', 0, 0, 1, 1 FROM numbers`)
		w.must(err)
		run := store.NewRun{ID: "RUN", Mode: ordersync.GlobalRun, Deadline: ordersync.RunDeadline}
		w.must(w.store.OpenRun(w.ctx, run))
		ticked, err := w.engine.Tick(w.ctx, 1, "")
		w.must(err)
		if len(ticked.Ring) != 1 || ticked.Ring[0] != a.connection {
			t.Errorf("it rang %v", ticked.Ring)
		}
		for tick, want := range []ordersync.RunState{ordersync.RunOpening, ordersync.RunOpen} {
			r, err := w.store.Reader().Run(w.ctx, run.ID)
			w.must(err)
			if r.State != want {
				t.Errorf("after tick %d the run is %s with %d targets", tick+1, r.State, r.Summary.Total)
			}
			_, err = w.engine.Tick(w.ctx, 0, "")
			w.must(err)
		}
	})
}
