package ordersync_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ordersync"
)

// The bitmap that spans are compared with has a cell for each second and one
// for the open interval between it and the next: cell 2n is the instant n, cell
// 2n+1 what lies between n and n+1.
const bitmapSeconds = 24

type bitmap [2*bitmapSeconds + 1]bool

func (b *bitmap) add(w ordersync.Window) {
	for i := 2 * second(w.From); i <= 2*second(w.To); i++ {
		b[i] = true
	}
}

func second(at time.Time) int { return int(at.Sub(start) / time.Second) }

func seconds(from, to int) ordersync.Window {
	return ordersync.Window{From: start.Add(time.Duration(from) * time.Second), To: start.Add(time.Duration(to) * time.Second)}
}

var someWindow = rapid.Custom(func(t *rapid.T) ordersync.Window {
	from := rapid.IntRange(0, bitmapSeconds).Draw(t, "from")
	return seconds(from, rapid.IntRange(from, bitmapSeconds).Draw(t, "to"))
})

func TestSpansAgainstBitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans ordersync.Spans
		var covered bitmap
		for _, w := range rapid.SliceOfN(someWindow, 0, 12).Draw(t, "windows") {
			before := slices.Clone(spans)
			after := spans.Add(w)
			if !slices.Equal(spans, before) {
				t.Fatalf("Add changed the set it was asked of: %v, was %v", spans, before)
			}
			spans = after
			covered.add(w)
		}

		var is bitmap
		for i, span := range spans {
			is.add(span)
			if i > 0 && !spans[i-1].To.Before(span.From) {
				t.Fatalf("spans %v and %v touch or are not sorted", spans[i-1], span)
			}
		}
		if is != covered {
			t.Fatalf("spans %v are not the windows that were added", spans)
		}

		asked := someWindow.Draw(t, "asked")
		checkAsked(t, spans, covered, asked)
		if end, ok := spans.End(); ok != (len(spans) > 0) || ok && !covered[2*second(end)] {
			t.Fatalf("the end is %v, %v", end, ok)
		}
	})
}

// In whatever order windows come, and however often, their spans are the same.
func TestSpansDependOnNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		windows := rapid.SliceOfN(someWindow, 0, 12).Draw(t, "windows")
		add := func(spans ordersync.Spans, windows []ordersync.Window) ordersync.Spans {
			for _, w := range windows {
				spans = spans.Add(w)
			}
			return spans
		}
		spans := add(nil, windows)
		if other := add(nil, rapid.Permutation(windows).Draw(t, "order")); !slices.Equal(other, spans) {
			t.Fatalf("%v, and in another order %v", spans, other)
		}
		if twice := add(spans, windows); !slices.Equal(twice, spans) {
			t.Fatalf("%v, and added twice %v", spans, twice)
		}
		cut := rapid.IntRange(0, len(windows)).Draw(t, "cut")
		if joined := add(add(nil, windows[:cut]), add(nil, windows[cut:])); !slices.Equal(joined, spans) {
			t.Fatalf("%v, and of two halves %v", spans, joined)
		}
	})
}

// checkAsked compares what spans say of a window with the bitmap.
func checkAsked(t *rapid.T, spans ordersync.Spans, covered bitmap, asked ordersync.Window) {
	var missing, inside bitmap
	gaps := spans.Missing(asked)
	for i, gap := range gaps {
		missing.add(gap)
		if !gap.From.Before(gap.To) || gap.From.Before(asked.From) || gap.To.After(asked.To) {
			t.Fatalf("%v is missing from %v", gap, asked)
		}
		if i > 0 && gap.From.Before(gaps[i-1].To) {
			t.Fatalf("gaps %v are not sorted", gaps)
		}
	}
	inside.add(asked)
	all := true
	for i := range covered {
		lacks := inside[i] && !covered[i]
		all = all && !lacks
		point := asked.From.Equal(asked.To) // has no width that could be read
		if lacks && !missing[i] && !point {
			t.Fatalf("cell %d of %v is not covered by %v and not missing in %v", i, asked, spans, gaps)
		}
		if missing[i] && !lacks && i%2 == 1 {
			t.Fatalf("cell %d is missing in %v, but %v covers it or %v does not ask", i, gaps, spans, asked)
		}
	}
	if spans.Covers(asked) != all {
		t.Fatalf("%v covers %v: %v, want %v", spans, asked, !all, all)
	}
}

