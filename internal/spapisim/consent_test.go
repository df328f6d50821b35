package spapisim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const (
	callback    = "https://app.example/callback"
	consentPath = "/apps/authorize/consent"
	managePath  = "/apps/manage"
)

// browser goes to Seller Central over HTTP and follows no redirect by itself.
type browser struct {
	*bench
	server *httptest.Server
	client http.Client
	host   string // instead of the server's own
}

func (b *bench) browser() *browser {
	server := httptest.NewServer(b.handler)
	b.t.Cleanup(server.Close)
	return &browser{bench: b, server: server, client: http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// view is what a browser is answered.
type view struct {
	status int
	to     *url.URL // of a redirect; nil: a page
	page   string
	header http.Header
}

// visit asks for a page, or with a form posts it. fields is name, value, …
func (w *browser) visit(method, path string, fields ...string) view {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	target, body := w.server.URL+path, ""
	if method == http.MethodPost {
		body = form.Encode()
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	w.must(err)
	r.Host = w.host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := w.client.Do(r)
	w.must(err)
	text, err := io.ReadAll(answer.Body)
	w.must(err)
	w.must(answer.Body.Close())
	v := view{status: answer.StatusCode, page: string(text), header: answer.Header}
	if v.header.Get("Location") != "" {
		v.to, err = answer.Location()
		w.must(err)
	}
	if policy := v.header.Get("Referrer-Policy"); policy != "no-referrer" {
		w.t.Errorf("%s %s: Referrer-Policy %q", method, path, policy)
	}
	return v
}

// refused wants a page with a code of Amazon's, "" for the simulator's own.
func (v view) refused(t *testing.T, code, words string) {
	t.Helper()
	if v.status != http.StatusBadRequest || v.to != nil || v.header.Get("X-Simulator-Reason") != code || !strings.Contains(v.page, code) || !strings.Contains(v.page, words) {
		t.Errorf("%d %v %q, want code %q and %q", v.status, v.to, v.page, code, words)
	}
}

// sent wants a redirect to an address and returns its parameters.
func (v view) sent(t *testing.T, address string) url.Values {
	t.Helper()
	if v.status != http.StatusSeeOther || v.to == nil {
		t.Fatalf("%d %s", v.status, v.page)
	}
	bare := *v.to
	bare.RawQuery = ""
	if bare.String() != address {
		t.Fatalf("sent to %s, want %s", v.to, address)
	}
	return v.to.Query()
}

func (b *bench) exchange(code, uri string) reply {
	return b.token("grant_type", "authorization_code", "code", code, "redirect_uri", uri, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
}

func (b *bench) change(change func(*spapisim.ApplicationSpec)) {
	b.t.Helper()
	b.must(b.sim.ChangeApplication(b.app.ClientID, change))
}

// TestWebsiteWorkflow goes from the application's link to the first order.
func TestWebsiteWorkflow(t *testing.T) {
	b := setup(t)
	w := b.browser()
	seller, err := b.sim.AddSeller(spapisim.SellerSpec{Region: "eu", StoreName: `Müller & "Söhne"`})
	b.must(err)
	const state = `1"><script>alert(1)</script>`
	page := w.visit("GET", consentPath, "application_id", b.app.ApplicationID, "state", state)
	if page.status != 200 || strings.Contains(page.page, "<script") || !strings.Contains(page.page, `value="`+seller.Key+`"`) || !strings.Contains(page.page, "Inventory and Order Tracking") {
		t.Fatalf("%d %s", page.status, page.page)
	}
	q := w.visit("POST", consentPath, "application_id", b.app.ApplicationID, "state", state, "redirect_uri", "", "version", "", "seller", seller.Key, "user", "primary", "answer", "confirm").sent(t, callback)
	if len(q) != 3 || q.Get("state") != state || q.Get("selling_partner_id") != seller.ID || q.Get("spapi_oauth_code") == "" {
		t.Fatalf("%v", q)
	}
	if len(b.sim.Authorizations("", seller.Key)) != 0 {
		t.Error("authorised before the code was exchanged")
	}
	got := lwa(t, b.exchange(q.Get("spapi_oauth_code"), callback))
	b.access = b.login(got.RefreshToken)
	wantAnswer(t, b.get(searchPath, "createdAfter", at(start)), 200, searchPath)
	if list := b.sim.Authorizations(b.app.ClientID, seller.Key); len(list) != 1 || !list[0].Active || !list[0].At.Equal(start) || !list[0].Expires.Equal(start.AddDate(0, 0, 365)) {
		t.Errorf("%+v", list)
	}
}

// The address of the page can be posted to as it is, without a browser.
func TestConsentWithoutBrowser(t *testing.T) {
	b := setup(t)
	link := consentPath + "?application_id=" + b.app.ApplicationID + "&state=s&redirect_uri=" + url.QueryEscape(callback)
	q := b.browser().visit("POST", link, "seller", b.seller.Key, "answer", "confirm").sent(t, callback)
	if r := b.exchange(q.Get("spapi_oauth_code"), callback); r.status != 200 || q.Get("state") != "s" {
		t.Errorf("%v: %d %s", q, r.status, r.body)
	}
}

func TestConsentPageErrors(t *testing.T) {
	none := func(*spapisim.ApplicationSpec) {}
	draft := func(spec *spapisim.ApplicationSpec) { spec.Draft = true }
	for _, c := range []struct {
		name        string
		change      func(*spapisim.ApplicationSpec)
		fields      []string
		code, words string
	}{
		{"draft", draft, nil, "MD1000", "version=beta"},
		{"draft with another version", draft, []string{"version", "1"}, "MD1000", ""},
		{"not registered", none, []string{"redirect_uri", "https://evil.example/"}, "MD5101", "evil.example"},
		{"nearly registered", none, []string{"redirect_uri", callback + "/"}, "MD5101", ""},
		{"fragment", none, []string{"redirect_uri", callback + "#top"}, "MD5110", ""},
		{"no redirect URI", func(spec *spapisim.ApplicationSpec) { spec.RedirectURIs = nil }, nil, "MD9100", ""},
		{"no redirect URI but asked for", func(spec *spapisim.ApplicationSpec) { spec.RedirectURIs = nil }, []string{"redirect_uri", callback}, "MD9100", ""},
		{"client id", none, []string{"application_id", "amzn1.application-oa2-client.0"}, "", "not the client id"},
		{"no application", none, []string{"application_id", ""}, "", "application_id is"},
		{"other user", none, []string{"user", "other"}, "SPDC8143", "primary user"},
		{"no user", none, []string{"user", "admin"}, "", "use primary or other"},
		{"no seller", none, []string{"seller", ""}, "", "seller is missing"},
		{"unknown seller", none, []string{"seller", "eu/NOBODY"}, "", "region/id"},
		{"neither", none, []string{"answer", "perhaps"}, "", "confirm or cancel"},
		{"large", none, []string{"state", strings.Repeat("x", 1<<16)}, "", "64 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.change(c.change)
			fields := append([]string{"application_id", b.app.ApplicationID, "state", "s", "seller", b.seller.Key, "answer", "confirm"}, c.fields...)
			w := b.browser()
			w.visit("POST", consentPath, fields...).refused(t, c.code, c.words)
			if strings.HasPrefix(c.code, "MD") {
				w.visit("GET", consentPath, fields...).refused(t, c.code, c.words)
			}
		})
	}
}

func TestConsentPageTakes(t *testing.T) {
	const old = "amzn1.sellerapps.app.01234567-89ab-cdef-0123-456789abcdef"
	for _, c := range []struct {
		name   string
		spec   spapisim.ApplicationSpec
		fields []string
		to     string
	}{
		{"draft with version=beta", spapisim.ApplicationSpec{RedirectURIs: []string{callback}, Draft: true}, []string{"version", "beta"}, callback},
		{"published with version=beta", spapisim.ApplicationSpec{RedirectURIs: []string{callback}}, []string{"version", "beta"}, callback},
		{"older id", spapisim.ApplicationSpec{RedirectURIs: []string{callback}, ApplicationID: old}, nil, callback},
		{"first by default", spapisim.ApplicationSpec{RedirectURIs: []string{"http://127.0.0.1:8080/cb", callback}}, nil, "http://127.0.0.1:8080/cb"},
		{"second when asked", spapisim.ApplicationSpec{RedirectURIs: []string{"http://127.0.0.1:8080/cb", callback}}, []string{"redirect_uri", callback}, callback},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			var err error
			b.app, err = b.sim.AddApplication(c.spec)
			b.must(err)
			w := b.browser()
			fields := append([]string{"application_id", b.app.ApplicationID, "state", "s", "seller", b.seller.Key, "answer", "confirm"}, c.fields...)
			if v := w.visit("GET", consentPath, fields...); v.status != 200 {
				t.Errorf("%d %s", v.status, v.page)
			}
			q := w.visit("POST", consentPath, fields...).sent(t, c.to)
			if r := b.exchange(q.Get("spapi_oauth_code"), c.to); r.status != 200 {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
}

// TestConsentSwitches are the behaviours of the page that Amazon leaves open.
func TestConsentSwitches(t *testing.T) {
	b := setup(t)
	w := b.browser()
	asked := []string{"application_id", b.app.ApplicationID, "state", "s", "seller", b.seller.Key, "answer"}
	if v := w.visit("POST", consentPath, append(asked, "cancel")...); v.status != 200 || v.to != nil || !strings.Contains(v.page, "You can close this page") {
		t.Errorf("cancel: %d %v %s", v.status, v.to, v.page)
	}
	b.switches(func(sw *spapisim.Switches) { sw.CancelReturns, sw.MWSAuthToken = true, true })
	if q := w.visit("POST", consentPath, append(asked, "cancel")...).sent(t, callback); len(q) != 1 || q.Get("state") != "s" {
		t.Errorf("cancel: %v", q)
	}
	if q := w.visit("POST", consentPath, append(asked, "confirm")...).sent(t, callback); !strings.HasPrefix(q.Get("mws_auth_token"), "amzn.mws.") {
		t.Errorf("confirm: %v", q)
	}
	b.switches(func(sw *spapisim.Switches) { sw.LoginURIRequired = true })
	w.visit("GET", consentPath, asked[:4]...).refused(t, "MD9100", "login URI")
	b.change(func(spec *spapisim.ApplicationSpec) { spec.LoginURI = "https://app.example/login" })
	w.visit("POST", consentPath, append(asked, "confirm")...).sent(t, callback)
}

func TestConsentHosts(t *testing.T) {
	b := setup(t)
	american, _ := b.addSeller("na")
	w := b.browser()
	fields := []string{"application_id", b.app.ApplicationID, "state", "s", "answer", "confirm", "seller"}
	for _, c := range []struct {
		host             string
		europe, american bool
	}{
		{"", true, true},
		{"localhost:9090", true, true},
		{"sellercentral-europe.amazon.com", true, false},
		{"sellercentral.amazon.de:443", true, false},
		{"SellerCentral.amazon.co.za", true, false},
		{"sellercentral.amazon.de.localhost:9090", true, false},
		{"sellercentral.amazon.com", false, true},
		{"sellercentral.amazon.com.br", false, true},
		{"sellercentral.amazon.co.jp", false, false},
	} {
		w.host = c.host
		page := w.visit("GET", consentPath, fields[:4]...)
		for _, one := range []struct {
			seller spapisim.Seller
			want   bool
		}{{b.seller, c.europe}, {american, c.american}} {
			taken := w.visit("POST", consentPath, append(fields, one.seller.Key)...).status == 303
			if listed := strings.Contains(page.page, one.seller.Key); listed != one.want || taken != one.want {
				t.Errorf("%s: seller %s listed %v, taken %v", c.host, one.seller.Key, listed, taken)
			}
		}
	}
	w.host = "sellingpartnerapi-eu.amazon.com" // the API knows no such path
	if r := b.do(httptest.NewRequest("GET", "https://"+w.host+consentPath, nil)); r.status != 403 {
		t.Errorf("the API's host: %d", r.status)
	}
	server := httptest.NewServer(b.sim.ConsentHandler("na"))
	defer server.Close()
	w.server, w.host = server, ""
	w.visit("POST", consentPath, append(fields, b.seller.Key)...).refused(t, "", "no seller")
	w.visit("POST", consentPath, append(fields, american.Key)...).sent(t, callback)
}

func TestConsentLimit(t *testing.T) {
	b := setup(t)
	b.change(func(spec *spapisim.ApplicationSpec) { spec.ConsentLimit = 1 })
	second, err := b.sim.AddSeller(spapisim.SellerSpec{Region: "na"})
	b.must(err)
	w := b.browser()
	confirm := func(seller spapisim.Seller) view {
		return w.visit("POST", consentPath, "application_id", b.app.ApplicationID, "state", "s", "seller", seller.Key, "answer", "confirm")
	}
	confirm(second).refused(t, "CONSENT_LIMIT_REACHED", "")
	if _, err := b.sim.Authorize(b.app.ClientID, second.Key); err == nil || !strings.Contains(err.Error(), "CONSENT_LIMIT_REACHED") {
		t.Errorf("by the developer's own button: %v", err)
	}
	confirm(b.seller).sent(t, callback) // again is not more
	b.must(b.sim.Revoke(b.app.ClientID, b.seller.Key))
	confirm(second).sent(t, callback)
	_, err = b.sim.Authorize(b.app.ClientID, second.Key)
	b.must(err)
	confirm(b.seller).refused(t, "CONSENT_LIMIT_REACHED", "")
	b.clock.Add(365 * 24 * time.Hour) // the second's has expired
	confirm(b.seller).sent(t, callback)
}
