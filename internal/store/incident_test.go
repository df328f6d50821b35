package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// fleet makes connections that succeeded when the test begins.
func (d *database) fleet(n int, region ordersync.Region) (leases []*store.Lease) {
	d.t.Helper()
	for range n {
		in := line(state(ordersync.Connected))
		in.Tenant, in.Region = ordersync.TenantID(string(region)+string(rune('a'+len(leases)))), region
		l := d.claim(d.bring(in).Connection)
		d.commit(l, store.Commit{Polled: true, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: d.clock.Now()}})
		leases = append(leases, l)
	}
	d.clock.add(time.Minute)
	return leases
}

func (d *database) fail(kind store.FailureKind, leases ...*store.Lease) {
	d.t.Helper()
	for _, l := range leases {
		d.commit(l, store.Commit{Polled: true, Failed: kind, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AccessDenied}, Failed: true}})
	}
}

func (d *database) succeed(leases ...*store.Lease) {
	d.t.Helper()
	for _, l := range leases {
		d.commit(l, store.Commit{Polled: true, Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: d.clock.Now()}})
	}
}

// judge judges and tells what it changed.
func (d *database) judge() []store.Incident {
	d.t.Helper()
	changed, err := d.JudgeIncidents(d.ctx)
	d.must(err)
	return changed
}

func (d *database) incident(kind store.FailureKind, since time.Time) [2]bool {
	d.t.Helper()
	open, lately, err := d.Reader().IncidentSince(d.ctx, ordersync.RegionEU, kind, since)
	d.must(err)
	return [2]bool{open, lately}
}

func TestIncidentNeedsFiveAndAFifth(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		fleet, others := d.fleet(26, ordersync.RegionEU), d.fleet(6, ordersync.RegionNA)
		equal(t, "while nothing fails", d.judge(), nil)
		d.fail(store.FailedDenied, fleet[:4]...)
		equal(t, "four", d.judge(), nil)
		d.fail(store.FailedUnavailable, fleet[4])
		equal(t, "a fifth of another kind", d.judge(), nil)
		d.fail(store.FailedDenied, fleet[5])
		equal(t, "five of 26", d.judge(), nil)
		d.fail(store.FailedDenied, fleet[6])
		want := store.Incident{Region: ordersync.RegionEU, Kind: store.FailedDenied, OpenedAt: d.clock.Now()}
		equal(t, "six of 26", d.judge(), []store.Incident{want})
		d.clock.add(time.Second)
		equal(t, "again", d.judge(), nil)
		open, err := d.Reader().OpenIncidents(d.ctx)
		d.must(err)
		equal(t, "open", open, []store.Incident{want})
		d.fail(store.FailedDenied, others[:5]...)
		equal(t, "five of six elsewhere", len(d.judge()), 1)
	})
}

// Who had not succeeded lately says nothing about Amazon.
func TestOnlyWhoSucceededLatelyCounts(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		fleet := d.fleet(5, ordersync.RegionEU)
		d.clock.add(24 * time.Hour)
		d.fail(store.FailedDenied, fleet...)
		equal(t, "long ago", d.judge(), nil)
		d.succeed(fleet...)
		d.clock.add(time.Minute)
		d.fail(store.FailedDenied, fleet[:4]...)
		d.clock.add(10 * time.Minute)
		d.fail(store.FailedDenied, fleet[4])
		equal(t, "not within ten minutes", d.judge(), nil)
	})
}

func TestIncidentsEnd(t *testing.T) {
	opened := func(t *testing.T, d *database) []*store.Lease {
		fleet := d.fleet(6, ordersync.RegionEU)
		d.fail(store.FailedRevoked, fleet...)
		equal(t, "opened", len(d.judge()), 1)
		equal(t, "open", d.incident(store.FailedRevoked, d.clock.Now()), [2]bool{true, true})
		return fleet
	}
	causes := func(changed []store.Incident) (out []string) {
		for _, i := range changed {
			out = append(out, i.Cause)
		}
		return out
	}
	each(t, func(t *testing.T, d *database) {
		fleet := opened(t, d)
		d.clock.add(time.Second)
		d.succeed(fleet[:2]...)
		equal(t, "two recovered", causes(d.judge()), nil)
		d.succeed(fleet[2])
		equal(t, "three recovered", causes(d.judge()), []string{"recovered"})
		equal(t, "open or lately", d.incident(store.FailedRevoked, d.clock.Now()), [2]bool{false, true})
		equal(t, "later", d.incident(store.FailedRevoked, d.clock.Now().Add(time.Second)), [2]bool{false, false})
		equal(t, "again", causes(d.judge()), nil)
	})
	each1 := func(name string, test func(*testing.T, *database)) {
		t.Run(name, func(t *testing.T) { each(t, test) })
	}
	each1("quiet", func(t *testing.T, d *database) {
		opened(t, d)
		d.clock.add(10*time.Minute - time.Millisecond)
		equal(t, "a little before", causes(d.judge()), nil)
		d.clock.add(time.Millisecond)
		equal(t, "ten minutes without a failure", causes(d.judge()), []string{"quiet"})
	})
	each1("expired", func(t *testing.T, d *database) {
		fleet := opened(t, d)
		for range 40 {
			d.clock.add(9 * time.Minute)
			d.fail(store.FailedRevoked, fleet[0])
			if changed := d.judge(); len(changed) > 0 {
				equal(t, "cause", causes(changed), []string{"expired"})
				break
			}
		}
		equal(t, "after six hours", d.clock.Now().Sub(begin) >= 6*time.Hour, true)
		d.fail(store.FailedRevoked, fleet...)
		equal(t, "not opened again by who goes on failing", causes(d.judge()), nil)
	})
}

func TestProcessesOpenOneIncident(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.fail(store.FailedDenied, d.fleet(6, ordersync.RegionEU)...)
		const processes = 4
		errs := make(chan error, processes)
		for range processes {
			other := d.again()
			go func() {
				_, err := other.JudgeIncidents(d.ctx)
				errs <- err
			}()
		}
		for range processes {
			d.must(<-errs)
		}
		equal(t, "incidents", d.number(`SELECT COUNT(*) FROM incidents`), int64(1))
	})
}

// Whoever looks sees how many connections an incident holds.
func TestSharedTroubles(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		fleet := d.fleet(8, ordersync.RegionEU)
		look := func() []store.SharedTrouble {
			t.Helper()
			got, err := d.Reader().SharedTroubles(d.ctx)
			d.must(err)
			return got
		}
		equal(t, "while nothing fails", look(), nil)
		d.fail(store.FailedRevoked, fleet[0])
		d.fail(store.FailedUnavailable, fleet[1:7]...)
		d.judge()
		opened := d.clock.Now()
		want := store.SharedTrouble{Incident: store.Incident{Region: ordersync.RegionEU, Kind: store.FailedUnavailable, OpenedAt: opened}, Connections: 6}
		equal(t, "six fail", look(), []store.SharedTrouble{want})
		d.clock.add(time.Minute)
		d.succeed(fleet[1:3]...)
		want.Connections = 4
		equal(t, "two came back", look(), []store.SharedTrouble{want})
		d.succeed(fleet[3])
		d.judge()
		equal(t, "afterwards", look(), nil)
	})
}
