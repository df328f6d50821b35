package web

import (
	"bufio"
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
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/leak"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// boardStart is when every test of the dashboard begins.
var boardStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	frenchMarket = "A13V1IB3VIYZZH"
	germanMarket = "A1PA6795UKMFR9"
)

// board is a dashboard behind a real socket, and what it shows. What it answers and
// logs is searched in the end for the keys and sessions that were used.
type board struct {
	t      testing.TB
	ctx    context.Context
	url    string // of the database
	store  *store.Store
	engine *engine.Engine
	pages  *Pages
	server *httptest.Server
	now    time.Time
	leaks  leak.Watch
}

// onBoards runs a test on a dashboard over each of the databases.
func onBoards(t *testing.T, test func(*testing.T, *board), change ...func(*Config)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) { test(t, newBoard(t, kind, change...)) })
}

func newBoard(t testing.TB, kind storetest.Kind, change ...func(*Config)) *board {
	t.Helper()
	b := &board{t: t, ctx: t.Context(), url: storetest.New(t, kind), now: boardStart}
	b.store = storetest.OpenURL(t, b.url, storetest.Clock(func() time.Time { return b.now }))
	var logged logBook
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.engine = engine.New(b.store, nil, nil, engine.Settings{Holder: "test", ClientID: "client", Consent: engine.ConsentSettings{
		ApplicationID: "amzn1.sp.solution.1", RedirectURI: "https://sync.example.com" + CallbackPath, PublicURL: "https://sync.example.com",
	}}, log)
	c := Config{
		Reader: b.store.Doors(), Engine: b.engine, Name: "A & B", PublicURL: "http://127.0.0.1", ClientID: "client", Version: "1.2.3", Now: b.store.Now, Log: log,
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	b.pages, err = New(c)
	b.must(err)
	b.server = httptest.NewUnstartedServer(b.pages)
	b.server.Config.ReadTimeout = 3 * time.Second // streams last longer
	b.server.Start()
	t.Cleanup(func() {
		b.server.Close()
		b.pages.Close()
		b.leaks.Say("the log", logged.String())
		b.leaks.Check(t)
	})
	return b
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// exec changes the database beside the store.
func (b *board) exec(query string, args ...any) {
	b.t.Helper()
	_, err := storetest.SQL(b.t, b.url).Exec(query, args...)
	b.must(err)
}

// called gives a connection a name to show, soldBy a seller in two marketplaces.
func called(name string) func(*store.Import) {
	return func(in *store.Import) { in.DisplayName = &name }
}

func soldBy(seller string) func(*store.Import) {
	return func(in *store.Import) {
		in.SellerID, in.Marketplaces = seller, &[]string{frenchMarket, germanMarket}
	}
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
	b.leaks.Hide("an API key", key)
	v := b.visitor()
	a := v.post("/login", url.Values{"key": {key}})
	if a.status != http.StatusSeeOther {
		b.t.Fatalf("signing in is answered %d: %s", a.status, a.text)
	}
	session, _, _ := strings.Cut(strings.TrimPrefix(a.header.Get("Set-Cookie"), sessionCookie+"="), ";")
	b.leaks.Hide("a session", session)
	return v
}

// in is the same visitor with another language.
func (v *visitor) in(lang string) *visitor {
	other := *v
	other.header = v.header.Clone()
	other.header.Set("Accept-Language", lang)
	return &other
}

// shown is an answer to a browser.
type shown struct {
	status int
	to     string // Location
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
	v.b.leaks.Say("the answer to "+method+" "+path, string(body))
	return shown{a.StatusCode, a.Header.Get("Location"), a.Header, string(body)}
}

// see is a page that must be there.
func (v *visitor) see(path string) string {
	v.b.t.Helper()
	a := v.get(path)
	if a.status != http.StatusOK {
		v.b.t.Fatalf("GET %s: %d %s", path, a.status, a.text)
	}
	for _, bad := range []string{"ZgotmplZ", "<script>", "%!", "style="} {
		if strings.Contains(a.text, bad) {
			v.b.t.Errorf("GET %s: %q in\n%s", path, bad, a.text)
		}
	}
	return a.text
}

// sees is a page that must be there, with these texts in it.
func (v *visitor) sees(path string, wants ...string) string {
	v.b.t.Helper()
	text := v.see(path)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			v.b.t.Errorf("%s: no %q in\n%s", path, want, text)
		}
	}
	return text
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

// watch is the stream of what changes on a page.
func (v *visitor) watch(path string) *bufio.Reader {
	v.b.t.Helper()
	r, err := http.NewRequestWithContext(v.b.ctx, http.MethodGet, v.b.server.URL+path+"?live=1", nil)
	v.b.must(err)
	a, err := v.client.Do(r)
	v.b.must(err)
	v.b.t.Cleanup(func() { _ = a.Body.Close() })
	if kind := a.Header.Get("Content-Type"); a.StatusCode != http.StatusOK || kind != "text/event-stream" {
		v.b.t.Fatalf("the stream of %s: %d %s", path, a.StatusCode, kind)
	}
	return bufio.NewReader(a.Body)
}

// nextEvent reads a message of a stream.
func nextEvent(t *testing.T, events *bufio.Reader) string {
	t.Helper()
	var message strings.Builder
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended after %q: %v", message.String(), err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			message.WriteString(data)
		} else if line == "\n" && message.Len() > 0 {
			return message.String()
		}
	}
}
