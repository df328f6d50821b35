package ordersync_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ordersync"
)

// paced is a seller whose orders are polled while back work is owed all the time,
// both paid from one bucket, a few seconds at a time.
type paced struct {
	plan    ordersync.Plan
	density float64 // pages of orders a second
	pause   time.Duration
	owed    bool

	budget      ordersync.Budget
	now, cursor time.Time
	due, begun  time.Time
	pages, open int // of the window under way
	polls       []polled
	back        int // calls
}

// polled is one live window.
type polled struct {
	begun time.Time
	pages int
}

func newPaced(load float64, pause time.Duration) *paced {
	p := &paced{plan: searchPlan, density: load * searchPlan.Rate, pause: pause, owed: true, now: start, cursor: start.Add(-pause), due: start}
	p.budget = ordersync.NewBudget(p.plan, start)
	return p
}

const (
	pacedOverlap = 5 * time.Minute
	tact         = 5 * time.Second
)

func (p *paced) run(lasts time.Duration) {
	for end := p.now.Add(lasts); p.now.Before(end); p.now = p.now.Add(tact) {
		if p.open == 0 && !p.now.Before(p.due) {
			width := p.now.Add(-ordersync.Delay).Sub(p.cursor.Add(-pacedOverlap))
			p.begun, p.pages = p.now, max(1, int(math.Ceil(width.Seconds()*p.density)))
			p.open = p.pages
			p.polls = append(p.polls, polled{p.now, p.pages})
		}
		for p.open > 0 && p.take(0) {
			if p.open--; p.open == 0 {
				p.cursor = p.begun.Add(-ordersync.Delay)
				p.due = ordersync.Poll{Begun: p.begun, Ended: p.now, Pages: p.pages, Pause: p.pause, Owed: p.owed}.Next(p.budget)
			}
		}
		for p.open == 0 && p.owed && p.take(p.plan.Burst/2) {
			p.back++
		}
	}
}

func (p *paced) take(reserve float64) bool {
	after, wait := p.budget.TakeAbove(p.now, reserve)
	p.budget = after
	return wait == 0
}

// While back work is owed it gets a third of what drips, or two tokens a poll
// where polls are long; from one poll to the next no more time passes than the
// pause, or than both their tokens need; and live work keeps up whatever the
// seller sells.
func TestPaceLetsLiveAndBackWorkGetOn(t *testing.T) {
	for _, interval := range []time.Duration{10 * time.Second, 5 * time.Minute, time.Hour} {
		for _, load := range []float64{0, 0.1, 0.25, 0.4, 0.6, 0.8, 0.9} {
			t.Run(fmt.Sprint(interval, " ", load), func(t *testing.T) {
				p := newPaced(load, interval*105/100)
				p.run(24 * time.Hour) // the full bucket and the first windows are behind
				begun, polls, back := p.now, len(p.polls), p.back
				p.run(48 * time.Hour)
				token := time.Duration(float64(time.Second) / p.plan.Rate)
				drip := p.now.Sub(begun).Seconds() * p.plan.Rate
				fair := 0.0
				for i, poll := range p.polls[polls:] {
					cost := float64(poll.pages)
					extra := min(cost/2, 2)
					fair += extra
					reading := time.Duration(max(cost-p.plan.Burst/2, 0) * float64(token))
					bound := max(reading+p.pause, time.Duration((cost+extra)*float64(token))) + 2*tact
					if i+polls+1 < len(p.polls) {
						if gap := p.polls[i+polls+1].begun.Sub(poll.begun); gap > bound {
							t.Fatalf("%s between two polls, the first of %d pages; at most %s", gap, poll.pages, bound)
						}
					}
				}
				got := float64(p.back - back)
				if want := min(fair, drip/3) - 12; got < want {
					t.Errorf("back work got %.0f of %.0f tokens, want %.0f; live work polled %d times", got, drip, want, len(p.polls)-polls)
				}
				// A window costs what was ordered since the one before, a page that is
				// not full, and what it leaves.
				width := (load*pacedOverlap.Seconds()*p.plan.Rate + 1 + 2) * float64(token)
				keptUp := time.Duration((width+float64(p.pause))/(1-load)) + ordersync.Delay
				if lag := p.now.Sub(p.cursor); lag > 2*keptUp {
					t.Errorf("live work is %s behind, want %s", lag, keptUp)
				}
			})
		}
	}
}

// With history covered nobody waits: a quiet seller is asked at most 288 times a
// day.
func TestPaceOfAnIdleSeller(t *testing.T) {
	p := newPaced(0, 5*time.Minute)
	p.owed = false
	p.run(24 * time.Hour)
	if n := len(p.polls); n != 288 {
		t.Errorf("%d polls a day", n)
	}
}

// Whatever the bucket holds: the next poll comes after the pause, when the bucket
// can pay for it, and as soon as both are so; for back work it waits no longer than
// the tokens of both take to drip.
func TestNextPollIsPaidForAndNotLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ordersync.NewBudget(searchPlan, start)
		b.Tokens = rapid.Float64Range(0, searchPlan.Burst-0.05).Draw(t, "tokens")
		b.Rate = searchPlan.Rate * rapid.Float64Range(0.1, 8).Draw(t, "rate")
		p := ordersync.Poll{
			Begun: start.Add(-time.Duration(rapid.IntRange(0, 3600).Draw(t, "took")) * time.Second), Ended: start,
			Pages: rapid.IntRange(0, 60).Draw(t, "pages"), Pause: time.Duration(rapid.IntRange(1, 86_400).Draw(t, "pause")) * time.Second,
		}
		pages := float64(max(p.Pages, 1))
		payable := min(pages, searchPlan.Burst-1)
		due := p.Next(b)
		if due.Before(p.Ended.Add(p.Pause)) {
			t.Fatalf("due %v before the pause is over", p.Ended.Add(p.Pause).Sub(due))
		}
		if have := b.Refilled(due).Tokens; have < payable-1e-6 {
			t.Fatalf("due with %v tokens for %v pages", have, pages)
		}
		if earlier := due.Add(-time.Millisecond); earlier.After(p.Ended.Add(p.Pause)) && b.Refilled(earlier).Tokens > payable+1e-6 {
			t.Fatalf("due at %v, and a millisecond before there are %v tokens for %v pages", due, b.Refilled(earlier).Tokens, pages)
		}
		p.Owed = true
		drip := func(tokens float64) time.Duration { return time.Duration(tokens / b.Rate * float64(time.Second)) }
		latest := p.Ended.Add(max(p.Pause, drip(payable)+time.Millisecond))
		if fair := p.Begun.Add(drip(pages + 2)); fair.After(latest) {
			latest = fair
		}
		if owed := p.Next(b); owed.Before(p.Ended.Add(p.Pause)) || owed.After(latest) {
			t.Fatalf("with back work owed it is due after %v, between %v and %v", owed.Sub(p.Ended), p.Pause, latest.Sub(p.Ended))
		}
	})
}
