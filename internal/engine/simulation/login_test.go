package simulation

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"ordersync/internal/engine"
)

// Sellers who renew from Amazon's side: from Manage Your Apps over our login URI back
// to Amazon and here again, where one of their orders proves whose the account is.

const (
	loginRenewal fault = "renewed from Amazon's side"
	loginForged  fault = "login of another seller account forged"
)

// loginURI is where Amazon sends sellers who begin there.
const loginURI = "https://orders.example/login"

// atSellerCentral asks Seller Central for something, and is sent on.
func (w *world) atSellerCentral(method, path string, form url.Values) (to url.Values) {
	r := httptest.NewRequest(method, "https://sellercentral.example"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	into := httptest.NewRecorder()
	w.sim.ConsentHandler("").ServeHTTP(into, r)
	back, err := url.Parse(into.Header().Get("Location"))
	w.must(err)
	if into.Code != http.StatusSeeOther || back.Host != "orders.example" {
		w.violation(nil, "Amazon's page answers %d %s", into.Code, into.Body)
	}
	return back.Query()
}

// begin begins at Amazon, and is sent back there; false: the seller must sign in, or it
// came to nothing.
func (w *world) begin(v *visit, t *task, e *engine.Engine) bool {
	who := v.c.seller
	if v.odd == "" && w.hit(loginForged, 0.4) {
		v.odd = consentOther
	}
	if v.odd == consentOther {
		if who = w.otherSeller(v.c.seller); who == nil || w.tokensEnd() { // it would only harm itself
			who, v.odd = v.c.seller, ""
		}
	}
	to := w.atSellerCentral(http.MethodPost, "/apps/manage", url.Values{"application_id": {w.app.ApplicationID}, "seller": {who.Key}, "action": {"authorize"}})
	to.Set("selling_partner_id", v.c.seller.ID) // the browser can write what it likes
	l, err := e.ParseLogin(to.Encode())
	w.must(err)
	v.browser = fmt.Sprintf("%s %d", v.name, w.rng.IntN(1000))
	address, err := e.BeginLogin(t.context(t.of.ctx), l, v.browser)
	w.gate(v.name + " knows")
	if err != nil {
		w.problem(v, err)
		return false
	}
	if v.signsIn = address == ""; v.signsIn {
		return false
	}
	v.leaveFor(w, address)
	v.proof = strings.TrimPrefix(address, "https://sellercentral.example")
	return true
}

// agree is the seller's word, once the account is proven, that the connection is to be
// renewed. out is of a consent that is held.
func (w *world) agree(v *visit, t *task, e *engine.Engine, out engine.Consented) (engine.Consented, error) {
	if !out.Held {
		return out, nil
	}
	if v.odd == consentOther {
		w.violation([]string{string(v.c.tenant) + " "}, "%s: another seller's account was taken for proven", v.c.tenant)
	}
	out, err := e.ConfirmConsent(t.context(t.of.ctx), out.Ticket, v.answer.Browser)
	w.gate(v.name + " knows")
	if err == nil {
		w.count(loginRenewal)
	}
	return out, err
}
