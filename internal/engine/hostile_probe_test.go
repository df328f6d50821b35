package engine_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// Where only runs work, as by a cron, the fleet comes back too: a run that is
// settled at once lets the connection that tries end its try.
func TestRunsAloneEndTheStop(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller(), startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		time.Sleep(time.Hour)
		fault := w.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_client"})
		wantReason(t, w.run(ordersync.GlobalRun, "")["acme"], ordersync.AppCredentialsInvalid)
		w.sim.RemoveFault(fault)
		time.Sleep(5 * time.Minute)
		wantReason(t, w.run(ordersync.GlobalRun, "")["acme"], ordersync.AppCredentialsInvalid)
		time.Sleep(5 * time.Minute)
		wantReason(t, w.run(ordersync.GlobalRun, "")["acme"], ordersync.Success)
	})
}
