package spapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func kindOf(err error) Kind {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return ""
}

// emptyAPI answers every call with an empty page.
func emptyAPI(*http.Request) *http.Response { return respond(200, emptyPage) }

func search(t testing.TB, c *Client, a Account) (Page, error) {
	return c.SearchOrders(t.Context(), a, allGroups, "a=b", "")
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI}
	if _, err := search(t, newTestClient(t, fake), seller("Atzr|a+b/c=")); err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"Atzr|a+b/c="},
		"client_id": {"amzn1.application-oa2-client.test"}, "client_secret": {"secret-of-app"},
	}
	if got := fake.forms[0]; got.Encode() != want.Encode() {
		t.Errorf("form %v", got)
	}
	if got := fake.requests[0].Header.Get("x-amz-access-token"); got != "access-of-Atzr|a+b/c=-1" {
		t.Errorf("access token %q", got)
	}
}

func TestTokenIsKeptUntilAMinuteBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: emptyAPI}
		client := newTestClient(t, fake)
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {0, 1}, {3539 * time.Second, 1}, {time.Second, 2}, {0, 2}} {
			time.Sleep(step.wait)
			if _, err := search(t, client, seller("r")); err != nil {
				t.Fatal(err)
			}
			if got := fake.grantCount(); got != step.want {
				t.Errorf("after %s more: %d token requests, want %d", step.wait, got, step.want)
			}
		}
	})
}

func TestTenantsNeverShareTokens(t *testing.T) {
	t.Parallel()
	const tenants, calls = 8, 50
	fake := &amazon{api: func(r *http.Request) *http.Response {
		return respond(200, fmt.Sprintf(`{"orders":[],"pagination":{"nextToken":%q}}`, r.Header.Get("x-amz-access-token")))
	}}
	client := newTestClient(t, fake, func(c *Config) { c.TokenCache = 4 })
	var group sync.WaitGroup
	for i := range tenants * calls {
		refresh := fmt.Sprintf("tenant%d", i%tenants)
		group.Go(func() {
			page, err := search(t, client, seller(refresh))
			if err != nil || !strings.HasPrefix(page.NextToken, "access-of-"+refresh+"-") {
				t.Errorf("%s was asked for with token %q, error %v", refresh, page.NextToken, err)
			}
		})
	}
	group.Wait()
}

func TestIdentityIsTheWholeCredential(t *testing.T) {
	t.Parallel()
	base := newTestClient(t, &amazon{})
	seen := map[identity]string{base.identity("refresh", "r"): "base"}
	for name, id := range map[string]identity{
		"refresh token": base.identity("refresh", "r2"),
		"kind":          base.identity("scope", "r"),
		"client id":     newTestClient(t, &amazon{}, func(c *Config) { c.ClientID += "x" }).identity("refresh", "r"),
		"secret":        newTestClient(t, &amazon{}, func(c *Config) { c.ClientSecret = func() string { return "x" } }).identity("refresh", "r"),
		"LWA URL":       newTestClient(t, &amazon{}, func(c *Config) { c.LWAURL = "https://x/auth/o2/token" }).identity("refresh", "r"),
		"borders":       newTestClient(t, &amazon{}, func(c *Config) { c.ClientID += "s"; c.ClientSecret = func() string { return "ecret-of-app" } }).identity("refresh", "r"),
	} {
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s share an identity", name, other)
		}
		seen[id] = name
	}
}

func TestOneTokenRequestAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: emptyAPI}
		fake.lwa = func(url.Values) *http.Response {
			time.Sleep(time.Second)
			return respond(200, `{"access_token":"t","expires_in":3600}`)
		}
		client := newTestClient(t, fake)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { // the one that begins the request leaves first
			if _, err := client.SearchOrders(ctx, seller("r"), allGroups, "a=b", ""); kindOf(err) != Cancelled {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		for range 20 {
			group.Go(func() {
				if _, err := search(t, client, seller("r")); err != nil {
					t.Errorf("error %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		group.Wait()
		if got := fake.grantCount(); got != 1 {
			t.Errorf("%d token requests", got)
		}
	})
}

func TestTokenRequestHasItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		_, err := search(t, newTestClient(t, transport), seller("r"))
		var failed *Error
		if !errors.As(err, &failed) || failed.Kind != TimedOut || failed.Operation != TokenOperation || failed.Calls != 0 {
			t.Errorf("error %+v", err)
		}
		if got := time.Since(start); got != DefaultCallTimeout {
			t.Errorf("took %s", got)
		}
	})
}

func TestRefusalsAreNotKept(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI}
	fake.lwa = func(url.Values) *http.Response {
		if fake.grantCount() == 1 {
			return respond(400, `{"error":"invalid_grant"}`, "Date", "Mon, 23 Nov 2026 10:00:00 GMT")
		}
		return respond(200, `{"access_token":"t","expires_in":"3600"}`)
	}
	client := newTestClient(t, fake)
	_, err := search(t, client, seller("r"))
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != Revoked || failed.Operation != TokenOperation || failed.Calls != 0 || failed.Code != "invalid_grant" || failed.Status != 400 {
		t.Fatalf("error %+v", err)
	}
	if _, err := search(t, client, seller("r")); err != nil {
		t.Errorf("after reconnecting: %v", err)
	}
}

