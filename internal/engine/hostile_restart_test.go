package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// A process that has just begun does not know yet how far Amazon's clock is ahead
// of its own. A cursor that lies ahead because it was written by one that knew is
// no cursor from the future: what was read up to there was shown by Amazon.
func TestRestartBehindAmazonsClockRepairsNothing(t *testing.T) {
	play(t, func(w *world) {
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = spapisim.Duration(20 * time.Minute) }))
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.orders(s, 5, 50*time.Minute, 40*time.Minute)
		w.serve(8 * time.Minute)
		before := w.connection(a).Cursor
		if ahead := time.Until(before); ahead < ordersync.FutureTolerance {
			t.Fatalf("the cursor is only %s ahead of our clock", ahead)
		}
		w.engine = w.newEngine(w.store) // it has seen no answer of Amazon's
		got := w.syncs(a, ordersync.Success)
		if len(got.Repairs) != 0 {
			t.Errorf("repairs: %+v", got.Repairs)
		}
		if c := w.connection(a); c.Cursor.Before(before) {
			t.Errorf("the cursor went back from %s to %s", before, c.Cursor)
		}
		w.serve(6 * time.Minute)
		if c := w.connection(a); !c.Cursor.After(before) {
			t.Errorf("the cursor stands at %s still", c.Cursor)
		}
		w.wantAll(a, time.Hour)
	})
}
