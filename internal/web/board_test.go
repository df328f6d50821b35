package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// boardStart is when every test of the dashboard begins.
var boardStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const frenchMarket = "A13V1IB3VIYZZH"

// board is a dashboard behind a real socket, and what it shows.
type board struct {
	t      testing.TB
	ctx    context.Context
	store  *store.Store
	engine *engine.Engine
	pages  *Pages
	server *httptest.Server
	now    time.Time
}

func newBoard(t testing.TB, kind storetest.Kind, change ...func(*Config)) *board {
	t.Helper()
	b := &board{t: t, ctx: t.Context(), now: boardStart}
	b.store = storetest.Open(t, kind, storetest.Clock(func() time.Time { return b.now }))
	log := slog.New(slog.DiscardHandler)
	b.engine = engine.New(b.store, nil, nil, engine.Settings{Holder: "test", ClientID: "client"}, log)
	c := Config{Reader: b.store.Doors(), Engine: b.engine, PublicURL: "http://127.0.0.1", ClientID: "client", Version: "1.2.3", Now: b.store.Now, Log: log}
	for _, f := range change {
		f(&c)
	}
	var err error
	b.pages, err = New(c)
	b.must(err)
	b.server = httptest.NewUnstartedServer(b.pages)
	b.server.Config.ReadTimeout = 3 * time.Second // streams last longer
	b.server.Start()
	t.Cleanup(b.server.Close)
	return b
}

func (b *board) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// connect makes a connection of a tenant.
func (b *board) connect(tenant ordersync.TenantID, change ...func(*store.Import)) ordersync.ConnectionID {
	b.t.Helper()
	in := store.Import{
		Tenant: tenant, Region: ordersync.RegionEU, State: ordersync.Connected, Marketplaces: &[]string{frenchMarket}, Token: true,
		Seal: func(ordersync.ConnectionID) ([]byte, error) { return []byte("sealed"), nil },
	}
	for _, f := range change {
		f(&in)
	}
	out, err := b.store.ImportConnection(b.ctx, in)
	b.must(err)
	return out.Connection
}

// settle does what a worker does whose execution ends with an outcome.
func (b *board) settle(id ordersync.ConnectionID, o ordersync.Outcome, change ...func(*store.Commit)) {
	b.t.Helper()
	l, err := b.store.Claim(b.ctx, id, "test", time.Minute)
	b.must(err)
	if l == nil {
		b.t.Fatalf("connection %d cannot be claimed", id)
	}
	due := b.now.Add(5 * time.Minute)
	c := store.Commit{Kind: ordersync.Live, Polled: true, Release: true, LiveDueAt: &due, Settle: &store.Settle{Outcome: o, BegunAt: b.now, Pages: 1}}
	if o.Reason == ordersync.Success {
		c.Cursor = b.now.Add(-ordersync.Delay)
	}
	for _, f := range change {
		f(&c)
	}
	_, err = b.store.Commit(b.ctx, l, c)
	b.must(err)
}

// visitor is a browser without scripts, which follows no redirect.
type visitor struct {
	b      *board
	client *http.Client
	header http.Header
}

func (b *board) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	b.must(err)
	return &visitor{b: b, header: http.Header{}, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn is a browser whose visitor signed in with a key of a tenant, or with "" an
// operator's.
func (b *board) signedIn(tenant ordersync.TenantID) *visitor {
	b.t.Helper()
	_, key, err := b.engine.NewKey(b.ctx, "on call", tenant)
	b.must(err)
	v := b.visitor()
	if a := v.post("/login", url.Values{"key": {key}}); a.status != http.StatusSeeOther {
		b.t.Fatalf("signing in is answered %d: %s", a.status, a.text)
	}
	return v
}

// shown is an answer to a browser.
type shown struct {
	status int
	header http.Header
	text   string
}

func (v *visitor) get(path string) shown { return v.ask(http.MethodGet, path, nil) }

func (v *visitor) post(path string, form url.Values) shown {
	return v.ask(http.MethodPost, path, form)
}

func (v *visitor) ask(method, path string, form url.Values) shown {
	v.b.t.Helper()
	r, err := http.NewRequestWithContext(v.b.ctx, method, v.b.server.URL+path, strings.NewReader(form.Encode()))
	v.b.must(err)
	for name, values := range v.header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	a, err := v.client.Do(r)
	v.b.must(err)
	defer func() { _ = a.Body.Close() }()
	body, err := io.ReadAll(a.Body)
	v.b.must(err)
	return shown{a.StatusCode, a.Header, string(body)}
}

// has wants texts to stand on a page, in this order.
func (a shown) has(t testing.TB, texts ...string) {
	t.Helper()
	rest := a.text
	for _, want := range texts {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is missing, or not in its place, in\n%s", want, a.text)
		}
		rest = after
	}
}
