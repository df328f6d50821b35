package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// A consent of a seller who signed in is its browser's alone, and its login counts
// once.
func TestAdoptLogin(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		c := ordersync.Consent{
			Tenant: "acme", Region: ordersync.RegionEU, Marketplace: french, StartedBy: "tenant", ExpiresAt: begin.Add(ordersync.ConsentTime), SellerID: "S1",
		}
		mark := store.BrowserMark("mine")
		d.must(d.AdoptLogin(d.ctx, "ticket", "login", mark, []byte("sealed"), c))
		equal(t, "the same login again", problem(t, d.AdoptLogin(d.ctx, "second", "login", mark, []byte("sealed"), c)), ordersync.ConsentUnknown)
		got, err := d.Consent(d.ctx, "ticket", "mine")
		d.must(err)
		equal(t, "the consent", got, c)
		for _, browser := range []string{"yours", ""} {
			_, err := d.Consent(d.ctx, "ticket", browser)
			equal(t, "another browser looks", problem(t, err), ordersync.ConsentElsewhere)
			_, _, err = d.OpenConsent(d.ctx, "ticket", browser, "stolen", begin.Add(ordersync.ConsentTime))
			equal(t, "another browser opens", problem(t, err), ordersync.ConsentElsewhere)
		}
		_, way, err := d.OpenConsent(d.ctx, "ticket", "mine", "state", begin.Add(ordersync.ConsentTime))
		d.must(err)
		equal(t, "the way back", string(way), "sealed")
		_, err = d.TakeConsent(d.ctx, "state", "mine")
		d.must(err)
		_, err = d.Consent(d.ctx, "ticket", "yours")
		equal(t, "another browser, once the state is taken", problem(t, err), ordersync.ConsentElsewhere)
		_, _, err = d.HeldConsent(d.ctx, "ticket", "mine")
		equal(t, "held", problem(t, err), ordersync.ConsentUnknown)
		d.must(d.EndConsent(d.ctx, "ticket"))
		equal(t, "sealed in the end", d.number(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`), int64(0))
		equal(t, "the login once it has ended", problem(t, d.AdoptLogin(d.ctx, "third", "login", mark, nil, c)), ordersync.ConsentUnknown)
	})
}

// Of a consent that is not proven its ticket tells nothing. Once it is held, its
// browser may agree to it, until it is too late.
func TestProof(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		c := ordersync.Consent{
			Tenant: "acme", Region: ordersync.RegionEU, Marketplace: french, Connection: 7, StartedBy: "seller",
			ExpiresAt: begin.Add(ordersync.ConsentTime), SellerID: "S1", Proof: true,
		}
		d.must(d.CreateProof(d.ctx, "ticket", "mine", "state", c))
		count := func(what string, want int) {
			t.Helper()
			n, err := d.Proofs(d.ctx, "acme", 7)
			d.must(err)
			equal(t, what, n, want)
		}
		count("proofs", 1)
		_, err := d.Consent(d.ctx, "ticket", "mine")
		equal(t, "before it is proven", problem(t, err), ordersync.ConsentUnknown)
		_, _, err = d.OpenConsent(d.ctx, "ticket", "mine", "other", begin.Add(ordersync.ConsentTime))
		equal(t, "opened", problem(t, err), ordersync.ConsentUnknown)
		_, err = d.TakeConsent(d.ctx, "state", "yours")
		equal(t, "taken elsewhere", problem(t, err), ordersync.ConsentElsewhere)
		got, err := d.TakeConsent(d.ctx, "state", "mine")
		d.must(err)
		equal(t, "taken", got, c)
		until := begin.Add(15 * time.Minute)
		d.must(d.HoldConsent(d.ctx, "ticket", []byte("token"), until))
		_, _, err = d.HeldConsent(d.ctx, "ticket", "yours")
		equal(t, "held, elsewhere", problem(t, err), ordersync.ConsentElsewhere)
		held, sealed, err := d.HeldConsent(d.ctx, "ticket", "mine")
		d.must(err)
		c.Held, c.ExpiresAt = true, until
		equal(t, "held", held, c)
		equal(t, "its token", string(sealed), "token")
		_, _, err = d.OpenConsent(d.ctx, "ticket", "mine", "other", until)
		equal(t, "opened though it is held", problem(t, err), ordersync.ConsentUnknown)
		d.clock.add(15 * time.Minute)
		_, _, err = d.HeldConsent(d.ctx, "ticket", "mine")
		equal(t, "too late", problem(t, err), ordersync.ConsentExpired)
		count("proofs in the end", 0)
		d.clock.add(-time.Millisecond)
		equal(t, "in time", d.purge(), store.Purged{})
		equal(t, "the token in time", d.number(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`), int64(1))
		d.clock.add(time.Millisecond)
		equal(t, "too late", d.purge(), store.Purged{})
		equal(t, "a token that nobody agreed to, though nobody else begins", d.number(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`), int64(0))
		d.clock.add(time.Second)
		d.must(d.CreateConsent(d.ctx, "another", ordersync.Consent{Tenant: "acme", ExpiresAt: d.clock.Now().Add(time.Hour)}))
		equal(t, "tokens that nobody agreed to", d.number(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`), int64(0))
		equal(t, "held though it is gone", problem(t, d.HoldConsent(d.ctx, "nothing", nil, until)), ordersync.ConsentUnknown)
	})
}

