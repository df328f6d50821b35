package ordersync_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ordersync"
)

// start is when virtual time begins.
var start = time.Date(2026, 1, 12, 10, 0, 0, 0, time.UTC)

var searchPlan = ordersync.PublishedPlans[ordersync.SearchOrders]

// near tells whether two amounts of tokens or rates are the same but for
// rounding.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestBudgetBeginsFullLessTheMargin(t *testing.T) {
	b := ordersync.NewBudget(searchPlan, start)
	for i := range 19 {
		var wait time.Duration
		if b, wait = b.Take(start); wait != 0 {
			t.Fatalf("token %d of a full bucket of 20 less 0.05 waits %v", i+1, wait)
		}
	}
	after, wait := b.Take(start)
	if want := time.Duration(math.Ceil(0.05/0.0056*1000)) * time.Millisecond; wait != want {
		t.Errorf("token 20 waits %v, want %v", wait, want)
	}
	if after != b {
		t.Errorf("a refused token was taken: %+v, was %+v", after, b)
	}
	if _, again := after.Take(start.Add(wait)); again != 0 {
		t.Errorf("after the wait it named it waits another %v", again)
	}
}

// Whatever the times and the order of calls: in any span of time no more tokens
// are granted than the bucket held and gained, and time that runs backwards
// gains nothing.
func TestBudgetNeverGrantsMoreThanItGained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := ordersync.Plan{
			Rate:  rapid.Float64Range(0.0005, 20).Draw(t, "rate"),
			Burst: float64(rapid.IntRange(2, 40).Draw(t, "burst")),
		}
		b := ordersync.NewBudget(plan, start)
		now, latest := start, start
		granted := 0.0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "pass")))
			if now.After(latest) {
				latest = now
			}
			reserve := float64(rapid.IntRange(0, int(plan.Burst)-2).Draw(t, "reserve"))
			before := b.Refilled(now)
			var wait time.Duration
			b, wait = b.TakeAbove(now, reserve)
			if wait == 0 {
				granted++
				if b.Tokens < reserve-1e-6 {
					t.Fatalf("%v tokens are left, %v must be", b.Tokens, reserve)
				}
			} else if b != before {
				t.Fatalf("a refused token changed %+v to %+v", before, b)
			}
			if bound := plan.Burst - 0.05 + plan.Rate*latest.Sub(start).Seconds(); granted > bound+1e-6 {
				t.Fatalf("%v tokens granted, at most %v exist", granted, bound)
			}
		}
	})
}

// amazonBucket is Amazon's own bucket: exact, without our margin.
type amazonBucket struct {
	plan   ordersync.Plan
	tokens float64
	at     time.Time
}

func (b *amazonBucket) take(now time.Time) bool {
	b.tokens = math.Min(b.plan.Burst, b.tokens+now.Sub(b.at).Seconds()*b.plan.Rate)
	b.at = now
	b.tokens--
	return b.tokens > -1e-6
}

// Whatever the calls: Amazon's bucket, fed with the same calls, is never overdrawn,
// and ours never holds more than its burst less the margin, nor less than nothing.
// Where some processes' clocks lag, it is overdrawn by what drips meanwhile and no
// more, however often: of a call that they make from a full bucket nobody knows
// when it began to drip again.
func TestAmazonsBucketIsNeverOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := ordersync.Plan{Rate: rapid.Float64Range(0.0005, 20).Draw(t, "rate"), Burst: float64(rapid.IntRange(2, 40).Draw(t, "burst"))}
		fill := time.Duration(plan.Burst / plan.Rate * float64(time.Second))
		lags := time.Duration(rapid.SampledFrom([]int64{0, 0, int64(time.Millisecond), int64(fill) / 2}).Draw(t, "lags"))
		amazon := amazonBucket{plan, plan.Burst + math.Max(0, lags.Seconds()*plan.Rate-0.05), start}
		amazon.plan.Burst = amazon.tokens
		b, now := ordersync.NewBudget(plan, start), start
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(fill)/4).Draw(t, "pass")))
			lag := rapid.SampledFrom([]time.Duration{0, 0, lags}).Draw(t, "lag")
			after, wait := b.Take(now.Add(-lag))
			if b = after; wait == 0 && !amazon.take(now) {
				t.Fatalf("a token was given, and Amazon's bucket holds %v", amazon.tokens+1)
			}
			if b.Tokens < -1e-9 || b.Tokens > plan.Burst-0.05+1e-9 {
				t.Fatalf("the bucket holds %v of %v", b.Tokens, plan.Burst)
			}
			if rapid.IntRange(0, 20).Draw(t, "429") == 0 {
				b = b.Throttled(now.Add(-lag))
			}
		}
	})
}

