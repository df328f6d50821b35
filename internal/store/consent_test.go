package store_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// problem is what a consent leads nowhere for; "" for none.
func problem(t *testing.T, err error) ordersync.ConsentProblem {
	t.Helper()
	var e *store.ConsentError
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e == nil {
		return ""
	}
	return e.Problem
}

// A consent goes from its ticket by one browser's state back, once, and in time.
func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		until := begin.Add(time.Hour)
		c := ordersync.Consent{
			Tenant: "acme", Region: ordersync.RegionEU, Marketplace: french, Connection: 7, StartedBy: "ada", ReturnTo: "https://app.example.com/x", ExpiresAt: until,
		}
		d.must(d.CreateConsent(d.ctx, "ticket", c))
		read := func(what, ticket, browser string, want ordersync.ConsentProblem) {
			t.Helper()
			got, err := d.Consent(d.ctx, ticket, browser)
			equal(t, what, problem(t, err), want)
			if want == "" {
				equal(t, what, got, c)
			}
		}
		open := func(what, browser, state string, want ordersync.ConsentProblem) {
			t.Helper()
			got, _, err := d.OpenConsent(d.ctx, "ticket", browser, state, d.clock.Now().Add(ordersync.ConsentTime))
			equal(t, what, problem(t, err), want)
			if want == "" {
				equal(t, what, got, c)
			}
		}
		take := func(what, state, browser string, want ordersync.ConsentProblem) {
			t.Helper()
			got, err := d.TakeConsent(d.ctx, state, browser)
			equal(t, what, problem(t, err), want)
			if want == "" {
				equal(t, what, got, c)
			}
		}
		read("any browser may look first", "ticket", "", "")
		read("another ticket", "ticke", "", ordersync.ConsentUnknown)
		take("no state yet", "state", "mine", ordersync.ConsentUnknown)
		open("opened", "mine", "first", "")
		read("another browser looks", "ticket", "yours", ordersync.ConsentElsewhere)
		open("another browser opens", "yours", "second", ordersync.ConsentElsewhere)
		open("opened again", "mine", "second", "")
		take("the state before", "first", "mine", ordersync.ConsentUnknown)
		take("by another browser", "second", "yours", ordersync.ConsentElsewhere)
		take("by none", "second", "", ordersync.ConsentElsewhere)
		take("taken", "second", "mine", "")
		take("taken twice", "second", "mine", ordersync.ConsentUnknown)
		open("tried again", "mine", "third", "")
		d.clock.add(ordersync.ConsentTime)
		take("too late", "third", "mine", ordersync.ConsentExpired)
		take("once more", "third", "mine", ordersync.ConsentUnknown)
		open("by another browser, once the answer cannot come any more", "yours", "stolen", "")
		d.clock.add(ordersync.ConsentTime)
		open("a last time", "mine", "fourth", "")
		read("another browser, while the answer may come", "ticket", "yours", ordersync.ConsentElsewhere)
		if _, ended, err := d.ConsentEnded(d.ctx, "ticket", "mine"); err != nil || ended {
			t.Errorf("it has not ended: %v, %v", ended, err)
		}
		d.must(d.EndConsent(d.ctx, "ticket"))
		if got, ended, err := d.ConsentEnded(d.ctx, "ticket", "mine"); err != nil || !ended || got != c {
			t.Errorf("it has ended: %+v, %v, %v", got, ended, err)
		}
		if _, ended, err := d.ConsentEnded(d.ctx, "ticket", "yours"); err != nil || ended {
			t.Errorf("in another browser: %v, %v", ended, err)
		}
		take("ended", "fourth", "mine", ordersync.ConsentUnknown)
		open("opened after its end", "mine", "fifth", ordersync.ConsentUnknown)
		d.must(d.CreateConsent(d.ctx, "late", c))
		d.clock.add(time.Hour)
		read("expired", "late", "", ordersync.ConsentExpired)
		if n := d.number(`SELECT COUNT(*) FROM consents WHERE tenant LIKE '%ticket%' OR started_by LIKE '%late%'`); n > 0 {
			t.Error("a ticket is stored")
		}
		d.clock.add(25 * time.Hour)
		d.purge()
		equal(t, "all ended long ago", d.number(`SELECT COUNT(*) FROM consents`), int64(0))
		d.must(d.CreateConsent(d.ctx, "new", ordersync.Consent{Tenant: "acme", ExpiresAt: d.clock.Now().Add(time.Hour)}))
		equal(t, "those that ended long ago", d.number(`SELECT COUNT(*) FROM consents`), int64(1))
	})
}

// Who disconnects is asked for nothing more, and keeps what there is.
func TestDisconnect(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		id := l.Connection.ID
		d.page(l, order("1", 0))
		_, err := d.ReplaceSecret(d.ctx, "acme", id, store.RefreshToken, nil, []byte("token"))
		d.must(err)
		other := d.connected("globex", "S1")
		before, err := d.Disconnect(d.ctx, "acme", id)
		d.must(err)
		equal(t, "before", before, ordersync.Connected)
		if _, err := d.Commit(d.ctx, l, pageOf(l, order("2", 0))); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("what was under way: %v", err)
		}
		last, err := d.ForgetSecrets(d.ctx, "acme", id)
		d.must(err)
		if len(last) == 0 {
			t.Error("it is not told what was kept")
		}
		equal(t, "secrets", d.number(`SELECT COUNT(*) FROM secrets WHERE tenant = 'acme'`), int64(0))
		equal(t, "orders", d.rows(`SELECT order_id FROM orders`), []string{"1"})
		equal(t, "state", d.rows(`SELECT state, live_due_at FROM connections WHERE tenant = 'acme'`), []string{"DISABLED | <nil>"})
		equal(t, "noted", d.rows(`SELECT from_state, to_state, cause FROM state_changes WHERE tenant = 'acme' AND cause = 'disconnected'`), []string{"CONNECTED | DISABLED | disconnected"})
		before, err = d.Disconnect(d.ctx, "acme", id)
		d.must(err)
		equal(t, "before the second time", before, ordersync.Disabled)

		// One that is connected keeps its secret.
		_, err = d.ReplaceSecret(d.ctx, "globex", other.Connection.ID, store.RefreshToken, nil, []byte("token"))
		d.must(err)
		_, err = d.ForgetSecrets(d.ctx, "globex", other.Connection.ID)
		d.must(err)
		equal(t, "secrets of who is connected", d.number(`SELECT COUNT(*) FROM secrets WHERE tenant = 'globex'`), int64(1))
		_, err = d.Disconnect(d.ctx, "globex", id)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another tenant's: %v", err)
		}
	})
}
