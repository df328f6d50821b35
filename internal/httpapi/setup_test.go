package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
	"ordersync/internal/leak"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated files anew")

// start is when every world begins.
var start = time.Date(2026, 1, 12, 2, 54, 23, 0, time.UTC)

const (
	french     = "A13V1IB3VIYZZH"
	stranger   = "192.0.2.1:4711" // nobody's proxy
	loopback   = "127.0.0.1:4711" // the trusted proxy
	cron       = "cron@system.keybuzz.io"
	cronTenant = "ecomlg-001"
)

// world is an installation behind its HTTP interface. Its worker is the test's:
// what would come from Amazon is written through the store, under leases.
type world struct {
	t       testing.TB
	ctx     context.Context
	kind    storetest.Kind
	url     string // of the database
	store   *store.Store
	engine  *engine.Engine
	handler http.Handler
	log     *logBook
	leaks   leak.Watch // of what is answered and logged

	mu    sync.Mutex
	ahead time.Duration
	keys  map[ordersync.TenantID]string // "" is the operator's
}

func onBoth(t *testing.T, test func(w *world), change ...func(*httpapi.Config)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) { test(newWorld(t, kind, change...)) })
}

func onSQLite(t *testing.T, test func(w *world), change ...func(*httpapi.Config)) {
	t.Helper()
	t.Parallel()
	test(newWorld(t, storetest.SQLite, change...))
}

func newWorld(t *testing.T, kind storetest.Kind, change ...func(*httpapi.Config)) *world {
	t.Helper()
	return openWorld(t, kind, storetest.New(t, kind), change...)
}

// openWorld makes a world over a database that is there already.
func openWorld(t testing.TB, kind storetest.Kind, url string, change ...func(*httpapi.Config)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), kind: kind, url: url, log: &logBook{}, keys: map[ordersync.TenantID]string{}}
	w.store = storetest.OpenURL(t, w.url, storetest.Clock(w.now))
	w.engine = engine.New(w.store, nil, nil, engine.Settings{Holder: "test"}, slog.New(slog.NewTextHandler(w.log, nil)))
	config := httpapi.Config{
		Reader: w.store.Doors(), Engine: w.engine, Operators: []string{cron}, Version: "test", Now: w.now,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Log:            slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Pace:           httpapi.Pace{PollFirst: time.Millisecond, PollLast: 5 * time.Millisecond},
	}
	for _, f := range change {
		f(&config)
	}
	var err error
	w.handler, err = httpapi.New(config)
	w.must(err)
	w.key("")
	t.Cleanup(func() {
		w.leaks.Say("the log", w.log.String())
		w.leaks.Check(t)
	})
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return start.Add(w.ahead)
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// key makes a tenant's key, or the operator's.
func (w *world) key(tenant ordersync.TenantID) {
	w.t.Helper()
	_, secret, err := w.engine.NewKey(w.ctx, "test", tenant)
	w.must(err)
	w.keys[tenant] = secret
	w.leaks.Hide("an API key", secret)
}

// connect makes a connection of a tenant with a refresh token.
func (w *world) connect(tenant ordersync.TenantID, change ...func(*store.Import)) ordersync.ConnectionID {
	w.t.Helper()
	in := store.Import{
		Tenant: tenant, Region: ordersync.RegionEU, State: ordersync.Connected, Marketplaces: &[]string{french}, Token: true,
		Seal: func(ordersync.ConnectionID) ([]byte, error) { return []byte("sealed"), nil },
	}
	for _, f := range change {
		f(&in)
	}
	out, err := w.store.ImportConnection(w.ctx, in)
	w.must(err)
	return out.Connection
}

// order is an order with some items.
func order(id string, at time.Time, items int, change ...func(*store.PageOrder)) store.PageOrder {
	o := store.PageOrder{Order: ordersync.Order{
		ID: id, CreatedAt: at, LastUpdatedAt: at, Channel: "AMAZON", MarketplaceID: french, MarketplaceName: "Amazon.fr", Status: "UNSHIPPED",
		FulfilledBy: "MERCHANT", Total: &ordersync.Money{Amount: "30.00", Currency: "EUR"}, Groups: ordersync.OrderGroups, Raw: []byte(`{}`),
	}}
	for i := range items {
		o.Items = append(o.Items, ordersync.Item{ID: fmt.Sprint(i + 1), SKU: fmt.Sprintf("SKU-%s-%d", id, i+1), Quantity: 1, UnitPrice: &ordersync.Money{Amount: "7.50", Currency: "EUR"}})
	}
	for _, f := range change {
		f(&o)
	}
	for i := range o.Digests {
		o.Digests[i] = uint64(o.LastUpdatedAt.UnixMilli())
	}
	return o
}

