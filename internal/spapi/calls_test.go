package spapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ordersync"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI}
	client := newTestClient(t, fake, func(c *Config) { c.UserAgent = "t/1 (Language=Go)" })
	w := ordersync.Window{From: mustTime(t, "2026-11-23T10:00:00.9+01:00"), To: mustTime(t, "2026-11-23T11:00:00Z")}
	query := SearchQuery(w, []string{"A", "B"}, ordersync.OrderGroups, 100)
	token := `a+b/c=d &é`
	if _, err := client.SearchOrders(t.Context(), seller("r"), ordersync.OrderGroups, query, token); err != nil {
		t.Fatal(err)
	}
	r := fake.requests[0]
	if r.Method != "GET" || r.URL.Host != "sellingpartnerapi-eu.amazon.com" || r.URL.Path != "/orders/2026-01-01/orders" ||
		r.Body != nil || r.ContentLength != 0 || r.Header.Get("user-agent") != "t/1 (Language=Go)" || r.Header.Get("Authorization") != "" {
		t.Errorf("request %+v", r)
	}
	if !strings.HasPrefix(r.URL.RawQuery, query+"&") || strings.Count(r.URL.RawQuery, "%252B") != 0 || !strings.Contains(r.URL.RawQuery, "a%2Bb%2Fc%3Dd") {
		t.Errorf("query %s", r.URL.RawQuery)
	}
	got, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"lastUpdatedAfter": {"2026-11-23T09:00:00Z"}, "lastUpdatedBefore": {"2026-11-23T11:00:00Z"}, "marketplaceIds": {"A,B"},
		"includedData":      {"FULFILLMENT,PROCEEDS,PACKAGES,CANCELLATION,PROMOTION,EXPENSE,TAX"},
		"maxResultsPerPage": {"100"}, "paginationToken": {token},
	}
	if got.Encode() != want.Encode() {
		t.Errorf("query %v", got)
	}
}

func TestSearchQueryLeavesAway(t *testing.T) {
	t.Parallel()
	if got := SearchQuery(ordersync.Window{}, nil, ordersync.GroupCore, 0); got != "lastUpdatedAfter=0001-01-01T00%3A00%3A00Z&lastUpdatedBefore=0001-01-01T00%3A00%3A00Z" {
		t.Errorf("query %s", got)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for region, want := range map[ordersync.Region]string{"eu": "sellingpartnerapi-eu.amazon.com", "na": "sellingpartnerapi-na.amazon.com", "fe": "sellingpartnerapi-fe.amazon.com"} {
		fake := &amazon{api: emptyAPI}
		account := seller("r")
		account.Region = region
		if _, err := search(t, newTestClient(t, fake), account); err != nil || fake.requests[0].URL.Host != want {
			t.Errorf("%s: %v", region, err)
		}
		if _, err := search(t, newTestClient(t, fake, func(c *Config) { c.APIURL = "http://localhost:7/base/" }), account); err != nil ||
			fake.requests[1].URL.String() != "http://localhost:7/base/orders/2026-01-01/orders?a=b" {
			t.Errorf("%s: %v %s", region, err, fake.requests[1].URL)
		}
	}
	fake := &amazon{api: emptyAPI}
	account := seller("r")
	account.Region = "mars"
	if _, err := search(t, newTestClient(t, fake), account); kindOf(err) != Bug || len(fake.requests) != 0 {
		t.Errorf("unknown region: %v", err)
	}
}

func TestGetOrder(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: func(r *http.Request) *http.Response {
		switch {
		case strings.HasSuffix(r.URL.Path, "/404"):
			return respond(404, amazonError("NotFound", "x"))
		case strings.HasSuffix(r.URL.Path, "/odd"):
			return respond(200, `{"order":{"orderId":"odd"}}`)
		}
		return respond(200, `{"order":`+fullOrder+`}`)
	}}
	client := newTestClient(t, fake)
	get := func(id string) (OrderAnswer, error) {
		return client.GetOrder(t.Context(), seller("r"), ordersync.OrderGroups, id)
	}
	if got, err := get("250-1234567-8901234"); err != nil || got.Order.ID != "250-1234567-8901234" || got.Unreadable != nil || got.Calls != 1 {
		t.Errorf("%+v, error %v", got, err)
	}
	if r := fake.requests[0]; r.URL.Path != "/orders/2026-01-01/orders/250-1234567-8901234" || !strings.HasPrefix(r.URL.RawQuery, "includedData=FULFILLMENT%2C") {
		t.Errorf("asked for %s", r.URL)
	}
	if _, err := get("a/b"); kindOf(err) != BadResponse || fake.requests[1].URL.EscapedPath() != "/orders/2026-01-01/orders/a%2Fb" {
		t.Errorf("another order: error %v, asked for %s", err, fake.requests[1].URL)
	}
	if _, err := get("404"); kindOf(err) != NotFound {
		t.Errorf("error %v", err)
	}
	if got, err := get("odd"); err != nil || got.Unreadable == nil || got.Unreadable.OrderID != "odd" {
		t.Errorf("%+v, error %v", got, err)
	}
	for _, id := range []string{"", ".", "..", "a b", strings.Repeat("1", 65)} {
		if _, err := get(id); kindOf(err) != Bug {
			t.Errorf("%q: error %v", id, err)
		}
	}
}

