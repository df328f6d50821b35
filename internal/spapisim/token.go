package spapisim

import "time"

const (
	accessLife = time.Hour       // expires_in 3600
	codeLife   = 5 * time.Minute // docs page "Website authorization workflow"
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

// refreshToken is what an application holds of a seller's authorisation.
type refreshToken struct {
	value     string
	clientID  string
	sellerKey string
	expires   time.Time // zero: never
	revoked   bool
	successor string        // the token handed out instead of this one, when rotating
	replaces  *refreshToken // the one that ends when this one is used
}

// over says whether a token has ended.
func (t *refreshToken) over(now time.Time) bool {
	return t.revoked || (!t.expires.IsZero() && !now.Before(t.expires))
}

// authorizationCode is the single-use code of the consent page.
type authorizationCode struct {
	clientID, sellerKey, redirectURI string
	roles                            []Role
	at                               time.Time // of the consent
	used                             bool
}

// good says whether a code can still be exchanged.
func (c *authorizationCode) good(now time.Time) bool {
	return !c.used && now.Before(c.at.Add(codeLife))
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

// issueRefresh makes a refresh token that ends at a time, zero: never.
func (s *Simulator) issueRefresh(c *consent, sel *seller, expires time.Time) *refreshToken {
	c.tokens++
	t := &refreshToken{
		value:     "Atzr|IwEB" + opaque(draw(s.seed, "refresh", c.clientID, sel.Key, c.tokens), 160),
		clientID:  c.clientID,
		sellerKey: sel.Key,
		expires:   expires,
	}
	s.tokens.refresh[t.value] = t
	c.refresh = append(c.refresh, t)
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
	if t == nil || t.over(s.clock()) {
		panic("spapisim: the refresh token is unknown, revoked or expired")
	}
	return s.issueAccess(t, s.sellers[t.sellerKey].consentFor(t.clientID))
}
