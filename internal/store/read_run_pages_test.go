package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// outcomes reads all pages of a run's outcomes.
func (d *database) outcomes(id ordersync.RunID, p store.OutcomesPage) (seen []string) {
	d.t.Helper()
	for {
		page, next, err := d.Reader().Outcomes(d.ctx, id, p)
		d.must(err)
		for _, o := range page {
			seen = append(seen, fmt.Sprint(o.Tenant, " ", o.DisplayName, " ", o.Outcome.Reason, " ", o.Removed, " ", len(o.Repairs)))
		}
		if p.Before = next; next == (store.SettledMark{}) {
			return seen
		}
	}
}

func sorted(all []store.ReasonTally) {
	slices.SortFunc(all, func(a, b store.ReasonTally) int { return cmp.Compare(a.Reason, b.Reason) })
}

func TestOutcomesOfARun(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		paused := d.connect("idle", "S2")
		d.must(d.Pause(d.ctx, "idle", paused))
		d.connect("slow", "S3")
		throttled := d.connected("wait", "S4")
		d.exec(`UPDATE connections SET display_name = 'Acme & Co' WHERE tenant = 'acme'`)
		before := d.openRun(ordersync.GlobalRun, "")
		d.must(d.CancelRun(d.ctx, before))
		single := d.openRun(ordersync.SingleRun, "slow")
		d.must(d.CancelRun(d.ctx, single))
		d.clock.add(time.Second)
		run := d.openRun(ordersync.GlobalRun, "")

		tally, err := d.Reader().RunTally(d.ctx, run)
		d.must(err)
		equal(t, "at first", tally.Summary, ordersync.Summary{Total: 4, Skipped: 1})
		equal(t, "one is settled at once", tally.Reasons, []store.ReasonTally{{Reason: ordersync.Paused, N: 1}})

		d.clock.add(time.Second)
		d.page(l, order("1", 0), order("2", 0))
		d.commit(l, store.Commit{Kind: ordersync.Live, Repairs: []ordersync.Repair{{Code: ordersync.FutureCursorFixed, Old: []byte("x"), New: "y"}},
			Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}})
		d.clock.add(time.Second)
		resumes := begin.Add(20 * time.Minute)
		d.commit(throttled, store.Commit{Kind: ordersync.Live, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AmazonRateLimit, ResumesAt: resumes}}})

		tally, err = d.Reader().RunTally(d.ctx, run)
		d.must(err)
		sorted(tally.Reasons)
		equal(t, "under way", tally.Summary, ordersync.Summary{Total: 4, Success: 1, Partial: 1, Skipped: 1})
		equal(t, "by reason", tally.Reasons, []store.ReasonTally{
			{Reason: ordersync.AmazonRateLimit, N: 1, ResumesAt: resumes},
			{Reason: ordersync.Paused, N: 1},
			{Reason: ordersync.Success, N: 1, Counts: ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 2}},
		})
		equal(t, "counts", tally.Counts(), ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 2})

		all := []string{"wait  AMAZON_RATE_LIMIT false 0", "acme Acme & Co SUCCESS false 1", "idle  PAUSED false 0"}
		for limit := range 4 {
			equal(t, fmt.Sprint("pages of ", limit), d.outcomes(run, store.OutcomesPage{Limit: limit}), all)
		}
		equal(t, "of one reason", d.outcomes(run, store.OutcomesPage{Reason: ordersync.Paused, Limit: 1}), all[2:])
		equal(t, "of one status", d.outcomes(run, store.OutcomesPage{Status: ordersync.StatusSuccess}), all[1:2])
		equal(t, "of a reason with another status", d.outcomes(run, store.OutcomesPage{Reason: ordersync.Paused, Status: ordersync.StatusSuccess}), nil)

		d.exec(`DELETE FROM connections WHERE tenant = 'idle'`)
		equal(t, "of a connection that is gone", d.outcomes(run, store.OutcomesPage{Reason: ordersync.Paused}), []string{"idle  PAUSED true 0"})

		d.exec(`UPDATE targets SET confirmed = (1 = 1), reason = 'TOKEN_REVOKED' WHERE reason = 'PAUSED'`)
		quick, reasons, err := d.Reader().QuickTally(d.ctx, run)
		d.must(err)
		sorted(reasons)
		equal(t, "counted quickly", quick, ordersync.Summary{Total: 4, Success: 1, Partial: 1, Skipped: 1})
		equal(t, "reasons counted quickly", reasons, []store.ReasonTally{
			{Reason: ordersync.AmazonRateLimit, N: 1}, {Reason: ordersync.Success, N: 1}, {Reason: ordersync.TokenRevoked, Confirmed: true, N: 1},
		})

		d.must(d.CancelRun(d.ctx, run))
		tally, err = d.Reader().RunTally(d.ctx, run)
		d.must(err)
		sorted(tally.Reasons)
		equal(t, "at the end", tally.Summary, ordersync.Summary{Total: 4, Success: 1, Partial: 2, Skipped: 1})
		equal(t, "by reason at the end", tally.Reasons, []store.ReasonTally{
			{Reason: ordersync.AmazonRateLimit, N: 1, ResumesAt: resumes},
			{Reason: ordersync.Interrupted, N: 1},
			{Reason: ordersync.Success, N: 1, Counts: ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 2}},
			{Reason: ordersync.TokenRevoked, Confirmed: true, N: 1},
		})

		found, err := d.Reader().RunBefore(d.ctx, tally.Run)
		d.must(err)
		equal(t, "the run before", found.ID, before)
		if _, err := d.Reader().RunBefore(d.ctx, found); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before the first: %v", err)
		}
		if _, err := d.Reader().RunTally(d.ctx, "NONE"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a run that is none: %v", err)
		}
	})
}

// When its outcomes are kept no longer, a run still knows what they came to.
func TestTallyOfAnOldRun(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("acme", "S1")
		run := d.openRun(ordersync.GlobalRun, "")
		d.must(d.CancelRun(d.ctx, run))
		d.exec(`DELETE FROM targets`)
		tally, err := d.Reader().RunTally(d.ctx, run)
		d.must(err)
		equal(t, "totals", tally.Summary, ordersync.Summary{Total: 1, Partial: 1})
		equal(t, "by reason", tally.Reasons, []store.ReasonTally{{Reason: ordersync.Interrupted, N: 1}})
		d.exec(`UPDATE runs SET reasons = NULL`) // as before they were kept
		tally, err = d.Reader().RunTally(d.ctx, run)
		d.must(err)
		equal(t, "totals of one that is older", tally.Summary, ordersync.Summary{Total: 1, Partial: 1})
		equal(t, "by reason of one that is older", tally.Reasons, nil)
	})
}

// The newest outcomes of a large run are found by the index that settling keeps, and
// nothing is sorted.
func TestNewestOutcomesAreNotSorted(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(20_000)
		d.exec(`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside,
				settled_at, status, reason)
			SELECT 'R' || CAST(id % 3 AS TEXT), id, tenant, region, 'global', 0, 0, 0, 0, 0, 0, id % 1000, 'success', 'SUCCESS' FROM connections`)
		d.exec(`ANALYZE`)
		for _, before := range []store.SettledMark{{}, {At: time.UnixMilli(500), Connection: 7}} {
			query, args := store.OutcomesQuery("R1", "", before)
			d.wantPlan(query, "targets_settled", args...)
			query, args = store.OutcomesQuery("R1", ordersync.TokenRevoked, before)
			d.wantPlan(query, "targets_reason", args...)
		}
	})
}
