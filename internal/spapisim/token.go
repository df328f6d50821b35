package spapisim

import (
	"fmt"
	"slices"
	"time"
)

const (
	accessLife  = time.Hour            // expires_in 3600
	codeLife    = 5 * time.Minute      // docs page "Website authorization workflow"
	consentLife = 365 * 24 * time.Hour // docs page "Authorization errors"
	// keepExpired is how long an expired access token is still told from a
	// garbled one.
	keepExpired = 2 * time.Hour
)

// accessToken is what an API call shows.
type accessToken struct {
	clientID string
	grant    *refreshToken // nil: grantless
	scope    string
	expires  time.Time
}

// refreshToken is one authorisation of an application by a seller.
type refreshToken struct {
	value     string
	clientID  string
	sellerKey string
	expires   time.Time
	revoked   bool
	successor string        // the token handed out instead of this one, when rotating
	replaces  *refreshToken // the one that ends when this one is used
}

// authorizationCode is the single-use code of the consent page.
type authorizationCode struct {
	clientID, sellerKey, redirectURI string
	roles                            []Role
	expires                          time.Time
	used                             bool
}

type tokenStore struct {
	access      map[string]*accessToken
	accessQueue []string // in order of issue, for forgetting
	refresh     map[string]*refreshToken
	codes       map[string]*authorizationCode
	grantless   int
}

func newTokenStore() tokenStore {
	return tokenStore{
		access:  map[string]*accessToken{},
		refresh: map[string]*refreshToken{},
		codes:   map[string]*authorizationCode{},
	}
}

// Authorize lets a seller authorise an application, as on the developer's own
// "Authorize" button, and returns a refresh token. Without roles the seller
// agrees to all that the application has. Authorising again overwrites the
// roles, ends a revocation and leaves older tokens that still work alone.
func (s *Simulator) Authorize(clientID, sellerKey string, roles ...Role) (refreshToken string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return "", err
	}
	return s.authorize(app, sel, roles).value, nil
}

// Consent lets a seller agree on the consent page and returns the
// spapi_oauth_code that the browser would carry to redirectURI: valid once, for
// five minutes, for that redirect URI.
func (s *Simulator) Consent(clientID, sellerKey, redirectURI string, roles ...Role) (code string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return "", err
	}
	if !slices.Contains(app.redirectURIs, redirectURI) {
		return "", fmt.Errorf("spapisim: redirect URI %q is not registered for %s (MD5101)", redirectURI, clientID)
	}
	code = "RH" + opaque(draw(s.seed, "code", len(s.tokens.codes)), 18)
	s.tokens.codes[code] = &authorizationCode{
		clientID: clientID, sellerKey: sel.Key, redirectURI: redirectURI,
		roles: slices.Clone(roles), expires: s.clock().Add(codeLife),
	}
	return code, nil
}

// Revoke ends a seller's authorisation of an application: every refresh token
// of the pair is refused from now on. Access tokens live on or not, see
// Switches.RevokedAtOnce.
func (s *Simulator) Revoke(clientID, sellerKey string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return err
	}
	if c := sel.consentFor(clientID); c != nil {
		c.revoked = true
	}
	for _, t := range s.tokens.refresh { // each alike: the order does not matter
		if t.clientID == clientID && t.sellerKey == sellerKey {
			t.revoked = true
		}
	}
	return nil
}

// pair finds an application and a seller; s.mu is held.
func (s *Simulator) pair(clientID, sellerKey string) (*application, *seller, error) {
	app, err := s.app(clientID)
	if err != nil {
		return nil, nil, err
	}
	sel, err := s.seller(sellerKey)
	return app, sel, err
}

func (s *Simulator) authorize(app *application, sel *seller, roles []Role) *refreshToken {
	c := sel.consentFor(app.ClientID)
	if c == nil {
		c = &consent{clientID: app.ClientID}
		sel.consents = append(sel.consents, c)
	}
	if len(roles) == 0 {
		roles = app.roles
	}
	c.roles, c.revoked = slices.Clone(roles), false
	return s.issueRefresh(c, sel)
}

func (s *Simulator) issueRefresh(c *consent, sel *seller) *refreshToken {
	c.tokens++
	t := &refreshToken{
		value:     "Atzr|IwEB" + opaque(draw(s.seed, "refresh", c.clientID, sel.Key, c.tokens), 160),
		clientID:  c.clientID,
		sellerKey: sel.Key,
		expires:   s.clock().Add(consentLife),
	}
	s.tokens.refresh[t.value] = t
	return t
}

// issueAccess makes an access token for a seller's grant.
func (s *Simulator) issueAccess(grant *refreshToken, c *consent) string {
	c.tokens++
	value := "Atza|IwEB" + opaque(draw(s.seed, "access", grant.clientID, grant.sellerKey, c.tokens), 200)
	s.keepAccess(value, &accessToken{clientID: grant.clientID, grant: grant, expires: s.clock().Add(accessLife)})
	return value
}

// issueGrantless makes an access token without a seller.
func (s *Simulator) issueGrantless(clientID, scope string) string {
	s.tokens.grantless++
	value := "Atc|MQEB" + opaque(draw(s.seed, "grantless", clientID, s.tokens.grantless), 200)
	s.keepAccess(value, &accessToken{clientID: clientID, scope: scope, expires: s.clock().Add(accessLife)})
	return value
}

func (s *Simulator) keepAccess(value string, t *accessToken) {
	ts := &s.tokens
	ts.access[value] = t
	ts.accessQueue = append(ts.accessQueue, value)
	for len(ts.accessQueue) > 0 {
		oldest := ts.access[ts.accessQueue[0]]
		if oldest != nil && s.clock().Before(oldest.expires.Add(keepExpired)) {
			break
		}
		delete(ts.access, ts.accessQueue[0])
		ts.accessQueue = ts.accessQueue[1:]
	}
}

// MustAccessToken refreshes an access token without a request, for tests that
// are not about Login with Amazon. It panics when the token is not good.
func (s *Simulator) MustAccessToken(refreshToken string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens.refresh[refreshToken]
	if t == nil || t.revoked || !s.clock().Before(t.expires) {
		panic("spapisim: the refresh token is unknown, revoked or expired")
	}
	return s.issueAccess(t, s.sellers[t.sellerKey].consentFor(t.clientID))
}
