package store_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestRunsPages(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("acme", "S1")
		paused := d.connect("idle", "S2")
		d.must(d.Pause(d.ctx, "idle", paused))
		for range 5 {
			d.openRun(ordersync.GlobalRun, "")
		}
		var seen []ordersync.RunID
		before := ordersync.RunID("")
		for {
			page, err := d.Reader().Runs(d.ctx, store.RunsPage{Before: before, Limit: 2})
			d.must(err)
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				equal(t, "summary", r.Summary, ordersync.Summary{Total: 2, Skipped: 1})
				seen = append(seen, r.ID)
			}
			before = seen[len(seen)-1]
		}
		equal(t, "runs", seen, []ordersync.RunID{runID(5), runID(4), runID(3), runID(2), runID(1)})
	})
}

func TestSettledAfter(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("a", "S1")
		leases := []*store.Lease{d.connected("b", "S2"), d.connected("c", "S3")}
		paused := d.connect("d", "S4")
		d.must(d.Pause(d.ctx, "d", paused))
		run := d.openRun(ordersync.GlobalRun, "")
		mark := store.SettledMark{}
		next := func() (tenants []string) {
			t.Helper()
			targets, after, err := d.Reader().SettledAfter(d.ctx, run, mark, 1)
			d.must(err)
			mark = after
			for _, target := range targets {
				tenants = append(tenants, string(target.Tenant)+" "+string(target.Outcome.Reason))
			}
			return tenants
		}
		d.clock.add(2 * time.Second)
		equal(t, "settled at the opening", next(), []string{"d PAUSED"})
		for _, l := range leases {
			d.commit(l, store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}})
		}
		d.clock.add(2 * time.Second)
		equal(t, "first", next(), []string{"b SUCCESS"})
		equal(t, "second", next(), []string{"c SUCCESS"})
		equal(t, "none", next(), nil)
		d.must(d.CancelRun(d.ctx, run))
		equal(t, "the last, of a finished run", next(), []string{"a INTERRUPTED"})
		equal(t, "none after it", next(), nil)
		if _, _, err := d.Reader().SettledAfter(d.ctx, runID(9), mark, 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown run: %v", err)
		}
	})
}

// As soon as every target is settled all of them are told, before any tick has
// marked the run as finished.
func TestSettledAfterTheLastTarget(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("a", "S1")
		run := d.openRun(ordersync.GlobalRun, "")
		d.commit(l, store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}})
		settled, err := d.Reader().RunSettled(d.ctx, run)
		d.must(err)
		targets, _, err := d.Reader().SettledAfter(d.ctx, run, store.SettledMark{}, 10)
		d.must(err)
		if !settled || len(targets) != 1 {
			t.Errorf("settled is %t, and %d targets are told", settled, len(targets))
		}
	})
}

// What is settled within one millisecond is told whole, also to somebody who reads
// in the middle of it.
func TestSettledAfterWithinOneMillisecond(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second := d.connected("a", "S1"), d.connected("b", "S2")
		d.connect("c", "S3")
		run := d.openRun(ordersync.GlobalRun, "")
		var seen []string
		mark := store.SettledMark{}
		look := func() {
			targets, next, err := d.Reader().SettledAfter(d.ctx, run, mark, 10)
			d.must(err)
			for mark = next; len(targets) > 0; targets = targets[1:] {
				seen = append(seen, string(targets[0].Tenant))
			}
		}
		for _, l := range []*store.Lease{second, first} {
			d.commit(l, store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}})
			look()
		}
		d.clock.add(2 * time.Second)
		look()
		equal(t, "told", seen, []string{"a", "b"})
	})
}

func TestChanges(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		id := l.Connection.ID
		d.page(l, order("1", 0), order("2", 0))
		d.page(l, order("1", time.Minute, status("SHIPPED")))
		reader := d.Reader().Tenant("acme")
		all, err := reader.Changes(d.ctx, id, 0, 10)
		d.must(err)
		equal(t, "changes", all, d.changes(id))
		some, err := reader.Changes(d.ctx, id, 1, 1)
		d.must(err)
		equal(t, "one", some, all[1:2])
		none, err := reader.Changes(d.ctx, id, 3, 10)
		d.must(err)
		equal(t, "none", none, nil)
		history, err := reader.OrderHistory(d.ctx, id, "1")
		d.must(err)
		equal(t, "of one order", history, []ordersync.Change{all[0], all[2]})
		if _, err := d.Reader().Tenant("other").Changes(d.ctx, id, 0, 10); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another tenant's: %v", err)
		}
	})
}

func TestChangesThatAreKeptNoLonger(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		d.clock.add(31 * 24 * time.Hour)
		d.purge()
		reader := d.Reader().Tenant("acme")
		if _, err := reader.Changes(d.ctx, l.Connection.ID, 0, 10); !errors.Is(err, store.ErrTooLate) {
			t.Errorf("changes that were purged: %v", err)
		}
		none, err := reader.Changes(d.ctx, l.Connection.ID, 1, 10)
		d.must(err)
		equal(t, "after the newest", none, nil)
	})
}

// What a finished run came to is counted once: a list of runs reads none of
// their targets again.
func TestFinishedRunsAreCountedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		paused := d.connect("idle", "S2")
		d.must(d.Pause(d.ctx, "idle", paused))
		d.connect("slow", "S3")
		run := d.openRun(ordersync.GlobalRun, "")
		d.commit(l, store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}})
		d.must(d.CancelRun(d.ctx, run))
		d.must(d.SettleUnfinished(d.ctx))
		want := ordersync.Summary{Total: 3, Success: 1, Partial: 1, Skipped: 1}
		for range 2 {
			got, err := d.Reader().Run(d.ctx, run)
			d.must(err)
			equal(t, "state", got.State, ordersync.RunFinished)
			equal(t, "the run", got.Summary, want)
			page, err := d.Reader().Runs(d.ctx, store.RunsPage{})
			d.must(err)
			equal(t, "in the list", page[0].Summary, want)
			d.exec(`DELETE FROM targets`)
		}
	})
}

// A page of runs follows the primary key, and the targets of the few runs that
// go on are found by it too.
func TestRunsAreFoundByID(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.exec(`INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000)
			SELECT CAST(100000 + i AS TEXT), 'global', '', 'finished', i, 0, i FROM numbers`)
		d.exec(`ANALYZE`)
		index := "runs_pkey"
		if d.kind == storetest.SQLite {
			index = "sqlite_autoindex_runs_1"
		}
		d.wantPlan(store.RunsQuery, index, 50)
		d.wantPlan(store.RunsBeforeQuery, index, 50, "110000")
	})
}
