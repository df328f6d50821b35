package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// Config is what the pages need.
type Config struct {
	Reader *store.Reader
	Engine *engine.Engine
	// Name is what sellers know the service by; "" means ordersync.
	Name string
	// PublicURL is where this server is reached from outside, without a path.
	PublicURL string
	// ClientID is the application's, whose condition the dashboard shows.
	ClientID string
	// Version is the program's.
	Version string
	// Doctor looks at what the work needs; nil means the engine's.
	Doctor func(context.Context) []engine.Finding
	// Settings are the configuration in force, secrets redacted.
	Settings []Setting
	// Open lets anybody on this machine see the dashboard without a key: the demo.
	Open bool
	// InFrench is the French of what other rooms say, such as the doctor; nil: it stays
	// English.
	InFrench func(english string) string
	// Now is the store's clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// CallbackPath is where Amazon sends sellers back. The predecessor had it there, and
// it is registered with Amazon.
const CallbackPath = "/api/v1/marketplaces/amazon/oauth/callback"

//go:embed pages
var files embed.FS

// server is the handler that New makes.
type server struct {
	Config
	secure bool // the browser reaches us by https
	pages  *template.Template
	style  []byte

	forSellers http.Handler
	board      *dashboard
}

// Pages are the handler that New makes.
type Pages struct{ *server }

// Serves tells whether a request is one for a page.
func (p Pages) Serves(r *http.Request) bool { return sellers(r.URL.Path) || p.board.serves(r) }

// ServeHTTP shows a page: those for sellers are open to anybody, those of the
// dashboard to who signed in.
func (p Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer p.contain(r)
	if sellers(r.URL.Path) {
		p.forSellers.ServeHTTP(w, r)
		return
	}
	p.board.serveLog(w, r)
}

// contain breaks off the answer to a request that met a bug of ours, and logs that.
func (p Pages) contain(r *http.Request) {
	what := recover()
	if what == nil {
		return
	}
	if err, ok := what.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		panicked(r.Context(), p.Log, r.Pattern, what)
	}
	panic(http.ErrAbortHandler) // half an answer must not look like a whole one
}

// panicked logs a bug of ours, with where it is.
func panicked(ctx context.Context, log *slog.Logger, route string, what any) {
	log.ErrorContext(ctx, "panic", "route", route, "panic", what, "stack", string(debug.Stack()))
}

// ReadAhead lets the first page be there at once also when nobody has looked at it for
// long: how the fleet stands is read every 45 s, and more seldom where that takes long,
// until [Pages.Close].
func (p Pages) ReadAhead() { p.board.readAhead() }

// Close ends what was begun for visitors. It is called once no request comes any more.
func (p Pages) Close() { p.board.close() }

// sellers tells whether a path is that of a page for sellers.
func sellers(path string) bool {
	return path == CallbackPath || path == LoginPath || strings.HasPrefix(path, "/connect/")
}

// New makes the pages' handler. It serves the requests of [Pages.Serves], until
// [Pages.Close].
func New(c Config) (*Pages, error) {
	if c.Reader == nil || c.Engine == nil {
		return nil, errors.New("the pages need a reader and an engine")
	}
	if c.Name == "" {
		c.Name = "ordersync"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	s := &server{Config: c, secure: public.Scheme == "https"}
	if s.pages, err = template.ParseFS(files, "pages/*.html"); err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	if s.style, err = files.ReadFile("pages/connect.css"); err != nil {
		return nil, fmt.Errorf("read the style: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /connect/style.css", s.serveStyle)
	mux.HandleFunc("GET /connect/{ticket}", s.ask)
	mux.HandleFunc("POST /connect/{ticket}", s.follow)
	mux.HandleFunc("GET "+CallbackPath, s.back)
	mux.HandleFunc("GET "+LoginPath, s.login)
	mux.HandleFunc("POST "+LoginPath, s.begin)
	s.forSellers = mux
	if s.board, err = newDashboard(c, s.secure); err != nil {
		return nil, err
	}
	return &Pages{s}, nil
}

func (s *server) serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(s.style)
}

// guard sets what every page says to the browser: nobody may frame it, nothing of
// its address goes to anybody (Amazon, "Website authorization workflow": no-referrer),
// and it is kept nowhere. A form may be answered by Amazon's page, and by whatever that
// sends a browser on to that is not signed in.
func guard(h http.Header, formTo string) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https: "+formTo)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "text/html; charset=utf-8")
}
