package ordersync

import (
	"slices"
	"time"
)

// Purpose says why back work reads what it reads.
type Purpose string

// The purposes of back work.
const (
	Gap           Purpose = "gap"            // history that is wanted and was never read
	SecondReading Purpose = "second reading" // a window of several pages, read again for what fell between two pages
	Sweep         Purpose = "sweep"          // recent coverage, read again for orders that surfaced late
)

// The rules of back work.
const (
	// DoubtPeriod is how long after the first reading of a window of several
	// pages the second may begin.
	DoubtPeriod = time.Hour
	// SweepReach is how far a sweep reaches back behind the start of the last
	// complete one, FirstSweepReach how far the first reaches behind now.
	SweepReach      = 25 * time.Hour
	FirstSweepReach = 50 * time.Hour
	// SweepShare is which of the back calls is the sweep's while other back
	// work waits: every fourth.
	SweepShare = 4
	// freshDoubt is how recent a doubtful window must be to be read again
	// before history is read for the first time.
	freshDoubt = 7 * 24 * time.Hour
	// swallowed is how near to Amazon's limit history is read oldest first.
	swallowed = 14 * 24 * time.Hour
)

// Doubt is a span that was read once, in several pages, and must be read again:
// an order that moved while the pages were read may have been on none.
type Doubt struct {
	Window
	ReadAt time.Time // when the reading began
}

// Reading is what of one marketplace has been read.
type Reading struct {
	Walked    Spans   // read to the last page
	Confirmed Spans   // read without doubt
	Doubts    []Doubt // walked and not confirmed; sorted, none overlapping
}

// Read adds a complete reading of a window that began at begun. A window of one
// page is without doubt. One of several pages confirms what an earlier reading,
// begun at least DoubtPeriod before, has read too; the rest stays in doubt.
func (r Reading) Read(w Window, begun time.Time, onePage bool) Reading {
	r.Walked = r.Walked.Add(w)
	var kept []Doubt
	sure := Spans{}
	for _, d := range r.Doubts {
		both, ok := d.intersect(w)
		switch {
		case !ok, !onePage && begun.Sub(d.ReadAt) < DoubtPeriod:
			kept = append(kept, d)
			continue
		}
		sure = sure.Add(both)
		for _, rest := range (Spans{both}).Missing(d.Window) {
			kept = append(kept, Doubt{rest, d.ReadAt})
		}
	}
	if onePage {
		sure = Spans{w}
	}
	for _, s := range sure {
		r.Confirmed = r.Confirmed.Add(s)
	}
	known := r.Confirmed
	for _, d := range kept {
		known = known.Add(d.Window)
	}
	for _, fresh := range known.Missing(w) {
		kept = append(kept, Doubt{fresh, begun})
	}
	slices.SortFunc(kept, func(a, b Doubt) int { return a.From.Compare(b.From) })
	r.Doubts = kept
	return r
}

// Forget takes a window away: it is to be read again, as if it never was. The
// instants at its ends stay, since windows share them.
func (r Reading) Forget(w Window) Reading {
	out := Reading{Walked: r.Walked.without(w), Confirmed: r.Confirmed.without(w)}
	for _, d := range r.Doubts {
		for _, rest := range (Spans{w}).Missing(d.Window) {
			out.Doubts = append(out.Doubts, Doubt{rest, d.ReadAt})
		}
	}
	return out
}

// without is the set less a window.
func (s Spans) without(w Window) (out Spans) {
	for _, span := range s {
		out = append(out, Spans{w}.Missing(span)...)
	}
	return out
}

// intersect is what two windows share; false when that is no more than an
// instant.
func (w Window) intersect(o Window) (Window, bool) {
	if o.From.After(w.From) {
		w.From = o.From
	}
	if o.To.Before(w.To) {
		w.To = o.To
	}
	return w, w.From.Before(w.To)
}

// SweepState is how far the sweeps of a connection are.
type SweepState struct {
	Every    time.Duration // between two sweeps; 0: none
	LastAt   time.Time     // start of the last complete sweep; zero: none yet
	BegunAt  time.Time     // of the one under way; zero: none is
	NextFrom time.Time     // where the one under way goes on
}

// DueAt is when the next sweep begins; the zero time: at once.
func (s SweepState) DueAt() time.Time {
	if !s.BegunAt.IsZero() || s.LastAt.IsZero() {
		return time.Time{}
	}
	return s.LastAt.Add(s.Every)
}

