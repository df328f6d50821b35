package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// Consents that sellers begin at Amazon. Amazon, "Selling Partner Appstore
// authorization workflow".

// AdoptLogin keeps the consent of a seller who began at Amazon and was signed in since,
// for the browser that came from there. login is the sign-in ticket, which counts
// once: a [ConsentError] says that it was used. way is the sealed way back to Amazon.
func (s *Store) AdoptLogin(ctx context.Context, ticket, login string, browser, way []byte, c ordersync.Consent) error {
	err := s.createConsent(ctx, ticket, c, consentStart{login: hashed(login), browser: browser, sealed: way})
	if isDuplicate(err) {
		return &ConsentError{ordersync.ConsentUnknown}
	}
	return err
}

// BrowserMark is how a browser's mark is kept.
func BrowserMark(browser string) []byte { return hashed(browser) }

// CreateProof keeps a consent that a browser follows to Amazon at once, and whose
// account is to be proven.
func (s *Store) CreateProof(ctx context.Context, ticket, browser, state string, c ordersync.Consent) error {
	return s.createConsent(ctx, ticket, c, consentStart{browser: hashed(browser), state: hashed(state), until: ms(c.ExpiresAt)})
}

// Proofs counts a connection's consents that are to be proven and are still good.
func (s *Store) Proofs(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (n int, err error) {
	err = s.reader.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM consents WHERE tenant = $1 AND connection_id = $2 AND proof AND used_at IS NULL AND expires_at > $3`,
		tenant, int64(id), ms(s.Now())).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count consents: %w", err)
	}
	return n, nil
}

// HoldConsent keeps the sealed refresh token of an account that was proven, until the
// seller has agreed.
func (s *Store) HoldConsent(ctx context.Context, ticket string, sealed []byte, until time.Time) error {
	return s.inTx(ctx, "hold consent", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE consents SET sealed = $2, expires_at = $3 WHERE ticket = $1 AND proof AND used_at IS NULL`, hashed(ticket), sealed, ms(until))
		if err == nil && n == 0 {
			return &ConsentError{ordersync.ConsentUnknown} // removed with its connection
		}
		return err
	})
}

// HeldConsent is the consent that a browser's seller agrees to, and the sealed refresh
// token. The error is a [ConsentError] where there is none.
func (s *Store) HeldConsent(ctx context.Context, ticket, browser string) (out ordersync.Consent, sealed []byte, err error) {
	if ok, err := s.known(ctx, "ticket", ticket); err != nil || !ok {
		return out, nil, cmp.Or[error](err, &ConsentError{ordersync.ConsentUnknown})
	}
	err = s.inTx(ctx, "read consent", func(ctx context.Context, t *tx) error {
		c, err := t.open(ctx, ticket, browser)
		if err == nil && !c.Held {
			err = &ConsentError{ordersync.ConsentUnknown}
		}
		out, sealed = c.Consent, c.sealed
		return err
	})
	return out, sealed, err
}

// ConnectionsOfSeller lists the connections of a seller among all tenants, at most
// limit; of a region, or with "" of all.
func (s *Store) ConnectionsOfSeller(ctx context.Context, sellerID string, region ordersync.Region, limit int) ([]ordersync.Connection, error) {
	rows, err := connections(ctx, s.reader.db, `WHERE seller_id = $1 AND (region = $2 OR $2 = '') ORDER BY id LIMIT $3`, sellerID, region, limit)
	if err != nil {
		return nil, fmt.Errorf("look for a seller's connections: %w", err)
	}
	out := make([]ordersync.Connection, len(rows))
	for i, c := range rows {
		out[i] = c.Connection
	}
	return out, nil
}

// HasOrders tells whether there are orders of a connection. Anybody may make it be
// asked, of connections with millions of them: it looks at one entry of an index.
func (s *Store) HasOrders(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) (has bool, err error) {
	err = s.reader.db.QueryRowContext(ctx, hasOrders, tenant, int64(id)).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for orders: %w", err)
	}
	return has, nil
}

const hasOrders = `SELECT EXISTS (SELECT 1 FROM orders WHERE tenant = $1 AND connection_id = $2)`

// NewestOrders are the ids of a connection's newest orders, at most limit.
func (s *Store) NewestOrders(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, limit int) (ids []string, err error) {
	rows, err := s.reader.db.QueryContext(ctx, `SELECT order_id FROM orders WHERE tenant = $1 AND connection_id = $2 ORDER BY created_at DESC, order_id LIMIT $3`,
		tenant, int64(id), limit)
	if err != nil {
		return nil, fmt.Errorf("read newest orders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read newest orders: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// TakeFree takes a token of a budget for a call that is made without a lease. Without
// one it takes nothing and says how long until the next.
func (s *Store) TakeFree(ctx context.Context, r TokenRequest) (wait time.Duration, err error) {
	err = s.inTx(ctx, "take token", func(ctx context.Context, t *tx) error {
		b, _, err := t.budget(ctx, r.Key, r.Plan)
		if err != nil {
			return fmt.Errorf("read budget: %w", err)
		}
		if b, wait = b.TakeAbove(t.now, r.Reserve); wait > 0 {
			return nil
		}
		return t.saveBudget(ctx, r.Key, b, "calls = calls + 1")
	})
	return wait, err
}

// ErrNotSame says that the connection that was to be renewed is not there any more, is
// another seller's, or was disconnected.
var ErrNotSame = errors.New("the connection that was to be renewed is not the same any more")
