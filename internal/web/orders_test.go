package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// anOrder is an order of which tests change what they need.
func anOrder(id string, at time.Time, change ...func(*store.PageOrder)) store.PageOrder {
	o := store.PageOrder{Order: ordersync.Order{
		ID: id, CreatedAt: at, LastUpdatedAt: at, Channel: "AMAZON", MarketplaceID: frenchMarket, MarketplaceName: "Amazon.fr", Status: "UNSHIPPED",
		FulfilledBy: "MERCHANT", Total: &ordersync.Money{Amount: "30.5", Currency: "EUR"}, Groups: ordersync.OrderGroups, Raw: []byte(`{"orderId":"` + id + `"}`),
		Items: []ordersync.Item{{ID: "1", SKU: "LAMP-OAK-01", ASIN: "B0C7Q2M4LX", Title: "Desk lamp", Quantity: 1}},
	}}
	for _, f := range change {
		f(&o)
	}
	for i := range o.Digests {
		o.Digests[i] = uint64(o.LastUpdatedAt.UnixNano())
	}
	return o
}

// stores stores orders as a worker does that is up to date then.
func (b *board) stores(id ordersync.ConnectionID, orders ...store.PageOrder) {
	b.t.Helper()
	b.settle(id, ordersync.Outcome{Reason: ordersync.Success}, func(c *store.Commit) { c.Page = &store.Page{Orders: orders} })
}

var orderLinks = regexp.MustCompile(`<a class="mono" href="(/orders/[^"]+)">`)

// ordersOn are the orders that a list links to.
func ordersOn(a shown) (out []string) {
	for _, m := range orderLinks.FindAllStringSubmatch(a.text, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

const (
	first, second, third, fourth = "028-0000000-0000001", "028-0000000-0000002", "113-0000000-0000003", "404-0000000-0000004"
	hostile                      = `"><script>alert(1)</script>'`
)

// fillOrdersBoard makes four orders of two tenants, one of them hostile.
func fillOrdersBoard(b *board) {
	name := "Lumen & Lathe"
	acme := b.connect("acme", func(in *store.Import) { in.DisplayName = &name })
	beta := b.connect("beta", func(in *store.Import) { in.Region, in.SellerID = ordersync.RegionNA, "S2" })
	hour := func(n int) time.Time { return b.now.Add(-time.Duration(n) * time.Hour) }
	b.stores(acme,
		anOrder(first, hour(50), func(o *store.PageOrder) { o.Status, o.FulfilledBy = "SHIPPED", "AMAZON" }),
		anOrder(second, hour(3), func(o *store.PageOrder) {
			o.ShipBy.Latest = hour(1)
			o.Items = append(o.Items, ordersync.Item{ID: "2", SKU: "Bulb-1", Quantity: 4})
		}),
		anOrder(third, hour(2), func(o *store.PageOrder) {
			o.Status, o.MarketplaceID, o.Total, o.Items[0].SKU = "INVENTED"+hostile, "A1PA6795UKMFR9", nil, hostile
			o.Packages = []ordersync.Package{{ID: "1", Status: "IN_TRANSIT", Carrier: "DHL " + hostile, TrackingNumber: "javascript:alert(1)//1234567"}}
		}))
	b.stores(beta, anOrder(fourth, hour(1), func(o *store.PageOrder) { o.MarketplaceID = "ATVPDKIKX0DER" }))
}

func TestOrdersAreFoundByWhatIsAsked(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		fillOrdersBoard(b)
		of := func(ids ...string) (out []string) {
			for _, id := range ids {
				if id == fourth {
					out = append(out, "/orders/beta/2/"+id)
				} else {
					out = append(out, "/orders/acme/1/"+id)
				}
			}
			return out
		}
		operator := b.signedIn("")
		for query, want := range map[string][]string{
			"":                                nil,
			"q=028":                           of(first, second),
			"q=lamp":                          of(first, second, fourth),
			"q=OAK":                           nil,
			"q=%22%3e":                        of(third),
			"status=PENDING":                  nil,
			"q=028&from=2026-01-01":           nil, // filters want a tenant
			"tenant=acme":                     of(third, second, first),
			"tenant=beta":                     of(fourth),
			"tenant=nobody":                   nil,
			"tenant=acme&q=lamp":              of(second, first),
			"tenant=acme&q=BULB":              of(second),
			"tenant=acme&status=SHIPPED":      of(first),
			"tenant=acme&status=UNKNOWN":      of(third),
			"tenant=acme&delivery=DELAYED":    of(second),
			"tenant=acme&delivery=IN_TRANSIT": of(third),
			"tenant=acme&marketplace=" + frenchMarket: of(second, first),
			"tenant=acme&channel=FBA":                 of(first),
			"tenant=acme&channel=FBM":                 of(third, second),
			"tenant=acme&to=2026-02-27":               of(first),
			"tenant=acme&from=2026-02-28":             of(third, second),
			"tenant=acme&changed=2026-02-28":          of(third, second),
			"tenant=acme&from=2026-02-27&to=2026-02-27&status=SHIPPED&delivery=&channel=": of(first),
		} {
			a := operator.get("/orders?" + query)
			if have := ordersOn(a); a.status != http.StatusOK || !slices.Equal(have, want) {
				t.Errorf("%s: %d %v, want %v", query, a.status, have, want)
			}
			if strings.Contains(a.text, "<script>alert") || strings.Contains(a.text, "ZgotmplZ") || strings.Contains(a.text, "%!") {
				t.Errorf("%s: a value did not fit its place", query)
			}
		}
		for query, want := range map[string]string{
			"":                                  "Which orders?",
			"q=x&status=PENDING":                "These filters are for one tenant",
			"tenant=ac":                         "There is no tenant ac",
			"tenant=acme&q=404-0000000-0000004": "ordersync explain acme 404-0000000-0000004 --ask-amazon",
			"q=nothing":                         "No order is like this",
		} {
			if a := operator.get("/orders?" + query); !strings.Contains(a.text, want) {
				t.Errorf("%s: %q is missing in\n%s", query, want, a.text)
			}
		}
		operator.get("/orders?tenant=ac").has(t, `<a href="/orders?tenant=acme">Lumen &amp; Lathe</a>`)
		operator.get("/orders?tenant=acme").has(t, third, "&#34;&gt;&lt;script&gt;", "Lumen &amp; Lathe", ">DE<", "Unknown to this version", "unknown to us", "In transit", "not yet known",
			second, "LAMP-OAK-01 &#43; 1 more", "To be shipped", "UNSHIPPED", "Late", "ship by", "€30.50")
		for _, query := range []string{"status=SENT", "delivery=SENT", "channel=x", "from=yesterday", "to=2026-13-01", "changed=1", "from=2026-02-02&to=2026-02-01", "tenant=a/b", "tenant=acme&after=x", "tenant=acme&after=1-x-y", "q=a&after=%25", "q=a&after=W10", "q=" + strings.Repeat("x", 101), "tenant=acme&marketplace=" + strings.Repeat("x", 101)} {
			if a := operator.get("/orders?" + query); a.status != http.StatusBadRequest {
				t.Errorf("%s answers %d", query, a.status)
			}
		}
		french := b.signedIn("")
		french.header.Set("Accept-Language", "fr")
		french.get("/orders?tenant=acme&q=028").has(t, "Commandes", "Celles d’un client", "À expédier", "En retard", "à expédier avant", "30,50"+noBreak+"€", "2 commandes sur cette page")
	})
}

