package ordersync_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ordersync"

	"pgregory.net/rapid"
)

// drawDoubts draws doubts minute by minute: of most minutes of a day, some too
// young to be read again.
func drawDoubts(t *rapid.T, now time.Time) (doubts []ordersync.Doubt) {
	at := 0
	for range rapid.IntRange(1, 100).Draw(t, "doubts") {
		at += rapid.SampledFrom([]int{0, 0, 0, 0, 7}).Draw(t, "hole")
		width := rapid.IntRange(1, 9).Draw(t, "width")
		age := time.Duration(rapid.SampledFrom([]int{30, 60, 61, 90}).Draw(t, "age")) * time.Minute
		doubts = append(doubts, ordersync.Doubt{Window: ordersync.Window{From: minute(at), To: minute(at + width)}, ReadAt: now.Add(-age)})
		at += width
	}
	return doubts
}

// old are the doubts that may be read again now, merged.
func old(doubts []ordersync.Doubt, now time.Time) (out ordersync.Spans) {
	for _, d := range doubts {
		if now.Sub(d.ReadAt) >= ordersync.DoubtPeriod {
			out = out.Add(d.Window)
		}
	}
	return out
}

// Doubts that touch are read together, as far as a window may reach: each second
// reading holds nothing but doubts that are old enough, cannot be wider, and
// leaves none behind.
func TestSecondReadingsJoinDoubtsThatTouch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := epoch.AddDate(0, 0, 2)
		s := ordersync.BackState{
			Now: now, Cursor: now, Since: now, Marketplaces: []string{"one", "two"},
			Width: time.Duration(rapid.IntRange(1, 400).Draw(t, "allowed")) * time.Minute, Readings: map[string]ordersync.Reading{},
		}
		spans, least := 0, 0
		for _, m := range s.Marketplaces {
			s.Readings[m] = ordersync.Reading{Doubts: drawDoubts(t, now)}
			for _, span := range old(s.Readings[m].Doubts, now) {
				spans++
				least += int(span.Width() / s.Width)
			}
		}
		for reads := 0; ; reads++ {
			work, ok, _ := ordersync.NextBackWork(s)
			if !ok {
				break
			}
			if work.Purpose != ordersync.SecondReading || reads > spans+least {
				t.Fatalf("reading %d is %v, of %d spans and %d widths", reads, work, spans, least)
			}
			wide := false
			for _, m := range work.Marketplaces {
				due := old(s.Readings[m].Doubts, now)
				if !due.Covers(work.Window) {
					t.Fatalf("%s: %v is read again, of %v", m, work.Window, due)
				}
				for _, span := range due {
					wide = wide || span.From.Equal(work.Window.From)
				}
				s.Readings[m] = s.Readings[m].Read(work.Window, now, false)
			}
			if !wide && work.Window.Width() != s.Width {
				t.Fatalf("%v could be wider: %v is allowed", work.Window, s.Width)
			}
		}
		for _, m := range s.Marketplaces {
			if left := old(s.Readings[m].Doubts, now); len(left) > 0 {
				t.Fatalf("%s: %v was not read again", m, left)
			}
		}
	})
}

// A hundred windows that were doubtful one after the other cost one search.
func TestHundredDoubtsAreOneWindow(t *testing.T) {
	now := epoch.AddDate(0, 0, 2)
	var r ordersync.Reading
	for n := range 100 {
		r = r.Read(ordersync.Window{From: minute(5 * n), To: minute(5*n + 10)}, now.Add(-3*time.Hour).Add(time.Duration(n)*time.Second), false)
	}
	s := ordersync.BackState{Now: now, Cursor: now, Since: now, Marketplaces: []string{"one"}, Width: 24 * time.Hour, Readings: map[string]ordersync.Reading{"one": r}}
	work, ok, _ := ordersync.NextBackWork(s)
	want := ordersync.Window{From: minute(0), To: minute(505)}
	if !ok || work.Window != want {
		t.Errorf("next is %v, want %v", work, want)
	}
}

