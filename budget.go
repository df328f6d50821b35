package ordersync

import (
	"math"
	"time"
)

// Operation is a call of Amazon's that has a budget of its own.
type Operation string

// The operations that are called. Published rates: Amazon models
// orders_2026-01-01.json and sellers.json.
const (
	SearchOrders    Operation = "searchOrders"
	GetOrder        Operation = "getOrder"
	GetMarketplaces Operation = "getMarketplaceParticipations"
)

// Plan is Amazon's usage plan of an operation: tokens a second, and how many a
// full bucket holds.
type Plan struct {
	Rate  float64
	Burst float64
}

// PublishedPlans are the plans that Amazon publishes. They are a beginning:
// the rate in force is learned from answers.
var PublishedPlans = map[Operation]Plan{
	SearchOrders:    {Rate: 0.0056, Burst: 20},
	GetOrder:        {Rate: 0.5, Burst: 30},
	GetMarketplaces: {Rate: 0.016, Burst: 15},
}

// Scaled is the plan with its rate multiplied by f, for a simulator.
func (p Plan) Scaled(f float64) Plan { return Plan{Rate: p.Rate * f, Burst: p.Burst} }

// margin is how much less our bucket holds than Amazon's, against jitter.
const margin = 0.05

// Budget is our copy of Amazon's token bucket of one (application, region,
// seller, operation). A token is taken from it before each call.
type Budget struct {
	Plan   Plan    // as published, scaled
	Rate   float64 // in force, tokens a second
	Tokens float64
	At     time.Time // when Tokens was right
}

// NewBudget is a full bucket.
func NewBudget(p Plan, now time.Time) Budget {
	return Budget{Plan: p, Rate: p.Rate, Tokens: p.Burst - margin, At: now}
}

// Refilled is the bucket at now. Time that runs backwards counts as none.
func (b Budget) Refilled(now time.Time) Budget {
	if now.After(b.At) {
		b.Tokens = math.Min(b.Tokens+now.Sub(b.At).Seconds()*b.Rate, b.Plan.Burst-margin)
		b.At = now
	}
	return b
}

// Take takes a token. When there is none it takes nothing and says how long
// until the next.
func (b Budget) Take(now time.Time) (after Budget, wait time.Duration) {
	return b.TakeAbove(now, 0)
}

// TakeAbove is Take for work that must leave reserve tokens behind.
func (b Budget) TakeAbove(now time.Time, reserve float64) (after Budget, wait time.Duration) {
	b = b.Refilled(now)
	if need := 1 + reserve - b.Tokens; need > 1e-9 {
		return b, max(time.Duration(math.Ceil(need/b.Rate*1000))*time.Millisecond, time.Millisecond)
	}
	b.Tokens--
	return b, 0
}

// Learn takes over the rate that Amazon named in an answer. A lower one is
// adopted at once, never below a tenth of the published one, and a later header
// brings the rate back at once, up to the published one. Beyond that a higher
// one at most doubles the rate, and not before the bucket could have filled once
// at the published rate since lastChange: the last change of the rate or the last
// 429, whichever came later. At the learned rate a lie would be believed anew the
// sooner, the greater it is. Zero, negative and unreadable rates change nothing.
func (b Budget) Learn(rate float64, now, lastChange time.Time) (after Budget, changed bool) {
	if rate <= 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
		return b, false
	}
	b = b.Refilled(now)
	next := b.Rate
	switch {
	case rate <= math.Max(b.Rate, b.Plan.Rate):
		next = math.Max(rate, b.Plan.Rate/10)
	case b.Rate < b.Plan.Rate:
		next = b.Plan.Rate
	case now.Sub(lastChange).Seconds()*b.Plan.Rate >= b.Plan.Burst:
		next = math.Min(rate, 2*b.Rate)
	}
	changed = next != b.Rate
	b.Rate = next
	return b, changed
}

// Throttled is the bucket after Amazon answered 429: empty, and what was
// learned above the published rate is halved.
func (b Budget) Throttled(now time.Time) Budget {
	b = b.Refilled(now)
	b.Tokens = math.Min(b.Tokens, 0) // a call may have been made on credit
	if b.Rate > b.Plan.Rate {
		b.Rate = b.Plan.Rate + (b.Rate-b.Plan.Rate)/2
	}
	return b
}
