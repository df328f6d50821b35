package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

const day = 24 * time.Hour

// purge purges until nothing more is to be deleted, and tells what was.
func (d *database) purge() (all store.Purged) {
	d.t.Helper()
	return d.purgeBy(store.Retention{})
}

func (d *database) purgeBy(keep store.Retention) (all store.Purged) {
	d.t.Helper()
	for range 1000 {
		p, err := d.Purge(d.ctx, keep)
		d.must(err)
		all.Runs += p.Runs
		all.Targets += p.Targets
		all.Incidents += p.Incidents
		all.Personal += p.Personal
		all.Orders += p.Orders
		all.Changes += p.Changes
		all.Repairs += p.Repairs
		all.StateChanges += p.StateChanges
		all.SetAside += p.SetAside
		if !p.More {
			return all
		}
	}
	d.t.Fatal("there is always more to purge")
	return all
}

// after lets time pass and purges.
func (d *database) after(t time.Duration) store.Purged {
	d.t.Helper()
	d.clock.mu.Lock()
	d.clock.now = begin.Add(t)
	d.clock.mu.Unlock()
	return d.purge()
}

func TestPurgeOfRunsAndRepairs(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.commit(l, store.Commit{Repairs: []ordersync.Repair{{Code: ordersync.WalkRestarted}}})
		run := d.openRun(ordersync.GlobalRun, "")
		open := d.openRun(ordersync.SingleRun, "acme")
		d.must(d.CancelRun(d.ctx, run))
		d.exec(`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside, settled_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 2500)
			SELECT $1, 1000 + i, 'many', 'eu', 'global', 0, 0, 0, 0, 0, 0, 0 FROM numbers`, string(run))
		keep := store.Retention{Outcomes: 365 * day} // they go with their run
		d.clock.add(90*day - time.Second)
		equal(t, "in time", d.purgeBy(keep), store.Purged{Changes: 0})
		d.clock.add(2 * time.Second)
		one, err := d.Purge(d.ctx, keep)
		d.must(err)
		equal(t, "one batch", []any{one.Targets, one.Runs, one.More}, []any{int64(1000), int64(0), true})
		got := d.purgeBy(keep)
		equal(t, "the rest", []int64{got.Targets, got.Runs}, []int64{1501, 1})
		equal(t, "a run that is open stays", d.run(open).Summary.Total, 1)
		got = d.after(91*day + 2*time.Second)
		equal(t, "repairs, at the next look", got.Repairs, int64(1))
	})
}

// Outcomes go before their run, whose totals stay.
func TestPurgeOfOutcomes(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(1200)
		run, short := d.openRun(ordersync.GlobalRun, ""), d.openRun(ordersync.SingleRun, "many-7")
		open := d.openRun(ordersync.SingleRun, "many-8")
		d.must(d.CancelRun(d.ctx, run))
		d.must(d.CancelRun(d.ctx, short))
		totals := d.run(run).Summary
		equal(t, "in time", d.after(30*day), store.Purged{})
		equal(t, "after 30 days", d.after(30*day+time.Second), store.Purged{Targets: 1201})
		equal(t, "totals", d.run(run).Summary, totals)
		equal(t, "counted", totals, ordersync.Summary{Total: 1200, Partial: 1200})
		equal(t, "not finished", d.run(open).Summary, ordersync.Summary{Total: 1})
		equal(t, "after 90 days", d.after(90*day+time.Second), store.Purged{Runs: 2})
	})
}

func TestPurgeOfChangesAndStates(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		d.clock.add(10 * day)
		d.page(l, order("1", time.Hour, status("SHIPPED")))
		equal(t, "in time", d.after(30*day).Changes, int64(0))
		equal(t, "the first", d.after(31*day+time.Second).Changes, int64(1))
		equal(t, "from", d.number(`SELECT changes_from FROM connections`), int64(2))
		equal(t, "state changes in time", d.after(400*day).StateChanges, int64(0))
		equal(t, "state changes", d.after(402*day).StateChanges, int64(1))
		equal(t, "orders stay", len(d.orders("acme")), 1)
	})
}

