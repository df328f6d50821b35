package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// databaseClock stands in for the clock of a database. It runs with the test's
// clock, ahead of it.
type databaseClock struct {
	own   *clock
	mu    sync.Mutex
	ahead time.Duration
	slow  time.Duration // how long an answer takes
	err   error
	asked int
}

func (c *databaseClock) ask(context.Context) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	c.own.add(c.slow / 2)
	at := c.own.Now().Add(c.ahead)
	c.own.add(c.slow / 2)
	return at, c.err
}

// corrected gives a database's store a clock to be corrected by.
func (d *database) corrected(ahead time.Duration) *databaseClock {
	d.t.Helper()
	c := &databaseClock{own: d.clock, ahead: ahead}
	d.must(d.CorrectBy(d.ctx, c.ask))
	return c
}

func TestTimesAreTheDatabases(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		theirs := d.corrected(5 * time.Minute)
		equal(t, "now", d.Now(), begin.Add(5*time.Minute))
		l := d.connected("acme", "S1")
		equal(t, "lease", d.number(`SELECT lease_until FROM connections`), begin.Add(5*time.Minute+lease).UnixMilli())
		d.clock.add(9 * time.Second)
		d.page(l, order("1", 0))
		equal(t, "asked within ten seconds", theirs.asked, 1)
		equal(t, "polled", d.number(`SELECT committed_at FROM connections`), begin.Add(5*time.Minute+9*time.Second).UnixMilli())
		theirs.ahead += time.Second // clocks drift
		d.clock.add(time.Second)
		d.page(l, order("2", 0))
		equal(t, "asked after ten seconds", theirs.asked, 2)
		equal(t, "now", d.Now(), begin.Add(5*time.Minute+11*time.Second))
		equal(t, "the reader's", d.Reader().Now(), d.Now())
		d.claim(d.connect("globex", "S1"))
	})
}

// A jump says that one of two readings is wrong. Until a third one says which,
// nobody's lease is judged by it.
func TestNothingIsClaimedAfterAJump(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		theirs := d.corrected(0)
		id := d.connect("acme", "S1")
		theirs.ahead = -3 * time.Second
		d.clock.add(10 * time.Second)
		none := func(when string) {
			t.Helper()
			l, err := d.Claim(d.ctx, id, "test", lease)
			if err != nil || l != nil {
				t.Errorf("%s: the claim gave %v, %v", when, l, err)
			}
			if l, err = d.ClaimNow(d.ctx, id, "test", lease); err != nil || l != nil {
				t.Errorf("%s: the claim for one order gave %v, %v", when, l, err)
			}
			rung, err := d.Ring(d.ctx, store.RingRequest{Limit: 1})
			if err != nil || len(rung) > 0 {
				t.Errorf("%s: rung for %v, %v", when, rung, err)
			}
		}
		none("after the jump")
		equal(t, "now", d.Now(), begin.Add(7*time.Second))
		theirs.ahead = 0 // back: the jump was the mistake
		d.clock.add(time.Second)
		none("after a jump back")
		d.clock.add(time.Second)
		l := d.claim(id)
		equal(t, "asked", theirs.asked, 4)

		// What was claimed before is gone on with: its lease is renewed by what is known.
		theirs.ahead = time.Hour
		d.clock.add(10 * time.Second)
		d.page(l, order("1", 0))
	})
}

// A measurement that failed or took too long says nothing; what was known holds.
func TestUncertainMeasurementsAreNone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		theirs := d.corrected(time.Minute)
		id := d.connect("acme", "S1")
		theirs.ahead, theirs.slow = time.Hour, 3*time.Second
		d.clock.add(10 * time.Second)
		d.claim(id)
		equal(t, "slow", d.Now(), begin.Add(time.Minute+13*time.Second))
		theirs.slow, theirs.err = 0, errors.New("no answer")
		d.claim(d.connect("globex", "S1"))
		equal(t, "failed", d.Now(), begin.Add(time.Minute+13*time.Second))
		equal(t, "asked at most once a second", theirs.asked, 3)
		d.clock.add(time.Second)
		d.connect("initech", "S1")
		equal(t, "asked again", theirs.asked, 4)
	})
}

// Before the first measurement nobody's lease can be judged.
func TestNothingIsClaimedBeforeTheClockIsKnown(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		theirs := &databaseClock{own: d.clock, err: errors.New("no answer")}
		d.must(d.CorrectBy(d.ctx, theirs.ask))
		if l, err := d.Claim(d.ctx, id, "test", lease); err != nil || l != nil {
			t.Errorf("the claim gave %v, %v", l, err)
		}
		theirs.err = nil
		d.clock.add(time.Second)
		d.claim(id)
	})
}

// Two machines whose clocks differ by minutes agree on who holds a lease.
func TestLeasesHoldAcrossWrongClocks(t *testing.T) {
	t.Parallel()
	url := storetest.New(t, storetest.Postgres)
	wrong := func(d time.Duration) *store.Store {
		return storetest.OpenURL(t, url, func(o *store.Options) {
			o.Now, o.DatabaseTime = func() time.Time { return time.Now().Add(d) }, true
		})
	}
	slow, fast := wrong(-7*time.Minute), wrong(9*time.Minute)
	if apart := slow.Now().Sub(fast.Now()).Abs(); apart > time.Second {
		t.Fatalf("they are %s apart", apart)
	}
	for _, s := range []struct{ holder, thief *store.Store }{{slow, fast}, {fast, slow}} {
		out, err := s.holder.ImportConnection(t.Context(), store.Import{
			Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", State: ordersync.Connected,
		})
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.holder.Claim(t.Context(), out.Connection, "holder", lease)
		if err != nil || l == nil {
			t.Fatalf("the claim gave %v, %v", l, err)
		}
		if stolen, err := s.thief.Claim(t.Context(), out.Connection, "thief", lease); err != nil || stolen != nil {
			t.Errorf("a live lease was taken: %v, %v", stolen, err)
		}
		if _, err := s.holder.Commit(t.Context(), l, store.Commit{Release: true}); err != nil {
			t.Error(err)
		}
		for l = nil; l == nil; { // they agree to some milliseconds
			if l, err = s.thief.Claim(t.Context(), out.Connection, "thief", lease); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.thief.Commit(t.Context(), l, store.Commit{Release: true}); err != nil {
			t.Error(err)
		}
	}
}
