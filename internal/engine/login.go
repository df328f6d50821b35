package engine

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// Login is how Amazon sends us a seller's browser who begins in the Appstore or in
// Manage Your Apps. Amazon, "Selling Partner Appstore authorization workflow".
type Login struct {
	// Callback is where the browser goes back to, an address at Seller Central.
	Callback string
	// State is amazon_state, which goes back with it unchanged.
	State secret.Secret
	// SellerID is whom Amazon says it is; the browser may say anything.
	SellerID string
	// Region and Marketplace are those of the host; "" where it does not tell.
	Region      ordersync.Region
	Marketplace string
	// Beta tells that Amazon takes the application for a draft.
	Beta bool
}

// LoginError says what is wrong with a login; Host is the one that was refused, "" for
// other reasons.
type LoginError struct{ Field, Wrong, Host string }

func (e *LoginError) Error() string { return e.Field + ": " + e.Wrong }

// How long what comes with a login may be, in bytes. Amazon does not say.
const (
	maxCallback    = 1024
	maxAmazonState = 2048
)

// ParseLogin reads the query with which a browser comes to the login URI. Anybody can
// send anything there: it leads back to Seller Central and nowhere else. consentURL
// stands for Seller Central, for a simulator; "": the marketplaces' own hosts. The
// error is a [LoginError].
func ParseLogin(query, consentURL string) (l Login, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return l, &LoginError{Field: "query", Wrong: "cannot be read"}
	}
	text := map[string]string{}
	for name, most := range map[string]int{"amazon_callback_uri": maxCallback, "amazon_state": maxAmazonState, "selling_partner_id": 32, "version": 16} {
		given := values[name]
		switch {
		case len(given) > 1:
			return l, &LoginError{Field: name, Wrong: "comes more than once"}
		case len(given) == 0 || given[0] == "":
			if name != "version" {
				return l, &LoginError{Field: name, Wrong: "is missing"}
			}
			continue
		case len(given[0]) > most:
			return l, &LoginError{Field: name, Wrong: fmt.Sprintf("is longer than %d bytes", most)}
		case strings.ContainsFunc(given[0], func(r rune) bool { return r < ' ' || r > '~' }): // RFC 6749, appendix A.5
			return l, &LoginError{Field: name, Wrong: "has characters other than printable ASCII"}
		}
		text[name] = given[0]
	}
	if ordersync.CheckSellerID(text["selling_partner_id"]) != nil {
		return l, &LoginError{Field: "selling_partner_id", Wrong: "is no seller's id"}
	}
	l = Login{State: secret.New(text["amazon_state"]), SellerID: text["selling_partner_id"], Beta: text["version"] == "beta"}
	return l, l.leadTo(text["amazon_callback_uri"], consentURL)
}

// leadTo takes amazon_callback_uri if it is Amazon's. Browsers read odd addresses in
// other ways than Go does, so what is odd is refused, and what goes out is written
// anew from what was read.
func (l *Login) leadTo(callback, consentURL string) error {
	wrong := func(words string) error { return &LoginError{Field: "amazon_callback_uri", Wrong: words} }
	if strings.ContainsAny(callback, " \\#\"<>^`{|}") {
		return wrong("has a fragment, or characters that no address has")
	}
	u, err := url.Parse(callback)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return wrong("is no address")
	case u.User != nil:
		return wrong("has a user before its host")
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return wrong("has a query that cannot be read")
	}
	if consentURL != "" {
		central, err := url.Parse(consentURL)
		if err != nil || u.Scheme != central.Scheme || !strings.EqualFold(u.Host, central.Host) {
			return &LoginError{"amazon_callback_uri", "is not at ORDERSYNC_AMAZON_CONSENT_URL", u.Host}
		}
		l.Callback = u.String()
		return nil
	}
	known := false
	u.Host = strings.ToLower(u.Host)
	l.Region, l.Marketplace, known = ordersync.FindSellerCentral(u.Host) // a port makes it another one
	switch {
	case u.Scheme != "https":
		return wrong("is not https")
	case !known:
		return &LoginError{"amazon_callback_uri", "is at no host of Seller Central", u.Host}
	}
	l.Callback = u.String()
	return nil
}

// back is where the browser goes, with our own state.
func (l Login) back(state string, set ConsentSettings) (string, error) {
	u, err := url.Parse(l.Callback)
	if err != nil {
		return "", fmt.Errorf("read the way back to Amazon: %w", err)
	}
	query := u.Query()
	query.Set("amazon_state", l.State.Reveal())
	query.Set("state", state)
	query.Set("redirect_uri", set.RedirectURI)
	if set.Draft || l.Beta {
		query.Set("version", "beta")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// ParseLogin reads a login as [ParseLogin] does. Where sellers cannot connect yet the
// error is [ErrConsentNotSetUp].
func (e *Engine) ParseLogin(query string) (Login, error) {
	if e.set.Consent.ApplicationID == "" || e.set.Consent.RedirectURI == "" {
		return Login{}, ErrConsentNotSetUp
	}
	return ParseLogin(query, e.set.Consent.ConsentURL)
}

// LoginOrigins are where a login's browser may be sent to, as scheme and host.
func (e *Engine) LoginOrigins(l Login) string {
	var out []string
	for _, address := range []string{l.Callback, e.set.Consent.SignInURL} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			out = append(out, u.Scheme+"://"+u.Host)
		}
	}
	return strings.Join(out, " ")
}

// maxProofs is how many logins of one connection may be under way without a sign-in:
// anybody may begin them, and each is stored.
const maxProofs = 20

