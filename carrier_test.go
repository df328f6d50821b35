package ordersync_test

import (
	"net/url"
	"strings"
	"testing"

	"ordersync"
)

func TestTrackingLink(t *testing.T) {
	for _, test := range []struct{ carrier, number, name, link string }{
		{"Colissimo", "6A00000000001", "Colissimo", "https://www.laposte.fr/outils/suivre-vos-envois?code=6A00000000001"},
		{"LA POSTE - Lettre suivie", "2L00000000001", "La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code=2L00000000001"},
		{"colis privé", "AB1234567", "Colis Privé", "https://www.colisprive.com/moncolis/pages/detailColis.aspx?numColis=AB1234567"},
		{"Mondial Relay", " 12345678 ", "Mondial Relay", "https://www.mondialrelay.fr/suivi-de-colis/?numeroExpedition=12345678"},
		{"UPS Mail Innovations", "1Z999AA10123456784", "UPS", "https://www.ups.com/track?tracknum=1Z999AA10123456784"},
		{"GROUPSTAR", "1234567", "", "https://t.17track.net/en#nums=1234567"}, // UPS is no word of it
		{"DPD UK", "15501234567890", "DPD UK", "https://track.dpd.co.uk/search?reference=15501234567890"},
		{"DPD", "01234567890", "DPD", "https://tracking.dpd.de/status/en_US/parcel/01234567890"},
		{"DHL Paket", "00340434", "DHL Paket", "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=00340434"},
		{"DHL eCommerce", "00340434", "DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=00340434"},
		{"AMZN_UK", "QA0123456789", "Amazon", "https://track.amazon.com/tracking/QA0123456789"},
		{"PostNL", "3SABCD1234567", "PostNL", "https://t.17track.net/en#nums=3SABCD1234567"},
		{"", "LX123456789CN", "", "https://t.17track.net/en#nums=LX123456789CN"},
		{"Somebody", "AB 12/34-56&x=1#", "", ""},
		{"GLS", "AB 12/34-56", "GLS", "https://gls-group.com/GROUP/en/parcel-tracking?match=AB%2012%2F34-56"},
		{"Colissimo", "", "Colissimo", ""},
		{"Colissimo", "handed over", "Colissimo", ""},
		{"Colissimo", "12345", "Colissimo", ""},
		{"Colissimo", strings.Repeat("1", 41), "Colissimo", ""},
		{"Colissimo", "12345é67", "Colissimo", ""},
	} {
		c, _ := ordersync.FindCarrier(test.carrier)
		if got := ordersync.TrackingLink(test.carrier, test.number); got != test.link || c.Name != test.name {
			t.Errorf("%s %q: %q at %q, want %q at %q", test.carrier, test.number, c.Name, got, test.name, test.link)
		}
	}
}

// Each row is found by each of its words, and its page is one over https that holds
// the number.
func TestCarrierTableIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, c := range ordersync.Carriers() {
		if names[c.Name] {
			t.Errorf("%s stands twice", c.Name)
		}
		names[c.Name] = true
		for _, word := range append([]string{c.Name}, c.Words...) {
			if got, ok := ordersync.FindCarrier(word); !ok || got.Name != c.Name {
				t.Errorf("%s is found as %q", word, got.Name)
			}
		}
		if c.Link != "" && (strings.Count(c.Link, "{number}") != 1 || !strings.HasPrefix(c.Link, "https://")) {
			t.Errorf("the link of %s is %s", c.Name, c.Link)
		}
	}
	if len(names) < 27 {
		t.Errorf("only %d carriers are known", len(names))
	}
}

func TestOrderTracking(t *testing.T) {
	const french, order = "A13V1IB3VIYZZH", "028-1234567-1234567"
	tracked := func(status, number string) ordersync.Package {
		return ordersync.Package{Status: status, Carrier: "Colissimo", TrackingNumber: number}
	}
	for _, test := range []struct {
		name  string
		order ordersync.Order
		want  ordersync.Tracking
	}{
		{"nothing", ordersync.Order{ID: order}, ordersync.Tracking{Source: "NOT_AVAILABLE"}},
		{"by Amazon", ordersync.Order{ID: order, FulfilledBy: "AMAZON", MarketplaceID: french},
			ordersync.Tracking{Source: "AMAZON_FBA", Carrier: "Amazon", Link: "https://sellercentral-europe.amazon.com/orders-v3/order/" + order}},
		{"by Amazon, somewhere", ordersync.Order{ID: order, FulfilledBy: "AMAZON", MarketplaceID: "X"}, ordersync.Tracking{Source: "AMAZON_FBA", Carrier: "Amazon"}},
		{"the one that goes", ordersync.Order{Packages: []ordersync.Package{tracked("CANCELLED", "1111111"), tracked("SHIPPED", ""), tracked("SHIPPED", "2222222"), tracked("SHIPPED", "3333333")}},
			ordersync.Tracking{Source: "ORDERS_API", Carrier: "Colissimo", Number: "2222222", Link: "https://www.laposte.fr/outils/suivre-vos-envois?code=2222222"}},
		{"without a number", ordersync.Order{Packages: []ordersync.Package{{Carrier: "Owl post"}}}, ordersync.Tracking{Source: "NOT_AVAILABLE", Carrier: "Owl post"}},
	} {
		if got := test.order.Tracking(); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// Whatever sellers write, a link is one to the carrier's host over https, and the
// number in it means itself.
func FuzzTrackingLink(f *testing.F) {
	for _, seed := range [][2]string{{"Colissimo", "6A00000000001"}, {"DPD", "1/../..\\//evil.example"}, {"", "javascript:alert(1)"}, {"GLS", "12 34 56 7"}, {"É\xff", "123456\x00"}} {
		f.Add(seed[0], seed[1])
	}
	hosts := map[string]bool{"t.17track.net": true}
	for _, c := range ordersync.Carriers() {
		if u, err := url.Parse(c.Link); err == nil {
			hosts[u.Host] = true
		}
	}
	f.Fuzz(func(t *testing.T, carrier, number string) {
		link := ordersync.TrackingLink(carrier, number)
		if link == "" {
			return
		}
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" || !hosts[u.Host] || u.User != nil {
			t.Fatalf("%q, %q: %q, %v", carrier, number, link, err)
		}
		if said, err := url.PathUnescape(link); err != nil || !strings.Contains(said, strings.TrimSpace(number)) {
			t.Fatalf("%q, %q: %q does not hold the number", carrier, number, link)
		}
		page := ordersync.OrderPage("A13V1IB3VIYZZH", number)
		if u, err := url.Parse(page); err != nil || u.Host != "sellercentral-europe.amazon.com" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("order %q: %q, %v", number, page, err)
		}
	})
}
