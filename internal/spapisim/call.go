package spapisim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// call is one request on its way to its answer.
type call struct {
	op      string // "" when the path is unknown
	orderID string
	now     time.Time // Amazon's clock on arrival
	id      string
	rng     *rand.Rand // for this call alone
	sw      Switches

	token  *accessToken
	app    *application // nil when unknown
	sel    *seller      // nil when unknown
	region string       // of the host; "" when the host has none
	roles  []Role       // that count for this application and seller

	query  string
	values url.Values
	page   int // of the walk, from 1; 0 for other operations
	faults []Fault
	plans  []*bucket // from which a token was taken
}

// route finds the operation of a path. Amazon models orders_2026-01-01.json,
// sellers.json and application_2023-11-30.json, paths. A trailing slash is
// another path.
func route(r *http.Request) (op, orderID string) {
	const orders = "/orders/2026-01-01/orders"
	path := r.URL.EscapedPath()
	if r.Method == http.MethodPost && path == "/applications/2023-11-30/clientSecret" {
		return RotateClientSecret, ""
	}
	if r.Method != http.MethodGet {
		return "", ""
	}
	switch {
	case path == orders:
		return SearchOrders, ""
	case path == "/sellers/v1/marketplaceParticipations":
		return GetParticipations, ""
	case strings.HasPrefix(path, orders+"/"):
		id, err := url.PathUnescape(strings.TrimPrefix(path, orders+"/"))
		if err == nil && id != "" && !strings.Contains(id, "/") {
			return GetOrder, id
		}
	}
	return "", ""
}

func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request, region string) {
	c := s.beginCall(r, region)
	s.serve(w, r, c, func() answer { return s.apiAnswer(r, c) })
}

