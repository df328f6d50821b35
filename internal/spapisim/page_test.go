package spapisim_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func ago(d time.Duration) string { return at(start.Add(-d)) }

// paged makes a bench with n plain orders, a second apart, oldest "001".
func paged(t testing.TB, n int, change ...func(*spapisim.Config)) *bench {
	b := setup(t, change...)
	for i := range n {
		b.add(fmt.Sprintf("%03d", i+1), start.Add(-time.Hour+time.Duration(i)*time.Second))
	}
	return b
}

var window = []string{"lastUpdatedAfter", at(start.Add(-2 * time.Hour)), "lastUpdatedBefore", at(start.Add(-10 * time.Minute)), "maxResultsPerPage", "3"}

func with(query []string, more ...string) []string { return append(slices.Clone(query), more...) }

func TestTokensNeedEncodingOnce(t *testing.T) {
	b := paged(t, 7)
	token := b.page(window...).Pagination.NextToken
	for _, letter := range []string{"+", "/", "="} {
		if !strings.Contains(token, letter) {
			t.Errorf("token %q has no %s", token, letter)
		}
	}
	if got := b.page(with(window, "paginationToken", token)...).ids(); !slices.Equal(got, []string{"004", "005", "006"}) {
		t.Errorf("%v", got)
	}
	r := b.request(searchPath, window...)
	r.URL.RawQuery += "&paginationToken=" + token // + becomes a space
	for name, got := range map[string]reply{
		"not encoded":   b.do(r),
		"encoded twice": b.get(searchPath, with(window, "paginationToken", url.QueryEscape(token))...),
		"decoded":       b.get(searchPath, with(window, "paginationToken", base64.RawStdEncoding.EncodeToString([]byte(token)))...),
		"cut":           b.get(searchPath, with(window, "paginationToken", token[:20])...),
	} {
		wantAnswer(t, got, 400, searchPath)
		if e := errorOf(t, got); e.Message != generic || *e.Details != "" {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

func TestOnlySomeParametersMayChange(t *testing.T) {
	b := paged(t, 9)
	token := b.page(window...).Pagination.NextToken
	for _, c := range []struct {
		name   string
		query  []string
		status int
	}{
		{"same", window, 200},
		{"page size", with(window, "maxResultsPerPage", "5"), 200},
		{"included data", with(window, "includedData", "FULFILLMENT"), 200},
		{"no page size", window[:4], 200},
		{"lower bound", with(window, "lastUpdatedAfter", ago(90*time.Minute)), 400},
		{"lower bound spelt otherwise", with(window, "lastUpdatedAfter", strings.Replace(window[1], "Z", "+00:00", 1)), 400},
		{"upper bound", with(window, "lastUpdatedBefore", ago(5*time.Minute)), 400},
		{"no upper bound", []string{window[0], window[1], "maxResultsPerPage", "3"}, 400},
		{"marketplace added", with(window, "marketplaceIds", germany), 400},
		{"status added", with(window, "fulfillmentStatuses", "UNSHIPPED"), 400},
		{"fulfilled by added", with(window, "fulfilledBy", "MERCHANT"), 400},
		{"token alone", nil, 400},
	} {
		r := b.get(searchPath, with(c.query, "paginationToken", token)...)
		if r.status != c.status {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
		}
	}
}

func TestTokensBelongToOneCaller(t *testing.T) {
	b := paged(t, 9)
	token := b.page(window...).Pagination.NextToken
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{})
	b.must(err)
	refresh, err := b.sim.Authorize(other.ClientID, b.seller.Key)
	b.must(err)
	_, neighbour := b.addSeller("eu")
	for name, access := range map[string]string{"another application": b.sim.MustAccessToken(refresh), "another seller": b.login(neighbour)} {
		b.access = access
		if r := b.get(searchPath, with(window, "paginationToken", token)...); r.status != 400 {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}

func TestTokenLife(t *testing.T) {
	for _, c := range []struct {
		life   spapisim.TokenLife
		wait   time.Duration // after the first page and after the second
		second int
		third  int
	}{
		{spapisim.LifePage, 24 * time.Hour, 200, 200},
		{spapisim.LifePage, 24*time.Hour + time.Second, 400, 0},
		{spapisim.LifeWalk, 12 * time.Hour, 200, 200},
		{spapisim.LifeWalk, 13 * time.Hour, 200, 400},
	} {
		b := paged(t, 9)
		b.switches(func(sw *spapisim.Switches) { sw.Life = c.life })
		token := b.page(window...).Pagination.NextToken
		b.clock.Add(c.wait)
		b.access = b.login(b.refresh)
		r := b.get(searchPath, with(window, "paginationToken", token)...)
		if r.status != c.second {
			t.Errorf("%+v: second page %d", c, r.status)
		}
		if c.second != 200 {
			continue
		}
		token = b.page(with(window, "paginationToken", token)...).Pagination.NextToken
		b.clock.Add(c.wait)
		b.access = b.login(b.refresh)
		if r := b.get(searchPath, with(window, "paginationToken", token)...); r.status != c.third {
			t.Errorf("%+v: third page %d", c, r.status)
		}
	}
}

func TestLastPageHasNoPagination(t *testing.T) {
	for n, pages := range map[int]int{0: 1, 2: 1, 3: 1, 4: 2, 6: 2} {
		b := paged(t, n)
		if got := b.walk(window...); len(got) != pages || len(allIDs(got)) != n {
			t.Errorf("%d orders: %d pages, %v", n, len(got), allIDs(got))
		}
		if r := b.get(searchPath, window...); n < 4 && strings.Contains(string(r.body), "pagination") {
			t.Errorf("%s", r.body)
		}
	}
}

func TestEcho(t *testing.T) {
	open := []string{"lastUpdatedAfter", ago(2 * time.Hour), "maxResultsPerPage", "3"}
	for _, c := range []struct {
		echo  spapisim.Echo
		query []string
		want  []string // per page, a minute between them
	}{
		{spapisim.EchoFrozen, window, []string{"2026-11-23T09:50:00.000Z", "2026-11-23T09:50:00.000Z"}},
		{spapisim.EchoFrozen, open, []string{"2026-11-23T09:58:00.000Z", "2026-11-23T09:58:00.000Z"}},
		{spapisim.EchoMoving, window, []string{"2026-11-23T09:50:00.000Z", "2026-11-23T09:50:00.000Z"}},
		{spapisim.EchoMoving, open, []string{"2026-11-23T09:58:00.000Z", "2026-11-23T09:59:00.000Z"}},
		{spapisim.EchoAbsent, open, []string{"", ""}},
		{spapisim.EchoWrong, window, []string{"2026-11-23T09:49:59.000Z", "2026-11-23T09:49:59.000Z"}},
	} {
		b := paged(t, 5)
		b.switches(func(sw *spapisim.Switches) { sw.Echo = c.echo })
		first := b.page(c.query...)
		b.clock.Add(time.Minute)
		second := b.page(with(c.query, "paginationToken", first.Pagination.NextToken)...)
		if got := []string{first.LastUpdatedBefore, second.LastUpdatedBefore}; !slices.Equal(got, c.want) || second.Pagination != nil {
			t.Errorf("%q: %q instead of %q", c.echo, got, c.want)
		}
		if first.CreatedBefore != "" {
			t.Errorf("createdBefore %s", first.CreatedBefore)
		}
	}
	b := paged(t, 1)
	b.switches(func(sw *spapisim.Switches) { sw.Seconds = true })
	if p := b.page("createdAfter", ago(2*time.Hour)); p.CreatedBefore != "2026-11-23T09:58:00Z" || p.LastUpdatedBefore != "" {
		t.Errorf("%+v", p)
	}
}

// TestOrdersMoveDuringAWalk: an order that changes between two pages leaves a
// closed window. With keyset tokens nothing else is lost; with offset tokens the
// rest moves up and one order falls between the pages.
func TestOrdersMoveDuringAWalk(t *testing.T) {
	for _, c := range []struct {
		tokens spapisim.TokenKind
		want   []string
	}{
		{spapisim.TokenKeyset, []string{"001", "002", "003", "004", "005", "006", "007"}},
		{spapisim.TokenOffset, []string{"001", "002", "003", "005", "006", "007"}},
	} {
		b := paged(t, 7)
		b.switches(func(sw *spapisim.Switches) { sw.Tokens = c.tokens })
		b.must(b.sim.Change(b.seller.Key, spapisim.Change{OrderID: "002", BeforePage: 2, Apply: func(o *spapisim.Order) {
			o.Fulfillment.FulfillmentStatus = "SHIPPED"
		}}))
		if got := allIDs(b.walk(window...)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v", c.tokens, got)
		}
		b.clock.Add(5 * time.Minute)
		if got := b.page("lastUpdatedAfter", at(start)).ids(); !slices.Equal(got, []string{"002"}) {
			t.Errorf("the changed order is in the next window: %v", got)
		}
	}
}

func TestDuplicates(t *testing.T) {
	b := paged(t, 7)
	b.switches(func(sw *spapisim.Switches) { sw.Twice = spapisim.DuplicatesWalk })
	if got := allIDs(b.walk(window...)); !slices.Equal(got, []string{"001", "002", "003", "003", "004", "005", "005", "006", "007"}) {
		t.Errorf("%v", got)
	}
	b.switches(func(sw *spapisim.Switches) { sw.Twice = spapisim.DuplicatesPage })
	if got := allIDs(b.walk(window...)); !slices.Equal(got, []string{"001", "002", "001", "003", "004", "003", "005", "006", "005", "007", "007"}) {
		t.Errorf("%v", got)
	}
	for _, twice := range []spapisim.Duplicates{spapisim.DuplicatesWalk, spapisim.DuplicatesPage} {
		b.switches(func(sw *spapisim.Switches) { sw.Twice = twice })
		if got := allIDs(b.walk(with(window, "maxResultsPerPage", "1")...)); len(got) < 7 || !slices.Contains(got, "007") {
			t.Errorf("pages of one: %v", got)
		}
	}
}

func TestShortPages(t *testing.T) {
	b := paged(t, 200)
	b.switches(func(sw *spapisim.Switches) { sw.ShortPages = true })
	empty, short := 0, 0
	pages := b.walk(with(window, "maxResultsPerPage", "10")...)
	for _, p := range pages[:len(pages)-1] {
		switch n := len(p.Orders); {
		case n == 0:
			empty++
		case n < 10:
			short++
		}
	}
	if empty == 0 || short == 0 || len(allIDs(pages)) != 200 {
		t.Errorf("%d empty, %d short, %d orders", empty, short, len(allIDs(pages)))
	}
}

func TestAWalkMayBeRepeatedFromAnyPage(t *testing.T) {
	b := paged(t, 9)
	token := b.page(window...).Pagination.NextToken
	first := b.page(with(window, "paginationToken", token)...)
	again := b.page(with(window, "paginationToken", token)...)
	if !slices.Equal(first.ids(), again.ids()) {
		t.Errorf("%v and %v", first.ids(), again.ids())
	}
	if first.Pagination.NextToken == again.Pagination.NextToken {
		t.Error("the same token issued twice")
	}
}

func TestWalkFaults(t *testing.T) {
	b := paged(t, 9)
	b.fault(spapisim.Fault{Kind: spapisim.FaultDeadToken, Page: 3, Count: 1})
	second := b.page(with(window, "paginationToken", b.page(window...).Pagination.NextToken)...)
	third := with(window, "paginationToken", second.Pagination.NextToken)
	if r := b.get(searchPath, third...); r.status != 400 {
		t.Errorf("dead token at page 3: %d", r.status)
	}
	if r := b.get(searchPath, third...); r.status != 200 {
		t.Errorf("only once: %d", r.status)
	}
	b.sim.ClearFaults()

	b.fault(spapisim.Fault{Kind: spapisim.FaultSameToken})
	first := b.page(window...)
	second = b.page(with(window, "paginationToken", first.Pagination.NextToken)...)
	if second.Pagination.NextToken != first.Pagination.NextToken {
		t.Error("the walk is not circular")
	}
	b.sim.ClearFaults()

	b.fault(spapisim.Fault{Kind: spapisim.FaultSamePage})
	first = b.page(window...)
	second = b.page(with(window, "paginationToken", first.Pagination.NextToken)...)
	if !slices.Equal(first.ids(), second.ids()) || second.Pagination.NextToken == first.Pagination.NextToken {
		t.Errorf("%v %v", first.ids(), second.ids())
	}
}
