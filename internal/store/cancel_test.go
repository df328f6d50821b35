package store_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func TestCancelSettlesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(2300)
		run := d.openRun(ordersync.GlobalRun, "")
		d.clock.add(time.Second)
		d.must(d.CancelRun(d.ctx, run))
		r := d.run(run)
		equal(t, "totals", r.Summary, ordersync.Summary{Total: 2300, Partial: 2300})
		equal(t, "times", []time.Time{r.CancelledAt, r.FinishedAt}, []time.Time{begin.Add(time.Second), begin.Add(time.Second)})
		equal(t, "outcome", d.targets(run)[0].Outcome.Reason, ordersync.Interrupted)
		equal(t, "due as before", d.number(`SELECT COUNT(*) FROM connections WHERE live_due_at = $1`, begin.UnixMilli()), int64(2300))
		before := d.dump()
		d.must(d.CancelRun(d.ctx, run))
		equal(t, "cancelled again", d.dump(), before)
		if err := d.CancelRun(d.ctx, runID(99)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown run: %v", err)
		}
	})
}

// A run that is cancelled while its targets are written gets no more of them.
func TestCancelWhileOpening(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(2300)
		run := d.openingRun(ordersync.GlobalRun, "")
		_, err := d.FillRun(d.ctx, run, nil)
		d.must(err)
		d.must(d.CancelRun(d.ctx, run))
		d.fill(run)
		r := d.run(run)
		equal(t, "totals", r.Summary, ordersync.Summary{Total: 1000, Partial: 1000})
		equal(t, "state", r.State, ordersync.RunFinished)
	})
}

// A cancel that could only be noted is carried out by the next tick.
func TestCancelIsCarriedOutByTheTick(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("acme", "S1")
		run := d.openRun(ordersync.SingleRun, "acme")
		d.exec(`UPDATE runs SET cancelled_at = $1`, begin.UnixMilli())
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "outcome", d.targets(run)[0].Outcome.Reason, ordersync.Interrupted)
		equal(t, "state", d.run(run).State, ordersync.RunFinished)
	})
}

func TestLockUnavailable(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		stuck, works, late := d.connected("stuck", "S1"), d.connected("works", "S2"), d.connect("late", "S3")
		waits := d.connect("waits", "S4")
		run := d.openRun(ordersync.GlobalRun, "")
		key := store.BudgetKey{ClientID: "app", Region: ordersync.RegionEU, Operation: ordersync.GetOrder}
		for range 3 {
			d.must(d.SettleLocked(d.ctx, lease))
			equal(t, "settled early", d.run(run).Summary.Open(), 4)
			d.clock.add(40 * time.Second)
			for _, l := range []*store.Lease{stuck, works} {
				key.Seller = store.SellerKey(l.Connection)
				d.take(l, key) // renews the lease, and is no commit
			}
			d.commit(works, store.Commit{Kind: ordersync.Live})
		}
		d.claim(late) // only now, after waiting for a worker
		d.must(d.SettleLocked(d.ctx, lease))
		for _, target := range d.targets(run) {
			want := ordersync.Reason("")
			if target.Connection == stuck.Connection.ID {
				want = ordersync.LockUnavailable
			}
			equal(t, string(target.Tenant), target.Outcome.Reason, want)
		}
		if _, err := d.Claim(d.ctx, waits, "test", lease); err != nil {
			t.Error(err)
		}
	})
}
