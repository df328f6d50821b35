package store_test

import (
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func TestPauseTakesTheLeaseAndSettles(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		run := d.openRun(ordersync.SingleRun, "acme")
		d.must(d.Pause(d.ctx, "acme", l.Connection.ID))
		if _, err := d.Commit(d.ctx, l, pageOf(l, order("1", 0))); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("a page after the pause: %v", err)
		}
		equal(t, "outcome", d.targets(run)[0].Outcome.Reason, ordersync.Paused)
		if l, err := d.Claim(d.ctx, l.Connection.ID, "test", lease); err != nil || l != nil {
			t.Errorf("a paused connection was claimed: %v, %v", l, err)
		}
		before := d.dump()
		d.must(d.Pause(d.ctx, "acme", l.Connection.ID))
		equal(t, "after pausing again", d.dump(), before)
	})
}

func TestResumeIsDueAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.set(id, "live_due_at = history_ms", begin.Add(time.Hour).UnixMilli())
		d.must(d.Pause(d.ctx, "acme", id))
		d.must(d.Resume(d.ctx, "acme", id))
		l := d.claim(id)
		d.must(d.Resume(d.ctx, "acme", id)) // it works already: nothing gives way
		d.page(l, order("1", 0))
		equal(t, "noted", d.number(`SELECT COUNT(*) FROM state_changes WHERE cause IN ('paused', 'resumed') AND from_state = to_state`), int64(2))

		off := d.bring(store.Import{Tenant: "off", Region: ordersync.RegionEU, State: ordersync.Disabled}).Connection
		d.must(d.Pause(d.ctx, "off", off))
		d.must(d.Resume(d.ctx, "off", off))
		equal(t, "due although disabled", d.number(`SELECT COUNT(*) FROM connections WHERE tenant = 'off' AND live_due_at IS NOT NULL`), int64(0))
	})
}

func TestActsOfAnotherTenant(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.connect("other", "S2")
		before := d.dump()
		for name, err := range map[string]error{
			"pause": d.Pause(d.ctx, "other", id), "resume": d.Resume(d.ctx, "other", id),
			"set": d.Set(d.ctx, "other", id, store.Change{}), "remove": d.Remove(d.ctx, "other", id),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		equal(t, "database", d.dump(), before)
	})
}

func TestSet(t *testing.T) {
	hour, none, yes, no := time.Hour, time.Duration(0), true, false
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		id := l.Connection.ID
		d.commit(l, store.Commit{Kind: ordersync.Live, Cursor: begin, Release: true, LiveDueAt: ptr(begin.Add(24 * time.Hour)), BackDueAt: ptr(begin.Add(24 * time.Hour))})
		d.must(d.Set(d.ctx, "acme", id, store.Change{Interval: &hour, History: ptr(48 * time.Hour), PersonalData: &yes}))
		c := d.connection("acme", id)
		equal(t, "settings", []any{c.Interval, c.History, c.PersonalData}, []any{hour, 48 * time.Hour, true})
		equal(t, "the shorter interval counts from now", d.number(`SELECT live_due_at FROM connections`), begin.Add(hour).UnixMilli())
		equal(t, "history is read at once", d.number(`SELECT back_due_at FROM connections`), begin.UnixMilli())

		l = d.claim(id)
		d.must(d.Set(d.ctx, "acme", id, store.Change{Interval: &hour, PersonalData: &yes}))
		d.commit(l, store.Commit{Kind: ordersync.Live, Walk: &ordersync.Walk{Kind: ordersync.Live}}) // nothing differed: nothing gave way
		d.must(d.Set(d.ctx, "acme", id, store.Change{Interval: &none, History: &none, PersonalData: &no}))
		if _, err := d.Commit(d.ctx, l, store.Commit{}); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("a commit after a change: %v", err)
		}
		c = d.connection("acme", id)
		equal(t, "the service's settings", []any{c.Interval, c.History, c.PersonalData}, []any{none, none, false})
		equal(t, "walks that ask for personal data", d.number(`SELECT COUNT(*) FROM walks`), int64(0))
		equal(t, "purged soon", d.number(`SELECT purge_due_at FROM connections`), int64(0))

		since := begin.Add(-1000 * time.Hour)
		d.must(d.Set(d.ctx, "acme", id, store.Change{WantedSince: &since}))
		equal(t, "wanted", d.connection("acme", id).WantedSince, since)
		d.must(d.Set(d.ctx, "acme", id, store.Change{WantedSince: &time.Time{}}))
		equal(t, "wanted as history says", d.connection("acme", id).WantedSince, time.Time{})
	})
}

