package spapisim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ordersync/internal/spapisim"
)

// story does a bit of everything and returns a digest of all answers.
func story(t testing.TB, seed uint64) string {
	b := setup(t, func(c *spapisim.Config) { c.Seed = seed })
	digest := sha256.New()
	note := func(r reply) {
		_, _ = fmt.Fprintln(digest, r.status)
		b.must(r.header.Write(digest))
		digest.Write(r.body)
	}
	b.switches(func(sw *spapisim.Switches) {
		*sw = spapisim.DrawSwitches(seed)
		sw.MaxLatency = spapisim.Duration(time.Microsecond)
	})
	ids := b.generate(150, func(g *spapisim.Generate) { g.Odd, g.Unknown, g.Unreadable, g.Living = 0.2, 0.2, 0.1, true })
	b.fault(spapisim.Fault{Kind: spapisim.FaultInternal, Probability: 0.2})
	b.fault(spapisim.Fault{Kind: spapisim.FaultTruncated, Probability: 0.1})
	for i := range 60 {
		q := []string{"lastUpdatedAfter", ago(30 * time.Hour), "includedData", everything, "maxResultsPerPage", fmt.Sprint(10 + i)}
		r := b.get(searchPath, q...)
		note(r)
		var p wirePage
		if json.Unmarshal(r.body, &p) == nil && p.Pagination != nil {
			note(b.get(searchPath, with(q, "paginationToken", p.Pagination.NextToken)...))
		}
		note(b.get(searchPath+"/"+ids[i], "includedData", "FULFILLMENT"))
		note(b.get(participationPath))
		note(b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret))
		b.clock.Add(time.Minute)
	}
	return fmt.Sprintf("%x", digest.Sum(nil))
}

// TestSameSeedSameBytes: the same seed and the same calls give the same bytes,
// headers included; another seed gives others.
func TestSameSeedSameBytes(t *testing.T) {
	first := story(t, 11)
	for range 3 {
		if again := story(t, 11); again != first {
			t.Fatal("the same seed gave other bytes")
		}
	}
	if story(t, 12) == first {
		t.Error("another seed gave the same bytes")
	}
}

// TestSellersDoNotDisturbEachOther: what one seller draws does not depend on
// what others do in between.
func TestSellersDoNotDisturbEachOther(t *testing.T) {
	run := func(neighbour bool) (s string) {
		b := setup(t)
		_, refresh := b.addSeller("na")
		other := b.login(refresh)
		b.fault(spapisim.Fault{Kind: spapisim.FaultInternal, Probability: 0.5})
		for range 100 {
			r := b.get(searchPath, "createdAfter", at(start))
			s += fmt.Sprint(r.status, r.header.Get("X-Amzn-Requestid"), " ")
			if neighbour {
				mine := b.access
				b.access = other
				b.get(searchPath, "createdAfter", at(start))
				b.access = mine
			}
			b.clock.Add(time.Second)
		}
		return s
	}
	if run(false) != run(true) {
		t.Error("a neighbour's calls changed the draws")
	}
}

var (
	yen   = regexp.MustCompile(`^\d+$`)
	cents = regexp.MustCompile(`^\d+\.\d\d$`)
)

var orderID = regexp.MustCompile(`^\d{3}-\d{7}-\d{7}$`)

