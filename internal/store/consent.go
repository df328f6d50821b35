package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// ConsentError says why a ticket or a state leads nowhere: [ordersync.ConsentUnknown],
// [ordersync.ConsentExpired] or [ordersync.ConsentElsewhere].
type ConsentError struct{ Problem ordersync.ConsentProblem }

func (e *ConsentError) Error() string { return e.Problem.Info().English }

// hashed is how a ticket, a state or a browser's mark is kept.
func hashed(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// consentsKept is how long after its end a consent is kept.
const consentsKept = day

// CreateConsent keeps a consent that is to be followed by a ticket. Those that ended
// long ago are cleared away.
func (s *Store) CreateConsent(ctx context.Context, ticket string, c ordersync.Consent) error {
	return s.createConsent(ctx, ticket, c, consentStart{})
}

// consentStart is what a consent has from the start that was begun at Amazon.
type consentStart struct {
	login, browser, state, sealed []byte
	until                         any
}

func (s *Store) createConsent(ctx context.Context, ticket string, c ordersync.Consent, begun consentStart) error {
	return s.inTx(ctx, "create consent", func(ctx context.Context, t *tx) error {
		if err := t.purgeConsents(ctx); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `INSERT INTO consents (ticket, tenant, region, marketplace_id, connection_id, started_by, return_to, created_at, expires_at,
				seller_id, proof, login, browser, state, state_until, sealed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			hashed(ticket), c.Tenant, c.Region, c.Marketplace, int64(c.Connection), ordersync.CleanText(c.StartedBy), c.ReturnTo, ms(t.now), ms(c.ExpiresAt),
			c.SellerID, c.Proof, begun.login, begun.browser, begun.state, begun.until, begun.sealed)
		return err
	})
}

// purgeConsents deletes what of consents is past its time: first what is kept of them
// sealed, which may be a refresh token that nobody agreed to, then all.
func (t *tx) purgeConsents(ctx context.Context) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM consents WHERE expires_at < $1`, ms(t.now.Add(-consentsKept))); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE consents SET sealed = NULL WHERE expires_at <= $1 AND sealed IS NOT NULL`, ms(t.now))
	return err
}

// consentRow is a consent as it is stored.
type consentRow struct {
	ordersync.Consent
	ticket, browser, sealed []byte
	until, used             sql.NullInt64
}

// consentColumns are the columns that scanConsent reads, in its order.
const consentColumns = `ticket, tenant, region, marketplace_id, connection_id, started_by, return_to, expires_at, seller_id, proof, browser, state_until, used_at, sealed`

func scanConsent(row scanner) (c consentRow, err error) {
	var connection, expires int64
	err = row.Scan(&c.ticket, &c.Tenant, &c.Region, &c.Marketplace, &connection, &c.StartedBy, &c.ReturnTo, &expires, &c.SellerID, &c.Proof,
		&c.browser, &c.until, &c.used, &c.sealed)
	c.Connection, c.ExpiresAt = ordersync.ConnectionID(connection), msTime(expires)
	c.Held = c.Proof && c.sealed != nil
	return c, err
}

func (t *tx) consent(ctx context.Context, column string, hash []byte) (consentRow, error) {
	c, err := scanConsent(t.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM consents WHERE `+column+` = $1`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		return consentRow{}, &ConsentError{ordersync.ConsentUnknown}
	}
	if err != nil {
		return consentRow{}, fmt.Errorf("read consent: %w", err)
	}
	return c, nil
}

// open is the consent of a ticket that may still be followed by a browser. "" is one
// that bears no mark yet.
func (t *tx) open(ctx context.Context, ticket, browser string) (consentRow, error) {
	c, err := t.consent(ctx, "ticket", hashed(ticket))
	switch {
	case err != nil:
		return c, err
	case c.used.Valid, c.Proof && !c.Held:
		// Of one that is not proven nobody is told anything.
		return c, &ConsentError{ordersync.ConsentUnknown}
	case !t.now.Before(c.ExpiresAt):
		return c, &ConsentError{ordersync.ConsentExpired}
	case c.browser != nil && (c.SellerID != "" || t.now.Before(msTime(c.until.Int64))) && !c.of(browser):
		// As long as Amazon's answer may still come; then anybody may begin anew. One
		// that was begun at Amazon is its browser's alone.
		return c, &ConsentError{ordersync.ConsentElsewhere}
	}
	return c, nil
}

// of tells whether a browser is the one that follows the consent.
func (c consentRow) of(browser string) bool {
	return subtle.ConstantTimeCompare(c.browser, hashed(browser)) == 1
}

// known tells whether there is a consent at all, without a transaction: anybody may
// ask for anything, and must not make who writes wait.
func (s *Store) known(ctx context.Context, column, text string) (bool, error) {
	var n int
	err := s.reader.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM consents WHERE `+column+` = $1`, hashed(text)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a consent: %w", err)
	}
	return n > 0, nil
}

// ConsentEnded is the consent of a ticket that has ended in the browser that followed
// it; false: there is none.
func (s *Store) ConsentEnded(ctx context.Context, ticket, browser string) (_ ordersync.Consent, ended bool, err error) {
	c, err := scanConsent(s.reader.db.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM consents
		WHERE ticket = $1 AND browser = $2 AND used_at IS NOT NULL`, hashed(ticket), hashed(browser)))
	if errors.Is(err, sql.ErrNoRows) {
		return ordersync.Consent{}, false, nil
	}
	if err != nil {
		return ordersync.Consent{}, false, fmt.Errorf("read consent: %w", err)
	}
	return c.Consent, true, nil
}

