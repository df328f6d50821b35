package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// everyStanding fills the table with a connection of each state, paused or not, with
// each reason, confirmed or not.
func (d *database) everyStanding() {
	d.t.Helper()
	reasons := []ordersync.Reason{"", "FROM_A_NEWER_VERSION"}
	for _, info := range ordersync.Reasons() {
		reasons = append(reasons, info.Code)
	}
	n := 0
	for _, state := range []ordersync.State{ordersync.Pending, ordersync.Connected, ordersync.NeedsReconnect, ordersync.Disabled} {
		for _, reason := range reasons {
			for bits := range 4 {
				n++
				d.exec(`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms, paused, last_confirmed, last_reason, last_success_at)
					VALUES ($1, 'eu', 'S', '', $2, 0, 0, 1, 1, $3, $4, $5, $6)`, fmt.Sprintf("t%03d", n), string(state), bits&1 != 0, bits&2 != 0, string(reason), n%7)
			}
		}
	}
}

// list reads all pages of a list.
func (d *database) list(l store.ConnectionList) (out []store.ListedConnection) {
	d.t.Helper()
	for {
		page, next, err := d.Reader().ConnectionList(d.ctx, l)
		d.must(err)
		out = append(out, page...)
		if l.After = next; next == (store.StatusMark{}) {
			return out
		}
	}
}

// What SQL says of who must see to a connection is what the language says.
func TestConnectionListByNeed(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.everyStanding()
		all := d.list(store.ConnectionList{Limit: 7})
		equal(t, "all", len(all), 4*4*(len(ordersync.Reasons())+2))
		if !slices.IsSortedFunc(all, func(a, b store.ListedConnection) int { return a.LastSuccessAt.Compare(b.LastSuccessAt) }) {
			t.Error("the oldest success does not come first")
		}
		of := func(choose func(ordersync.Connection) bool) (ids []ordersync.ConnectionID) {
			for _, c := range all {
				if choose(c.Connection) {
					ids = append(ids, c.ID)
				}
			}
			return ids
		}
		want := func(what string, l store.ConnectionList, choose func(ordersync.Connection) bool) {
			t.Helper()
			var have []ordersync.ConnectionID
			for _, c := range d.list(l) {
				have = append(have, c.ID)
			}
			equal(t, what, have, of(choose))
		}
		needs := func(c ordersync.Connection) bool { _, acts := c.Need(); return acts != ordersync.Nobody }
		want("needs", store.ConnectionList{Needs: true}, needs)
		want("needs, paged", store.ConnectionList{Needs: true, Limit: 3}, needs)
		d.exec(`INSERT INTO set_aside (tenant, connection_id, entry, order_id, cause, body, first_at, last_at, tries, next_try_at)
			SELECT tenant, id, 'x', 'x', 'c', $1, 1, 1, 0, 1 FROM connections WHERE id % 3 = 0`, []byte("x"))
		want("needs, with orders set aside", store.ConnectionList{Needs: true}, func(c ordersync.Connection) bool {
			return needs(c) || c.ID%3 == 0 && c.State != ordersync.Disabled
		})
		d.exec(`DELETE FROM set_aside`)
		want("working", store.ConnectionList{Working: true}, func(c ordersync.Connection) bool { return c.State == ordersync.Connected && !c.Paused })
		for _, info := range ordersync.Reasons() {
			is := func(c ordersync.Connection) bool { reason, _ := c.Need(); return reason == info.Code }
			want(string(info.Code), store.ConnectionList{Reason: info.Code}, is)
			want(string(info.Code)+" that needs", store.ConnectionList{Reason: info.Code, Needs: true}, func(c ordersync.Connection) bool { return is(c) && needs(c) })
		}
		for _, state := range []ordersync.State{ordersync.Pending, ordersync.Connected, ordersync.NeedsReconnect, ordersync.Disabled} {
			want(string(state), store.ConnectionList{State: state}, func(c ordersync.Connection) bool { return c.State == state })
		}
	})
}

