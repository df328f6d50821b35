package spapisim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func TestAccess(t *testing.T) {
	const denied = "Access to requested resource is denied."
	for _, c := range []struct {
		name    string
		prepare func(*bench, *http.Request)
		status  int
		code    string
		details string
	}{
		{"good", func(*bench, *http.Request) {}, 200, "", ""},
		{"signature ignored", func(_ *bench, r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 …") }, 200, "", ""},
		{"no token", func(_ *bench, r *http.Request) { r.Header.Del("X-Amz-Access-Token") }, 403, "Unauthorized", "Access token is missing in the request header."},
		{"garbled token", func(_ *bench, r *http.Request) { r.Header.Set("X-Amz-Access-Token", "Atza|x") }, 403, "Unauthorized", "The access token you provided is revoked, malformed or invalid."},
		{"refresh token instead", func(b *bench, r *http.Request) { r.Header.Set("X-Amz-Access-Token", b.refresh) }, 403, "Unauthorized", "The access token you provided is revoked, malformed or invalid."},
		{"a second before the hour ends", func(b *bench, _ *http.Request) { b.clock.Add(time.Hour - time.Second) }, 200, "", ""},
		{"after an hour", func(b *bench, _ *http.Request) { b.clock.Add(time.Hour) }, 403, "Unauthorized", "The access token you provided has expired."},
		{"grantless", func(b *bench, r *http.Request) {
			got := lwa(b.t, b.token("grant_type", "client_credentials", "scope", "sellingpartnerapi::notifications", "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret))
			r.Header.Set("X-Amz-Access-Token", got.AccessToken)
		}, 403, "Unauthorized", ""},
		{"application without role", func(b *bench, _ *http.Request) {
			b.must(b.sim.SetApplicationRoles(b.app.ClientID, spapisim.RoleBrandAnalytics))
		}, 403, "Unauthorized", ""},
		{"role not authorised", func(b *bench, r *http.Request) {
			_, refresh := b.addSeller("eu", spapisim.RoleBrandAnalytics)
			r.Header.Set("X-Amz-Access-Token", b.login(refresh))
		}, 403, "Unauthorized", ""},
		{"role added, not authorised again", func(b *bench, _ *http.Request) {
			b.must(b.sim.SetApplicationRoles(b.app.ClientID, spapisim.RolePricing))
		}, 403, "Unauthorized", ""},
		{"own region's host", func(_ *bench, r *http.Request) { r.Host = "sellingpartnerapi-eu.amazon.com" }, 200, "", ""},
		{"other region's host", func(_ *bench, r *http.Request) { r.Host = "sellingpartnerapi-na.amazon.com:443" }, 403, "Unauthorized", ""},
		{"wrong region by fault", func(b *bench, _ *http.Request) { b.fault(spapisim.Fault{Kind: spapisim.FaultWrongRegion}) }, 403, "Unauthorized", ""},
		{"no user-agent", func(_ *bench, r *http.Request) { r.Header.Del("User-Agent") }, 400, "InvalidInput", ""},
		{"user-agent of 500", func(_ *bench, r *http.Request) { r.Header.Set("User-Agent", strings.Repeat("a", 500)) }, 200, "", ""},
		{"user-agent of 501", func(_ *bench, r *http.Request) { r.Header.Set("User-Agent", strings.Repeat("a", 501)) }, 400, "InvalidInput", ""},
		{"user-agent without language", func(b *bench, r *http.Request) {
			b.switches(func(sw *spapisim.Switches) { sw.StrictUserAgent = true })
			r.Header.Set("User-Agent", "ordersync/1")
		}, 400, "InvalidInput", ""},
		{"body", func(_ *bench, r *http.Request) { r.ContentLength = 2 }, 400, "InvalidInput", ""},
		{"broken query", func(_ *bench, r *http.Request) { r.URL.RawQuery += "&a=%zz" }, 400, "InvalidInput", ""},
		{"unknown path", func(_ *bench, r *http.Request) { r.URL.Path = "/orders/v0/orders" }, 403, "MissingAuthenticationToken", ""},
		{"trailing slash", func(_ *bench, r *http.Request) { r.URL.Path += "/" }, 403, "MissingAuthenticationToken", ""},
		{"method", func(_ *bench, r *http.Request) { r.Method = "POST" }, 403, "MissingAuthenticationToken", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			r := b.request(searchPath, "createdAfter", at(start.Add(-time.Hour)))
			c.prepare(b, r)
			got := b.do(r)
			wantAnswer(t, got, c.status, searchPath)
			if got.header.Get("X-Amzn-Requestid") == "" || got.header.Get("Date") == "" {
				t.Error("request id or date is missing")
			}
			if c.status == 200 {
				return
			}
			e := errorOf(t, got)
			if e.Code != c.code || (e.Details != nil && *e.Details != c.details) {
				t.Errorf("%s", got.body)
			}
			if e.Code == "Unauthorized" && e.Message != denied {
				t.Errorf("%s", got.body)
			}
			if (e.Code == "MissingAuthenticationToken") != (got.header.Get("X-Amzn-Errortype") == "MissingAuthenticationTokenException") {
				t.Errorf("%v", got.header)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	b := setup(t)
	post := func(h http.Handler, host string) int {
		r := httptest.NewRequest("POST", "/auth/o2/token", strings.NewReader("{}"))
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		name   string
		status int
	}{{"127.0.0.1:8080", 400}, {"api.amazon.com", 400}, {"sellingpartnerapi-fe.amazon.com", 403}} {
		if got := post(b.handler, c.name); got != c.status {
			t.Errorf("a token request at %s: %d", c.name, got)
		}
	}
	if got := post(b.sim.RegionHandler("eu"), "localhost"); got != 403 {
		t.Errorf("a token request at the API: %d", got)
	}
	if got := post(b.sim.LWAHandler(), "localhost"); got != 400 {
		t.Errorf("a token request at LWA: %d", got)
	}
	for region, status := range map[string]int{"eu": 200, "na": 403, "fe": 403} {
		b.handler = b.sim.RegionHandler(region)
		if r := b.get(searchPath, "createdAfter", at(start)); r.status != status {
			t.Errorf("a European seller at %s: %d", region, r.status)
		}
	}
	b.handler = b.sim.LWAHandler()
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 404 {
		t.Errorf("orders at LWA: %d", r.status)
	}
}

func TestExpiredTokensAreForgottenInTheEnd(t *testing.T) {
	b := setup(t)
	b.clock.Add(4 * time.Hour)
	first := b.access
	b.access = b.login(b.refresh) // forgets what is too old
	b.access = first
	r := b.get(searchPath, "createdAfter", at(start))
	if e := errorOf(t, r); *e.Details != "The access token you provided is revoked, malformed or invalid." {
		t.Errorf("%s", r.body)
	}
}

func TestCounters(t *testing.T) {
	b := setup(t)
	b.get(searchPath, "createdAfter", at(start))
	b.get(searchPath)
	b.get(participationPath)
	b.access = "x"
	b.get(searchPath)
	c := b.sim.Counters()
	for _, w := range []struct {
		seller, op string
		status, n  int
	}{
		{b.seller.Key, spapisim.SearchOrders, 200, 1}, {b.seller.Key, spapisim.SearchOrders, 400, 1}, {b.seller.Key, spapisim.GetParticipations, 200, 1},
		{b.seller.Key, spapisim.Token, 200, 1}, {"", spapisim.SearchOrders, 403, 1}, {"", "", -1, 5},
	} {
		if got := c.Total(w.seller, w.op, w.status); got != w.n {
			t.Errorf("%+v: %d", w, got)
		}
	}
	if c.InFlight != 0 || c.MaxInFlight != 1 || c.MaxPerSeller != 1 {
		t.Errorf("%+v", c)
	}
	calls := b.sim.Calls()
	if len(calls) != 5 || calls[2].Reason == "" || calls[1].Page != 1 || calls[0].Query != "" {
		t.Errorf("%+v", calls)
	}
	b.sim.ResetCounters()
	if c := b.sim.Counters(); len(c.Calls) != 0 {
		t.Errorf("%+v", c)
	}
	for range 1500 {
		b.get(searchPath)
	}
	if got := len(b.sim.Calls()); got != 1000 {
		t.Errorf("%d calls kept", got)
	}
}
