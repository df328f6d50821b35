package store_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// line is an import line of tenant acme in the EU; a token is sealed as it is.
func line(changes ...func(*store.Import)) store.Import {
	in := store.Import{
		Tenant: "acme", Region: ordersync.RegionEU,
		Same: func(_ ordersync.ConnectionID, _ string, sealed []byte) bool { return false },
	}
	for _, change := range changes {
		change(&in)
	}
	return in
}

func seller(id string) func(*store.Import)        { return func(in *store.Import) { in.SellerID = id } }
func state(s ordersync.State) func(*store.Import) { return func(in *store.Import) { in.State = s } }
func named(name string) func(*store.Import)       { return func(in *store.Import) { in.DisplayName = &name } }
func personal(is bool) func(*store.Import)        { return func(in *store.Import) { in.PersonalData = &is } }
func authorized(at time.Time) func(*store.Import) {
	return func(in *store.Import) { in.AuthorizedAt = at }
}
func selling(ids ...string) func(*store.Import) {
	return func(in *store.Import) { in.Marketplaces = &ids }
}
func starting(cursor string) func(*store.Import) {
	return func(in *store.Import) { in.Cursor = []byte(cursor) }
}
func succeeded(at time.Time) func(*store.Import) {
	return func(in *store.Import) { in.LastSuccessAt = at }
}
func bearing(refresh string) func(*store.Import) {
	return func(in *store.Import) {
		in.Token = true
		in.Seal = func(ordersync.ConnectionID) ([]byte, error) { return []byte("sealed " + refresh), nil }
		in.Same = func(_ ordersync.ConnectionID, _ string, sealed []byte) bool {
			return string(sealed) == "sealed "+refresh
		}
	}
}

// bring imports what must succeed.
func (d *database) bring(in store.Import) store.Imported {
	d.t.Helper()
	out, err := d.ImportConnection(d.ctx, in)
	d.must(err)
	return out
}

func TestImportCreatesAConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		ids := []string{german, french, german}
		out := d.bring(line(seller("S1"), state(ordersync.Connected), named("Acme\x00 SAS"), personal(true), authorized(begin.Add(-time.Hour)),
			selling(ids...), starting("2026-01-01"), succeeded(begin.Add(-time.Minute)), bearing("t1")))
		equal(t, "the caller's list", ids, []string{german, french, german})
		equal(t, "imported", out, store.Imported{Connection: out.Connection, Created: true, Changed: true})
		equal(t, "connection", d.connection("acme", out.Connection), ordersync.Connection{
			ID: out.Connection, Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", DisplayName: "Acme\uFFFD SAS",
			State: ordersync.Connected, StateSince: begin, PersonalData: true, AuthorizedAt: begin.Add(-time.Hour),
			Marketplaces: []string{french, german}, MarketplacesExplicit: true, GivenCursor: []byte("2026-01-01"),
			LiveWidth: ordersync.FirstWidth, BackWidth: ordersync.FirstWidth, LastSuccessAt: begin.Add(-time.Minute),
		})
		equal(t, "state changes", d.states(), []string{"0 | 0 |  | CONNECTED | imported"})
		secret, err := d.Secret(d.ctx, "acme", out.Connection, store.RefreshToken)
		d.must(err)
		equal(t, "secret", string(secret), "sealed t1")
		d.claim(out.Connection)
	})
}

// states lists the recorded changes of state.
func (d *database) states() []string {
	d.t.Helper()
	return d.rows(`SELECT epoch, step, from_state, to_state, cause FROM state_changes ORDER BY epoch, step`)
}