// beginCall finds out who calls what, and which faults the call meets.
func (s *Simulator) beginCall(r *http.Request, region string) *call {
	c := &call{region: region, query: r.URL.RawQuery}
	c.op, c.orderID = route(r)
	var badQuery error
	if c.values, badQuery = url.ParseQuery(r.URL.RawQuery); badQuery != nil {
		c.values = nil
	}
	s.mu.Lock()
	if c.token = s.tokens.access[r.Header.Get("X-Amz-Access-Token")]; c.token != nil {
		c.app = s.apps[c.token.clientID]
		if c.token.grant != nil {
			c.sel = s.sellers[c.token.grant.sellerKey]
		}
	}
	s.mu.Unlock()
	if c.op == SearchOrders {
		c.page = c.sel.pageOf(c.values.Get("paginationToken"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(c)
	return c
}

// beginToken is beginCall for Login with Amazon.
func (s *Simulator) beginToken(r *http.Request, form url.Values) *call {
	c := &call{op: Token, values: form}
	if r.URL.Path != tokenPath {
		c.op = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.app = s.apps[form.Get("client_id")]
	if t := s.tokens.refresh[form.Get("refresh_token")]; t != nil {
		c.sel = s.sellers[t.sellerKey]
	} else if code := s.tokens.codes[form.Get("code")]; code != nil {
		c.sel = s.sellers[code.sellerKey]
	}
	s.begin(c)
	return c
}

// begin numbers the call and draws for it; s.mu is held.
func (s *Simulator) begin(c *call) {
	c.now = s.clock()
	c.sw = s.switchesOf(c.sel)
	key, calls := "", s.counts.anonymous
	if c.sel != nil {
		key, calls = c.sel.Key, c.sel.calls
	}
	calls[c.op]++
	c.rng = draw(s.seed, "call", key, c.op, calls[c.op])
	c.id = requestID(c.rng)
	c.faults = s.faultsFor(c)
}

// apiAnswer is the way through Amazon: gateway, authentication, usage plan,
// authorisation, operation.
func (s *Simulator) apiAnswer(r *http.Request, c *call) answer {
	if c.op == "" {
		return unknownPath()
	}
	if a, refused := s.admit(r, c); refused {
		return a
	}
	if a, ok := c.replacement(); ok {
		return a
	}
	switch c.op {
	case SearchOrders:
		return s.searchOrders(c)
	case GetOrder:
		return s.getOrder(c)
	case RotateClientSecret:
		return s.rotateClientSecret(c)
	default:
		return s.getParticipations(c)
	}
}

// admit checks everything that comes before the operation itself, in Amazon's
// order as far as it is known.
func (s *Simulator) admit(r *http.Request, c *call) (a answer, refused bool) {
	if a, refused = transport(r, c.sw); refused {
		return a, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, refused = s.authenticate(r, c); refused {
		return a, true
	}
	if !s.take(c) {
		return throttled(c.sw), true
	}
	return s.authorise(c)
}

// transport checks the request as such. Docs pages "Include a User-Agent
// header" and "SP-API errors", 400.
func transport(r *http.Request, sw Switches) (answer, bool) {
	agent := r.UserAgent()
	switch {
	case agent == "":
		return invalid("no user-agent"), true
	case len(agent) > 500:
		return invalid(fmt.Sprintf("user-agent of %d characters, at most 500", len(agent))), true
	case sw.StrictUserAgent && !strings.Contains(agent, "Language="):
		return invalid("user-agent without Language attribute"), true
	case r.ContentLength != 0 && r.Method == http.MethodGet:
		return invalid("a GET with a body"), true
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		a := invalid("query string cannot be read")
		a.header.Set("X-Amzn-Errortype", "InvalidQueryStringException")
		return a, true
	}
	return answer{}, false
}

// authenticate checks the access token. Docs page "SP-API errors", 403; s.mu is
// held.
func (s *Simulator) authenticate(r *http.Request, c *call) (answer, bool) {
	switch {
	case r.Header.Get("X-Amz-Access-Token") == "":
		return denied(textNoToken, "no access token"), true
	case c.token == nil || c.app == nil:
		return denied(textRevoked, "access token unknown"), true
	case c.app.expired(s.clock()):
		return denied(textSecret, "the application's secret has expired"), true
	case !s.clock().Before(c.token.expires):
		return denied(textExpired, "access token expired"), true
	case c.token.grant == nil:
		return c.unscoped()
	case grantless[c.op] != "":
		return denied("", "a seller's token on a grantless operation"), true
	case c.token.grant.over(s.clock()) && c.sw.RevokedAtOnce:
		return denied(textRevoked, "authorisation revoked or expired"), true
	}
	return answer{}, false
}

// unscoped refuses a grantless token whose scope does not open the operation.
func (c *call) unscoped() (answer, bool) {
	scope := grantless[c.op]
	switch {
	case scope == "":
		return denied("", "grantless token on a seller operation"), true
	case !slices.Contains(strings.Fields(c.token.scope), scope):
		return denied("", "grantless token without scope "+scope), true
	}
	return answer{}, false
}

// authorise checks region and roles; s.mu is held. A grantless operation works
// on every region's host.
func (s *Simulator) authorise(c *call) (answer, bool) {
	if grantless[c.op] != "" {
		return answer{}, false
	}
	if (c.region != "" && c.region != c.sel.Region) || c.has(FaultWrongRegion) {
		return denied("", "seller of region "+c.sel.Region), true
	}
	c.roles = granted(c.app, c.sel.consentFor(c.app.ClientID))
	if !hasAny(c.roles, orderRoles) {
		return denied("", "no role that opens the API"), true
	}
	return answer{}, false
}

func hasAny(have, want []Role) bool {
	return slices.ContainsFunc(have, func(role Role) bool { return slices.Contains(want, role) })
}

func throttled(sw Switches) answer {
	a := refusal(http.StatusTooManyRequests, "QuotaExceeded", textQuota, "", "usage plan exhausted")
	if sw.RetryAfter != "" {
		a.header.Set("Retry-After", sw.RetryAfter)
	}
	return a
}