// Whatever rates Amazon names and however often: the rate in force lies between a
// tenth of the published one and what it named, grows at most twofold and only
// once in the time in which the bucket fills, and learning gives no token.
func TestLearnedRateStaysWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now, changed := ordersync.NewBudget(searchPlan, start), start, start
		fill := time.Duration(searchPlan.Burst / searchPlan.Rate * float64(time.Second))
		highest := searchPlan.Rate
		for range rapid.IntRange(1, 60).Draw(t, "answers") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(fill)).Draw(t, "pass")))
			header := rapid.OneOf(rapid.Float64Range(0, 0.1), rapid.Float64Range(0, 1e9), rapid.Just(searchPlan.Rate)).Draw(t, "header")
			highest = math.Max(highest, header)
			before := b.Refilled(now)
			if rapid.IntRange(0, 9).Draw(t, "429") == 0 {
				b = b.Throttled(now)
				changed = now
				if b.Tokens > 0 || b.Rate > before.Rate || before.Rate > searchPlan.Rate && b.Rate < searchPlan.Rate {
					t.Fatalf("throttled at %v it is %+v", before.Rate, b)
				}
				continue
			}
			after, learned := b.Learn(header, now, changed)
			switch {
			case after.Rate < searchPlan.Rate/10-1e-12, after.Rate > highest+1e-12, after.Tokens != before.Tokens && header > 0:
				t.Fatalf("told %v, %+v becomes %+v", header, before, after)
			case after.Rate > math.Max(before.Rate, searchPlan.Rate)+1e-12 && (after.Rate > 2*before.Rate+1e-12 || now.Sub(changed) < fill-time.Microsecond):
				t.Fatalf("told %v after %v, it goes from %v to %v", header, now.Sub(changed), before.Rate, after.Rate)
			case header > 0 && header <= searchPlan.Rate && !near(after.Rate, math.Max(header, searchPlan.Rate/10)):
				t.Fatalf("told %v it is %v", header, after.Rate)
			}
			if b = after; learned {
				changed = now
			}
		}
	})
}

// The budget is used, too: the wait that is named is enough, and a millisecond
// less than it is not.
func TestBudgetWaitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ordersync.NewBudget(searchPlan, start)
		b.Tokens = rapid.Float64Range(0, 19.95).Draw(t, "tokens")
		b.Rate = rapid.Float64Range(0.00056, 20).Draw(t, "rate")
		reserve := rapid.Float64Range(0, 10).Draw(t, "reserve")
		_, wait := b.TakeAbove(start, reserve)
		if wait == 0 {
			return
		}
		if _, more := b.TakeAbove(start.Add(wait), reserve); more > 0 {
			t.Fatalf("after %v it waits another %v", wait, more)
		}
		earlier := start.Add(wait - time.Millisecond)
		short := 1 + reserve - b.Refilled(earlier).Tokens // rounding apart
		if _, more := b.TakeAbove(earlier, reserve); more == 0 && short > 1e-6 || more > 2*time.Millisecond {
			t.Fatalf("it names %v; a millisecond before, %v are lacking, and it waits another %v", wait, short, more)
		}
	})
}

func TestBudgetRefill(t *testing.T) {
	empty := ordersync.Budget{Plan: searchPlan, Rate: searchPlan.Rate, At: start}
	for _, test := range []struct {
		name string
		pass time.Duration
		want float64
		at   time.Time
	}{
		{"no time", 0, 0, start},
		{"a minute", time.Minute, 0.336, start.Add(time.Minute)},
		{"half full", 30 * time.Minute, 10.08, start.Add(30 * time.Minute)},
		{"never over the margin", 100 * time.Hour, 19.95, start.Add(100 * time.Hour)},
		{"backwards", -time.Hour, 0, start},
		{"backwards, far", -1000 * time.Hour, 0, start},
	} {
		got := empty.Refilled(start.Add(test.pass))
		if !near(got.Tokens, test.want) || !got.At.Equal(test.at) {
			t.Errorf("%s: %v tokens at %v, want %v at %v", test.name, got.Tokens, got.At, test.want, test.at)
		}
	}
}