func TestImportedStateFollowsTheToken(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, test := range []struct {
			name string
			in   store.Import
			want ordersync.State
			due  bool
		}{
			{"without a token", line(), ordersync.Pending, false},
			{"with a token", line(bearing("t")), ordersync.Connected, true},
			{"pending with a token", line(bearing("t"), state(ordersync.Pending)), ordersync.Pending, false},
			{"connected without a token", line(state(ordersync.Connected)), ordersync.Connected, true},
			{"needs reconnect", line(state(ordersync.NeedsReconnect)), ordersync.NeedsReconnect, true},
			{"disabled", line(state(ordersync.Disabled)), ordersync.Disabled, false},
		} {
			test.in.Tenant = ordersync.TenantID(shortName(test.name))
			id := d.bring(test.in).Connection
			equal(t, test.name+": state", d.connection(test.in.Tenant, id).State, test.want)
			equal(t, test.name+": due", d.number(`SELECT COUNT(live_due_at) FROM connections WHERE id = $1`, int64(id)) == 1, test.due)
		}
	})
}

func TestImportOfNothingNewDisturbsNothing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		// Times of imports may be finer than what is stored.
		full := line(seller("S1"), state(ordersync.Connected), named("Acme"), personal(true), authorized(begin.Add(1500*time.Nanosecond)), selling(german, french), bearing("t1"))
		id := d.bring(full).Connection
		l := d.claim(id)
		before := d.dump()
		d.clock.add(time.Second)
		for name, in := range map[string]store.Import{
			"the same line":      full,
			"an empty line":      line(),
			"only the seller":    line(seller("S1")),
			"the same token":     line(bearing("t1")),
			"marketplaces again": line(selling(french, german, french)),
			"cursor and success": line(starting("1999-01-01"), succeeded(begin)),
		} {
			equal(t, name, d.bring(in), store.Imported{Connection: id})
			equal(t, name+": database", d.dump(), before)
		}
		d.page(l, order("1", 0))
	})
}

func TestImportChangesWhatItSays(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(seller("S1"), state(ordersync.Connected), selling(french), starting("first"))).Connection
		want := d.connection("acme", id)
		for _, test := range []struct {
			name string
			in   store.Import
			set  func(*ordersync.Connection)
		}{
			{"name", line(named("Acme")), func(c *ordersync.Connection) { c.DisplayName = "Acme" }},
			{"name removed", line(named("")), func(c *ordersync.Connection) { c.DisplayName = "" }},
			{"personal data", line(personal(true)), func(c *ordersync.Connection) { c.PersonalData = true }},
			{"no personal data", line(personal(false)), func(c *ordersync.Connection) { c.PersonalData = false }},
			{"authorisation", line(authorized(begin)), func(c *ordersync.Connection) { c.AuthorizedAt = begin }},
			{"marketplaces", line(selling(german, french)), func(c *ordersync.Connection) { c.Marketplaces = []string{french, german} }},
			{"discovery", line(selling()), func(c *ordersync.Connection) { c.MarketplacesExplicit = false }},
			{"no discovery", line(selling(french, german)), func(c *ordersync.Connection) { c.MarketplacesExplicit = true }},
			{"a cursor not", line(starting("second"), named("x")), func(c *ordersync.Connection) { c.DisplayName = "x" }},
			{"success not", line(succeeded(begin), named("y")), func(c *ordersync.Connection) { c.DisplayName = "y" }},
		} {
			equal(t, test.name, d.bring(test.in), store.Imported{Connection: id, Changed: true})
			test.set(&want)
			equal(t, test.name, d.connection("acme", id), want)
		}
		equal(t, "epoch", d.number(`SELECT epoch FROM connections`), int64(10))
	})
}

// An import that changes something is a claim: the worker's lease is gone, and
// the connection is due at once.
func TestImportThatChangesIsAClaim(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, in := range map[string]store.Import{
			"name": line(named("New")), "token": line(bearing("t2")), "seller": line(seller("S9")), "state": line(state(ordersync.NeedsReconnect)),
		} {
			in.Tenant = ordersync.TenantID(name)
			first := line(state(ordersync.Connected), bearing("t1"))
			first.Tenant = in.Tenant
			id := d.bring(first).Connection
			l := d.claim(id)
			d.exec(`UPDATE connections SET live_due_at = $1`, begin.Add(time.Hour).UnixMilli())
			d.bring(in)
			if _, err := d.Commit(d.ctx, l, all(l)); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: the worker's error is %v, want %v", name, err, store.ErrLeaseLost)
			}
			equal(t, name+": epoch", d.claim(id).Epoch, 3)
		}
	})
}

