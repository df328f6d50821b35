package store_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestOutcomesOfAConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.connect("acme", "S2")
		d.connect("other", "S3")
		for _, run := range []struct {
			id     string
			mode   ordersync.RunMode
			tenant ordersync.TenantID
		}{{"a", ordersync.GlobalRun, ""}, {"b", ordersync.SingleRun, "other"}, {"c", ordersync.SingleRun, "acme"}} {
			d.must(d.OpenRun(d.ctx, store.NewRun{ID: ordersync.RunID(run.id), Mode: run.mode, Tenant: run.tenant, Deadline: time.Hour}))
			_, err := d.FillRun(d.ctx, ordersync.RunID(run.id), nil)
			d.must(err)
			d.clock.add(time.Hour)
		}
		d.exec(`UPDATE targets SET settled_at = $1, reason = 'CLOCK_SKEW', message = 'm', orders_received = 7 WHERE run_id = 'a'`, begin.Add(time.Minute).UnixMilli())
		mine := d.Reader().Tenant("acme")
		runs := func(since time.Time, limit int) (out []string) {
			targets, err := mine.Outcomes(d.ctx, id, since, limit)
			d.must(err)
			for _, one := range targets {
				equal(t, "connection", one.Connection, id)
				out = append(out, string(one.Run)+" "+string(one.Outcome.Reason))
			}
			return out
		}
		equal(t, "all", runs(begin, 10), []string{"c ", "a CLOCK_SKEW"})
		equal(t, "the last", runs(begin, 1), []string{"c "})
		equal(t, "since later", runs(begin.Add(time.Minute), 10), []string{"c "})
		others, err := d.Reader().Tenant("other").Outcomes(d.ctx, id, begin, 10)
		d.must(err)
		equal(t, "of another tenant's reader", len(others), 0)
	})
}

// Runs are few and targets are many: the connection's are found by the runs.
func TestOutcomesFollowTheRuns(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.exec(`INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 1000)
			SELECT 'r' || CAST(i AS TEXT), 'global', '', 'finished', i, 0, i FROM numbers`)
		d.exec(`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside, settled_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 50000)
			SELECT 'r' || CAST(i % 1000 + 1 AS TEXT), i / 1000, 'acme', 'eu', 'global', i, 0, 0, 0, 0, 0, i FROM numbers`)
		d.exec(`ANALYZE`)
		plan := d.wantIndex(store.RecentOutcomes, "runs_opened", "acme", int64(7), int64(990), 50)
		if strings.Contains(plan, "Seq Scan on targets") || strings.Contains(plan, "SCAN t") {
			t.Errorf("the plan reads all targets:\n%s", plan)
		}
		out, err := d.Reader().Tenant("acme").Outcomes(d.ctx, 7, time.UnixMilli(990), 50)
		d.must(err)
		equal(t, "outcomes", len(out), 11)
	})
}

func TestHistoryOfAConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.full("acme", "S1")
		d.must(d.Pause(d.ctx, "acme", id))
		d.clock.add(time.Minute)
		d.must(d.Resume(d.ctx, "acme", id))
		mine := d.Reader().Tenant("acme")

		changes, err := mine.StateChanges(d.ctx, id, 10)
		d.must(err)
		equal(t, "changes of state", changes, []store.StateChange{
			{At: begin.Add(time.Minute), From: ordersync.Connected, To: ordersync.Connected, Cause: "resumed"},
			{At: begin, From: ordersync.Connected, To: ordersync.Connected, Cause: "paused"},
			{At: begin, To: ordersync.Connected, Cause: "imported"},
		})
		changes, err = mine.StateChanges(d.ctx, id, 1)
		d.must(err)
		equal(t, "the last change", len(changes), 1)

		repairs, err := mine.Repairs(d.ctx, id, 10)
		d.must(err)
		equal(t, "repairs", repairs, []ordersync.Repair{{Code: ordersync.WalkRestarted, Old: []byte{}, At: begin}})

		d.exec(`DELETE FROM walks`)
		l := d.claim(id)
		c := pageOf(l)
		c.Walk = &ordersync.Walk{Kind: ordersync.Live, Window: ordersync.Window{From: begin, To: begin.Add(time.Hour)}, Cursor: begin.Add(time.Minute), StartedAt: begin, Pages: 3, Orders: 250, Token: "secret", Marketplaces: []string{french}}
		d.commit(l, c)
		walks, err := mine.Walks(d.ctx, id)
		d.must(err)
		equal(t, "walks", walks, []ordersync.Walk{{Kind: ordersync.Live, Window: ordersync.Window{From: begin, To: begin.Add(time.Hour)}, Cursor: begin.Add(time.Minute), StartedAt: begin, Pages: 3, Orders: 250, Marketplaces: []string{french}}})

		other := d.Reader().Tenant("other")
		changes, err = other.StateChanges(d.ctx, id, 10)
		d.must(err)
		repairs, err = other.Repairs(d.ctx, id, 10)
		d.must(err)
		walks, err = other.Walks(d.ctx, id)
		d.must(err)
		arrivals, _, err := other.Arrivals(d.ctx, id, begin, time.Hour)
		d.must(err)
		equal(t, "what another tenant's reader sees", len(changes)+len(repairs)+len(walks)+len(arrivals), 0)
	})
}

func TestArrivals(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		// Twelve changes a second apart for each of a number of hours, in pages of two.
		fill := func(from, to int) {
			d.exec(`INSERT INTO changes (tenant, connection_id, seq, kind, order_id, at, last_updated_after, status_before, status_after, data_groups)
				WITH RECURSIVE numbers(i) AS (SELECT CAST($2 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < CAST($3 AS BIGINT))
				SELECT 'acme', CAST($1 AS BIGINT), i, 'created', CAST(i AS TEXT), CAST($4 AS BIGINT) + (i / 12) * 3600000 + (i % 12) / 2 * 1000, 0, '', '', 0 FROM numbers`,
				int64(id), int64(from), int64(to), begin.UnixMilli())
		}
		fill(0, 35)
		out, complete, err := d.Reader().Tenant("acme").Arrivals(d.ctx, id, begin.Add(time.Hour), time.Hour)
		d.must(err)
		equal(t, "complete", complete, begin.Add(time.Hour))
		equal(t, "arrivals", out, []store.Arrival{{At: begin.Add(time.Hour), Orders: 12, Pages: 6}, {At: begin.Add(2 * time.Hour), Orders: 12, Pages: 6}})
		fill(36, 12_011) // 1,001 hours: only the last 10,000 changes are looked at
		_, complete, err = d.Reader().Tenant("acme").Arrivals(d.ctx, id, begin, time.Hour)
		d.must(err)
		equal(t, "complete since", complete, begin.Add(167*time.Hour+4*time.Second))
		d.exec(`ANALYZE`)
		index := map[storetest.Kind]string{storetest.SQLite: "PRIMARY KEY", storetest.Postgres: "changes_pkey"}[d.kind]
		d.wantIndex(store.LastArrivals, index, "acme", int64(id), int64(3600000), 10)
	})
}
