package spapisim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// What a client or a test may send to the simulator, whatever it is, is answered
// as Amazon, or the admin door, answers.

// amazonStatuses are the statuses that Amazon documents or was seen to send
// without a fault being set.
var amazonStatuses = []int{200, 400, 401, 403, 404, 405, 413, 415, 429}

// FuzzCall sends calls with any path and query: what is answered is JSON with a
// documented status, and a page holds no more orders than were asked for, each
// inside of the window, and another one than all pages before.
func FuzzCall(f *testing.F) {
	b := setup(f)
	ids, err := b.sim.Generate(b.seller.Key, spapisim.Generate{N: 30, From: start.Add(-48 * time.Hour), To: start.Add(-24 * time.Hour), Items: 1, Unknown: 0.2})
	b.must(err)
	from := "lastUpdatedAfter=2026-11-20T00:00:00Z"
	for _, seed := range [][2]string{
		{searchPath, from}, {searchPath, from + "&maxResultsPerPage=7"}, {searchPath, from + "&lastUpdatedBefore=2026-11-22T12:00:00%2B01:00&includedData=BUYER,PACKAGES"},
		{searchPath, "createdAfter=2026-11-20&createdBefore=2026-11-22&fulfilledBy=AMAZON"}, {searchPath, from + "&fulfillmentStatuses=SHIPPED,CANCELLED&marketplaceIds=" + germany},
		{searchPath, from + "&marketplaceIds=" + usa}, {searchPath, from + "&marketplaceIds=,"}, {searchPath, from + "&maxResultsPerPage=101"}, {searchPath, from + "&paginationToken=x"},
		{searchPath, from + "&" + from}, {searchPath, "lastUpdatedAfter=%zz"}, {searchPath, "a;b"}, {searchPath, ""}, {searchPath, from + "&includedData=NONE"},
		{searchPath, "lastUpdatedAfter=0000-01-01&lastUpdatedBefore=0000-01-01"}, {searchPath, "lastUpdatedAfter=9999-12-31T23:59:59-23:59"}, {searchPath + "/", from},
		{searchPath + "/" + ids[0], ""}, {searchPath + "/" + ids[0], "includedData=PROCEEDS"}, {searchPath + "/a%2Fb", ""}, {searchPath + "/%00", ""},
		{participationPath, ""}, {participationPath, "x=1"}, {"/", ""}, {"/orders/v0/orders", "MarketplaceIds=1"},
	} {
		f.Add(seed[0], seed[1])
	}
	access, login := b.access, b.clock.Now()
	f.Fuzz(func(t *testing.T, path, query string) {
		b := &bench{t: t, clock: b.clock, sim: b.sim, app: b.app, handler: b.handler, refresh: b.refresh}
		if b.clock.Now().Sub(login) > 50*time.Minute { // it lives an hour
			access, login = b.login(b.refresh), b.clock.Now()
		}
		b.access = access
		u := &url.URL{Path: path, RawQuery: query}
		seen := map[string]bool{}
		for page := 0; ; page++ {
			b.clock.Add(200 * time.Millisecond) // a token
			got := b.do(&http.Request{Method: http.MethodGet, URL: u, Host: "127.0.0.1", Header: http.Header{"X-Amz-Access-Token": {b.access}, "User-Agent": {agent}}})
			if !slices.Contains(amazonStatuses, got.status) || !json.Valid(got.body) {
				t.Fatalf("%s?%s: %d %s", path, query, got.status, got.body)
			}
			if got.status != 200 || path != searchPath {
				return
			}
			next := checkFound(t, u.Query(), got.body, seen)
			if next == "" {
				return
			}
			if page > 30 {
				t.Fatalf("%s has no end", query)
			}
			values := u.Query()
			values.Set("paginationToken", next)
			u = &url.URL{Path: path, RawQuery: values.Encode()}
		}
	})
}

// checkFound checks a page that was found against what was asked for.
func checkFound(t *testing.T, asked url.Values, body []byte, seen map[string]bool) (next string) {
	t.Helper()
	var page struct {
		Orders []struct {
			OrderID                      string
			CreatedTime, LastUpdatedTime time.Time
		}
		Pagination struct{ NextToken string }
	}
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Orders) > 100 || asked.Get("maxResultsPerPage") == "1" && len(page.Orders) > 1 {
		t.Fatalf("%d orders for %s", len(page.Orders), asked.Encode())
	}
	for _, o := range page.Orders {
		if seen[o.OrderID] {
			t.Fatalf("%s comes twice", o.OrderID)
		}
		seen[o.OrderID] = true
		for name, at := range map[string]time.Time{"created": o.CreatedTime, "lastUpdated": o.LastUpdatedTime} {
			if from, err := time.Parse(time.RFC3339, asked.Get(name+"After")); err == nil && at.Before(from) {
				t.Fatalf("%s is %v, not after %v", name, at, from)
			}
			if to, err := time.Parse(time.RFC3339, asked.Get(name+"Before")); err == nil && at.After(to) {
				t.Fatalf("%s is %v, not before %v", name, at, to)
			}
		}
	}
	return page.Pagination.NextToken
}

// FuzzLogin sends any form or JSON to Login with Amazon: tokens come for the right
// credentials only, and everything else is refused in its own form.
func FuzzLogin(f *testing.F) {
	b := setup(f)
	secret := url.QueryEscape(b.app.ClientSecret)
	form := "grant_type=refresh_token&refresh_token=" + url.QueryEscape(b.refresh) + "&client_id=" + url.QueryEscape(b.app.ClientID) + "&client_secret="
	for _, seed := range [][2]string{
		{"application/x-www-form-urlencoded", form + "SECRET"}, {"application/x-www-form-urlencoded", form + "wrong"}, {"application/x-www-form-urlencoded", "grant_type=password"},
		{"application/x-www-form-urlencoded; charset=utf-8", "grant_type=client_credentials&scope=sellingpartnerapi::notifications&client_secret=SECRET&client_id=" + b.app.ClientID},
		{"application/json", `{"grant_type":"authorization_code","code":"x","client_secret":"SECRET"}`}, {"application/json", `{"grant_type":7}`}, {"application/json", `null`}, {"text/plain", form}, {"", ""},
		{"application/x-www-form-urlencoded", "%zz"}, {"application/x-www-form-urlencoded", "grant_type=refresh_token&grant_type=x"}, {";;", "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		b := &bench{t: t, clock: b.clock, sim: b.sim, handler: b.handler}
		b.clock.Add(time.Minute) // old tokens end
		r := httptest.NewRequest(http.MethodPost, "/auth/o2/token", strings.NewReader(strings.ReplaceAll(body, "SECRET", secret)))
		r.Header.Set("Content-Type", kind)
		got := b.do(r)
		var said struct {
			AccessToken string `json:"access_token"`
			Error       string `json:"error"`
		}
		err := json.Unmarshal(got.body, &said)
		given := got.status == 200 && said.AccessToken != "" && strings.Contains(body, "SECRET")
		refused := got.status >= 400 && got.status <= 499 && said.Error != "" && said.AccessToken == ""
		if err != nil || !given && !refused {
			t.Fatalf("%d %s", got.status, got.body)
		}
	})
}
