package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// A seller whose polls cost two searches and more would spend all that drips on
// them: live work leaves back work its share, and history comes all the same.
func TestHistoryComesBesideBusyPolls(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 16, 30*day, 3*day)
		w.orders(s, 11*10, time.Hour, -9*time.Hour)
		a := w.connect("acme", s, startAt(time.Minute))
		w.serve(time.Hour)
		var late time.Duration
		for range 9 * 6 {
			w.serve(10 * time.Minute)
			late = max(late, time.Since(w.connection(a).Cursor))
		}
		have, wanted := w.coverage(a), begin.Add(-34*day)
		for _, m := range s.MarketplaceIDs() {
			if !have.Walked[m].Covers(ordersync.Window{From: wanted, To: begin}) {
				t.Errorf("of history was read %v", have.Walked[m])
			}
		}
		if n := w.wantTruth(a, wanted, time.Now().Add(-late)); n < 110 {
			t.Errorf("%d orders are stored", n)
		}
		if late > 35*time.Minute {
			t.Errorf("live work was %s behind", late)
		}
		if n := w.calls(s, "", 429); n > 0 {
			t.Errorf("%d calls were throttled", n)
		}
		if n := w.calls(s, spapisim.SearchOrders, -1); n > burst+int(10*time.Hour/perToken)+1 {
			t.Errorf("%d searches", n)
		}
	}, history(35*day), pagesOf(2))
}