// reads does what a worker does that finds orders and is up to date then.
func (w *world) reads(id ordersync.ConnectionID, orders ...store.PageOrder) {
	w.t.Helper()
	w.settles(id, store.Commit{Page: &store.Page{Orders: orders}}, ordersync.Outcome{Reason: ordersync.Success})
}

// settles does what a worker does whose execution ends with an outcome.
func (w *world) settles(id ordersync.ConnectionID, c store.Commit, o ordersync.Outcome) {
	w.t.Helper()
	l, err := w.store.Claim(w.ctx, id, "test", time.Minute)
	w.must(err)
	if l == nil {
		w.t.Fatalf("connection %d cannot be claimed", id)
	}
	now := w.now()
	if c.Page != nil {
		c.Page.Epoch, c.Page.Step = l.Epoch, l.Step
	}
	if o.Reason == ordersync.Success {
		c.Cursor = now.Add(-ordersync.Delay)
		c.Covered = &store.Covered{
			Window: ordersync.Window{From: now.Add(-48 * time.Hour), To: c.Cursor}, Marketplaces: []string{french}, Begun: now, Confirmed: true,
		}
	}
	next := now.Add(5 * time.Minute)
	c.Kind, c.Polled, c.Release, c.LiveDueAt = ordersync.Live, true, true, &next
	c.Settle = &store.Settle{Outcome: o, BegunAt: now, Pages: 1}
	_, err = w.store.Commit(w.ctx, l, c)
	w.must(err)
}

// works does what every due connection has to do, until stop is closed.
func (w *world) works(stop <-chan struct{}, do func(ordersync.ConnectionID)) {
	for {
		ticked, err := w.engine.Tick(w.ctx, 64, "")
		w.must(err)
		for _, id := range ticked.Ring {
			do(id)
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// tick lets the engine settle and finish what it can.
func (w *world) tick() {
	w.t.Helper()
	_, err := w.engine.Tick(w.ctx, 0, "")
	w.must(err)
}

// reply is an answer to a request.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	text   string
}

type option func(*http.Request)

func (w *world) operator() option                          { return w.as("") }
func (w *world) as(t ordersync.TenantID) option            { return header("Authorization", "Bearer "+w.keys[t]) }
func header(name, value string) option                     { return func(r *http.Request) { r.Header.Add(name, value) } }
func from(remote string) option                            { return func(r *http.Request) { r.RemoteAddr = remote } }
func (w *world) get(path string, o ...option) reply        { return w.ask("GET", path, "", o...) }
func (w *world) post(path, body string, o ...option) reply { return w.ask("POST", path, body, o...) }

// proxied is what the trusted proxy sends for a user.
func proxied(email, tenant string) option {
	return func(r *http.Request) {
		r.RemoteAddr = loopback
		r.Header.Set("X-User-Email", email)
		r.Header.Set("X-Tenant-Id", tenant)
	}
}

func (w *world) ask(method, path, body string, o ...option) reply {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.ctx, method, path, strings.NewReader(body))
	r.RemoteAddr = stranger
	for _, f := range o {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	w.leaks.Say("the answer to "+method+" "+path, rec.Body.String())
	a := reply{w.t, method + " " + path, rec.Code, rec.Header(), rec.Body.String()}
	if a.status >= 400 {
		a.wantProblem(a.status)
	}
	return a
}

type object = map[string]any

// want wants a status and returns the JSON.
func (a reply) want(status int) object {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, a.text)
	}
	var out object
	if err := json.Unmarshal([]byte(a.text), &out); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.text)
	}
	return out
}

// wantProblem wants a whole problem document with a status and some words.
func (a reply) wantProblem(status int, words ...string) {
	a.t.Helper()
	p := a.want(status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: content type %q: %s", a.what, got, a.text)
	}
	for _, field := range []string{"title", "detail", "requestId"} {
		if s, _ := p[field].(string); s == "" {
			a.t.Errorf("%s: %s is missing: %s", a.what, field, a.text)
		}
	}
	if p["requestId"] != a.header.Get("X-Request-Id") || p["status"] != float64(status) {
		a.t.Errorf("%s: body and head differ: %s %v", a.what, a.text, a.header)
	}
	for _, word := range words {
		if !strings.Contains(a.text, word) {
			a.t.Errorf("%s: %q is missing: %s", a.what, word, a.text)
		}
	}
}

// wantFile wants a text to be what a generated file holds.
func wantFile(t testing.TB, name, got string, write bool) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if write {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if it should, run make generate (-file +program):\n%s", path, diff)
	}
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
