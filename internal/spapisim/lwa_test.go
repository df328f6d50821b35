package spapisim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

type lwaReply struct {
	AccessToken  string          `json:"access_token"`
	RefreshToken string          `json:"refresh_token"`
	TokenType    string          `json:"token_type"`
	ExpiresIn    json.RawMessage `json:"expires_in"`
	Error        string          `json:"error"`
	Description  string          `json:"error_description"`
}

func lwa(t testing.TB, r reply) lwaReply {
	t.Helper()
	var out lwaReply
	if err := json.Unmarshal(r.body, &out); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return out
}

const badRefresh = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."

func TestTokenErrors(t *testing.T) {
	b := setup(t)
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{})
	b.must(err)
	foreign, err := b.sim.Authorize(other.ClientID, b.seller.Key)
	b.must(err)
	id, secret := b.app.ClientID, b.app.ClientSecret
	refresh := func(token, id, secret string) []string {
		return []string{"grant_type", "refresh_token", "refresh_token", token, "client_id", id, "client_secret", secret}
	}
	for _, c := range []struct {
		name        string
		fields      []string
		status      int
		code, words string
	}{
		{"good", refresh(b.refresh, id, secret), 200, "", ""},
		{"unknown refresh token", refresh("Atzr|none", id, secret), 400, "invalid_grant", badRefresh},
		{"wrong secret", refresh(b.refresh, id, "x"), 401, "invalid_client", "Client authentication failed"},
		{"unknown client", refresh(b.refresh, "x", secret), 401, "invalid_client", "Client authentication failed"},
		{"another client's token", refresh(foreign, id, secret), 400, "unauthorized_client", "Not authorized for requested operation"},
		{"no refresh token", []string{"grant_type", "refresh_token", "client_id", id, "client_secret", secret}, 400, "invalid_request", "refresh_token"},
		{"no client", []string{"grant_type", "refresh_token", "refresh_token", b.refresh}, 400, "invalid_request", "client_id"},
		{"no grant type", []string{"client_id", id}, 400, "invalid_request", "grant_type"},
		{"unknown grant type", []string{"grant_type", "password", "client_id", id, "client_secret", secret}, 400, "unsupported_grant_type", "not supported"},
		{"unknown code", []string{"grant_type", "authorization_code", "code", "x", "redirect_uri", "https://app.example/callback", "client_id", id, "client_secret", secret}, 400, "invalid_grant", "The request has an invalid grant parameter : code"},
		{"scope", []string{"grant_type", "client_credentials", "scope", "sellingpartnerapi::notifications", "client_id", id, "client_secret", secret}, 200, "", ""},
		{"two scopes", []string{"grant_type", "client_credentials", "scope", "sellingpartnerapi::notifications sellingpartnerapi::client_credential:rotation", "client_id", id, "client_secret", secret}, 200, "", ""},
		{"dead scope", []string{"grant_type", "client_credentials", "scope", "sellingpartnerapi::migration", "client_id", id, "client_secret", secret}, 400, "invalid_scope", "scope"},
		{"no scope", []string{"grant_type", "client_credentials", "client_id", id, "client_secret", secret}, 400, "invalid_request", "scope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := b.token(c.fields...)
			got := lwa(t, r)
			if r.status != c.status || got.Error != c.code || !strings.Contains(got.Description, c.words) {
				t.Errorf("%d %s, want %d %s %q", r.status, r.body, c.status, c.code, c.words)
			}
			if r.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be stored")
			}
		})
	}
}

