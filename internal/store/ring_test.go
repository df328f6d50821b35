package store_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// ring rings what is due and tells whose connections it rang.
func (d *database) ring(limit int, run ordersync.RunID) (tenants []string) {
	d.t.Helper()
	rung, err := d.Ring(d.ctx, store.RingRequest{Limit: limit, SlowLimit: limit, Run: run})
	d.must(err)
	for _, r := range rung {
		tenants = append(tenants, d.text(`SELECT tenant FROM connections WHERE id = $1`, int64(r.Connection)))
	}
	return tenants
}

// due makes a connection of a tenant of its own and sets when its work is due,
// in seconds after begin; nil: not.
func (d *database) due(tenant ordersync.TenantID, live, back any) ordersync.ConnectionID {
	d.t.Helper()
	id := d.connect(tenant, "S1")
	at := func(seconds any) any {
		if s, ok := seconds.(int); ok {
			return begin.Add(time.Duration(s) * time.Second).UnixMilli()
		}
		return nil
	}
	d.exec(`UPDATE connections SET live_due_at = $2, back_due_at = $3 WHERE id = $1`, int64(id), at(live), at(back))
	return id
}

func TestRingingByUrgencyThenSinceWhen(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.due("back-new", 600, -10)
		d.due("back-old", 700, -1000) // live work later, back work long since
		d.due("back-only", nil, -500)
		d.due("live-new", -1, -5000)
		d.due("live-old", -100, nil)
		d.due("live-now", 0, nil)
		d.due("later", 1, 1)
		d.due("never", nil, nil)
		d.due("asked", 300, nil)
		d.openRun(ordersync.SingleRun, "asked")
		equal(t, "rung", d.ring(100, ""), []string{"asked", "live-old", "live-new", "live-now", "back-old", "back-only", "back-new"})
	})
}

func TestRingingStopsAtTheLimit(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for i, tenant := range []ordersync.TenantID{"c", "b", "a"} {
			d.due(tenant, i-10, nil)
		}
		equal(t, "first", d.ring(2, ""), []string{"c", "b"})
		equal(t, "then", d.ring(2, ""), []string{"a"})
		equal(t, "then", d.ring(2, ""), []string(nil))
	})
}

func TestOnlyClaimableConnectionsAreRung(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, set := range map[string]string{
			"leased": "lease_until = history_ms, rung_at = NULL", "paused": "paused = NOT paused", "pending": "state = 'PENDING'", "disabled": "state = 'DISABLED'",
		} {
			d.set(d.due(ordersync.TenantID(name), -1, -1), set, begin.Add(time.Millisecond).UnixMilli())
		}
		d.set(d.due("revoked", -1, nil), "state = 'NEEDS_RECONNECT'", 0)
		equal(t, "rung", d.ring(100, ""), []string{"revoked"})
	})
}

// A doorbell that nobody answered within a minute counts as lost. The claim
// clears the mark, a run too.
func TestWhoWasRungIsLeftAloneForAMinute(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.due("acme", -1, nil)
		equal(t, "at first", d.ring(1, ""), []string{"acme"})
		d.clock.add(time.Minute - time.Millisecond)
		equal(t, "within a minute", d.ring(1, ""), []string(nil))
		d.clock.add(time.Millisecond)
		equal(t, "after a minute", d.ring(1, ""), []string{"acme"})

		l := d.claim(id)
		equal(t, "claimed", d.ring(1, ""), []string(nil))
		now := d.clock.Now()
		d.commit(l, store.Commit{Release: true, LiveDueAt: &now})
		equal(t, "after the claim", d.ring(1, ""), []string{"acme"})
		d.openRun(ordersync.GlobalRun, "")
		equal(t, "after a run was opened", d.ring(1, ""), []string{"acme"})
	})
}

// A doorbell that came while the connection was held is spent: what the holder
// leaves undone is rung at the next tick and not after a minute.
func TestWhoWasRungWhileHeldIsRungAfterwards(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.listens()
		l := d.claim(d.due("acme", nil, -1))
		d.openRun(ordersync.SingleRun, "acme")
		if again, err := d.Claim(d.ctx, l.Connection.ID, "test", lease); again != nil || err != nil {
			t.Fatalf("claimed twice: %v, %v", again, err)
		}
		later := begin.Add(time.Hour)
		d.commit(l, store.Commit{Kind: ordersync.Back, Release: true, BackDueAt: &later})
		equal(t, "after the lease", d.ring(1, ""), []string{"acme"})
	})
}

