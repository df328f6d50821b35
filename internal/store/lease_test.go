package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// all is a commit with every part that a commit can have.
func all(l *store.Lease) store.Commit {
	due := begin.Add(time.Hour)
	c := pageOf(l, order("1", time.Minute), order("new", 0, sealed(ordersync.GroupBuyer, "buyer")))
	c.Page.Unreadable = []ordersync.Unreadable{unreadable("3", "3", "cause")}
	c.Learned = &store.Learned{Key: bucket("S1"), Plan: plan, Rate: 0.002, Throttled: true, Calls: 2}
	c.Walk, c.Seen = &ordersync.Walk{Kind: ordersync.Live, Pages: 1, Token: "next", Marketplaces: []string{french}}, store.Seen{Token: 1, Digest: 2}
	c.Covered = &store.Covered{Window: window(0, 60), Marketplaces: []string{french}, Confirmed: true}
	c.Cursor, c.LiveWidth = begin.Add(time.Minute), 48*time.Hour
	c.Repairs = []ordersync.Repair{{Code: ordersync.WalkRestarted, Old: []byte("old"), New: "new"}}
	c.Marketplaces, c.Polled = []string{german}, true
	c.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: begin}
	c.Release, c.LiveDueAt, c.BackDueAt = true, &due, &due
	return c
}

// window is a window of seconds after begin.
func window(from, to int) ordersync.Window {
	return ordersync.Window{From: begin.Add(time.Duration(from) * time.Second), To: begin.Add(time.Duration(to) * time.Second)}
}

func TestClaimTakesOnlyWhatIsDueFreeAndAtWork(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, test := range []struct {
			name string
			set  string
			want bool
		}{
			{"live work due now", "live_due_at = history_ms", true},
			{"back work due now", "live_due_at = NULL, back_due_at = history_ms", true},
			{"live work due in a millisecond", "live_due_at = history_ms + 1", false},
			{"nothing due", "live_due_at = NULL", false},
			{"back work due, live work later", "live_due_at = history_ms + 1, back_due_at = history_ms", true},
			{"lease ends now", "lease_until = history_ms", true},
			{"lease ends in a millisecond", "lease_until = history_ms + 1", false},
			{"paused", "paused = NOT paused", false},
			{"pending", "state = 'PENDING'", false},
			{"disabled", "state = 'DISABLED'", false},
			{"needs reconnect", "state = 'NEEDS_RECONNECT'", true},
		} {
			id := d.connect("acme", "S"+shortName(test.name))
			now := begin.UnixMilli()
			d.set(id, "live_due_at = history_ms", now)
			d.set(id, test.set, now)
			l, err := d.Claim(d.ctx, id, "test", lease)
			d.must(err)
			equal(t, test.name, l != nil, test.want)
			epoch := int64(0)
			if test.want {
				epoch = 1
			}
			equal(t, test.name+": epoch", d.number(`SELECT epoch FROM connections WHERE id = $1`, int64(id)), epoch)
		}
	})
}

// set changes a connection's row; the text knows the time as history_ms.
func (d *database) set(id ordersync.ConnectionID, text string, at int64) {
	d.t.Helper()
	d.exec(`UPDATE connections SET history_ms = $2 WHERE id = $1`, int64(id), at)
	d.exec(`UPDATE connections SET `+text+` WHERE id = $1`, int64(id))
}

// shortName makes a seller id of a test's name.
func shortName(name string) string {
	out := ""
	for _, r := range name {
		if r >= 'a' && r <= 'z' {
			out += string(r - 'a' + 'A')
		}
	}
	return out
}

func TestClaimOfNoConnectionIsNothing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, err := d.Claim(d.ctx, 4711, "test", lease)
		d.must(err)
		if l != nil {
			t.Errorf("claimed %+v", l)
		}
	})
}

func TestClaimTellsWhatIsDue(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.set(id, "back_due_at = history_ms", begin.Add(-time.Minute).UnixMilli())
		l := d.claim(id)
		equal(t, "live", l.LiveDueAt, begin)
		equal(t, "back", l.BackDueAt, begin.Add(-time.Minute))
		equal(t, "connection", l.Connection, d.connection("acme", id))
	})
}

// A claim tells in which traces the runs that wait for it were asked for: the newest
// first, and of no run whose target is settled.
func TestClaimTellsInWhichTracesItWasAskedFor(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		open := func(n int, trace string) {
			t.Helper()
			r := store.NewRun{ID: runID(n), Mode: ordersync.GlobalRun, Deadline: ordersync.RunDeadline, Trace: trace}
			d.must(d.OpenRun(d.ctx, r))
			_, err := d.FillRun(d.ctx, r.ID, nil)
			d.must(err)
		}
		open(1, "first")
		open(2, "")
		open(3, "third")
		l := d.claim(id)
		equal(t, "traces", l.Traces, []string{"third", "first"})
		d.commit(l, store.Commit{Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}}, Release: true})
		for n := range 10 {
			open(4+n, fmt.Sprint(n))
		}
		equal(t, "of many", d.claim(id).Traces, []string{"9", "8", "7", "6", "5", "4", "3", "2"})
	})
}

func TestEpochRisesWithEachClaimAndStepWithEachCommit(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		for epoch := int64(1); epoch <= 3; epoch++ {
			l := d.claim(id)
			equal(t, "epoch", l.Epoch, epoch)
			first := l.Step
			for i := int64(0); i < 3; i++ {
				equal(t, "step", l.Step, first+i)
				d.page(l)
			}
			d.commit(l, store.Commit{Release: true})
			equal(t, "stored step", d.number(`SELECT step FROM connections`), l.Step)
		}
	})
}