func TestTokensLookLikeAmazons(t *testing.T) {
	b := setup(t)
	fields := []string{"grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret}
	first, second := lwa(t, b.token(fields...)), lwa(t, b.token(fields...))
	if !strings.HasPrefix(first.AccessToken, "Atza|") || !strings.HasPrefix(b.refresh, "Atzr|") || len(first.AccessToken) > 2048 {
		t.Errorf("%+v", first)
	}
	if first.RefreshToken != b.refresh || string(first.ExpiresIn) != "3600" || first.TokenType != "bearer" {
		t.Errorf("%+v", first)
	}
	if first.AccessToken == second.AccessToken {
		t.Error("the same access token twice")
	}
	grantless := lwa(t, b.token("grant_type", "client_credentials", "scope", "sellingpartnerapi::notifications", "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret))
	if !strings.HasPrefix(grantless.AccessToken, "Atc|") || grantless.RefreshToken != "" {
		t.Errorf("%+v", grantless)
	}
	b.switches(func(sw *spapisim.Switches) { sw.ExpiresInText = true })
	if got := lwa(t, b.token(fields...)); string(got.ExpiresIn) != `"3600"` {
		t.Errorf("expires_in %s", got.ExpiresIn)
	}
}

func TestTokenRequestForms(t *testing.T) {
	b := setup(t)
	fields, err := json.Marshal(map[string]string{"grant_type": "refresh_token", "refresh_token": b.refresh, "client_id": b.app.ClientID, "client_secret": b.app.ClientSecret})
	b.must(err)
	for _, c := range []struct {
		name, method, kind, body, path string
		status                         int
	}{
		{"json", "POST", "application/json", string(fields), "/auth/o2/token", 200},
		{"json with charset", "POST", "application/json;charset=UTF-8", string(fields), "/auth/o2/token", 200},
		{"broken json", "POST", "application/json", "{", "/auth/o2/token", 400},
		{"form sent as text", "POST", "text/plain", "grant_type=refresh_token", "/auth/o2/token", 400},
		{"no type", "POST", "", "grant_type=refresh_token", "/auth/o2/token", 400},
		{"get", "GET", "", "", "/auth/o2/token", 405},
		{"other path", "POST", "application/json", string(fields), "/auth/o2/tokens", 404},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Host = "api.amazon.com"
		r.Header.Set("Content-Type", c.kind)
		if got := b.do(r); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestAuthorizationCode(t *testing.T) {
	const uri = "https://app.example/callback"
	exchange := func(b *bench, code, uri string) reply {
		return b.token("grant_type", "authorization_code", "code", code, "redirect_uri", uri, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	}
	for _, c := range []struct {
		name   string
		wait   time.Duration
		uri    string
		twice  bool
		status int
	}{
		{"good", 0, uri, false, 200},
		{"just in time", 5*time.Minute - time.Second, uri, false, 200},
		{"too late", 5 * time.Minute, uri, false, 400},
		{"other redirect URI", 0, uri + "/", false, 400},
		{"no redirect URI", 0, "", false, 400},
		{"used twice", 0, uri, true, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			code, err := b.sim.Consent(b.app.ClientID, b.seller.Key, uri)
			b.must(err)
			b.clock.Add(c.wait)
			r := exchange(b, code, c.uri)
			if c.twice {
				r = exchange(b, code, c.uri)
			}
			if r.status != c.status {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if c.status == 200 {
				got := lwa(t, r)
				b.access = got.AccessToken
				wantAnswer(t, b.get(searchPath, "createdAfter", at(start)), 200, searchPath)
				b.access = b.login(got.RefreshToken)
			}
		})
	}
	b := setup(t)
	if _, err := b.sim.Consent(b.app.ClientID, b.seller.Key, "https://evil.example"); err == nil {
		t.Error("consent for a redirect URI that is not registered")
	}
}

func TestSecretRotation(t *testing.T) {
	b := setup(t)
	login := func(secret string) int {
		return b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", secret).status
	}
	old := b.app.ClientSecret
	fresh, err := b.sim.RotateSecret(b.app.ClientID)
	b.must(err)
	b.clock.Add(7*24*time.Hour - time.Second)
	if login(old) != 200 || login(fresh) != 200 {
		t.Error("for seven days both secrets work")
	}
	b.clock.Add(time.Second)
	if login(old) != 401 || login(fresh) != 200 {
		t.Error("after seven days only the new one works")
	}
	b.must(b.sim.ExpireSecret(b.app.ClientID, true))
	if login(fresh) != 200 {
		t.Error("after a missed rotation LWA still answers")
	}
	b.app.ClientSecret = fresh
	b.access = b.login(b.refresh)
	r := b.get(searchPath, "createdAfter", at(start))
	if e := errorOf(t, r); r.status != 403 || *e.Details != "The LWA secret token you provided has expired." {
		t.Errorf("%d %s", r.status, r.body)
	}
	_, err = b.sim.RotateSecret(b.app.ClientID)
	b.must(err)
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 200 {
		t.Errorf("after the rotation: %d", r.status)
	}
}

func TestRevocation(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		b := setup(t)
		b.switches(func(sw *spapisim.Switches) { sw.RevokedAtOnce = atOnce })
		b.must(b.sim.Revoke(b.app.ClientID, b.seller.Key))
		fields := []string{"grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret}
		if r := b.token(fields...); r.status != 400 || lwa(t, r).Error != "invalid_grant" {
			t.Errorf("%d %s", r.status, r.body)
		}
		r := b.get(searchPath, "createdAfter", at(start))
		if want := map[bool]int{false: 200, true: 403}[atOnce]; r.status != want {
			t.Errorf("an access token from before: %d", r.status)
		}
		again, err := b.sim.Authorize(b.app.ClientID, b.seller.Key)
		b.must(err)
		b.access = b.login(again)
		if r := b.get(searchPath, "createdAfter", at(start)); r.status != 200 {
			t.Errorf("after re-authorisation: %d", r.status)
		}
		if r := b.token(fields...); r.status != 400 {
			t.Errorf("the old refresh token stays dead: %d", r.status)
		}
	}
}

func TestRefreshTokenLivesAYear(t *testing.T) {
	b := setup(t)
	fields := []string{"grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret}
	b.clock.Add(365*24*time.Hour - time.Second)
	if r := b.token(fields...); r.status != 200 {
		t.Errorf("%d", r.status)
	}
	b.clock.Add(time.Second)
	if r := b.token(fields...); r.status != 400 {
		t.Errorf("%d", r.status)
	}
}

func TestRotatedRefreshToken(t *testing.T) {
	b := setup(t)
	b.switches(func(sw *spapisim.Switches) { sw.RotateRefreshTokens = true })
	refresh := func(token string) reply {
		return b.token("grant_type", "refresh_token", "refresh_token", token, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	}
	next := lwa(t, refresh(b.refresh)).RefreshToken
	if next == b.refresh || next == "" {
		t.Fatal("not rotated")
	}
	if got := lwa(t, refresh(b.refresh)).RefreshToken; got != next {
		t.Error("the old token, whose successor was not used yet, leads to another one")
	}
	if refresh(next).status != 200 || refresh(b.refresh).status != 400 {
		t.Error("the old token ends when the new one is used")
	}
}

func TestLWAFaults(t *testing.T) {
	b := setup(t)
	refresh := func() reply {
		return b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	}
	for _, variant := range spapisim.LWAVariants() {
		b.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: variant, Count: 1})
		if r := refresh(); lwa(t, r).Error != variant || r.status < 400 {
			t.Errorf("%s: %d %s", variant, r.status, r.body)
		}
		if r := refresh(); r.status != 200 {
			t.Errorf("after %s: %d", variant, r.status)
		}
	}
	for kind, status := range map[spapisim.FaultKind]int{
		spapisim.FaultInternal: 500, spapisim.FaultUnavailable: 503, spapisim.FaultBadGateway: 502, spapisim.FaultHTML: 400,
		spapisim.FaultEmpty: 200, spapisim.FaultBadJSON: 200, spapisim.FaultThrottle: 429,
	} {
		b.sim.ClearFaults()
		b.fault(spapisim.Fault{Kind: kind, Operation: spapisim.Token, Seller: b.seller.Key})
		if r := refresh(); r.status != status {
			t.Errorf("%s: %d %s", kind, r.status, r.body)
		}
		if r := b.get(searchPath, "createdAfter", at(start)); r.status != http.StatusOK {
			t.Errorf("%s of the token endpoint met the API: %d", kind, r.status)
		}
	}
}