func TestGeneratedOrders(t *testing.T) {
	b := setup(t)
	b.must(b.sim.SetParticipations(b.seller.Key, []spapisim.Participation{{MarketplaceID: germany}, {MarketplaceID: japan}, {MarketplaceID: usa}, {MarketplaceID: france, NotActive: true}}))
	from, to := start.AddDate(0, 0, -60), start.AddDate(0, 0, -1)
	ids, err := b.sim.Generate(b.seller.Key, spapisim.Generate{N: 3000, From: from, To: to})
	b.must(err)
	truth, err := b.sim.Orders(b.seller.Key)
	b.must(err)
	if len(ids) != 3000 || len(truth) != 3000 {
		t.Fatalf("%d ids, %d orders", len(ids), len(truth))
	}
	seen, statuses, channels, markets, items := map[string]bool{}, map[string]int{}, map[string]int{}, map[string]int{}, map[int]int{}
	pricedPending, barePending := 0, 0
	for _, one := range truth {
		o := one.Order
		if seen[o.OrderID] || !orderID.MatchString(o.OrderID) {
			t.Fatalf("order id %s", o.OrderID)
		}
		seen[o.OrderID] = true
		if o.CreatedTime.Before(from) || o.LastUpdatedTime.After(to) || o.LastUpdatedTime.Before(o.CreatedTime) {
			t.Fatalf("%s: created %s, updated %s", o.OrderID, o.CreatedTime, o.LastUpdatedTime)
		}
		statuses[o.Fulfillment.FulfillmentStatus]++
		channels[o.SalesChannel.ChannelName]++
		markets[o.SalesChannel.MarketplaceID]++
		items[len(o.OrderItems)]++
		if o.Fulfillment.FulfillmentStatus == "PENDING" {
			if o.Proceeds == nil {
				barePending++
			} else {
				pricedPending++
			}
		}
		checkMoney(t, o)
		if len(o.Packages) > 0 && o.Fulfillment.FulfilledBy != "MERCHANT" {
			t.Errorf("%s: packages of an order that Amazon fulfils", o.OrderID)
		}
	}
	for _, status := range []string{"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"} {
		if statuses[status] == 0 {
			t.Errorf("no order is %s: %v", status, statuses)
		}
	}
	if channels["NON_AMAZON"] == 0 || len(markets) != 3 || len(items) != 4 || pricedPending == 0 || barePending == 0 {
		t.Errorf("%v %v %v, pending %d with and %d without prices", channels, markets, items, pricedPending, barePending)
	}
}