// Consent is what a ticket stands for, for the browser that follows it. The error is
// a [ConsentError] where it leads nowhere.
func (s *Store) Consent(ctx context.Context, ticket, browser string) (out ordersync.Consent, err error) {
	if ok, err := s.known(ctx, "ticket", ticket); err != nil || !ok {
		return out, cmp.Or[error](err, &ConsentError{ordersync.ConsentUnknown})
	}
	err = s.inTx(ctx, "read consent", func(ctx context.Context, t *tx) error {
		c, err := t.open(ctx, ticket, browser)
		out = c.Consent
		return err
	})
	return out, err
}

// OpenConsent lets a browser follow a ticket to Amazon: its answer will bear the
// state, once, and until a time. Followed again, the state before is worth nothing.
// way is the sealed way back to Amazon of a consent that was begun there. The error is
// a [ConsentError] where the ticket leads nowhere.
func (s *Store) OpenConsent(ctx context.Context, ticket, browser, state string, until time.Time) (out ordersync.Consent, way []byte, err error) {
	if ok, err := s.known(ctx, "ticket", ticket); err != nil || !ok {
		return out, nil, cmp.Or[error](err, &ConsentError{ordersync.ConsentUnknown})
	}
	err = s.inTx(ctx, "open consent", func(ctx context.Context, t *tx) error {
		c, err := t.open(ctx, ticket, browser)
		if err != nil {
			return err
		}
		if c.Held {
			return &ConsentError{ordersync.ConsentUnknown} // Amazon has answered
		}
		out, way = c.Consent, c.sealed
		_, err = t.ExecContext(ctx, `UPDATE consents SET browser = $2, state = $3, state_until = $4 WHERE ticket = $1`,
			c.ticket, hashed(browser), hashed(state), ms(until))
		return err
	})
	return out, way, err
}

// TakeConsent takes the consent of a state that Amazon sends a browser back with:
// nobody can take it again. The error is a [ConsentError] where there is none for that
// browser.
func (s *Store) TakeConsent(ctx context.Context, state, browser string) (out ordersync.Consent, err error) {
	if ok, err := s.known(ctx, "state", state); err != nil || !ok {
		return out, cmp.Or[error](err, &ConsentError{ordersync.ConsentUnknown})
	}
	var problem *ConsentError
	err = s.inTx(ctx, "take consent", func(ctx context.Context, t *tx) error {
		problem = nil
		c, err := t.consent(ctx, "state", hashed(state))
		if errors.As(err, &problem) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case c.browser == nil || !c.of(browser):
			problem = &ConsentError{ordersync.ConsentElsewhere}
			return nil // it is still the other browser's
		case !t.now.Before(msTime(c.until.Int64)):
			problem = &ConsentError{ordersync.ConsentExpired}
		}
		out = c.Consent
		n, err := t.exec(ctx, `UPDATE consents SET state = NULL, state_until = NULL WHERE ticket = $1 AND state = $2`, c.ticket, hashed(state))
		if err == nil && n == 0 {
			problem = &ConsentError{ordersync.ConsentUnknown}
		}
		return err
	})
	if err == nil && problem != nil {
		return ordersync.Consent{}, problem
	}
	return out, err
}

// EndConsent ends a ticket: its consent has come to what it was for.
func (s *Store) EndConsent(ctx context.Context, ticket string) error {
	return s.inTx(ctx, "end consent", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE consents SET used_at = COALESCE(used_at, $2), state = NULL, state_until = NULL, sealed = NULL WHERE ticket = $1`, hashed(ticket), ms(t.now))
		return err
	})
}
