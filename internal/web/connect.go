package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

const (
	// browserCookie marks the browser in which a seller goes to Amazon and comes
	// back: nobody else's can bring Amazon's answer.
	browserCookie = "ordersync_connect"
	// browserTime is how long it is marked.
	browserTime = 24 * time.Hour
	// requestTime is how long a request may take; Amazon is asked in it.
	requestTime = 50 * time.Second
	// maxText is how long anything in an address may be.
	maxText = 4096
)

// browserOf is the browser's mark; "" when it has none.
func browserOf(r *http.Request) string {
	c, err := r.Cookie(browserCookie)
	if err != nil || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

// pressed is the mark of a browser in which the button of a page of ours was pressed;
// "": another site's form must not take the place of the page that says who asks for
// what. A form of another host of our own site brings the mark too, so what browsers
// say of where it stands counts as well. Those that are too old to say have the mark
// alone. W3C, "Fetch Metadata Request Headers".
func pressed(r *http.Request) (browser string) {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-site", "cross-site":
		return ""
	}
	return browserOf(r)
}

// mark marks the browser, for another while. Only pages of ours are sent the mark back
// with a form: one that another site posts comes without it (SameSite).
func (s *server) mark(w http.ResponseWriter, r *http.Request) {
	browser := browserOf(r)
	if browser == "" {
		var b [32]byte
		_, _ = rand.Read(b[:]) // never fails: it ends the program instead
		browser = base64.RawURLEncoding.EncodeToString(b[:])
	}
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie, Value: browser, Path: "/", MaxAge: int(browserTime / time.Second),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// ask shows a seller who asks for what, before anything is done: programs that follow
// links in letters must not use one up.
func (s *server) ask(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	c, err := s.Engine.ConsentOf(ctx, r.PathValue("ticket"), browserOf(r))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	country := c.Marketplace
	if m, known := ordersync.FindMarketplace(c.Marketplace); known {
		country = m.Country
	}
	s.mark(w, r)
	name := "ask"
	if c.Held {
		name = "agree"
	}
	s.show(w, r, http.StatusOK, name, page{Consent: c, Customer: s.customer(ctx, c), Country: country, Seller: c.SellerID}, s.Engine.ConsentOrigin(c))
}

// customer is the tenant as the seller may know it.
func (s *server) customer(ctx context.Context, c ordersync.Consent) string {
	connections, err := s.Reader.Tenant(c.Tenant).Connections(ctx)
	if err != nil {
		return string(c.Tenant) // the page is good enough without
	}
	for _, one := range connections {
		if one.DisplayName != "" && (c.Connection == 0 || one.ID == c.Connection) {
			return one.DisplayName
		}
	}
	return string(c.Tenant)
}

// follow sends the browser to Amazon's consent page; where Amazon has answered already,
// it is the seller's word that the connection is to be renewed.
func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), requestTime)
	defer cancel()
	ticket, browser := r.PathValue("ticket"), pressed(r)
	if browser == "" {
		s.failed(w, r, &store.ConsentError{Problem: ordersync.ConsentNoCookie})
		return
	}
	c, err := s.Engine.ConsentOf(ctx, ticket, browser)
	if err != nil || c.Held {
		s.agreed(ctx, w, r, ticket)
		return
	}
	address, err := s.Engine.OpenConsent(ctx, ticket, browser)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.leave(w, r, address)
}

// leave sends the browser, which goes on being marked, to another site.
func (s *server) leave(w http.ResponseWriter, r *http.Request, address string) {
	s.mark(w, r)
	guard(w.Header(), "")
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// agreed renews a connection whose seller has agreed.
func (s *server) agreed(ctx context.Context, w http.ResponseWriter, r *http.Request, ticket string) {
	done, err := s.Engine.ConfirmConsent(ctx, ticket, browserOf(r))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "done", page{Consent: done.Consent, Customer: s.customer(ctx, done.Consent), Seller: done.SellerID}, "")
}

// back receives the seller from Amazon.
func (s *server) back(w http.ResponseWriter, r *http.Request) {
	// A browser that goes away or loads the page again must not break off what spends
	// Amazon's code.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), requestTime)
	defer cancel()
	query := r.URL.Query()
	text := func(name string) string {
		if v := query.Get(name); len(v) <= maxText {
			return v
		}
		return ""
	}
	done, err := s.Engine.FinishConsent(ctx, engine.ConsentAnswer{
		State: text("state"), Browser: browserOf(r), SellerID: text("selling_partner_id"), Code: text("spapi_oauth_code"),
	})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if done.Held {
		guard(w.Header(), "")
		http.Redirect(w, r, "/connect/"+done.Ticket, http.StatusSeeOther)
		return
	}
	if done.ReturnTo != "" {
		guard(w.Header(), "")
		http.Redirect(w, r, with(done.ReturnTo, "amazon_connected", "true"), http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, "done", page{Consent: done.Consent, Customer: s.customer(ctx, done.Consent), Seller: done.SellerID}, "")
}

// with adds a parameter to an address.
func with(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil { // it was checked when the consent began
		return address
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// statuses are the codes of pages that tell of a problem; 400 for all others.
var statuses = map[ordersync.ConsentProblem]int{
	ordersync.ConsentUnknown: http.StatusNotFound, ordersync.ConsentExpired: http.StatusGone,
	ordersync.ConsentAway: http.StatusBadGateway, ordersync.ConsentNotKept: http.StatusServiceUnavailable, ordersync.ConsentApplication: http.StatusBadGateway,
	ordersync.ConsentNotSetUp: http.StatusServiceUnavailable,
}

// failed tells the seller what went wrong, in a page or by way of where the seller is
// to return to.
func (s *server) failed(w http.ResponseWriter, r *http.Request, err error) {
	var nowhere *store.ConsentError
	var failed *engine.ConsentFailedError
	var login *engine.LoginError
	p := page{}
	switch {
	case errors.As(err, &login):
		p = page{Problem: ordersync.ConsentBadLogin.Info()}
		s.Log.WarnContext(r.Context(), "a browser came to the login URI with what Amazon does not send", "field", login.Field, "wrong", login.Wrong, "host", ordersync.ShowBytes([]byte(login.Host)))
	case errors.Is(err, engine.ErrConsentNotSetUp):
		p = page{Problem: ordersync.ConsentNotSetUp.Info()}
		s.Log.WarnContext(r.Context(), "a seller came from Amazon", "error", err)
	case errors.As(err, &failed):
		p = page{Consent: failed.Consent, Problem: failed.Problem.Info(), Ticket: failed.Ticket}
		s.Log.WarnContext(r.Context(), "a seller's consent came to nothing", "problem", failed.Problem, "tenant", failed.Consent.Tenant, "error", errors.Unwrap(failed))
	case errors.As(err, &nowhere):
		p = page{Problem: nowhere.Problem.Info()}
	default:
		s.Log.ErrorContext(r.Context(), "page of a seller's consent", "error", err)
		guard(w.Header(), "")
		s.show(w, r, http.StatusServiceUnavailable, "trouble", page{}, "")
		return
	}
	if p.ReturnTo != "" {
		guard(w.Header(), "")
		http.Redirect(w, r, with(p.ReturnTo, "amazon_error", string(p.Problem.Code)), http.StatusSeeOther)
		return
	}
	status := statuses[p.Problem.Code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	s.show(w, r, status, "problem", p, "")
}
