package store_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// plan is the usage plan of the tests' searches.
var plan = ordersync.PublishedPlans[ordersync.SearchOrders]

func bucket(seller string) store.BudgetKey {
	return store.BudgetKey{ClientID: "client", Region: ordersync.RegionEU, Seller: seller, Operation: ordersync.SearchOrders}
}

// take takes a token that must be there.
func (d *database) take(l *store.Lease, k store.BudgetKey) {
	d.t.Helper()
	wait, err := d.TakeToken(d.ctx, l, store.TokenRequest{Key: k, Plan: plan})
	d.must(err)
	if wait != 0 {
		d.t.Fatalf("no token in %v for %v", k, wait)
	}
}

// drain takes tokens until there are none, and tells how many and how long
// until the next.
func (d *database) drain(l *store.Lease, r store.TokenRequest) (taken int, wait time.Duration) {
	d.t.Helper()
	for {
		wait, err := d.TakeToken(d.ctx, l, r)
		d.must(err)
		if wait > 0 {
			return taken, wait
		}
		if taken++; taken > 100 {
			d.t.Fatalf("there is no end to the tokens of %v", r.Key)
		}
	}
}

// bucket reads a bucket and how many calls it paid for.
func (d *database) bucket(k store.BudgetKey) (ordersync.Budget, int64) {
	d.t.Helper()
	b, calls, _, ok, err := d.Reader().Budget(d.ctx, k)
	d.must(err)
	if !ok {
		d.t.Fatalf("there is no bucket %v", k)
	}
	return b, calls
}

// learn commits what an answer said of a bucket.
func (d *database) learn(l *store.Lease, v store.Learned) ordersync.Budget {
	d.t.Helper()
	if v.Plan == (ordersync.Plan{}) {
		v.Plan = plan
	}
	d.commit(l, store.Commit{Learned: &v})
	b, _ := d.bucket(v.Key)
	return b
}

func TestNewBucketIsFullAndThenRefills(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, r := d.connected("acme", "S1"), store.TokenRequest{Key: bucket("S1"), Plan: plan}
		taken, wait := d.drain(l, r)
		equal(t, "tokens of a full bucket", taken, 19) // 20 less the margin
		d.clock.add(wait - time.Millisecond)
		if taken, _ := d.drain(l, r); taken != 0 {
			t.Errorf("a token came before its time")
		}
		d.clock.add(time.Millisecond)
		if taken, _ := d.drain(l, r); taken != 1 {
			t.Errorf("after %v there are %d tokens, want 1", wait, taken)
		}
		d.clock.add(-time.Hour) // time that runs backwards counts as none
		if taken, _ := d.drain(l, r); taken != 0 {
			t.Errorf("a token came out of time that ran backwards")
		}
		d.clock.add(24 * time.Hour)
		if taken, _ := d.drain(l, r); taken != 19 {
			t.Errorf("after a day there are %d tokens, want 19", taken)
		}
	})
}

func TestWithoutATokenNothingIsTakenAndNoWalkStored(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, r := d.connected("acme", "S1"), store.TokenRequest{Key: bucket("S1"), Plan: plan, Open: &ordersync.Walk{Kind: ordersync.Live}}
		d.drain(l, store.TokenRequest{Key: bucket("S1"), Plan: plan})
		before, calls := d.bucket(bucket("S1"))
		if wait, err := d.TakeToken(d.ctx, l, r); err != nil || wait <= 0 {
			t.Fatalf("the wait is %v, %v", wait, err)
		}
		after, callsAfter := d.bucket(bucket("S1"))
		equal(t, "bucket", after, before)
		equal(t, "calls", callsAfter, calls)
		equal(t, "walks", d.number(`SELECT COUNT(*) FROM walks`), int64(0))

		d.clock.add(time.Hour)
		if wait, err := d.TakeToken(d.ctx, l, r); err != nil || wait != 0 {
			t.Fatalf("the wait is %v, %v", wait, err)
		}
		equal(t, "walks", d.number(`SELECT COUNT(*) FROM walks`), int64(1))
	})
}

