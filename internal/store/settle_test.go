package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func settle(o ordersync.Outcome) store.Commit {
	return store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: o}}
}

// Several runs that wait for the same connection are settled by the same work;
// each counts what was received since it was opened.
func TestRunsJoinTheSameWork(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("before", 0))
		first := d.openRun(ordersync.GlobalRun, "")
		d.page(l, order("1", 0), order("2", 0))
		d.clock.add(time.Second)
		second := d.openRun(ordersync.SingleRun, "acme")
		c := pageOf(l, order("2", time.Minute), order("3", 0))
		c.Page.Unreadable = []ordersync.Unreadable{unreadable("4", "4", "cause")}
		c.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success, Confirmed: true, Message: "well"}, BegunAt: begin}
		d.clock.add(time.Second)
		d.commit(l, c)

		for id, want := range map[ordersync.RunID]ordersync.Counts{
			first:  {OrdersReceived: 4, ItemsReceived: 8, OrdersCreated: 3, OrdersChanged: 1, SetAside: 1},
			second: {OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 1, OrdersChanged: 1, SetAside: 1},
		} {
			target := d.targets(id)[0]
			equal(t, "outcome", target.Outcome, ordersync.Outcome{Reason: ordersync.Success, Confirmed: true, Message: "well"})
			equal(t, "settled at", target.SettledAt, begin.Add(2*time.Second))
			equal(t, "counts", target.Counts, want)
			equal(t, "run", d.run(id).Summary, ordersync.Summary{Total: 1, Success: 1})
		}
	})
}

func TestBackWorkIsNotCountedForTargets(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		id := d.openRun(ordersync.GlobalRun, "")
		c := pageOf(l, order("1", 0))
		c.Kind = ordersync.Back
		d.commit(l, c)
		d.page(l, order("2", 0))
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		equal(t, "counts", d.targets(id)[0].Counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 1})
	})
}

func TestTargetIsSettledExactlyOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		id := d.openRun(ordersync.GlobalRun, "")
		d.page(l, order("1", 0))
		o := ordersync.Outcome{Reason: ordersync.UnknownError, ErrorID: "E1", ResumesAt: begin.Add(time.Hour)}
		d.commit(l, settle(o))
		o.Message = o.Reason.Info().English
		want := d.targets(id)
		equal(t, "outcome", want[0].Outcome, o)

		d.clock.add(time.Hour)
		d.page(l, order("2", 0))
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		d.exec(`UPDATE runs SET cancelled_at = 1`)
		d.must(d.SettleUnfinished(d.ctx))
		d.must(d.SettleStopped(d.ctx))
		d.bring(line(state(ordersync.Disabled)))
		equal(t, "targets", d.targets(id), want)
		equal(t, "run", d.run(id).Summary, ordersync.Summary{Total: 1, Failed: 1})
	})
}

func TestTotalsAreTheSumOfTheStatuses(t *testing.T) {
	outcomes := []ordersync.Reason{
		ordersync.Success, ordersync.Success, ordersync.CatchingUp, ordersync.TokenMissing, ordersync.AccessDenied, ordersync.UnknownError,
	}
	each(t, func(t *testing.T, d *database) {
		var leases []*store.Lease
		for i := range outcomes {
			leases = append(leases, d.connected(ordersync.TenantID(rune('a'+i)), "S1"))
		}
		id := d.openRun(ordersync.GlobalRun, "")
		for i, reason := range outcomes {
			equal(t, "open", d.run(id).Summary.Open(), len(outcomes)-i)
			equal(t, "settled", store.Settled(d.run(id)), false)
			d.commit(leases[i], settle(ordersync.Outcome{Reason: reason}))
		}
		r := d.run(id)
		equal(t, "summary", r.Summary, ordersync.Summary{Total: 6, Success: 2, Partial: 1, Skipped: 1, Failed: 2})
		equal(t, "settled", store.Settled(r), true)

		trouble, err := d.Reader().Targets(d.ctx, id, true, 3)
		d.must(err)
		var reasons []ordersync.Reason
		for _, target := range trouble {
			reasons = append(reasons, target.Outcome.Reason)
		}
		equal(t, "trouble", reasons, outcomes[2:5])
	})
}