func TestImportedTokens(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line()).Connection
		sealed := func() string {
			secret, err := d.Secret(d.ctx, "acme", id, store.RefreshToken)
			d.must(err)
			return string(secret)
		}
		equal(t, "without one", sealed(), "")
		equal(t, "the first", d.bring(line(bearing("t1"))).Changed, true)
		equal(t, "the first", sealed(), "sealed t1")
		equal(t, "the same", d.bring(line(bearing("t1"))).Changed, false)
		equal(t, "a new one", d.bring(line(bearing("t2"))).Changed, true)
		equal(t, "a new one", sealed(), "sealed t2")
		equal(t, "none", d.bring(line(named("x"))).Changed, true)
		equal(t, "none", sealed(), "sealed t2")

		broken := line(bearing("t3"), named("broken"), state(ordersync.Connected))
		broken.Seal = func(ordersync.ConnectionID) ([]byte, error) { return nil, errors.New("no key") }
		before := d.dump()
		if _, err := d.ImportConnection(d.ctx, broken); err == nil {
			t.Error("a token that could not be sealed was imported")
		}
		equal(t, "all or nothing", d.dump(), before)
		broken.Tenant = "globex"
		if _, err := d.ImportConnection(d.ctx, broken); err == nil {
			t.Error("a token that could not be sealed was imported")
		}
		equal(t, "all or nothing", d.dump(), before)
	})
}

func TestSecretsAreTheConnectionsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(bearing("t1"))).Connection
		for _, other := range []struct {
			tenant ordersync.TenantID
			id     ordersync.ConnectionID
			name   string
		}{{"globex", id, store.RefreshToken}, {"acme", id + 1, store.RefreshToken}, {"acme", id, "other"}} {
			secret, err := d.Secret(d.ctx, other.tenant, other.id, other.name)
			if err != nil || secret != nil {
				t.Errorf("the secret of %v is %q, %v", other, secret, err)
			}
		}
	})
}

func TestImportFindsTheConnectionThatIsMeant(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first := d.bring(line())
		equal(t, "without a seller, one there", d.bring(line(named("a"))).Connection, first.Connection)
		equal(t, "the first seller id is adopted", d.bring(line(seller("S1"))).Connection, first.Connection)
		equal(t, "adopted", d.connection("acme", first.Connection).SellerID, "S1")

		second := d.bring(line(seller("S2")))
		equal(t, "another seller is another connection", second.Created, true)
		equal(t, "the first by its seller", d.bring(line(seller("S1"), named("b"))).Connection, first.Connection)
		if _, err := d.ImportConnection(d.ctx, line(named("c"))); !errors.Is(err, store.ErrSellerNeeded) {
			t.Errorf("a line that may mean two connections: %v, want %v", err, store.ErrSellerNeeded)
		}

		other := line(seller("S1"))
		other.Region = ordersync.RegionNA
		equal(t, "another region", d.bring(other).Created, true)
		other = line(seller("S1"))
		other.Tenant = "globex"
		equal(t, "another tenant", d.bring(other).Created, true)
		equal(t, "connections", d.number(`SELECT COUNT(*) FROM connections`), int64(4))
	})
}

func TestImportedStatesAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(bearing("t"))).Connection
		l := d.claim(id)
		d.page(l)
		d.page(l)
		d.clock.add(time.Hour)
		d.bring(line(state(ordersync.Disabled)))
		d.bring(line(named("x")))
		d.bring(line(state(ordersync.Connected)))
		equal(t, "states", d.states(), []string{"0 | 0 |  | CONNECTED | imported", "2 | 2 | CONNECTED | DISABLED | imported", "4 | 2 | DISABLED | CONNECTED | imported"})
		equal(t, "since", d.connection("acme", id).StateSince, begin.Add(time.Hour))
	})
}

