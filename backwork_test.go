package ordersync_test

import (
	"slices"
	"testing"
	"time"

	"ordersync"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func drawWindow(t *rapid.T, label string) ordersync.Window {
	from := rapid.IntRange(0, 300).Draw(t, label+" from")
	width := rapid.IntRange(1, 80).Draw(t, label+" width")
	return ordersync.Window{From: minute(from), To: minute(from + width)}
}

func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

// inside tells whether the middle of the n-th minute lies in one of the spans.
func inside(spans []ordersync.Window, n int) bool {
	at := minute(n).Add(30 * time.Second)
	return slices.ContainsFunc(spans, func(w ordersync.Window) bool { return w.From.Before(at) && w.To.After(at) })
}

func doubtful(doubts []ordersync.Doubt) (out []ordersync.Window) {
	for _, d := range doubts {
		out = append(out, d.Window)
	}
	return out
}

// Minute by minute, a reading is what a list of all readings says: walked when
// any has read it; confirmed when one of them had one page, or when two were an
// hour apart; in doubt otherwise, since the first that is not confirmed.
func TestReadingAgreesWithAListOfReadings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type reading struct {
			ordersync.Window
			begun   time.Time
			onePage bool
		}
		var all []reading
		var r ordersync.Reading
		begun := epoch
		for range rapid.IntRange(1, 12).Draw(t, "readings") {
			begun = begun.Add(time.Duration(rapid.IntRange(1, 50).Draw(t, "pause")) * time.Minute)
			one := reading{drawWindow(t, "window"), begun, rapid.Bool().Draw(t, "one page")}
			all = append(all, one)
			r = r.Read(one.Window, one.begun, one.onePage)
		}
		for n := range 400 {
			var walked, confirmed bool
			var first time.Time
			for _, one := range all {
				if !inside([]ordersync.Window{one.Window}, n) {
					continue
				}
				walked = true
				switch {
				case one.onePage, !first.IsZero() && one.begun.Sub(first) >= ordersync.DoubtPeriod:
					confirmed = true
				case first.IsZero():
					first = one.begun
				}
			}
			if got := inside(r.Walked, n); got != walked {
				t.Fatalf("minute %d: walked %v, want %v", n, got, walked)
			}
			if got := inside(r.Confirmed, n); got != confirmed {
				t.Fatalf("minute %d: confirmed %v, want %v", n, got, confirmed)
			}
			if got := inside(doubtful(r.Doubts), n); got != (walked && !confirmed) {
				t.Fatalf("minute %d: in doubt %v, want %v", n, got, walked && !confirmed)
			}
		}
	})
}

// In whatever order readings are stored: what is confirmed and in doubt is just
// what was walked, each instant once; and nothing is confirmed that was not read
// in one page or twice, an hour apart.
func TestNothingIsConfirmedTooEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type reading struct {
			ordersync.Window
			begun   time.Time
			onePage bool
		}
		var all []reading
		var r ordersync.Reading
		for range rapid.IntRange(1, 12).Draw(t, "readings") {
			one := reading{drawWindow(t, "window"), minute(rapid.IntRange(0, 200).Draw(t, "begun")), rapid.IntRange(0, 4).Draw(t, "one page") == 0}
			all = append(all, one)
			r = r.Read(one.Window, one.begun, one.onePage)
		}
		both := slices.Clone(r.Confirmed)
		for i, d := range r.Doubts {
			if !d.From.Before(d.To) || i > 0 && d.From.Before(r.Doubts[i-1].To) {
				t.Fatalf("doubts %v overlap or are not sorted", r.Doubts)
			}
			if rest := r.Confirmed.Missing(d.Window); !slices.Equal(rest, ordersync.Spans{d.Window}) {
				t.Fatalf("%v is in doubt, of which %v is confirmed", d, r.Confirmed)
			}
			both = both.Add(d.Window)
		}
		if !slices.Equal(both, r.Walked) {
			t.Fatalf("%v was walked, and %v is confirmed or in doubt", r.Walked, both)
		}
		for n := range 400 {
			sure, first, last := false, time.Time{}, time.Time{}
			for _, one := range all {
				if !inside([]ordersync.Window{one.Window}, n) {
					continue
				}
				if first.IsZero() || one.begun.Before(first) {
					first = one.begun
				}
				if one.begun.After(last) {
					last = one.begun
				}
				sure = sure || one.onePage
			}
			if inside(r.Confirmed, n) && !sure && last.Sub(first) < ordersync.DoubtPeriod {
				t.Fatalf("minute %d is confirmed", n)
			}
		}
	})
}

// backWorld lives a connection's back work: live windows move the cursor, back
// windows are read as they are chosen, pages are drawn.
type backWorld struct {
	state ordersync.BackState
	calls map[ordersync.Purpose]int
	pause time.Duration // between two calls
}

