package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// A COMMIT may fail before it took effect, or after: then only its answer is
// lost. Both look the same to who waits for it.

func TestLostCommitIsDoneExactlyOnce(t *testing.T) {
	fates := map[ordersync.TenantID][]store.CommitFate{
		"answer-lost":           {store.CommitAnswerLost},
		"lost":                  {store.CommitLost},
		"lost-then-answer-lost": {store.CommitLost, store.CommitAnswerLost},
		"lost-three-times":      {store.CommitLost, store.CommitLost, store.CommitLost},
	}
	each(t, func(t *testing.T, d *database) {
		for tenant, fates := range fates {
			name := string(tenant)
			l := d.connected(tenant, "S1")
			d.page(l, order("1", 0))
			epoch, step, calls := l.Epoch, l.Step, d.number(`SELECT COALESCE(SUM(calls), 0) FROM budgets`)

			d.decide(fates...)
			counts := d.commit(l, all(l))
			equal(t, name+": counts", counts, ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 1, OrdersChanged: 1, SetAside: 1})
			equal(t, name+": lease", []int64{l.Epoch, l.Step}, []int64{epoch, step + 1})
			equal(t, name+": stored step", d.number(`SELECT step FROM connections WHERE tenant = $1`, name), step+1)
			equal(t, name+": received", d.number(`SELECT live_orders FROM connections WHERE tenant = $1`, name), int64(3))
			equal(t, name+": calls", d.number(`SELECT calls FROM budgets`), calls+1)
			equal(t, name+": cursor", l.Connection.Cursor, begin.Add(time.Minute))
			d.page(l, order("2", 0))
			d.checkCounters(l.Connection.ID)
		}
	})
}

// lostFates are the two ways in which a commit can be lost.
var lostFates = map[string]store.CommitFate{"ANSWERLOST": store.CommitAnswerLost, "LOST": store.CommitLost}

func TestTokenOfALostCommitIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, fate := range lostFates {
			l := d.connected("acme", name)
			d.decide(fate)
			d.take(l, bucket(name))
			b, calls := d.bucket(bucket(name))
			equal(t, name+": tokens", b.Tokens, 18.95)
			equal(t, name+": calls", calls, 1)
			d.page(l, order("1", 0))
		}
	})
}

func TestCommitLostForGoodWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		before, step := d.dump(), l.Step
		d.decide(store.CommitLost, store.CommitLost, store.CommitLost, store.CommitLost, store.CommitLost)
		if _, err := d.Commit(d.ctx, l, all(l)); !errors.Is(err, store.ErrCommitLost) {
			t.Errorf("the error is %v, want %v", err, store.ErrCommitLost)
		}
		equal(t, "database", d.dump(), before)
		equal(t, "step", l.Step, step)
		d.commit(l, all(l))
		d.checkCounters(l.Connection.ID)
	})
}

// The lease is taken before the step can be read again: the commit is not
// repeated, and who made it learns whether it was done.
func TestLostAnswerAndThenTheLease(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, fate := range lostFates {
			l := d.connected("acme", name)
			other := d.again()
			var thief *store.Lease
			d.decide(func(commit, rollback func() error) error {
				err := fate(commit, rollback)
				d.clock.add(lease + time.Second)
				thief = other.claim(l.Connection.ID)
				return err
			})
			_, err := d.Commit(d.ctx, l, pageOf(l, order("1", 0)))
			if done := name == "ANSWERLOST"; done && err != nil || !done && !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: the error is %v", name, err)
			}
			if _, err := d.Commit(d.ctx, l, pageOf(l, order("3", 0))); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: afterwards the error is %v, want %v", name, err, store.ErrLeaseLost)
			}
			other.page(thief, order("1", 0), order("2", 0))
			equal(t, name+": changes", len(d.changes(l.Connection.ID)), 2)
			d.checkCounters(l.Connection.ID)
		}
	})
}

