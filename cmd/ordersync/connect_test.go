package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/web"
)

// connecting is an installation to which sellers connect: its server stands behind a
// proxy, whose address Amazon knows.
type connecting struct {
	*program
	*serving
	public string
	key    string
}

func (p *program) connecting(args ...string) *connecting {
	p.t.Helper()
	var to *url.URL
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	p.t.Cleanup(proxy.Close)
	var err error
	p.app, err = p.sim.AddApplication(spapisim.ApplicationSpec{RedirectURIs: []string{proxy.URL + web.CallbackPath}, LoginURI: proxy.URL + web.LoginPath})
	p.must(err)
	p.hide(p.app.ClientSecret)
	p.extra = []string{
		"--amazon-application-id", p.app.ApplicationID, "--public-url", proxy.URL, "--amazon-consent-url", p.amazon,
		"--return-to", "https://app.example.com", "--service-name", "Northwind Sync",
	}
	c := &connecting{program: p, public: proxy.URL, key: p.key("--name", "app")}
	c.serving = p.serve(args...)
	to, err = url.Parse(c.url)
	p.must(err)
	return c
}

// browser is a seller's.
type browser struct {
	c *connecting
	*http.Client
	lang string
	site string // Sec-Fetch-Site, which old browsers do not send
	// back changes what Amazon sends the browser back with; nil: nothing.
	back func(url.Values)
}

func (c *connecting) browser() *browser {
	jar, err := cookiejar.New(nil)
	c.must(err)
	b := &browser{c: c, lang: "en"}
	b.Client = &http.Client{Jar: jar, Timeout: patience, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if b.back != nil && r.URL.Path == web.CallbackPath {
			query := r.URL.Query()
			b.back(query)
			r.URL.RawQuery = query.Encode()
		}
		if r.URL.Host == "app.example.com" {
			return http.ErrUseLastResponse // there is no such host here
		}
		return nil
	}}
	return b
}

// seen is what a browser shows in the end.
type seen struct {
	status int
	url    *url.URL
	text   string
	header http.Header
}

