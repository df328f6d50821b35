package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// breakOrders lets the database refuse every order of the tenants whose name is
// like the pattern, until mend is called.
func (w *world) breakOrders(pattern string) (mend func()) {
	w.t.Helper()
	exec := func(statement string) {
		if _, err := w.store.Database().ExecContext(w.ctx, statement); err != nil {
			w.t.Error(err)
		}
	}
	exec(fmt.Sprintf(`CREATE TRIGGER broken BEFORE INSERT ON orders WHEN NEW.tenant LIKE '%s' BEGIN SELECT RAISE(ABORT, 'a page of the file is odd'); END`, pattern))
	return func() { exec(`DROP TRIGGER broken`) }
}

// A database that refuses one tenant's page is that tenant's trouble: the run
// goes on for all others, and for this one as soon as the database will.
func TestOneWorkersDatabaseErrorStopsNobodyElse(t *testing.T) {
	play(t, func(w *world) {
		accounts := w.shops(6)
		mend := w.breakOrders("t00")
		mended := make(chan struct{})
		go func() {
			defer close(mended)
			time.Sleep(30 * time.Second)
			mend()
		}()
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			wantReason(t, got, ordersync.Success)
			if waited := got.SettledAt.Sub(got.OpenedAt); tenant != "t00" && waited > 10*time.Second {
				t.Errorf("%s has waited %s", tenant, waited)
			}
		}
		<-mended
		for _, a := range accounts {
			w.wantAll(a, 24*time.Hour)
		}
		wantText(t, w.log.String(), "execution broke off")
	}, func(s *setup) { s.settings.Workers = 2 })
}

// A database that refuses everybody's is no tenant's trouble.
func TestDriveEndsWhenNothingWorks(t *testing.T) {
	play(t, func(w *world) {
		w.shops(12)
		defer w.breakOrders("t%")()
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		began := time.Now()
		if err := w.engine.Drive(w.ctx, run); err == nil || !strings.Contains(err.Error(), "a page of the file is odd") {
			t.Errorf("the run ended with %v", err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %s to see it", took)
		}
		r, err := w.store.Reader().Run(w.ctx, run)
		w.must(err)
		if r.Summary.Open() != 12 {
			t.Errorf("somebody settled %+v", r.Summary)
		}
	})
}

// A run over many tenants does not tick for each of them.
func TestDriveTicksForAQuarterOfItsWorkers(t *testing.T) {
	play(t, func(w *world) {
		const tenants, quarter = 40, 2
		w.shops(tenants)
		db := w.store.Database()
		for _, statement := range []string{
			`CREATE TABLE ticks (at INTEGER)`,
			`CREATE TRIGGER ticked AFTER UPDATE OF rung_at ON connections WHEN NEW.rung_at IS NOT NULL BEGIN INSERT INTO ticks VALUES (NEW.rung_at); END`,
		} {
			_, err := db.ExecContext(w.ctx, statement)
			w.must(err)
		}
		for _, got := range w.run(ordersync.GlobalRun, "") {
			wantReason(t, got, ordersync.Success)
		}
		var ticks int
		w.must(db.QueryRowContext(w.ctx, `SELECT COUNT(DISTINCT at) FROM ticks`).Scan(&ticks))
		if ticks > tenants/quarter {
			t.Errorf("%d ticks rang for %d tenants", ticks, tenants)
		}
	}, func(s *setup) {
		s.settings.Workers, s.sim.Switches.MaxLatency = 8, spapisim.Duration(200*time.Millisecond)
	})
}