// Filling the gaps leaves none.
func TestSpansFilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans ordersync.Spans
		for _, w := range rapid.SliceOfN(someWindow, 0, 12).Draw(t, "windows") {
			spans = spans.Add(w)
		}
		asked := someWindow.Draw(t, "asked")
		gaps := spans.Missing(asked)
		for _, gap := range rapid.Permutation([]ordersync.Window(gaps)).Draw(t, "order") {
			spans = spans.Add(gap)
		}
		if left := spans.Missing(asked); len(left) != 0 {
			t.Fatalf("%v are left of %v", left, gaps)
		}
		if asked.From.Before(asked.To) && !spans.Covers(asked) {
			t.Fatalf("%v does not cover %v after its gaps %v were filled", spans, asked, gaps)
		}
	})
}

func TestSpansOfWindowsThatTouch(t *testing.T) {
	for _, test := range []struct {
		name string
		add  []ordersync.Window
		want ordersync.Spans
	}{
		{"none", nil, nil},
		{"a common instant merges", []ordersync.Window{seconds(0, 5), seconds(5, 9)}, ordersync.Spans{seconds(0, 9)}},
		{"a second apart does not", []ordersync.Window{seconds(0, 5), seconds(6, 9)}, ordersync.Spans{seconds(0, 5), seconds(6, 9)}},
		{"newest first", []ordersync.Window{seconds(6, 9), seconds(0, 5)}, ordersync.Spans{seconds(0, 5), seconds(6, 9)}},
		{"one bridges two", []ordersync.Window{seconds(0, 2), seconds(6, 9), seconds(1, 7)}, ordersync.Spans{seconds(0, 9)}},
		{"inside", []ordersync.Window{seconds(0, 9), seconds(3, 4)}, ordersync.Spans{seconds(0, 9)}},
		{"an instant", []ordersync.Window{seconds(3, 3)}, ordersync.Spans{seconds(3, 3)}},
		{"turned round", []ordersync.Window{seconds(5, 3)}, nil},
	} {
		var spans ordersync.Spans
		for _, w := range test.add {
			spans = spans.Add(w)
		}
		if !slices.Equal(spans, test.want) {
			t.Errorf("%s: %v, want %v", test.name, spans, test.want)
		}
	}
}

func TestLiveWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A cursor may lie five minutes ahead and two years back.
		ago := rapid.Int64Range(-int64(5*time.Minute), int64(2*365*24*time.Hour)).Draw(t, "ago")
		now := start.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "fraction")))
		cursor := now.Add(-time.Duration(ago))
		overlap := time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "overlap"))
		width := time.Duration(rapid.Int64Range(int64(ordersync.MinWidth), int64(ordersync.MaxWidth)).Draw(t, "width"))

		w, more := ordersync.LiveWindow(cursor, now, overlap, width)
		last := now.Add(-150 * time.Second)
		if w.To.After(last) {
			t.Fatalf("%v ends after %v", w, last)
		}
		if !w.From.Before(w.To) {
			t.Fatalf("%v does not begin before it ends", w)
		}
		for _, bound := range []time.Time{w.From, w.To} {
			if bound.Nanosecond() != 0 {
				t.Fatalf("%v is no whole second", bound)
			}
		}
		if w.To.After(cursor.Add(width)) && cursor.Before(last) {
			t.Fatalf("%v goes further than %v from %v", w, width, cursor)
		}
		// From the overlap on, nothing up to the new cursor is left out.
		next := w.MoveCursor(cursor)
		if next.Before(cursor) {
			t.Fatalf("the cursor goes back from %v to %v", cursor, next)
		}
		if next.After(cursor) && w.From.After(cursor.Add(-overlap)) {
			t.Fatalf("%v moves the cursor from %v but begins after the overlap of %v", w, cursor, overlap)
		}
		if more != w.To.Before(last.Truncate(time.Second)) {
			t.Fatalf("%v: more is %v, the last end is %v", w, more, last)
		}
		if more && !next.After(cursor) {
			t.Fatalf("%v ends early and does not move the cursor %v", w, cursor)
		}
	})
}