func (b *browser) do(method, address string, form url.Values) seen {
	b.c.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, address, body)
	b.c.must(err)
	r.Header.Set("Accept-Language", b.lang)
	if b.site != "" {
		r.Header.Set("Sec-Fetch-Site", b.site)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.Do(r)
	b.c.must(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	b.c.must(err)
	s := seen{answer.StatusCode, answer.Request.URL, string(text), answer.Header}
	if to, err := answer.Location(); err == nil {
		s.url = to
	}
	if !strings.HasPrefix(s.url.Path, "/apps/") { // Amazon's own
		b.c.watch.Say("the page at "+s.url.Path, s.text)
	}
	return s
}

// follows opens a link and goes on to Amazon.
func (b *browser) follows(link string) seen {
	b.c.t.Helper()
	if page := b.do("GET", link, nil); page.status != http.StatusOK {
		b.c.t.Fatalf("%d: %s", page.status, page.text)
	}
	return b.do("POST", link, url.Values{})
}

// consents signs in at Amazon's page, where a browser is, and answers it.
func (b *browser) consents(at seen, seller spapisim.Seller, answer string) seen {
	b.c.t.Helper()
	if !strings.HasSuffix(at.url.Path, "/apps/authorize/consent") {
		b.c.t.Fatalf("the browser is at %s and not at Amazon's consent page: %s", at.url.Path, at.text)
	}
	form := at.url.Query()
	form.Set("seller", seller.Key)
	form.Set("answer", answer)
	return b.do("POST", at.url.Scheme+"://"+at.url.Host+at.url.Path, form)
}

// asks sends a request to the HTTP interface.
func (c *connecting) asks(method, path string, body any, want int) map[string]any {
	c.t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		c.must(err)
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequest(method, c.public+path, content)
	c.must(err)
	r.Header.Set("Authorization", "Bearer "+c.key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	c.must(err)
	defer func() { _ = answer.Body.Close() }()
	var out map[string]any
	text, err := io.ReadAll(answer.Body)
	c.must(err)
	if answer.StatusCode != want || json.Unmarshal(text, &out) != nil {
		c.t.Fatalf("%s %s: %s, want %d: %s", method, path, answer.Status, want, text)
	}
	return out
}

// start begins to connect over HTTP, and returns the address for the browser.
func (c *connecting) start(body map[string]any) string {
	c.t.Helper()
	out := c.asks("POST", "/api/v1/marketplaces/amazon/oauth/start", body, http.StatusOK)
	return c.ticketed(out["authUrl"].(string))
}

// link makes a link by the command line.
func (c *connecting) link(args ...string) string {
	c.t.Helper()
	return c.ticketed(strings.TrimSpace(c.ok(c.run(append([]string{"connect"}, args...)...))))
}

// ticketed hides the ticket that a link ends with.
func (c *connecting) ticketed(link string) string {
	c.tickets.Hide("a ticket", link[strings.LastIndex(link, "/")+1:])
	return link
}

func (c *connecting) status(tenant string) map[string]any {
	c.t.Helper()
	return c.asks("GET", "/api/v1/marketplaces/amazon/status?tenantId="+tenant, nil, http.StatusOK)
}

func (c *connecting) sellerWith(orders int) spapisim.Seller {
	c.t.Helper()
	seller, err := c.sim.AddSeller(spapisim.SellerSpec{Region: "eu"})
	c.must(err)
	if orders > 0 {
		_, err = c.sim.Generate(seller.Key, spapisim.Generate{N: orders, From: c.now().Add(-20 * time.Hour), To: c.now().Add(-time.Hour)})
		c.must(err)
	}
	return seller
}

func (c *connecting) stored(tenant string) int {
	return len(c.query(`SELECT 1 FROM orders WHERE tenant = '` + tenant + `'`))
}

// A seller connects by a link that an operator sent, and the orders come. The link is
// good once.
func TestSellerConnectsByLink(t *testing.T) {
	onBoth(t, func(p *program) {
		c := p.connecting()
		seller := c.sellerWith(30)
		if a := c.run("connect", "acme"); a.code != exitUsage || !strings.Contains(a.err, "name the country where the seller signs in") {
			t.Errorf("without a country: %+v", a)
		}
		link := c.link("acme", "--marketplace", "FR")
		b := c.browser()
		page := b.do("GET", link, nil)
		if page.status != http.StatusOK || !strings.Contains(page.text, "Connect the Amazon seller account of acme") || !strings.Contains(page.text, "Northwind Sync") {
			t.Fatalf("the page: %d %s", page.status, page.text)
		}
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
		} {
			if !strings.Contains(page.header.Get(name), want) {
				t.Errorf("%s is %q", name, page.header.Get(name))
			}
		}
		amazon := b.do("POST", link, url.Values{})
		if got := amazon.url.Query(); got.Get("application_id") != p.app.ApplicationID || got.Get("redirect_uri") != c.public+web.CallbackPath || len(got.Get("state")) < 40 {
			t.Errorf("the browser is sent to Amazon with %v", got)
		}
		done := b.consents(amazon, seller, "confirm")
		if done.status != http.StatusOK || !strings.Contains(done.text, "Amazon account connected") || !strings.Contains(done.text, seller.ID) {
			t.Fatalf("in the end: %d %s", done.status, done.text)
		}
		p.until("all orders are stored", func() bool { return c.stored("acme") == 30 })
		got := c.status("acme")
		one := got["connections"].([]any)[0].(map[string]any)
		if got["connected"] != true || one["sellingPartnerId"] != seller.ID || one["daysLeft"] != 365.0 && one["daysLeft"] != 364.0 {
			t.Errorf("status: %v", got)
		}
		for name, again := range map[string]seen{"looked at": b.do("GET", link, nil), "followed": b.do("POST", link, url.Values{}), "elsewhere": c.browser().do("GET", link, nil)} {
			if again.status != http.StatusNotFound || !strings.Contains(again.text, "was used already") {
				t.Errorf("the link %s again: %d %s", name, again.status, again.text)
			}
		}
		if n := c.query(`SELECT COUNT(*) FROM consents WHERE used_at IS NULL`); n[0][0] != "0" {
			t.Errorf("%v consents are open", n)
		}
	})
}

// Who withdraws the authorisation is told so; connecting again keeps cursor and
// orders, and none of the time in between is missing.
func TestSellerConnectsAgain(t *testing.T) {
	onBoth(t, func(p *program) {
		c := p.connecting("--revoked-after", "1s", "--sync-interval", "1s")
		seller := c.sellerWith(20)
		b := c.browser()
		b.consents(b.follows(c.start(map[string]any{"tenantId": "acme", "marketplace": "DE"})), seller, "confirm")
		p.until("all orders are stored", func() bool { return c.stored("acme") == 20 })
		connection := c.query(`SELECT id FROM connections`)[0][0]

		p.must(c.sim.Revoke(p.app.ClientID, seller.Key))
		p.later(61 * time.Minute) // until then the access token is good
		_, err := c.sim.Generate(seller.Key, spapisim.Generate{N: 15, From: p.now().Add(-30 * time.Minute), To: p.now().Add(-10 * time.Minute)})
		p.must(err)
		p.until("the tenant is told to reconnect", func() bool { return c.status("acme")["status"] == "ERROR" })
		if one := c.status("acme")["connections"].([]any)[0].(map[string]any); one["whoActs"] != "tenant" {
			t.Errorf("who acts: %v", one)
		}

		stranger := c.sellerWith(0)
		wrong := b.consents(b.follows(c.start(map[string]any{"tenantId": "acme"})), stranger, "confirm")
		if wrong.status != http.StatusBadRequest || !strings.Contains(wrong.text, "another Amazon seller account") {
			t.Errorf("another seller: %d %s", wrong.status, wrong.text)
		}
		again := regexp.MustCompile(`class="button" href="(/connect/[^"]+)"`).FindStringSubmatch(wrong.text)
		if again == nil {
			t.Fatalf("there is no way to try again: %s", wrong.text)
		}
		done := b.consents(b.do("POST", c.public+again[1], url.Values{}), seller, "confirm")
		if !strings.Contains(done.text, "Amazon account connected") {
			t.Fatalf("in the end: %d %s", done.status, done.text)
		}
		p.until("the orders of the time in between are stored", func() bool { return c.stored("acme") == 35 })
		if got := c.query(`SELECT id, seller_id FROM connections`); len(got) != 1 || got[0][0] != connection || got[0][1] != seller.ID {
			t.Errorf("connections: %v", got)
		}
	})
}

// What a seller is told when it does not work out, and that it leaves all as it was.
func TestSellerIsToldWhatWentWrong(t *testing.T) {
	onSQLite(t, func(p *program) {
		c := p.connecting()
		seller := c.sellerWith(0)
		start := func(more map[string]any) string {
			body := map[string]any{"tenantId": "acme", "marketplace": "FR"}
			for k, v := range more {
				body[k] = v
			}
			return c.start(body)
		}
		b := c.browser()
		amazon := b.follows(start(nil))
		back := c.public + web.CallbackPath + "?" + url.Values{"state": {amazon.url.Query().Get("state")}, "selling_partner_id": {seller.ID}, "spapi_oauth_code": {"invented"}}.Encode()
		elsewhere := c.browser().do("GET", back, nil)
		if elsewhere.status != http.StatusBadRequest || !strings.Contains(elsewhere.text, "in another browser") {
			t.Errorf("another browser: %d %s", elsewhere.status, elsewhere.text)
		}
		refused := b.do("GET", back, nil)
		if !strings.Contains(refused.text, "did not accept its own confirmation") {
			t.Errorf("an invented code: %d %s", refused.status, refused.text)
		}
		b.lang = "fr-FR,fr;q=0.9,en;q=0.5"
		if twice := b.do("GET", back, nil); twice.status != http.StatusNotFound || !strings.Contains(twice.text, "Ce lien est inconnu") || twice.header.Get("Content-Language") != "fr" {
			t.Errorf("the same state twice: %d %s", twice.status, twice.text)
		}
		b.lang = "en"
		p.must(c.sim.SetSwitches(func(s *spapisim.Switches) { s.CancelReturns = true }))
		cancelled := b.consents(b.follows(start(map[string]any{"returnTo": "https://app.example.com/channels?tab=amazon"})), seller, "cancel")
		if got := cancelled.url.String(); got != "https://app.example.com/channels?amazon_error=cancelled&tab=amazon" {
			t.Errorf("cancelled: %s", got)
		}
		expiring := start(nil)
		p.later(11 * time.Minute)
		if late := c.browser().do("GET", expiring, nil); late.status != http.StatusGone || !strings.Contains(late.text, "too old") {
			t.Errorf("late: %d %s", late.status, late.text)
		}
		p.must(p.sim.SetSwitches(func(s *spapisim.Switches) { s.CancelReturns = false }))
		if n := c.query(`SELECT COUNT(*) FROM connections`); n[0][0] != "0" {
			t.Errorf("there are %v connections", n)
		}

		_, err := c.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_client", Operation: spapisim.Token, Count: 1})
		p.must(err)
		app := b.consents(b.follows(start(nil)), seller, "confirm")
		if app.status != http.StatusBadGateway || !strings.Contains(app.text, "It is not your account") {
			t.Errorf("a wrong client secret: %d %s", app.status, app.text)
		}
		done := b.consents(b.follows(start(map[string]any{"returnTo": "https://app.example.com/channels"})), seller, "confirm")
		if got := done.url.String(); got != "https://app.example.com/channels?amazon_connected=true" {
			t.Errorf("connected: %s: %s", got, done.text)
		}
	})
}

// Loading the last page again says so again; another account of a region never takes
// the place of one whose seller is not known; ids that are none are refused.
func TestConsentsOfOddSellers(t *testing.T) {
	onBoth(t, func(p *program) {
		c := p.connecting()
		old, token := p.seller("eu")
		p.imports(line{"tenantId": "acme", "region": "eu", "refreshToken": token})
		second := c.sellerWith(3)
		b := c.browser()
		amazon := b.follows(c.start(map[string]any{"marketplace": "FR", "tenantId": "acme", "another": true}))
		back := c.public + web.CallbackPath + "?" + url.Values{
			"state": {amazon.url.Query().Get("state")}, "selling_partner_id": {"x y\n<b>"}, "spapi_oauth_code": {"invented"},
		}.Encode()
		if odd := b.do("GET", back, nil); odd.status != http.StatusBadRequest || strings.Contains(odd.text, "<b>") {
			t.Errorf("an id that is none: %d %s", odd.status, odd.text)
		}
		done := b.consents(amazon, second, "confirm")
		if !strings.Contains(done.text, "Amazon account connected") {
			t.Fatalf("in the end: %d %s", done.status, done.text)
		}
		if again := b.do("GET", done.url.String(), nil); again.status != http.StatusOK || !strings.Contains(again.text, "Amazon account connected") {
			t.Errorf("loaded again: %d %s", again.status, again.text)
		}
		if elsewhere := c.browser().do("GET", done.url.String(), nil); elsewhere.status != http.StatusNotFound {
			t.Errorf("loaded elsewhere: %d %s", elsewhere.status, elsewhere.text)
		}
		got := c.query(`SELECT seller_id FROM connections ORDER BY id`)
		if len(got) != 2 || got[0][0] != "" || got[1][0] != second.ID {
			t.Errorf("connections: %v; the first is %s's", got, old.ID)
		}
	})
}

// What cannot be is refused with the field's name, and a tenant speaks for itself only.
func TestStartIsRefused(t *testing.T) {
	onSQLite(t, func(p *program) {
		c := p.connecting()
		for _, test := range []struct {
			body  map[string]any
			words string
		}{
			{map[string]any{"tenantId": "acme"}, "body.marketplace"},
			{map[string]any{"tenantId": "acme", "marketplace": "Utopia"}, "body.marketplace"},
			{map[string]any{"tenantId": "acme", "marketplace": "FR", "returnTo": "https://evil.example.com/"}, "body.returnTo"},
			{map[string]any{"tenantId": "acme", "marketplace": "FR", "returnTo": "https://app.example.com@evil.example.com/"}, "body.returnTo"},
			{map[string]any{"tenantId": "acme", "marketplace": "FR", "returnTo": "javascript:alert(1)"}, "body.returnTo"},
			{map[string]any{"tenantId": "acme", "marketplace": "FR", "connectionId": "7"}, "body.connection"},
			{map[string]any{"tenantId": "acme", "marketplace": "FR", "connectionId": "x"}, "body.connectionId"},
		} {
			out := c.asks("POST", "/api/v1/marketplaces/amazon/oauth/start", test.body, http.StatusUnprocessableEntity)
			if fields := out["errors"].([]any); fields[0].(map[string]any)["field"] != test.words {
				t.Errorf("%v: %v", test.body, fields)
			}
		}
		seller := c.sellerWith(0)
		b := c.browser()
		b.consents(b.follows(c.start(map[string]any{"tenantId": "acme", "marketplace": "FR"})), seller, "confirm")
		operator := c.key
		c.key = p.key("--name", "tenant", "--tenant", "acme")
		c.asks("POST", "/api/v1/marketplaces/amazon/oauth/start", map[string]any{"tenantId": "globex", "marketplace": "FR"}, http.StatusForbidden)
		c.asks("POST", "/api/v1/marketplaces/amazon/disconnect", map[string]any{"tenantId": "globex"}, http.StatusForbidden)
		c.start(map[string]any{})
		c.key = operator
		if out := c.asks("POST", "/api/v1/marketplaces/amazon/disconnect", map[string]any{"tenantId": "acme"}, http.StatusOK); out["success"] != true || out["previousStatus"] != "CONNECTED" {
			t.Errorf("disconnected: %v", out)
		}
		if n := c.query(`SELECT COUNT(*) FROM secrets`); n[0][0] != "0" {
			t.Errorf("%v secrets are left", n)
		}
		if r := p.sync(exitOK, "--tenant", "acme"); p.of(r, "acme").ReasonCode != "NOT_CONNECTED" {
			t.Errorf("a run says %+v", r.Results)
		}
		if got := slices.Concat(c.query(`SELECT started_by FROM consents ORDER BY started_by`)...); !slices.Equal(got, []string{"operator", "tenant"}) {
			t.Errorf("consents were started by %v", got)
		}
	})
}

// An authorisation that will end is warned of 30, 15 and 5 days ahead.
func TestAuthorizationsThatEnd(t *testing.T) {
	onBoth(t, func(p *program) {
		for tenant, left := range map[string]int{"early": 31, "month": 29, "fortnight": 14, "days": 4} {
			seller, token := p.seller("eu")
			given := p.now().AddDate(-1, 0, left)
			p.imports(line{"tenantId": tenant, "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token, "authorizedAt": given.Format(time.RFC3339)})
		}
		var report struct {
			NeedsHuman []struct {
				Code, WhoActs string
				Tenants       []string
			}
		}
		p.must(json.Unmarshal([]byte(p.ok(p.run("status", "--json"))), &report))
		got := map[string]string{}
		for _, need := range report.NeedsHuman {
			got[need.Code] = fmt.Sprint(need.WhoActs, need.Tenants)
		}
		for code, tenant := range map[string]string{"AUTHORIZATION_ENDS_IN_30_DAYS": "month", "AUTHORIZATION_ENDS_IN_15_DAYS": "fortnight", "AUTHORIZATION_ENDS_IN_5_DAYS": "days"} {
			if got[code] != "tenant["+tenant+"]" {
				t.Errorf("%s: %s", code, got[code])
			}
		}
		if a := p.ok(p.run("status")); !strings.Contains(a, "ends within 5 days") {
			t.Errorf("for people: %s", a)
		}
	})
}
