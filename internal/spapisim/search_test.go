package spapisim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const generic = "The input you have submitted is not valid. Please check your input and try again."

func TestSearchRules(t *testing.T) {
	ago := func(d time.Duration) string { return at(start.Add(-d)) }
	many := strings.TrimSuffix(strings.Repeat("A1PA6795UKMFR9,", 51), ",")
	for _, c := range []struct {
		name   string
		query  []string
		status int
	}{
		{"updated", []string{"lastUpdatedAfter", ago(time.Hour)}, 200},
		{"created", []string{"createdAfter", ago(time.Hour)}, 200},
		{"offset and fraction", []string{"createdAfter", "2026-11-23T10:30:00.123+02:00"}, 200},
		{"date alone", []string{"createdAfter", "2026-11-20"}, 200},
		{"no date", nil, 400},
		{"both afters", []string{"lastUpdatedAfter", ago(time.Hour), "createdAfter", ago(time.Hour)}, 400},
		{"before without after", []string{"lastUpdatedBefore", ago(time.Hour)}, 400},
		{"before of the other kind", []string{"lastUpdatedAfter", ago(time.Hour), "createdBefore", ago(10 * time.Minute)}, 400},
		{"before of both kinds", []string{"lastUpdatedAfter", ago(time.Hour), "lastUpdatedBefore", ago(10 * time.Minute), "createdBefore", ago(10 * time.Minute)}, 400},
		{"before equals after", []string{"lastUpdatedAfter", ago(time.Hour), "lastUpdatedBefore", ago(time.Hour)}, 200},
		{"before is earlier", []string{"lastUpdatedAfter", ago(time.Hour), "lastUpdatedBefore", ago(2 * time.Hour)}, 400},
		{"exactly two minutes", []string{"lastUpdatedAfter", ago(time.Hour), "lastUpdatedBefore", ago(2 * time.Minute)}, 200},
		{"less than two minutes", []string{"lastUpdatedAfter", ago(time.Hour), "lastUpdatedBefore", ago(2*time.Minute - time.Millisecond)}, 400},
		{"future", []string{"lastUpdatedAfter", ago(-time.Minute)}, 400},
		{"now", []string{"lastUpdatedAfter", ago(0)}, 200},
		{"garbage date", []string{"lastUpdatedAfter", "yesterday"}, 400},
		{"impossible date", []string{"lastUpdatedAfter", "2026-02-30T00:00:00Z"}, 400},
		{"page size 1", []string{"createdAfter", ago(time.Hour), "maxResultsPerPage", "1"}, 200},
		{"page size 100", []string{"createdAfter", ago(time.Hour), "maxResultsPerPage", "100"}, 200},
		{"page size 0", []string{"createdAfter", ago(time.Hour), "maxResultsPerPage", "0"}, 400},
		{"page size 101", []string{"createdAfter", ago(time.Hour), "maxResultsPerPage", "101"}, 400},
		{"page size text", []string{"createdAfter", ago(time.Hour), "maxResultsPerPage", "many"}, 400},
		{"marketplaces", []string{"createdAfter", ago(time.Hour), "marketplaceIds", germany + "," + france}, 200},
		{"51 marketplaces", []string{"createdAfter", ago(time.Hour), "marketplaceIds", many}, 400},
		{"marketplace of another region", []string{"createdAfter", ago(time.Hour), "marketplaceIds", usa}, 403},
		{"statuses", []string{"createdAfter", ago(time.Hour), "fulfillmentStatuses", "PENDING,CANCELLED"}, 200},
		{"status in the old spelling", []string{"createdAfter", ago(time.Hour), "fulfillmentStatuses", "Shipped"}, 400},
		{"status the model lacks", []string{"createdAfter", ago(time.Hour), "fulfillmentStatuses", "INVOICE_UNCONFIRMED"}, 400},
		{"fulfilled by", []string{"createdAfter", ago(time.Hour), "fulfilledBy", "MERCHANT,AMAZON"}, 200},
		{"fulfilled by nobody", []string{"createdAfter", ago(time.Hour), "fulfilledBy", "MFN"}, 400},
		{"included", []string{"createdAfter", ago(time.Hour), "includedData", everything}, 200},
		{"included unknown", []string{"createdAfter", ago(time.Hour), "includedData", "FULFILLMENT,ITEMS"}, 400},
		{"unknown parameter", []string{"createdAfter", ago(time.Hour), "MarketplaceIds", germany}, 400},
		{"empty parameter", []string{"createdAfter", ago(time.Hour), "fulfilledBy", ""}, 400},
		{"unknown token", []string{"createdAfter", ago(time.Hour), "paginationToken", "2YgYW55IGNhcm5hbCBwbGVhc3VyZS4"}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := setup(t).get(searchPath, c.query...)
			wantAnswer(t, r, c.status, searchPath)
			if limit := r.header.Get("X-Amzn-Ratelimit-Limit"); (limit == "") != (c.status == 403) {
				t.Errorf("rate header %q on %d", limit, c.status)
			}
		})
	}
	t.Run("list given twice", func(t *testing.T) {
		b := setup(t)
		r := b.request(searchPath, "createdAfter", ago(time.Hour))
		r.URL.RawQuery += "&marketplaceIds=A&marketplaceIds=B"
		wantAnswer(t, b.do(r), 400, searchPath)
	})
}