// A sweep ends where the cursor stood when it began, however long it takes and
// however often live work goes on meanwhile.
func TestSweepEndsWhereItBegan(t *testing.T) {
	begun := epoch.AddDate(0, 0, 10)
	s := ordersync.BackState{
		Now: begun, Cursor: begun.Add(-ordersync.Delay), Since: begun, Marketplaces: []string{"one"}, Width: 5 * time.Hour,
		Readings: map[string]ordersync.Reading{"one": ordersync.Reading{}.Read(ordersync.Window{From: begun.AddDate(0, 0, -9), To: begun}, begun, true)},
		Sweep:    ordersync.SweepState{Every: 24 * time.Hour, LastAt: begun.AddDate(0, 0, -1)},
	}
	var read []ordersync.Window
	for s.Sweep.LastAt.Before(begun) {
		work, ok, _ := ordersync.NextBackWork(s)
		if !ok || work.Purpose != ordersync.Sweep || len(read) > 20 {
			t.Fatalf("window %d is %v (%v), the sweep stands at %+v", len(read), work, ok, s.Sweep)
		}
		read = append(read, work.Window)
		s.Sweep = s.Swept(work.Window)
		s.Now = s.Now.Add(50 * time.Minute) // and live work has gone on
		s.Cursor = s.Now.Add(-ordersync.Delay)
	}
	var all ordersync.Spans
	for _, w := range read {
		all = all.Add(w)
	}
	want := ordersync.Spans{{From: begun.Add(-49 * time.Hour), To: begun.Add(-ordersync.Delay)}}
	if !slices.Equal(all, want) || !s.Sweep.LastAt.Equal(begun) {
		t.Errorf("it read %v, want %v; it began at %s", all, want, s.Sweep.LastAt)
	}
}

// A sweep under way that has nothing left to read, since the clock or the cursor
// went back, still ends.
func TestSweepPastItsEndStillEnds(t *testing.T) {
	now := epoch.AddDate(0, 0, 10)
	for _, behind := range []time.Duration{0, time.Hour, 100 * time.Hour} {
		s := ordersync.BackState{
			Now: now, Cursor: now.Add(-behind), Since: now, Marketplaces: []string{"one"}, Width: time.Hour,
			Readings: map[string]ordersync.Reading{}, Sweep: ordersync.SweepState{Every: 24 * time.Hour, BegunAt: now.Add(-time.Hour), NextFrom: now.Add(-ordersync.Delay)},
		}
		work, ok, _ := ordersync.NextBackWork(s)
		if !ok || work.Purpose != ordersync.Sweep || !work.Window.From.Before(work.Window.To) || work.Window.To.After(s.Cursor) {
			t.Fatalf("cursor %s back: next is %v (%v)", behind, work, ok)
		}
		if after := s.Swept(work.Window); !after.BegunAt.IsZero() || !after.LastAt.Equal(s.Sweep.BegunAt) {
			t.Errorf("cursor %s back: the sweep stands at %+v", behind, after)
		}
	}
}

// A cursor may lie ahead of Amazon's clock: back work never asks for what Amazon
// does not show yet.
func TestBackWorkStaysBehindAmazonsClock(t *testing.T) {
	now := epoch.Add(17*time.Hour + 300*time.Millisecond)
	for _, ahead := range []time.Duration{0, time.Minute, ordersync.FutureTolerance} {
		for name, r := range map[string]ordersync.Reading{
			"gap": {}, "sweep": ordersync.Reading{}.Read(ordersync.Window{From: now.AddDate(0, 0, -2), To: now.Add(time.Hour)}, now, true),
		} {
			t.Run(fmt.Sprint(name, " ", ahead), func(t *testing.T) {
				s := ordersync.BackState{
					Now: now, Cursor: now.Add(ahead), Since: now.AddDate(0, 0, -1), Marketplaces: []string{"one"}, Width: 100 * time.Hour,
					Readings: map[string]ordersync.Reading{"one": r}, Sweep: ordersync.SweepState{Every: 24 * time.Hour},
				}
				if name == "gap" {
					s.Sweep.LastAt = now
				}
				work, ok, _ := ordersync.NextBackWork(s)
				want := now.Add(-ordersync.Delay).Truncate(time.Second)
				if !ok || string(work.Purpose) != name || !work.Window.To.Equal(want) {
					t.Errorf("next is %v, want an end at %s", work, want)
				}
			})
		}
	}
}

