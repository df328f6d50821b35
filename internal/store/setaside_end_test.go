package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// What Amazon did not know any more is asked for again once a search has met it;
// what waits keeps its time.
func TestUnreadableOrderMetAgainIsDueAgain(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		meet := func() {
			t.Helper()
			c := pageOf(l)
			c.Page.Unreadable = []ordersync.Unreadable{unreadable("gone", "gone", "cause"), unreadable("waits", "waits", "cause")}
			d.commit(l, c)
		}
		meet()
		for range 3 {
			d.commit(l, store.Commit{Kind: ordersync.Back, SetAside: &store.SetAsideTry{OrderID: "waits"}})
		}
		d.commit(l, store.Commit{Kind: ordersync.Back, SetAside: &store.SetAsideTry{OrderID: "gone", Gone: true}})
		due, err := d.DueSetAside(d.ctx, l, 30)
		d.must(err)
		equal(t, "due before", due, nil)
		d.clock.add(10 * time.Minute)
		meet()
		due, err = d.DueSetAside(d.ctx, l, 30)
		d.must(err)
		equal(t, "due", due, []store.SetAside{{OrderID: "gone", Tries: 0}})
		equal(t, "next tries", d.rows(`SELECT entry, tries, next_try_at, cause FROM set_aside ORDER BY entry`), []string{
			"gone | 0 | 1772367000000 | cause", "waits | 3 | 1772370000000 | cause",
		})
	})
}

// An order without an id can never be asked for: its entry ends with the window
// that it was met in, once all of that was read without such an order.
func TestEntryWithoutIDEndsWithItsWindow(t *testing.T) {
	both := []string{french, german}
	covers := func(from, to int, ids ...string) store.Covered {
		return store.Covered{Window: window(from, to), Marketplaces: ids, Begun: begin}
	}
	tests := []struct {
		name  string
		reads []store.Covered
		stays bool
	}{
		{"read whole", []store.Covered{covers(0, 100, both...)}, false},
		{"read as part of a wider one", []store.Covered{covers(-50, 300, french, german)}, false},
		{"read from its end", []store.Covered{covers(60, 100, both...), covers(30, 60, both...), covers(0, 30, both...)}, false},
		{"read from its beginning", []store.Covered{covers(-10, 40, both...), covers(40, 100, both...)}, false},
		{"read in part", []store.Covered{covers(-10, 40, both...), covers(41, 100, both...)}, true},
		{"read in the middle", []store.Covered{covers(20, 80, both...)}, true},
		{"read in the middle and then around it", []store.Covered{covers(20, 80, both...), covers(80, 100, both...), covers(0, 20, both...)}, false},
		{"read at one marketplace only", []store.Covered{covers(0, 100, french)}, true},
		{"read elsewhere", []store.Covered{covers(100, 200, both...), covers(-100, 0, both...)}, true},
	}
	each(t, func(t *testing.T, d *database) {
		for i, test := range tests {
			l, other := d.connected(ordersync.TenantID(rune('a'+i)), "S1"), d.connected(ordersync.TenantID(rune('A'+i)), "S1")
			for _, l := range []*store.Lease{l, other} {
				d.commit(l, store.Commit{Kind: ordersync.Back, Marketplaces: both})
				d.meet(l, window(0, 100), both, "digest")
			}
			for _, c := range test.reads {
				d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
			}
			want := []string{"2"}
			if test.stays {
				want = append(want, "digest")
			}
			entries := `SELECT entry FROM set_aside WHERE connection_id = $1 ORDER BY entry`
			equal(t, test.name, d.rows(entries, int64(l.Connection.ID)), want)
			equal(t, test.name+": of another tenant", d.rows(entries, int64(other.Connection.ID)), []string{"2", "digest"})
		}
	})
}

