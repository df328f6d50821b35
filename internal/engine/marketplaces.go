package engine

import (
	"context"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// discoverAgain is how old a discovered list of marketplaces may grow.
const discoverAgain = 24 * time.Hour

// marketplaces makes sure that the connection knows its marketplaces: no search
// is sent without them. Discovered ones are asked for again daily; should that
// fail, the list that is known serves on.
func (x *execution) marketplaces(ctx context.Context) (ok bool, err error) {
	c := x.lease.Connection
	if c.MarketplacesExplicit || len(c.Marketplaces) > 0 && x.store.Now().Sub(c.MarketplacesAt) < discoverAgain {
		return true, nil
	}
	known := len(c.Marketplaces) > 0
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
			return true, nil
		}
		return false, x.refused(ctx, nil, ordersync.GetMarketplaces, err)
	}
	ids := participating(answer.Participations, c.Region)
	learned := x.learned(ordersync.GetMarketplaces, answer.Meta)
	if len(ids) == 0 {
		return false, x.postpone(ctx, store.Commit{Learned: &learned}, x.store.Now().Add(discoverAgain), ordersync.Outcome{
			Reason: ordersync.NotConnected, Message: "Amazon names no marketplace of this region in which the seller takes part",
		})
	}
	_, err = x.store.Commit(ctx, x.lease, store.Commit{Kind: x.kind, Learned: &learned, Marketplaces: ids})
	return err == nil, err
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