func TestBudgetLearns(t *testing.T) {
	const rate = 0.0056
	const refill = 3572 * time.Second // 20 tokens at this rate
	for _, test := range []struct {
		name    string
		inForce float64
		header  float64
		since   time.Duration // the last change
		want    float64
	}{
		{"the same", rate, rate, time.Hour, rate},
		{"lower, at once", rate, rate / 2, 0, rate / 2},
		{"far lower: a tenth of the published", rate, rate / 1000, 0, rate / 10},
		{"lower again, at the floor", rate / 10, rate / 1000, 0, rate / 10},
		{"back to the published, at once", rate / 10, rate, 0, rate},
		{"part of the way back, at once", rate / 10, rate / 2, 0, rate / 2},
		{"above the published, from below: back at once", rate / 10, 3 * rate, 0, rate},
		{"higher, too soon", rate, 1.5 * rate, refill / 2, rate},
		{"higher, after a refill", rate, 1.5 * rate, 2 * refill, 1.5 * rate},
		{"far higher: twice", rate, 1000 * rate, 2 * refill, 2 * rate},
		{"twice more: the bucket fills faster now", 2 * rate, 1000 * rate, refill, 4 * rate},
		{"down from a learned one", 4 * rate, 2 * rate, 0, 2 * rate},
		{"down from a learned one to the published", 4 * rate, rate, 0, rate},
		{"zero", rate, 0, time.Hour, rate},
		{"negative", rate, -1, time.Hour, rate},
		{"no number", rate, math.NaN(), time.Hour, rate},
		{"infinite", rate, math.Inf(1), 1000 * time.Hour, rate},
		{"clock ran backwards", rate, 2 * rate, -time.Hour, rate},
	} {
		b := ordersync.Budget{Plan: searchPlan, Rate: test.inForce, Tokens: 3, At: start}
		got, changed := b.Learn(test.header, start, start.Add(-test.since))
		if !near(got.Rate, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got.Rate, test.want)
		}
		if changed != (got.Rate != test.inForce) {
			t.Errorf("%s: changed is %v, rate went from %v to %v", test.name, changed, test.inForce, got.Rate)
		}
		if got.Tokens != 3 {
			t.Errorf("%s: learning left %v tokens of 3", test.name, got.Tokens)
		}
	}
}

// What was gained before a rate was learned was gained at the old rate.
func TestBudgetLearnsFromNowOn(t *testing.T) {
	b := ordersync.Budget{Plan: searchPlan, Rate: searchPlan.Rate, At: start}
	b, _ = b.Learn(searchPlan.Rate/10, start.Add(1000*time.Second), start)
	if !near(b.Tokens, 5.6) {
		t.Errorf("%v tokens after 1000 s at the published rate, want 5.6", b.Tokens)
	}
	if b = b.Refilled(start.Add(2000 * time.Second)); !near(b.Tokens, 6.16) {
		t.Errorf("%v tokens after 1000 s more at a tenth, want 6.16", b.Tokens)
	}
}

func TestBudgetThrottled(t *testing.T) {
	rate := searchPlan.Rate
	for _, test := range []struct {
		name                string
		inForce, tokens     float64
		wantRate, wantToken float64
	}{
		{"published", rate, 12, rate, 0},
		{"lowered: stays", rate / 4, 12, rate / 4, 0},
		{"learned: the excess is halved", 3 * rate, 12, 2 * rate, 0},
		{"in debt: stays in debt", rate, -2, rate, -2},
	} {
		b := ordersync.Budget{Plan: searchPlan, Rate: test.inForce, Tokens: test.tokens, At: start}
		got := b.Throttled(start)
		if !near(got.Rate, test.wantRate) || !near(got.Tokens, test.wantToken) {
			t.Errorf("%s: rate %v with %v tokens, want %v with %v", test.name, got.Rate, got.Tokens, test.wantRate, test.wantToken)
		}
		if _, wait := got.Take(start); wait < time.Second {
			t.Errorf("%s: the next call may go out after %v", test.name, wait)
		}
	}
}

func TestPublishedPlans(t *testing.T) {
	for op, want := range map[ordersync.Operation]ordersync.Plan{
		ordersync.SearchOrders:    {Rate: 0.0056, Burst: 20},
		ordersync.GetOrder:        {Rate: 0.5, Burst: 30},
		ordersync.GetMarketplaces: {Rate: 0.016, Burst: 15},
	} {
		if got := ordersync.PublishedPlans[op]; got != want {
			t.Errorf("%s: %+v, want %+v", op, got, want)
		}
		if got := want.Scaled(100); got.Burst != want.Burst || !near(got.Rate, 100*want.Rate) {
			t.Errorf("%s scaled by 100: %+v", op, got)
		}
	}
}
