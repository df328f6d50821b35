package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// Sellers who connect or renew: from our link to Amazon's consent page and back, as
// their browsers do it. Each is a task of its own, served by whichever process is up.

const (
	connecting       fault = "connected by consent"
	firstConsent     fault = "first connection by consent"
	consentAgain     fault = "consent asked for again"
	consentCancelled fault = "consent cancelled"
	consentOther     fault = "consent by another seller account"
	consentLate      fault = "consent brought too late for its code"
	consentTooLate   fault = "consent brought too late for its state"
	consentElsewhere fault = "consent brought by another browser"
	consentReloaded  fault = "consent brought again"
	authorisationEnd fault = "authorisation ended after 365 days"
)

// oddConsents are what sellers do besides what they should.
var oddConsents = []fault{consentCancelled, consentOther, consentLate, consentTooLate, consentElsewhere}

var consentFaults = append([]fault{connecting, firstConsent, consentAgain, consentReloaded, authorisationEnd, loginRenewal, loginForged}, oddConsents...)

// codeLife is how long Amazon takes a code.
const codeLife = 5 * time.Minute

// redirectURI is where Amazon sends sellers back to.
const redirectURI = "https://orders.example/connect/callback"

// visit is a seller's way to Amazon and back.
type visit struct {
	name string
	c    *connection
	odd  fault // what is odd about it; "": nothing

	ticket, browser string
	signsIn         bool   // the account cannot be proven
	proof           string // where at Amazon one who began there goes on; "": it began here
	answer          engine.ConsentAnswer
	agreed          time.Time // by Amazon's clock; zero: not at all
	exchanged       time.Time // when Amazon took the code
	token           string    // that it gave for it, if the answer could be read
}

// sendToConsent lets the seller of a connection connect or renew it.
func (w *world) sendToConsent(c *connection, why fault) {
	w.visits++
	v := &visit{name: fmt.Sprintf("seller %d", w.visits), c: c}
	w.errand(func() {
		w.gate(v.name)
		s := w.seat()
		calm := 0
		for again := false; !w.visit(v, s, why); again = true {
			if !w.stormy {
				calm++
			}
			if calm > 100 {
				w.violation([]string{string(c.tenant) + " "}, "%s cannot connect: it has tried for ever", c.tenant)
				break
			}
			if !again && w.stormy {
				w.count(consentAgain)
			}
			time.Sleep(w.draw(time.Minute, 10*time.Minute))
			w.gate(v.name)
		}
		w.seats = append(w.seats, s)
	})
}

// seat is a store for who is served.
func (w *world) seat() *store.Store {
	if n := len(w.seats); n > 0 {
		s := w.seats[n-1]
		w.seats = w.seats[:n-1]
		return s
	}
	return w.openStore()
}

// serve finds a process that is up, and the task of who is served by it.
func (w *world) serve(v *visit, s *store.Store) (*task, *engine.Engine) {
	p := w.processes[w.rng.IntN(len(w.processes))]
	if p.dead || p.box == w.wrong { // who has a wrong master key is refused at its start, and serves nobody
		return nil, nil
	}
	on := 0
	if !v.c.removed {
		on = int(v.c.id)
	}
	return &task{name: v.name, of: p, on: on, visit: v}, w.newEngine(s, p)
}

// visit is one way to Amazon and back; done: there is nothing more to do.
func (w *world) visit(v *visit, s *store.Store, why fault) (done bool) {
	c := v.c
	if c.removed && why != firstConsent {
		return true
	}
	v.odd = ""
	if odd := oddConsents[w.rng.IntN(len(oddConsents))]; w.hit(odd, 0.5) && (odd != consentOther || c.id != 0 && !c.removed && !c.unnamed) {
		v.odd = odd
	}
	t, e := w.serve(v, s)
	if w.stormy && w.narrow > 0 {
		return false // what is agreed to while roles are lost would lack them for good
	}
	if t == nil {
		return false
	}
	v.proof = ""
	depart := w.depart
	if why == connecting && c.id != 0 && !c.unnamed && !v.signsIn && w.hit(loginRenewal, 0.4) {
		depart = w.begin
	}
	if !depart(v, t, e) {
		return false
	}
	w.atAmazon(v)
	if w.stormy && w.narrow > 0 {
		return false
	}
	t, e = w.serve(v, s)
	if t == nil {
		return false
	}
	w.hold(c, v.name)
	defer func() { c.busy = false }()
	if c.removed && why != firstConsent {
		return true // somebody has removed it meanwhile
	}
	for again := false; ; again = true {
		_, before := w.tokenOf(c)
		w.checkCut(c)
		out, err := e.FinishConsent(t.context(t.of.ctx), v.answer)
		w.gate(v.name + " knows")
		w.journal.note("episode", "%s of %s, served by %s, has %q: %v", v.name, c.tenant, t.of.name, v.odd, err)
		w.exchanged(v)
		if err == nil {
			out, err = w.agree(v, t, e, out)
		}
		if err == nil {
			w.connected(v, out, before, why)
			return true
		}
		w.problem(v, err)
		if v.odd != "" && w.stormy {
			w.count(v.odd)
			if v.odd == consentOther && v.proof != "" {
				w.count(loginForged)
			}
		}
		if again || !w.hit(consentReloaded, 0.3) || t.of.dead {
			break
		}
		w.count(consentReloaded)
	}
	return v.odd == consentCancelled && why == connecting && c.token && !open(c.revoked) && c.state == ordersync.Connected
}