func ptr[T any](v T) *T { return &v }

// full is a connection that has something in every table.
func (d *database) full(tenant ordersync.TenantID, seller string) ordersync.ConnectionID {
	d.t.Helper()
	in := line(state(ordersync.Connected), personal(true), selling(french))
	in.Tenant, in.SellerID = tenant, seller
	id := d.bring(in).Connection
	l := d.claim(id)
	w := ordersync.Window{From: begin.Add(-time.Hour), To: begin}
	c := pageOf(l, order("1", 0, sealed(ordersync.GroupBuyer, "x")), order("2", 0))
	c.Page.Unreadable = []ordersync.Unreadable{{OrderID: "3", Key: "3", Cause: "items", Body: []byte("{}")}}
	c.Walk, c.Seen = &ordersync.Walk{Kind: ordersync.Live, Pages: 1}, store.Seen{Token: 1}
	c.Repairs = []ordersync.Repair{{Code: ordersync.WalkRestarted}}
	c.Covered = &store.Covered{Window: w, Marketplaces: []string{french}, Begun: begin}
	c.Shun = &ordersync.Shunned{Window: w, Until: begin}
	d.commit(l, c)
	d.take(l, store.BudgetKey{ClientID: "app", Region: ordersync.RegionEU, Seller: store.SellerKey(l.Connection), Operation: ordersync.SearchOrders})
	d.exec(`INSERT INTO secrets (tenant, connection_id, name, sealed, updated_at) VALUES ($1, $2, 'refresh_token', $3, 0) ON CONFLICT DO NOTHING`, tenant, int64(id), []byte("s"))
	d.must(d.CreateConsent(d.ctx, string(tenant)+seller, ordersync.Consent{Tenant: tenant, Connection: id, ExpiresAt: begin.Add(time.Hour)}))
	return id
}

func TestRemoveLeavesNothingButTheHistoryOfRuns(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		other := d.full("other", "S2")
		rest := d.dump()
		id := d.full("acme", "")
		for _, table := range d.tables() {
			for _, c := range d.columns(table) {
				if table != "targets" && len(c) > 13 && c[:13] == "connection_id" && d.number(`SELECT COUNT(*) FROM `+table+` WHERE connection_id = $1`, int64(id)) == 0 {
					t.Errorf("the test stores nothing in %s", table)
				}
			}
		}
		_, err := d.SuspectApplication(d.ctx, "app", id, "")
		d.must(err)
		d.exec(`DELETE FROM applications WHERE suspect = $1 AND stopped_at IS NOT NULL`, int64(id))
		run := d.openRun(ordersync.SingleRun, "acme")
		d.must(d.Remove(d.ctx, "acme", id))
		target := d.targets(run)[0]
		equal(t, "outcome", target.Outcome, ordersync.Outcome{Reason: ordersync.NotConnected, Message: "the connection was removed"})
		d.exec(`DELETE FROM targets`)
		d.exec(`DELETE FROM runs`)
		d.exec(`DELETE FROM applications WHERE suspect IS NULL`)
		equal(t, "what is left", d.dump(), rest)
		if err := d.Remove(d.ctx, "acme", id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("removed again: %v", err)
		}
		d.checkCounters(other)
	})
}

func TestRemoveInBatches(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.exec(`INSERT INTO repairs (tenant, connection_id, epoch, step, code, at, old_value, new_value)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 2500)
			SELECT 'acme', $1, i / 3, i % 3, 'X', 0, $2, '' FROM numbers`, int64(id), []byte{})
		d.must(d.Remove(d.ctx, "acme", id))
		equal(t, "repairs", d.number(`SELECT COUNT(*) FROM repairs`), int64(0))
		equal(t, "connections", d.number(`SELECT COUNT(*) FROM connections`), int64(0))
	})
}

