package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// desk is the dashboard over a database of its own, behind a real socket.
type desk struct {
	t      testing.TB
	store  *store.Store
	engine *engine.Engine
	pages  *Pages
	url    string
	client *http.Client
}

// eachDesk runs a test on a dashboard over each of the databases.
func eachDesk(t *testing.T, test func(*testing.T, *desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(t, newDesk(t, s, Config{})) })
}

func newDesk(t testing.TB, s *store.Store, c Config) *desk {
	t.Helper()
	b := &desk{t: t, store: s, engine: engine.New(s, nil, nil, engine.Settings{ClientID: "app"}, slog.New(slog.DiscardHandler))}
	c.Reader, c.Engine, c.Now, c.Version, c.ClientID = s.Doors(), b.engine, s.Now, "1.2.3", "app"
	pages, err := New(c)
	b.must(err)
	b.pages = pages
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	b.url = server.URL
	b.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b
}

func (b *desk) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// signIn is a session of a key: an operator's, or one tenant's.
func (b *desk) signIn(tenant ordersync.TenantID) (session string) {
	b.t.Helper()
	_, key, err := b.engine.NewKey(b.t.Context(), "test", tenant)
	b.must(err)
	session, _, err = b.engine.OpenSession(b.t.Context(), key)
	b.must(err)
	return session
}

// answer is what a page answers.
type answer struct {
	status int
	to     string // Location
	text   string
}

// ask sends a request: a form when there is one.
func (b *desk) ask(session, lang, path string, form url.Values) answer {
	b.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", lang)
	if session != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	}
	w, err := b.client.Do(r)
	b.must(err)
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(w.Body)
	b.must(err)
	return answer{w.StatusCode, w.Header.Get("Location"), string(text)}
}

// page is a page that must be there, with these texts in it.
func (b *desk) page(session, lang, path string, wants ...string) string {
	b.t.Helper()
	a := b.ask(session, lang, path, nil)
	if a.status != http.StatusOK {
		b.t.Fatalf("%s: %d %s", path, a.status, a.text)
	}
	for _, want := range wants {
		if !strings.Contains(a.text, want) {
			b.t.Errorf("%s in %s: no %q in\n%s", path, lang, want, a.text)
		}
	}
	for _, bad := range []string{"ZgotmplZ", "<script>", "%!", "style="} {
		if strings.Contains(a.text, bad) {
			b.t.Errorf("%s in %s has %q", path, lang, bad)
		}
	}
	return a.text
}

// connect makes a connected connection.
func (b *desk) connect(tenant ordersync.TenantID, name string) ordersync.ConnectionID {
	b.t.Helper()
	out, err := b.store.ImportConnection(b.t.Context(), store.Import{
		Tenant: tenant, Region: ordersync.RegionEU, SellerID: "S-" + string(tenant), State: ordersync.Connected,
		DisplayName: &name, Marketplaces: &[]string{"A13V1IB3VIYZZH"},
	})
	b.must(err)
	return out.Connection
}

// saidInGo and saidInPages find what is said in a language.
var (
	saidInGo    = regexp.MustCompile(`\b(?:v\.TN?|v\.words\.(?:say|count)|wrong)\(([^)]*)`)
	saidInPages = regexp.MustCompile(`\btn? (?:[.$\w]+ )*("(?:[^"\\]|\\.)*")(?: ("(?:[^"\\]|\\.)*"))?`)
	quoted      = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// checkFrench wants every sentence of these files to have its French one.
func checkFrench(t *testing.T, files ...string) {
	t.Helper()
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := saidInPages
		if strings.HasSuffix(name, ".go") {
			said = saidInGo
		}
		for _, call := range said.FindAllString(string(text), -1) {
			for _, m := range quoted.FindAllStringSubmatch(call, -1) {
				found++
				if _, ok := french(m[1]); !ok && strings.ContainsFunc(strings.ReplaceAll(m[1], "%s", ""), func(r rune) bool { return r >= 'A' }) {
					t.Errorf("%s: no French for %q", name, m[1])
				}
			}
		}
	}
	if found < 5*len(files) {
		t.Errorf("only %d sentences were found in %v", found, files)
	}
}
