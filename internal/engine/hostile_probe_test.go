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

// However often runs ask for the tenant that tries while the fleet stands still,
// Amazon is asked once a minute.
func TestRunsDoNotTryMoreOften(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller(), startAt(time.Hour))
		w.syncs(a, ordersync.Success)
		w.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_client"})
		time.Sleep(time.Hour)
		service := w.doorbells(w.engine, w.store)
		time.Sleep(10 * time.Second)
		if !w.application().Stopped() {
			w.t.Fatal("it does not stand still")
		}
		from := time.Now()
		for range 30 {
			_, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, a.tenant)
			w.must(err)
			time.Sleep(6 * time.Second)
		}
		w.stop(service)
		if n := len(w.callTimes(from)); n < 2 || n > 4 {
			w.t.Errorf("%d tries in three minutes", n)
		}
	})
}
