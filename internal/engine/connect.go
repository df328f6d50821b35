package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// ConsentSettings say how sellers come to Amazon's consent page and back. Amazon,
// "Website authorization workflow".
type ConsentSettings struct {
	// ApplicationID is the application's id in Seller Central, which is not the
	// client id: amzn1.sellerapps.app.… or amzn1.sp.solution.…
	ApplicationID string
	// RedirectURI is where Amazon sends sellers back, as it is registered there.
	RedirectURI string
	// Draft tells that the application is not published yet.
	Draft bool
	// ConsentURL stands for the Seller Central of all marketplaces, for a simulator;
	// "": each marketplace's own.
	ConsentURL string
	// PublicURL is where sellers reach this server, without a path.
	PublicURL string
	// ReturnTo are the origins that a seller may be sent to in the end, such as
	// https://app.example.com.
	ReturnTo []string
	// SignInURL is where the service signs in a seller who comes from Amazon and whose
	// account cannot be told; "": nowhere.
	SignInURL string
}

// ErrConsentNotSetUp says which settings connecting needs.
var ErrConsentNotSetUp = errors.New("sellers cannot connect yet: set ORDERSYNC_AMAZON_APPLICATION_ID to the application's id in Seller Central, and ORDERSYNC_PUBLIC_URL to where this server is reached from outside")

// ConsentRequest is what a consent is to be for.
type ConsentRequest struct {
	Tenant ordersync.TenantID
	// Marketplace is a marketplace's id or country; "": that of the connection.
	Marketplace string
	// Connection is renewed; 0: the tenant's only one in the region, or with Another
	// a new one.
	Connection ordersync.ConnectionID
	Another    bool
	StartedBy  string
	ReturnTo   string
	Valid      time.Duration // of the link; 0: [ordersync.ConsentTime]
	// Login is the ticket of a seller who began at Amazon and has signed in; "": the
	// seller begins with us.
	Login string
}

// ConsentRequestError says what is wrong with a request for a consent.
type ConsentRequestError struct{ Field, Wrong string }

func (e *ConsentRequestError) Error() string { return e.Field + ": " + e.Wrong }

// maxConsentValid is how long a link to connect may be good.
const maxConsentValid = 30 * 24 * time.Hour

// StartConsent begins a consent and returns the ticket by which a browser follows it,
// which is kept nowhere. A request that cannot be is a [ConsentRequestError].
func (e *Engine) StartConsent(ctx context.Context, r ConsentRequest) (ticket string, c ordersync.Consent, err error) {
	if e.set.Consent.ApplicationID == "" || e.set.Consent.RedirectURI == "" {
		return "", c, ErrConsentNotSetUp
	}
	valid := r.Valid
	if valid == 0 {
		valid = ordersync.ConsentTime
	}
	if valid < time.Minute || valid > maxConsentValid {
		return "", c, &ConsentRequestError{"valid", fmt.Sprintf("is %s: use 1m to %s", r.Valid, maxConsentValid)}
	}
	if !e.mayReturnTo(r.ReturnTo) {
		return "", c, &ConsentRequestError{"returnTo", "is at no origin of ORDERSYNC_RETURN_TO: name the origin there, or leave it out"}
	}
	c = ordersync.Consent{Tenant: r.Tenant, StartedBy: r.StartedBy, ReturnTo: r.ReturnTo, ExpiresAt: e.store.Now().Add(valid)}
	var login wayBack
	if r.Login != "" {
		if login, err = e.openTicket(r.Login); err != nil {
			return "", c, err
		}
		c.SellerID, c.ExpiresAt = login.SellerID, time.UnixMilli(login.Expires).UTC()
	}
	if err := e.consentFor(ctx, r, login, &c); err != nil {
		return "", c, err
	}
	ticket = randomText()
	if r.Login == "" {
		return ticket, c, e.store.CreateConsent(ctx, ticket, c)
	}
	err = e.adopt(ctx, ticket, r.Login, login, c)
	var nowhere *store.ConsentError
	if errors.As(err, &nowhere) {
		return "", c, errLoginTicket
	}
	return ticket, c, err
}

