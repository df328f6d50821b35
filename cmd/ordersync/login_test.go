package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/web"
)

// authorises is a seller who begins in Seller Central: the browser comes to our page.
func (b *browser) authorises(seller spapisim.Seller) seen {
	b.c.t.Helper()
	return b.do("POST", b.c.amazon+"/apps/manage", url.Values{"application_id": {b.c.app.ApplicationID}, "seller": {seller.Key}, "action": {"authorize"}})
}

// goesOn presses the button of the page that the browser shows.
func (b *browser) goesOn(at seen) seen {
	b.c.t.Helper()
	if at.status != http.StatusOK || !strings.Contains(at.text, `<form method="post">`) {
		b.c.t.Fatalf("there is no button at %s: %d %s", at.url.Path, at.status, at.text)
	}
	return b.do("POST", at.url.String(), url.Values{})
}

// at says that a page of ours is shown, with some words and without others.
func (s seen) at(t *testing.T, status int, words string, without ...string) seen {
	t.Helper()
	if s.status != status || !strings.Contains(s.text, words) {
		t.Fatalf("the page at %s: %d, want %d with %q: %s", s.url.Path, s.status, status, words, s.text)
	}
	for _, word := range without {
		if strings.Contains(s.text, word) {
			t.Errorf("the page at %s says %q: %s", s.url.Path, word, s.text)
		}
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
	} {
		if !strings.Contains(s.header.Get(name), want) {
			t.Errorf("at %s, %s is %q", s.url.Path, name, s.header.Get(name))
		}
	}
	return s
}

// connected connects a seller to a tenant, and waits for its orders.
func (c *connecting) connected(tenant string, seller spapisim.Seller, orders int) {
	c.t.Helper()
	b := c.browser()
	b.consents(b.follows(c.start(map[string]any{"tenantId": tenant, "marketplace": "DE"})), seller, "confirm").at(c.t.(*testing.T), http.StatusOK, "Amazon account connected")
	c.until("all orders are stored", func() bool { return c.stored(tenant) == orders })
}

// signIn is where the service signs its users in: it takes the tickets.
func (p *program) signIn() (address string, ticket func() string) {
	var mu sync.Mutex
	var last string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last = r.URL.Query().Get("ticket")
		p.hide(last)
	}))
	p.t.Cleanup(server.Close)
	return server.URL + "/sign-in", func() string {
		mu.Lock()
		defer mu.Unlock()
		if last == "" {
			p.t.Fatal("no ticket came")
		}
		return last
	}
}