func TestConnectionListByName(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, c := range [][3]string{{"acme", "S1", "Lumen & Lathe"}, {"acme", "S2", "lumen 100%"}, {"Acme-2", "S3", "École"}, {"other", "S4", "Acme's"}, {"x_y", "S5", "l!"}} {
			in := line(seller(c[1]), named(c[2]), state(ordersync.Connected), selling(french))
			in.Tenant = ordersync.TenantID(c[0])
			d.bring(in)
		}
		d.exec(`UPDATE connections SET region = 'na' WHERE seller_id = 'S4'`)
		for _, test := range []struct {
			list store.ConnectionList
			want []string
		}{
			{store.ConnectionList{Prefix: "ACME"}, []string{"S1", "S2", "S3", "S4"}},
			{store.ConnectionList{Prefix: "acme", Region: ordersync.RegionNA}, []string{"S4"}},
			{store.ConnectionList{Prefix: "acme", Tenant: "acme"}, []string{"S1", "S2"}},
			{store.ConnectionList{Prefix: "other", Tenant: "acme"}, nil},
			{store.ConnectionList{Prefix: "Lumen"}, []string{"S1", "S2"}},
			{store.ConnectionList{Prefix: "École"}, []string{"S3"}},
			{store.ConnectionList{Prefix: "lathe"}, nil}, // only how it begins
			{store.ConnectionList{Prefix: "%"}, nil},
			{store.ConnectionList{Prefix: "x_"}, []string{"S5"}},
			{store.ConnectionList{Prefix: "L!"}, []string{"S5"}},
			{store.ConnectionList{Prefix: "'; DROP TABLE connections; --"}, nil},
		} {
			var have []string
			for _, c := range d.list(test.list) {
				have = append(have, c.SellerID)
			}
			equal(t, fmt.Sprintf("%+v", test.list), have, test.want)
		}
	})
}

// A name that many share is not looked up one by one.
func TestConnectionListOfACommonName(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(700)
		d.connect("other", "S2")
		equal(t, "all of the name", len(d.list(store.ConnectionList{Prefix: "many-", Limit: 300})), 700)
		equal(t, "some of the name", len(d.list(store.ConnectionList{Prefix: "many-1"})), 111)
	})
}

// One connection is read as the list of all shows it.
func TestConnectionStatus(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.full("acme", "S1")
		d.full("acme", "S2")
		page, _, err := d.Reader().Status(d.ctx, store.StatusPage{Tenant: "acme", Limit: 1})
		d.must(err)
		one, err := d.Reader().Tenant("acme").ConnectionStatus(d.ctx, id)
		d.must(err)
		equal(t, "status", one, page[0])
		if _, err := d.Reader().Tenant("other").ConnectionStatus(d.ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another tenant's reader: %v", err)
		}
	})
}

// However large the fleet, a page of it is read along an index.
func TestConnectionListFollowsIndices(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(20_000)
		d.exec(`UPDATE connections SET last_success_at = id % 1000, last_reason = CASE WHEN id % 100 = 0 THEN 'CLOCK_SKEW' ELSE 'SUCCESS' END, region = CASE WHEN id % 2 = 0 THEN 'na' ELSE 'eu' END`)
		d.exec(`ANALYZE`)
		for what, test := range map[string]struct {
			list  store.ConnectionList
			index string
		}{
			"all":    {store.ConnectionList{Limit: 50}, "connections_success"},
			"region": {store.ConnectionList{Region: ordersync.RegionNA, Limit: 50}, "connections_success"},
			"needs":  {store.ConnectionList{Needs: true, Limit: 50}, "connections_badly"},
			"reason": {store.ConnectionList{Reason: ordersync.ClockSkew, Limit: 50}, "connections_badly"},
		} {
			query, args := store.ConnectionListQuery(test.list)
			t.Log(what)
			d.wantIndex(query, test.index, args...)
		}
	})
}

// BenchmarkConnectionList is what a page of a list of 100,000 connections costs.
func BenchmarkConnectionList(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind)
			fillFleet(b, s)
			if _, err := s.Database().Exec(`ANALYZE`); err != nil {
				b.Fatal(err)
			}
			for _, test := range []struct {
				name string
				list store.ConnectionList
			}{
				{"all", store.ConnectionList{}}, {"needs a human", store.ConnectionList{Needs: true}},
				{"a reason", store.ConnectionList{Reason: ordersync.AmazonRateLimit}}, {"a rare reason", store.ConnectionList{Reason: ordersync.ClockSkew}},
				{"an empty region", store.ConnectionList{Region: ordersync.RegionNA}}, {"disabled", store.ConnectionList{State: ordersync.Disabled}},
				{"a common beginning", store.ConnectionList{Prefix: "tenant"}}, {"one name", store.ConnectionList{Prefix: "Tenant 99999"}},
				{"no such name", store.ConnectionList{Prefix: "nobody"}}, {"one tenant's", store.ConnectionList{Tenant: "t500"}},
			} {
				test.list.Limit = 50
				b.Run(test.name, func(b *testing.B) {
					for b.Loop() {
						if _, _, err := s.Reader().ConnectionList(b.Context(), test.list); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
