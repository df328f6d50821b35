package engine

import (
	"context"
	"errors"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// What Amazon's word changes of a connection or of the whole fleet. An outage
// is not a verdict: nobody is told to act before Amazon has said the same twice
// and apart, with no success between and no incident that many others share.

// revoked ends the execution after Amazon has refused the refresh token twice.
func (x *execution) revoked(ctx context.Context, c store.Commit) error {
	if x.kind == ordersync.Back {
		return x.failBack(ctx, c) // live work will say so
	}
	now := x.store.Now()
	connection := x.lease.Connection
	c.Failed = store.FailedRevoked
	o := ordersync.Outcome{Reason: ordersync.TokenRevoked}
	if end := connection.AuthorizedUntil(); !end.IsZero() && !now.Before(end) {
		o.Message = o.Reason.Info().English + ": it was given on " + connection.AuthorizedAt.UTC().Format(time.DateOnly) + " and lasts 365 days"
	}
	if connection.Refused() {
		o.Confirmed = true
		return x.postpone(ctx, c, now.Add(reconnectAgain), o)
	}
	first, sure, _, err := x.seenAgain(ctx, store.FailedRevoked, connection.RevokedAt, x.set.RevokedAfter)
	if err != nil {
		return err
	}
	c.RevokedAt = &first
	if !sure {
		again := first.Add(x.set.RevokedAfter)
		if !again.After(now) { // long enough ago, and shared by too many
			again = now.Add(x.set.RevokedAfter)
		}
		return x.postpone(ctx, c, again, o)
	}
	o.Confirmed = true
	c.BackDueAt = &time.Time{}
	c.State, c.Cause = ordersync.NeedsReconnect, "Amazon refused the refresh token twice, "+now.Sub(first).Round(time.Second).String()+" apart"
	return x.postpone(ctx, c, now.Add(reconnectAgain), o)
}

// seenAgain tells whether a refusal is confirmed: seen first at least a time ago
// and with no incident of its kind since. Otherwise first is where the time
// begins to count.
func (x *execution) seenAgain(ctx context.Context, kind store.FailureKind, before time.Time, apart time.Duration) (first time.Time, sure, incident bool, err error) {
	now := x.store.Now()
	since := before
	if since.IsZero() {
		since = now
	}
	open, lately, err := x.store.Reader().IncidentSince(ctx, x.lease.Connection.Region, kind, since)
	switch {
	case err != nil:
		return now, false, false, err
	case before.IsZero(), lately:
		return now, false, open, nil
	case now.Sub(before) < apart:
		return before, false, open, nil
	}
	// Many that were refused at the same time are no verdict on each, also where
	// no tick has come to make an incident of it.
	shared, err := x.store.Reader().SharedDoubt(ctx, x.lease.Connection, kind, before)
	return before, !shared, open, err
}

// denied ends the execution after Amazon has denied access.
func (x *execution) denied(ctx context.Context, c store.Commit, refusal *spapi.Error) error {
	if x.kind == ordersync.Back {
		return x.failBack(ctx, c)
	}
	if refusal.Kind == spapi.Denied {
		c.Failed = store.FailedDenied
	}
	first, sure, incident, err := x.seenAgain(ctx, store.FailedDenied, x.lease.Connection.DeniedAt, deniedAgain)
	if err != nil {
		return err
	}
	c.DeniedAt = &first
	o := outcomeOf(ordersync.AccessDenied, refusal)
	o.Confirmed = sure
	if incident && refusal.Kind == spapi.Denied {
		o = ordersync.Outcome{Reason: ordersync.PlatformDenied}
	}
	return x.fail(ctx, c, o)
}

// applicationRefused stops the fleet: what Amazon says of the application holds
// for every tenant. Login's word counts from any connection; that a call names
// the client secret counts when two connections have seen it, or the only one.
func (x *execution) applicationRefused(ctx context.Context, c store.Commit, refusal *spapi.Error) error {
	var err error
	if refusal.Kind == spapi.AppCredentials {
		err = x.store.StopApplication(ctx, x.set.ClientID, "Amazon does not accept the client id and secret")
	} else {
		var stopped bool
		stopped, err = x.store.SuspectApplication(ctx, x.set.ClientID, x.lease.Connection.ID, "Amazon says that the client secret has expired")
		if err == nil && !stopped {
			return x.denied(ctx, c, refusal)
		}
	}
	if err != nil {
		return err
	}
	x.log.ErrorContext(ctx, "the application's credentials are refused: every tenant waits", "kind", refusal.Kind, "amazonRequestId", refusal.RequestID)
	if x.kind == ordersync.Back {
		return x.failBack(ctx, c)
	}
	// Nothing is wrong with the connection: it is due as before and waits with
	// all others. Nobody rings for it: it would ask Amazon again at once.
	c.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.AppCredentialsInvalid, Confirmed: true}, KeepFailures: true}
	return x.end(ctx, c)
}

// clearApplication lets the fleet work again once Amazon has accepted the
// application, and drops a suspicion of this connection's.
func (x *execution) clearApplication(ctx context.Context) error {
	suspected := x.app.Suspect == x.lease.Connection.ID
	if !x.works || !x.app.Stopped() && !suspected {
		return nil
	}
	if x.app.Stopped() {
		x.log.InfoContext(ctx, "the application's credentials are accepted again")
	}
	return x.store.ResumeApplication(ctx, x.set.ClientID, x.app)
}

// watch judges incidents and tells the log about them.
func (e *Engine) watch(ctx context.Context) error {
	changed, err := e.store.JudgeIncidents(ctx)
	for _, i := range changed {
		switch {
		case i.ClosedAt.IsZero():
			e.log.WarnContext(ctx, "incident opened: nobody is told to act while it lasts", "region", i.Region, "kind", i.Kind)
		case i.Cause == "expired":
			e.log.ErrorContext(ctx, "incident lasts too long and was closed: look at it", "region", i.Region, "kind", i.Kind, "since", i.OpenedAt)
		default:
			e.log.InfoContext(ctx, "incident closed", "region", i.Region, "kind", i.Kind, "cause", i.Cause)
		}
	}
	return err
}

// Probe is the one connection that may try while the fleet stands still.
func (e *Engine) probe(ctx context.Context) ([]store.Rung, error) {
	err := e.store.SettleStopped(ctx)
	id, ok, probeErr := e.store.Probe(ctx, e.set.ClientID)
	if err := errors.Join(err, probeErr); err != nil || !ok {
		return nil, err
	}
	return []store.Rung{{Connection: id, Urgency: store.Due}}, nil
}