// ConsentLink is the address of the page that a ticket opens.
func (e *Engine) ConsentLink(ticket string) string {
	return e.set.Consent.PublicURL + "/connect/" + ticket
}

// randomText is 256 random bits that can stand in a URL.
func randomText() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// mayReturnTo tells whether a seller may be sent to an address: only origins that
// were named may, or anybody could send sellers anywhere through us.
func (e *Engine) mayReturnTo(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" {
		return false
	}
	return slices.Contains(e.set.Consent.ReturnTo, u.Scheme+"://"+u.Host)
}

// consentFor finds out which marketplace and which connection a consent is for. login
// is that of a seller who began at Amazon.
func (e *Engine) consentFor(ctx context.Context, r ConsentRequest, login wayBack, c *ordersync.Consent) error {
	connections, err := e.store.Reader().Tenant(r.Tenant).Connections(ctx)
	if err != nil {
		return err
	}
	if r.Connection != 0 {
		connections = slices.DeleteFunc(connections, func(one ordersync.Connection) bool { return one.ID != r.Connection })
		if len(connections) == 0 {
			return &ConsentRequestError{"connection", "is none of this tenant's: `ordersync tenants show` lists them"}
		}
	}
	switch m, known := ordersync.FindMarketplace(r.Marketplace); {
	case known && login.Region != "" && m.Region != login.Region:
		return &ConsentRequestError{"marketplace", "is in another region than the Seller Central that the seller comes from: leave it out"}
	case known:
		c.Marketplace, c.Region = m.ID, m.Region
	case r.Marketplace != "":
		return &ConsentRequestError{"marketplace", ordersync.ShowBytes([]byte(r.Marketplace)) + " is unknown: use a country such as FR, or Amazon's marketplace id"}
	case login.Region != "":
		c.Region = login.Region
		c.Marketplace = cmp.Or(login.Marketplace, homeOf(ordersync.Connection{Region: login.Region}))
	case len(connections) == 1:
		c.Region = connections[0].Region
		c.Marketplace = homeOf(connections[0])
	default:
		return &ConsentRequestError{"marketplace", "is missing: name the country where the seller signs in, such as FR"}
	}
	connections = slices.DeleteFunc(connections, func(one ordersync.Connection) bool { return one.Region != c.Region })
	switch {
	case r.Connection != 0 && len(connections) == 0:
		return &ConsentRequestError{"marketplace", "is in another region than the connection: leave one of them out"}
	case c.SellerID != "":
		return accountFor(connections, r, c)
	case r.Connection != 0, len(connections) == 1 && !r.Another:
		c.Connection = connections[0].ID
	}
	return nil
}

// homeOf is the marketplace on whose Seller Central a connection's seller signs in.
func homeOf(c ordersync.Connection) string {
	for _, id := range c.Marketplaces {
		if region, known := ordersync.MarketplaceRegion(id); known && region == c.Region {
			return id
		}
	}
	return map[ordersync.Region]string{ // the largest of each
		ordersync.RegionEU: "A1PA6795UKMFR9", ordersync.RegionNA: "ATVPDKIKX0DER", ordersync.RegionFE: "A1VC38T7YXB528",
	}[c.Region]
}

// ConsentOf is what a ticket stands for, for the browser that follows it. The error is
// a [store.ConsentError] where it leads nowhere.
func (e *Engine) ConsentOf(ctx context.Context, ticket, browser string) (ordersync.Consent, error) {
	return e.store.Consent(ctx, ticket, browser)
}

