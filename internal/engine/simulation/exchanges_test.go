package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/secret"
)

// What administrators exchange while work goes on: the application's client secret,
// the master key, and the place where refresh tokens lie.

const (
	secretRotated  fault = "client secret rotated"
	secretMistyped fault = "client secret mistyped, the one before given"
	secretWrong    fault = "client secret wrong, and the one before"
	keyRotated     fault = "master key rotated"
	tokensMoved    fault = "refresh tokens moved"
)

// environment is what a process finds in its settings when it starts, and does not
// look at again.
type environment struct {
	clientSecret, previousSecret string
	keys                         []string // master keys, the one that seals first
}

var exchanges = []episode{
	{secretRotated, time.Minute, time.Hour, (*world).rotateSecret},
	{keyRotated, time.Minute, time.Hour, (*world).rotateKey},
	{tokensMoved, time.Minute, time.Hour, func(w *world, _ time.Duration) func() {
		if !w.plan.vault {
			return nil
		}
		w.act(tokensMoved, (*desk).move)
		return func() {}
	}},
	{disconnecting, 2 * time.Minute, 4 * time.Hour, func(w *world, _ time.Duration) func() {
		return w.disconnect(w.anyConnection())
	}},
	{connecting, time.Minute, time.Hour, func(w *world, _ time.Duration) func() {
		if c := w.anyConnection(); !c.removed {
			w.sendToConsent(c, connecting)
			return func() {}
		}
		return nil
	}},
	{firstConsent, time.Minute, time.Hour, func(w *world, _ time.Duration) func() {
		for _, c := range w.fleet {
			if c.first {
				c.first = false
				w.sendToConsent(c, firstConsent)
				return func() {}
			}
		}
		return nil
	}},
}

// environmentOf is what a process is started with in a place: at times somebody has
// mistyped it.
func (w *world) environmentOf(place int) environment {
	e := w.given
	switch {
	case e.previousSecret == "":
	case w.hit(secretMistyped, 0.3):
		w.count(secretMistyped)
		e.clientSecret = "amzn1.oa2-cs.v1.mistyped"
	case w.hit(secretWrong, 0.3):
		w.count(secretWrong)
		e.clientSecret, e.previousSecret = "amzn1.oa2-cs.v1.mistyped", "amzn1.oa2-cs.v1.mistyped too"
	}
	if e.clientSecret != w.given.clientSecret {
		w.journal.note("process", "in place %d the client secret is mistyped, the one before is %q", place, e.previousSecret)
	}
	return e
}

// errand begins a task of an administrator or a seller, which begins at a gate.
func (w *world) errand(run func()) {
	w.errands++
	w.start(func() {
		run()
		w.errands--
	})
}

// rotateSecret gives the application a new client secret at Amazon, and then to its
// processes, one by one. The old one lives for seven days.
func (w *world) rotateSecret(time.Duration) func() {
	if w.rotating {
		return nil
	}
	w.rotating = true
	fresh, err := w.sim.RotateSecret(w.app.ClientID)
	w.must(err)
	w.given.previousSecret, w.given.clientSecret = w.given.clientSecret, fresh
	const who = "rotates the client secret"
	w.errand(func() {
		w.gate("administrator " + who)
		w.restartAll(who)
		for range 3 { // and whoever has it wrong
			time.Sleep(w.draw(2*time.Minute, 30*time.Minute))
			w.gate("administrator " + who)
			for i, p := range w.processes {
				if p.clientSecret != w.given.clientSecret {
					w.replace(i)
				}
			}
		}
		w.rotating = false
	})
	return func() {}
}

// restartAll restarts the processes, one by one.
func (w *world) restartAll(who string) {
	for i := range w.processes {
		time.Sleep(w.draw(time.Second, 10*time.Minute))
		w.gate("administrator " + who)
		w.replace(i)
	}
}

// replace stops a process, if it lives, and starts its successor at once.
func (w *world) replace(i int) {
	w.crash(w.processes[i], "")
	w.restart(i)
	w.look()
}

// rotateKey puts another master key in the place of the one that seals, as
// docs/operating.md has it.
func (w *world) rotateKey(time.Duration) func() {
	if w.rekeying {
		return nil
	}
	w.rekeying = true
	const who = "rotates the master key"
	old, fresh := w.given.keys[0], secret.GenerateMasterKey()
	w.allKeys = append(w.allKeys, fresh)
	w.all = w.boxOf(w.allKeys...)
	w.errand(func() {
		w.gate("administrator " + who)
		w.given.keys = []string{old, fresh}
		w.restartAll(who)
		w.given.keys = []string{fresh, old}
		w.restartAll(who)
		resealed := false
		w.act(keyRotated, func(d *desk) error {
			r, err := d.Reseal(d.ctx, func(int64) {})
			d.w.gate("desk knows")
			resealed = err == nil
			if err == nil && (r.ClosedCount > 0 || r.Old > 0) {
				d.w.violation(nil, "values open under none of the right master keys, or are still under the one before: %+v", r)
			}
			return err
		})
		for !resealed {
			time.Sleep(time.Minute)
			w.gate("administrator " + who)
		}
		w.given.keys = []string{fresh}
		w.restartAll(who)
		w.rekeying = false
	})
	return func() {}
}

// move moves the refresh tokens into Vault or out of it.
func (d *desk) move() error {
	toVault, keep := d.w.rng.IntN(2) == 0, d.w.rng.IntN(3) == 0
	m, err := d.MoveTokens(d.ctx, toVault, keep, func(int64) {})
	d.w.gate("desk knows")
	d.w.journal.note("episode", "desk moves tokens to Vault: %v, keeps them: %v: %+v", toVault, keep, m)
	return err
}

// checkKept checks that whoever is to have a refresh token has one that can be read,
// and that those who were disconnected have none.
func (w *world) checkKept() {
	for _, c := range w.fleet {
		if c.removed || c.id == 0 {
			continue
		}
		how, token := w.tokenOf(c)
		about := []string{string(c.tenant) + " ", fmt.Sprintf("connection %d", c.id)}
		switch {
		case how == keptClosed:
			w.violation(about, "%s: its refresh token opens under none of the right master keys", c.tenant)
		case c.token && token == "":
			w.violation(about, "%s: its refresh token is lost", c.tenant)
		case c.cut != nil && (how != keptNothing || token != ""):
			w.violation(about, "%s was disconnected and its refresh token is still there", c.tenant)
		case c.cut != nil && c.state == ordersync.Disabled && w.stand(c).state != string(ordersync.Disabled): // an operator may enable it
			w.violation(about, "%s was disconnected and is %+v", c.tenant, w.stand(c))
		}
	}
	if n := len(w.given.keys); n != 1 && !w.rekeying {
		w.violation(nil, "there are %d master keys", n)
	}
	var app string
	w.rows(`SELECT COALESCE(CAST(stopped_at AS TEXT), '') FROM applications`, func(r []string) { app = r[0] })
	if app != "" && slices.ContainsFunc(w.fleet, (*connection).healthy) {
		w.violation(nil, "the application is still stopped, since %s", strings.TrimSpace(app))
	}
}
