package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// What is read a second time, and what a crash may do to back work.

// sweeps are the spans that sweeps have asked for, with when each began: back
// searches that follow one another at once are one. The story has no other back
// work.
func (w *world) sweeps(s spapisim.Seller) (out []asked) {
	w.t.Helper()
	var last time.Time
	for _, search := range w.backSearches(s) {
		if search.at.Sub(last) > time.Hour {
			out = append(out, search)
		}
		last, out[len(out)-1].to = search.at, search.to
	}
	return out
}

// The first sweep reaches back 50 hours, each later one 25 hours behind the start
// of the one before, and there is one a day.
func TestSweepsAreDaily(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(10*time.Minute))
		w.serve(3*day + time.Hour)
		sweeps := w.sweeps(s)
		if len(sweeps) != 4 {
			t.Fatalf("%d sweeps in three days: %v", len(sweeps), sweeps)
		}
		for i, search := range sweeps {
			from := search.at.Add(-50 * time.Hour)
			if i > 0 {
				from = sweeps[i-1].at.Add(-25 * time.Hour)
				if gap := search.at.Sub(sweeps[i-1].at); gap < day || gap > day+10*time.Minute {
					t.Errorf("%s between two sweeps", gap)
				}
			}
			if off := search.from.Sub(from).Abs(); off > 3*time.Second {
				t.Errorf("sweep %d reaches back to %s, want %s", i, search.from, from)
			}
			if search.at.Sub(search.to) > time.Hour {
				t.Errorf("sweep %d of %s ends at %s", i, search.at, search.to)
			}
		}
		w.wantSound(a)
	}, func(s *setup) { s.settings.Interval = 30 * time.Minute })
}

// A sweep that had to wait reads more, never less: what surfaced a day late is
// found also after an outage of days.
func TestLateSweepReadsMore(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(time.Minute)
		start := time.Now()
		w.orders(s, 10, 0, -20*time.Hour, func(g *spapisim.Generate) { g.Late = spapisim.Duration(24 * time.Hour) })
		for range 10 { // live work goes on now and then, on ticks of a server that is rarely up
			time.Sleep(7 * time.Hour)
			w.serve(2 * time.Second)
		}
		w.serve(10 * time.Minute)
		if n := w.wantTruth(a, start, start.Add(20*time.Hour)); n != 10 {
			t.Errorf("%d of 10 orders are stored", n)
		}
		w.wantSound(a)
	})
}

// While history waits, every fourth back call is the sweep's, however many calls
// were made before.
func TestSweepGetsItsShare(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 70, 20*day, 3*day)
		w.orders(s, 40, 40*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(time.Minute))
		w.serve(6 * time.Hour)
		sweep, gap, before := 0, 0, 0 // before: calls for history before the sweep's last
		for _, search := range w.asked(s) {
			switch age := begin.Sub(search.from); {
			case search.at.Sub(search.to) < 10*time.Minute && search.to.Sub(search.from) < time.Hour: // live
			case age > 51*time.Hour:
				gap++
			case gap < 23: // later on it may be a second reading
				sweep++
				before = gap
			}
		}
		if before < 8 || sweep < 8 {
			t.Errorf("%d calls for the sweep, of history %d in all and %d before the sweep's last", sweep, gap, before)
		}
		if c := w.connection(a); c.Sweep.LastAt.IsZero() || c.BackCalls != 0 {
			t.Errorf("the sweep stands at %+v, %d calls", c.Sweep, c.BackCalls)
		}
		if n := w.wantAll(a, 21*day); n != 110 {
			t.Errorf("%d of 110 orders are stored", n)
		}
		w.wantSound(a)
	}, history(30*day), pagesOf(4), func(s *setup) { s.settings.Interval = 30 * time.Minute })
}

// Where history shifts while its pages are read, the second reading, an hour
// later at least, finds what fell between two of them.
func TestHistoryThatShifts(t *testing.T) {
	play(t, func(w *world) {
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.Tokens = spapisim.TokenOffset }))
		s := w.seller()
		ids := w.orders(s, 24, 40*day, 10*day)
		a := w.connect("acme", s, startAt(time.Hour))
		for i := range 6 {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[4*i], BeforePage: 2}))
		}
		w.serve(20 * time.Minute)
		for id := range w.coverage(a).Doubts {
			if w.coverage(a).Confirmed[id].Covers(ordersync.Window{From: begin.Add(-40 * day), To: begin.Add(-10 * day)}) {
				t.Error("one reading of several pages was believed")
			}
		}
		w.serve(80 * time.Minute)
		if n := w.wantAll(a, 41*day); n != 24 {
			t.Errorf("%d of 24 orders are stored", n)
		}
		w.wantHistory(a, begin.Add(-44*day))
		w.wantSound(a)
	}, history(45*day), pagesOf(3), quick)
}

// A process may die at any call of back work: nothing is lost or stored twice.
func TestBackWorkSurvivesCrashes(t *testing.T) {
	for _, seed := range rows([]uint64{1, 2, 3, 4, 5, 6}, 6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			k := &killer{rng: rand.New(rand.NewPCG(seed, 0))}
			play(t, func(w *world) {
				s := w.seller()
				ids := w.orders(s, 30, 20*day, time.Hour)
				w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[7], Quiet: true, Damage: spapisim.DamageNoItems}))
				a := w.connect("acme", s, startAt(time.Hour))
				for range 40 {
					k.execute(w, a)
					time.Sleep(time.Duration(60+k.rng.IntN(200)) * time.Second)
				}
				w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[7], Quiet: true, Damage: spapisim.Damage{}}))
				w.serve(4 * time.Hour)
				if n := w.wantAll(a, 21*day); n != 30 {
					t.Errorf("%d of 30 orders are stored", n)
				}
				w.wantHistory(a, begin.Add(-24*day))
				w.wantSound(a)
			}, history(25*day), pagesOf(4), quick, along(k.ride))
		})
	}
}

// killer ends executions at random calls, before or after Amazon has answered.
type killer struct {
	rng *rand.Rand
	die context.CancelCauseFunc
}

func (k *killer) ride(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if k.die == nil || k.rng.IntN(4) > 0 {
		return next.RoundTrip(r)
	}
	if k.rng.IntN(2) == 0 {
		if response, err := next.RoundTrip(r); err == nil {
			_ = response.Body.Close()
		}
	}
	k.die(errKilled)
	return nil, errKilled
}

// execute is one execution of a new process, which may die.
func (k *killer) execute(w *world, a account) {
	w.t.Helper()
	ctx, die := context.WithCancelCause(w.ctx)
	k.die = die
	err := w.newEngine(w.store).Work(ctx, a.connection)
	k.die = nil
	die(nil)
	if err != nil && !errors.Is(err, errKilled) && !errors.Is(err, context.Canceled) {
		w.t.Fatal(err)
	}
}