func TestTwoMinuteTexts(t *testing.T) {
	b := setup(t)
	query := []string{"createdAfter", at(start.Add(-time.Hour)), "createdBefore", at(start.Add(-time.Minute))}
	if e := errorOf(t, b.get(searchPath, query...)); !strings.Contains(e.Message, "2 minutes before current time") || e.Code != "InvalidInput" || *e.Details != "" {
		t.Errorf("%+v", e)
	}
	b.switches(func(sw *spapisim.Switches) { sw.Delay = spapisim.DelayGeneric })
	if e := errorOf(t, b.get(searchPath, query...)); e.Message != generic {
		t.Errorf("%+v", e)
	}
	b.switches(func(sw *spapisim.Switches) { sw.ClockSkew = spapisim.Duration(2 * time.Minute) })
	if r := b.get(searchPath, query...); r.status != 200 {
		t.Errorf("Amazon's clock is ahead, so the bound is old enough: %d %s", r.status, r.body)
	} else if r.header.Get("Date") != start.Add(2*time.Minute).Format(http.TimeFormat) {
		t.Errorf("Date %s", r.header.Get("Date"))
	}
	b.switches(func(sw *spapisim.Switches) { sw.SearchDelay = spapisim.Duration(10 * time.Minute) })
	if r := b.get(searchPath, query...); r.status != 400 {
		t.Errorf("%d", r.status)
	}
}

type wireError struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Details *string `json:"details"`
}

func errorOf(t testing.TB, r reply) wireError {
	t.Helper()
	var list struct {
		Errors []wireError `json:"errors"`
	}
	if err := json.Unmarshal(r.body, &list); err != nil || len(list.Errors) != 1 {
		t.Fatalf("%d: %v: %s", r.status, err, r.body)
	}
	return list.Errors[0]
}

func TestWalkFindsEveryOrderOnce(t *testing.T) {
	for _, kind := range []spapisim.TokenKind{spapisim.TokenKeyset, spapisim.TokenOffset} {
		for _, sort := range []spapisim.Sort{spapisim.SortUpdated, spapisim.SortUpdatedDesc, spapisim.SortCreated} {
			for _, short := range []bool{false, true} {
				for _, by := range []string{"lastUpdatedAfter", "createdAfter"} {
					t.Run(fmt.Sprintf("%s,%s,%v,%s", kind, sort, short, by), func(t *testing.T) {
						t.Parallel()
						b := setup(t)
						b.switches(func(sw *spapisim.Switches) { sw.Tokens, sw.Sort, sw.ShortPages = kind, sort, short })
						ids := b.generate(230, func(g *spapisim.Generate) { g.SameTime = 7 })
						pages := b.walk(by, at(start.AddDate(0, 0, -2)), "maxResultsPerPage", "20", "includedData", "FULFILLMENT")
						got := allIDs(pages)
						if len(got) != len(ids) {
							t.Fatalf("%d orders instead of %d", len(got), len(ids))
						}
						if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(ids))) {
							t.Error("not the same orders")
						}
						wantSorted(t, pages, sort)
						if !short && len(pages) != 12 {
							t.Errorf("%d pages", len(pages))
						}
					})
				}
			}
		}
	}
}

func wantSorted(t testing.TB, pages []wirePage, sort spapisim.Sort) {
	t.Helper()
	field := "lastUpdatedTime"
	if sort == spapisim.SortCreated {
		field = "createdTime"
	}
	var times []string
	for _, p := range pages {
		for _, o := range p.Orders {
			times = append(times, o[field].(string))
		}
	}
	if sort == spapisim.SortUpdatedDesc {
		slices.Reverse(times)
	}
	if !slices.IsSorted(times) {
		t.Errorf("not sorted: %q", times)
	}
}

func TestBoundsAreInclusive(t *testing.T) {
	b := setup(t)
	from, to := start.Add(-3*time.Hour), start.Add(-2*time.Hour)
	b.add("1", from.Add(-time.Millisecond))
	b.add("2", from)
	b.add("3", to)
	b.add("4", to.Add(time.Millisecond))
	for _, names := range [][2]string{{"createdAfter", "createdBefore"}, {"lastUpdatedAfter", "lastUpdatedBefore"}} {
		p := b.page(names[0], at(from), names[1], at(to))
		if got := p.ids(); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("%v: %v", names, got)
		}
	}
}

