package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func runID(n int) ordersync.RunID { return ordersync.RunID(fmt.Sprintf("%026d", n)) }

// openRun opens a run and writes its targets.
func (d *database) openRun(mode ordersync.RunMode, tenant ordersync.TenantID) ordersync.RunID {
	d.t.Helper()
	id := d.openingRun(mode, tenant)
	d.fill(id)
	return id
}

// openingRun opens a run whose targets are still to be written.
func (d *database) openingRun(mode ordersync.RunMode, tenant ordersync.TenantID) ordersync.RunID {
	d.t.Helper()
	id := runID(int(d.number(`SELECT COUNT(*) FROM runs`)) + 1)
	d.must(d.OpenRun(d.ctx, store.NewRun{ID: id, Mode: mode, Tenant: tenant, Deadline: ordersync.RunDeadline}))
	return id
}

func (d *database) fill(id ordersync.RunID) {
	d.t.Helper()
	for done := false; !done; {
		var err error
		done, err = d.FillRun(d.ctx, id, nil)
		d.must(err)
	}
}

func (d *database) run(id ordersync.RunID) ordersync.Run {
	d.t.Helper()
	r, err := d.Reader().Run(d.ctx, id)
	d.must(err)
	return r
}

func (d *database) targets(id ordersync.RunID) []ordersync.Target {
	d.t.Helper()
	all, err := d.Reader().Targets(d.ctx, id, false, 10_000)
	d.must(err)
	return all
}

// many makes connections that differ in their tenant only.
func (d *database) many(n int) {
	d.t.Helper()
	d.exec(`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms)
		WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1)
		SELECT 'many-' || CAST(i AS TEXT), 'eu', 'S1', '', 'CONNECTED', 0, 0, 1, 1 FROM numbers`, n)
}

func TestRunIsWrittenInBatches(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(2500)
		d.exec(`UPDATE connections SET live_due_at = $1, rung_at = $1`, begin.Add(time.Hour).UnixMilli())
		id := d.openingRun(ordersync.GlobalRun, "")
		for i, want := range []int{1000, 2000, 2500} {
			done, err := d.FillRun(d.ctx, id, nil)
			d.must(err)
			equal(t, "done", done, i == 2)
			r := d.run(id)
			equal(t, "targets", r.Summary, ordersync.Summary{Total: want})
			equal(t, "opening", r.State == ordersync.RunOpening, i < 2)
			equal(t, "due now and not rung", d.number(`SELECT COUNT(*) FROM connections WHERE live_due_at = $1 AND rung_at IS NULL`, begin.UnixMilli()), int64(want))
		}
		done, err := d.FillRun(d.ctx, id, nil)
		d.must(err)
		equal(t, "done again", done, true)
		equal(t, "targets", d.run(id).Summary.Total, 2500)
	})
}

func TestExactBatchIsDone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(1000)
		id := d.openingRun(ordersync.GlobalRun, "")
		done, err := d.FillRun(d.ctx, id, nil)
		d.must(err)
		equal(t, "done, as far as is known", done, false)
		d.fill(id)
		equal(t, "run", d.run(id), ordersync.Run{
			ID: id, Mode: ordersync.GlobalRun, State: ordersync.RunOpen, OpenedAt: begin, DeadlineAt: begin.Add(ordersync.RunDeadline),
			Summary: ordersync.Summary{Total: 1000},
		})
	})
}

// Any process may open what another began, also both at once.
func TestRunIsOpenedBySeveralProcesses(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(1200)
		id := d.openingRun(ordersync.GlobalRun, "")
		errs := make(chan error, 2)
		for _, s := range []*store.Store{d.Store, d.again().Store} {
			go func() {
				done, err := false, error(nil)
				for !done && err == nil {
					done, err = s.FillRun(d.ctx, id, nil)
				}
				errs <- err
			}()
		}
		d.must(errors.Join(<-errs, <-errs))
		equal(t, "targets", d.run(id).Summary, ordersync.Summary{Total: 1200})
		equal(t, "state", d.run(id).State, ordersync.RunOpen)
		opening, err := d.Reader().OpeningRuns(d.ctx)
		d.must(err)
		equal(t, "opening runs", len(opening), 0)
	})
}