// What is not wanted any more is read no more: it holds no entry up.
func TestEntryWithoutIDBeforeWhatIsWanted(t *testing.T) {
	both := []string{french, german}
	at := func(second int) time.Time { return begin.Add(time.Duration(second) * time.Second) }
	tests := []struct {
		name   string
		read   ordersync.Window
		wanted map[string]time.Time
		stays  bool
	}{
		{"read as far as wanted", window(40, 100), map[string]time.Time{french: at(40), german: at(50)}, false},
		{"wanted behind its end", window(99, 150), map[string]time.Time{french: at(100), german: at(120)}, false},
		{"wanted further back at one", window(40, 100), map[string]time.Time{french: at(40), german: at(39)}, true},
		{"wanted whole", window(40, 100), map[string]time.Time{french: at(-10), german: at(-10)}, true},
		{"wanted for ever", window(40, 100), nil, true},
	}
	each(t, func(t *testing.T, d *database) {
		for i, test := range tests {
			l := d.connected(ordersync.TenantID(rune('a'+i)), "S1")
			d.commit(l, store.Commit{Kind: ordersync.Back, Marketplaces: both})
			d.meet(l, window(0, 100), both, "digest")
			c := store.Covered{Window: test.read, Marketplaces: both, Begun: begin, Wanted: test.wanted}
			d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
			want := []string{"2"}
			if test.stays {
				want = append(want, "digest")
			}
			equal(t, test.name, d.rows(`SELECT entry FROM set_aside WHERE connection_id = $1 ORDER BY entry`, int64(l.Connection.ID)), want)
		}
	})
}

// Nobody reads a marketplace that the seller has left: it holds no entry up.
func TestEntryWithoutIDAtAMarketplaceThatWasLeft(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.commit(l, store.Commit{Kind: ordersync.Back, Marketplaces: []string{french, german}})
		d.meet(l, window(0, 100), []string{french, german}, "digest")
		d.commit(l, store.Commit{Kind: ordersync.Back, Marketplaces: []string{french}})
		c := store.Covered{Window: window(0, 100), Marketplaces: []string{french}, Begun: begin}
		d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
		equal(t, "entries", d.rows(`SELECT entry FROM set_aside ORDER BY entry`), []string{"2"})
	})
}

// An order without an id that a later reading meets, such as a sweep, makes a gap of
// a window that was covered: it would wait for ever there. One that is met again in a
// wider window makes no more of one.
func TestOrderWithoutIDOpensWhatWasCovered(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		c := store.Covered{Window: window(0, 1000), Marketplaces: []string{french, german}, Begun: begin, Confirmed: true}
		d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
		gaps := func(level string) []string {
			return d.rows(`SELECT marketplace_id, (from_at - $1) / 1000, (to_at - $1) / 1000 FROM coverage WHERE level = $2 ORDER BY marketplace_id, from_at`, begin.UnixMilli(), level)
		}
		whole := []string{french + " | 0 | 1000", german + " | 0 | 1000"}
		equal(t, "covered before", gaps("confirmed"), whole)
		d.meet(l, window(300, 400), []string{french}, "digest")
		left := []string{french + " | 0 | 300", french + " | 400 | 1000", german + " | 0 | 1000"}
		equal(t, "walked", gaps("walked"), left)
		equal(t, "confirmed", gaps("confirmed"), left)
		d.meet(l, window(200, 500), []string{french, german}, "digest")
		equal(t, "walked after a wider window", gaps("walked"), left)
		c.Window, c.Marketplaces = window(250, 450), []string{french}
		d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
		equal(t, "walked in the end", gaps("walked"), whole)
		equal(t, "entries", d.rows(`SELECT entry FROM set_aside ORDER BY entry`), []string{"2"})
	})
}

// meet commits a page of a back walk with an order that has no id and one that
// has.
func (d *database) meet(l *store.Lease, w ordersync.Window, ids []string, digest string) {
	d.t.Helper()
	d.commit(l, store.Commit{Kind: ordersync.Back, Walk: &ordersync.Walk{Kind: ordersync.Back, Window: w, Marketplaces: ids, StartedAt: begin}})
	c := pageOf(l)
	c.Kind, c.EndWalk = ordersync.Back, true
	c.Page.Unreadable = []ordersync.Unreadable{unreadable("", digest, "orderId: missing"), unreadable("2", "2", "cause")}
	d.commit(l, c)
}

// One that is met again belongs to the window that met it last, which is
// narrower each time.
func TestEntryWithoutIDMetAgain(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.meet(l, window(0, 100), []string{french}, "digest")
		d.meet(l, window(0, 50), []string{french}, "digest")
		c := store.Covered{Window: window(50, 100), Marketplaces: []string{french}, Begun: begin}
		d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
		equal(t, "entries", d.rows(`SELECT entry FROM set_aside ORDER BY entry`), []string{"2", "digest"})
		c.Window = window(0, 50)
		d.commit(l, store.Commit{Kind: ordersync.Back, Covered: &c})
		equal(t, "entries in the end", d.rows(`SELECT entry FROM set_aside ORDER BY entry`), []string{"2"})
	})
}
