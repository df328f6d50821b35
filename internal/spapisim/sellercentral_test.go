package spapisim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const loginURI = "https://app.example/login?via=amazon"

// depart begins at Amazon and returns what the login URI was given.
func (w *browser) depart(t *testing.T, fields ...string) url.Values {
	t.Helper()
	fields = append([]string{"application_id", w.app.ApplicationID, "seller", w.seller.Key, "action", "authorize"}, fields...)
	return w.visit("POST", managePath, fields...).sent(t, "https://app.example/login")
}

// arrive goes back to amazon_callback_uri.
func (w *browser) arrive(given url.Values, fields ...string) view {
	path := strings.TrimPrefix(given.Get("amazon_callback_uri"), w.server.URL)
	return w.visit("GET", path, append([]string{"amazon_state", given.Get("amazon_state"), "state", "mine"}, fields...)...)
}

func TestLoginURIWorkflow(t *testing.T) {
	for _, draft := range []bool{false, true} {
		b := setup(t)
		b.change(func(spec *spapisim.ApplicationSpec) { spec.LoginURI, spec.Draft = loginURI, draft })
		w := b.browser()
		if v := w.visit("GET", managePath); v.status != 200 || !strings.Contains(v.page, b.app.ApplicationID) || !strings.Contains(v.page, "until 2027-11-23") {
			t.Errorf("%d %s", v.status, v.page)
		}
		given := w.depart(t)
		if given.Get("selling_partner_id") != b.seller.ID || given.Get("amazon_state") == "" || given.Get("via") != "amazon" || (given.Get("version") == "beta") != draft ||
			!strings.HasPrefix(given.Get("amazon_callback_uri"), w.server.URL+"/apps/authorize/confirm/") {
			t.Fatalf("%v", given)
		}
		if draft {
			w.arrive(given).refused(t, "MD1000", "")
		}
		b.clock.Add(10*time.Minute - time.Second)
		q := w.arrive(given, "version", "beta", "redirect_uri", callback).sent(t, callback)
		if q.Get("state") != "mine" || q.Get("selling_partner_id") != b.seller.ID || len(q) != 3 {
			t.Errorf("%v", q)
		}
		if r := b.exchange(q.Get("spapi_oauth_code"), callback); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
}

func TestLoginURIWorkflowErrors(t *testing.T) {
	b := setup(t)
	w := b.browser()
	begin := []string{"application_id", b.app.ApplicationID, "seller", b.seller.Key, "action", "authorize"}
	w.visit("POST", managePath, begin...).refused(t, "MD9100", "login URI")
	b.change(func(spec *spapisim.ApplicationSpec) { spec.LoginURI, spec.RedirectURIs = loginURI, nil })
	w.visit("POST", managePath, begin...).refused(t, "MD9100", "redirect URI")
	b.change(func(spec *spapisim.ApplicationSpec) { spec.RedirectURIs = []string{callback} })
	w.visit("POST", managePath, append(begin, "user", "other")...).refused(t, "SPDC8143", "")
	w.visit("POST", managePath, append(begin, "application_id", b.app.ClientID)...).refused(t, "", "not the client id")
	w.visit("POST", managePath, append(begin, "action", "")...).refused(t, "", "authorize or disable")

	given := w.depart(t)
	for _, c := range []struct {
		name        string
		fields      []string
		code, words string
	}{
		{"changed amazon_state", []string{"amazon_state", "x" + given.Get("amazon_state")}, "", "amazon_state"},
		{"no amazon_state", []string{"amazon_state", ""}, "", "amazon_state"},
		{"not registered", []string{"redirect_uri", "https://evil.example"}, "MD5101", ""},
		{"fragment", []string{"redirect_uri", callback + "#"}, "MD5110", ""},
	} {
		t.Run(c.name, func(t *testing.T) { w.arrive(given, c.fields...).refused(t, c.code, c.words) })
	}
	w.host = "sellercentral.amazon.com"
	w.arrive(given).refused(t, "", "another region")
	w.host = ""
	w.arrive(given).sent(t, callback)
	w.arrive(given).refused(t, "", "used")
	late := w.depart(t)
	b.clock.Add(10 * time.Minute)
	w.arrive(late).refused(t, "", "older than 10m")
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{RedirectURIs: []string{callback}})
	b.must(err)
	given = w.depart(t)
	given.Set("amazon_callback_uri", "/apps/authorize/confirm/"+other.ApplicationID)
	w.arrive(given).refused(t, "", "of another application")
	b.change(func(spec *spapisim.ApplicationSpec) { spec.ConsentLimit = 1 })
	late = w.depart(t)
	b.must(b.sim.Revoke(b.app.ClientID, b.seller.Key))
	b.addSeller("na") // takes the place
	w.arrive(late).refused(t, "CONSENT_LIMIT_REACHED", "")
	w.visit("POST", managePath, begin...).refused(t, "CONSENT_LIMIT_REACHED", "")
}