func TestReserveStaysForOthers(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		taken, _ := d.drain(l, store.TokenRequest{Key: bucket("S1"), Plan: plan, Reserve: 10})
		equal(t, "tokens above the reserve", taken, 9)
		taken, _ = d.drain(l, store.TokenRequest{Key: bucket("S1"), Plan: plan})
		equal(t, "tokens of the reserve", taken, 10)
	})
}

func TestConnectionsOfOneSellerShareItsBucket(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		mine, theirs, stranger := d.connected("acme", "S1"), d.connected("globex", "S1"), d.connected("acme", "S2")
		key := func(l *store.Lease) store.TokenRequest {
			return store.TokenRequest{Key: bucket(store.SellerKey(l.Connection)), Plan: plan}
		}
		d.take(mine, key(mine).Key)
		taken, _ := d.drain(theirs, key(theirs))
		equal(t, "tokens of the same seller", taken, 18)
		taken, _ = d.drain(stranger, key(stranger))
		equal(t, "tokens of another seller", taken, 19)

		for name, other := range map[string]func(*store.BudgetKey){
			"application": func(k *store.BudgetKey) { k.ClientID = "other" },
			"region":      func(k *store.BudgetKey) { k.Region = ordersync.RegionNA },
			"operation":   func(k *store.BudgetKey) { k.Operation = ordersync.GetOrder },
		} {
			r := key(mine)
			other(&r.Key)
			if taken, _ := d.drain(mine, r); taken != 19 {
				t.Errorf("another %s has %d tokens, want 19", name, taken)
			}
		}
	})
}

func TestUnknownSellersShareNothing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		mine, theirs := d.connected("acme", ""), d.connected("globex", "")
		for _, l := range []*store.Lease{mine, theirs} {
			if taken, _ := d.drain(l, store.TokenRequest{Key: bucket(store.SellerKey(l.Connection)), Plan: plan}); taken != 19 {
				t.Errorf("connection %d has %d tokens, want 19", l.Connection.ID, taken)
			}
		}
	})
}

func TestBucketSurvivesReopening(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		url := storetest.New(t, kind)
		d := open(t, kind, url)
		l := d.connected("acme", "S1")
		d.take(l, bucket("S1"))
		d.learn(l, store.Learned{Key: bucket("S1"), Rate: 0.001})
		before, _ := d.bucket(bucket("S1"))
		after, _ := open(t, kind, url).bucket(bucket("S1"))
		equal(t, "bucket", after, before)
		equal(t, "rate", after.Rate, 0.001)
	})
}

func TestRateHeaders(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		refill := 3572 * time.Second // 20 tokens at 0.0056 a second
		l := d.connected("acme", "S1")
		d.take(l, bucket("S1"))
		for _, test := range []struct {
			name  string
			after time.Duration
			said  store.Learned
			want  float64
		}{
			{"a lower rate at once", 0, store.Learned{Rate: 0.002}, 0.002},
			{"never below a tenth", 0, store.Learned{Rate: 0.000001}, 0.00056},
			{"none changes nothing", 0, store.Learned{}, 0.00056},
			{"an unusable one changes nothing", 0, store.Learned{BadRate: "abc"}, 0.00056},
			{"a negative one changes nothing", 0, store.Learned{Rate: -1}, 0.00056},
			{"no number changes nothing", 0, store.Learned{Rate: math.NaN()}, 0.00056},
			{"back at once", 0, store.Learned{Rate: 0.0056}, 0.0056},
			{"a higher one not at once", time.Second, store.Learned{Rate: 1}, 0.0056},
			{"a higher one after a full refill at most doubles", refill, store.Learned{Rate: 1}, 0.0112},
			{"not again before the next", time.Second, store.Learned{Rate: 1}, 0.0112},
			{"a 429 halves the excess", refill, store.Learned{Throttled: true}, 0.0084},
			{"no higher one soon after a 429", refill / 3, store.Learned{Rate: 1}, 0.0084},
		} {
			d.clock.add(test.after)
			test.said.Key = bucket("S1")
			b := d.learn(l, test.said)
			if math.Abs(b.Rate-test.want) > 1e-12 {
				t.Errorf("%s: the rate is %v, want %v", test.name, b.Rate, test.want)
			}
		}
		equal(t, "the unusable header", d.text(`SELECT bad_rate FROM budgets`), "abc")
		equal(t, "throttled", d.number(`SELECT throttled FROM budgets`), int64(1))
	})
}

