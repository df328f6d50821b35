package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func TestTrafficIsSummedOverProcesses(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		later := begin.Add(time.Minute)
		minutes := []store.TrafficMinute{
			{At: later, Calls: 1, Outcomes: map[ordersync.Reason]int64{ordersync.Success: 1}},
			{
				At: begin.Add(7 * time.Second), Calls: 5, Searches: 4, Throttled: 1, Received: 30, Created: 20, Changed: 9, SetAside: 1,
				Outcomes: map[ordersync.Reason]int64{ordersync.Success: 2, ordersync.AmazonRateLimit: 1},
			},
		}
		other := d.again()
		var all sync.WaitGroup
		for _, process := range []*database{d, other} {
			for range 5 {
				all.Go(func() {
					if err := process.AddTraffic(t.Context(), minutes); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		d.must(d.AddTraffic(d.ctx, nil))
		have, err := d.Reader().Traffic(d.ctx, begin.Add(30*time.Second), later.Add(time.Minute))
		d.must(err)
		equal(t, "minutes", have, []store.TrafficMinute{
			{
				At: begin, Calls: 50, Searches: 40, Throttled: 10, Received: 300, Created: 200, Changed: 90, SetAside: 10,
				Outcomes: map[ordersync.Reason]int64{ordersync.Success: 20, ordersync.AmazonRateLimit: 10},
			},
			{At: later, Calls: 10, Outcomes: map[ordersync.Reason]int64{ordersync.Success: 10}},
		})
		have, err = d.Reader().Traffic(d.ctx, begin, later)
		d.must(err)
		equal(t, "minutes before the end", len(have), 1)
	})
}

func TestTrafficIsKeptForAWeek(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var minutes []store.TrafficMinute
		for i := range 1500 {
			minutes = append(minutes, store.TrafficMinute{At: begin.Add(time.Duration(i) * time.Minute), Calls: 1, Outcomes: map[ordersync.Reason]int64{ordersync.Success: 1}})
		}
		d.must(d.AddTraffic(d.ctx, minutes))
		d.after(store.TrafficKept)
		have, err := d.Reader().Traffic(d.ctx, begin, begin.Add(30*day))
		d.must(err)
		equal(t, "minutes after a week", len(have), 1500)
		d.after(store.TrafficKept + 1490*time.Minute + time.Second)
		have, err = d.Reader().Traffic(d.ctx, begin, begin.Add(30*day))
		d.must(err)
		equal(t, "minutes a day later", len(have), 9)
		equal(t, "outcomes a day later", d.number(`SELECT COUNT(*) FROM traffic_outcomes`), int64(9))
	})
}

func TestCeilingIsWhatBudgetsPermit(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		ceiling := func() float64 {
			t.Helper()
			c, err := d.Reader().Ceiling(d.ctx)
			d.must(err)
			return c
		}
		equal(t, "of nothing", ceiling(), 0.0)
		d.connect("acme", "S1")
		d.connect("other", "S1") // the same account: one budget
		paused := d.connect("calm", "S2")
		d.connect("busy", "S3")
		for _, seller := range []string{"S1", "S2", "S3", "S4"} {
			for _, op := range []ordersync.Operation{ordersync.SearchOrders, ordersync.GetOrder} {
				d.exec(`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
					VALUES ('app', 'eu', $1, $2, 0.5, 20, 0.25, 20, 0, 0)`, seller, string(op))
			}
		}
		equal(t, "of three sellers", ceiling(), 45.0)
		d.must(d.Pause(d.ctx, "calm", paused))
		equal(t, "of those that are not paused", ceiling(), 30.0)
		nameless := d.connect("nameless", "")
		d.exec(`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
			VALUES ('app', 'eu', $1, 'searchOrders', 0.5, 20, 0.25, 20, 0, 0)`, fmt.Sprint("connection:", nameless))
		equal(t, "with a seller whom nobody knows", ceiling(), 45.0)
		d.must(d.Pause(d.ctx, "nameless", nameless))
		equal(t, "without it", ceiling(), 30.0)
	})
}