// OpenConsent lets a browser follow a ticket: the address of Amazon's consent page.
// browser marks it; nobody else's can bring the answer. The error is a
// [store.ConsentError] where the ticket leads nowhere.
func (e *Engine) OpenConsent(ctx context.Context, ticket, browser string) (address string, err error) {
	// The state holds the ticket, for a seller who has to try again; it is worth
	// nothing to another browser.
	state := ticket + "." + randomText()
	c, way, err := e.store.OpenConsent(ctx, ticket, browser, state, e.store.Now().Add(ordersync.ConsentTime))
	switch {
	case err != nil:
		return "", err
	case c.SellerID == "":
		return e.consentURL(c, state), nil
	}
	w, ok := e.openWay(way, wayOwner(c))
	if !ok {
		return "", &store.ConsentError{Problem: ordersync.ConsentExpired}
	}
	return w.login().back(state, e.set.Consent)
}

// consentURL is the address of Amazon's consent page.
func (e *Engine) consentURL(c ordersync.Consent, state string) string {
	set := e.set.Consent
	base := set.ConsentURL
	if base == "" {
		m, _ := ordersync.FindMarketplace(c.Marketplace)
		base = "https://" + m.SellerCentral
	}
	query := url.Values{"application_id": {set.ApplicationID}, "state": {state}, "redirect_uri": {set.RedirectURI}}
	if set.Draft {
		query.Set("version", "beta")
	}
	return strings.TrimSuffix(base, "/") + "/apps/authorize/consent?" + query.Encode()
}

// ConsentAnswer is what Amazon sends a seller back with.
type ConsentAnswer struct {
	State    string
	Browser  string
	SellerID string
	Code     string // a secret until it is exchanged
}

// Consented is what a consent came to.
type Consented struct {
	ordersync.Consent
	SellerID string
	New      bool   // the connection is new
	Ticket   string // by which the seller agrees, where the consent is held
}

// ConsentFailedError says why a consent came to nothing. Its consent is known where
// the state was.
type ConsentFailedError struct {
	Problem ordersync.ConsentProblem
	Consent ordersync.Consent
	Ticket  string // by which the seller may try again; "": where it began
	err     error
}

func (e *ConsentFailedError) Error() string { return e.Problem.Info().English }
func (e *ConsentFailedError) Unwrap() error { return e.err }

// FinishConsent turns Amazon's answer into a connection that works: its refresh token
// is kept before it says so, its cursor and orders stay, and its first reading is due
// at once. The state is taken first, and is worth nothing afterwards, whatever becomes
// of the rest; asked again once all is done, it says so again. Where nobody has signed
// in for the tenant, it is held instead, for [Engine.ConfirmConsent]. The error is a
// [ConsentFailedError], or the database's.
func (e *Engine) FinishConsent(ctx context.Context, a ConsentAnswer) (out Consented, err error) {
	ticket, _, _ := strings.Cut(a.State, ".")
	if ordersync.CheckSellerID(a.SellerID) != nil { // "" is a seller who cancelled
		return out, &ConsentFailedError{Problem: ordersync.ConsentRefused, Ticket: ticket}
	}
	c, err := e.store.TakeConsent(ctx, a.State, a.Browser)
	again := ticket
	if c.SellerID != "" {
		again = "" // Amazon's own state is spent too
	}
	failed := func(p ordersync.ConsentProblem, err error) (Consented, error) {
		return Consented{}, &ConsentFailedError{p, c, again, err}
	}
	var nowhere *store.ConsentError
	if errors.As(err, &nowhere) {
		if done, ok, err := e.consentSoFar(ctx, ticket, a.Browser); err != nil || ok {
			return done, err // the page was loaded again
		}
		return failed(nowhere.Problem, err)
	}
	if err != nil {
		return out, err
	}
	if a.Code == "" || a.SellerID == "" {
		return failed(ordersync.ConsentCancelled, nil)
	}
	if other, err := e.otherSeller(ctx, c, a.SellerID); err != nil || other {
		if err != nil {
			return out, err
		}
		return failed(ordersync.ConsentOtherSeller, nil)
	}
	given, err := e.amazon.ExchangeCode(ctx, a.Code, e.set.Consent.RedirectURI)
	if err != nil {
		return failed(exchangeProblem(err), err)
	}
	token := secret.New(given.RefreshToken())
	if c.Proof {
		return e.hold(ctx, c, ticket, token)
	}
	return e.connect(ctx, c, ticket, again, ConnectionSpec{SellerID: a.SellerID, RefreshToken: token, AuthorizedAt: e.store.Now(), Adopt: &c.Connection})
}