// Work that is due by one process's clock may not be by another's: a doorbell that
// came too early is rung again by the next tick, not a minute later.
func TestDoorbellThatCameTooEarly(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.due("acme", 0, nil)
		equal(t, "rung", d.ring(1, ""), []string{"acme"})
		d.clock.add(-5 * time.Millisecond)
		l, err := d.Claim(d.ctx, id, "behind", lease)
		d.must(err)
		if l != nil {
			t.Fatal("claimed before it was due")
		}
		d.clock.add(time.Second)
		equal(t, "rung again", d.ring(1, ""), []string{"acme"})
	})
}

func TestRingingOfOneRun(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.due("other", -100, nil)
		d.due("acme", 100, nil)
		l := d.claim(d.due("settled", -100, nil))
		run := d.openRun(ordersync.SingleRun, "acme")
		settled := d.openRun(ordersync.SingleRun, "settled")
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		d.commit(l, store.Commit{Release: true})
		equal(t, "a run whose target is settled", d.ring(100, settled), []string(nil))
		equal(t, "the run", d.ring(100, run), []string{"acme"})
		equal(t, "all", d.ring(100, ""), []string{"other", "settled"})
	})
}

// A tick reads no more than it rings, however much is due.
func TestRingingFollowsTheDueTimes(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(5000)
		d.openRun(ordersync.GlobalRun, "")
		d.exec(`UPDATE connections SET live_due_at = CASE WHEN id % 2 = 0 THEN $1 - id END, back_due_at = $1 - id`, begin.UnixMilli())
		d.exec(`ANALYZE`)
		now, lost := begin.UnixMilli(), begin.Add(-time.Minute).UnixMilli()
		d.wantPlan(store.RingQuery(store.Due), "connections_live_due", now, lost, false, 64)
		d.wantPlan(store.RingQuery(store.CanWait), "connections_back_due", now, lost, false, 64)
		d.wantIndex(store.RingQuery(store.AskedFor), "targets_asked_for", now, lost, false, 64)
	})
}

func TestRunSettled(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		settled := func(id ordersync.RunID) bool {
			t.Helper()
			settled, err := d.Reader().RunSettled(d.ctx, id)
			d.must(err)
			return settled
		}
		l := d.connected("acme", "S1")
		equal(t, "while it is opened", settled(d.openingRun(ordersync.GlobalRun, "")), false)
		one, other := d.openRun(ordersync.SingleRun, "acme"), d.openRun(ordersync.SingleRun, "acme")
		equal(t, "open", settled(one), false)
		d.commit(l, settle(ordersync.Outcome{Reason: ordersync.Success}))
		equal(t, "settled", []bool{settled(one), settled(other)}, []bool{true, true})
		if _, err := d.Reader().RunSettled(d.ctx, "NONE"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a run that is not there: %v", err)
		}
	})
}

func TestTwoProcessesNeverRingTheSame(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(200)
		d.exec(`UPDATE connections SET live_due_at = 0`)
		rung := make(chan []store.Rung, 8)
		for i := range 8 {
			s := d.Store
			if i%2 == 1 {
				s = d.again().Store
			}
			go func() {
				ids, err := s.Ring(d.ctx, store.RingRequest{Limit: 25, SlowLimit: 25})
				if err != nil {
					t.Error(err)
				}
				rung <- ids
			}()
		}
		times := map[ordersync.ConnectionID]int{}
		for range 8 {
			for _, r := range <-rung {
				if times[r.Connection]++; times[r.Connection] > 1 {
					t.Errorf("connection %d was rung twice", r.Connection)
				}
			}
		}
	})
}

func TestNextDue(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		next := func() (after time.Duration, ok bool) {
			t.Helper()
			at, ok, err := d.Reader().NextDue(d.ctx)
			d.must(err)
			if !ok {
				return 0, false
			}
			return at.Sub(begin), true
		}
		if _, ok := next(); ok {
			t.Error("something is due in an empty database")
		}
		d.due("never", nil, nil)
		d.set(d.due("paused", 1, 1), "paused = NOT paused", 0)
		d.set(d.due("pending", 1, 1), "state = 'PENDING'", 0)
		if after, ok := next(); ok {
			t.Errorf("due in %v, though nothing ever is", after)
		}
		for _, test := range []struct {
			live, back any
			want       time.Duration
		}{
			{900, nil, 900 * time.Second}, {nil, 800, 800 * time.Second}, {700, 750, 700 * time.Second}, {690, 600, 600 * time.Second}, {-5, nil, -5 * time.Second},
		} {
			id := d.due(ordersync.TenantID("due"), test.live, test.back)
			after, _ := next()
			equal(t, "next", after, test.want)
			d.set(id, "lease_until = history_ms", begin.Add(1000*time.Second).UnixMilli())
			after, _ = next()
			equal(t, "next after the lease", after, 1000*time.Second)
			d.exec(`DELETE FROM connections WHERE id = $1`, int64(id))
		}
	})
}