// Whatever a seller sells, and though clock and width change between them: live
// windows leave nothing out from the first cursor to the last, and widths keep to
// their bounds.
func TestLiveWindowsLeaveNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := start
		cursor := now.Add(-time.Duration(rapid.Int64Range(-int64(5*time.Minute), int64(90*24*time.Hour)).Draw(t, "ago")))
		first, width := cursor, ordersync.FirstWidth
		overlap := time.Duration(rapid.IntRange(0, 3600).Draw(t, "overlap")) * time.Second
		var covered ordersync.Spans
		for range rapid.IntRange(1, 30).Draw(t, "windows") {
			w, _ := ordersync.LiveWindow(cursor, now, overlap, width)
			before := cursor
			covered, cursor = covered.Add(w), w.MoveCursor(cursor)
			if cursor.After(first) && !covered.Covers(ordersync.Window{From: first, To: cursor}) {
				t.Fatalf("from %v to %v only %v are covered", first, cursor, covered)
			}
			pages := rapid.SampledFrom([]int{0, 1, 1, 2, 20, 21, 500}).Draw(t, "pages")
			next := ordersync.NextWidth(width, cursor.Sub(before), pages)
			if next < ordersync.MinWidth || next > ordersync.MaxWidth || next > 2*width || next < width/2-time.Second || next > width && pages > 1 {
				t.Fatalf("after %v with %d pages comes %v", width, pages, next)
			}
			width = next
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Minute), int64(3*time.Hour)).Draw(t, "pass")))
		}
	})
}

// Window after window, the live side arrives where no more is to be had.
func TestLiveWindowsArrive(t *testing.T) {
	cursor, width := start.AddDate(-1, 0, 0), ordersync.FirstWidth
	windows := 0
	for more := true; more; windows++ {
		var w ordersync.Window
		before := cursor
		w, more = ordersync.LiveWindow(cursor, start, 5*time.Minute, width)
		cursor = w.MoveCursor(cursor)
		width = ordersync.NextWidth(width, cursor.Sub(before), 1)
		if windows > 20 {
			t.Fatalf("a year without orders is not read after %d windows, cursor %v", windows, cursor)
		}
	}
	if want := start.Add(-ordersync.Delay); !cursor.Equal(want) {
		t.Errorf("the cursor ends at %v, want %v", cursor, want)
	}
}

func TestNextWidth(t *testing.T) {
	day := 24 * time.Hour
	for _, test := range []struct {
		name        string
		width, used time.Duration
		pages       int
		want        time.Duration
	}{
		{"one page, all used", day, day, 1, 2 * day},
		{"no page, all used", day, day, 0, 2 * day},
		{"one page, more than all used", day, day + time.Minute, 1, 2 * day},
		{"one page, not all used", day, day - time.Second, 1, day},
		{"two pages", day, day, 2, day},
		{"20 pages", day, day, 20, day},
		{"21 pages", day, day, 21, day / 2},
		{"21 pages, not all used", day, time.Minute, 21, day / 2},
		{"at most 30 days", 20 * day, 20 * day, 1, 30 * day},
		{"stays at 30 days", 30 * day, 30 * day, 1, 30 * day},
		{"never under a minute", 90 * time.Second, 90 * time.Second, 21, time.Minute},
		{"stays at a minute", time.Minute, time.Minute, 21, time.Minute},
		{"whole seconds", 125 * time.Second, 125 * time.Second, 21, 62 * time.Second},
	} {
		if got := ordersync.NextWidth(test.width, test.used, test.pages); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