func TestLivesOfTokens(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]time.Duration{
		`{"access_token":"t","expires_in":3600}`:     time.Hour,
		`{"access_token":"t","expires_in":"3600"}`:   time.Hour,
		`{"access_token":"t"}`:                       unknownLife,
		`{"access_token":"t","expires_in":null}`:     unknownLife,
		`{"access_token":"t","expires_in":{"a":1}}`:  unknownLife,
		`{"access_token":"t","expires_in":-5}`:       0,
		`{"access_token":"t","expires_in":1e300}`:    maxLife,
		`{"access_token":"t","expires_in":"NaN"}`:    unknownLife,
		`{"expires_in":3600}`:                        -1,
		`{"access_token":"a\nb"}`:                    -1,
		`{"access_token":""}`:                        -1,
		`{"access_token":7}`:                         -1,
		`{"access_token":"t","refresh_token":"a b"}`: -1,
		`null`:                                  -1,
		`<html>`:                                -1,
		`{"access_token":"t","expires_in":3600`: -1,
	} {
		given, err := decodeGrant([]byte(body))
		if (err != nil) != (want < 0) || err == nil && given.life != want {
			t.Errorf("%s: life %s, error %v", body, given.life, err)
		}
	}
}

func TestShortLivedTokensAreNotKept(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI, lwa: func(url.Values) *http.Response { return respond(200, `{"access_token":"t","expires_in":60}`) }}
	client := newTestClient(t, fake)
	for range 2 {
		if _, err := search(t, client, seller("r")); err != nil {
			t.Fatal(err)
		}
	}
	if fake.grantCount() != 2 || len(client.tokens.kept) != 0 {
		t.Errorf("%d token requests, %d kept", fake.grantCount(), len(client.tokens.kept))
	}
}

func TestCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: emptyAPI}
		client := newTestClient(t, fake, func(c *Config) { c.TokenCache = 3 })
		ask := func(refresh string, want int) {
			t.Helper()
			if _, err := search(t, client, seller(refresh)); err != nil {
				t.Fatal(err)
			}
			if got := fake.grantCount(); got != want || len(client.tokens.kept) > 3 || client.tokens.byAge.Len() != len(client.tokens.kept) {
				t.Errorf("%s: %d token requests, want %d, %d kept", refresh, got, want, len(client.tokens.kept))
			}
		}
		ask("a", 1)
		ask("b", 2)
		ask("c", 3)
		ask("d", 4) // a, the oldest, leaves
		ask("b", 4)
		ask("a", 5) // b leaves
		time.Sleep(2 * time.Hour)
		ask("e", 6) // all others are past their use and leave
		if len(client.tokens.kept) != 1 {
			t.Errorf("%d kept", len(client.tokens.kept))
		}
	})
}

func TestForgetToken(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI}
	client := newTestClient(t, fake)
	client.ForgetToken(seller("r"))
	client.ForgetToken(Account{})
	for want := 1; want <= 2; want++ {
		if _, err := search(t, client, seller("r")); err != nil {
			t.Fatal(err)
		}
		if got := fake.grantCount(); got != want {
			t.Errorf("%d token requests, want %d", got, want)
		}
		client.ForgetToken(seller("r"))
	}
}

func TestRotatedRefreshTokenIsReported(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI, lwa: func(url.Values) *http.Response {
		return respond(200, `{"access_token":"t","refresh_token":"new","expires_in":3600}`)
	}}
	account, got := seller("old"), ""
	account.Rotated = func(token string) { got = token }
	if _, err := search(t, newTestClient(t, fake), account); err != nil || got != "new" {
		t.Errorf("rotated to %q, error %v", got, err)
	}
	account = seller("new")
	account.Rotated = func(string) { t.Error("an equal token was reported") }
	if _, err := search(t, newTestClient(t, fake), account); err != nil {
		t.Error(err)
	}
}