// Whose a seller's account is, and of which orders Amazon may be asked.
func TestConnectionsOfSeller(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		one := d.connected("acme", "S1")
		two := d.connected("globex", "S1")
		d.connected("globex", "S2")
		d.page(one, order("1", 0), order("2", time.Minute))
		ids := func(seller string, region ordersync.Region, limit int) (out []ordersync.ConnectionID) {
			found, err := d.ConnectionsOfSeller(d.ctx, seller, region, limit)
			d.must(err)
			for _, c := range found {
				out = append(out, c.ID)
			}
			return out
		}
		both := []ordersync.ConnectionID{one.Connection.ID, two.Connection.ID}
		equal(t, "of a region", ids("S1", one.Connection.Region, 2), both)
		equal(t, "of all", ids("S1", "", 2), both)
		equal(t, "at most one", ids("S1", "", 1), both[:1])
		equal(t, "of another region", ids("S1", ordersync.RegionFE, 2), nil)
		for _, c := range []struct {
			of   ordersync.TenantID
			id   ordersync.ConnectionID
			want bool
		}{{"acme", one.Connection.ID, true}, {"globex", one.Connection.ID, false}, {"globex", two.Connection.ID, false}} {
			has, err := d.HasOrders(d.ctx, c.of, c.id)
			d.must(err)
			equal(t, fmt.Sprintf("orders of %s in %d", c.of, c.id), has, c.want)
		}
		if d.kind == storetest.SQLite { // PostgreSQL reads a table of two rows whole
			d.wantPlan(store.HasOrders, "COVERING INDEX", "acme", int64(one.Connection.ID))
		}
		orders, err := d.NewestOrders(d.ctx, "acme", one.Connection.ID, 1)
		d.must(err)
		equal(t, "orders", len(orders), 1)
		orders, err = d.NewestOrders(d.ctx, "globex", one.Connection.ID, 1)
		d.must(err)
		equal(t, "another tenant's orders", len(orders), 0)
	})
}

// Only the connection that is meant is renewed.
func TestRenewOnly(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connected("acme", "S1").Connection.ID
		renew := func(seller string, id ordersync.ConnectionID) error {
			_, err := d.ImportConnection(d.ctx, store.Import{Tenant: "acme", Region: ordersync.RegionEU, SellerID: seller, State: ordersync.Connected, Renew: id})
			return err
		}
		d.must(renew("S1", id))
		for what, err := range map[string]error{"another": renew("S1", id+1), "a new one": renew("S2", id)} {
			if !errors.Is(err, store.ErrNotSame) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := d.Disconnect(d.ctx, "acme", id)
		d.must(err)
		if err := renew("S1", id); !errors.Is(err, store.ErrNotSame) {
			t.Errorf("one that was disconnected: %v", err)
		}
		equal(t, "connections", d.rows(`SELECT seller_id, state FROM connections`), []string{"S1 | DISABLED"})
	})
}

// A call without a lease takes from the same budget as those with one.
func TestTakeFree(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		all, _ := d.drain(l, store.TokenRequest{Key: bucket("another"), Plan: plan})
		r := store.TokenRequest{Key: bucket(store.SellerKey(l.Connection)), Plan: plan}
		wait, err := d.TakeFree(d.ctx, r)
		d.must(err)
		equal(t, "the first", wait, 0)
		rest, _ := d.drain(l, r)
		equal(t, "what it leaves", rest, all-1)
		wait, err = d.TakeFree(d.ctx, r)
		d.must(err)
		if wait <= 0 {
			t.Error("there is one more")
		}
		_, calls := d.bucket(r.Key)
		equal(t, "calls", calls, int64(all))
	})
}