// An operator's act between a commit and its answer takes the lease too, and makes
// nothing of what was done undone.
func TestLostAnswerAndThenAnAct(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, act := range map[string]func(*store.Lease, *database){
			"pause":  func(l *store.Lease, d *database) { d.must(d.Pause(d.ctx, "acme", l.Connection.ID)) },
			"import": func(l *store.Lease, d *database) { d.bring(line(seller(l.Connection.SellerID), named("New"))) },
			"claim": func(l *store.Lease, d *database) {
				d.clock.add(lease)
				_, err := d.ClaimNow(d.ctx, l.Connection.ID, "test", lease)
				d.must(err)
			},
		} {
			l := d.connected("acme", strings.ToUpper(name))
			other := d.again()
			d.decide(func(commit, _ func() error) error {
				err := errors.Join(store.ErrCommitLost, commit())
				act(l, other)
				return err
			})
			if _, err := d.Commit(d.ctx, l, pageOf(l, order("1", 0))); err != nil {
				t.Errorf("%s: the error is %v", name, err)
			}
			equal(t, name+": received", d.number(`SELECT live_orders FROM connections WHERE id = $1`, int64(l.Connection.ID)), int64(1))
		}
	})
}

// A server goes on with a COMMIT after the connection to who asked for it broke:
// it may take effect after the step was read again and found as it was. The second
// try then finds the row as if somebody else had moved it.
func TestCommitThatLandsLate(t *testing.T) {
	t.Parallel()
	// SQLite's COMMIT is done in the process itself and cannot land late.
	d := open(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	l := d.connected("acme", "S1")
	d.page(l, order("1", 0))
	step := l.Step
	landed := make(chan error, 1)
	d.decide(func(_, rollback func() error) error {
		if err := rollback(); err != nil {
			return err
		}
		// What the server still does with the transaction, seen from outside.
		late, err := d.raw().BeginTx(d.ctx, nil)
		if err != nil {
			return err
		}
		if _, err := late.ExecContext(d.ctx, `UPDATE connections SET step = step + 1 WHERE id = $1 AND epoch = $2 AND step = $3`, int64(l.Connection.ID), l.Epoch, l.Step); err != nil {
			return err
		}
		watch := storetest.SQL(t, d.url)
		go func() {
			for waiting := 0; waiting == 0; { // until the second try waits for it
				if err := watch.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
					landed <- err
					return
				}
			}
			landed <- late.Commit()
		}()
		return store.ErrCommitLost
	})
	_, err := d.Commit(d.ctx, l, pageOf(l, order("2", 0)))
	d.must(<-landed)
	d.must(err)
	equal(t, "step", l.Step, step+1)
	d.page(l, order("3", 0))
}

// A claim whose answer was lost is forfeited: nobody works on it until it
// expires.
func TestClaimOfALostCommit(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.decide(store.CommitAnswerLost)
		if l, err := d.Claim(d.ctx, id, "test", lease); !errors.Is(err, store.ErrCommitLost) || l != nil {
			t.Fatalf("the claim gave %v, %v", l, err)
		}
		if l, err := d.Claim(d.ctx, id, "test", lease); err != nil || l != nil {
			t.Fatalf("the claim gave %v, %v, though a lease is held", l, err)
		}
		d.clock.add(lease)
		equal(t, "epoch", d.claim(id).Epoch, int64(2))
	})
}

func TestRunOfALostCommitIsOpenedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.connect("acme", "S1")
		d.decide(store.CommitAnswerLost)
		r := store.NewRun{ID: runID(1), Mode: ordersync.GlobalRun, Deadline: ordersync.RunDeadline}
		d.must(d.OpenRun(d.ctx, r))

		d.decide(store.CommitAnswerLost, store.CommitAnswerLost)
		for range 2 {
			_, err := d.FillRun(d.ctx, r.ID, nil)
			if err != nil && !errors.Is(err, store.ErrCommitLost) {
				t.Fatal(err)
			}
		}
		d.fill(r.ID)
		equal(t, "targets", d.run(r.ID).Summary, ordersync.Summary{Total: 1})
	})
}
