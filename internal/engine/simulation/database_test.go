package simulation

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/store/storetest"
)

// What becomes of transactions.

var (
	errAway       = errors.New("the database does not answer")
	errCommitLost = errors.New("the connection broke during COMMIT")
)

// watch stands between a store and the database. Transactions are one step each:
// who holds the database never waits at a gate.
func (w *world) watch() storetest.Watch {
	return storetest.Watch{Begin: w.beforeTx, Read: w.beforeRead, Commit: w.atCommit}
}

// reaches tells what keeps a task from the database.
func (w *world) reaches(t *task) error {
	now := time.Now()
	switch {
	case t.of.dead:
		return errDead
	case now.Before(w.away), now.Before(t.of.cutOff):
		return errAway
	}
	return nil
}

func (w *world) beforeRead(ctx context.Context) error {
	t, ok := ctx.Value(taskKey{}).(*task)
	if !ok {
		return nil // who opens a store, and who checks
	}
	return w.reaches(t)
}

func (w *world) beforeTx(ctx context.Context) error {
	t := taskOf(ctx)
	w.gate(t.name + " tx")
	if err := w.reaches(t); err != nil {
		return err
	}
	if w.stormy && w.rng.IntN(20) == 0 { // a database is not always as quick
		time.Sleep(w.draw(time.Millisecond, 300*time.Millisecond))
		w.gate(t.name + " tx")
		if err := w.reaches(t); err != nil {
			return err
		}
	}
	if w.hit(crashBeforeTx, w.plan.fate) {
		w.crash(t.of, crashBeforeTx)
		return errDead
	}
	if w.hit(stallBeforeTx, w.plan.fate) {
		// A transaction is given up after 30 s, the wait for its beginning included.
		w.count(stallBeforeTx)
		d := min(w.draw(w.plan.lease/2, 2*w.plan.lease), 29*time.Second)
		w.journal.note("stall", "%s of %s for %s before a transaction", t.name, t.of.name, d)
		time.Sleep(d)
		w.gate(t.name + " tx")
		return w.reaches(t)
	}
	return nil
}

func (w *world) atCommit(ctx context.Context, commit, rollback func() error) error {
	t := taskOf(ctx)
	w.commits++
	if t.on != 0 && t.visit == nil && !t.loggedIn { // keeping another refresh token needs no lease
		if c := w.of(ordersync.ConnectionID(t.on)); c != nil {
			t.met = c.cut
		}
	}
	switch {
	case w.hit(crashBeforeCommit, w.plan.fate):
		w.crash(t.of, crashBeforeCommit)
		return errors.Join(errDead, rollback())
	case w.hit(crashAfterCommit, w.plan.fate):
		err := commit()
		w.crash(t.of, crashAfterCommit)
		return errors.Join(errDead, err)
	case w.hit(commitLost, w.plan.fate):
		w.count(commitLost)
		return errors.Join(errCommitLost, rollback())
	case w.hit(answerLost, w.plan.fate):
		w.count(answerLost)
		return errors.Join(errCommitLost, commit())
	}
	return commit()
}