// A seller who withdrew the authorisation gives it again in Seller Central: the same
// connection goes on, with cursor and orders, and nobody had to sign in. Until Amazon
// has confirmed the account, nothing is said of the tenant.
func TestSellerAuthorisesAgainAtAmazon(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		c := p.connecting("--revoked-after", "1s", "--sync-interval", "1s")
		seller := c.sellerWith(20)
		c.connected("acme", seller, 20)
		connection := c.query(`SELECT id FROM connections`)[0][0]
		p.must(c.sim.Revoke(p.app.ClientID, seller.Key))
		p.later(61 * time.Minute) // until then the access token is good
		_, err := c.sim.Generate(seller.Key, spapisim.Generate{N: 15, From: p.now().Add(-30 * time.Minute), To: p.now().Add(-10 * time.Minute)})
		p.must(err)
		p.until("the tenant is told to reconnect", func() bool { return c.status("acme")["status"] == "ERROR" })

		b := c.browser()
		page := b.authorises(seller).at(t, http.StatusOK, seller.ID, "acme")
		if page.url.Path != web.LoginPath || strings.Contains(page.text, "?lang") {
			t.Errorf("%s: %s", page.url.Path, page.text)
		}
		if n := c.query(`SELECT COUNT(*) FROM consents WHERE used_at IS NULL`); n[0][0] != "0" {
			t.Error("looking has begun something")
		}
		agree := b.goesOn(page).at(t, http.StatusOK, "Connect the Amazon seller account of acme again?")
		if !strings.HasPrefix(agree.url.Path, "/connect/") || agree.url.RawQuery != "" {
			t.Errorf("it is at %s", agree.url.Path)
		}
		if got := c.status("acme")["status"]; got != "ERROR" {
			t.Errorf("before the seller has agreed: %s", got)
		}
		c.browser().do("GET", agree.url.String(), nil).at(t, http.StatusBadRequest, "in another browser", "acme")
		c.browser().do("POST", agree.url.String(), url.Values{}).at(t, http.StatusBadRequest, "keeps no cookies", "acme")
		b.lang = "fr"
		b.do("GET", agree.url.String(), nil).at(t, http.StatusOK, "Relier à nouveau le compte vendeur Amazon de acme")
		b.lang = "en"
		b.goesOn(agree).at(t, http.StatusOK, "is connected to acme")
		p.until("the orders of the time in between are stored", func() bool { return c.stored("acme") == 35 })
		if got := c.query(`SELECT id, seller_id FROM connections`); len(got) != 1 || got[0][0] != connection || got[0][1] != seller.ID {
			t.Errorf("connections: %v", got)
		}
		b.do("POST", agree.url.String(), url.Values{}).at(t, http.StatusOK, "is connected to acme") // loaded again
		b.do("GET", agree.url.String(), nil).at(t, http.StatusNotFound, "was used already", "acme")
		c.browser().do("POST", agree.url.String(), url.Values{}).at(t, http.StatusBadRequest, "keeps no cookies", "acme")
		if n := c.query(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`); n[0][0] != "0" {
			t.Error("the token is still kept beside the consent")
		}

		// Agreeing comes too late.
		late := b.goesOn(b.authorises(seller)).at(t, http.StatusOK, "again?")
		p.later(11 * time.Minute)
		b.do("POST", late.url.String(), url.Values{}).at(t, http.StatusGone, "too old", "acme")
	})
}

// Who comes from Amazon and is not known signs in at the service: the account becomes
// that tenant's whose key was used, once, in time, and in the browser that came.
func TestUnknownSellerSignsIn(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		signIn, ticket := p.signIn()
		c := p.connecting("--sign-in-url", signIn)
		p.must(c.sim.ChangeApplication(p.app.ClientID, func(spec *spapisim.ApplicationSpec) { spec.Draft = true })) // version=beta goes to and fro
		p.imports(line{"tenantId": "acme", "region": "na"}, line{"tenantId": "globex", "region": "na"})             // a key's tenant must be known
		operator, acme, globex := c.key, p.key("--name", "acme", "--tenant", "acme"), p.key("--name", "globex", "--tenant", "globex")
		seller := c.sellerWith(5)
		b := c.browser()
		const startPath = "/api/v1/marketplaces/amazon/oauth/start"
		refused := func(what string, body map[string]any, field string) {
			t.Helper()
			out := c.asks("POST", startPath, body, http.StatusUnprocessableEntity)
			if got := out["errors"].([]any)[0].(map[string]any)["field"]; got != field {
				t.Errorf("%s: %v", what, out)
			}
		}
		if at := b.goesOn(b.authorises(seller)); !strings.HasPrefix(at.url.String(), signIn+"?ticket=") {
			t.Fatalf("the browser is at %s: %s", at.url, at.text)
		}
		if n := c.query(`SELECT COUNT(*) FROM consents`); n[0][0] != "0" {
			t.Error("something is stored for who has not signed in")
		}
		mine := ticket()
		c.browser().do("GET", c.public+"/connect/"+mine, nil).at(t, http.StatusNotFound, "not known")
		c.key = acme
		refused("where to return to", map[string]any{"ticket": mine, "marketplace": "FR", "returnTo": "https://evil.example.com"}, "body.returnTo")
		refused("a changed ticket", map[string]any{"ticket": mine[:len(mine)-4] + "AAAA", "marketplace": "FR"}, "body.ticket")
		link := c.start(map[string]any{"ticket": mine, "marketplace": "FR"})
		refused("the same ticket", map[string]any{"ticket": mine, "marketplace": "FR"}, "body.ticket")
		c.key = globex
		refused("another tenant's ticket", map[string]any{"ticket": mine, "marketplace": "FR"}, "body.ticket")
		refused("a ticket of ours", map[string]any{"ticket": link[strings.LastIndex(link, "/")+1:], "marketplace": "FR"}, "body.ticket")
		c.key = operator

		other := c.browser()
		other.do("GET", c.public+"/connect/nothing", nil)
		other.do("GET", link, nil).at(t, http.StatusBadRequest, "in another browser", "acme")
		other.authorises(seller) // is marked by it
		other.do("POST", link, url.Values{}).at(t, http.StatusBadRequest, "in another browser", "acme")
		page := b.do("GET", link, nil).at(t, http.StatusOK, "Connect the Amazon seller account of acme")
		if !strings.Contains(page.text, seller.ID) {
			t.Errorf("whose account is it? %s", page.text)
		}
		b.goesOn(page).at(t, http.StatusOK, "is connected to acme")
		p.until("all orders are stored", func() bool { return c.stored("acme") == 5 })
		if got := c.query(`SELECT tenant, seller_id FROM connections WHERE region = 'eu'`); len(got) != 1 || got[0][0] != "acme" || got[0][1] != seller.ID {
			t.Errorf("connections: %v", got)
		}
		b.do("GET", link, nil).at(t, http.StatusNotFound, "was used already", "acme")

		// A second account of the tenant's, which is none of the first one's.
		second := c.sellerWith(2)
		b.goesOn(b.authorises(second))
		b.goesOn(b.do("GET", c.start(map[string]any{"tenantId": "acme", "ticket": ticket(), "marketplace": "FR", "returnTo": "https://app.example.com/x"}), nil))
		p.until("its orders are stored", func() bool { return c.stored("acme") == 7 })

		// Amazon knows another seller than the browser says.
		pretended := b.authorises(c.sellerWith(0))
		query := pretended.url.Query()
		query.Set("selling_partner_id", "A0PRETENDED")
		pretended.url.RawQuery = query.Encode()
		b.goesOn(pretended)
		link = c.start(map[string]any{"tenantId": "initech", "ticket": ticket(), "marketplace": "FR"})
		wrong := b.goesOn(b.do("GET", link, nil)).at(t, http.StatusBadRequest, "another Amazon seller account")
		if strings.Contains(wrong.text, "/connect/") && strings.Contains(wrong.text, link[strings.LastIndex(link, "/")+1:]) {
			t.Error("the page offers what Amazon will not take again")
		}

		b.goesOn(b.authorises(c.sellerWith(0)))
		p.later(11 * time.Minute)
		refused("a ticket that is too old", map[string]any{"tenantId": "initech", "ticket": ticket(), "marketplace": "FR"}, "body.ticket")
		if n := c.query(`SELECT COUNT(*) FROM connections WHERE tenant = 'initech'`); n[0][0] != "0" {
			t.Error("initech is connected")
		}
	})
}

// A seller's id in an address proves nothing. Neither does a stranger's account become
// a tenant's, nor a seller's a tenant's who claims it, nor is the tenant named.
func TestSellerIDsProveNothing(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		c := p.connecting()
		seller, stranger := c.sellerWith(10), c.sellerWith(10)
		c.connected("acme", seller, 10)
		kept := c.query(`SELECT sealed FROM secrets`)[0][0]
		pretends := func(b *browser) seen {
			at := b.authorises(stranger)
			query := at.url.Query()
			query.Set("selling_partner_id", seller.ID)
			at.url.RawQuery = query.Encode()
			return b.goesOn(at)
		}
		pretends(c.browser()).at(t, http.StatusBadRequest, "another Amazon seller account", "acme")
		b := c.browser()
		ticket := ""
		b.back = func(query url.Values) {
			query.Set("selling_partner_id", seller.ID)
			ticket, _, _ = strings.Cut(query.Get("state"), ".")
			b.do("GET", c.public+"/connect/"+ticket, nil).at(t, http.StatusNotFound, "not known", "acme")
		}
		pretends(b).at(t, http.StatusBadRequest, "could not make sure", "acme")
		b.do("GET", c.public+"/connect/"+ticket, nil).at(t, http.StatusNotFound, "not known", "acme")
		b.do("POST", c.public+"/connect/"+ticket, url.Values{}).at(t, http.StatusNotFound, "not known", "acme")
		if got := c.query(`SELECT sealed FROM secrets`); len(got) != 1 || got[0][0] != kept {
			t.Error("the token was replaced by a stranger's")
		}

		// evil claims a seller's id with a token, and orders, of another account.
		claimed := c.sellerWith(3)
		b = c.browser()
		b.back = func(query url.Values) { query.Set("selling_partner_id", claimed.ID) }
		b.consents(b.follows(c.start(map[string]any{"tenantId": "evil", "marketplace": "DE"})), stranger, "confirm").at(t, http.StatusOK, "connected")
		p.until("the stranger's orders are stored", func() bool { return c.stored("evil") == 10 })
		b = c.browser()
		b.goesOn(b.authorises(claimed)).at(t, http.StatusBadRequest, "could not make sure", "evil")
		if n := c.query(`SELECT COUNT(*) FROM consents WHERE sealed IS NOT NULL`); n[0][0] != "0" {
			t.Error("the seller's token is kept")
		}
		if got := c.stored("evil"); got != 10 {
			t.Errorf("evil has %d orders", got)
		}
	})
}

// Who must sign in though the account is known, and is told so where there is no
// address for it: of several tenants', disconnected, without orders to prove it by.
func TestSellersWhoMustSignIn(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		c := p.connecting()
		shared, left, empty := c.sellerWith(3), c.sellerWith(3), c.sellerWith(0)
		c.connected("acme", shared, 3)
		c.connected("globex", shared, 3)
		c.connected("left", left, 3)
		c.asks("POST", "/api/v1/marketplaces/amazon/disconnect", map[string]any{"tenantId": "left"}, http.StatusOK)
		c.connected("empty", empty, 0)
		b := c.browser()
		for _, seller := range []spapisim.Seller{shared, left, empty, c.sellerWith(0)} {
			b.goesOn(b.authorises(seller)).at(t, http.StatusOK, "Sign in to Northwind Sync first", "acme", "globex", "left", "empty")
		}
		b.lang = "fr"
		b.goesOn(b.authorises(shared)).at(t, http.StatusOK, "Identifiez-vous d'abord auprès de Northwind Sync")
		b.lang = "en"

		// Whoever is disconnected, or shared, between Amazon's word and the seller's.
		one := c.sellerWith(2)
		c.connected("one", one, 2)
		agree := b.goesOn(b.authorises(one)).at(t, http.StatusOK, "again?")
		c.asks("POST", "/api/v1/marketplaces/amazon/disconnect", map[string]any{"tenantId": "one"}, http.StatusOK)
		b.goesOn(agree).at(t, http.StatusBadRequest, "could not make sure", "one's")
		if got := c.status("one")["status"]; got != "DISABLED" {
			t.Errorf("it is %s", got)
		}
		// So many at once are stored, and no more.
		crowd := c.sellerWith(2)
		c.connected("crowd", crowd, 2)
		p.later(11 * time.Minute) // those before are over
		b.back = func(query url.Values) { query.Set("spapi_oauth_code", "") }
		for n := range 21 {
			want := map[bool]string{true: "Sign in to Northwind Sync first", false: "without your consent"}[n == 20]
			if at := b.goesOn(b.authorises(crowd)); !strings.Contains(at.text, want) {
				t.Fatalf("the %d.: %s", n+1, at.text)
			}
		}
	})
}

// exchanges stands before Login with Amazon, and notes for which refresh tokens codes
// were exchanged.
func (p *program) exchanges() (address string, last func() string) {
	var mu sync.Mutex
	given := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.must(r.ParseForm())
		answer, err := http.PostForm(p.amazon+"/auth/o2/token", r.PostForm)
		p.must(err)
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		p.must(err)
		var grant struct {
			RefreshToken string `json:"refresh_token"`
		}
		if r.PostForm.Get("grant_type") == "authorization_code" && json.Unmarshal(body, &grant) == nil {
			p.hide(grant.RefreshToken)
			mu.Lock()
			given = grant.RefreshToken
			mu.Unlock()
		}
		w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(body)
	}))
	p.t.Cleanup(server.Close)
	return server.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return given
	}
}

// Trouble on the way of a proof, or of keeping what was proven, leaves all as it was;
// and a token that Amazon gives in place of the one that was used is the one that is
// kept.
func TestProofsThatMeetTrouble(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		v := p.inVault()
		lwa, exchanged := p.exchanges()
		c := p.connecting(append(p.extra, "--amazon-lwa-url", lwa)...)
		seller := c.sellerWith(4)
		c.connected("acme", seller, 4)
		path := "ordersync/acme/eu/" + seller.ID
		before := v.document(path)["refresh_token"]
		b := c.browser()
		for kind, want := range map[spapisim.FaultKind]struct {
			status int
			words  string
		}{
			spapisim.FaultUnavailable: {http.StatusBadGateway, "Amazon did not answer"},
			spapisim.FaultBadJSON:     {http.StatusBadGateway, "Amazon did not answer"},
			spapisim.FaultThrottle:    {http.StatusBadGateway, "Amazon did not answer"},
			spapisim.FaultForbidden:   {http.StatusBadRequest, "could not make sure"},
		} {
			_, err := c.sim.AddFault(spapisim.Fault{Kind: kind, Operation: spapisim.GetOrder})
			p.must(err)
			b.goesOn(b.authorises(seller)).at(t, want.status, want.words, "acme", "/connect/x")
			c.sim.ClearFaults()
		}
		p.must(c.sim.SetSwitches(func(s *spapisim.Switches) { s.RotateRefreshTokens = true }))
		agree := b.goesOn(b.authorises(seller)).at(t, http.StatusOK, "again?")
		if got := v.document(path)["refresh_token"]; got != before {
			t.Error("a token was kept before the seller has agreed")
		}
		v.answers(func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		b.goesOn(agree).at(t, http.StatusServiceUnavailable, "could not be kept safe", "acme")
		v.answers(nil)
		again := b.do("GET", agree.url.String(), nil).at(t, http.StatusOK, "again?")
		b.goesOn(again).at(t, http.StatusOK, "is connected to acme")
		kept := v.document(path)["refresh_token"].(string)
		if p.hide(kept); kept == exchanged() || kept == before || exchanged() == "" {
			t.Error("the token that is kept is not the last one that Amazon gave")
		}
		p.later(61 * time.Minute) // the access token of the proof is over
		p.until("it is read with the new token", func() bool {
			out := c.asks("POST", "/api/v1/orders/sync/run?tenantId=acme", nil, http.StatusOK)
			return out["results"].([]any)[0].(map[string]any)["status"] == "success"
		})
		if got := c.status("acme")["status"]; got != "CONNECTED" {
			t.Errorf("it is %s", got)
		}
	})
}

// Who disconnects an account while its seller agrees has the last word: the token that
// was on its way does not stay in Vault.
func TestDisconnectedWhileTheSellerAgrees(t *testing.T) {
	onBoth(t, func(p *program) {
		t := p.t.(*testing.T)
		v := p.inVault()
		c := p.connecting(p.extra...)
		seller := c.sellerWith(4)
		c.connected("acme", seller, 4)
		path := "ordersync/acme/eu/" + seller.ID
		b := c.browser()
		agree := b.goesOn(b.authorises(seller)).at(t, http.StatusOK, "again?")
		seen, written, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var reads, writes atomic.Int32
		v.answers(func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.URL.Path != "/v1/secret/data/"+path:
			case r.Method == http.MethodPut && writes.Add(1) == 1:
				var body map[string]any
				p.must(json.NewDecoder(r.Body).Decode(&body))
				p.hide(body["data"].(map[string]any)["refresh_token"].(string))
				go func() {
					defer close(stopped)
					c.asks("POST", "/api/v1/marketplaces/amazon/disconnect", map[string]any{"tenantId": "acme"}, http.StatusOK)
				}()
				<-seen // it has read the document as it was, and stopped the connection
				_ = json.NewEncoder(w).Encode(v.ask("PUT", "secret/data/"+path, body))
				close(written)
				<-stopped
				return true
			case r.Method == http.MethodGet && writes.Load() == 1 && reads.Add(1) == 2:
				close(seen)
				<-written
			}
			return false
		})
		b.goesOn(agree).at(t, http.StatusBadRequest, "could not make sure", "acme")
		if left := v.document(path); left != nil {
			t.Errorf("Vault has %v left", keysOf(left))
		}
		if got := c.query(`SELECT state, (SELECT COUNT(*) FROM secrets) FROM connections`); len(got) != 1 || got[0][0] != "DISABLED" || got[0][1] != "0" {
			t.Errorf("left: %v", got)
		}
	})
}

// What does not come from Amazon's leads nowhere and begins nothing.
func TestLoginsThatAmazonDoesNotSend(t *testing.T) {
	onSQLite(t, func(p *program) {
		t := p.t.(*testing.T)
		c := p.connecting()
		seller := c.sellerWith(0)
		b := c.browser()
		good := b.authorises(seller).at(t, http.StatusOK, seller.ID)
		for _, callback := range []string{"https://evil.example/", p.amazon + "@evil.example/", p.amazon + ".evil.example/", p.amazon + `\@evil.example/`, "javascript:alert(1)", ""} {
			query := good.url.Query()
			query.Set("amazon_callback_uri", callback)
			for _, method := range []string{"GET", "POST"} {
				at := b.do(method, c.public+web.LoginPath+"?"+query.Encode(), nil)
				at.at(t, http.StatusBadRequest, "does not come from Amazon", "evil", "alert")
				if at.url.Path != web.LoginPath {
					t.Errorf("%s leads to %s", callback, at.url)
				}
			}
		}
		b.lang = "fr"
		b.do("GET", c.public+web.LoginPath, nil).at(t, http.StatusBadRequest, "ne vient pas de Seller Central")
		// Another site's form comes without the mark that our page has left.
		c.browser().do("POST", good.url.String(), url.Values{}).at(t, http.StatusBadRequest, "keeps no cookies")
		if n := c.query(`SELECT COUNT(*) FROM consents`); n[0][0] != "0" {
			t.Errorf("%v consents were begun", n)
		}
	})
	t.Run("not set up", func(t *testing.T) {
		onSQLite(t, func(p *program) {
			s := p.serve()
			if code, text := s.get(web.LoginPath + "?x"); code != http.StatusServiceUnavailable || !strings.Contains(text, "cannot be connected to this service yet") {
				t.Errorf("%d %s", code, text)
			}
		})
	})
}

// A page of ours, which says who asks for what, comes before anything begins: another
// site's form, which browsers send without our mark, begins nothing.
func TestFormsOfOtherSitesBeginNothing(t *testing.T) {
	onSQLite(t, func(p *program) {
		t := p.t.(*testing.T)
		c := p.connecting()
		link := c.start(map[string]any{"tenantId": "evil", "marketplace": "FR"})
		at := c.browser().do("POST", link, url.Values{})
		at.at(t, http.StatusBadRequest, "keeps no cookies")
		if at.url.Path == "/apps/authorize/consent" {
			t.Error("the seller is at Amazon and was not told who asks")
		}
		// A host beside ours belongs to the same site: its form comes with the mark.
		b := c.browser()
		login := b.authorises(c.sellerWith(0)).url.String()
		b.do("GET", link, nil).at(t, http.StatusOK, "evil")
		for _, b.site = range []string{"same-site", "cross-site"} {
			for _, address := range []string{link, login} {
				b.do("POST", address, url.Values{}).at(t, http.StatusBadRequest, "not pressed on our own page", "evil")
			}
		}
		if n := c.query(`SELECT COUNT(*) FROM consents WHERE state IS NOT NULL`); n[0][0] != "0" {
			t.Error("a consent was begun")
		}
		b.site = "same-origin"
		if at := b.do("POST", link, url.Values{}); at.url.Path != "/apps/authorize/consent" {
			t.Errorf("our own page leads to %s: %s", at.url, at.text)
		}
	})
}
