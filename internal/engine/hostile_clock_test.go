package engine_test

import (
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// What is counted by our clock and what by Amazon's does not mix: a second
// reading comes an hour after the first, whichever clock is ahead, and nobody
// looks in vain until then.
func TestBackWorkOfTwoClocks(t *testing.T) {
	for _, skew := range []time.Duration{-20 * time.Minute, 20 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			play(t, func(w *world) {
				w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = spapisim.Duration(skew) }))
				s := w.seller()
				a := w.connect("acme", s, startAt(20*time.Hour))
				w.orders(s, 12, 15*time.Hour, 10*time.Hour)
				w.serve(3 * time.Minute)
				w.countAnew()
				epoch := w.epoch(a)
				w.serve(38 * time.Minute)
				const late = "900-0000000-0000001" // back work wakes up for it
				w.order(s, late)
				w.damage(a, late, "no-items")
				w.serve(17 * time.Minute)
				if list := w.aside(a); len(list) != 1 || list[0].Tries == 0 {
					t.Fatalf("set aside are %+v", list)
				}
				if n := w.calls(s, spapisim.SearchOrders, -1); n > 11 {
					t.Errorf("%d searches before the hour was over", n)
				}
				if n := len(w.coverage(a).Doubts); n == 0 {
					t.Fatal("there is no doubt")
				}
				w.serve(8 * time.Minute)
				if n := len(w.coverage(a).Doubts); n != 0 {
					t.Error("after the hour the second reading has not come")
				}
				polls := w.calls(s, spapisim.SearchOrders, -1)
				if n := w.epoch(a) - epoch; n > int64(polls)+5 { // and for the order
					t.Errorf("%d executions for %d searches", n, polls)
				}
				if n := w.calls(s, "", 429); n > 0 {
					t.Errorf("%d calls were throttled", n)
				}
			}, pagesOf(4), quick, func(s *setup) { s.settings.Interval = 15 * time.Minute })
		})
	}
}

// epoch counts the executions of a connection.
func (w *world) epoch(a account) int64 {
	w.t.Helper()
	return w.number(`SELECT epoch FROM connections WHERE id = ?`, int64(a.connection))
}