func TestDisabledConnectionSettlesItsOpenTargets(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for i, to := range []ordersync.State{ordersync.Disabled, ordersync.Pending} {
			id := "S" + strconv.Itoa(i)
			l, other := d.connected("acme", id), d.connected("globex", id)
			run := d.openRun(ordersync.SingleRun, "acme")
			theirs := d.openRun(ordersync.SingleRun, "globex")
			d.page(l, order("1", 0))
			now := d.clock.Now().Add(time.Second)
			d.clock.add(time.Second)
			d.bring(line(seller(id), state(to)))
			target := d.targets(run)[i]
			equal(t, "outcome", target.Outcome, ordersync.Outcome{Reason: ordersync.NotConnected, Message: ordersync.NotConnected.Info().English})
			equal(t, "settled", target.SettledAt, now)
			equal(t, "counts", target.Counts, ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 1})
			equal(t, "the other", d.targets(theirs)[i].Settled(), false)
			equal(t, "due", d.rows(`SELECT live_due_at, back_due_at FROM connections WHERE id = $1`, int64(l.Connection.ID)), []string{"<nil> | <nil>"})
			d.page(other)
		}
	})
}

func TestGivenCursorsAreKeptByteByByte(t *testing.T) {
	cursors := []string{
		"2026-01-01T00:00:00Z", "nul \x00 inside", "\xff\xfe\x00", "right \u202Eto left", strings.Repeat("long", 2500), " ", "'; DROP TABLE connections; --",
	}
	each(t, func(t *testing.T, d *database) {
		for i, cursor := range cursors {
			in := line(starting(cursor), state(ordersync.Connected))
			in.Tenant = ordersync.TenantID(string(rune('a' + i)))
			id := d.bring(in).Connection
			if got := d.connection(in.Tenant, id).GivenCursor; !bytes.Equal(got, []byte(cursor)) {
				t.Errorf("cursor %q came back as %q", cursor, got)
			}
			l := d.claim(id)
			d.commit(l, store.Commit{Cursor: begin, Repairs: []ordersync.Repair{{Code: ordersync.InvalidDateFixed, Old: []byte(cursor), New: "now"}}})
			equal(t, "judged", len(d.connection(in.Tenant, id).GivenCursor), 0)
			equal(t, "cursor", d.connection(in.Tenant, id).Cursor, begin)
		}
		equal(t, "without one", d.number(`SELECT COUNT(cursor_given) FROM connections`), int64(0))
	})
}

func TestManyImportsOfANewTenantMakeOneConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		stores := []*store.Store{d.Store, d.again().Store}
		const imports = 16
		type result struct {
			store.Imported
			err error
		}
		results := make(chan result, imports)
		for i := range imports {
			go func() {
				out, err := stores[i%2].ImportConnection(d.ctx, line(seller("S1"), bearing("t1")))
				results <- result{out, err}
			}()
		}
		created, ids := 0, map[ordersync.ConnectionID]bool{}
		for range imports {
			r := <-results
			d.must(r.err)
			ids[r.Connection] = true
			if r.Created {
				created++
			}
		}
		equal(t, "created", created, 1)
		equal(t, "connections", len(ids), 1)
		equal(t, "epoch", d.number(`SELECT epoch FROM connections`), int64(0))
		equal(t, "states", len(d.states()), 1)
	})
}

func TestManyDifferentImportsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.bring(line())
		const imports = 8
		errs := make(chan error, imports)
		for i := range imports {
			go func() {
				_, err := d.ImportConnection(d.ctx, line(seller("S"+string(rune('A'+i)))))
				errs <- err
			}()
		}
		for range imports {
			d.must(<-errs)
		}
		equal(t, "one adopted, the others made", d.number(`SELECT COUNT(*) FROM connections`), int64(imports))
		equal(t, "without a seller", d.number(`SELECT COUNT(*) FROM connections WHERE seller_id = ''`), int64(0))
	})
}
