package web

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"ordersync/internal/store"
)

// screen is a page of the dashboard: a file of Go that reads what it shows, and a
// template of the same name that shows it.
type screen struct {
	name string // of its template, and what the log says
	path string // a pattern of [http.ServeMux], without the method
	nav  string // which entry of the navigation it stands under
	// entry is its own entry in the navigation, in English, and icon its picture; ""
	// when others lead to it.
	entry, icon string
	// operator: who signed in with one tenant's key may not see it.
	operator bool
	// live are its fragments, each a template and the id of an element, that are sent
	// anew while somebody looks, when they have changed.
	live []string
	// load reads what it shows.
	load func(*dashboard, context.Context, *visit) (any, error)
	// acts are its buttons: what a form posted to the page does, by the value of the
	// field "act". It returns where the browser goes on, "" for the page itself; one that
	// sets the visit's Data has the page shown with it at once.
	acts map[string]func(*dashboard, context.Context, *visit) (string, error)
}

// screens are the pages, in the order of the navigation.
func screens() []screen {
	return []screen{fleetScreen(), runsScreen(), runScreen(), connectionsScreen(), connectionScreen(), ordersScreen(), orderScreen(), settingsScreen(), keyScreen()}
}

// dashboard serves the pages.
type dashboard struct {
	Config
	mux     *http.ServeMux
	screens []screen
	assets  assets
	secure  bool
	sets    map[string]map[string]*template.Template // by language and screen
	same    *http.CrossOriginProtection
	fleet   *kept[fleetNow]
	runs    *keptRuns
	doctor  *doctor
	streams chan struct{} // who holds one of these may have a stream

	life     context.Context //nolint:containedctx // until close
	end      context.CancelFunc
	renewing sync.WaitGroup // goroutines that read for visitors to come
}

const (
	// screenTime is how long a page may take.
	screenTime = 20 * time.Second
	// maxForm is how long a form may be, in bytes.
	maxForm = 64 << 10
	// maxStreams is how many pages may be watched at once in this process.
	maxStreams = 200
)

func newDashboard(c Config, secure bool) (*dashboard, error) {
	d := &dashboard{Config: c, mux: http.NewServeMux(), secure: secure, same: http.NewCrossOriginProtection(), streams: make(chan struct{}, maxStreams)}
	d.life, d.end = context.WithCancel(context.Background())
	d.fleet = keep(d.readFleet)
	d.runs = &keptRuns{reader: d.Reader}
	d.doctor = &doctor{look: d.Doctor, now: d.Now}
	if d.Doctor == nil {
		d.doctor.look = d.Engine.Diagnose
	}
	var err error
	if d.assets, err = readAssets(); err != nil {
		return nil, err
	}
	d.screens = screens()
	if d.sets, err = parseScreens(d.assets, d.screens); err != nil {
		return nil, err
	}
	d.mux.HandleFunc("GET "+staticPath, d.assets.serve)
	d.mux.HandleFunc("GET /login", d.showLogin)
	d.mux.HandleFunc("POST /login", d.login)
	d.mux.HandleFunc("POST /logout", d.logout)
	for _, one := range d.screens {
		d.mux.HandleFunc("GET "+one.path, func(w http.ResponseWriter, r *http.Request) { d.serveScreen(w, r, one) })
		if one.acts != nil {
			d.mux.HandleFunc("POST "+one.path, func(w http.ResponseWriter, r *http.Request) { d.act(w, r, one) })
		}
	}
	return d, nil
}

// serves tells whether a path is one of the dashboard's.
func (d *dashboard) serves(r *http.Request) bool {
	_, pattern := d.mux.Handler(r)
	return pattern != ""
}

