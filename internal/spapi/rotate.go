package spapi

import (
	"context"
	"net/http"
	"net/url"

	"ordersync"
)

// RotateSecret is the [Error.Operation] of asking for a new client secret. It has a
// budget of the application's, one call a minute, and none of a seller's.
const RotateSecret ordersync.Operation = "rotateApplicationClientSecret"

const (
	rotatePath  = "/applications/2023-11-30/clientSecret"
	rotateScope = "sellingpartnerapi::client_credential:rotation"
)

// RotateClientSecret asks Amazon for a new client secret. It comes as a notification,
// see [ReadNotification]; the one before stays good for seven days. An application
// that has no queue registered for it gets an [Error] of kind [NotEnrolled]. An error
// of kind [TimedOut] or [Unavailable] does not say whether Amazon has done it.
// Amazon model application_2023-11-30.json, rotateApplicationClientSecret.
func (c *Client) RotateClientSecret(ctx context.Context, region ordersync.Region) error {
	if c.host(region) == "" {
		return &Error{Operation: RotateSecret, Kind: Bug, detail: "the region is unknown"}
	}
	for try := 1; ; try++ {
		token, err := c.ScopeToken(ctx, rotateScope)
		if err != nil {
			return err
		}
		request := c.apiRequest(region, rotatePath, "", token())
		request.Method = http.MethodPost
		got, err := c.send(ctx, RotateSecret, region, request)
		got.meta.Calls = try
		if err != nil {
			return callError(ctx, err, got.meta, try)
		}
		if got.status == http.StatusNoContent || got.status == http.StatusOK {
			return nil
		}
		verdict, id := classifyAPI(got), c.identity("scope", rotateScope)
		stale, failure := verdict.staleToken, error(nil)
		if verdict.kind == AppSecretExpired {
			stale, failure = c.otherSecret(ctx, c.tokens.from(id, token()))
		}
		if (!stale || try > 1) && failure != nil {
			return unreadSecrets(RotateSecret, failure)
		}
		if !stale || try > 1 {
			return verdict.error(RotateSecret, got)
		}
		c.tokens.drop(id, token())
	}
}

// CheckSecret asks Login with Amazon whether it takes a client secret, as CheckLogin
// does of those that the client knows.
func (c *Client) CheckSecret(ctx context.Context, secret string) error {
	_, err := c.askWith(ctx, fromScope, probeForm(), secret)
	if _, accepted := loginVerdict(err); accepted {
		return nil
	}
	return err
}

// probeForm asks for a token of the application's own.
func probeForm() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {probeScope}}
}