// What is brought back between the beginning of a removal and its end stays whole.
func TestRemovalThatWasBegunAndBroughtBack(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.full("acme", "S1")
		d.must(d.BeginRemoval(d.ctx, "acme", id))
		in := line(state(ordersync.Connected))
		in.Tenant, in.SellerID = "acme", "S1"
		d.bring(in)
		before := d.dump()
		if err := d.FinishRemoval(d.ctx, "acme", id); !errors.Is(err, store.ErrBroughtBack) {
			t.Errorf("finished: %v", err)
		}
		equal(t, "database", d.dump(), before)
	})
}

// What an operator does to a connection that is being removed does not keep it;
// bringing it back does.
func TestActsWhileRemoving(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id, other := d.full("acme", "S1"), d.again()
		between := func(act func()) {
			d.decide(func(commit, _ func() error) error {
				err := commit()
				act()
				return err
			})
		}
		between(func() { d.exec(`UPDATE connections SET state = 'CONNECTED', epoch = epoch + 1`) })
		if err := d.Remove(d.ctx, "acme", id); !errors.Is(err, store.ErrBroughtBack) {
			t.Errorf("brought back: %v", err)
		}
		between(func() { d.must(other.Pause(d.ctx, "acme", id)) })
		d.must(d.Remove(d.ctx, "acme", id))
		equal(t, "connections", d.number(`SELECT COUNT(*) FROM connections`), int64(0))
	})
}

// The keys and links of a tenant end with its last connection: imported again one day, it is
// not opened by them.
func TestKeysEndWithTheTenant(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second := d.connect("acme", "S1"), d.connect("acme", "S2")
		d.connect("other", "S3")
		for _, tenant := range []ordersync.TenantID{"acme", "other", ""} {
			d.must(d.CreateKey(d.ctx, store.Key{ID: "of " + string(tenant), Tenant: tenant}, "secret of "+string(tenant)))
		}
		good := func() (out []string) {
			t.Helper()
			keys, err := d.Reader().Keys(d.ctx)
			d.must(err)
			for _, k := range keys {
				if k.RevokedAt.IsZero() {
					out = append(out, k.ID)
				}
			}
			return out
		}
		for _, tenant := range []ordersync.TenantID{"acme", "other"} {
			d.must(d.CreateConsent(d.ctx, "link of "+string(tenant), ordersync.Consent{Tenant: tenant, ExpiresAt: begin.Add(day)}))
		}
		d.must(d.Remove(d.ctx, "acme", first))
		equal(t, "with one left", good(), []string{"of ", "of acme", "of other"})
		equal(t, "links with one left", d.rows(`SELECT tenant FROM consents ORDER BY tenant`), []string{"acme", "other"})
		d.must(d.Remove(d.ctx, "acme", second))
		equal(t, "links with none", d.rows(`SELECT tenant FROM consents`), []string{"other"})
		equal(t, "with none", good(), []string{"of ", "of other"})
	})
}

// Who takes the lease for an act of his own never takes it from a worker, and
// leaves what is due as it was.
func TestClaimNow(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.set(id, "live_due_at = history_ms", begin.Add(time.Hour).UnixMilli())
		take := func() *store.Lease {
			t.Helper()
			l, err := d.ClaimNow(d.ctx, id, "test", lease)
			d.must(err)
			return l
		}
		l := take()
		if l == nil || take() != nil {
			t.Fatal("the lease was not taken once")
		}
		d.commit(l, store.Commit{Kind: ordersync.Back, Release: true})
		equal(t, "due", d.number(`SELECT live_due_at FROM connections`), begin.Add(time.Hour).UnixMilli())
		for _, not := range []string{`paused = NOT paused`, `state = 'PENDING', paused = NOT paused`, `state = 'DISABLED'`} {
			d.exec(`UPDATE connections SET ` + not)
			if take() != nil {
				t.Errorf("with %s it was claimed", not)
			}
		}
	})
}