// BackState is everything that decides what back work a connection has.
type BackState struct {
	Now          time.Time // Amazon's clock
	Cursor       time.Time // live coverage ends here; zero: nothing to do yet
	Since        time.Time // history is wanted from here on
	Marketplaces []string
	Readings     map[string]Reading // by marketplace
	Width        time.Duration      // the next window may be this wide
	Sweep        SweepState
	// Shunned are windows that could not be read however small; each is tried
	// again at its time, and other gaps come first until then.
	Shunned []Shunned
	// Calls and SweepCalls count the calls of back work, so that the sweep gets
	// its share.
	Calls, SweepCalls int64
}

// Shunned is a window that cannot be read, and when it is tried again.
type Shunned struct {
	Window
	Until time.Time
}

// BackWork is the next window that back work reads.
type BackWork struct {
	Purpose      Purpose
	Window       Window
	Marketplaces []string
}

// NextBackWork chooses the next back work. Without any, at is when there will be
// some, should nothing else happen; zero: never.
func NextBackWork(s BackState) (work BackWork, ok bool, at time.Time) {
	if s.Cursor.IsZero() || len(s.Marketplaces) == 0 {
		return BackWork{}, false, time.Time{}
	}
	gap, hasGap := s.nextGap()
	second, hasSecond, secondAt := s.nextSecond()
	sweep, hasSweep, sweepAt := s.nextSweep()
	others := hasGap || hasSecond
	switch {
	case hasSweep && (!others || s.SweepCalls*SweepShare <= s.Calls):
		return sweep, true, time.Time{}
	case hasSecond && (!hasGap || s.Now.Sub(second.Window.To) < freshDoubt && !s.historysTurn()):
		return second, true, time.Time{}
	case hasGap:
		return gap, true, time.Time{}
	}
	at = earliest(secondAt, sweepAt)
	if shown := s.Cursor.Add(Delay); s.Now.Before(shown) {
		at = earliest(at, shown) // what lies before such a cursor is history by then
	}
	for _, shunned := range s.Shunned {
		if s.Now.Before(shunned.Until) {
			at = earliest(at, shunned.Until)
		}
	}
	return BackWork{}, false, at
}

// historysTurn tells whether history goes before second readings: every other
// hour. A busy seller makes new doubts for ever, and history must come all the
// same.
func (s BackState) historysTurn() bool { return s.Now.Hour()%2 == 1 }

// earliest is the earlier of two times of which zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Gaps lists what is wanted of a marketplace and was never read, oldest first.
func (s BackState) Gaps(marketplace string) Spans {
	// Windows have whole seconds.
	from := WantedFrom(marketplace, s.Since, s.Now).Truncate(time.Second)
	if !from.Before(s.end()) {
		return nil
	}
	return s.Readings[marketplace].Walked.Missing(Window{from, s.end()})
}

// WantedFrom is from when on orders of a marketplace are read at now: since they
// are wanted, or later where Amazon does not show them as far back as that.
func WantedFrom(marketplace string, since, now time.Time) time.Time {
	if limit := AmazonHistory(marketplace, now); since.Before(limit) {
		return limit
	}
	return since
}

// open are spans less what is shunned now.
func (s BackState) open(spans Spans) Spans {
	for _, shunned := range s.Shunned {
		if !s.Now.Before(shunned.Until) {
			continue
		}
		spans = spans.without(shunned.Window)
	}
	return spans
}

// end is where history ends and live work begins. A cursor that was given may lie
// ahead of what Amazon shows.
func (s BackState) end() time.Time {
	return minTime(s.Cursor, s.Now.Add(-Delay)).Truncate(time.Second)
}

// nextGap is the newest gap; the oldest one where Amazon is about to forget it.
func (s BackState) nextGap() (BackWork, bool) {
	var newest, oldest []gapOf
	for _, m := range s.Marketplaces {
		gaps := s.open(s.Gaps(m))
		if len(gaps) == 0 {
			continue
		}
		newest = append(newest, gapOf{m, gaps[len(gaps)-1]})
		if first := gaps[0]; first.From.Sub(AmazonHistory(m, s.Now)) < swallowed {
			oldest = append(oldest, gapOf{m, first})
		}
	}
	switch {
	case len(newest) == 0:
		return BackWork{}, false
	case len(oldest) > 0:
		return s.oldestWindow(oldest), true
	}
	return s.newestWindow(newest), true
}

