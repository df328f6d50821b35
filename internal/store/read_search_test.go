package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func packages(words ...string) func(*store.PageOrder) {
	return func(o *store.PageOrder) {
		o.Packages = nil
		for i, word := range words {
			status, detailed, _ := strings.Cut(word, "/")
			o.Packages = append(o.Packages, ordersync.Package{ID: fmt.Sprint(i), Status: status, DetailedStatus: detailed})
		}
	}
}

// Every filter finds what it says, alone and with others, and counts the same.
func TestOrdersFilters(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("acme", "S2")
		promised := func(ship, deliver time.Duration) func(*store.PageOrder) {
			return func(o *store.PageOrder) {
				o.ShipBy.Latest, o.DeliverBy.Latest = begin.Add(ship), begin.Add(deliver)
			}
		}
		by := func(word string) func(*store.PageOrder) { return func(o *store.PageOrder) { o.FulfilledBy = word } }
		in := func(marketplace string) func(*store.PageOrder) {
			return func(o *store.PageOrder) { o.MarketplaceID = marketplace }
		}
		d.page(l,
			order("01", time.Minute, placed(1), status("PENDING"), packages()),
			order("02", 2*time.Minute, placed(2), status("UNSHIPPED"), packages(), promised(time.Hour, time.Hour)),
			order("03", 3*time.Minute, placed(3), status("UNSHIPPED"), packages(), promised(-time.Hour, time.Hour)),
			order("04", 4*time.Minute, placed(4), status("PARTIALLY_SHIPPED"), packages("DELIVERED")),
			order("05", 5*time.Minute, placed(5), status("SHIPPED"), packages(), by("AMAZON")),
			order("06", 6*time.Minute, placed(6), status("SHIPPED"), packages("DELIVERED", "CANCELLED")),
			order("07", 7*time.Minute, placed(7), status("SHIPPED"), packages("IN_TRANSIT"), promised(-time.Hour, -time.Minute)),
			order("08", 8*time.Minute, placed(8), status("SHIPPED"), packages("IN_TRANSIT/OUT_FOR_DELIVERY"), promised(-time.Hour, time.Hour)),
			order("09", 9*time.Minute, placed(9), status("SHIPPED"), packages("DELIVERED/RETURNED_TO_SELLER"), in("X")),
			order("10", 10*time.Minute, placed(10), status("CANCELLED"), packages(), in("Y")),
			order("11", 11*time.Minute, placed(11), status("ON_THE_MOON"), packages(), by("ROBOT")),
		)
		d.page(other, order("12", 12*time.Minute, placed(12), status("UNFULFILLABLE"), packages(), by("")))
		delivery := func(words ...ordersync.DeliveryStatus) store.OrdersQuery { return store.OrdersQuery{Delivery: words} }
		channel := func(c ...ordersync.FulfillmentChannel) store.OrdersQuery { return store.OrdersQuery{Channels: c} }
		for _, c := range []struct {
			name, want string
			q          store.OrdersQuery
		}{
			{"our status", "01", store.OrdersQuery{Status: []string{"PENDING"}}},
			{"ours means less than Amazon's", "08 07 05", store.OrdersQuery{Status: []string{"SHIPPED"}}},
			{"Amazon's", "09 08 07 06 05", store.OrdersQuery{AmazonStatus: []string{"SHIPPED"}}},
			{"a word that only Amazon has", "12 03 02", store.OrdersQuery{Status: []string{"UNSHIPPED", "UNFULFILLABLE"}}},
			{"a word that Amazon invents", "11", store.OrdersQuery{Status: []string{"ON_THE_MOON"}}},
			{"what is unknown", "11", store.OrdersQuery{Status: []string{"UNKNOWN"}}},
			{"delivered or returned", "09 06", store.OrdersQuery{Status: []string{"DELIVERED", "RETURNED"}}},
			{"two of ours", "12 10 04 03 02", store.OrdersQuery{Status: []string{"CANCELLED", "CONFIRMED", "PARTIALLY_SHIPPED"}}},
			{"both sorts", "06", store.OrdersQuery{Status: []string{"DELIVERED"}, AmazonStatus: []string{"SHIPPED"}}},
			{"being prepared", "04 02", delivery("PREPARING")},
			{"late", "07 03", delivery("DELAYED")},
			{"on its way", "08 05", delivery("IN_TRANSIT", "OUT_FOR_DELIVERY", "SHIPPED")},
			{"arrived", "09 06", delivery("DELIVERED", "RETURNED")},
			{"unknown", "11", delivery("UNKNOWN")},
			{"no such word", "", delivery("x")},
			{"by Amazon", "05", channel("FBA")},
			{"by nobody that is known", "11 05", channel("UNKNOWN", "FBA")},
			{"marketplaces", "10 09", store.OrdersQuery{Marketplaces: []string{"X", "Y"}}},
			{"connection", "12", store.OrdersQuery{Connection: other.Connection.ID}},
			{"updated", "03 02", store.OrdersQuery{UpdatedFrom: begin.Add(2 * time.Minute), UpdatedTo: begin.Add(3 * time.Minute)}},
			{"all at once", "07", store.OrdersQuery{
				Search: "0", Status: []string{"SHIPPED"}, Delivery: []ordersync.DeliveryStatus{"DELAYED"}, Channels: []ordersync.FulfillmentChannel{"FBM"},
				Marketplaces: []string{french}, Connection: l.Connection.ID, From: begin, To: begin.Add(time.Hour), UpdatedFrom: begin, UpdatedTo: begin.Add(time.Hour),
			}},
		} {
			page, total, _, err := d.Reader().Tenant("acme").OrdersPage(d.ctx, c.q)
			d.must(err)
			var ids []string
			for _, o := range page {
				ids = append(ids, o.ID)
				if got := ordersync.DeliveryOf(o.Order, !o.DeliveredSeenAt.IsZero()); got != o.Delivery {
					t.Errorf("%s is stored as %q, and its words mean %q", o.ID, o.Delivery, got)
				}
				for _, want := range c.q.Delivery {
					if len(c.q.Delivery) == 1 && o.DeliveryStatus() != want {
						t.Errorf("%s: %s is shown as %s", c.name, o.ID, o.DeliveryStatus())
					}
				}
			}
			equal(t, c.name, strings.Join(ids, " "), c.want)
			equal(t, c.name+": total", total, int64(len(ids)))
		}
	})
}

