package store_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestMoneyIsKeptAsWritten(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, want := range []*ordersync.Money{
			{Amount: "5980", Currency: "JPY"}, {Amount: "0.10", Currency: "EUR"}, {Amount: "1e2", Currency: "USD"},
			{Amount: "-3.00", Currency: "EUR"}, {Amount: "+007.500", Currency: "EUR"}, {Amount: "0", Currency: ""},
			{Amount: "99999999999999999999.99999999999999999999", Currency: "EUR"}, nil,
		} {
			id := string(rune('a' + i))
			d.page(l, order(id, 0, func(o *store.PageOrder) {
				o.Total, o.Items[0].UnitPrice, o.Items[0].Total = want, want, want
			}))
			got := d.order("acme", id)
			equal(t, "total", got.Total, want)
			equal(t, "unit price", got.Items[0].UnitPrice, want)
			equal(t, "item total", got.Items[0].Total, want)
		}
	})
}

func TestWhatIsMissingStaysMissing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		bare := store.PageOrder{Order: ordersync.Order{
			ID: "1", CreatedAt: begin, LastUpdatedAt: begin, Groups: ordersync.GroupCore,
			Programs: []string{}, Items: []ordersync.Item{{ID: "1"}},
		}}
		d.page(l, bare)
		got := d.order("acme", "1")
		equal(t, "order", got.Order, bare.Order)
		equal(t, "missing fields", d.rows(`SELECT ship_from, ship_to, deliver_from, deliver_to, total_amount, total_currency FROM orders`), []string{"<nil> | <nil> | <nil> | <nil> | <nil> | <nil>"})
		equal(t, "missing fields of items", d.rows(`SELECT unit_amount, unit_currency, quantity_fulfilled, total_amount, total_currency FROM order_items`), []string{"<nil> | <nil> | <nil> | <nil> | <nil>"})
	})
}

func TestOrderWithoutItemsOrPackages(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0, func(o *store.PageOrder) { o.Items, o.Packages = nil, nil }))
		got := d.order("acme", "1")
		equal(t, "items", len(got.Items), 0)
		equal(t, "packages", len(got.Packages), 0)
		d.checkCounters(l.Connection.ID)
	})
}

func TestTimesAreKeptToTheMillisecond(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		paris := time.FixedZone("Paris", 3600)
		d.page(l, order("1", 0, func(o *store.PageOrder) {
			o.CreatedAt = time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
			o.LastUpdatedAt = time.Date(2026, 3, 1, 13, 0, 0, 1_999_999, paris)
			o.Packages[0].ShippedAt = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		}))
		got := d.order("acme", "1")
		equal(t, "created", got.CreatedAt, time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC))
		equal(t, "updated", got.LastUpdatedAt, time.Date(2026, 3, 1, 12, 0, 0, 1_000_000, time.UTC))
		equal(t, "shipped", got.Packages[0].ShippedAt, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	})
}

// Amazon's times may be finer than what is stored: the same version is met
// again, not a newer one.
func TestTimesFinerThanAMillisecondAreNoNewerVersion(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 500*time.Microsecond))
		counts := d.page(l, order("1", 500*time.Microsecond))
		equal(t, "orders changed", counts.OrdersChanged, int64(0))
		d.checkCounters(l.Connection.ID)
	})
}

func TestTextsOfAllKindsAreKept(t *testing.T) {
	texts := []string{
		`' OR 1=1; DROP TABLE orders; --`, `$1 ? :x @y`, "日本語 🎁 é ﷽", "right \u202Eto left", "line\nbreak\ttab", `back\slash "quoted"`,
		strings.Repeat("long ", 2_000), "",
	}
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		for i, text := range texts {
			id := string(rune('a' + i))
			want := order(id, 0, status(text), func(o *store.PageOrder) {
				o.Items[0].Title, o.Items[0].SKU, o.SellerOrderID, o.Programs = text, text, text, []string{text, "x"}
				o.Packages[0].TrackingNumber, o.Packages[0].Items = text, []ordersync.PackageItem{{OrderItemID: text, Quantity: 3}}
				o.Raw = []byte(text)
				if text == "" {
					o.Raw = nil
				}
			})
			d.page(l, want)
			if len(want.Status) > 1000 {
				want.Status = want.Status[:64] // words that stand in an index are cut
			}
			equal(t, "order", d.order("acme", id).Order, want.Order)
		}
	})
}

// The adapter cleans texts. Should one slip through that Postgres refuses, the
// page fails as a whole, and the same page without it can be committed.
func TestTextThatPostgresRefusesLeavesNothingHalfDone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		before := d.dump()
		for _, text := range []string{"nul \x00", "invalid \xff"} {
			c := pageOf(l, order("0", 0), order("1", time.Minute), order("2", 0, func(o *store.PageOrder) { o.Items[1].Title = text }))
			c.Repairs = []ordersync.Repair{{Code: ordersync.WalkRestarted}}
			c.Cursor = begin
			_, err := d.Commit(d.ctx, l, c)
			if d.kind == storetest.SQLite {
				d.must(err)
				continue // SQLite keeps any bytes
			}
			if err == nil {
				t.Fatalf("%q was stored", text)
			}
			equal(t, "database", d.dump(), before)
		}
		d.page(l, order("3", 0, func(o *store.PageOrder) { o.Items[1].Title = ordersync.CleanText("nul \x00 \xff") }))
		equal(t, "title", d.order("acme", "3").Items[1].Title, "nul \uFFFD \uFFFD")
		d.checkCounters(l.Connection.ID)
	})
}

func TestOrderWithAnItemTwiceLeavesNothingHalfDone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.page(l, order("1", 0))
		before := d.dump()
		_, err := d.Commit(d.ctx, l, pageOf(l, order("1", time.Minute, func(o *store.PageOrder) { o.Items = append(o.Items, item("11")) })))
		if err == nil {
			t.Fatal("an item was stored twice")
		}
		equal(t, "database", d.dump(), before)
		d.page(l, order("1", time.Minute))
	})
}