// checkMoney: amounts add up and are written as the currency is.
func checkMoney(t testing.TB, o spapisim.Order) {
	t.Helper()
	if o.Proceeds == nil {
		return
	}
	minor := func(m spapisim.Money) int {
		if !map[bool]*regexp.Regexp{true: yen, false: cents}[m.CurrencyCode == "JPY"].MatchString(m.Amount) {
			t.Fatalf("%s: %+v", o.OrderID, m)
		}
		n, err := strconv.Atoi(strings.Replace(m.Amount, ".", "", 1))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	sum := 0
	for _, row := range o.Proceeds.Breakdowns {
		if row.Type == "DISCOUNT" {
			sum -= minor(row.Subtotal)
		} else {
			sum += minor(row.Subtotal)
		}
	}
	if total := minor(*o.Proceeds.GrandTotal); total != sum || total <= 0 {
		t.Errorf("%s: total %d, rows %d", o.OrderID, total, sum)
	}
}

// TestLivingOrders: an order keeps its identity while it goes through its life.
func TestLivingOrders(t *testing.T) {
	b := setup(t)
	b.generate(200, func(g *spapisim.Generate) {
		g.Living, g.From, g.To = true, start.Add(-6*time.Hour), start.Add(6*time.Hour)
	})
	before, err := b.sim.Orders(b.seller.Key)
	b.must(err)
	if n := len(before); n < 80 || n > 120 {
		t.Errorf("%d of 200 orders exist at half time", n)
	}
	b.clock.Add(40 * 24 * time.Hour)
	after, err := b.sim.Orders(b.seller.Key)
	b.must(err)
	if len(after) != 200 {
		t.Fatalf("%d", len(after))
	}
	byID := map[string]spapisim.Order{}
	statuses := map[string]int{}
	for _, one := range after {
		byID[one.Order.OrderID] = one.Order
		statuses[one.Order.Fulfillment.FulfillmentStatus]++
	}
	moved := 0
	for _, one := range before {
		then, now := one.Order, byID[one.Order.OrderID]
		if then.Fulfillment.FulfillmentStatus != now.Fulfillment.FulfillmentStatus {
			moved++
		}
		if !then.CreatedTime.Equal(now.CreatedTime) || len(then.OrderItems) != len(now.OrderItems) ||
			then.OrderItems[0].OrderItemID != now.OrderItems[0].OrderItemID || then.Recipient.DeliveryAddress.Phone != now.Recipient.DeliveryAddress.Phone {
			t.Errorf("%s became another order", then.OrderID)
		}
	}
	if moved < 50 || statuses["SHIPPED"] < 140 || statuses["UNSHIPPED"] > 0 {
		t.Errorf("%d moved, %v", moved, statuses)
	}
}

func TestGenerateOptions(t *testing.T) {
	b := setup(t)
	count := func(g spapisim.Generate) (damaged, odd, unknown int) {
		g.From, g.To = start.Add(-10*time.Hour), start.Add(-time.Hour)
		ids, err := b.sim.Generate(b.seller.Key, g)
		b.must(err)
		for _, id := range ids {
			one, _ := b.sim.Order(b.seller.Key, id)
			if one.Damage != nil {
				damaged++
			}
			if one.Order.SalesChannel.ChannelName == "AMAZON_LIVE" {
				unknown++
			}
			if !slices.ContainsFunc([]string{"B0SIM"}, func(p string) bool { return strings.HasPrefix(one.Order.OrderItems[0].Product.ASIN, p) }) {
				t.Errorf("%+v", one.Order.OrderItems[0])
			}
			if !utf8.ValidString(one.Order.Recipient.DeliveryAddress.City) || strings.ContainsAny(one.Order.Recipient.DeliveryAddress.City, "\x00\ufeff\u202e\u2028<;\t\ue000\u0301") {
				odd++
			}
		}
		return damaged, odd, unknown
	}
	if damaged, odd, unknown := count(spapisim.Generate{N: 100}); damaged+odd+unknown != 0 {
		t.Errorf("%d %d %d", damaged, odd, unknown)
	}
	if damaged, odd, unknown := count(spapisim.Generate{N: 100, Unreadable: 1, Odd: 1, Unknown: 1}); damaged != 100 || odd != 100 || unknown != 100 {
		t.Errorf("%d %d %d", damaged, odd, unknown)
	}
	ids, err := b.sim.Generate(b.seller.Key, spapisim.Generate{N: 1, Items: 500, From: start.Add(-time.Hour), To: start, Marketplaces: []string{"A38D8NSA03LJTC"}})
	b.must(err)
	r := b.get(searchPath+"/"+ids[0], "includedData", everything)
	wantAnswer(t, r, 200, searchPath+"/{orderId}")
	if n := len(b.parseOrder(r)["orderItems"].([]any)); n != 500 {
		t.Errorf("%d items", n)
	}
	for _, bad := range []spapisim.Generate{{N: -1}, {N: 1, From: start, To: start.Add(-1)}, {N: 1, Items: -1}} {
		if _, err := b.sim.Generate(b.seller.Key, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestEverySellerHasOrdersOfItsOwn: two sellers of the same seed share nothing.
func TestEverySellerHasOrdersOfItsOwn(t *testing.T) {
	b := setup(t)
	mine := b.generate(300)
	b.seller, _ = b.addSeller("eu")
	theirs := b.generate(300)
	both := map[string]bool{}
	for _, id := range append(mine, theirs...) {
		both[id] = true
	}
	if len(both) != 600 {
		t.Errorf("%d different ids", len(both))
	}
}

func TestSwitchesAreChecked(t *testing.T) {
	for _, sw := range []spapisim.Switches{
		{Sort: "x"}, {Tokens: "x"}, {Life: "x"}, {Echo: "x"}, {Delay: "x"}, {Twice: "x"}, {TTL: -1}, {AppRate: -1}, {MinLatency: 2, MaxLatency: 1},
	} {
		if _, err := spapisim.New(spapisim.Config{Switches: sw}); err == nil {
			t.Errorf("%+v was taken", sw)
		}
	}
	for _, scale := range []float64{-1} {
		if _, err := spapisim.New(spapisim.Config{RateScale: scale}); err == nil {
			t.Errorf("scale %v was taken", scale)
		}
	}
	drawn := map[string]bool{}
	for seed := range uint64(200) {
		text, err := json.Marshal(spapisim.DrawSwitches(seed))
		if err != nil {
			t.Fatal(err)
		}
		drawn[string(text)] = true
		if _, err := spapisim.New(spapisim.Config{Switches: spapisim.DrawSwitches(seed)}); err != nil {
			t.Fatal(err)
		}
	}
	all := strings.Join(slices.Collect(maps.Keys(drawn)), "")
	for _, word := range []string{"updated-desc", "created", "offset", "walk", "page", "moving", "absent", "disagree", "generic", "shortPages", "seconds", "unknownFields", "personalRefused", "off"} {
		if !strings.Contains(all, word) {
			t.Errorf("200 seeds never draw %s", word)
		}
	}
}

// BenchmarkSearch reads pages of a hundred orders.
func BenchmarkSearch(b *testing.B) {
	x := setup(b, func(c *spapisim.Config) { c.RateScale = 1e12 })
	x.generate(2000)
	r := x.request(searchPath, "lastUpdatedAfter", ago(48*time.Hour), "includedData", everything)
	b.ReportAllocs()
	for b.Loop() {
		if got := x.do(r); got.status != 200 || !bytes.HasPrefix(got.body, []byte(`{"orders"`)) {
			b.Fatal(got.status)
		}
		x.clock.Add(time.Millisecond)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/order")
}
