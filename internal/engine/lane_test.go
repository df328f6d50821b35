package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// A quick failure does not bring a slow seller back among the others: only a page
// that comes in time does.
func TestSlowSellerStaysSlowOverAQuickFailure(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller(), startAt(time.Hour))
		for _, step := range []struct {
			fault  spapisim.FaultKind
			reason ordersync.Reason
			slow   bool
		}{
			{"", ordersync.Success, false},
			{spapisim.FaultInternal, ordersync.AmazonUnavailable, false},
			{spapisim.FaultHang, ordersync.AmazonUnavailable, true},
			{spapisim.FaultInternal, ordersync.AmazonUnavailable, true},
			{"", ordersync.Success, false},
		} {
			w.sim.ClearFaults()
			if step.fault != "" {
				w.fault(spapisim.Fault{Kind: step.fault, Operation: spapisim.SearchOrders})
			}
			time.Sleep(time.Minute)
			w.syncs(a, step.reason)
			if slow := w.connection(a).Slow; slow != step.slow {
				t.Errorf("after %q it is slow: %t", step.fault, slow)
			}
		}
	})
}