// consentSoFar is what a consent has come to in a browser that asks again.
func (e *Engine) consentSoFar(ctx context.Context, ticket, browser string) (Consented, bool, error) {
	if done, ok, err := e.store.ConsentEnded(ctx, ticket, browser); err != nil || ok {
		return Consented{Consent: done}, ok, err
	}
	c, err := e.store.Consent(ctx, ticket, browser)
	var nowhere *store.ConsentError
	if errors.As(err, &nowhere) {
		return Consented{}, false, nil
	}
	return Consented{Consent: c, Ticket: ticket}, err == nil && c.Held, err
}

// connect keeps what a consent gave, and ends it. spec says of whom it is and which
// connection it may change.
func (e *Engine) connect(ctx context.Context, c ordersync.Consent, ticket, again string, spec ConnectionSpec) (out Consented, err error) {
	spec.Tenant, spec.Region, spec.State = c.Tenant, c.Region, ordersync.Connected
	imported, err := e.Import(ctx, spec)
	var trouble *StoreTroubleError
	switch {
	case errors.As(err, &trouble):
		return out, &ConsentFailedError{ordersync.ConsentNotKept, c, again, err}
	case errors.Is(err, store.ErrNotSame):
		return out, &ConsentFailedError{ordersync.ConsentNotProven, c, "", err}
	case err != nil:
		return out, err
	}
	c.Connection = imported.Connection
	e.log.InfoContext(ctx, "seller connected", "connection", c.Connection, "new", imported.Created, "began_at_amazon", c.SellerID != "")
	return Consented{Consent: c, SellerID: spec.SellerID, New: imported.Created}, e.store.EndConsent(ctx, ticket)
}

// otherSeller tells whether the connection that a consent renews is of another seller
// than the one who came back, or the seller began at Amazon as another one.
func (e *Engine) otherSeller(ctx context.Context, c ordersync.Consent, sellerID string) (bool, error) {
	if c.SellerID != "" && c.SellerID != sellerID {
		return true, nil
	}
	if c.Connection == 0 {
		return false, nil
	}
	known, err := e.store.Reader().Tenant(c.Tenant).Connection(ctx, c.Connection)
	if errors.Is(err, ErrNotFound) {
		return false, nil // it was removed meanwhile; the seller is as good as a new one
	}
	if err != nil || known.SellerID != "" || e.set.Vault == nil {
		return known.SellerID != "" && known.SellerID != sellerID, err
	}
	// Vault may know whose a connection is that was imported without a seller's id.
	found, err := e.set.Vault.Read(ctx, vaultRef(known))
	var trouble *secret.VaultError
	if err != nil && !errors.As(err, &trouble) {
		return false, err
	}
	return found.Seller != "" && found.Seller != sellerID, nil
}

// exchangeProblem is what a code that could not be exchanged means to the seller.
func exchangeProblem(err error) ordersync.ConsentProblem {
	var refusal *spapi.Error
	if errors.As(err, &refusal) {
		switch refusal.Kind {
		case spapi.Denied, spapi.Revoked, spapi.ClientMismatch, spapi.BadRequest:
			return ordersync.ConsentRefused
		case spapi.AppCredentials, spapi.AppSecretExpired, spapi.Bug:
			return ordersync.ConsentApplication
		}
	}
	return ordersync.ConsentAway
}

// ConsentOrigin is where a consent's browser is sent to, as scheme and host.
func (e *Engine) ConsentOrigin(c ordersync.Consent) string {
	u, err := url.Parse(e.consentURL(c, ""))
	if err != nil { // checked with the settings
		return ""
	}
	return u.Scheme + "://" + u.Host
}
