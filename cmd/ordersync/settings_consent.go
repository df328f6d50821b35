package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"ordersync/internal/engine"
	"ordersync/internal/web"
)

// applicationShape is what Amazon's application ids look like. The client id is
// another thing, and the one that is mistaken for it.
var applicationShape = regexp.MustCompile(`^amzn1\.(sellerapps\.app|sp\.solution)\.[A-Za-z0-9-]{8,64}$`)

// consentProblems lists what is wrong with the settings of connecting.
func (s *settings) consentProblems() (out []error) {
	if s.AmazonApplication != "" && !applicationShape.MatchString(s.AmazonApplication) {
		out = append(out, errors.New("ORDERSYNC_AMAZON_APPLICATION_ID is no application id: take amzn1.sellerapps.app.… or amzn1.sp.solution.… from Seller Central, not the client id"))
	}
	for _, u := range []struct{ name, value string }{{"AMAZON_CONSENT_URL", s.AmazonConsentURL}, {"AMAZON_REDIRECT_URI", s.AmazonRedirectURI}, {"SIGN_IN_URL", s.SignInURL}} {
		if u.value != "" {
			out = append(out, addressProblem(u.name, u.value))
		}
	}
	if parsed, err := url.Parse(s.AmazonRedirectURI); err == nil && parsed.Fragment != "" {
		out = append(out, errors.New("ORDERSYNC_AMAZON_REDIRECT_URI has a fragment, which Amazon refuses (MD5110): leave out # and what follows"))
	}
	if s.PublicURL != "" {
		if problem := addressProblem("PUBLIC_URL", s.PublicURL); problem != nil {
			out = append(out, problem)
		} else if originOf(s.PublicURL) != s.PublicURL {
			out = append(out, errors.New("ORDERSYNC_PUBLIC_URL has more than scheme and host: use one like https://orders.example.com"))
		}
	}
	// The mark of a browser is kept for one host: at another one each answer of Amazon's
	// would be taken for that of another browser.
	if redirect, public := hostOf(s.AmazonRedirectURI), hostOf(s.PublicURL); redirect != "" && public != "" && redirect != public {
		out = append(out, errors.New("ORDERSYNC_AMAZON_REDIRECT_URI is at another host than ORDERSYNC_PUBLIC_URL, where a seller's browser is not known again: use one host for both"))
	}
	for n, origin := range s.ReturnTo {
		if originOf(origin) != origin || addressProblem("RETURN_TO", origin) != nil {
			out = append(out, fmt.Errorf("ORDERSYNC_RETURN_TO, entry %d of %d: is no origin: use scheme and host only, like https://app.example.com", n+1, len(s.ReturnTo)))
		}
	}
	return out
}

// originOf is an address's scheme and host; "" when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// hostOf is an address's host without a port, in small letters; "" when it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// consent is how sellers connect.
func (s *settings) consent() engine.ConsentSettings {
	redirect := s.AmazonRedirectURI
	if redirect == "" && s.PublicURL != "" {
		redirect = s.PublicURL + web.CallbackPath
	}
	return engine.ConsentSettings{
		ApplicationID: s.AmazonApplication, RedirectURI: redirect, Draft: s.AmazonDraft, ConsentURL: s.AmazonConsentURL,
		PublicURL: s.PublicURL, ReturnTo: s.ReturnTo, SignInURL: s.SignInURL,
	}
}
