package engine_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/leak"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// begin is when every world begins. A bubble's own clock begins in 2000, when
// the dates that users write lay in the future.
var begin = time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)

// setup is what a story may change of its world before it begins.
type setup struct {
	settings  engine.Settings
	amazon    spapi.Config
	sim       spapisim.Config
	app       spapisim.ApplicationSpec
	transport func(http.RoundTripper) http.RoundTripper // wraps the way to Amazon
}

// world is a simulated Amazon and an installation of ordersync on a virtual
// clock.
type world struct {
	t           *testing.T
	ctx         context.Context
	url         string // the database
	file        string // of SQLite
	sim         *spapisim.Simulator
	app         spapisim.Application
	store       *store.Store
	engine      *engine.Engine
	log         *logBook
	set         setup
	amazon      spapi.Config
	box         *secret.Box
	byDoorbells bool // serve as the server does, by doorbells
	watch       leak.Watch
}

// play tells a story in a world of its own, in virtual time.
func play(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	t.Parallel()
	bubble(t, story, change...)
}

func bubble(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	bubbleOn(t, storetest.SQLite, story, change...)
}

// bubbleOn makes the database outside of the bubble, in real time; it is opened
// inside.
func bubbleOn(t *testing.T, kind storetest.Kind, story func(w *world), change ...func(*setup)) {
	t.Helper()
	url := storetest.New(t, kind)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		story(newWorld(t, url, change...))
	})
}

func newWorld(t *testing.T, url string, change ...func(*setup)) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), url: url, log: &logBook{}}
	w.file, _ = store.SQLitePath(url)
	t.Cleanup(w.checkSecrets)
	w.set.sim.Seed = 7
	w.set.settings.History = time.Second // stories are of live work, unless they say more
	for _, f := range change {
		f(&w.set)
	}
	var err error
	w.sim, err = spapisim.New(w.set.sim)
	w.must(err)
	w.app, err = w.sim.AddApplication(w.set.app)
	w.must(err)
	way := w.serveAmazon()
	if w.set.transport != nil {
		way = w.set.transport(way)
	}
	w.box, err = secret.ParseMasterKey(secret.GenerateMasterKey())
	w.must(err)
	w.amazon = w.set.amazon
	w.amazon.ClientID = w.app.ClientID
	if w.amazon.ClientSecret == nil {
		w.amazon.ClientSecret = func() string { return w.app.ClientSecret }
	}
	w.amazon.LWAURL, w.amazon.APIURL = "http://127.0.0.1/auth/o2/token", "http://127.0.0.1"
	w.amazon.Transport = way
	w.amazon.DigestKey = bytes.Repeat([]byte{7}, 32)
	w.store = w.openStore()
	w.engine = w.newEngine(w.store)
	return w
}

// serveAmazon serves the simulator on pipes: a bubble's clock stands still while
// a goroutine waits for a socket.
func (w *world) serveAmazon() http.RoundTripper {
	line := &pipeListener{calls: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: w.watch.Amazon(w.sim.Handler()), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	served := make(chan struct{})
	go func() {
		_ = server.Serve(line)
		close(served)
	}()
	transport := &http.Transport{DialContext: line.dial, DisableCompression: true}
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
	})
	return transport
}

// openStore opens the world's database, as one more process would.
func (w *world) openStore() *store.Store {
	w.t.Helper()
	s, err := store.Open(w.ctx, store.Options{URL: w.url, Merge: spapi.MergeRaw})
	w.must(err)
	w.t.Cleanup(func() { w.must(s.Close()) })
	return s
}

// newEngine makes one more process over a store: nothing is shared in memory,
// not even access tokens.
func (w *world) newEngine(s *store.Store) *engine.Engine {
	w.t.Helper()
	client, err := spapi.New(w.amazon)
	w.must(err)
	set := w.set.settings
	set.Holder, set.ClientID = "test", w.app.ClientID
	if set.RateScale == 0 {
		set.RateScale = w.set.sim.RateScale
	}
	return engine.New(s, client, w.box, set, slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// checkSecrets searches what was logged and stored for whatever secret passed.
func (w *world) checkSecrets() {
	w.watch.Say("the log", w.log.String())
	if w.file != "" {
		w.watch.Say("the database", string(w.onDisk()))
	}
	w.watch.Check(w.t)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// pipeListener listens to dial.
type pipeListener struct {
	calls chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.calls <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
		return nil, net.ErrClosed
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