// What needs no call is settled at once, without making anything due.
func TestTargetsThatAreSettledAtOnce(t *testing.T) {
	due, later := begin.Add(time.Hour).UnixMilli(), begin.Add(time.Hour)
	each(t, func(t *testing.T, d *database) {
		cases := []struct {
			tenant ordersync.TenantID
			set    string
			want   ordersync.Outcome
			open   bool
		}{
			{"a-ready", `failures = 0`, ordersync.Outcome{}, true},
			{"b-pending", `state = 'PENDING'`, ordersync.Outcome{Reason: ordersync.NotConnected}, false},
			{"c-disabled", `state = 'DISABLED'`, ordersync.Outcome{Reason: ordersync.NotConnected}, false},
			{"d-paused", `paused = NOT paused`, ordersync.Outcome{Reason: ordersync.Paused}, false},
			{"e-revoked", `state = 'NEEDS_RECONNECT', revoked_at = 0`, ordersync.Outcome{Reason: ordersync.TokenRevoked, Confirmed: true}, false},
			{"e-said-to-be", `state = 'NEEDS_RECONNECT'`, ordersync.Outcome{Reason: ordersync.TokenRevoked}, false},
			{"e-revoked-and-due", `state = 'NEEDS_RECONNECT', revoked_at = 0, live_due_at = 0`, ordersync.Outcome{}, true},
			{"f-asleep", `last_reason = 'AMAZON_RATE_LIMIT'`, ordersync.Outcome{Reason: ordersync.AmazonRateLimit, ResumesAt: later}, false},
			{"g-failed", `last_reason = 'AMAZON_UNAVAILABLE'`, ordersync.Outcome{}, true},
			{"h-awake", `last_reason = 'AMAZON_RATE_LIMIT', live_due_at = 0`, ordersync.Outcome{}, true},
		}
		for _, c := range cases {
			in := line(state(ordersync.Connected))
			in.Tenant = c.tenant
			id := d.bring(in).Connection
			d.set(id, "live_due_at = history_ms", due)
			d.set(id, c.set, due)
		}
		// PENDING and DISABLED are no part of a global run.
		global := d.openRun(ordersync.GlobalRun, "")
		equal(t, "targets of the global run", d.run(global).Summary, ordersync.Summary{Total: 8, Partial: 1, Skipped: 3})

		for _, c := range cases {
			target := d.targets(d.openRun(ordersync.SingleRun, c.tenant))[0]
			name := string(c.tenant)
			if c.open {
				equal(t, name, target.Settled(), false)
				continue
			}
			want := c.want
			want.Message = want.Reason.Info().English
			equal(t, name, target.Outcome, want)
			equal(t, name+": settled at", target.SettledAt, begin)
			equal(t, name+": counts", target.Counts, ordersync.Counts{})
			equal(t, name+": due as before", d.number(`SELECT live_due_at FROM connections WHERE tenant = $1`, name), due)
		}
	})
}

func TestFreshSuccessCountsForAGlobalRun(t *testing.T) {
	fresh := func(ordersync.Connection) time.Duration { return 150 * time.Second }
	each(t, func(t *testing.T, d *database) {
		succeed := func(tenant ordersync.TenantID, begun time.Duration, reason ordersync.Reason) {
			l := d.connected(tenant, "S1")
			d.commit(l, store.Commit{Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: begin.Add(begun)}})
			if reason != ordersync.Success {
				d.commit(l, store.Commit{Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: reason}}})
			}
		}
		succeed("a-fresh", -149*time.Second, ordersync.Success)
		succeed("b-old", -150*time.Second, ordersync.Success)
		succeed("c-failed-since", -time.Second, ordersync.AmazonUnavailable)
		succeed("d-of-the-future", time.Second, ordersync.Success)
		d.connect("e-new", "S1")

		id := d.openingRun(ordersync.GlobalRun, "")
		_, err := d.FillRun(d.ctx, id, fresh)
		d.must(err)
		var settled []ordersync.TenantID
		for _, target := range d.targets(id) {
			if target.Settled() {
				equal(t, "reason", target.Outcome.Reason, ordersync.Success)
				settled = append(settled, target.Tenant)
			}
		}
		equal(t, "settled", settled, []ordersync.TenantID{"a-fresh"})

		id = d.openingRun(ordersync.SingleRun, "a-fresh")
		_, err = d.FillRun(d.ctx, id, fresh)
		d.must(err)
		equal(t, "a single run asks", d.run(id).Summary.Open(), 1)
	})
}

func TestSingleRunCoversTheTenantsConnections(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("acme", "S1")
		d.connect("acme", "S2")
		d.connect("globex", "S1")
		id := d.openRun(ordersync.SingleRun, "acme")
		r := d.run(id)
		equal(t, "tenant", r.Tenant, ordersync.TenantID("acme"))
		equal(t, "targets", r.Summary, ordersync.Summary{Total: 2})
		none := d.openRun(ordersync.SingleRun, "nobody")
		equal(t, "of nobody", d.run(none).Summary, ordersync.Summary{})
		equal(t, "of nobody", store.Settled(d.run(none)), true)
		if _, err := d.Reader().Run(d.ctx, runID(99)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a run that is not there: %v", err)
		}
		if err := d.OpenRun(d.ctx, store.NewRun{ID: id, Mode: ordersync.GlobalRun}); err == nil {
			t.Errorf("run %s was opened twice", id)
		}
	})
}

// A run that waits for its connections costs the ticks no transaction, and so no
// other process the writer.
func TestOpenRunsCostNoTransaction(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connected("acme", "S1")
		runs := []ordersync.RunID{d.openRun(ordersync.GlobalRun, ""), d.openRun(ordersync.GlobalRun, ""), d.openingRun(ordersync.GlobalRun, "")}
		commits := 0
		d.must(d.DecideCommits(d.url, func() store.CommitFate {
			commits++
			return store.CommitDone
		}))
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "transactions", commits, 0)
		d.clock.add(ordersync.RunDeadline)
		d.must(d.SettleUnfinished(d.ctx))
		equal(t, "transactions at the deadline", commits, 2)
		run, err := d.Reader().Run(d.ctx, runs[0])
		d.must(err)
		equal(t, "state", run.State, ordersync.RunFinished)
	})
}