// BeginLogin sends a browser on whose seller has agreed to begin: back to Amazon where
// the account is connected already and can be proven, else to where the service signs
// its users in. "": there is no such place, and the seller must be told to sign in.
func (e *Engine) BeginLogin(ctx context.Context, l Login, browser string) (address string, err error) {
	c, ok, err := e.provable(ctx, l.SellerID, l.Region)
	if err != nil {
		return "", err
	}
	if ok {
		n, err := e.store.Proofs(ctx, c.Tenant, c.ID)
		if err != nil {
			return "", err
		}
		if n < maxProofs {
			return e.beginProof(ctx, l, c, browser)
		}
	}
	if e.set.Consent.SignInURL == "" {
		return "", nil
	}
	ticket, err := e.loginTicket(l, browser)
	if err != nil {
		return "", err
	}
	return e.set.Consent.SignInURL + "?" + url.Values{"ticket": {ticket}}.Encode(), nil
}

// provable is the connection that a seller's account can be proven for without a
// sign-in: the only one of that account, which nobody has disconnected and of which
// there are orders to ask Amazon for.
func (e *Engine) provable(ctx context.Context, sellerID string, region ordersync.Region) (c ordersync.Connection, ok bool, err error) {
	found, err := e.store.ConnectionsOfSeller(ctx, sellerID, region, 2)
	if err != nil || len(found) != 1 || found[0].State == ordersync.Disabled {
		return c, false, err
	}
	ok, err = e.store.HasOrders(ctx, found[0].Tenant, found[0].ID)
	return found[0], ok, err
}

// beginProof sends a browser back to Amazon for a connection whose account is to be
// proven.
func (e *Engine) beginProof(ctx context.Context, l Login, c ordersync.Connection, browser string) (string, error) {
	ticket := randomText()
	state := ticket + "." + randomText()
	address, err := l.back(state, e.set.Consent)
	if err != nil {
		return "", err
	}
	return address, e.store.CreateProof(ctx, ticket, browser, state, ordersync.Consent{
		Tenant: c.Tenant, Region: c.Region, Marketplace: cmp.Or(l.Marketplace, homeOf(c)), Connection: c.ID,
		StartedBy: "seller", ExpiresAt: e.store.Now().Add(ordersync.ConsentTime), SellerID: l.SellerID, Proof: true,
	})
}

// wayBack is what of a login is sealed: into the ticket with which the seller signs
// in, and beside the consent that comes of it.
type wayBack struct {
	Callback    string           `json:"c"`
	State       []byte           `json:"s"`
	SellerID    string           `json:"p"`
	Region      ordersync.Region `json:"r"`
	Marketplace string           `json:"m"`
	Beta        bool             `json:"b"`
	Browser     []byte           `json:"w"` // its mark, as it is kept
	Expires     int64            `json:"e"` // Unix milliseconds
}

func (w wayBack) login() Login {
	return Login{w.Callback, secret.New(string(w.State)), w.SellerID, w.Region, w.Marketplace, w.Beta}
}

// Who sealed ways back belong to: nobody yet, and then a tenant.
var ticketOwner = secret.Owner{Purpose: "login ticket"}

func wayOwner(c ordersync.Consent) secret.Owner {
	return secret.Owner{Tenant: c.Tenant, Purpose: "way back to Amazon"}
}

// loginTicket is the ticket with which a seller signs in at the service. It holds the
// login sealed, so that nothing is stored for whoever asks.
func (e *Engine) loginTicket(l Login, browser string) (string, error) {
	plain, err := json.Marshal(wayBack{
		l.Callback, []byte(l.State.Reveal()), l.SellerID, l.Region, l.Marketplace, l.Beta,
		store.BrowserMark(browser), e.store.Now().Add(ordersync.ConsentTime).UnixMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("write the login ticket: %w", err)
	}
	sealed, err := e.box.Seal(plain, ticketOwner)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openWay opens a sealed way back that is still good.
func (e *Engine) openWay(sealed []byte, owner secret.Owner) (w wayBack, ok bool) {
	plain, err := e.box.Open(sealed, owner)
	if err != nil || json.Unmarshal(plain, &w) != nil {
		return wayBack{}, false
	}
	return w, e.store.Now().Before(time.UnixMilli(w.Expires))
}

// errLoginTicket is all that is said of a ticket that is not good.
var errLoginTicket = &ConsentRequestError{"ticket", "is unknown, was used, or is older than ten minutes: the seller must start again in Seller Central"}

// openTicket opens the ticket with which a seller has signed in.
func (e *Engine) openTicket(ticket string) (w wayBack, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || e.box == nil {
		return w, errLoginTicket
	}
	w, ok := e.openWay(sealed, ticketOwner)
	if !ok {
		return w, errLoginTicket
	}
	return w, nil
}

// adopt keeps the consent of a seller who began at Amazon and has signed in.
func (e *Engine) adopt(ctx context.Context, ticket, login string, w wayBack, c ordersync.Consent) error {
	plain, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("write the way back to Amazon: %w", err)
	}
	sealed, err := e.box.Seal(plain, wayOwner(c))
	if err != nil {
		return err
	}
	return e.store.AdoptLogin(ctx, ticket, login, w.Browser, sealed, c)
}

// accountFor finds out which connection of a tenant is meant by a seller who began at
// Amazon: that of the account, else the tenant's only one if nobody knows whose that
// is, else a new one.
func accountFor(connections []ordersync.Connection, r ConsentRequest, c *ordersync.Consent) error {
	own := slices.IndexFunc(connections, func(one ordersync.Connection) bool { return one.SellerID == c.SellerID })
	switch {
	case own >= 0:
		c.Connection = connections[own].ID
	case r.Connection != 0 && connections[0].SellerID != "":
		return &ConsentRequestError{"connection", "is of another seller than the one who comes from Amazon: leave it out"}
	case len(connections) == 1 && connections[0].SellerID == "" && !r.Another:
		c.Connection = connections[0].ID
	}
	return nil
}