// depart gets a link and follows it to Amazon.
func (w *world) depart(v *visit, t *task, e *engine.Engine) bool {
	if v.ticket == "" {
		r := engine.ConsentRequest{Tenant: v.c.tenant, Connection: v.c.id, StartedBy: "simulation"}
		if v.c.removed {
			r.Connection, r.Marketplace = 0, v.c.seller.MarketplaceIDs()[0]
		}
		ticket, _, err := e.StartConsent(t.context(t.of.ctx), r)
		w.gate(v.name + " knows")
		if err != nil {
			w.problem(v, err)
			return false
		}
		v.ticket = ticket
	}
	v.browser = fmt.Sprintf("%s %d", v.name, w.rng.IntN(1000))
	address, err := e.OpenConsent(t.context(t.of.ctx), v.ticket, v.browser)
	w.gate(v.name + " knows")
	if err != nil {
		w.problem(v, err)
		return false
	}
	v.leaveFor(w, address)
	return true
}

// leaveFor sends the seller's browser to Amazon.
func (v *visit) leaveFor(w *world, address string) {
	u, err := url.Parse(address)
	w.must(err)
	v.answer = engine.ConsentAnswer{State: u.Query().Get("state"), Browser: v.browser}
	v.agreed, v.exchanged, v.token = time.Time{}, time.Time{}, ""
}

// atAmazon is what the seller does on Amazon's page, and how long it takes.
func (w *world) atAmazon(v *visit) {
	time.Sleep(w.draw(5*time.Second, 2*time.Minute))
	w.gate(v.name)
	form := url.Values{
		"application_id": {w.app.ApplicationID}, "redirect_uri": {redirectURI}, "state": {v.answer.State}, "version": {"beta"},
		"seller": {v.c.seller.Key}, "answer": {"confirm"},
	}
	switch v.odd {
	case consentCancelled:
		return // the page of our own that tells it to try again
	case consentOther:
		if v.proof != "" {
			break // it began as another one
		}
		other := w.otherSeller(v.c.seller)
		if other == nil {
			v.odd = ""
			break
		}
		form.Set("seller", other.Key)
	case consentElsewhere:
		v.answer.Browser = "somebody else's"
	}
	method, path := http.MethodPost, "/apps/authorize/consent"
	if v.proof != "" {
		method, path, form = http.MethodGet, v.proof, nil
	}
	q := w.atSellerCentral(method, path, form)
	if q.Get("state") != v.answer.State || q.Get("spapi_oauth_code") == "" {
		w.violation(nil, "Amazon sends %s back with %q and no code, or another state", v.name, q)
	}
	v.answer.SellerID, v.answer.Code, v.agreed = q.Get("selling_partner_id"), q.Get("spapi_oauth_code"), w.sim.Now()
	if v.proof != "" {
		v.answer.SellerID = v.c.seller.ID // whoever it was: the browser can write what it likes
	}
	late := w.draw(100*time.Millisecond, 5*time.Second)
	switch v.odd {
	case consentLate:
		late = w.draw(5*time.Minute+time.Second, 8*time.Minute)
	case consentTooLate:
		late = w.draw(10*time.Minute, 20*time.Minute)
	}
	time.Sleep(late)
	w.gate(v.name)
	if v.odd == consentLate && w.sim.Now().Sub(v.agreed) < codeLife {
		v.odd = "" // Amazon's clock was set back meanwhile
	}
}

// otherSeller is another account of the same region; nil: there is none.
func (w *world) otherSeller(s *seller) *seller {
	for _, other := range w.sellers {
		if other != s && other.Region == s.Region {
			return other
		}
	}
	return nil
}