// What Amazon has called delivered stays so when its answers no longer list the
// packages, and is told so when its words say otherwise.
func TestDeliveredDoesNotFallBack(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, step := range []struct {
			packages []string
			want     ordersync.DeliveryStatus
			status   ordersync.OrderStatus
		}{
			{[]string{"IN_TRANSIT"}, "IN_TRANSIT", "SHIPPED"},
			{[]string{"DELIVERED"}, "DELIVERED", "DELIVERED"},
			{nil, "DELIVERED", "DELIVERED"},
			{[]string{"DELIVERED/RETURNING_TO_SELLER"}, "RETURNING", "SHIPPED"},
			{[]string{"UNDELIVERABLE/RETURNED_TO_SELLER"}, "RETURNED", "RETURNED"},
		} {
			d.page(l, order("1", time.Duration(i)*time.Minute, status("SHIPPED"), packages(step.packages...)))
			o := d.order("acme", "1")
			if o.Delivery != step.want || o.OrderStatus() != step.status {
				t.Errorf("after %v it is %s, %s", step.packages, o.OrderStatus(), o.Delivery)
			}
		}
		var told []string
		for _, m := range d.order("acme", "1").Timeline() {
			told = append(told, string(m.Kind))
		}
		equal(t, "timeline", told, []string{"placed", "shipped", "delivered"})
	})
}

