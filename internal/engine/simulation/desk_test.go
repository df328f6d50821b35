package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// desk is where operators act, one act at a time, each by a process of its own, as
// commands are.
type desk struct {
	w     *world
	store *store.Store
	acts  chan act
	ctx   context.Context //nolint:containedctx // of the act at hand
	*engine.Engine
}

type act struct {
	what fault
	on   *connection // nil: on none or all
	run  func(*desk) error
}

// act asks the operators to do something. It is called in a step.
func (w *world) act(what fault, run func(*desk) error) { w.actOn(nil, what, run) }

// actOn asks for something that nobody else may do to the connection meanwhile.
func (w *world) actOn(c *connection, what fault, run func(*desk) error) {
	w.desk.acts <- act{what, c, run}
}

// open serves until everybody goes home.
func (d *desk) open() {
	for n := 0; ; n++ {
		var a act
		select {
		case a = <-d.acts:
		case <-d.w.over:
			d.w.gate("desk goes home")
			d.w.must(d.store.Close())
			return
		}
		d.w.gate("desk begins")
		if a.on != nil {
			d.w.hold(a.on, "desk")
		}
		d.serve(a, n)
		if a.on != nil {
			a.on.busy = false
		}
	}
}

// serve does an act, again and again while the database is away or its process is
// killed.
func (d *desk) serve(a act, n int) {
	for try := 0; ; try++ {
		p := d.w.newProcess(fmt.Sprintf("desk%d.%d", n, try))
		t := &task{name: "desk", of: p}
		d.ctx, d.Engine = t.context(p.ctx), d.w.newEngine(d.store, p)
		err := a.run(d)
		d.w.gate("desk ends")
		d.w.journal.note("episode", "desk: %s: %v", a.what, err)
		p.kill()
		if !p.dead {
			d.w.closeVault(p)
		}
		d.w.look()
		switch {
		case err == nil:
			d.w.count(a.what)
			return
		case !passing(err):
			d.w.violation(nil, "an operator's act, %s, failed: %v", a.what, err)
			return
		case try > 500:
			d.w.violation(nil, "an operator's act, %s, fails for ever: %v", a.what, err)
			return
		}
		time.Sleep(d.w.draw(5*time.Second, time.Duration(1+min(try, 4))*time.Minute))
		d.w.gate("desk again")
	}
}

// passing tells whether an act may be tried again.
func passing(err error) bool {
	var store *engine.StoreTroubleError
	var vault *secret.VaultError
	if errors.As(err, &store) || errors.As(err, &vault) {
		return true
	}
	return errors.Is(err, errDead) || errors.Is(err, errAway) || errors.Is(err, errCommitLost) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded)
}

// bring imports a connection as the operator wants it.
func (d *desk) bring(c *connection) error {
	if len(c.tokens) == 0 || c.removed {
		d.w.authorize(c)
	}
	d.w.checkCut(c)
	imported, err := d.Import(d.ctx, d.w.spec(c))
	if err != nil {
		return err
	}
	d.w.gate("desk knows")
	c.removed, c.id, c.cursor = false, imported.Connection, ""
	if c.token {
		c.cut = nil
	}
	c.worksAgain()
	return nil
}

// reconnect brings a fresh refresh token.
func (d *desk) reconnect(c *connection) error {
	if c.removed {
		return nil
	}
	d.w.authorize(c)
	return d.bring(c)
}

// again imports a connection's line once more: a token in it that Amazon has replaced
// since is not to come back.
func (d *desk) again(c *connection) error {
	if c.removed || c.id == 0 {
		return nil
	}
	return d.bring(c)
}

func (d *desk) pause(c *connection, on bool) error {
	if c.removed {
		return nil
	}
	c.paused = on
	if on {
		return d.Pause(d.ctx, c.tenant, c.id)
	}
	return d.Resume(d.ctx, c.tenant, c.id)
}

func (d *desk) setState(c *connection, s ordersync.State) error {
	if c.removed {
		return nil
	}
	if s == ordersync.Disabled {
		c.disabled = append(c.disabled, ordersync.Window{From: time.Now()})
	} else if n := len(c.disabled); n > 0 {
		c.disabled[n-1].To = time.Now()
	}
	c.state = s
	return d.bring(c)
}

