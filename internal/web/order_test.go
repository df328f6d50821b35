package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// An order says how far it is, in our words and Amazon's, and why that is current.
func TestOrderPage(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		id := b.connect("acme")
		at := func(minutes int) time.Time { return boardStart.Add(time.Duration(minutes) * time.Minute) }
		sent := int64(2)
		order := func(updated int, change ...func(*store.PageOrder)) store.PageOrder {
			return anOrder(first, at(-300), append(change, func(o *store.PageOrder) {
				o.LastUpdatedAt, o.SellerOrderID, o.ServiceLevel = at(updated), "my-1", "STANDARD"
				o.ShipBy.Latest, o.DeliverBy = at(600), ordersync.TimeRange{Earliest: at(3000), Latest: at(6000)}
				o.Total = &ordersync.Money{Amount: "1184.9", Currency: "EUR"}
				o.Items = []ordersync.Item{
					{ID: "7", SKU: "LAMP-OAK-01", ASIN: "B0C7Q2M4LX", Title: "Desk lamp, oak & brass", Quantity: 2, QuantityFulfilled: &sent, UnitPrice: &ordersync.Money{Amount: "592.45", Currency: "EUR"}, Total: &ordersync.Money{Amount: "1184.90", Currency: "EUR"}},
					{ID: "8", SKU: "BULB", Quantity: 1},
				}
				o.Raw = []byte(`{"orderId":"028-0000000-0000001","n":12345678901234567890.10,"$reduced":{"buyer.buyerName":"string"}}`)
			})...)
		}
		b.stores(id, order(-290))
		b.now = at(10)
		whole := store.Covered{Window: ordersync.Window{From: at(-400), To: at(5)}, Marketplaces: []string{frenchMarket}, Begun: at(9), Confirmed: true, Wanted: map[string]time.Time{frenchMarket: at(-100000)}}
		b.settle(id, ordersync.Outcome{Reason: ordersync.Success}, func(c *store.Commit) {
			c.Page, c.Covered, c.Cursor = &store.Page{Orders: []store.PageOrder{order(4, func(o *store.PageOrder) {
				o.Status = "SHIPPED"
				o.Packages = []ordersync.Package{
					{ID: "1", Status: "IN_TRANSIT", DetailedStatus: "AT_DESTINATION_FC", Carrier: "DHL", TrackingNumber: "00340434161094042557", ShippedAt: at(2), Items: []ordersync.PackageItem{{OrderItemID: "7", Quantity: 2}}},
					{ID: "2", Status: "DELIVERED", Carrier: "la poste", TrackingNumber: "RR482910337FR"},
				}
			})}}, &whole, at(5)
		})
		operator := b.signedIn("")
		path := "/orders/acme/1/" + first
		operator.get("/orders?tenant=acme").has(t, `href="`+path+`"`)
		operator.get(path).has(t, "<title>Order "+first, "acme, Europe", "France", "my-1", `href="https://sellercentral-europe.amazon.com/orders-v3/order/`+first+`" rel="noopener noreferrer"`,
			"Shipped", "Amazon says <code>SHIPPED</code>", "In transit", "2 packages, 1 delivered", "to be shipped by", "to arrive", "STANDARD", "shipped by the seller (FBM)",
			"2 lines, 3 pieces", "LAMP-OAK-01", "Desk lamp, oak &amp; brass", "2 shipped", "€592.45", "€1,184.90", "BULB", "not yet known", "Order total, EUR", "€1,184.90",
			"LAMP-OAK-01 × 2", "DHL", `rel="noopener noreferrer">00340434161094042557`, "<code>IN_TRANSIT AT_DESTINATION_FC</code>", "La Poste", "RR482910337FR",
			"Placed", "Package 1 shipped",
			"Status <del>UNSHIPPED</del> became <ins>SHIPPED</ins>; changed: items and their like, fulfilment", "change 2", "First seen as <ins>UNSHIPPED</ins>",
			"Every change that Amazon shows was read until", "12:05:00", "this is the newest of the order", "Up to date", "ordersync explain acme "+first+" --ask-amazon",
			"12345678901234567890.10", "buyer.buyerName")
		french := b.signedIn("acme")
		french.header.Set("Accept-Language", "fr")
		a := french.get(path)
		a.has(t, "Commande "+first, "Expédiée", "Amazon dit", "SHIPPED", "2 colis, livrés"+noBreak+": 1", "1"+narrowSpace+"184,90"+noBreak+"€", "pas encore connu", "Pourquoi ceci est à jour")
		if strings.Contains(a.text, "ordersync explain") {
			t.Error("a tenant is told to work on the machine")
		}
		// What its fragments send while somebody looks is the same.
		for _, name := range orderScreen().live {
			if !strings.Contains(a.text, `id="`+name+`"`) {
				t.Errorf("%s has no place", name)
			}
		}
	})
}

