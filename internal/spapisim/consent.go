package spapisim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What the consent page checks and where it sends the browser. Docs pages
// "Website authorization workflow", "Selling Partner Appstore authorization
// workflow" and "Authorization errors". In which order Amazon checks is not
// known.

// The codes of the consent page's errors. Docs page "Authorization errors".
const (
	codeDraft    = "MD1000"
	codeRedirect = "MD5101"
	codeFragment = "MD5110"
	codeMissing  = "MD9100"
	codeUser     = "SPDC8143"
	codeLimit    = "CONSENT_LIMIT_REACHED"
)

// pageError is what goes wrong on the consent page. Without a code it is the
// simulator's own: Amazon's answer is not known.
type pageError struct{ code, text string }

func (e *pageError) Error() string {
	if e.code == "" {
		return "spapisim: " + e.text
	}
	return "spapisim: " + e.text + " (" + e.code + ")"
}

func pageErrorf(code, format string, args ...any) error {
	return &pageError{code, fmt.Sprintf(format, args...)}
}

// journey is a seller's way through the workflow that begins at Amazon, from
// the login URI to the callback.
type journey struct {
	clientID, sellerKey string
	at                  time.Time
	used                bool
}

// journeys by amazon_state.
type journeys map[string]*journey

// journeyLife: the whole flow should finish within ten minutes. Docs page
// "Website authorization workflow".
const journeyLife = 10 * time.Minute

// redirect is where the consent page sends a browser that was asked to go to a
// URI, or to none.
func (app *application) redirect(uri string) (string, error) {
	registered := app.spec.RedirectURIs
	switch {
	case len(registered) == 0:
		return "", pageErrorf(codeMissing, "application %s has no redirect URI registered", app.ApplicationID)
	case uri == "":
		return registered[0], nil
	case strings.Contains(uri, "#"):
		return "", pageErrorf(codeFragment, "redirect_uri %q has a fragment", uri)
	case !slices.Contains(registered, uri):
		return "", pageErrorf(codeRedirect, "redirect_uri %q is not registered for application %s", uri, app.ApplicationID)
	}
	return uri, nil
}

// asked finds the application that a browser brings, and where the browser is to
// go at the end; s.mu is held.
func (s *Simulator) asked(applicationID string, form url.Values) (app *application, redirectURI string, err error) {
	app = s.appOnPage(applicationID)
	switch {
	case app == nil:
		return nil, "", pageErrorf("", "no application is called %q: application_id is amzn1.sp.solution.<uuid> or amzn1.sellerapps.app.<uuid>, not the client id", applicationID)
	case app.spec.LoginURI == "" && s.switches.LoginURIRequired:
		return nil, "", pageErrorf(codeMissing, "application %s has no login URI registered", applicationID)
	case app.spec.Draft && form.Get("version") != "beta":
		return nil, "", pageErrorf(codeDraft, "application %s is a draft: it needs version=beta", applicationID)
	}
	redirectURI, err = app.redirect(form.Get("redirect_uri"))
	return app, redirectURI, err
}

// signIn finds the seller that a form names, of a region or, with "", of any;
// s.mu is held.
func (s *Simulator) signIn(region string, form url.Values) (*seller, error) {
	key := form.Get("seller")
	sel := s.sellers[key]
	switch {
	case key == "":
		return nil, pageErrorf("", "field seller is missing: it is region/id, such as eu/A3TH9S8BH6GOGM")
	case sel == nil || (region != "" && sel.Region != region):
		return nil, pageErrorf("", "no seller %q signs in here: seller is region/id, such as eu/A3TH9S8BH6GOGM", key)
	}
	switch user := form.Get("user"); user {
	case "", "primary":
		return sel, nil
	case "other":
		return nil, pageErrorf(codeUser, "the user is not the primary user of seller account %s", sel.ID)
	default:
		return nil, pageErrorf("", "user is %q: use primary or other", user)
	}
}

// agree is the seller's Confirm: a code, on its way to the redirect URI; s.mu is
// held.
func (s *Simulator) agree(app *application, sel *seller, redirectURI, state string) (location string, err error) {
	code, err := s.issueCode(app, sel, redirectURI, nil)
	if err != nil {
		return "", err
	}
	query := url.Values{"selling_partner_id": {sel.ID}, "spapi_oauth_code": {code}}
	if state != "" {
		query.Set("state", state)
	}
	if s.switchesOf(sel).MWSAuthToken {
		query.Set("mws_auth_token", "amzn.mws."+requestID(draw(s.seed, "mws", app.ClientID, sel.Key)))
	}
	return withQuery(redirectURI, query), nil
}

// decline is the seller's Cancel; location "": the page can be closed. s.mu is
// held.
func (s *Simulator) decline(redirectURI, state string) (location string) {
	if !s.switches.CancelReturns {
		return ""
	}
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	return withQuery(redirectURI, query)
}

// depart sends a seller who begins at Amazon to the application's login URI.
// callback is the address of confirm for this application; s.mu is held.
func (s *Simulator) depart(app *application, sel *seller, callback string) (location string, err error) {
	if app.spec.LoginURI == "" {
		return "", pageErrorf(codeMissing, "application %s has no login URI registered", app.ApplicationID)
	}
	if _, err := app.redirect(""); err != nil {
		return "", err
	}
	if s.limited(app, sel) {
		return "", pageErrorf(codeLimit, "application %s has %d sellers, its limit", app.ApplicationID, app.spec.ConsentLimit)
	}
	sel.codes++
	state := opaque(draw(s.seed, "amazon-state", app.ClientID, sel.Key, sel.codes), 40)
	s.journeys[state] = &journey{clientID: app.ClientID, sellerKey: sel.Key, at: s.clock()}
	query := url.Values{"amazon_callback_uri": {callback}, "amazon_state": {state}, "selling_partner_id": {sel.ID}}
	if app.spec.Draft {
		query.Set("version", "beta")
	}
	return withQuery(app.spec.LoginURI, query), nil
}

// arrive takes a browser back from the login URI and sends it on with a code;
// s.mu is held.
func (s *Simulator) arrive(region, applicationID string, form url.Values) (location string, err error) {
	app, redirectURI, err := s.asked(applicationID, form)
	if err != nil {
		return "", err
	}
	j := s.journeys[form.Get("amazon_state")]
	if j == nil || j.used || j.clientID != app.ClientID || !s.clock().Before(j.at.Add(journeyLife)) {
		return "", pageErrorf("", "amazon_state is unknown, used, of another application or older than %s: it has to come back as it was sent", journeyLife)
	}
	sel := s.sellers[j.sellerKey]
	if region != "" && sel.Region != region {
		return "", pageErrorf("", "amazon_state was given by another region's Seller Central")
	}
	if location, err = s.agree(app, sel, redirectURI, form.Get("state")); err != nil {
		return "", err
	}
	j.used = true
	return location, nil
}

// withQuery adds parameters to an address that was checked when it was
// registered.
func withQuery(uri string, add url.Values) string {
	u, err := url.Parse(uri)
	if err != nil {
		panic(fmt.Sprintf("spapisim: the registered URI %q cannot be read", uri))
	}
	query := u.Query()
	for name, values := range add {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	return u.String()
}