// What was stored before is given the status that it would be given now.
func TestMigratedDeliveries(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		var orders []store.PageOrder
		all := []string{""}
		for _, row := range ordersync.OrderStatuses() {
			all = append(all, row.Amazon...)
		}
		some := [][]string{{}, {""}, {"CANCELLED"}, {"X"}, {"PENDING/X"}, {"DELIVERED", "DELIVERED/LABEL_CANCELLED"}, {"PENDING", "IN_TRANSIT"}, {"X/Y", "DELIVERED"}}
		for _, row := range ordersync.DeliveryStatuses() {
			for _, word := range row.Amazon {
				some = append(some, []string{word})
			}
			for _, word := range row.Detailed {
				some = append(some, []string{"IN_TRANSIT/" + word}, []string{"DELIVERED", "X/" + word})
			}
		}
		for _, word := range append(all, "ON_THE_MOON") {
			for _, of := range some {
				orders = append(orders, order(fmt.Sprint(1000+len(orders)), 0, status(word), packages(of...)))
			}
		}
		for len(orders) > 0 {
			n := min(100, len(orders))
			d.page(l, orders[:n]...)
			orders = orders[n:]
		}
		stored := d.rows(`SELECT order_id, status, delivery FROM orders ORDER BY order_id`)
		d.exec(`UPDATE orders SET delivery = ''`)
		for _, statement := range d.migration("0013_find_orders.sql", "UPDATE orders") {
			d.exec(statement)
		}
		equal(t, "migrated", d.rows(`SELECT order_id, status, delivery FROM orders ORDER BY order_id`), stored)
		folded := d.rows(`SELECT item_id, sku_folded FROM order_items ORDER BY 1, 2`)
		d.exec(`UPDATE order_items SET sku_folded = ''`)
		for _, statement := range d.migration("0013_find_orders.sql", "UPDATE order_items") {
			d.exec(statement)
		}
		equal(t, "SKUs", d.rows(`SELECT item_id, sku_folded FROM order_items ORDER BY 1, 2`), folded)
	})
}

// migration is the statements of a migration that begin with a text.
func (d *database) migration(name, beginning string) (out []string) {
	d.t.Helper()
	up, _, _ := strings.Cut(readFile(d.t, "migrations/"+string(d.kind)+"/"+name), "-- +goose Down")
	for statement := range strings.SplitSeq(up, ";\n") {
		if i := strings.Index(statement, beginning); i >= 0 {
			out = append(out, statement[i:])
		}
	}
	if len(out) == 0 {
		d.t.Fatalf("%s has no %s", name, beginning)
	}
	return out
}

// A search by what an id or a SKU begins with finds the same by either way: of few,
// gathered, and of many, met on the walk; page by page each order once, the newest
// first.
func TestSearchOfManyOrders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		const n = 12_000
		fillOrders(t, d.raw(), n, 1)
		mine := d.Reader().Tenant("fill-0")
		beginWith := func(text string) (some int) {
			for i := range n {
				if strings.HasPrefix(filledID(i+1), text) {
					some++
				}
			}
			return some
		}
		for _, c := range []struct {
			name    string
			q       store.OrdersQuery
			want    int
			counted bool
		}{
			{"whole id", store.OrdersQuery{Search: filledID(77)}, 1, true},
			{"beginning of ids", store.OrdersQuery{Search: "028-000"}, beginWith("028-000"), true},
			{"all ids", store.OrdersQuery{Search: "028-"}, n, false},
			{"whole SKU", store.OrdersQuery{Search: "SKU-00042"}, 3, true},
			{"SKU of the second item", store.OrdersQuery{Search: "sku-00042-X"}, 1, true},
			{"ten SKUs", store.OrdersQuery{Search: "sKu-0004"}, 30, true},
			{"all SKUs", store.OrdersQuery{Search: "sku-"}, n, false},
			{"middle of a SKU", store.OrdersQuery{Search: "00042"}, 0, true},
			{"anywhere", store.OrdersQuery{Search: "U-00042", Anywhere: true}, 3, true},
			{"anywhere, many", store.OrdersQuery{Search: "-", Anywhere: true}, n, false},
			{"all SKUs of one status", store.OrdersQuery{Search: "sku-", Status: []string{"PENDING"}}, n / 50, false},
			{"signs mean themselves", store.OrdersQuery{Search: "028_", Anywhere: true}, 0, true},
		} {
			seen := map[string]bool{}
			var last time.Time
			c.q.Limit = 100
			for pages := 0; ; pages++ {
				page, total, next, err := mine.OrdersPage(d.ctx, c.q)
				d.must(err)
				if c.counted && total != int64(c.want) || !c.counted && len(page) > 0 && total > int64(c.want) {
					t.Errorf("%s: total %d, want %d", c.name, total, c.want)
				}
				for _, o := range page {
					if seen[o.ID] || len(seen) > 0 && o.CreatedAt.After(last) {
						t.Fatalf("%s: order %s comes twice, or too late", c.name, o.ID)
					}
					seen[o.ID], last = true, o.CreatedAt
				}
				if c.q.After = next; next == (store.OrderMark{}) || pages == 5 {
					break
				}
			}
			if want := min(c.want, 600); len(seen) != want {
				t.Errorf("%s: %d orders, want %d", c.name, len(seen), want)
			}
		}
		by := func(offset int) string {
			page, _, _, err := mine.OrdersPage(d.ctx, store.OrdersQuery{Search: "sku-0004", Limit: 2, Offset: offset})
			d.must(err)
			return page[0].ID
		}
		equal(t, "by offset", by(2) != by(0) && by(0) == filledID(10_049), true)
	})
}