// tookCode looks whether Amazon has taken the code, whatever became of its answer. A
// proof goes on with the token, which Amazon may replace then.
func (w *world) tookCode(v *visit, body []byte) {
	if v.agreed.IsZero() || v.odd == consentOther || !v.exchanged.IsZero() && v.proof == "" {
		return
	}
	for _, a := range w.sim.Authorizations(w.app.ClientID, v.c.seller.Key) {
		if a.At.Equal(v.agreed) && v.exchanged.IsZero() {
			v.exchanged = time.Now()
		}
	}
	var given struct {
		RefreshToken string `json:"refresh_token"`
	}
	if !v.exchanged.IsZero() && json.Unmarshal(body, &given) == nil && given.RefreshToken != "" {
		v.token = given.RefreshToken
	}
}

// exchanged ends the token before, where Amazon lets that end with a new consent.
func (w *world) exchanged(v *visit) {
	if v.exchanged.IsZero() || !w.tokensEnd() {
		return
	}
	c := v.c
	if c.id == 0 || c.removed {
		return
	}
	c.dead = true
	if !open(c.revoked) {
		c.revoked = append(c.revoked, ordersync.Window{From: v.exchanged})
	}
}

// tokensEnd tells whether a seller's tokens end when it agrees anew.
func (w *world) tokensEnd() bool { return w.plan.switches.OldToken == "ends" }

// problem notes why a consent came to nothing.
func (w *world) problem(v *visit, err error) {
	var failed *engine.ConsentFailedError
	var nowhere *store.ConsentError
	switch {
	case errors.As(err, &failed):
		w.emitted["consent: "+string(failed.Problem)]++
		if !failed.Problem.Info().Again {
			v.ticket = ""
		}
	case errors.As(err, &nowhere):
		w.emitted["consent: "+string(nowhere.Problem)]++
		if nowhere.Problem != ordersync.ConsentElsewhere {
			v.ticket = ""
		}
	case passing(err):
	default:
		w.violation([]string{string(v.c.tenant) + " "}, "%s cannot connect: %v", v.c.tenant, err)
	}
}

// connected notes what a consent that succeeded has changed, and that it may.
func (w *world) connected(v *visit, out engine.Consented, before string, why fault) {
	c := v.c
	about := []string{string(c.tenant) + " "}
	if v.odd != "" {
		w.violation(about, "%s was connected by a consent that was wrong: %s", c.tenant, v.odd)
		return
	}
	if v.exchanged.IsZero() {
		w.violation(about, "%s was connected, and Amazon has taken no code", c.tenant)
		return
	}
	if c.removed {
		c.explicit, c.some, c.personal = false, false, false
	}
	w.rows(`SELECT id FROM connections WHERE tenant = ?`, func(r []string) { c.id = ordersync.ConnectionID(atoi(r[0])) }, string(c.tenant))
	if out.Connection != 0 && out.Connection != c.id { // a page that is loaded again does not say it of a new one
		w.violation(about, "%s was connected as connection %d and is %d", c.tenant, out.Connection, c.id)
	}
	c.removed, c.unnamed = false, false
	switch how, token := w.tokenOf(c); {
	case token == v.token && token != "":
	case token == "" || how == keptClosed:
		w.violation(about, "%s was connected and its refresh token was not kept", c.tenant)
	case token == before:
		w.violation(about, "%s was connected and has the refresh token of before", c.tenant)
	}
	if s := w.stand(c); s.state != string(ordersync.Connected) {
		w.violation(about, "%s was connected and is %+v", c.tenant, s)
	}
	w.count(why)
	c.state, c.token, c.authorized, c.cut = ordersync.Connected, true, v.exchanged, nil
	c.tokens = append(c.tokens, v.token)
	c.worksAgain()
}

// worksAgain ends what a new refresh token ends.
func (c *connection) worksAgain() {
	now := time.Now()
	if c.token {
		c.held = c.authorized
	}
	if n := len(c.tokenless); open(c.tokenless) && c.token {
		c.tokenless[n-1].To = now
	}
	if n := len(c.revoked); open(c.revoked) && !c.authorized.Before(c.revoked[n-1].From) {
		c.dead = false
		if !c.seller.refused {
			c.revoked[n-1].To = now
		}
	}
	if n := len(c.disabled); open(c.disabled) && c.state == ordersync.Connected {
		c.disabled[n-1].To = now
	}
}

// hold waits until nobody else acts on a connection. A task holds one at most.
func (w *world) hold(c *connection, who string) {
	for c.busy {
		time.Sleep(w.draw(time.Second, 10*time.Second))
		w.gate(who + " waits")
	}
	c.busy = true
}