// A tenant's key sees its own orders, whatever it asks for.
func TestOrdersOfOneTenant(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		fillOrdersBoard(b)
		mine := b.signedIn("acme")
		for _, query := range []string{"", "?q=", "?q=028", "?q=404", "?q=lamp", "?tenant=acme", "?status=CONFIRMED", "?after=1772366400000-2-z"} {
			a := mine.get("/orders" + query)
			for _, href := range ordersOn(a) {
				if !strings.HasPrefix(href, "/orders/acme/") {
					t.Errorf("%s shows %s to acme", query, href)
				}
			}
			if a.status != http.StatusOK || strings.Contains(a.text, "beta") || strings.Contains(a.text, "explain") || strings.Contains(a.text, `name="tenant"`) {
				t.Errorf("%s is answered %d, or tells of others:\n%s", query, a.status, a.text)
			}
		}
		if have := ordersOn(mine.get("/orders")); len(have) != 3 {
			t.Errorf("its own: %v", have)
		}
		for _, query := range []string{"?tenant=beta", "?tenant=beta&q=404", "?tenant=nobody"} {
			if a := mine.get("/orders" + query); a.status != http.StatusNotFound {
				t.Errorf("%s is answered %d to acme", query, a.status)
			}
		}
	})
}

// Pages follow each other, and each order is on one of them.
func TestOrdersPages(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		acme := b.connect("acme")
		beta := b.connect("beta", func(in *store.Import) { in.SellerID = "S2" })
		for _, id := range []ordersync.ConnectionID{acme, beta} {
			var orders []store.PageOrder
			for i := range 120 {
				orders = append(orders, anOrder(fmt.Sprintf("%03d-0000000-%07d", i%3, i), b.now.Add(-time.Duration(i/7)*time.Hour), func(o *store.PageOrder) { o.Items[0].SKU = fmt.Sprint("Sku-", i%5) }))
			}
			b.stores(id, orders...)
		}
		operator := b.signedIn("")
		for path, want := range map[string]int{"/orders?tenant=acme": 120, "/orders?tenant=beta&q=sku": 120, "/orders?q=sku-": 240, "/orders?q=0": 240} {
			seen := map[string]bool{}
			next := path
			for pages := 0; next != ""; pages++ {
				a := operator.get(next)
				have := ordersOn(a)
				if a.status != http.StatusOK || len(have) == 0 || pages > 5 {
					t.Fatalf("%s: %d", next, a.status)
				}
				for _, href := range have {
					if seen[href] {
						t.Errorf("%s: %s stands twice", path, href)
					}
					seen[href] = true
				}
				next = ""
				if link := nextPageLink.FindStringSubmatch(a.text); link != nil {
					next = html.UnescapeString(link[1])
				}
			}
			if len(seen) != want {
				t.Errorf("%s: %d orders, want %d", path, len(seen), want)
			}
		}
	})
}

// What comes back in an address is read as it was written, and nothing else fails hard.
func FuzzOrderMarks(f *testing.F) {
	f.Add("1772366400000-2-028-0000000-0000001")
	f.Add("WyJhY21lIiwiMSIsIm8iLCJzIiwiaSJd")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseOrderMark(text); err == nil {
			if again, err := parseOrderMark(orderMarkText(m)); err != nil || again != m {
				t.Errorf("%q: %v, then %v %v", text, m, again, err)
			}
		}
		if m, err := parseFindMark(text); err == nil {
			if again, err := parseFindMark(findMarkText(m)); err != nil || again != m {
				t.Errorf("%q: %v, then %v %v", text, m, again, err)
			}
		}
		if _, err := url.Parse(orderHref("acme", 1, text)); err != nil {
			t.Error(err)
		}
	})
}
