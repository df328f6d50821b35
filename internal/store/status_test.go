package store_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestStatusPages(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(25)
		d.exec(`UPDATE connections SET last_success_at = CASE WHEN id % 3 = 0 THEN NULL ELSE 1000 * (id % 4) + 1 END`)
		d.full("acme", "S1")
		var seen []string
		last := int64(-1)
		pages := 0
		for after := (store.StatusMark{}); ; {
			page, next, err := d.Reader().Status(d.ctx, store.StatusPage{After: after, Limit: 7})
			d.must(err)
			pages++
			for _, s := range page {
				seen = append(seen, string(s.Tenant))
				at := int64(0)
				if !s.LastSuccessAt.IsZero() {
					at = s.LastSuccessAt.UnixMilli()
				}
				if at < last {
					t.Errorf("%s succeeded at %d and comes after %d", s.Tenant, at, last)
				}
				last = at
			}
			if after = next; next == (store.StatusMark{}) {
				break
			}
		}
		equal(t, "pages", pages, 4)
		equal(t, "connections", len(seen), 26)
	})
}

func TestStatusOfATenant(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.full("acme", "S1")
		d.full("other", "S2")
		w := ordersync.Window{From: begin.Add(-time.Hour), To: begin}
		page, next, err := d.Reader().Status(d.ctx, store.StatusPage{Tenant: "acme"})
		d.must(err)
		equal(t, "next", next, store.StatusMark{})
		if len(page) != 1 {
			t.Fatalf("%d connections", len(page))
		}
		s := page[0]
		equal(t, "id", s.ID, id)
		equal(t, "numbers", []any{s.HasRefreshToken, s.SetAside, s.Orders, s.Items}, []any{true, int64(1), int64(2), int64(4)})
		equal(t, "lease", s.LeaseUntil, begin.Add(lease))
		have, err := d.Reader().Tenant("acme").Coverage(d.ctx, id)
		d.must(err)
		equal(t, "coverage", s.Coverage, have)
		equal(t, "walked", s.WalkedThrough(), store.Complete{From: w.From, Until: w.To})
		equal(t, "confirmed", s.ConfirmedThrough(), store.Complete{})
	})
}

func TestCompleteIsWhatAllMarketplacesHave(t *testing.T) {
	at := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	s := store.ConnectionStatus{Connection: ordersync.Connection{Marketplaces: []string{french, german}}, Coverage: store.Coverage{
		Walked: map[string]ordersync.Spans{french: {{From: at(-9), To: at(-8)}, {From: at(-5), To: at(0)}}, german: {{From: at(-4), To: at(-1)}}},
	}}
	equal(t, "walked", s.WalkedThrough(), store.Complete{From: at(-4), Until: at(-1)})
	equal(t, "confirmed", s.ConfirmedThrough(), store.Complete{})
	s.Coverage.Walked[german] = ordersync.Spans{{From: at(1), To: at(2)}}
	equal(t, "no common stretch", s.WalkedThrough(), store.Complete{})
}

func TestTotals(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		empty, err := d.Reader().Totals(d.ctx)
		d.must(err)
		equal(t, "empty", empty, store.FleetTotals{})
		d.full("acme", "S1")
		second := d.full("acme", "S2")
		d.full("other", "S3")
		d.bring(store.Import{Tenant: "new", Region: ordersync.RegionEU, State: ordersync.Pending})
		d.must(d.Pause(d.ctx, "acme", second))
		got, err := d.Reader().Totals(d.ctx)
		d.must(err)
		equal(t, "totals", got, store.FleetTotals{
			Connections: 4, Tenants: 3, WithToken: 2, Paused: 1, Orders: 6, Items: 12, SetAside: 3,
			ByState: map[ordersync.State]int64{ordersync.Connected: 3, ordersync.Pending: 1}, OldestComplete: begin,
		})
	})
}

// A page of many connections follows an index: nothing is sorted, however many
// there are.
func TestStatusPageIsNotSorted(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.many(20_000)
		d.exec(`UPDATE connections SET last_success_at = id % 1000`)
		d.exec(`ANALYZE`)
		d.wantPlan(store.StatusQuery, "connections_success", int64(500), int64(7), 100)
	})
}