func TestThrottlingEmptiesTheBucket(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.take(l, bucket("S1"))
		b := d.learn(l, store.Learned{Key: bucket("S1"), Throttled: true})
		equal(t, "tokens", b.Tokens, 0.0)
		_, wait := d.drain(l, store.TokenRequest{Key: bucket("S1"), Plan: plan})
		equal(t, "wait", wait, 178572*time.Millisecond) // 1 token at 0.0056 a second
	})
}

func TestFurtherCallsAreCharged(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.take(l, bucket("S1"))
		b := d.learn(l, store.Learned{Key: bucket("S1"), Calls: 3})
		equal(t, "tokens", b.Tokens, 16.95)
		b = d.learn(l, store.Learned{Key: bucket("S1"), Calls: 1})
		equal(t, "tokens after one that was paid", b.Tokens, 16.95)
		b = d.learn(l, store.Learned{Key: bucket("S1"), Calls: 21})
		if b.Tokens >= 0 {
			t.Errorf("calls on credit leave %v tokens", b.Tokens)
		}
		_, calls := d.bucket(bucket("S1"))
		equal(t, "calls", calls, int64(23))
	})
}

// A changed plan keeps what was learned in proportion.
func TestChangedPlanScalesTheRate(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		d.take(l, bucket("S1"))
		d.learn(l, store.Learned{Key: bucket("S1"), Rate: 0.0028})
		d.clock.add(time.Second)
		r := store.TokenRequest{Key: bucket("S1"), Plan: plan.Scaled(10)}
		_, err := d.TakeToken(d.ctx, l, r)
		d.must(err)
		b, _ := d.bucket(bucket("S1"))
		equal(t, "plan", b.Plan, plan.Scaled(10))
		if math.Abs(b.Rate-0.028) > 1e-12 {
			t.Errorf("the rate is %v, want 0.028", b.Rate)
		}
		r.Plan.Burst = 5
		d.clock.add(time.Second)
		taken, _ := d.drain(l, r)
		equal(t, "tokens of a smaller bucket", taken, 4)
	})
}

// Whatever two connections of one seller do, Amazon never sees more calls than
// its own bucket would have let pass.
func TestBudgetIsNeverOverdrawn(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for seed := range uint64(6) {
			random := rand.New(rand.NewPCG(seed, 0))
			seller := "S" + strconv.FormatUint(seed, 10)
			leases := []*store.Lease{d.connected("acme", seller), d.connected("globex", seller)}
			p := ordersync.Plan{Rate: 0.01 + random.Float64(), Burst: float64(2 + random.IntN(5))}
			amazon, at, taken := p.Burst, d.clock.Now(), 0
			for range 30 {
				d.clock.add(time.Duration(random.Int64N(int64(3 * time.Second))))
				r := store.TokenRequest{Key: bucket(seller), Plan: p, Reserve: p.Burst / 2 * float64(random.IntN(2))}
				wait, err := d.TakeToken(d.ctx, leases[random.IntN(2)], r)
				d.must(err)
				now := d.clock.Now()
				amazon = math.Min(p.Burst, amazon+now.Sub(at).Seconds()*p.Rate)
				if at = now; wait > 0 {
					continue
				}
				taken++
				if amazon--; amazon < 0 {
					t.Fatalf("seed %d: Amazon's bucket would hold %v tokens after %d calls", seed, amazon, taken)
				}
			}
			if taken == 0 {
				t.Errorf("seed %d: no token was ever given", seed)
			}
		}
	})
}
