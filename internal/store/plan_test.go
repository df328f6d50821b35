package store

import (
	"context"

	"ordersync"
)

// The texts whose plans the tests look at.
const (
	HasOrders       = hasOrders
	StatusQuery     = statusQuery
	OldOrdersQuery  = oldOrders
	OldestOrder     = oldestOrder
	RunsQuery       = runsQuery
	RunsBeforeQuery = runsBeforeQuery
	RecentOutcomes  = recentOutcomes
	LastArrivals    = lastArrivals
)

// RingQuery is what a tick looks for at an urgency.
func RingQuery(u Urgency) string { return ringQuery(u, "") }

// Queries whose plans the tests look at, with their parameters.

// OrdersWalkQuery walks the list of a tenant's orders.
func (t TenantReader) OrdersWalkQuery(q OrdersQuery) (string, []any) {
	where := t.conditions()
	where.of(q, t.r.now())
	return ordersWalk + where.String() + byDate + ` LIMIT 51`, where.args
}

// OrdersCountQuery counts a tenant's orders.
func (t TenantReader) OrdersCountQuery(q OrdersQuery) (string, []any) {
	where := t.conditions()
	where.of(q, t.r.now())
	return ordersCount + where.String(), where.args
}

// FindsFewQuery and FoundQuery are the two steps of a search.
func (t TenantReader) FindsFewQuery(q OrdersQuery) (string, []any) { return t.findsFewQuery(q) }

// FoundQuery is everything that a search finds.
func (t TenantReader) FoundQuery(q OrdersQuery) (string, []any) { return t.foundQuery(q) }

// The queries over all tenants, and that of an order's history.
const (
	FindIDs      = findIDs
	FindSKUs     = findSKUs
	OrderChanges = changesHead + historyOf
)

// OutcomesQuery is the text of a page of outcomes, with its parameters.
func OutcomesQuery(id ordersync.RunID, reason ordersync.Reason, before SettledMark) (string, []any) {
	return outcomesQuery(id, reason, before, 21)
}

// QuickTally counts a run as one is counted that is large and goes on.
func (r *Reader) QuickTally(ctx context.Context, id ordersync.RunID) (ordersync.Summary, []ReasonTally, error) {
	return quickTally(ctx, r.db, id)
}

// TallyTargets counts a run as one is counted that finishes.
func (r *Reader) TallyTargets(ctx context.Context, id ordersync.RunID) (ordersync.Summary, []ReasonTally, error) {
	return tallyTargets(ctx, r.db, id)
}

// ConnectionListQuery is what reads a page of connections.
func ConnectionListQuery(l ConnectionList) (string, []any) { return l.query() }

// KeysQuery is the text of a page of keys.
var KeysQuery = keysQuery
