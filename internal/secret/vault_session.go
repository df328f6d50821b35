package secret

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// vaultSession is a token and how long it is good. It is never changed, only
// replaced.
type vaultSession struct {
	token   string
	client  *api.Client // that sends the token
	since   time.Time   // when the login was
	ttl     time.Duration
	expires time.Time // zero for never
	renews  bool      // whether Vault says that it can be renewed
	due     time.Time // when the keeper has to do something; zero for never
}

// newSession makes a session of a token that is good for ttl from now on; 0 is for
// ever.
func (v *Vault) newSession(token string, ttl time.Duration, renews bool) *vaultSession {
	now := v.config.Now()
	s := &vaultSession{token: token, since: now, ttl: ttl, renews: renews}
	s.client = v.anonymous.WithRequestCallbacks(func(r *api.Request) { r.ClientToken = token })
	return s.until(now, ttl, v.config.Auth.again())
}

// until is the session with ttl to live from now on. It is due after two thirds of
// it, where anything can be done then.
func (s *vaultSession) until(now time.Time, ttl time.Duration, again bool) *vaultSession {
	next := *s
	next.expires, next.due = time.Time{}, time.Time{}
	if ttl > 0 {
		next.expires = now.Add(ttl)
		if s.renews || again {
			next.due = now.Add(ttl * 2 / 3)
		}
	}
	return &next
}

// logIn makes a session.
func (v *Vault) logIn(ctx context.Context) (*vaultSession, error) {
	if !v.config.Auth.again() {
		return v.adopt(ctx)
	}
	call, err := v.config.Auth.credentials()
	if err != nil {
		return nil, err
	}
	answer, err := v.exchange(ctx, v.anonymous, call)
	if err != nil {
		return nil, refusedLogin(err)
	}
	auth, err := call.auth(answer)
	if err != nil {
		return nil, err
	}
	s := v.newSession(auth.ClientToken, auth.ttl(), auth.Renewable)
	v.config.Log.InfoContext(ctx, "logged in to Vault", "path", call.path, "ttl", s.ttl)
	return s, nil
}

// refusedLogin makes Forbidden of the status by which Vault refuses credentials,
// which elsewhere means a request that has no meaning.
func refusedLogin(err error) error {
	if refused, ok := errors.AsType[*VaultError](err); ok && refused.Status == http.StatusBadRequest {
		refused.Kind = VaultForbidden
		refused.Detail = "the login is refused"
	}
	return err
}

// vaultAuthAnswer is what Vault says of a token that it made or renewed.
type vaultAuthAnswer struct {
	ClientToken   string `json:"client_token"`
	LeaseDuration int64  `json:"lease_duration"` // seconds
	Renewable     bool
}

func (a vaultAuthAnswer) ttl() time.Duration { return time.Duration(a.LeaseDuration) * time.Second }

// auth reads the answer to a login or a renewal.
func (c vaultCall) auth(answer vaultAnswer) (vaultAuthAnswer, error) {
	var body struct{ Auth vaultAuthAnswer }
	// The decoder's error is left out: it may show some of the token.
	if err := json.Unmarshal(answer.body, &body); err != nil || answer.status == http.StatusNotFound ||
		body.Auth.ClientToken == "" || strings.ContainsFunc(body.Auth.ClientToken, notTokenText) || body.Auth.LeaseDuration < 0 {
		return vaultAuthAnswer{}, c.fail(VaultBadAnswer, answer.status, "the answer has no token: check the mount of the login, and that it needs no second factor", nil)
	}
	return body.Auth, nil
}

// adopt makes a session of a token that somebody else made, and asks how long it
// is good. A token may not be allowed even to ask that; then it is used as it is.
func (v *Vault) adopt(ctx context.Context) (*vaultSession, error) {
	call := vaultCall{op: "log in", method: http.MethodGet, path: "auth/token/lookup-self", again: true}
	token, err := v.config.Auth.token()
	if err != nil {
		return nil, call.fail(VaultForbidden, 0, "", err)
	}
	s := v.newSession(token, 0, false)
	answer, err := v.exchange(ctx, s.client, call)
	if refused, ok := errors.AsType[*VaultError](err); ok && refused.Kind == VaultForbidden {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	var body struct {
		Data struct {
			TTL       int64 // seconds
			Renewable bool
		}
	}
	if err := json.Unmarshal(answer.body, &body); err != nil || answer.status == http.StatusNotFound {
		return nil, call.fail(VaultBadAnswer, answer.status, "the answer describes no token", nil)
	}
	ttl := time.Duration(body.Data.TTL) * time.Second
	if body.Data.Renewable {
		ttl = max(ttl, time.Second) // Vault cuts off the last second's fraction; 0 would be for ever
	}
	return v.newSession(token, ttl, body.Data.Renewable), nil
}