// A seller ends an authorisation in "Manage Your Apps"; nobody is told.
func TestDisable(t *testing.T) {
	b := setup(t)
	w := b.browser()
	if v := w.visit("POST", managePath, "application_id", b.app.ApplicationID, "seller", b.seller.Key, "action", "disable"); v.status != 303 || v.to.Path != managePath {
		t.Fatalf("%d %s", v.status, v.page)
	}
	if v := w.visit("GET", managePath); !strings.Contains(v.page, "revoked 2026-11-23 10:00:00") {
		t.Error(v.page)
	}
	r := b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	if r.status != 400 || lwa(t, r).Error != "invalid_grant" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if v := w.visit("DELETE", managePath); v.status != 405 {
		t.Errorf("%d", v.status)
	}
}

// FuzzSellerCentral goes anywhere in Seller Central with any parameters: a browser
// is sent to registered addresses only, and everything else is a page.
func FuzzSellerCentral(f *testing.F) {
	b := setup(f)
	b.change(func(spec *spapisim.ApplicationSpec) { spec.LoginURI = loginURI })
	for _, seed := range []struct {
		which uint8
		query string
	}{
		{0, "application_id=APP&state=s"}, {0, "application_id=APP&state=%00&redirect_uri=https://evil.example"}, {1, "application_id=APP&seller=SELLER&answer=confirm&state=%22%3E"},
		{1, "application_id=APP&answer=cancel"}, {1, "application_id=APP&seller=SELLER&answer=confirm&redirect_uri=" + callback + "%23"}, {2, "amazon_state=x&state=y"},
		{3, ""}, {4, "application_id=APP&seller=SELLER&action=authorize"}, {4, "application_id=APP&seller=SELLER&action=disable"}, {1, "%zz"}, {1, "a;b"},
	} {
		f.Add(seed.which, seed.query, seed.which%2 == 0)
	}
	doors := []string{"GET " + consentPath, "POST " + consentPath, "GET /apps/authorize/confirm/APP", "GET " + managePath, "POST " + managePath}
	f.Fuzz(func(t *testing.T, which uint8, query string, returns bool) {
		put := strings.NewReplacer("APP", b.app.ApplicationID, "SELLER", b.seller.Key).Replace
		if err := b.sim.SetSwitches(func(sw *spapisim.Switches) { sw.CancelReturns = returns }); err != nil {
			t.Fatal(err)
		}
		method, path, _ := strings.Cut(doors[int(which)%len(doors)], " ")
		r := httptest.NewRequest(method, put(path), strings.NewReader(put(query)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if method == http.MethodGet {
			r.URL.RawQuery = put(query)
		}
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || !slices.Contains([]int{200, 303, 400}, w.Code) || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("%s %s: %d %v", method, query, w.Code, err)
		}
		to.RawQuery = ""
		if home := []string{callback, "https://app.example/login", managePath}; (w.Code == 303) != slices.Contains(home, to.String()) {
			t.Fatalf("%s %s: %d, sent to %s", method, query, w.Code, to)
		}
	})
}