func TestLeaseIsRenewedByWorkAndEndedByItsEnd(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		until := func() time.Duration {
			return time.UnixMilli(d.number(`SELECT lease_until FROM connections`)).Sub(begin)
		}
		equal(t, "after the claim", until(), time.Minute)
		d.clock.add(10 * time.Second)
		d.page(l)
		equal(t, "after a page", until(), 70*time.Second)
		d.clock.add(10 * time.Second)
		d.take(l, bucket("S1"))
		equal(t, "after a token", until(), 80*time.Second)
		d.clock.add(10 * time.Second)
		d.commit(l, store.Commit{Release: true})
		d.clock.add(-5 * time.Millisecond) // of another process
		d.claim(l.Connection.ID)
	})
}

func TestCommitWritesAllItsParts(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.clock.add(time.Second)
		d.commit(l, all(l))
		c := d.connection("acme", l.Connection.ID)
		now := begin.Add(time.Second)
		want := ordersync.Connection{
			ID: l.Connection.ID, Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", State: ordersync.Connected, StateSince: begin,
			Marketplaces: []string{german}, MarketplacesExplicit: true, MarketplacesAt: now, Cursor: begin.Add(time.Minute), LiveWidth: 48 * time.Hour, BackWidth: ordersync.FirstWidth,
			LastPolledAt: now, LastSuccessAt: now, LastReason: ordersync.Success, LastMessage: ordersync.Success.Info().English, LastReasonAt: now, ReasonSince: now,
			Orders: 2, Items: 4,
		}
		equal(t, "stored connection", c, want)
		c.Orders, c.Items = l.Connection.Orders, l.Connection.Items // counted by the database
		equal(t, "the lease's connection", l.Connection, c)
		equal(t, "due", d.rows(`SELECT live_due_at, back_due_at, lease_until FROM connections`), []string{"1772370000000 | 1772370000000 | 0"})
		for _, table := range []string{"walks", "walk_pages", "repairs", "set_aside", "order_personal", "budgets"} {
			equal(t, "rows in "+table, d.number(`SELECT COUNT(*) FROM `+table), int64(1))
		}
		equal(t, "rows in coverage", d.number(`SELECT COUNT(*) FROM coverage`), int64(2))
	})
}

func TestCommitOfNothingChangesOnlyStepAndLease(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		before := d.connection("acme", l.Connection.ID)
		d.commit(l, store.Commit{})
		equal(t, "connection", d.connection("acme", l.Connection.ID), before)
	})
}

func TestWhoLostTheLeaseWritesNothing(t *testing.T) {
	takes := map[string]func(*database, *store.Lease){
		"expired and claimed by another": func(d *database, l *store.Lease) {
			d.clock.add(lease)
			d.claim(l.Connection.ID)
		},
		"changed by an import": func(d *database, l *store.Lease) {
			name := "New name"
			_, err := d.ImportConnection(d.ctx, store.Import{Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", DisplayName: &name})
			d.must(err)
		},
		"a step done in its name": func(d *database, l *store.Lease) {
			twin := *l
			d.page(&twin, order("twin", 0))
		},
		"removed": func(d *database, l *store.Lease) {
			d.exec(`DELETE FROM connections WHERE id = $1`, int64(l.Connection.ID))
		},
	}
	each(t, func(t *testing.T, d *database) {
		for name, take := range takes {
			l := d.connected("acme", "S1")
			d.page(l, order("1", 0))
			take(d, l)
			before, step := d.dump(), l.Step
			if _, err := d.Commit(d.ctx, l, all(l)); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: the commit's error is %v, want %v", name, err, store.ErrLeaseLost)
			}
			if _, err := d.TakeToken(d.ctx, l, store.TokenRequest{Key: bucket("S1"), Plan: plan, Open: &ordersync.Walk{Kind: ordersync.Back}}); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: the token's error is %v, want %v", name, err, store.ErrLeaseLost)
			}
			equal(t, name+": database", d.dump(), before)
			equal(t, name+": step", l.Step, step)
			d.exec(`DELETE FROM connections`)
			d.exec(`DELETE FROM orders`)
			d.exec(`DELETE FROM order_items`)
			d.exec(`DELETE FROM order_packages`)
			d.exec(`DELETE FROM changes`)
			d.exec(`DELETE FROM state_changes`)
		}
	})
}

// An expired lease that nobody has taken is still the last one's.
func TestExpiredLeaseThatNobodyTookStillWrites(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.clock.add(time.Hour)
		d.page(l, order("1", 0))
		if other, err := d.Claim(d.ctx, l.Connection.ID, "other", lease); err != nil || other != nil {
			t.Errorf("claimed %v, %v, though the lease was renewed", other, err)
		}
	})
}

func TestOneOfManyClaimsWins(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		const claimers = 8
		won := make(chan int, claimers)
		for range claimers {
			other := d.again()
			go func() {
				l, err := other.Claim(d.ctx, id, "test", lease)
				switch {
				case err != nil:
					won <- -1000
					t.Error(err)
				case l != nil:
					won <- 1
				default:
					won <- 0
				}
			}()
		}
		winners := 0
		for range claimers {
			winners += <-won
		}
		equal(t, "winners", winners, 1)
		equal(t, "epoch", d.number(`SELECT epoch FROM connections`), int64(1))
	})
}
