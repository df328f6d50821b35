package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Viewer is who looks at the dashboard.
type Viewer struct {
	// Key is what they signed in with; its zero value in the demo, which needs none.
	Key store.Key
	// Open: on this machine's own address nobody needs to sign in.
	Open bool
}

// Operator tells whether the viewer may see every tenant.
func (v Viewer) Operator() bool { return v.Open || v.Key.ID != "" && v.Key.Operator() }

// Tenant is the one that the viewer is bound to; "" for an operator.
func (v Viewer) Tenant() ordersync.TenantID { return v.Key.Tenant }

// May tells whether the viewer may see a tenant.
func (v Viewer) May(t ordersync.TenantID) bool {
	return v.Operator() || v.Key.ID != "" && v.Key.Tenant == t
}

// sessionCookie holds a session. With https its name says that no other host of the
// domain can have set it (RFC 6265bis, "The __Host- Prefix").
const sessionCookie = "ordersync_session"

func (d *dashboard) cookieName() string {
	if d.secure {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

// errNobody: nobody has signed in.
var errNobody = errors.New("nobody has signed in")

// who finds out who looks.
func (d *dashboard) who(ctx context.Context, r *http.Request) (Viewer, error) {
	if c, err := r.Cookie(d.cookieName()); err == nil && c.Value != "" && len(c.Value) <= 100 {
		s, err := d.Reader.Session(ctx, c.Value)
		if err == nil {
			return Viewer{Key: s.Key}, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return Viewer{}, err
		}
	}
	if d.Open && own(r) {
		return Viewer{Open: true}, nil
	}
	return Viewer{}, errNobody
}

// own tells whether a request comes from this machine to one of its own names. The
// name matters: a page of another site can have its own name resolve to this machine,
// and a browser would then take the two for one.
func own(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host = strings.Trim(host, "[]"); strings.EqualFold(host, "localhost") {
		return true
	}
	to, err := netip.ParseAddr(host)
	return err == nil && to.Unmap().IsLoopback()
}

// loginAddress is the page to sign in at, which leads back.
func loginAddress(from *url.URL) string {
	back := from.RequestURI()
	if back == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {back}}.Encode()
}

// nextPage is where a visitor goes after signing in: a page of this dashboard, and
// nothing that a browser could take for another site.
func nextPage(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > 2000 || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") {
		return "/"
	}
	return text
}

// loginData fills the page to sign in at.
type loginData struct {
	Next  string
	Wrong string // what was wrong with the key
}

func (d *dashboard) showLogin(w http.ResponseWriter, r *http.Request) {
	if d.prefer(w, r) {
		return
	}
	v := d.newVisit(r, Viewer{})
	v.Data = loginData{Next: nextPage(r.URL.Query().Get("next"))}
	d.write(w, r, v, http.StatusOK, "login")
}

// login opens a session for who sends a good key.
func (d *dashboard) login(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), screenTime)
	defer cancel()
	v := d.newVisit(r, Viewer{})
	if err := r.ParseForm(); err != nil {
		d.trouble(w, r, v, "login", wrong("the form cannot be read: go back and send it again"))
		return
	}
	next := nextPage(r.PostForm.Get("next"))
	session, ends, err := d.Engine.OpenSession(ctx, strings.TrimSpace(r.PostForm.Get("key")))
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.Data = loginData{Next: next, Wrong: "This key opens nothing: it is mistyped, or was revoked."}
		d.write(w, r, v, http.StatusUnauthorized, "login")
		return
	case err != nil:
		d.trouble(w, r, v, "login", err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: d.cookieName(), Value: session, Path: "/", Expires: ends, MaxAge: int(ends.Sub(d.Now()) / time.Second),
		HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// logout ends the session.
func (d *dashboard) logout(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), screenTime)
	defer cancel()
	if c, err := r.Cookie(d.cookieName()); err == nil {
		if err := d.Engine.CloseSession(ctx, c.Value); err != nil {
			d.trouble(w, r, d.newVisit(r, Viewer{}), "logout", err)
			return
		}
	}
	http.SetCookie(w, &http.Cookie{Name: d.cookieName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
