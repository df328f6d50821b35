package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// listens collects what is rung from now on.
func (d *database) listens() func() []store.Rung {
	var rung []store.Rung
	d.OnDue(func(context.Context, *sql.Tx) (store.Doorbells, error) {
		return store.Doorbells{Ring: func(_ context.Context, r []store.Rung) error {
			rung = append(rung, r...)
			return nil
		}}, nil
	})
	return func() []store.Rung {
		heard := rung
		rung = nil
		return heard
	}
}

// A run does not get a slow connection past the lane of the slow.
func TestSlowStaysSlowWhenAskedFor(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		heard := d.listens()
		id := d.due("acme", nil, nil)
		d.set(id, "slow = NOT slow", 0)
		d.openRun(ordersync.SingleRun, "acme")
		equal(t, "rung", heard(), []store.Rung{{Connection: id, Urgency: store.AskedFor, Slow: true}})
	})
}

// What stays due is rung in the lane that its last step found to be the right one.
func TestLaneOfWhatStaysDue(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		heard := d.listens()
		now := d.clock.Now()
		for _, slow := range []bool{true, false} {
			id := d.due("acme", -1, nil)
			if !slow {
				d.set(id, "slow = NOT slow", 0)
			}
			l := d.claim(id)
			d.commit(l, store.Commit{Slow: &slow, Release: true, LiveDueAt: &now})
			equal(t, "rung", heard(), []store.Rung{{Connection: id, Urgency: store.Due, Slow: slow}})
			d.exec(`DELETE FROM connections`)
		}
	})
}

// Who finds no room is not marked and rung later. What can wait does not wait for
// all others to be rung: it has workers of its own.
func TestRingingAsFarAsThereIsRoom(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.due("live", -2, nil)
		d.due("back-old", nil, -1)
		d.due("back", nil, -1)
		room := map[store.Urgency]int{store.CanWait: 1}
		d.OnDue(func(context.Context, *sql.Tx) (store.Doorbells, error) {
			return store.Doorbells{
				Room: func(u store.Urgency, slow bool) int { return room[u] },
				Ring: func(context.Context, []store.Rung) error { return nil },
			}, nil
		})
		equal(t, "rung", d.ring(3, ""), []string{"back-old"})
		d.openRun(ordersync.SingleRun, "live")
		equal(t, "not marked", d.number(`SELECT COUNT(*) FROM connections WHERE tenant = 'live' AND rung_at IS NULL`), int64(1))
		room[store.AskedFor] = 8
		equal(t, "rung", d.ring(3, ""), []string{"live", "back"})
	})
}

// A run that is cancelled while another process writes its last targets is not
// finished before those are settled. Only one may write at a time on SQLite.
func TestRunIsNotFinishedOverOpenTargets(t *testing.T) {
	t.Parallel()
	d := open(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	id := d.due("acme", nil, nil)
	d.set(id, "last_reason = 'SUCCESS', live_begun_at = history_ms", begin.UnixMilli())
	run := d.openingRun(ordersync.GlobalRun, "")
	other, settled := d.again(), make(chan error, 1)
	watch := storetest.SQL(t, d.url)
	d.decide(func(commit, _ func() error) error {
		go func() { settled <- other.SettleUnfinished(d.ctx) }()
		for waiting := 0; waiting == 0 && len(settled) == 0; { // until it waits for the run
			if err := watch.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
				return err
			}
		}
		return commit()
	})
	_, err := d.FillRun(d.ctx, run, func(ordersync.Connection) (none time.Duration) {
		d.exec(`UPDATE runs SET cancelled_at = $1`, begin.UnixMilli())
		return none
	})
	d.must(err)
	d.must(<-settled)
	r := d.run(run)
	equal(t, "state", r.State, ordersync.RunFinished)
	equal(t, "totals", r.Summary, ordersync.Summary{Total: 1, Partial: 1})
}