// ServeHTTP refuses what another site makes a browser send, and a form that is too
// long, and says how the browser must treat every answer.
func (d *dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if err := d.same.Check(r); err != nil {
		d.Log.WarnContext(r.Context(), "another site made a browser send a form", "error", err)
		http.Error(w, "this form was sent by another site: open the page itself, and press the button there", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	d.mux.ServeHTTP(w, r)
}

// serveScreen shows a page, or streams what changes on it.
func (d *dashboard) serveScreen(w http.ResponseWriter, r *http.Request, one screen) {
	if d.prefer(w, r) {
		return
	}
	v, ok := d.enter(w, r, one)
	if !ok {
		return
	}
	if r.URL.Query().Has("live") {
		d.stream(w, r, one, v)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), screenTime)
	defer cancel()
	data, err := one.load(d, ctx, v)
	if err != nil {
		d.trouble(w, r, v, one.name, err)
		return
	}
	v.Data = data
	d.write(w, r, v, http.StatusOK, one.name)
	if v.Operator() {
		d.renew()
	}
}

// renew reads the fleet anew for those who look next; no visitor waits for it.
func (d *dashboard) renew() {
	d.forOthers(func() {
		if err := d.fleet.renew(d.life); err != nil && d.life.Err() == nil {
			d.unread(err)
		}
	})
}

// readAhead reads the fleet until close, for who comes when nobody has looked for long.
func (d *dashboard) readAhead() {
	d.forOthers(func() { d.fleet.readAhead(d.life, d.unread) })
}

func (d *dashboard) unread(err error) {
	d.Log.WarnContext(d.life, "read the fleet for the dashboard", "error", err)
}

// forOthers runs what no visitor waits for.
func (d *dashboard) forOthers(read func()) {
	d.renewing.Go(func() {
		defer func() {
			if p := recover(); p != nil { // it must not end the service
				panicked(d.life, d.Log, "", p)
			}
		}()
		read()
	})
}

// close ends what was begun for visitors.
func (d *dashboard) close() {
	d.end()
	d.renewing.Wait()
}

// enter lets in who may see a page; anybody else is answered.
func (d *dashboard) enter(w http.ResponseWriter, r *http.Request, one screen) (*visit, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), screenTime)
	defer cancel()
	who, err := d.who(ctx, r)
	v := d.newVisit(r, who)
	v.live = one.live
	v.Entries = d.entries(who, one.nav)
	switch {
	case errors.Is(err, errNobody):
		if r.Method == http.MethodGet && !r.URL.Query().Has("live") {
			http.Redirect(w, r, loginAddress(r.URL), http.StatusSeeOther)
		} else {
			http.Error(w, "sign in again", http.StatusUnauthorized)
		}
		return nil, false
	case err != nil:
		d.trouble(w, r, v, one.name, err)
		return nil, false
	case one.operator && !who.Operator() && r.URL.Path == "/":
		http.Redirect(w, r, "/connections", http.StatusSeeOther) // where a tenant's own begin
		return nil, false
	case one.operator && !who.Operator():
		d.trouble(w, r, v, one.name, errForbidden)
		return nil, false
	}
	v.needs(d.pill(ctx, who))
	return v, true
}

// entry is one of the navigation.
type entry struct {
	Name, Icon, Href string // the name in English
	Current          bool
}

// entries are the navigation of who looks at a page.
func (d *dashboard) entries(who Viewer, current string) (out []entry) {
	for _, one := range d.screens {
		if one.entry != "" && (who.Operator() || !one.operator) {
			out = append(out, entry{one.entry, one.icon, strings.TrimSuffix(one.path, "{$}"), one.nav == current})
		}
	}
	return out
}

// act does what a button of a page says, and sends the browser on.
func (d *dashboard) act(w http.ResponseWriter, r *http.Request, one screen) {
	v, ok := d.enter(w, r, one)
	if !ok {
		return
	}
	// A browser that goes away does not undo what was begun.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), screenTime)
	defer cancel()
	if err := r.ParseForm(); err != nil {
		d.trouble(w, r, v, one.name, wrong("the form cannot be read: go back and send it again"))
		return
	}
	do := one.acts[r.PostForm.Get("act")]
	if do == nil {
		d.trouble(w, r, v, one.name, wrong("this page has no such button: go back and load the page anew"))
		return
	}
	next, err := do(d, ctx, v)
	if err != nil {
		d.trouble(w, r, v, one.name, err)
		return
	}
	d.fleet.forget() // who acts sees what came of it
	if v.Data != nil {
		// What is shown this once stands in no address.
		d.write(w, r, v, http.StatusOK, one.name)
		return
	}
	if next == "" {
		next = r.URL.Path
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// inputError is what a visitor can mend; its text is for them, in English, and
// translated where it is shown.
type inputError struct{ text string }

func (e inputError) Error() string { return e.text }

func wrong(text string) error { return inputError{text} }

// errForbidden is what a visitor's key does not open.
var errForbidden = errors.New("the key does not open this page")

// trouble shows what went wrong, with what to do.
func (d *dashboard) trouble(w http.ResponseWriter, r *http.Request, v *visit, what string, err error) {
	status, data := http.StatusInternalServerError, troubleData{Head: "This page cannot be shown", Text: "The log of the server says why. Nothing was changed."}
	var mend inputError
	switch {
	case errors.Is(err, store.ErrNotFound):
		status, data = http.StatusNotFound, troubleData{Head: "There is no such page", Text: "What it showed may have been removed."}
	case errors.Is(err, errForbidden):
		status, data = http.StatusForbidden, troubleData{Head: "Your key does not open this page", Text: "It opens one tenant. Sign in with an operator's key to see the fleet."}
	case errors.As(err, &mend):
		status, data = http.StatusBadRequest, troubleData{Head: "This cannot be done", Text: mend.text}
	case errors.Is(err, context.DeadlineExceeded):
		status, data = http.StatusServiceUnavailable, troubleData{Head: "The database takes too long", Text: "Load the page again in a moment; ask for less where you can."}
	}
	if status == http.StatusInternalServerError {
		d.Log.ErrorContext(r.Context(), "show a page of the dashboard", "page", what, "error", err)
	}
	v.Data, v.live = data, nil
	d.write(w, r, v, status, "trouble")
}

// troubleData fills the page of what went wrong.
type troubleData struct{ Head, Text string }

// serveLog answers with the dashboard and logs the request: the pattern, not the
// address, which names tenants and orders.
func (d *dashboard) serveLog(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	d.ServeHTTP(w, r)
	if !strings.HasPrefix(r.URL.Path, staticPath) {
		d.Log.LogAttrs(r.Context(), slog.LevelDebug, "page", slog.String("route", r.Pattern), slog.Int64("ms", time.Since(begun).Milliseconds()))
	}
}
