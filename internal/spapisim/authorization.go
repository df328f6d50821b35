package spapisim

import (
	"cmp"
	"slices"
	"time"
)

// consentLife is how long an authorisation lasts. Docs pages "Authorization"
// and "Authorization errors".
const consentLife = 365 * 24 * time.Hour

// consent is what one seller allows one application.
type consent struct {
	clientID string
	roles    []Role
	at       time.Time       // when the seller agreed last
	expires  time.Time       // zero: never
	revoked  time.Time       // zero: it is not
	refresh  []*refreshToken // all that were handed out
	tokens   int             // refresh and access tokens handed out so far
}

// ends is when the authorisation ends or ended; zero: never.
func (c *consent) ends() time.Time {
	if c.revoked.IsZero() {
		return c.expires
	}
	return c.revoked
}

// over says whether the authorisation has ended.
func (c *consent) over(now time.Time) bool {
	ends := c.ends()
	return !ends.IsZero() && !now.Before(ends)
}

// Authorization is one seller's authorisation of one application.
type Authorization struct {
	ClientID string    `json:"clientId"`
	Seller   string    `json:"seller"` // key
	Roles    []Role    `json:"roles"`  // that count: of both the application and the consent
	At       time.Time `json:"at"`     // when the seller agreed, or last agreed again
	Expires  time.Time `json:"expires,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"` // when; zero: it is not
	Active   bool      `json:"active"`           // neither revoked nor expired
}

// Authorize lets a seller authorise an application, as on the developer's own
// "Authorize" button, and returns a refresh token. Without roles the seller
// agrees to all that the application has. Authorising again overwrites the
// roles, ends a revocation and begins another 365 days; what becomes of older
// tokens that still work says Switches.OldToken. It refuses a seller above the
// application's consent limit.
func (s *Simulator) Authorize(clientID, sellerKey string, roles ...Role) (refreshToken string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return "", err
	}
	if s.limited(app, sel) {
		return "", pageErrorf(codeLimit, "application %s has %d sellers, its limit", clientID, app.spec.ConsentLimit)
	}
	now, expires := s.clock(), time.Time{}
	if !s.switchesOf(sel).SelfAuthorizedForever {
		expires = now.Add(consentLife)
	}
	return s.authorize(app, sel, roles, now, expires).value, nil
}

// Consent lets a seller agree on the consent page and returns the
// spapi_oauth_code that the browser would carry to redirectURI: valid once, for
// five minutes, for that redirect URI and that application. The authorisation
// begins when it is exchanged, and its 365 days count from now.
func (s *Simulator) Consent(clientID, sellerKey, redirectURI string, roles ...Role) (code string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return "", err
	}
	if redirectURI, err = app.redirect(redirectURI); err != nil {
		return "", err
	}
	return s.issueCode(app, sel, redirectURI, roles)
}

// Revoke ends a seller's authorisation of an application, as in "Manage Your
// Apps": every refresh token of the pair is refused from now on. Access tokens
// live on or not, see Switches.RevokedAtOnce. Nobody is told.
func (s *Simulator) Revoke(clientID, sellerKey string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, sel, err := s.pair(clientID, sellerKey)
	if err != nil {
		return err
	}
	s.revoke(app, sel)
	return nil
}

// revoke ends an authorisation, if there is one; s.mu is held.
func (s *Simulator) revoke(app *application, sel *seller) {
	c := sel.consentFor(app.ClientID)
	if c == nil {
		return
	}
	if c.revoked.IsZero() {
		c.revoked = s.clock()
	}
	c.endTokens()
}

// endTokens ends every refresh token of an authorisation.
func (c *consent) endTokens() {
	for _, t := range c.refresh {
		t.revoked = true
	}
}

// Authorizations lists what sellers authorised, by application and seller in
// order of creation. clientID and sellerKey "" are all.
func (s *Simulator) Authorizations(clientID, sellerKey string) []Authorization {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Authorization{}
	for _, key := range s.sellerIDs {
		for _, c := range s.sellers[key].consents {
			if (clientID != "" && c.clientID != clientID) || (sellerKey != "" && key != sellerKey) {
				continue
			}
			list = append(list, Authorization{
				ClientID: c.clientID, Seller: key, Roles: granted(s.apps[c.clientID], c),
				At: c.at, Expires: c.expires, Revoked: c.revoked, Active: !c.over(s.clock()),
			})
		}
	}
	slices.SortStableFunc(list, func(a, b Authorization) int {
		return cmp.Compare(slices.Index(s.appIDs, a.ClientID), slices.Index(s.appIDs, b.ClientID))
	})
	return list
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

// limited says whether one seller more is above the application's limit. A
// seller who authorises again is no seller more. s.mu is held.
func (s *Simulator) limited(app *application, sel *seller) bool {
	if app.spec.ConsentLimit == 0 {
		return false
	}
	others := 0
	for key, other := range s.sellers { // counted: the order does not matter
		c := other.consentFor(app.ClientID)
		if c == nil || c.over(s.clock()) {
			continue
		}
		if key == sel.Key {
			return false
		}
		others++
	}
	return others >= app.spec.ConsentLimit
}

// issueCode makes the code of a consent; s.mu is held. It fails with
// CONSENT_LIMIT_REACHED.
func (s *Simulator) issueCode(app *application, sel *seller, redirectURI string, roles []Role) (string, error) {
	if s.limited(app, sel) {
		return "", pageErrorf(codeLimit, "application %s has %d sellers, its limit", app.ApplicationID, app.spec.ConsentLimit)
	}
	if len(roles) == 0 {
		roles = app.roles
	}
	sel.codes++
	code := "RH" + opaque(draw(s.seed, "code", app.ClientID, sel.Key, sel.codes), 18)
	s.tokens.codes[code] = &authorizationCode{
		clientID: app.ClientID, sellerKey: sel.Key, redirectURI: redirectURI, roles: slices.Clone(roles), at: s.clock(),
	}
	return code, nil
}

// authorize begins or renews an authorisation, agreed to at a time, and makes
// its refresh token; s.mu is held.
func (s *Simulator) authorize(app *application, sel *seller, roles []Role, at, expires time.Time) *refreshToken {
	c := sel.consentFor(app.ClientID)
	if c == nil {
		c = &consent{clientID: app.ClientID}
		sel.consents = append(sel.consents, c)
	}
	if len(roles) == 0 {
		roles = app.roles
	}
	c.roles, c.at, c.expires, c.revoked = slices.Clone(roles), at, expires, time.Time{}
	switch s.switchesOf(sel).OldToken {
	case OldTokenEnds:
		c.endTokens()
	case OldTokenRenewed:
		for _, t := range c.refresh {
			t.expires = expires
		}
	case OldTokenOwnYear: // as it is
	}
	return s.issueRefresh(c, sel, expires)
}

// consentFor finds what a seller allows an application; nil: nothing.
func (sel *seller) consentFor(clientID string) *consent {
	for _, c := range sel.consents {
		if c.clientID == clientID {
			return c
		}
	}
	return nil
}

// granted are the roles that count: those that the application has and the
// seller authorised. Docs page "Authorization".
func granted(app *application, c *consent) []Role {
	var roles []Role
	for _, r := range app.roles {
		if slices.Contains(c.roles, r) {
			roles = append(roles, r)
		}
	}
	return roles
}