func (d *desk) remove(c *connection) error {
	c.removed = true
	c.disabled = append(c.disabled, ordersync.Window{From: time.Now(), To: time.Now().Add(time.Hour)})
	err := d.Remove(d.ctx, c.tenant, c.id)
	if err == nil || errors.Is(err, store.ErrNotFound) { // a try whose answer was lost
		d.w.gate("desk knows")
		c.paused, c.since, c.cut = false, time.Time{}, nil
		return nil
	}
	return err
}

// openRun opens a run over all, or over one tenant.
func (w *world) openRun(tenant ordersync.TenantID) func(*desk) error {
	return func(d *desk) error {
		mode := ordersync.GlobalRun
		if tenant != "" {
			mode = ordersync.SingleRun
		}
		id, err := d.StartRun(d.ctx, mode, tenant)
		if err == nil {
			d.w.gate("desk knows")
			d.w.runs = append(d.w.runs, id)
		}
		return err
	}
}

// operate draws an act that lasts no time.
func (w *world) operate() {
	c := w.anyConnection()
	switch w.rng.IntN(9) {
	case 0, 1:
		w.actIf(nil, globalRun, w.openRun(""))
	case 2:
		w.actIf(nil, singleRun, w.openRun(c.tenant))
	case 3:
		w.actIf(nil, cancelledRun, w.cancel)
	case 4:
		w.actIf(c, newSecret, func(d *desk) error { return d.reconnect(c) })
	case 5:
		w.actIf(c, settings, func(d *desk) error { return d.adjust(c) })
	case 6:
		w.actIf(c, backfilling, func(d *desk) error { return d.wantMore(c) })
	case 7:
		w.actIf(c, importOne, func(d *desk) error { return d.askForOne(c) })
	case 8:
		w.actIf(c, importedAgain, func(d *desk) error { return d.again(c) })
	}
}

func (w *world) actIf(c *connection, f fault, run func(*desk) error) {
	if w.plan.on[f] {
		w.actOn(c, f, run)
	}
}

// cancel cancels a run that it has just opened.
func (w *world) cancel(d *desk) error {
	if err := w.openRun("")(d); err != nil {
		return err
	}
	time.Sleep(w.draw(time.Second, 10*time.Second))
	w.gate("desk cancels")
	return d.CancelRun(d.ctx, w.runs[len(w.runs)-1])
}

func (d *desk) adjust(c *connection) error {
	if c.removed {
		return nil
	}
	interval := pick(d.w.rng, 0, d.w.plan.interval/2)
	err := d.Set(d.ctx, c.tenant, c.id, store.Change{Interval: &interval})
	return ignoreGone(c, err)
}

func (d *desk) wantMore(c *connection) error {
	if c.removed || c.state != ordersync.Connected {
		return nil
	}
	since := time.Now().Add(-d.w.plan.history - d.w.draw(time.Hour, 5*24*time.Hour)).Truncate(time.Second)
	_, err := d.Backfill(d.ctx, c.tenant, since)
	if err == nil {
		d.w.gate("desk knows")
		if c.since.IsZero() || since.Before(c.since) {
			c.since = since
		}
	}
	return ignoreGone(c, err)
}

func ignoreGone(c *connection, err error) error {
	if errors.Is(err, store.ErrNotFound) && c.removed {
		return nil
	}
	return err
}

// askForOne asks for an order by its id. Whatever Amazon says is no failure of the
// act.
func (d *desk) askForOne(c *connection) error {
	if len(c.seller.ids) == 0 || c.removed {
		return nil
	}
	id := c.seller.ids[d.w.rng.IntN(len(c.seller.ids))]
	taskOf(d.ctx).on = int(c.id)
	_, err := d.ImportOne(d.ctx, c.tenant, id)
	if err != nil && !passing(err) {
		d.w.mu.Lock()
		d.w.journal.note("episode", "desk asked for %s: %v", id, err)
		d.w.mu.Unlock()
		return nil
	}
	return err
}