func TestMarketplaces(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Kind{
		`{"payload":[{"marketplace":{"id":"A1","countryCode":"DE"},"participation":{"isParticipating":true}},{"marketplace":{"id":"A2"},"participation":{"isParticipating":false}}]}`: "",
		`{"payload":[]}`:   "",
		`{"payload":null}`: BadResponse,
		`{}`:               BadResponse,
		`{"payload":[{}]}`: BadResponse,
		`{"payload":[{"marketplace":{"id":"A,B"},"participation":{"isParticipating":true}}]}`: BadResponse,
		`{"payload":[{"marketplace":{"id":"A1"},"participation":{"isParticipating":"yes"}}]}`: BadResponse,
		`{"payload":[{"marketplace":{"id":"A1"},"participation":{}}]}`:                        BadResponse,
		`<html>`: BadResponse,
	} {
		fake := &amazon{api: func(*http.Request) *http.Response { return respond(200, body) }}
		got, err := newTestClient(t, fake).Marketplaces(t.Context(), seller("r"))
		if kindOf(err) != want {
			t.Errorf("%s: error %v", body, err)
		}
		if len(got.Participations) == 2 && (got.Participations[0] != ordersync.Participation{MarketplaceID: "A1", Country: "DE", Participating: true}) {
			t.Errorf("%+v", got)
		}
		if fake.requests[0].URL.Path != "/sellers/v1/marketplaceParticipations" {
			t.Errorf("asked for %s", fake.requests[0].URL)
		}
	}
}

func TestStaleTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	expired := unauthorized("The access token you provided has expired.")
	for _, tt := range []struct {
		name    string
		answers []func() *http.Response
		kind    Kind
		calls   int
		grants  int
	}{
		{"expired, then well", []func() *http.Response{
			func() *http.Response { return respond(403, expired) },
			func() *http.Response { return respond(200, emptyPage) },
		}, "", 2, 2},
		{"401, then well", []func() *http.Response{
			func() *http.Response { return respond(401, "") },
			func() *http.Response { return respond(200, emptyPage) },
		}, "", 2, 2},
		{"expired twice", []func() *http.Response{
			func() *http.Response { return respond(403, expired) },
			func() *http.Response { return respond(403, expired) },
		}, Denied, 2, 2},
		{"expired, then throttled", []func() *http.Response{
			func() *http.Response { return respond(403, expired) },
			func() *http.Response { return respond(429, "") },
		}, Throttled, 2, 2},
		{"denied", []func() *http.Response{
			func() *http.Response { return respond(403, unauthorized("")) },
		}, Denied, 1, 1},
		{"500 is not repeated", []func() *http.Response{
			func() *http.Response { return respond(500, "") },
		}, Unavailable, 1, 1},
	} {
		n := 0
		fake := &amazon{}
		fake.api = func(*http.Request) *http.Response { n++; return tt.answers[n-1]() }
		page, err := search(t, newTestClient(t, fake), seller("r"))
		var failed *Error
		calls := page.Calls
		if errors.As(err, &failed) {
			calls = failed.Calls
		}
		if kindOf(err) != tt.kind || calls != tt.calls || page.Calls != tt.calls || fake.grantCount() != tt.grants || n != tt.calls {
			t.Errorf("%s: error %v, %d calls, %d token requests", tt.name, err, calls, fake.grantCount())
		}
	}
}

func TestStaleTokenAndThenRevoked(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: func(*http.Request) *http.Response {
		return respond(403, unauthorized("The access token you provided is revoked, malformed or invalid."), "Date", "Mon, 23 Nov 2026 10:00:00 GMT")
	}}
	fake.lwa = func(url.Values) *http.Response {
		if fake.grantCount() == 1 {
			return respond(200, `{"access_token":"t","expires_in":3600}`)
		}
		return respond(400, `{"error":"invalid_grant"}`)
	}
	_, err := search(t, newTestClient(t, fake), seller("r"))
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != Revoked || failed.Operation != TokenOperation || failed.Calls != 1 || failed.Date.IsZero() {
		t.Errorf("error %+v", err)
	}
}