// A busy seller's polls make new doubts for ever: history gets its turn beside
// them, and they beside history.
func TestDoubtsDoNotStarveHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := ordersync.BackState{
			Now: epoch, Cursor: epoch, Since: epoch.AddDate(-1, 0, 0), Marketplaces: []string{"one"}, Width: 2 * time.Hour, Readings: map[string]ordersync.Reading{},
		}
		calls := map[ordersync.Purpose]int{}
		for s.Now.Before(epoch.AddDate(0, 0, 3)) {
			before := s.Now.Add(-ordersync.Delay)
			if work, ok, _ := ordersync.NextBackWork(s); ok {
				pages := rapid.IntRange(1, 6).Draw(t, "pages")
				calls[work.Purpose] += pages
				s.Now = s.Now.Add(time.Duration(pages) * 10 * time.Minute)
				s.Readings["one"] = s.Readings["one"].Read(work.Window, s.Now, false)
			} else {
				s.Now = s.Now.Add(10 * time.Minute)
			}
			s.Cursor = s.Now.Add(-ordersync.Delay)
			s.Readings["one"] = s.Readings["one"].Read(ordersync.Window{From: before, To: s.Cursor}, s.Now, false)
		}
		if total := calls[ordersync.Gap] + calls[ordersync.SecondReading]; 4*calls[ordersync.Gap] < total || 4*calls[ordersync.SecondReading] < total {
			t.Fatalf("calls were %v", calls)
		}
	})
}

// What lies between Amazon's clock and a cursor ahead of it is history as soon as
// Amazon shows it: back work wakes up for it.
func TestBackWorkWakesForACursorAhead(t *testing.T) {
	s := ordersync.BackState{
		Now: epoch, Cursor: epoch.Add(time.Minute), Since: epoch.AddDate(0, 0, -1), Marketplaces: []string{"one"}, Width: 24 * time.Hour,
		Readings: map[string]ordersync.Reading{"one": ordersync.Reading{}.Read(ordersync.Window{From: epoch.AddDate(0, 0, -2), To: epoch.Add(-ordersync.Delay)}, epoch, true)},
		Sweep:    ordersync.SweepState{Every: 24 * time.Hour, LastAt: epoch},
	}
	_, ok, at := ordersync.NextBackWork(s)
	if want := s.Cursor.Add(ordersync.Delay); ok || !at.Equal(want) {
		t.Fatalf("next is at %s (%v), want %s", at, ok, want)
	}
	s.Now = at
	work, ok, _ := ordersync.NextBackWork(s)
	if want := (ordersync.Window{From: epoch.Add(-ordersync.Delay), To: s.Cursor}); !ok || work.Window != want {
		t.Errorf("then it is %v, want %v", work, want)
	}
}

// Windows that could not be read are passed over until their time, all else is read
// beside them, and then they are.
func TestShunnedWindowsWaitForTheirTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := epoch.AddDate(0, 0, 2)
		s := ordersync.BackState{
			Now: now, Cursor: now.Add(-ordersync.Delay), Since: epoch, Marketplaces: []string{"one", "two"},
			Width: time.Duration(rapid.IntRange(10, 600).Draw(t, "allowed")) * time.Minute, Readings: map[string]ordersync.Reading{},
		}
		var shunned ordersync.Spans
		for range rapid.IntRange(1, 5).Draw(t, "shunned") {
			w := drawWindow(t, "shunned")
			shunned = shunned.Add(w)
			s.Shunned = append(s.Shunned, ordersync.Shunned{Window: w, Until: now.AddDate(0, 0, 1)})
		}
		read := func() (at time.Time) {
			for range 2000 {
				work, ok, at := ordersync.NextBackWork(s)
				if !ok {
					return at
				}
				if left := shunned.Missing(work.Window); s.Now.Before(now.AddDate(0, 0, 1)) && !slices.Equal(left, ordersync.Spans{work.Window}) {
					t.Fatalf("%v is read, of which only %v is not shunned", work, left)
				}
				for _, m := range work.Marketplaces {
					s.Readings[m] = s.Readings[m].Read(work.Window, s.Now, true)
				}
			}
			t.Fatalf("it does not end: %+v", s)
			return at
		}
		if at := read(); !at.Equal(now.AddDate(0, 0, 1)) {
			t.Fatalf("nothing more is read before %v", at)
		}
		for _, m := range s.Marketplaces {
			if gaps := s.Gaps(m); !slices.Equal(gaps, shunned) {
				t.Fatalf("%s: the gaps are %v, %v is shunned", m, gaps, shunned)
			}
		}
		s.Now = now.AddDate(0, 0, 1)
		read()
		for _, m := range s.Marketplaces {
			if gaps := s.Gaps(m); len(gaps) > 0 {
				t.Fatalf("%s: %v is never read", m, gaps)
			}
		}
	})
}
