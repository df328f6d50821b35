package spapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxToken is the longest token that is taken, in bytes. Amazon's have at
	// most 2048.
	maxToken = 8 << 10
	// unknownLife is how long an access token is taken to live when Amazon does
	// not say; it says 3600 s.
	unknownLife = 10 * time.Minute
	// maxLife bounds how long one is taken to live.
	maxLife = 24 * time.Hour
)

// wireGrant is Login with Amazon's answer to a token request.
type wireGrant struct {
	AccessToken  string          `json:"access_token"`
	RefreshToken string          `json:"refresh_token"`
	ExpiresIn    json.RawMessage `json:"expires_in"` // seconds: a number, or the same in a string
}

// grant is what a token request gave.
type grant struct {
	access  string
	refresh string // "" when none came
	life    time.Duration
	date    time.Time // of the answer; zero when it had none
	secret  string    // the application's that was accepted for it
}

// decodeGrant reads the body of a 200.
func decodeGrant(body []byte) (grant, error) {
	var wire wireGrant
	if err := json.Unmarshal(body, &wire); err != nil {
		return grant{}, errors.New("it is no JSON object with tokens")
	}
	if !headerToken(wire.AccessToken) {
		return grant{}, errors.New("it has no usable access token")
	}
	if wire.RefreshToken != "" && !headerToken(wire.RefreshToken) {
		return grant{}, errors.New("its refresh token is unusable")
	}
	return grant{access: wire.AccessToken, refresh: wire.RefreshToken, life: adaptLife(wire.ExpiresIn)}, nil
}

func adaptLife(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || seconds != seconds {
		return unknownLife
	}
	return time.Duration(max(0, min(seconds, maxLife.Seconds())) * float64(time.Second))
}

// headerToken tells whether a token can stand in a header.
func headerToken(token string) bool {
	return token != "" && len(token) <= maxToken && visible(token) == token && !strings.Contains(token, " ")
}

// ask sends a token request with one of the application's secrets after the other, as
// long as Amazon refuses them. Where it refuses all, those that are stored are looked
// at anew: another process may know of a new one.
func (c *Client) ask(ctx context.Context, kind source, form url.Values) (grant, error) {
	tried := map[string]bool{}
	var refusal, failure error
	for _, age := range []time.Duration{secretsEvery, secretsAnew} {
		var list []string
		list, failure = c.secretsToTry(ctx, age)
		for _, secret := range list {
			if tried[secret] {
				continue
			}
			tried[secret] = true
			given, err := c.askWith(ctx, kind, form, secret)
			if !isKind(err, AppCredentials) {
				if err == nil {
					c.secrets.wasAccepted(secret)
				}
				given.secret = secret
				return given, err
			}
			c.secrets.wasRefused(secret, c.config.Now())
			if refusal == nil {
				refusal = err
			}
		}
	}
	if failure != nil {
		// Amazon's word on the others is no verdict on those.
		return grant{}, unreadSecrets(TokenOperation, failure)
	}
	return grant{}, refusal
}

func isKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// askWith sends a token request with a secret.
func (c *Client) askWith(ctx context.Context, kind source, form url.Values, secret string) (grant, error) {
	form.Set("client_id", c.config.ClientID)
	form.Set("client_secret", secret)
	body := form.Encode()
	u, err := url.Parse(c.config.LWAURL)
	if err != nil { // checked by New
		u = &url.URL{}
	}
	request := &http.Request{
		Method: http.MethodPost,
		URL:    u,
		Host:   u.Host,
		Header: http.Header{
			"Accept":       {"application/json"},
			"Content-Type": {"application/x-www-form-urlencoded"},
		},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		GetBody:       func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil },
	}
	got, err := c.send(ctx, TokenOperation, "", request)
	if err != nil {
		return grant{}, err
	}
	if got.status != http.StatusOK {
		return grant{}, classifyLWA(kind, got).error(TokenOperation, got)
	}
	given, err := decodeGrant(got.body)
	if err != nil {
		return grant{}, badAnswer(TokenOperation, got, err)
	}
	given.date = got.meta.Date
	return given, nil
}

// Authorization is what a seller's consent gives.
type Authorization struct {
	// RefreshToken stands for the consent; store it sealed.
	RefreshToken func() string
}

// ExchangeCode turns the code of Amazon's consent page into an authorisation.
// The code lives five minutes and can be used once; redirectURI must be the one
// of the consent. A code that is refused is an [Error] of kind [Denied].
func (c *Client) ExchangeCode(ctx context.Context, code, redirectURI string) (Authorization, error) {
	given, err := c.ask(ctx, fromCode, url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {code},
		"redirect_uri": {redirectURI},
	})
	if err != nil {
		return Authorization{}, err
	}
	if given.refresh == "" {
		return Authorization{}, &Error{Operation: TokenOperation, Kind: BadResponse, Status: http.StatusOK, detail: "it has no refresh token"}
	}
	return Authorization{RefreshToken: func() string { return given.refresh }}, nil
}

// ScopeToken is an access token of the application itself, for operations that
// need no seller, such as scope "sellingpartnerapi::notifications".
func (c *Client) ScopeToken(ctx context.Context, scope string) (func() string, error) {
	token, err := c.tokens.get(ctx, c.identity("scope", scope), c.config.Now, c.config.CallTimeout, func(ctx context.Context) (grant, error) {
		return c.ask(ctx, fromScope, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	})
	if err != nil {
		return nil, err
	}
	return func() string { return token }, nil
}

// accessToken is the seller's access token, kept or fresh.
func (c *Client) accessToken(ctx context.Context, a Account) (string, error) {
	refresh := ""
	if a.RefreshToken != nil {
		refresh = a.RefreshToken()
	}
	if refresh == "" {
		return "", &Error{Operation: TokenOperation, Kind: Bug, detail: "the account has no refresh token"}
	}
	return c.tokens.get(ctx, c.identity("refresh", refresh), c.config.Now, c.config.CallTimeout, func(ctx context.Context) (grant, error) {
		asked := c.config.Now()
		given, err := c.ask(ctx, fromRefresh, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		if err == nil && given.refresh != "" && given.refresh != refresh && a.Rotated != nil {
			a.Rotated(given.refresh)
			// It is the new token's too: else each rotation would cost a second login.
			c.tokens.keep(keptToken{c.identity("refresh", given.refresh), given.access, given.secret, asked.Add(given.life - tokenMargin)}, c.config.Now())
		}
		return given, err
	})
}

// ForgetToken drops the account's access token, so that the next call gets a
// fresh one.
func (c *Client) ForgetToken(a Account) { c.tokens.drop(c.sellerIdentity(a), "") }

func (c *Client) sellerIdentity(a Account) identity {
	if a.RefreshToken == nil {
		return identity{}
	}
	return c.identity("refresh", a.RefreshToken())
}