func TestPurgeOfOrders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		other := d.connected("other", "S2")
		for i := range 5 {
			var page []store.PageOrder
			for j := range 100 {
				page = append(page, order(string(rune('a'+i))+string(rune('0'+j/10))+string(rune('0'+j%10)), 0, sealed(ordersync.GroupBuyer, "x")))
			}
			d.page(l, page...)
		}
		d.page(l, order("young", 10*day, placed(0)))
		d.page(other, order("1", 0))
		c := pageOf(l)
		c.Page.Unreadable = []ordersync.Unreadable{{OrderID: "3", Key: "3", Cause: "items", Body: []byte("{}")}}
		d.commit(l, c)
		d.exec(`DELETE FROM changes`)
		equal(t, "in time", d.after(546*day).Orders, int64(0))
		got := d.after(547*day + time.Second)
		equal(t, "orders, set aside", []int64{got.Orders, got.SetAside}, []int64{501, 1})
		equal(t, "what is left", d.rows(`SELECT order_id FROM orders`), []string{"young"})
		for _, table := range []string{"order_items", "order_packages"} {
			equal(t, table, d.number(`SELECT COUNT(*) FROM `+table+` WHERE order_id <> 'young'`), int64(0))
		}
		equal(t, "personal fields", d.number(`SELECT COUNT(*) FROM order_personal`), int64(0))
		d.exec(`UPDATE connections SET change_seq = 0`)
		d.checkCounters(l.Connection.ID)
		d.checkCounters(other.Connection.ID)
	})
}

func TestPurgeOfIncidents(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for i, closed := range []any{begin.UnixMilli(), begin.Add(time.Hour).UnixMilli(), nil} {
			d.exec(`INSERT INTO incidents (region, kind, opened_at, closed_at) VALUES ('eu', 'denied', $1, $2)`, i, closed)
		}
		equal(t, "in time", d.after(90*day).Incidents, int64(0))
		equal(t, "the first", d.after(90*day+time.Second).Incidents, int64(1))
		equal(t, "one that is open stays", d.after(900*day).Incidents, int64(1))
	})
}

// Each setting counts.
func TestPurgeBySettings(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.full("acme", "S1")
		d.must(d.CancelRun(d.ctx, d.openRun(ordersync.GlobalRun, "")))
		d.exec(`INSERT INTO incidents (region, kind, opened_at, closed_at) VALUES ('eu', 'denied', 1, 2)`)
		d.clock.add(2 * time.Hour)
		short := time.Hour
		got := d.purgeBy(store.Retention{Runs: short, StateChanges: short, Changes: short, Incidents: short, Orders: short, Personal: short})
		got.More = false
		equal(t, "purged", got, store.Purged{Runs: 1, Targets: 1, Incidents: 1, Orders: 2, Changes: 2, Repairs: 1, StateChanges: 1, SetAside: 1})
	})
}

// A purge with nothing to do writes nothing, and looks at a connection once a day.
func TestPurgeIsCheap(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(30)
		first, err := d.Purge(d.ctx, store.Retention{})
		d.must(err)
		equal(t, "looked at", []any{first.Connections, first.More}, []any{int64(20), true})
		d.purge()
		before := d.dump()
		equal(t, "nothing", d.purge(), store.Purged{})
		equal(t, "database", d.dump(), before)
	})
}

// Processes that purge at once delete everything once, and disturb no worker.
func TestPurgeBesideWork(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i := range 3 {
			d.page(l, order("old"+string(rune('0'+i)), 0))
		}
		d.clock.add(547 * day)
		others := []*database{d.again(), d.again()}
		results := make(chan int64, len(others))
		for _, o := range others {
			go func() {
				p, err := o.Purge(d.ctx, store.Retention{})
				if err != nil {
					t.Error(err)
				}
				results <- p.Orders
			}()
		}
		for i := range 5 {
			d.page(l, order("new"+string(rune('0'+i)), 547*day))
		}
		equal(t, "purged", <-results+<-results, int64(3))
		equal(t, "orders", len(d.orders("acme")), 5)
		d.exec(`DELETE FROM changes`)
		d.exec(`UPDATE connections SET change_seq = 0`)
		d.checkCounters(l.Connection.ID)
	})
}
