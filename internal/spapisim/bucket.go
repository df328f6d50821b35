package spapisim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Rate is a usage plan: tokens flow in at PerSecond up to Burst, each call
// takes one. Docs page "Usage Plans and Rate Limits".
type Rate struct {
	PerSecond float64 `json:"perSecond"`
	Burst     float64 `json:"burst"`
}

type rateKey struct{ seller, operation string } // seller "": all

// bucketKey: by default a plan holds for one operation, account and
// application; seller "" is the second plan per application, or the only one of
// a grantless operation.
type bucketKey struct{ clientID, seller, operation string }

type bucket struct {
	key    bucketKey
	tokens float64
	at     time.Time
	rate   Rate // in force since at, scaled
}

// refill brings the bucket to now. A clock that goes back adds nothing.
func (b *bucket) refill(now time.Time) {
	if elapsed := now.Sub(b.at); elapsed > 0 {
		b.tokens = math.Min(b.rate.Burst, b.tokens+elapsed.Seconds()*b.rate.PerSecond)
		b.at = now
	}
}

// holdsOne tolerates the rounding of additions, so that a call at exactly the
// refill moment passes.
func (b *bucket) holdsOne() bool { return b.tokens >= 1-1e-9 }

// take takes one token from every plan of the call, or none and reports false.
// The first exhausted plan throttles. s.mu is held.
func (s *Simulator) take(c *call) bool {
	var plans []*bucket
	plans = append(plans, s.bucket(c.plan()))
	if c.sel != nil && s.switches.AppRate > 0 && s.switches.AppBurst > 0 {
		plans = append(plans, s.bucket(bucketKey{c.app.ClientID, "", c.op}))
	}
	for _, b := range plans {
		b.refill(s.now())
		if !b.holdsOne() {
			return false
		}
	}
	for _, b := range plans {
		b.tokens = math.Max(0, b.tokens-1)
	}
	c.plans = plans
	return true
}

// planned says whether the call is known to have a usage plan.
func (c *call) planned() bool {
	return c.app != nil && c.op != Token && (c.sel != nil) == (grantless[c.op] == "")
}

// plan is the first usage plan of a call.
func (c *call) plan() bucketKey {
	key := bucketKey{clientID: c.app.ClientID, operation: c.op}
	if c.sel != nil {
		key.seller = c.sel.Key
	}
	return key
}

// giveBack undoes take; s.mu is held.
func (s *Simulator) giveBack(c *call) {
	for _, b := range c.plans {
		b.tokens = math.Min(b.rate.Burst, b.tokens+1)
	}
	c.plans = nil
}

// bucket finds or fills a bucket; s.mu is held.
func (s *Simulator) bucket(key bucketKey) *bucket {
	b := s.buckets[key]
	if b == nil {
		rate := s.planOf(key)
		b = &bucket{key: key, tokens: rate.Burst, at: s.now(), rate: rate}
		s.buckets[key] = b
	}
	return b
}

// adopt changes the plan. What flowed in until now flowed at the old rate.
func (b *bucket) adopt(rate Rate, now time.Time) {
	if rate == b.rate {
		return
	}
	b.refill(now)
	b.rate = rate
	b.tokens = math.Min(b.tokens, rate.Burst)
}

// planOf is the scaled plan in force for a bucket; s.mu is held.
func (s *Simulator) planOf(key bucketKey) Rate {
	if key.seller == "" && grantless[key.operation] == "" {
		return Rate{PerSecond: s.switches.AppRate * s.rateScale, Burst: s.switches.AppBurst}
	}
	rate, ok := s.rates[rateKey{key.seller, key.operation}]
	if !ok {
		rate, ok = s.rates[rateKey{"", key.operation}]
	}
	if !ok {
		rate = publishedRates[key.operation]
	}
	rate.PerSecond *= s.rateScale
	return rate
}

// changeRates changes plans: what flowed in until now flowed at the old rates.
// s.mu is held.
func (s *Simulator) changeRates(change func()) {
	change()
	for key, b := range s.buckets { // each alike: the order does not matter
		if rate := s.planOf(key); rate.Burst > 0 {
			b.adopt(rate, s.now())
		} else {
			delete(s.buckets, key) // the plan per application was switched off
		}
	}
}

// SetRate changes the plan of an operation from now on, for one seller or, with
// seller "", for all that have none of their own. Amazon calls this dynamic
// plans.
func (s *Simulator) SetRate(operation, sellerKey string, rate Rate) error {
	if _, ok := publishedRates[operation]; !ok {
		return fmt.Errorf("spapisim: operation %q has no usage plan", operation)
	}
	if sellerKey != "" && grantless[operation] != "" {
		return fmt.Errorf("spapisim: the usage plan of %s is the application's: leave the seller out", operation)
	}
	if rate.PerSecond < 0 || rate.Burst < 1 || math.IsNaN(rate.PerSecond+rate.Burst) || math.IsInf(rate.PerSecond+rate.Burst, 0) {
		return fmt.Errorf("spapisim: no usage plan can be %+v", rate)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sellerKey != "" {
		if _, err := s.seller(sellerKey); err != nil {
			return err
		}
	}
	s.changeRates(func() { s.rates[rateKey{sellerKey, operation}] = rate })
	return nil
}

// BucketState is one bucket as Amazon sees it.
type BucketState struct {
	ClientID  string  `json:"clientId"`
	Seller    string  `json:"seller,omitzero"` // "": the plan per application
	Operation string  `json:"operation"`
	Tokens    float64 `json:"tokens"`
	Rate      Rate    `json:"rate"`
}

// Buckets reads the buckets of a seller; "" reads the plans per application and
// those of grantless operations.
func (s *Simulator) Buckets(sellerKey string) []BucketState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []BucketState
	for _, clientID := range s.appIDs {
		for _, op := range apiOperations {
			b := s.buckets[bucketKey{clientID, sellerKey, op}]
			if b == nil {
				continue
			}
			b.refill(s.now())
			list = append(list, BucketState{clientID, sellerKey, op, b.tokens, b.rate})
		}
	}
	return list
}

// rateHeader is the value of x-amzn-RateLimit-Limit, "" for none: the refill
// rate of the account-application plan, on 20x, 400 and 404 only. Amazon model
// orders_2026-01-01.json, responses; s.mu is held.
func (s *Simulator) rateHeader(c *call, status int) string {
	if !c.planned() || !slices.Contains([]int{200, 204, 400, 404}, status) {
		return ""
	}
	switch c.sw.RateHeader {
	case "":
		return strconv.FormatFloat(s.planOf(c.plan()).PerSecond, 'f', -1, 64)
	case "off":
		return ""
	}
	return c.sw.RateHeader
}