func newBackWorld(t *rapid.T) *backWorld {
	now := epoch
	w := &backWorld{calls: map[ordersync.Purpose]int{}, pause: time.Minute, state: ordersync.BackState{
		Now: now, Cursor: now.Add(-ordersync.Delay), Width: ordersync.FirstWidth,
		Since:        now.AddDate(0, 0, -rapid.IntRange(0, 700).Draw(t, "history")),
		Marketplaces: []string{"A1PA6795UKMFR9", "A13V1IB3VIYZZH"},
		Readings:     map[string]ordersync.Reading{},
		Sweep:        ordersync.SweepState{Every: 24 * time.Hour},
	}}
	// The second marketplace was added later: its live coverage is shorter.
	for i, m := range w.state.Marketplaces {
		reach := time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Hour
		w.read(m, ordersync.Window{From: w.state.Cursor.Add(-reach / time.Duration(i+1)).Truncate(time.Second), To: w.state.Cursor}, true)
	}
	return w
}

func (w *backWorld) read(marketplace string, window ordersync.Window, onePage bool) {
	w.state.Readings[marketplace] = w.state.Readings[marketplace].Read(window, w.state.Now, onePage)
}

// step reads the next window, or lets time pass until there is one.
func (w *backWorld) step(t *rapid.T) {
	work, ok, at := ordersync.NextBackWork(w.state)
	if !ok {
		if at.IsZero() || !at.After(w.state.Now) {
			t.Fatalf("nothing to do, and the next time is %v at %v", at, w.state.Now)
		}
		w.live(at)
		return
	}
	checkWork(t, w.state, work)
	pages := rapid.SampledFrom([]int{1, 1, 2, 30}).Draw(t, "pages")
	w.state.Now = w.state.Now.Add(time.Duration(pages) * w.pause)
	for _, m := range work.Marketplaces {
		w.read(m, work.Window, pages == 1)
	}
	w.state.Calls += int64(pages)
	w.calls[work.Purpose] += pages
	if work.Purpose == ordersync.Sweep {
		w.state.SweepCalls += int64(pages)
		w.state.Sweep = w.state.Swept(work.Window)
	}
	w.state.Width = ordersync.NextWidth(w.state.Width, work.Window.Width(), pages)
}

// live lets time pass and live work go on.
func (w *backWorld) live(now time.Time) {
	from := w.state.Cursor.Add(-5 * time.Minute)
	w.state.Now = now
	w.state.Cursor = now.Add(-ordersync.Delay).Truncate(time.Second)
	for _, m := range w.state.Marketplaces {
		w.read(m, ordersync.Window{From: from, To: w.state.Cursor}, true)
	}
}

func checkWork(t *rapid.T, s ordersync.BackState, work ordersync.BackWork) {
	w := work.Window
	switch {
	case !w.From.Before(w.To):
		t.Fatalf("%s: window %v is empty", work.Purpose, w)
	case w.Width() > s.Width:
		t.Fatalf("%s: window is %v wide, %v allowed", work.Purpose, w.Width(), s.Width)
	case w.To.After(s.Cursor):
		t.Fatalf("%s: window ends at %v, after the cursor %v", work.Purpose, w.To, s.Cursor)
	case !w.From.Equal(w.From.Truncate(time.Second)) || !w.To.Equal(w.To.Truncate(time.Second)):
		t.Fatalf("%s: window %v has no whole seconds", work.Purpose, w)
	case len(work.Marketplaces) == 0:
		t.Fatalf("%s: no marketplace", work.Purpose)
	}
	if work.Purpose != ordersync.Gap {
		return
	}
	for _, m := range work.Marketplaces {
		if s.Readings[m].Walked.Covers(w) {
			t.Fatalf("a gap is asked for that %s has", m)
		}
	}
}

// Whatever a connection begins with, back work ends: all that is wanted is read
// and without doubt, but for what the last hour's sweep has met.
func TestBackWorkEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newBackWorld(t)
		for range 3000 {
			if _, ok, at := ordersync.NextBackWork(w.state); !ok && at.Sub(w.state.Now) > 2*time.Hour {
				break
			}
			w.step(t)
		}
		for _, m := range w.state.Marketplaces {
			if gaps := w.state.Gaps(m); len(gaps) > 0 {
				t.Fatalf("%s still has gaps: %v", m, gaps)
			}
			if d := w.state.Readings[m].Doubts; len(d) > 0 {
				t.Fatalf("%s still has doubts: %v", m, d)
			}
		}
	})
}

// A sweep goes on while history is read, and reaches 25 hours behind the start
// of the one before.
func TestSweepsDoNotStarve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newBackWorld(t)
		w.state.Since = w.state.Now.AddDate(-2, 0, 0)
		w.pause = 10 * time.Minute
		w.state.Width = time.Hour // a seller so busy that history takes for ever
		last := w.state.Sweep.LastAt
		for day := range 4 {
			until := epoch.AddDate(0, 0, day+1)
			for w.state.Now.Before(until) {
				w.step(t)
				w.state.Width = time.Hour
			}
			w.live(until)
			if !w.state.Sweep.LastAt.After(last) && w.state.Sweep.BegunAt.IsZero() {
				t.Fatalf("day %d: no sweep has begun since %v", day, last)
			}
			last = w.state.Sweep.LastAt
		}
		if share := float64(w.calls[ordersync.Sweep]) / float64(w.state.Calls); share < 0.15 {
			t.Fatalf("sweeps have had %.2f of the calls: %v", share, w.calls)
		}
	})
}