// Words of whatever length are stored, and found by how they begin: an index takes no
// more than the beginning.
func TestWordsOfAnyLength(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var letters strings.Builder // nothing that could be packed
		for r := rand.New(rand.NewPCG(1, 2)); letters.Len() < 20_000; {
			letters.WriteByte(byte('a' + r.IntN(26)))
		}
		long := letters.String()
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, sku(strings.ToUpper(long)), func(o *store.PageOrder) {
			o.Status, o.FulfilledBy, o.MarketplaceID = "S"+long, "F"+long, "M"+long
		}))
		o := d.order("acme", "1")
		if o.Items[0].SKU != strings.ToUpper(long) || o.Status != "S"+long[:63] || o.OrderStatus() != ordersync.OrderUnknown {
			t.Errorf("SKU of %d signs, status %s", len(o.Items[0].SKU), o.Status)
		}
		for _, q := range []store.OrdersQuery{{Search: long}, {Search: long[:7]}, {Search: long[3:40], Anywhere: true}, {Status: []string{"S" + long}}, {Marketplaces: []string{"M" + long}}} {
			if ids, _, _ := d.ordersPage("acme", q); len(ids) != 1 {
				t.Errorf("%.40s: %v", fmt.Sprint(q), ids)
			}
		}
	})
}

// An operator finds an order of any tenant by what it begins with, page by page each
// once.
func TestFindOrders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		a, b := d.connected("acme", "S1"), d.connected("bobs", "S1")
		again := d.connected("bobs", "S2")
		both := func(first, second string) func(*store.PageOrder) {
			return func(o *store.PageOrder) { o.Items[0].SKU, o.Items[1].SKU = first, second }
		}
		d.page(a, order("171-01", 0, both("Shoe-red", "shoe-blue")), order("171-02", 0, both("x", "y")), order("333", 0, both("171-x", "171-x")))
		d.page(b, order("171-01", 0, both("SHOE", "SHOE")), order("S01-1", 0, both("hat", "Shoe-red")))
		d.page(again, order("171-01", 0, both("hat", "hat")))
		find := func(search string, limit int) (out []string) {
			t.Helper()
			for after := (store.FindMark{}); ; {
				found, next, err := d.Reader().FindOrders(d.ctx, store.FindQuery{Search: search, Limit: limit, After: after})
				d.must(err)
				for _, o := range found {
					out = append(out, fmt.Sprint(o.Tenant, " ", o.Connection, " ", o.ID))
					if len(o.Items) != 2 || o.Region != ordersync.RegionEU {
						t.Errorf("order %s came with %d items, region %q", o.ID, len(o.Items), o.Region)
					}
				}
				if after = next; next == (store.FindMark{}) {
					return out
				}
			}
		}
		for _, c := range []struct {
			search string
			want   []string
		}{
			{"", nil},
			{"nothing", nil},
			{"%", nil},
			{"171-02", []string{"acme 1 171-02"}},
			{"171-01", []string{"acme 1 171-01", "bobs 2 171-01", "bobs 3 171-01"}},
			{"171-", []string{"acme 1 171-01", "bobs 2 171-01", "bobs 3 171-01", "acme 1 171-02", "acme 1 333"}},
			{"s01", []string{"bobs 2 S01-1"}},
			{"shoe", []string{"bobs 2 171-01", "acme 1 171-01", "bobs 2 S01-1"}},
			{"shoe-R", []string{"acme 1 171-01", "bobs 2 S01-1"}},
		} {
			for _, limit := range []int{0, 1, 2} {
				equal(t, fmt.Sprintf("%q by %d", c.search, limit), find(c.search, limit), c.want)
			}
		}
	})
}

