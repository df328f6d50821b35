package simulation

import (
	"fmt"
	"time"

	"ordersync"
)

// Disconnection while work goes on, and what must hold from its answer on.

const disconnecting fault = "disconnected"

// cut is how a connection stood when it was disconnected.
type cut struct {
	cursor string
	orders string
}

// disconnect disconnects an account, and lets its seller connect again later.
func (w *world) disconnect(c *connection) func() {
	if c.removed || c.id == 0 || c.state != ordersync.Connected || !c.token {
		return nil
	}
	w.actOn(c, disconnecting, func(d *desk) error { return d.disconnect(c) })
	return func() {
		if w.plan.on[connecting] {
			w.sendToConsent(c, connecting)
			return
		}
		w.actOn(c, newSecret, func(d *desk) error { c.state = ordersync.Connected; return d.reconnect(c) })
	}
}

func (d *desk) disconnect(c *connection) error {
	if c.removed {
		return nil
	}
	if !open(c.disabled) {
		c.disabled = append(c.disabled, ordersync.Window{From: time.Now()})
	}
	if !open(c.tokenless) {
		c.tokenless = append(c.tokenless, ordersync.Window{From: time.Now()})
	}
	c.state, c.token = ordersync.Disabled, false
	_, err := d.Disconnect(d.ctx, c.tenant, c.id)
	d.w.gate("desk knows")
	if err != nil {
		return err
	}
	c.cut = d.w.stands(c)
	about := []string{string(c.tenant) + " ", fmt.Sprintf("connection %d", c.id)}
	if how, token := d.w.tokenOf(c); how != keptNothing || token != "" {
		d.w.violation(about, "%s was disconnected and its refresh token is still there", c.tenant)
	}
	return nil
}

// stands is what of a connection must stay while it is disconnected.
func (w *world) stands(c *connection) *cut {
	var now cut
	w.rows(`SELECT COALESCE(cursor_at, 0), orders || ' orders and ' || change_seq || ' changes, ' || (SELECT COUNT(*) FROM coverage WHERE connection_id = c.id) || ' spans'
		FROM connections c WHERE id = ?`, func(r []string) { now = cut{r[0], r[1]} }, int64(c.id))
	return &now
}

// checkCut checks that nothing of a connection that is disconnected has changed.
func (w *world) checkCut(c *connection) {
	if c.cut == nil || c.removed || w.stand(c).state != string(ordersync.Disabled) {
		return
	}
	if now := w.stands(c); *now != *c.cut {
		w.violation([]string{string(c.tenant) + " "}, "%s was disconnected with %+v and has %+v", c.tenant, *c.cut, *now)
	}
}

// checkCall checks that nobody calls Amazon for a connection who has met the database
// since it was disconnected. What was on its way before may arrive, and who connects
// it again may not know yet that it is done.
func (w *world) checkCall(t *task, c *connection) {
	if c != nil && c.cut != nil && t.met == c.cut && t.visit == nil && w.stand(c).state == string(ordersync.Disabled) {
		w.violation([]string{string(c.tenant) + " "}, "%s was disconnected, and %s calls Amazon for it", c.tenant, t.name)
	}
}
