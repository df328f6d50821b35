package ordersync

import (
	"slices"
	"time"
)

// Window is a closed span [From, To] of last-updated time, in whole seconds.
type Window struct{ From, To time.Time }

// Width is the length of the window.
func (w Window) Width() time.Duration { return w.To.Sub(w.From) }

// The widths of windows. A window begins a day wide, doubles after a one-page
// window that used all of its width, and halves when it had too many pages or
// its pagination token died.
const (
	FirstWidth = 24 * time.Hour
	MaxWidth   = 30 * 24 * time.Hour
	MinWidth   = time.Minute
	// MaxPages is how many pages a window may have before the next is halved.
	MaxPages = 20
)

// NextWidth is the width of the window after one that was allowed width, was
// used wide and had pages pages.
func NextWidth(width, used time.Duration, pages int) time.Duration {
	switch {
	case pages > MaxPages:
		return HalfWidth(width)
	case pages <= 1 && used >= width:
		return min(2*width, MaxWidth)
	}
	return width
}

// HalfWidth halves a width, never under a minute.
func HalfWidth(width time.Duration) time.Duration {
	return max((width / 2).Truncate(time.Second), MinWidth)
}

// Delay is how far a window's end stays behind Amazon's clock: Amazon refuses
// an end less than two minutes old, and shows an order that late.
const Delay = 150 * time.Second

// LiveWindow is the next window that moves the cursor: from the cursor less the
// overlap up to at most width further, never nearer to Amazon's clock than
// Delay. more says that the window ends short of that. A window never moves the
// cursor back: see [Window.MoveCursor].
func LiveWindow(cursor, amazonNow time.Time, overlap, width time.Duration) (w Window, more bool) {
	last := amazonNow.Add(-Delay).Truncate(time.Second)
	w.From = cursor.Add(-overlap).Truncate(time.Second)
	w.To = last
	if end := cursor.Add(width).Truncate(time.Second); end.Before(last) {
		w.To, more = end, true
	}
	if !w.From.Before(w.To) {
		w.From = w.To.Add(-max(overlap, time.Second)).Truncate(time.Second)
	}
	return w, more
}

// MoveCursor is the cursor after the window was read to its last page.
func (w Window) MoveCursor(cursor time.Time) time.Time {
	if w.To.After(cursor) {
		return w.To
	}
	return cursor
}

// Spans is a set of closed spans of time, sorted, none touching another.
type Spans []Window

// Add merges a window into the set. Spans merge when they share an instant: two
// closed spans that end and begin a second apart leave that second uncovered.
func (s Spans) Add(w Window) Spans {
	if w.To.Before(w.From) {
		return s
	}
	out := make(Spans, 0, len(s)+1)
	for _, span := range s {
		if span.To.Before(w.From) || w.To.Before(span.From) {
			out = append(out, span)
			continue
		}
		if span.From.Before(w.From) {
			w.From = span.From
		}
		if span.To.After(w.To) {
			w.To = span.To
		}
	}
	out = append(out, w)
	slices.SortFunc(out, func(a, b Window) int { return a.From.Compare(b.From) })
	return out
}

// Missing lists what of w the set does not cover, oldest first. Neighbouring
// covered spans bound it, so its ends may be covered instants.
func (s Spans) Missing(w Window) Spans {
	var out Spans
	from := w.From
	for _, span := range s {
		if span.To.Before(from) {
			continue
		}
		if !span.From.Before(w.To) {
			break
		}
		if span.From.After(from) {
			out = append(out, Window{from, span.From})
		}
		from = span.To
	}
	if from.Before(w.To) {
		out = append(out, Window{from, w.To})
	}
	return out
}

// Covers tells whether every instant of w is in the set.
func (s Spans) Covers(w Window) bool {
	for _, span := range s {
		if !span.From.After(w.From) && !span.To.Before(w.To) {
			return true
		}
	}
	return false
}

// End is the end of the newest span; false for an empty set.
func (s Spans) End() (time.Time, bool) {
	if len(s) == 0 {
		return time.Time{}, false
	}
	return s[len(s)-1].To, true
}
