package engine

import (
	"context"
	"errors"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// What a seller's browser says of who it is proves nothing: the seller's id comes in
// an address, at the login URI and at the redirect URI alike, and Login with Amazon
// tells no id with the token. Who signs in at the service acts for a tenant all the
// same. Who does not is believed only when the new token reads an order that the
// connection has: Amazon shows orders to their own seller alone.

// proofOrders is how many orders are asked for; Amazon may have dropped one.
const proofOrders = 3

// heldOwner is who a refresh token belongs to that the seller has yet to agree to.
func heldOwner(c ordersync.Consent) secret.Owner {
	return secret.Owner{Tenant: c.Tenant, Connection: c.Connection, Purpose: "held " + store.RefreshToken}
}

// hold proves the account of a new token, and keeps the token until the seller, who
// may be told now of whom it is asked, has agreed.
func (e *Engine) hold(ctx context.Context, c ordersync.Consent, ticket string, given secret.Secret) (Consented, error) {
	failed := func(p ordersync.ConsentProblem, err error) (Consented, error) {
		return Consented{}, &ConsentFailedError{p, c, "", err}
	}
	known, ok, err := e.provable(ctx, c.SellerID, c.Region)
	switch {
	case err != nil:
		return Consented{}, err
	case !ok || known.ID != c.Connection:
		return failed(ordersync.ConsentNotProven, nil)
	}
	token, problem, err := e.prove(ctx, known, given)
	if problem != "" {
		return failed(problem, err)
	}
	if err != nil {
		return Consented{}, err
	}
	sealed, err := e.box.Seal([]byte(token.Reveal()), heldOwner(c))
	if err != nil {
		return Consented{}, err
	}
	c.ExpiresAt = e.store.Now().Add(ordersync.ConsentTime)
	err = e.store.HoldConsent(ctx, ticket, sealed, c.ExpiresAt)
	var nowhere *store.ConsentError
	if errors.As(err, &nowhere) {
		return failed(ordersync.ConsentNotProven, err)
	}
	c.Held = true
	return Consented{Consent: c, SellerID: c.SellerID, Ticket: ticket}, err
}

// prove asks with a new token for orders that a connection has; token is what Amazon
// has given in its place since. problem says why the account is not proven.
func (e *Engine) prove(ctx context.Context, c ordersync.Connection, given secret.Secret) (_ secret.Secret, problem ordersync.ConsentProblem, err error) {
	orders, err := e.store.NewestOrders(ctx, c.Tenant, c.ID, proofOrders)
	if err != nil {
		return given, "", err
	}
	a := &authorisation{token: token{Secret: given}}
	account := spapi.Account{Region: c.Region, RefreshToken: a.reveal, Rotated: func(fresh string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.Secret = secret.New(fresh)
	}}
	budget := store.TokenRequest{
		Key:  store.BudgetKey{ClientID: e.set.ClientID, Region: c.Region, Seller: store.SellerKey(c), Operation: ordersync.GetOrder},
		Plan: e.plan(ordersync.GetOrder),
	}
	for _, id := range orders {
		wait, err := e.store.TakeFree(ctx, budget)
		switch {
		case err != nil:
			return given, "", err
		case wait > 0:
			return given, ordersync.ConsentAway, nil
		}
		answer, err := e.amazon.GetOrder(ctx, account, ordersync.GroupCore, id)
		if err == nil && answer.Order.ID == id {
			return a.now().Secret, "", nil
		}
		if problem := proofProblem(err); problem != "" {
			return given, problem, err
		}
	}
	e.amazon.ForgetToken(account)
	return given, ordersync.ConsentNotProven, nil
}

// proofProblem is what an order that was not shown means to the seller; "": ask for
// another one.
func proofProblem(err error) ordersync.ConsentProblem {
	var refusal *spapi.Error
	if err == nil || errors.As(err, &refusal) && (refusal.Kind == spapi.NotFound || refusal.Kind == spapi.Denied || refusal.Kind == spapi.BadRequest) {
		return ""
	}
	return exchangeProblem(err)
}

// ConfirmConsent renews a connection whose account was proven, once its seller has
// agreed. Asked again once all is done, it says so again. The error is a
// [ConsentFailedError], a [store.ConsentError] where the ticket leads nowhere, or the
// database's.
func (e *Engine) ConfirmConsent(ctx context.Context, ticket, browser string) (Consented, error) {
	c, sealed, err := e.store.HeldConsent(ctx, ticket, browser)
	if err != nil {
		if done, ok, endErr := e.store.ConsentEnded(ctx, ticket, browser); endErr == nil && ok && done.Proof {
			return Consented{Consent: done, SellerID: done.SellerID}, nil
		}
		return Consented{}, err
	}
	failed := func(p ordersync.ConsentProblem, err error) (Consented, error) {
		return Consented{}, &ConsentFailedError{p, c, "", err}
	}
	plain, err := e.box.Open(sealed, heldOwner(c))
	if err != nil {
		return failed(ordersync.ConsentExpired, err)
	}
	// Meanwhile another tenant may have connected the account, or this one ended it.
	known, ok, err := e.provable(ctx, c.SellerID, c.Region)
	switch {
	case err != nil:
		return Consented{}, err
	case !ok || known.ID != c.Connection:
		return failed(ordersync.ConsentNotProven, nil)
	}
	return e.connect(ctx, c, ticket, ticket, ConnectionSpec{
		SellerID: c.SellerID, RefreshToken: secret.New(string(plain)), AuthorizedAt: c.ExpiresAt.Add(-ordersync.ConsentTime), Renew: c.Connection,
	})
}
