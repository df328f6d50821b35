package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store/storetest"
)

// Who has not signed in sees nothing but the page to do so; a key opens what it may see,
// until it is revoked or the session ends.
func TestWhoMaySee(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		b.connect("acme")
		stranger := b.visitor()
		for _, one := range screens() {
			path := strings.TrimSuffix(one.path, "{$}")
			if strings.Contains(path, "{") {
				continue // its own test looks
			}
			a := stranger.get(path)
			if to := a.header.Get("Location"); a.status != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
				t.Errorf("a stranger's %s: %d %s", path, a.status, to)
			}
			if a := stranger.get(path + "?live=1"); a.status != http.StatusUnauthorized {
				t.Errorf("a stranger's stream of %s: %d", path, a.status)
			}
			if path == "/" {
				if a := b.signedIn("acme").get(path); a.header.Get("Location") != "/connections" {
					t.Errorf("a tenant's key begins at %s", a.header.Get("Location"))
				}
			} else if one.operator {
				if a := b.signedIn("acme").get(path); a.status != http.StatusForbidden || strings.Contains(a.text, "acme") {
					t.Errorf("%s with a tenant's key: %d %s", path, a.status, a.text)
				}
			}
		}

		operator := b.signedIn("")
		operator.get("/").has(t, `aria-current="page"`, "<main", "connections are on time", "on call", "ordersync 1.2.3")
		keys, err := b.store.Reader().Keys(b.ctx)
		b.must(err)
		for _, k := range keys {
			b.must(b.engine.RevokeKey(b.ctx, k.ID))
		}
		if a := operator.get("/"); a.status != http.StatusSeeOther {
			t.Errorf("after its key was revoked: %d", a.status)
		}
		again := b.signedIn("")
		b.now = b.now.Add(13 * time.Hour)
		if a := again.get("/"); a.status != http.StatusSeeOther {
			t.Errorf("after the session has ended: %d", a.status)
		}
	})
}

func TestSignIn(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	_, key, err := b.engine.NewKey(b.ctx, "on call", "")
	b.must(err)
	v := b.visitor()
	for _, wrong := range []string{"", "osk_wrong", key + "x", strings.Repeat("k", 5000)} {
		a := v.post("/login", url.Values{"key": {wrong}, "next": {"/?a=1"}})
		if a.status != http.StatusUnauthorized || len(a.header.Values("Set-Cookie")) > 0 {
			t.Errorf("the key %.20q is answered %d", wrong, a.status)
		}
		a.has(t, `name="next" value="/?a=1"`, "opens nothing")
	}
	v.header.Set("Accept-Language", "fr")
	v.post("/login", url.Values{"key": {"osk_wrong"}}).has(t, `lang="fr"`, "Cette clé n’ouvre rien")

	a := v.post("/login", url.Values{"key": {" " + key + "\n"}, "next": {"/?a=1"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/?a=1" {
		t.Fatalf("a good key is answered %d, on to %q", a.status, a.header.Get("Location"))
	}
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %s lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, key) {
		t.Error("the cookie holds the key")
	}
	if a := v.get("/"); a.status != http.StatusOK || strings.Contains(a.text, key) {
		t.Errorf("the page: %d", a.status)
	}
	v.post("/logout", url.Values{})
	if a := v.get("/"); a.status != http.StatusSeeOther {
		t.Errorf("after signing out: %d", a.status)
	}
	v.client.Jar.SetCookies(must(url.Parse(b.server.URL)), []*http.Cookie{{Name: sessionCookie, Value: strings.TrimPrefix(strings.Split(cookie, ";")[0], sessionCookie+"=")}})
	if a := v.get("/"); a.status != http.StatusSeeOther {
		t.Errorf("a session that was closed: %d", a.status)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// With https nobody else of the domain can have set the cookie.
func TestCookieWithTLS(t *testing.T) {
	b := newBoard(t, storetest.SQLite, func(c *Config) { c.PublicURL = "https://sync.example.com" })
	_, key, err := b.engine.NewKey(b.ctx, "on call", "")
	b.must(err)
	cookie := b.visitor().post("/login", url.Values{"key": {key}}).header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-ordersync_session=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("the cookie is %s", cookie)
	}
}

// Where a visitor goes after signing in is a page of this dashboard, and no other site.
func TestNextPage(t *testing.T) {
	for text, want := range map[string]string{
		"": "/", "/": "/", "/runs?a=b": "/runs?a=b", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"/\t/evil.example": "/", "javascript:alert(1)": "/", "runs": "/", "/%zz": "/", "/" + strings.Repeat("a", 3000): "/",
	} {
		if got := nextPage(text); got != want {
			t.Errorf("%.40q leads to %s", text, got)
		}
	}
}

// In the demo nobody signs in, from this machine and by its own name only: a page of
// another site can have its own name resolve to this machine.
func TestOwnMachine(t *testing.T) {
	b := newBoard(t, storetest.SQLite, func(c *Config) { c.Open = true })
	b.connect("acme")
	for _, c := range []struct {
		remote, host string
		open         bool
	}{
		{"127.0.0.1:5000", "127.0.0.1:8080", true}, {"127.0.0.1:5000", "localhost:8080", true}, {"127.0.0.1:5000", "LOCALHOST", true},
		{"[::1]:5000", "[::1]:8080", true}, {"[::ffff:127.0.0.1]:5000", "127.0.0.1", true},
		{"127.0.0.1:5000", "evil.example:8080", false}, {"127.0.0.1:5000", "127.0.0.1.evil.example", false}, {"127.0.0.1:5000", "", false},
		{"192.0.2.7:5000", "127.0.0.1:8080", false}, {"192.0.2.7:5000", "localhost", false}, {"nonsense", "localhost", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		w := httptest.NewRecorder()
		b.pages.ServeHTTP(w, r)
		if open := w.Code == http.StatusOK; open != c.open {
			t.Errorf("from %s to %s: %d", c.remote, c.host, w.Code)
		}
	}
	closed := newBoard(t, storetest.SQLite)
	if a := closed.visitor().get("/"); a.status != http.StatusSeeOther {
		t.Errorf("without the demo: %d", a.status)
	}
}

// A form that another site sends is refused, whoever is signed in.
func TestFormsOfOtherSites(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	for _, h := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}} {
		v := b.signedIn("")
		v.header = h
		if a := v.post("/logout", url.Values{}); a.status != http.StatusForbidden {
			t.Errorf("%v: %d", h, a.status)
		}
		v.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
		if a := v.get("/"); a.status != http.StatusOK {
			t.Errorf("%v has signed somebody out: %d", h, a.status)
		}
	}
	v := b.signedIn("")
	a := v.post("/login", url.Values{"key": {strings.Repeat("k", maxForm)}})
	if a.status != http.StatusBadRequest {
		t.Errorf("a form that is too long: %d", a.status)
	}
}
