package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// tokenMissingAgain is how long a connection without a token waits for one,
// should no run ask.
const tokenMissingAgain = time.Hour

// credentials reads the connection's refresh token. Without one it ends the
// execution: a missing token is skipped and no error.
func (x *execution) credentials(ctx context.Context) (ok bool, err error) {
	t, err := x.readToken(ctx, x.lease.Connection)
	var trouble *StoreTroubleError
	switch {
	case errors.Is(err, errNoToken):
		return false, x.postpone(ctx, store.Commit{}, x.store.Now().Add(tokenMissingAgain), ordersync.Outcome{Reason: ordersync.TokenMissing})
	case errors.As(err, &trouble):
		return false, x.fail(ctx, store.Commit{}, ordersync.Outcome{Reason: ordersync.SecretStoreUnavailable, Message: trouble.Error()})
	case err != nil:
		return false, err
	}
	x.account = x.accountOf(ctx, x.lease.Connection, t)
	if x.app.Stopped() {
		// An access token from before would say nothing of the credentials.
		x.amazon.ForgetToken(x.account)
	}
	return true, nil
}