func TestFilters(t *testing.T) {
	b := setup(t)
	day := start.Add(-5 * time.Hour)
	b.add("de-shipped", day, func(p *spapisim.Placed) { p.Order.Fulfillment.FulfillmentStatus = "SHIPPED" })
	b.add("fr-open", day, func(p *spapisim.Placed) { p.Order.SalesChannel.MarketplaceID = france })
	b.add("de-afn", day, func(p *spapisim.Placed) { p.Order.Fulfillment.FulfilledBy = "AMAZON" })
	for _, c := range []struct {
		query []string
		want  []string
	}{
		{nil, []string{"de-afn", "de-shipped", "fr-open"}},
		{[]string{"marketplaceIds", france}, []string{"fr-open"}},
		{[]string{"marketplaceIds", france + "," + germany}, []string{"de-afn", "de-shipped", "fr-open"}},
		{[]string{"marketplaceIds", britain}, []string{}},
		{[]string{"fulfillmentStatuses", "SHIPPED,CANCELLED"}, []string{"de-shipped"}},
		{[]string{"fulfilledBy", "AMAZON"}, []string{"de-afn"}},
		{[]string{"fulfilledBy", "MERCHANT", "marketplaceIds", germany}, []string{"de-shipped"}},
	} {
		got := b.page(append([]string{"createdAfter", at(day)}, c.query...)...).ids()
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v instead of %v", c.query, got, c.want)
		}
	}
}

func TestHistoryEnds(t *testing.T) {
	b := setup(t)
	b.seller, b.refresh = b.addSeller("fe")
	b.must(b.sim.SetParticipations(b.seller.Key, []spapisim.Participation{{MarketplaceID: japan}}))
	b.access = b.login(b.refresh)
	market := func(id string) func(*spapisim.Placed) {
		return func(p *spapisim.Placed) { p.Order.SalesChannel.MarketplaceID = id }
	}
	b.add("jp-2016", time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), market(japan))
	b.add("jp-2015", time.Date(2015, 12, 31, 23, 59, 59, 0, time.UTC), market(japan))
	b.add("other-young", start.AddDate(-2, 0, 1), market("A2EXAMPLE"))
	b.add("other-old", start.AddDate(-2, 0, -1), market("A2EXAMPLE"))
	got := b.page("createdAfter", "2010-01-01T00:00:00Z").ids()
	if !slices.Equal(got, []string{"jp-2016", "other-young"}) {
		t.Errorf("%v", got)
	}
	for id, status := range map[string]int{"jp-2016": 200, "jp-2015": 404, "other-young": 200, "other-old": 404} {
		if r := b.get(searchPath + "/" + id); r.status != status {
			t.Errorf("%s: %d", id, r.status)
		}
	}
}

func TestGetOrder(t *testing.T) {
	b := setup(t)
	ids := b.generate(3)
	other, refresh := b.addSeller("eu")
	foreign, err := b.sim.Generate(other.Key, spapisim.Generate{N: 1, From: start.Add(-time.Hour), To: start})
	b.must(err)
	for _, c := range []struct {
		name, path string
		query      []string
		status     int
	}{
		{"mine", ids[0], nil, 200},
		{"with data", ids[0], []string{"includedData", everything}, 200},
		{"bad data", ids[0], []string{"includedData", "ORDERS"}, 400},
		{"unknown parameter", ids[0], []string{"marketplaceIds", germany}, 400},
		{"unknown", "111-1111111-1111111", nil, 404},
		{"another seller's", foreign[0], nil, 404},
		{"not an id", "%E2%98%83", nil, 404},
	} {
		r := b.get(searchPath+"/"+c.path, c.query...)
		wantAnswer(t, r, c.status, searchPath+"/{orderId}")
		if c.status == 404 && errorOf(t, r).Code != "NotFound" {
			t.Errorf("%s: %s", c.name, r.body)
		}
	}
	b.access = b.login(refresh)
	if r := b.get(searchPath + "/" + foreign[0]); r.status != 200 {
		t.Errorf("its own seller: %d", r.status)
	}
}

func TestParticipations(t *testing.T) {
	b := setup(t)
	b.must(b.sim.SetParticipations(b.seller.Key, []spapisim.Participation{
		{MarketplaceID: germany}, {MarketplaceID: britain, NotActive: true}, {MarketplaceID: france, Suspended: true}, {MarketplaceID: "A38D8NSA03LJTC"},
	}))
	r := b.get(participationPath)
	checkAnswer(t, "sellers.json", participationPath, r.status, r.body)
	var got struct {
		Payload []struct {
			Marketplace   map[string]string
			Participation map[string]bool
		}
	}
	b.must(json.Unmarshal(r.body, &got))
	if len(got.Payload) != 4 || got.Payload[0].Marketplace["name"] != "Amazon.de" || got.Payload[0].Marketplace["defaultCurrencyCode"] != "EUR" ||
		got.Payload[1].Participation["isParticipating"] || !got.Payload[2].Participation["hasSuspendedListings"] {
		t.Errorf("%+v", got)
	}
	r = b.get(participationPath, "marketplaceIds", germany)
	checkAnswer(t, "sellers.json", participationPath, 400, r.body)
}
