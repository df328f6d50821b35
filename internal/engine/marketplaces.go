package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// When a discovered list of marketplaces is asked for again.
const (
	discoverAgain = 24 * time.Hour // how old it may grow
	emptyAgain    = time.Hour      // after an answer that names none although some were known
)

// discoveryDue is when the marketplaces of a connection that knows some are asked
// for again.
func discoveryDue(c ordersync.Connection) time.Time {
	if !c.MarketplacesEmptyAt.IsZero() {
		return c.MarketplacesEmptyAt.Add(emptyAgain)
	}
	return c.MarketplacesAt.Add(discoverAgain)
}

// marketplaces makes sure that the connection knows its marketplaces: no search
// is sent without them. Discovered ones are asked for again daily; should that
// fail, the list that is known serves on.
func (x *execution) marketplaces(ctx context.Context) (ok bool, err error) {
	c := x.lease.Connection
	known := len(c.Marketplaces) > 0
	now := x.store.Now()
	if c.MarketplacesExplicit || known && (now.Before(discoveryDue(c)) || now.Before(c.MarketplacesAgainAt)) {
		return true, nil
	}
	if goOn, err := x.token(ctx, ordersync.GetMarketplaces, nil, known); err != nil || !goOn {
		return known && err == nil, err
	}
	var answer spapi.ParticipationsAnswer
	err = x.twice(ctx, func() (err error) {
		answer, err = x.amazon.Marketplaces(ctx, x.account)
		return err
	})
	if err != nil {
		if known && !decisive(err) {
			err := x.discoverLater(ctx, err)
			return err == nil, err
		}
		return false, x.refused(ctx, nil, ordersync.GetMarketplaces, err)
	}
	learned := x.learned(ordersync.GetMarketplaces, answer.Meta)
	ids := participating(answer.Participations, c.Region)
	if len(ids) == 0 {
		return x.noMarketplace(ctx, store.Commit{Learned: &learned})
	}
	_, err = x.store.Commit(ctx, x.lease, store.Commit{Kind: x.kind, Learned: &learned, Marketplaces: ids})
	if err != nil {
		return false, err
	}
	return true, x.store.Dues(ctx, x.lease) // the history of a new one is due now
}

// discoverLater notes that marketplaces that are known could not be asked for.
// The pause is as long as the list is overdue, so that it doubles with each
// failure, within the bounds of every backoff.
func (x *execution) discoverLater(ctx context.Context, failed error) error {
	var refusal *spapi.Error
	if !errors.As(failed, &refusal) {
		return failed
	}
	c := x.lease.Connection
	now := x.store.Now()
	pause := min(max(now.Sub(discoveryDue(c)), x.interval(c)), maxBackoff)
	again := now.Add(pause - x.jitter(pause/10))
	learned := x.learned(ordersync.GetMarketplaces, refusal.Meta)
	learned.Throttled = refusal.Kind == spapi.Throttled
	x.logRefusal(ctx, ordersync.GetMarketplaces, refusal)
	_, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: x.kind, Learned: &learned, MarketplacesAgainAt: &again})
	return err
}

// noMarketplace decides what an answer means that names no marketplace. Where
// some are known, one such answer may be Amazon's mistake: the list serves on
// until a second one, an hour later.
func (x *execution) noMarketplace(ctx context.Context, c store.Commit) (ok bool, err error) {
	connection := x.lease.Connection
	text := "Amazon names no marketplace of this region in which the seller takes part"
	if len(connection.Marketplaces) > 0 {
		if connection.MarketplacesEmptyAt.IsZero() {
			now := x.store.Now()
			c.Kind, c.MarketplacesEmptyAt, c.MarketplacesAgainAt = x.kind, &now, &time.Time{}
			_, err := x.store.Commit(ctx, x.lease, c)
			return err == nil, err
		}
		text = "Amazon names no marketplace of this region any more in which the seller takes part, and said so twice, an hour or more apart"
	}
	return false, x.postpone(ctx, c, x.store.Now().Add(discoverAgain), ordersync.Outcome{Reason: ordersync.NotConnected, Message: text})
}

// participating lists the marketplaces in which a seller takes part, sorted.
func participating(all []ordersync.Participation, region ordersync.Region) []string {
	ids := []string{}
	for _, p := range all {
		if r, known := ordersync.MarketplaceRegion(p.MarketplaceID); p.Participating && (!known || r == region) {
			ids = append(ids, p.MarketplaceID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