// Orders past their time are found without looking at all of a connection's.
func TestOldOrdersAreFoundByDate(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.exec(`INSERT INTO orders (tenant, connection_id, order_id, created_at, last_updated_at, seen_epoch, seen_step, data_groups, status, fulfilled_by,
				service_level, channel, marketplace_id, marketplace_name, seller_order_id, programs, digests, raw, stored_at, changed_at)
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000)
			SELECT 'acme', i % 2, CAST(i AS TEXT), i, i, 0, 0, 0, '', '', '', '', '', '', '', '[]', $1, $1, 0, 0 FROM numbers`, []byte("x"))
		d.exec(`ANALYZE`)
		d.wantPlan(store.OldOrdersQuery, "orders_by_date", "acme", int64(1), int64(50), 200)
		d.wantPlan(store.OldestOrder, "orders_by_date", "acme")
	})
}

// wantPlan fails the test unless a query follows an index and sorts nothing.
func (d *database) wantPlan(query, index string, args ...any) {
	d.t.Helper()
	plan, sorts := d.wantIndex(query, index, args...), "Sort"
	if d.kind == storetest.SQLite {
		sorts = "TEMP B-TREE"
	}
	if strings.Contains(plan, sorts) {
		d.t.Errorf("the plan sorts:\n%s", plan)
	}
}

// wantIndex fails the test unless a query uses an index.
func (d *database) wantIndex(query, index string, args ...any) (plan string) {
	d.t.Helper()
	plan = d.plan(query, args...)
	if !strings.Contains(plan, index) {
		d.t.Errorf("the plan does not follow %s:\n%s", index, plan)
	}
	if d.kind == storetest.Postgres && strings.Contains(plan, "Seq Scan on connections") {
		d.t.Errorf("the plan reads the whole table:\n%s", plan)
	}
	return plan
}

// plan is how the database would answer a query.
func (d *database) plan(query string, args ...any) string {
	d.t.Helper()
	explain := "EXPLAIN "
	if d.kind == storetest.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	return strings.Join(d.rows(explain+query, args...), "\n")
}

// The fleet is complete until where the last of its connections is, by the
// marketplaces that each has now.
func TestOldestCompleteByMarketplaces(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.full("acme", "S1")
		id := d.full("other", "S2")
		for _, test := range []struct {
			what, marketplaces string
			state              ordersync.State
			want               time.Time
		}{
			{"its own", french, ordersync.Connected, begin},
			{"one that was never read", "X1", ordersync.Connected, time.Time{}},
			{"one was added", french + ",X1", ordersync.Connected, time.Time{}},
			{"none known yet", "", ordersync.Connected, time.Time{}},
			{"it does not work", "X1", ordersync.Disabled, begin},
			{"one behind", french + ",X2", ordersync.Connected, begin.Add(-time.Minute)},
			{"the one behind is gone", french, ordersync.Connected, begin},
		} {
			d.exec(`DELETE FROM coverage WHERE marketplace_id = 'X2'`)
			d.exec(`INSERT INTO coverage (tenant, connection_id, marketplace_id, level, from_at, to_at) VALUES ('other', $1, 'X2', 'walked', $2, $3)`,
				int64(id), begin.Add(-time.Hour).UnixMilli(), begin.Add(-time.Minute).UnixMilli())
			d.exec(`UPDATE connections SET marketplaces = $2, state = $3 WHERE id = $1`, int64(id), test.marketplaces, string(test.state))
			got, err := d.Reader().Totals(d.ctx)
			d.must(err)
			equal(t, test.what, got.OldestComplete, test.want)
			page, _, err := d.Reader().Status(d.ctx, store.StatusPage{Tenant: "other"})
			d.must(err)
			if c := page[0].WalkedThrough(); test.state == ordersync.Connected {
				equal(t, test.what+", as the connection says", got.OldestComplete, c.Until)
			}
		}
	})
}