func TestBackWorkOrder(t *testing.T) {
	now := epoch
	de, jp := "A1PA6795UKMFR9", "A1VC38T7YXB528"
	covered := func(hours ...int) ordersync.Reading {
		var r ordersync.Reading
		for i := 0; i < len(hours); i += 2 {
			r = r.Read(ordersync.Window{From: now.Add(-time.Duration(hours[i]) * time.Hour), To: now.Add(-time.Duration(hours[i+1]) * time.Hour)}, now.Add(-time.Hour), true)
		}
		return r
	}
	base := ordersync.BackState{
		Now: now, Cursor: now, Since: now.AddDate(0, 0, -100), Marketplaces: []string{de}, Width: 24 * time.Hour,
		Sweep: ordersync.SweepState{Every: 24 * time.Hour, LastAt: now},
	}
	doubt := ordersync.Doubt{Window: ordersync.Window{From: now.Add(-30 * time.Hour), To: now.Add(-29 * time.Hour)}, ReadAt: now.Add(-2 * time.Hour)}
	tests := []struct {
		name    string
		change  func(*ordersync.BackState)
		purpose ordersync.Purpose
		from    time.Duration // before now
		to      time.Duration
		markets []string
	}{
		{"the newest gap comes first", func(s *ordersync.BackState) {
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0, 200, 100)}
		}, ordersync.Gap, 72 * time.Hour, 48 * time.Hour, []string{de}},
		{"a gap that is narrower than the width is read whole", func(s *ordersync.BackState) {
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0, 200, 50)}
		}, ordersync.Gap, 50 * time.Hour, 48 * time.Hour, []string{de}},
		{"only who lacks it is asked for", func(s *ordersync.BackState) {
			s.Marketplaces = []string{de, jp}
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0), jp: covered(24, 0)}
		}, ordersync.Gap, 48 * time.Hour, 24 * time.Hour, []string{jp}},
		{"who lacks the same is asked for together", func(s *ordersync.BackState) {
			s.Marketplaces = []string{de, jp}
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0), jp: covered(48, 0)}
		}, ordersync.Gap, 72 * time.Hour, 48 * time.Hour, []string{de, jp}},
		{"oldest first where Amazon is about to forget", func(s *ordersync.BackState) {
			s.Since = now.AddDate(-3, 0, 0)
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0)}
		}, ordersync.Gap, now.Sub(now.AddDate(-2, 0, 0)), now.Sub(now.AddDate(-2, 0, 0)) - 24*time.Hour, []string{de}},
		{"a recent doubt comes before history", func(s *ordersync.BackState) {
			r := covered(48, 0)
			r.Doubts = []ordersync.Doubt{doubt}
			s.Readings = map[string]ordersync.Reading{de: r}
		}, ordersync.SecondReading, 30 * time.Hour, 29 * time.Hour, []string{de}},
		{"a sweep that is due takes its share first", func(s *ordersync.BackState) {
			s.Sweep.LastAt = now.Add(-25 * time.Hour)
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0)}
		}, ordersync.Sweep, 50 * time.Hour, 26 * time.Hour, []string{de}},
		{"and leaves the rest to history", func(s *ordersync.BackState) {
			s.Sweep.LastAt = now.Add(-25 * time.Hour)
			s.Calls, s.SweepCalls = 10, 3
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0)}
		}, ordersync.Gap, 72 * time.Hour, 48 * time.Hour, []string{de}},
		{"the first sweep reaches 50 hours", func(s *ordersync.BackState) {
			s.Sweep.LastAt = time.Time{}
			s.Readings = map[string]ordersync.Reading{de: covered(100*24, 0)}
		}, ordersync.Sweep, 50 * time.Hour, 26 * time.Hour, []string{de}},
		{"a late sweep reads more", func(s *ordersync.BackState) {
			s.Sweep.LastAt = now.Add(-72 * time.Hour)
			s.Readings = map[string]ordersync.Reading{de: covered(100*24, 0)}
		}, ordersync.Sweep, 97 * time.Hour, 73 * time.Hour, []string{de}},
		{"what is shunned is passed over", func(s *ordersync.BackState) {
			s.Shunned = []ordersync.Shunned{{Window: ordersync.Window{From: now.Add(-49 * time.Hour), To: now.Add(-48 * time.Hour)}, Until: now.Add(time.Hour)}}
			s.Readings = map[string]ordersync.Reading{de: covered(48, 0)}
		}, ordersync.Gap, 73 * time.Hour, 49 * time.Hour, []string{de}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := base
			test.change(&s)
			work, ok, _ := ordersync.NextBackWork(s)
			want := ordersync.Window{From: now.Add(-test.from), To: now.Add(-test.to)}
			if !ok || work.Purpose != test.purpose || !work.Window.From.Equal(want.From) || !work.Window.To.Equal(want.To) || !slices.Equal(work.Marketplaces, test.markets) {
				t.Errorf("next is %v %v (%v), want %s %v %v", work, ok, now.Sub(work.Window.From), test.purpose, want, test.markets)
			}
		})
	}
}
