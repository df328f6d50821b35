package spapi

import (
	"context"
	"errors"
	"time"
)

// probeScope is one that every application may ask for.
const probeScope = "sellingpartnerapi::notifications"

// CheckLogin asks Login with Amazon whether it knows the application's client id and
// secret. No seller and no budget of the API is touched. It also tells how far
// Amazon's clock is ahead of ours, by the answer's date, where it has one. Whether the
// application may have a token of its own is no matter: an answer that refuses only
// that accepts the credentials.
func (c *Client) CheckLogin(ctx context.Context) (ahead time.Duration, dated bool, err error) {
	start := c.config.Now()
	given, err := c.ask(ctx, fromScope, probeForm())
	date := given.date
	if refused, accepted := loginVerdict(err); refused != nil {
		date = refused.Date
		if accepted {
			err = nil
		}
	}
	if date.IsZero() {
		return 0, false, err
	}
	// The date is cut to whole seconds: the clock stood half a second later on average.
	middle := start.Add(c.config.Now().Sub(start) / 2)
	return date.Add(500 * time.Millisecond).Sub(middle), true, err
}

// loginVerdict reads the end of a request for the application's own token: the
// refusal, if it is one, and whether it accepts the credentials.
func loginVerdict(err error) (refusal *Error, accepted bool) {
	if !errors.As(err, &refusal) {
		return nil, err == nil
	}
	switch refusal.Kind {
	case Denied, ClientMismatch, BadRequest, Bug:
		return refusal, true
	}
	return refusal, false
}

// CheckAccount asks Login with Amazon for an access token of the seller's, unless one
// is kept. What is refused is an [Error].
func (c *Client) CheckAccount(ctx context.Context, a Account) error {
	_, err := c.accessToken(ctx, a)
	return err
}