func TestFinishedRunsHaveNoOpenTarget(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		opening, open := d.openingRun(ordersync.GlobalRun, ""), d.openRun(ordersync.GlobalRun, "")
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "with an open target", d.run(open).State, ordersync.RunOpen)
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		equal(t, "before a tick", d.run(open).State, ordersync.RunOpen)
		d.clock.add(time.Second)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "after", d.run(open).State, ordersync.RunFinished)
		equal(t, "finished at", d.run(open).FinishedAt, begin.Add(time.Second))
		equal(t, "one that is opening", d.run(opening).State, ordersync.RunOpening)
		d.clock.add(time.Second)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "finished at", d.run(open).FinishedAt, begin.Add(time.Second))
	})
}

func TestOpenTargetsAreInterruptedAtTheDeadlineOrOnCancel(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, done := d.connected("acme", "S1"), d.connected("globex", "S1")
		late, cancelled := d.openRun(ordersync.GlobalRun, ""), d.openRun(ordersync.SingleRun, "acme")
		d.page(l, order("1", 0))
		d.commit(done, settle(ordersync.Outcome{Reason: ordersync.Success}))
		d.exec(`UPDATE runs SET cancelled_at = 1 WHERE id = $1`, string(cancelled))
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "cancelled", d.run(cancelled).Summary, ordersync.Summary{Total: 1, Partial: 1})

		d.clock.add(ordersync.RunDeadline - time.Millisecond)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "before the deadline", d.run(late).State, ordersync.RunOpen)
		d.clock.add(time.Millisecond)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "at the deadline", d.run(late).Summary, ordersync.Summary{Total: 2, Partial: 1, Success: 1})
		equal(t, "at the deadline", d.run(late).State, ordersync.RunFinished)
		target := d.targets(late)[0]
		equal(t, "outcome", target.Outcome, ordersync.Outcome{Reason: ordersync.Interrupted, Message: ordersync.Interrupted.Info().English})
		equal(t, "counts", target.Counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 1})
		d.page(l) // who was at work goes on
	})
}

// A connection that was removed while its target was open must not keep its run
// and all later ones from ending.
func TestRunOfARemovedConnectionEnds(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		id := d.openRun(ordersync.GlobalRun, "")
		d.exec(`DELETE FROM connections`)
		d.clock.add(ordersync.RunDeadline)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "run", d.run(id).Summary, ordersync.Summary{Total: 1, Partial: 1})
		equal(t, "counts", d.targets(id)[0].Counts, ordersync.Counts{})
	})
}

func TestRepairsBelongToTheTargetsThatWereOpen(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		repair := func(l *store.Lease, code ordersync.RepairCode, old string) ordersync.Repair {
			r := ordersync.Repair{Code: code, Old: []byte(old), New: "new", At: d.clock.Now()}
			d.commit(l, store.Commit{Repairs: []ordersync.Repair{r}})
			d.clock.add(time.Second)
			return r
		}
		repair(l, ordersync.WalkRestarted, "before")
		id := d.openRun(ordersync.GlobalRun, "")
		first := repair(l, ordersync.InvalidDateFixed, "nul \x00 \xff")
		second := repair(l, ordersync.WalkRestarted, "")
		theirs := repair(other, ordersync.WalkRestarted, "theirs")
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		d.clock.add(time.Second)
		repair(l, ordersync.WalkRestarted, "after")

		targets := d.targets(id)
		equal(t, "repairs", targets[0].Repairs, []ordersync.Repair{first, second})
		equal(t, "repairs of the other", targets[1].Repairs, []ordersync.Repair{theirs})
	})
}

func TestFailuresAreCountedForTheBackoff(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, test := range []struct {
			settle store.Settle
			want   int
		}{
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AmazonUnavailable}, Failed: true}, 1},
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AccessDenied}, Failed: true}, 2},
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AmazonRateLimit}, KeepFailures: true}, 2},
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.CatchingUp}}, 0},
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AmazonUnavailable}, Failed: true}, 1},
			{store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: begin}, 0},
		} {
			d.clock.add(time.Second)
			d.commit(l, store.Commit{Settle: &test.settle})
			c := d.connection("acme", l.Connection.ID)
			equal(t, "failures", c.Failures, test.want)
			equal(t, "the lease's failures", l.Connection.Failures, test.want)
			equal(t, "reason", c.LastReason, test.settle.Outcome.Reason)
			equal(t, "reason at", c.LastReasonAt, begin.Add(time.Duration(i+1)*time.Second))
			equal(t, "success", !c.LastSuccessAt.IsZero(), test.settle.Outcome.Reason == ordersync.Success)
		}
	})
}
