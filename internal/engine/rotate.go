package engine

import (
	"context"
	"sync"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
)

// rotateTime is how long saving a refresh token may take that Amazon gave in place
// of another. The call that it came with waits no longer for it.
const rotateTime = 5 * time.Second

// authorisation is a connection's refresh token and how it is stored. Calls of one
// execution may ask for it while another one of them brings its successor.
type authorisation struct {
	mu     sync.Mutex
	token  secret.Secret
	sealed []byte
}

func (a *authorisation) reveal() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token.Reveal()
}

// accountOf is the seller's account as the client wants it.
func (x *execution) accountOf(ctx context.Context, sealed, plain []byte) spapi.Account {
	c := x.lease.Connection
	a := &authorisation{token: secret.New(string(plain)), sealed: sealed}
	return spapi.Account{
		Region: c.Region, RefreshToken: a.reveal, PersonalData: c.PersonalData,
		Rotated: func(fresh string) { x.rotated(context.WithoutCancel(ctx), c, a, fresh) },
	}
}

// rotated stores the token that Amazon gave in place of a, unless an operator has
// brought another one meanwhile. It is saved before it is used, since the old one
// may end with that; one that cannot be saved is not used, and the call goes on.
func (e *Engine) rotated(ctx context.Context, c ordersync.Connection, a *authorisation, fresh string) {
	ctx, cancel := context.WithTimeout(ctx, rotateTime)
	defer cancel()
	a.mu.Lock()
	used := a.sealed
	a.mu.Unlock()
	sealed, err := e.box.Seal([]byte(fresh), tokenOwner(c.Tenant, c.ID))
	saved := false
	if err == nil {
		saved, err = e.store.RotateToken(ctx, c.Tenant, c.ID, used, sealed)
	}
	switch {
	case err != nil:
		e.log.ErrorContext(ctx, "Amazon gave a new refresh token and it could not be saved; the old one is used as long as it is accepted", "connection", c.ID, "error", err)
	case !saved:
		e.log.InfoContext(ctx, "Amazon gave a new refresh token in place of one that is stored no longer", "connection", c.ID)
	default:
		a.mu.Lock()
		a.token, a.sealed = secret.New(fresh), sealed
		a.mu.Unlock()
		e.log.InfoContext(ctx, "Amazon gave a new refresh token, and it was saved", "connection", c.ID)
	}
}