// Lists and searches follow indexes: a list of whatever sort reads no order that it
// does not show, and what begins with a text is found without looking at the rest.
func TestOrdersAreFoundByIndex(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		fillOrders(t, d.raw(), 20_000, 20)
		mine := d.Reader().Tenant("fill-3")
		orderKey, itemKey, mySKUs := "orders_", "order_items_pkey", "order_items_" // Postgres knows how much each would read
		if d.kind == storetest.SQLite {
			orderKey, itemKey, mySKUs = "sqlite_autoindex_orders_1", "PRIMARY KEY", "order_items_sku"
			d.exec(`DELETE FROM sqlite_stat1`) // as in a file of which nobody knows anything
		}
		filtered := store.OrdersQuery{
			Status: []string{"SHIPPED", "UNKNOWN", "DELIVERED"}, AmazonStatus: []string{"SHIPPED"}, Delivery: []ordersync.DeliveryStatus{"DELAYED", "LOST"}, Marketplaces: []string{"X"},
			Channels: []ordersync.FulfillmentChannel{"FBM", "UNKNOWN"}, Connection: 4, From: begin.AddDate(-1, 0, 0), To: begin, UpdatedFrom: begin.AddDate(-1, 0, 0), UpdatedTo: begin,
		}
		query, args := mine.OrdersWalkQuery(store.OrdersQuery{})
		d.wantPlan(query, "orders_by_date", args...)
		if d.kind == storetest.SQLite { // Postgres weighs what else it may begin with
			for _, part := range []func(store.OrdersQuery) (string, []any){mine.OrdersWalkQuery, mine.OrdersCountQuery} {
				query, args := part(filtered)
				d.wantPlan(query, "COVERING INDEX orders_by_date", args...)
			}
		}
		for _, part := range []func(store.OrdersQuery) (string, []any){mine.FindsFewQuery, mine.FoundQuery} {
			query, args := part(store.OrdersQuery{Search: "028-0007919"})
			plan := d.plan(query, args...)
			if !strings.Contains(plan, orderKey) || !strings.Contains(plan, mySKUs) || strings.Contains(plan, "SCAN i") || strings.Contains(plan, "SCAN o") || strings.Contains(plan, "Seq Scan on order") {
				t.Errorf("the plan reads the whole table:\n%s", plan)
			}
		}
		d.wantPlan(store.FindIDs, "orders_by_id", "028-0007919", "028-00079191", "", "", 0, 51)
		d.wantPlan(store.FindSKUs, "order_items_any_sku", "sku-", "sku-z", "028-0", "028-1", "", "", 0, "", "", "sku-", 51)
		d.wantIndex(store.FindSKUs, itemKey, "sku-", "sku-z", "028-0", "028-1", "", "", 0, "", "", "sku-", 51)
		d.wantIndex(store.OrderChanges, "changes_by_order", "fill-3", 4, filledID(3))
	})
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