func TestPanicStaysWithItsTenant(t *testing.T) {
	t.Parallel()
	fake := &amazon{api: emptyAPI, lwa: func(url.Values) *http.Response {
		return respond(200, `{"access_token":"t","refresh_token":"new","expires_in":3600}`)
	}}
	client := newTestClient(t, fake)
	account := seller("old")
	account.Rotated = func(string) { panic("store") }
	if _, err := search(t, client, account); kindOf(err) != Bug {
		t.Errorf("error %v", err)
	}
	if _, err := search(t, client, seller("other")); err != nil {
		t.Errorf("another tenant: %v", err)
	}
}

func TestNoRefreshToken(t *testing.T) {
	t.Parallel()
	for _, account := range []Account{{}, seller("")} {
		fake := &amazon{api: emptyAPI}
		if _, err := search(t, newTestClient(t, fake), account); kindOf(err) != Bug || fake.grantCount() != 0 {
			t.Errorf("error %v after %d token requests", err, fake.grantCount())
		}
	}
}

func TestExchangeCode(t *testing.T) {
	t.Parallel()
	fake := &amazon{lwa: func(url.Values) *http.Response {
		return respond(200, `{"access_token":"t","refresh_token":"Atzr|r","expires_in":3600}`)
	}}
	got, err := newTestClient(t, fake).ExchangeCode(t.Context(), "code&1", "https://x/cb")
	if err != nil || got.RefreshToken() != "Atzr|r" {
		t.Fatal(err)
	}
	if form := fake.forms[0]; form.Get("grant_type") != "authorization_code" || form.Get("code") != "code&1" || form.Get("redirect_uri") != "https://x/cb" {
		t.Errorf("form %v", form)
	}
	fake.lwa = func(url.Values) *http.Response { return respond(400, `{"error":"invalid_grant"}`) }
	if _, err := newTestClient(t, fake).ExchangeCode(t.Context(), "c", "r"); kindOf(err) != Denied {
		t.Errorf("error %v", err)
	}
	fake.lwa = func(url.Values) *http.Response { return respond(200, `{"access_token":"t"}`) }
	if _, err := newTestClient(t, fake).ExchangeCode(t.Context(), "c", "r"); kindOf(err) != BadResponse {
		t.Errorf("error %v", err)
	}
}

func TestScopeTokenIsKeptByScope(t *testing.T) {
	t.Parallel()
	fake := &amazon{}
	fake.lwa = func(form url.Values) *http.Response {
		return respond(200, `{"access_token":"of-`+form.Get("scope")+`","expires_in":3600}`)
	}
	client := newTestClient(t, fake)
	for _, scope := range []string{"a", "b", "a"} {
		token, err := client.ScopeToken(t.Context(), scope)
		if err != nil || token() != "of-"+scope {
			t.Fatal(err)
		}
	}
	if fake.grantCount() != 2 || fake.forms[0].Get("refresh_token") != "" || fake.forms[0].Get("grant_type") != "client_credentials" {
		t.Errorf("forms %v", fake.forms)
	}
}

// Whatever Login with Amazon answers: tokens that are taken can stand in a header
// and live as long as an access token may, and a refusal shows nothing of them.
func FuzzLWA(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"Atza|x","token_type":"bearer","expires_in":3600,"refresh_token":"Atzr|y"}`,
		`{"access_token":"x","expires_in":"3600"}`, `{"error":"invalid_grant"}`, `{"access_token":"x","expires_in":-1}`, `{"access_token":"x","expires_in":1e400}`,
		`{"access_token":"x","expires_in":"NaN"}`, `{"access_token":"x","expires_in":{}}`, `{"access_token":"x y"}`, `{"access_token":"x\r\nA: b"}`, `{"access_token":7}`,
		`{"access_token":"x","refresh_token":" "}`, `{"ACCESS_TOKEN":"x"}`, `null`, `[]`, ``, `{"access_token":"x"}{}`, `{"access_token":"` + strings.Repeat("a", maxToken) + `a"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given, err := decodeGrant(body)
		if err != nil {
			if given != (grant{}) || len(body) > 40 && strings.Contains(err.Error(), string(body)) {
				t.Errorf("%+v, %v", given, err)
			}
			return
		}
		if !headerToken(given.access) || given.refresh != "" && !headerToken(given.refresh) || given.life < 0 || given.life > maxLife {
			t.Errorf("%+v", given)
		}
		again, err := json.Marshal(map[string]any{"access_token": given.access, "refresh_token": given.refresh, "expires_in": given.life.Seconds()})
		if same, readErr := decodeGrant(again); err != nil || readErr != nil || same.access != given.access || same.refresh != given.refresh || (same.life-given.life).Abs() > time.Microsecond {
			t.Errorf("%+v is written as %s and reads as %+v, %v, %v", given, again, same, err, readErr)
		}
	})
}
