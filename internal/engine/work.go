package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// execution is one claim of a connection.
type execution struct {
	*Engine
	lease    *store.Lease
	account  spapi.Account
	begun    time.Time // by the store's clock
	kind     ordersync.WalkKind
	ended    bool // the lease was given back
	ready    bool // credentials and marketplaces are known
	pages    int  // called for, live and back
	windows  int  // of live work, completed
	retried  int  // calls that Amazon failed and that were tried again
	cut      bool // a window was shortened because Amazon refused its end
	answered bool // that window was answered
	proven   bool // Amazon answers other windows than one that failed
	app      store.Application
	works    bool            // Amazon has accepted the application's credentials
	drain    <-chan struct{} // closed: give the lease back after this page
}

// Work does what is due of one connection. It returns nil when there was
// nothing to claim, when the work is done, and when Amazon or the tenant's
// credentials stand in the way: that is an outcome and is stored. An error is
// the database's or the context's: nothing is settled then, the lease ends by
// itself and the work is claimed again.
func (e *Engine) Work(ctx context.Context, id ordersync.ConnectionID) error {
	return e.work(ctx, id, nil)
}

func (e *Engine) work(ctx context.Context, id ordersync.ConnectionID, drain <-chan struct{}) error {
	app, err := e.store.Reader().Application(ctx, e.set.ClientID)
	if err != nil || app.Stopped() && app.Probe != id {
		return err
	}
	if app.Stopped() {
		if ok, err := e.store.TakeProbe(ctx, e.set.ClientID, id); err != nil || !ok {
			return err
		}
	}
	lease, err := e.store.Claim(ctx, id, e.set.Holder, e.set.Lease)
	if err != nil || lease == nil {
		return err
	}
	ctx, end := e.set.Watch.execution(ctx, lease)
	x := &execution{Engine: e, lease: lease, begun: e.store.Now(), app: app, kind: ordersync.Live, drain: drain}
	err = x.guarded(ctx)
	if errors.Is(err, store.ErrLeaseLost) {
		e.log.InfoContext(ctx, "connection was taken over", "connection", id)
		err = nil
	}
	err = errors.Join(err, x.clearApplication(ctx))
	end(err)
	return err
}

// guarded turns a panic into an outcome: one tenant's trouble is its own.
func (x *execution) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = x.unknown(ctx, fmt.Errorf("panic: %v", p), debug.Stack())
		}
	}()
	return x.run(ctx)
}

// run chooses what to do next until the lease is given back: live work first,
// then what can wait.
func (x *execution) run(ctx context.Context) error {
	for !x.ended {
		now := x.store.Now()
		var err error
		switch {
		case due(x.lease.LiveDueAt, now):
			x.kind = ordersync.Live
			err = x.prepared(ctx, x.live)
		case due(x.lease.BackDueAt, now) && x.lease.Connection.State == ordersync.Connected:
			x.kind = ordersync.Back
			err = x.prepared(ctx, x.back)
		case due(x.lease.BackDueAt, now):
			// Back work waits for a connection that works; live work finds out.
			err = x.end(ctx, store.Commit{BackDueAt: &time.Time{}})
		default:
			err = x.end(ctx, store.Commit{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// due tells whether a time has come; zero never does.
func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// prepared does work once credentials and marketplaces are known.
func (x *execution) prepared(ctx context.Context, work func(context.Context) error) error {
	if !x.ready {
		if ok, err := x.credentials(ctx); !ok || err != nil {
			return err
		}
		if ok, err := x.marketplaces(ctx); !ok || err != nil {
			return err
		}
		x.ready = true
	}
	return work(ctx)
}

// unknown settles an error that nobody foresaw. Its id stands in the log and in
// the outcome; its text only in the log.
func (x *execution) unknown(ctx context.Context, cause error, stack []byte) error {
	id := rand.Text()[:12]
	x.log.ErrorContext(ctx, "unknown error", "errorId", id, "connection", x.lease.Connection.ID, "error", cause, slog.String("stack", string(stack)))
	return x.fail(ctx, store.Commit{}, ordersync.Outcome{
		Reason: ordersync.UnknownError, ErrorID: id,
		Message: "an error that ordersync does not know; look for " + id + " in the log",
	})
}

// fail ends the execution with a failure; the work is due again after a
// backoff. Back work that fails says nothing of the connection: live work will.
func (x *execution) fail(ctx context.Context, c store.Commit, o ordersync.Outcome) error {
	connection := x.lease.Connection
	if x.kind == ordersync.Back {
		return x.failBack(ctx, c)
	}
	again := x.nextTry(connection, connection.Failures)
	o = x.standing(o)
	c.Settle, c.LiveDueAt, c.Polled = &store.Settle{Outcome: o, Failed: true}, &again, true
	return x.end(ctx, c)
}

func (x *execution) failBack(ctx context.Context, c store.Commit) error {
	connection := x.lease.Connection
	failures := connection.BackFailures + 1
	again := x.nextTry(connection, connection.BackFailures)
	c.BackFailures, c.BackDueAt = &failures, &again
	return x.end(ctx, c)
}

// postpone ends the execution until a time, with an outcome for what waits that
// is no failure. Of back work only the due time moves.
func (x *execution) postpone(ctx context.Context, c store.Commit, until time.Time, o ordersync.Outcome) error {
	if x.kind == ordersync.Back {
		c.BackDueAt = &until
		return x.end(ctx, c)
	}
	c.LiveDueAt, c.Settle = &until, &store.Settle{Outcome: o, KeepFailures: true}
	return x.end(ctx, c)
}

// end commits the last step of an execution and gives the lease back.
func (x *execution) end(ctx context.Context, c store.Commit) error {
	c.Kind, c.Release = x.kind, true
	if _, err := x.store.Commit(ctx, x.lease, c); err != nil {
		return err
	}
	x.ended = true
	return nil
}

// yield gives the lease back in the middle of the work, which stays due. What
// waits is settled only when a window was completed: something is done then.
func (x *execution) yield(ctx context.Context) error {
	now := x.store.Now()
	c := store.Commit{LiveDueAt: &now}
	if x.kind == ordersync.Back {
		c = store.Commit{BackDueAt: &now}
	} else if x.windows > 0 && !x.draining() {
		c.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.CatchingUp, ResumesAt: now}}
	}
	return x.end(ctx, c)
}

// draining tells whether the worker is to end soon: it settles nothing then. The
// one connection that tries while the fleet stands still has its answer first:
// where only runs work, each ends at once, and nobody would ever find out.
func (x *execution) draining() bool {
	if x.app.Stopped() && !x.works {
		return false
	}
	select {
	case <-x.drain:
		return true
	default:
		return false // also without a drain
	}
}

// spent tells whether the execution has had its share of pages or time.
func (x *execution) spent() bool {
	return x.draining() || x.pages >= ordersync.PagesPerExecute || x.store.Now().Sub(x.begun) >= ordersync.ExecutionTimeout
}
