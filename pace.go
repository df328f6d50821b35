package ordersync

import "time"

// Poll is a live window that was read, as far as it decides when the next one is.
type Poll struct {
	Begun, Ended time.Time
	// Pages is how many the next window is expected to have.
	Pages int
	// Pause is what lies between two windows: the interval and its jitter.
	Pause time.Duration
	// Owed tells that back work has something to read now.
	Owed bool
}

// owedMost is how many tokens a poll leaves to back work at most: what a very
// busy seller's live work waits for them must have an end.
const owedMost = 2

// Next is when live work is due again, with the budget as it stands at Ended:
// after the pause, and not before the budget can pay for the expected pages.
//
// While back work is owed and the bucket is too low for it, live work also leaves
// it half as many tokens as it takes itself, at most two: from the beginning of
// one window to that of the next as much drips as both need. So back work gets a
// third of what drips, or two tokens a poll where polls have more than four pages,
// and no poll waits longer for it than two tokens take to drip.
func (p Poll) Next(b Budget) time.Time {
	due := p.Ended.Add(p.Pause)
	pages, half := float64(max(p.Pages, 1)), b.Plan.Burst/2
	expected := min(pages, b.Plan.Burst-1)
	if p.Owed {
		// Back work takes what is above half the burst: waiting for it is in vain.
		expected = min(pages, half)
	}
	if _, wait := b.TakeAbove(p.Ended, expected-1); p.Ended.Add(wait).After(due) {
		due = p.Ended.Add(wait)
	}
	if !p.Owed || b.Refilled(due).Tokens >= half+1+expected {
		return due
	}
	both := pages + min(pages/2, owedMost)
	if fair := p.Begun.Add(time.Duration(both / b.Rate * float64(time.Second))); fair.After(due) {
		return fair
	}
	return due
}
