package web

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// siteStart is when every site of the tests begins.
var siteStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	frenchShop = "A13V1IB3VIYZZH"
	germanShop = "A1PA6795UKMFR9"
)

// connectionSite is the dashboard over a database, behind a real server.
type connectionSite struct {
	t      *testing.T
	ctx    context.Context
	url    string // of the database
	store  *store.Store
	engine *engine.Engine
	server *httptest.Server
	ahead  atomic.Int64
}

func onSites(t *testing.T, test func(*testing.T, *connectionSite)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) { test(t, newConnectionSite(t, kind)) })
}

func newConnectionSite(t *testing.T, kind storetest.Kind) *connectionSite {
	t.Helper()
	s := &connectionSite{t: t, ctx: t.Context(), url: storetest.New(t, kind)}
	s.store = storetest.OpenURL(t, s.url, storetest.Clock(s.now))
	log := slog.New(slog.DiscardHandler)
	s.engine = engine.New(s.store, nil, nil, engine.Settings{Holder: "test", ClientID: "app", Consent: engine.ConsentSettings{
		ApplicationID: "amzn1.sp.solution.1", RedirectURI: "https://sync.example.com" + CallbackPath, PublicURL: "https://sync.example.com",
	}}, log)
	pages, err := New(Config{Reader: s.store.Doors(), Engine: s.engine, Name: "A & B", ClientID: "app", Version: "test", Now: s.now, Log: log})
	s.must(err)
	s.server = httptest.NewServer(pages)
	t.Cleanup(s.server.Close)
	return s
}

func (s *connectionSite) now() time.Time { return siteStart.Add(time.Duration(s.ahead.Load())) }

func (s *connectionSite) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// connect makes a connection of a tenant in the EU.
func (s *connectionSite) connect(tenant ordersync.TenantID, seller string, change ...func(*store.Import)) ordersync.ConnectionID {
	s.t.Helper()
	in := store.Import{Tenant: tenant, Region: ordersync.RegionEU, SellerID: seller, State: ordersync.Connected, Marketplaces: &[]string{frenchShop, germanShop}}
	for _, f := range change {
		f(&in)
	}
	out, err := s.store.ImportConnection(s.ctx, in)
	s.must(err)
	return out.Connection
}

// exec changes the database beside the store.
func (s *connectionSite) exec(query string, args ...any) {
	s.t.Helper()
	_, err := storetest.SQL(s.t, s.url).Exec(query, args...)
	s.must(err)
}

// siteVisitor is somebody with a browser.
type siteVisitor struct {
	s      *connectionSite
	client *http.Client
	lang   string
}

// visitor signs in with a key of a tenant, or an operator's.
func (s *connectionSite) visitor(tenant ordersync.TenantID, lang string) siteVisitor {
	s.t.Helper()
	_, secret, err := s.engine.NewKey(s.ctx, "test", tenant)
	s.must(err)
	jar, err := cookiejar.New(nil)
	s.must(err)
	v := siteVisitor{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, lang}
	if status, _, _ := v.post("/login", url.Values{"key": {secret}}); status != http.StatusSeeOther {
		s.t.Fatalf("sign in: %d", status)
	}
	return v
}

func (v siteVisitor) do(method, path string, form url.Values) (status int, text string, header http.Header) {
	v.s.t.Helper()
	r, err := http.NewRequestWithContext(v.s.ctx, method, v.s.server.URL+path, strings.NewReader(form.Encode()))
	v.s.must(err)
	r.Header.Set("Accept-Language", v.lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := v.client.Do(r)
	v.s.must(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	v.s.must(err)
	return answer.StatusCode, string(body), answer.Header
}

func (v siteVisitor) post(path string, form url.Values) (status int, text string, header http.Header) {
	v.s.t.Helper()
	return v.do(http.MethodPost, path, form)
}

// see is a page that must be there.
func (v siteVisitor) see(path string) string {
	v.s.t.Helper()
	status, text, _ := v.do(http.MethodGet, path, nil)
	if status != http.StatusOK {
		v.s.t.Fatalf("GET %s: %d", path, status)
	}
	if strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "%!") {
		v.s.t.Errorf("GET %s: a value did not fit its place:\n%s", path, text)
	}
	return text
}

// status is what a page answers.
func (v siteVisitor) status(path string) int {
	v.s.t.Helper()
	status, _, _ := v.do(http.MethodGet, path, nil)
	return status
}

// wantWords fails the test unless a page says what it must, whatever its spaces.
func wantWords(t *testing.T, page string, words ...string) {
	t.Helper()
	spaces := strings.NewReplacer(noBreak, " ", narrowSpace, " ")
	plain := spaces.Replace(html.UnescapeString(page))
	for _, want := range words {
		if !strings.Contains(plain, spaces.Replace(want)) {
			t.Errorf("%q is missing in:\n%s", want, strings.Join(strings.Fields(tags.ReplaceAllString(plain[max(0, strings.Index(plain, "<main")):], " ")), " "))
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

var links = regexp.MustCompile(`<a href="(/connections/[^"/]+/\d+)">`)

// connectionsOn are the connections that a list links to.
func connectionsOn(page string) (out []string) {
	for _, m := range links.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}
