package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzOrderText stores orders whose texts are anything that the adapter lets pass:
// they come back as they were stored, are found by their id and by the mark before
// them, and leave nothing of another order's behind.
func FuzzOrderText(f *testing.F) {
	d := storetest.OpenURL(f, storetest.New(f, storetest.SQLite), storetest.Clock(func() time.Time { return begin }))
	imported, err := d.ImportConnection(f.Context(), store.Import{Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", State: ordersync.Connected, Marketplaces: &[]string{french}})
	if err != nil {
		f.Fatal(err)
	}
	l, err := d.Claim(f.Context(), imported.Connection, "test", 100*time.Hour)
	if err != nil || l == nil {
		f.Fatal(l, err)
	}
	for _, seed := range []string{"", "plain", "Crème brûlée 漢字 \U0001f600", "'; DROP TABLE orders; --", `"\`, "%_!", "\x00\xff", "\u202e", "a\r\n\t", "\ufffd", "ſK"} {
		f.Add(seed, seed, int64(0), int64(len(seed)))
	}
	f.Add("028-1234567-1234567", "x", int64(-62135596800000), int64(1)<<53)
	f.Fuzz(func(t *testing.T, text, other string, at, quantity int64) {
		text, other = ordersync.CleanText(text), ordersync.CleanText(other)
		at = max(min(at, 253402300799999), -62135596800000) // the years that Amazon can write
		o := order("id-"+text, 0, func(o *store.PageOrder) {
			o.SellerOrderID, o.Status, o.Channel, o.MarketplaceName, o.Programs = other, text, other, text, []string{text, other}
			o.CreatedAt = time.UnixMilli(at).UTC()
			o.Items[0].Title, o.Items[0].SKU, o.Items[0].Quantity = text, other, quantity
			o.Packages[0].ID, o.Packages[0].TrackingNumber, o.Packages[0].Items = text, other, []ordersync.PackageItem{{OrderItemID: other, Quantity: quantity}}
			o.Raw = []byte(text)
		})
		// A greater version each time: an id may come again.
		o.LastUpdatedAt = begin
		if _, err := d.Commit(t.Context(), l, store.Commit{Page: &store.Page{Orders: []store.PageOrder{o}, Epoch: l.Epoch, Step: l.Step + 1}}); err != nil {
			t.Fatal(err)
		}
		got, err := d.Reader().Tenant("acme").Order(t.Context(), o.ID)
		if err != nil || len(got) != 1 {
			t.Fatalf("order %q is there %d times, %v", o.ID, len(got), err)
		}
		if diff := cmp.Diff(o.Order, got[0].Order, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it comes back otherwise (-stored +read):\n%s", diff)
		}
		page, _, _, err := d.Reader().Tenant("acme").OrdersPage(t.Context(), store.OrdersQuery{
			Status: []string{text}, From: o.CreatedAt, To: o.CreatedAt, Limit: 1, After: store.OrderMark{At: o.CreatedAt, OrderID: o.ID, Connection: imported.Connection + 1},
		})
		if err != nil || len(page) != 1 || page[0].ID != o.ID {
			t.Fatalf("behind its mark stand %d orders, %v", len(page), err)
		}
	})
}