// Another tenant's order is no order at all, nor is one under another connection.
func TestOrderOfAnother(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		fillOrdersBoard(b)
		mine, operator := b.signedIn("acme"), b.signedIn("")
		for path, want := range map[string]int{"/orders/acme/1/" + first: http.StatusOK, "/orders/beta/2/" + fourth: http.StatusNotFound, "/orders/beta/1/" + first: http.StatusNotFound, "/orders/nobody/1/x": http.StatusNotFound} {
			if a := mine.get(path); a.status != want || want != http.StatusOK && strings.Contains(a.text, "LAMP") {
				t.Errorf("%s is answered %d to acme", path, a.status)
			}
		}
		for _, path := range []string{"/orders/acme/2/" + first, "/orders/beta/1/" + first, "/orders/acme/01/" + first, "/orders/acme/x/" + first, "/orders/acme/1/028", "/orders/a%2Fb/1/" + first, "/orders/acme/1/%00"} {
			if a := operator.get(path); a.status != http.StatusNotFound {
				t.Errorf("%s is answered %d", path, a.status)
			}
		}
		if a := b.visitor().get("/orders/acme/1/" + first); a.status != http.StatusSeeOther {
			t.Errorf("nobody is answered %d", a.status)
		}
	})
}

// What sellers and Amazon write is text, wherever it stands, and no link but one over
// https.
func TestHostileOrder(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		id := b.connect("acme")
		const odd = `4/0 4?"><script>alert(1)</script>#é`
		o := anOrder(odd, boardStart.Add(-time.Hour), func(o *store.PageOrder) {
			o.Status, o.FulfilledBy, o.ServiceLevel, o.SellerOrderID, o.MarketplaceID = "NEW"+hostile, "ROBOT"+hostile, hostile, hostile, hostile
			o.Total = &ordersync.Money{Amount: "1", Currency: hostile}
			o.Items = []ordersync.Item{{ID: "1", SKU: hostile, ASIN: hostile, Title: hostile, Quantity: 1}}
			o.Raw = []byte(`{"orderId":"</code></pre><script>alert(1)</script>","n":1.10}`)
			for i, number := range []string{"javascript:alert(1)//1234567", "https://evil.example/1234567", hostile, "1234567890 ", strings.Repeat("9", 400), ""} {
				o.Packages = append(o.Packages, ordersync.Package{ID: fmt.Sprint(i, hostile), Status: "LOST_IN_SPACE" + hostile, Carrier: hostile, ShippingService: hostile, TrackingNumber: number, Items: []ordersync.PackageItem{{OrderItemID: hostile, Quantity: 2}}})
			}
		})
		b.stores(id, o)
		operator := b.signedIn("")
		list := ordersOn(operator.get("/orders?tenant=acme"))
		if len(list) != 1 {
			t.Fatal(list)
		}
		a := operator.get(list[0])
		a.has(t, "unknown to us", "ROBOT", "unknown to us", "&lt;script&gt;", "unknown to us", "&#34;n&#34;: 1.10")
		for _, bad := range []string{"<script>alert", "ZgotmplZ", "%!", `href="javascript`, "href=\"https://evil", "explain acme", "sellercentral"} {
			if strings.Contains(a.text, bad) {
				t.Errorf("%q stands in\n%s", bad, a.text)
			}
		}
		for _, link := range outside.FindAllStringSubmatch(a.text, -1) {
			if u, err := url.Parse(link[1]); err != nil || u.Scheme != "https" || !strings.Contains(link[0], `rel="noopener noreferrer"`) {
				t.Errorf("%s leads out as it must not", link[0])
			}
		}
		if n := strings.Count(a.text, "1234567890"); n == 0 {
			t.Error("a number is missing")
		}
	})
}

// A large order is shown in part, and says so.
func TestLargeOrder(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	id := b.connect("acme")
	b.stores(id, anOrder(first, boardStart.Add(-time.Hour), func(o *store.PageOrder) {
		for i := range 3000 {
			o.Items = append(o.Items, ordersync.Item{ID: fmt.Sprint("i", i), SKU: "S", Title: strings.Repeat("t", 100), Quantity: 1})
			o.Packages = append(o.Packages, ordersync.Package{ID: fmt.Sprint(i), Status: "DELIVERED", Carrier: "UPS", TrackingNumber: fmt.Sprint(10000000 + i)})
		}
		o.Raw = []byte(`{"é":["` + strings.Repeat("é€", 100_000) + `"]}`)
	}))
	a := b.signedIn("").get("/orders/acme/1/" + first)
	a.has(t, "3,001 lines", "and 2,801 more", "and 2,900 more", "the end is left out here")
	if len(a.text) > 300_000 || strings.Contains(a.text, "\uFFFD") {
		t.Errorf("the page has %d bytes", len(a.text))
	}
}

// A version that could not be stored is told beside the one that stands.
func TestOrderSetAside(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		id := b.connect("acme")
		b.stores(id, anOrder(first, boardStart.Add(-time.Hour)))
		b.now = boardStart.Add(time.Hour)
		b.settle(id, ordersync.Outcome{Reason: ordersync.Success}, func(c *store.Commit) {
			c.Page = &store.Page{Unreadable: []ordersync.Unreadable{{OrderID: first, Key: first, Cause: "proceeds.grandTotal: <string>", Body: []byte("{}")}}}
		})
		b.signedIn("").get("/orders/acme/1/"+first).has(t, "A newer version could not be read or stored", "proceeds.grandTotal: &lt;string&gt;", "It is tried again", "Its last change lies in no window")
	})
}

// outside are the links that lead out.
var outside = regexp.MustCompile(`<a [^>]*href="([a-z]+:[^"]*)"[^>]*>`)