type gapOf struct {
	marketplace string
	Window
}

// newestWindow is the newest stretch that some marketplaces lack, and those.
func (s BackState) newestWindow(gaps []gapOf) BackWork {
	w := Window{}
	for _, g := range gaps {
		if g.To.After(w.To) {
			w.To = g.To
		}
	}
	w.From = w.To.Add(-s.Width)
	var lacking []string
	for _, g := range gaps {
		if !g.To.Equal(w.To) {
			continue
		}
		lacking = append(lacking, g.marketplace)
		if g.From.After(w.From) {
			w.From = g.From
		}
	}
	return BackWork{Gap, w, lacking}
}

// oldestWindow is the oldest stretch that some marketplaces lack, and those.
func (s BackState) oldestWindow(gaps []gapOf) BackWork {
	w := gaps[0].Window
	for _, g := range gaps {
		if g.From.Before(w.From) {
			w = g.Window
		}
	}
	w.To = minTime(w.To, w.From.Add(s.Width))
	var lacking []string
	for _, g := range gaps {
		if g.From.Equal(w.From) {
			lacking = append(lacking, g.marketplace)
			w.To = minTime(w.To, g.To)
		}
	}
	return BackWork{Gap, w, lacking}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// nextSecond is the newest stretch of doubts that are old enough, those that
// touch read together; otherwise at is when the next will be.
func (s BackState) nextSecond() (work BackWork, ok bool, at time.Time) {
	var newest []gapOf
	for _, m := range s.Marketplaces {
		var old Spans
		for _, d := range s.Readings[m].Doubts {
			due := d.ReadAt.Add(DoubtPeriod)
			if s.Now.Before(due) {
				at = earliest(at, due)
				continue
			}
			old = old.Add(d.Window)
		}
		if rest := s.open(old); len(rest) > 0 {
			newest = append(newest, gapOf{m, rest[len(rest)-1]})
		}
	}
	if len(newest) == 0 {
		return BackWork{}, false, at
	}
	work = s.newestWindow(newest)
	work.Purpose = SecondReading
	return work, true, at
}

// nextSweep is the next window of the sweep that is due or under way.
func (s BackState) nextSweep() (work BackWork, ok bool, at time.Time) {
	if s.Sweep.Every <= 0 {
		return BackWork{}, false, time.Time{}
	}
	if due := s.Sweep.DueAt(); s.Now.Before(due) {
		return BackWork{}, false, due
	}
	from, end := s.SweepFrom(), s.sweepEnd()
	switch {
	case from.Before(end):
	case s.Sweep.BegunAt.IsZero():
		return BackWork{}, false, s.Now.Add(s.Sweep.Every)
	default:
		// The clock or the cursor went back since it began: a last window ends it.
		from = end.Add(-MinWidth)
	}
	w := Window{from, minTime(end, from.Add(s.Width))}
	return BackWork{Sweep, w, s.Marketplaces}, true, time.Time{}
}

// sweepEnd is how far the sweep that is due or under way goes: to where the
// cursor stood when it began. What live work reads meanwhile is the next one's.
func (s BackState) sweepEnd() time.Time {
	if s.Sweep.BegunAt.IsZero() {
		return s.end()
	}
	return minTime(s.end(), s.Sweep.BegunAt.Add(-Delay).Truncate(time.Second))
}

// SweepFrom is where the sweep that is due or under way goes on.
func (s BackState) SweepFrom() time.Time {
	switch {
	case !s.Sweep.BegunAt.IsZero():
		return s.Sweep.NextFrom
	case s.Sweep.LastAt.IsZero():
		return s.Now.Add(-FirstSweepReach).Truncate(time.Second)
	}
	return s.Sweep.LastAt.Add(-SweepReach).Truncate(time.Second)
}

// Swept is the sweep's state after one of its windows was read.
func (s BackState) Swept(w Window) SweepState {
	if s.Sweep.BegunAt.IsZero() {
		s.Sweep.BegunAt = s.Now
	}
	next := s.Sweep
	next.NextFrom = w.To
	if !next.NextFrom.Before(s.sweepEnd()) {
		next.LastAt, next.BegunAt, next.NextFrom = next.BegunAt, time.Time{}, time.Time{}
	}
	return next
}
