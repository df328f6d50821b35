package spapisim

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Login with Amazon. Docs pages "Connect to the SP-API" and "Grantless
// operations"; error texts as collected from public threads.

const tokenPath = "/auth/o2/token"

// lwaScopes are the scopes of grantless operations.
var lwaScopes = []string{
	"sellingpartnerapi::notifications",
	"sellingpartnerapi::client_credential:rotation",
	"sellingpartnerapi::shipments:track",
}

const (
	textBadRefresh  = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
	textBadCode     = "The request has an invalid grant parameter : code"
	textBadClient   = "Client authentication failed"
	textOtherClient = "Not authorized for requested operation"
	textBadGrant    = "The authorization grant type is not supported by the authorization server"
	textMissing     = "The request is missing a required parameter : "
	textBadScope    = "The request has an invalid parameter : scope"
)

func (s *Simulator) serveLWA(w http.ResponseWriter, r *http.Request) {
	form, readable := tokenForm(r)
	c := s.beginToken(r, form)
	s.serve(w, r, c, func() answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case r.URL.Path != tokenPath:
			return lwaRefusal(http.StatusNotFound, "invalid_request", "The requested resource does not exist")
		case r.Method != http.MethodPost:
			return lwaRefusal(http.StatusMethodNotAllowed, "invalid_request", "The request method is not supported")
		case !readable:
			return lwaRefusal(http.StatusBadRequest, "unsupported_grant_type", textBadGrant)
		}
		return s.token(c, form)
	})
}

// tokenForm reads the request's parameters. Amazon takes a form, and the JSON
// that its own SDKs send; with anything else it sees no grant type.
func tokenForm(r *http.Request) (form url.Values, readable bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return nil, false
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err = url.ParseQuery(string(body))
		return form, err == nil
	case "application/json":
		var fields map[string]string
		if json.Unmarshal(body, &fields) != nil {
			return nil, false
		}
		form = url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		return form, true
	}
	return nil, false
}

// token answers the three grants; s.mu is held.
func (s *Simulator) token(c *call, form url.Values) answer {
	grant := form.Get("grant_type")
	required := map[string]string{
		"refresh_token": "refresh_token", "authorization_code": "code", "client_credentials": "scope",
	}
	if grant == "" {
		return lwaRefusal(http.StatusBadRequest, "invalid_request", textMissing+"grant_type")
	}
	if required[grant] == "" {
		return lwaRefusal(http.StatusBadRequest, "unsupported_grant_type", textBadGrant)
	}
	for _, name := range []string{"client_id", "client_secret", required[grant]} {
		if form.Get(name) == "" {
			return lwaRefusal(http.StatusBadRequest, "invalid_request", textMissing+name)
		}
	}
	app := s.apps[form.Get("client_id")]
	if app == nil || !app.knows(form.Get("client_secret"), s.clock(), s.switches) {
		return lwaRefusal(http.StatusUnauthorized, "invalid_client", textBadClient)
	}
	switch grant {
	case "authorization_code":
		return s.codeGrant(c, app, form)
	case "client_credentials":
		return s.scopeGrant(c, app, form.Get("scope"))
	}
	return s.refreshGrant(c, app, form.Get("refresh_token"))
}

func (s *Simulator) refreshGrant(c *call, app *application, value string) answer {
	t := s.tokens.refresh[value]
	switch {
	case t == nil:
		return lwaRefusal(http.StatusBadRequest, "invalid_grant", textBadRefresh)
	case t.clientID != app.ClientID:
		return lwaRefusal(http.StatusBadRequest, "unauthorized_client", textOtherClient)
	case t.over(s.clock()):
		return lwaRefusal(http.StatusBadRequest, "invalid_grant", textBadRefresh)
	}
	if t.replaces != nil {
		t.replaces.revoked, t.replaces = true, nil
	}
	sel := s.sellers[t.sellerKey]
	consent := sel.consentFor(app.ClientID)
	answered := t
	if c.sw.RotateRefreshTokens {
		answered = s.tokens.refresh[t.successor]
		if answered == nil {
			answered = s.issueRefresh(consent, sel, t.expires)
			answered.replaces, t.successor = t, answered.value
		}
	}
	return c.granted(s.issueAccess(answered, consent), answered.value)
}

func (s *Simulator) codeGrant(c *call, app *application, form url.Values) answer {
	code := s.tokens.codes[form.Get("code")]
	if code == nil || code.clientID != app.ClientID || code.redirectURI != form.Get("redirect_uri") || !code.good(s.clock()) {
		return lwaRefusal(http.StatusBadRequest, "invalid_grant", textBadCode)
	}
	code.used = true
	sel := s.sellers[code.sellerKey]
	t := s.authorize(app, sel, code.roles, code.at, code.at.Add(consentLife))
	return c.granted(s.issueAccess(t, sel.consentFor(app.ClientID)), t.value)
}

func (s *Simulator) scopeGrant(c *call, app *application, scope string) answer {
	for _, one := range strings.Fields(scope) {
		if !slices.Contains(lwaScopes, one) {
			return lwaRefusal(http.StatusBadRequest, "invalid_scope", textBadScope)
		}
	}
	return c.granted(s.issueGrantless(app.ClientID, scope), "")
}

// granted is the answer with an access token.
func (c *call) granted(access, refresh string) answer {
	body := map[string]any{"access_token": access, "token_type": "bearer", "expires_in": int(accessLife.Seconds())}
	if c.sw.ExpiresInText {
		body["expires_in"] = "3600"
	}
	if refresh != "" {
		body["refresh_token"] = refresh
	}
	return lwaAnswer(http.StatusOK, body)
}

func lwaRefusal(status int, code, description string) answer {
	a := lwaAnswer(status, map[string]any{"error": code, "error_description": description})
	a.reason = code
	return a
}

func lwaAnswer(status int, body map[string]any) answer {
	text, err := json.Marshal(body) // sorted keys
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	a := answer{status: status, body: text, header: http.Header{}}
	a.header.Set("Content-Type", "application/json;charset=UTF-8")
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Pragma", "no-cache")
	return a
}
