package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// Trouble that many share is no verdict on any of them.

// fleet connects n tenants of a region whose live work has succeeded.
func (w *world) fleet(region string, n int) (all []account) {
	w.t.Helper()
	for i := range n {
		s, err := w.sim.AddSeller(spapisim.SellerSpec{Region: region})
		w.must(err)
		all = append(all, w.connect(ordersync.TenantID(fmt.Sprintf("%s%02d", region, i)), s, startAt(time.Hour)))
	}
	w.serve(time.Minute)
	return all
}

// refuse lets Login with Amazon refuse every refresh token of a region.
func (w *world) refuse(region string) int {
	w.t.Helper()
	return w.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_grant", Region: region})
}

// wantAllIn checks the state of many connections.
func (w *world) wantAllIn(all []account, want ordersync.State) {
	w.t.Helper()
	for _, a := range all {
		if c := w.connection(a); c.State != want {
			w.t.Errorf("%s is %s, want %s", a.tenant, c.State, want)
		}
	}
}

// wantFresh checks that live work of many connections is up to date.
func (w *world) wantFresh(all []account) {
	w.t.Helper()
	for _, a := range all {
		if c := w.connection(a); c.LastReason != ordersync.Success || time.Since(c.Cursor) > 10*time.Minute {
			w.t.Errorf("%s stands at %s, its cursor is %s old", a.tenant, c.LastReason, time.Since(c.Cursor))
		}
	}
}

// wantEnded checks how often an incident was opened, and that none is open.
func (w *world) wantEnded(most int) {
	w.t.Helper()
	open, err := w.store.Reader().OpenIncidents(w.ctx)
	w.must(err)
	n := strings.Count(w.log.String(), "incident opened")
	if len(open) > 0 || n < 1 || n > most {
		w.t.Errorf("%d incidents were opened, want 1 to %d; open are %v", n, most, open)
	}
}

func TestMassRefusalsRevokeNobody(t *testing.T) {
	for _, lasts := range rows([]time.Duration{25 * time.Minute, 5 * time.Hour}, 2) {
		t.Run(lasts.String(), func(t *testing.T) {
			play(t, func(w *world) {
				all := w.fleet("eu", 20)
				loggedOut()
				id := w.refuse("")
				for end := time.Now().Add(lasts); time.Now().Before(end); {
					w.serve(min(40*time.Minute, time.Until(end)))
					w.wantAllIn(all, ordersync.Connected)
					for tenant, got := range w.run(ordersync.GlobalRun, "") {
						if got.Outcome.Confirmed {
							t.Fatalf("%s: %s is confirmed", tenant, got.Outcome.Reason)
						}
					}
				}
				w.sim.RemoveFault(id)
				w.serve(30 * time.Minute)
				w.wantAllIn(all, ordersync.Connected)
				w.wantFresh(all)
				w.wantEnded(40)
				w.wantSound(all...)
			}, quick)
		})
	}
}

// The mass 403 of a bad half hour: the first may not know it yet, the rest say
// that it is Amazon's platform.
func TestMassDenial(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 7)
		begun := time.Now()
		w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Until: begun.Add(25 * time.Minute)})
		w.serve(7 * time.Minute)
		platform := 0
		for tenant, got := range w.run(ordersync.GlobalRun, "") {
			if got.Outcome.Confirmed {
				t.Errorf("%s: %s is confirmed", tenant, got.Outcome.Reason)
			}
			if got.Outcome.Reason == ordersync.PlatformDenied {
				platform++
			}
		}
		if platform != len(all) {
			t.Errorf("%d of %d know that it is the platform", platform, len(all))
		}
		w.serve(time.Until(begun.Add(80 * time.Minute)))
		w.wantAllIn(all, ordersync.Connected)
		w.wantFresh(all)
		w.wantEnded(4)
		for _, a := range all {
			if c := w.connection(a); !c.DeniedAt.IsZero() || c.Failures != 0 {
				t.Errorf("%s: denied at %s, %d failures", a.tenant, c.DeniedAt, c.Failures)
			}
		}
		w.wantSound(all...)
	}, quick)
}

// Denials of many that last for hours confirm nothing of anybody, however far
// apart the backoff lets them be asked.
func TestLongMassDenialConfirmsNothing(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 6)
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden})
		for range 10 {
			w.serve(30 * time.Minute)
			for _, a := range all {
				if n := w.number(`SELECT COUNT(*) FROM targets WHERE connection_id = ? AND confirmed`, int64(a.connection)); n > 0 {
					t.Fatalf("%s was denied for good", a.tenant)
				}
			}
			w.run(ordersync.GlobalRun, "")
		}
		w.sim.RemoveFault(id)
		w.serve(70 * time.Minute)
		w.wantFresh(all)
		w.wantSound(all...)
	}, quick)
}

// Four are too few, and so are many that had not worked lately: each of them is
// told.
func TestTooFewForAnIncident(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 4)
		loggedOut()
		w.refuse("")
		w.serve(20 * time.Minute)
		w.wantAllIn(all, ordersync.NeedsReconnect)
		if text := w.log.String(); strings.Contains(text, "incident opened") {
			t.Error("four made an incident")
		}
		w.wantSound(all...)
	}, quick)
}

func TestWhoDidNotWorkLatelyMakesNoIncident(t *testing.T) {
	play(t, func(w *world) {
		var all []account
		for i := range 8 {
			s := w.seller()
			all = append(all, w.connect(ordersync.TenantID(fmt.Sprint("t", i)), s, startAt(time.Hour), func(spec *engine.ConnectionSpec) {
				spec.LastSuccessAt = time.Now().Add(-25 * time.Hour)
			}))
		}
		w.refuse("")
		w.serve(20 * time.Minute)
		w.wantAllIn(all, ordersync.NeedsReconnect)
		if text := w.log.String(); strings.Contains(text, "incident opened") {
			t.Error("they made an incident")
		}
		w.wantSound(all...)
	}, quick)
}

// An incident lasts six hours at most. Then the operator is told, those that go
// on failing make no second one, and Amazon's word counts again.
func TestIncidentEndsWithAnAlarm(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 5)
		loggedOut()
		w.refuse("")
		for range 35 {
			w.serve(9 * time.Minute) // often enough that it is never quiet
			w.run(ordersync.GlobalRun, "")
			w.wantAllIn(all, ordersync.Connected)
		}
		for range 10 {
			w.serve(9 * time.Minute)
			w.run(ordersync.GlobalRun, "")
		}
		if text := w.log.String(); strings.Count(text, "lasts too long") != 1 || strings.Count(text, "incident opened") != 1 {
			t.Errorf("%d alarms, %d incidents", strings.Count(text, "lasts too long"), strings.Count(text, "incident opened"))
		}
		w.wantAllIn(all, ordersync.NeedsReconnect)
		w.wantSound(all...)
	}, quick)
}

// Where some recover and the rest does not, the incident is not opened and
// closed with every tick.
func TestHalfRecovery(t *testing.T) {
	play(t, func(w *world) {
		all := w.fleet("eu", 16)
		w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden})
		w.serve(7 * time.Minute)
		w.sim.ClearFaults()
		for _, a := range all[:8] {
			w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Seller: a.seller.Key})
		}
		w.run(ordersync.GlobalRun, "")
		for range 40 {
			w.serve(5 * time.Second)
		}
		if n := strings.Count(w.log.String(), "incident opened"); n > 3 {
			t.Errorf("%d incidents were opened", n)
		}
		w.wantSound(all...)
	}, quick)
}

// An incident is a region's own: a tenant elsewhere who withdraws is believed,
// and two regions have one each.
func TestIncidentsOfRegions(t *testing.T) {
	play(t, func(w *world) {
		eu, na, fe := w.fleet("eu", 6), w.fleet("na", 6), w.fleet("fe", 6)
		loggedOut()
		w.refuse("eu")
		w.must(w.sim.Revoke(w.app.ClientID, fe[0].seller.Key))
		for _, a := range na {
			w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Seller: a.seller.Key})
		}
		w.serve(2 * time.Minute)
		open, err := w.store.Reader().OpenIncidents(w.ctx)
		w.must(err)
		kinds := map[ordersync.Region]store.FailureKind{}
		for _, i := range open {
			kinds[i.Region] = i.Kind
		}
		if len(open) != 2 || kinds["eu"] != store.FailedRevoked || kinds["na"] != store.FailedDenied {
			t.Errorf("open are %v", open)
		}
		w.serve(20 * time.Minute)
		w.wantAllIn(eu, ordersync.Connected)
		w.wantAllIn(na, ordersync.Connected)
		w.wantAllIn(fe[:1], ordersync.NeedsReconnect)
		w.wantFresh(fe[1:])
		w.wantSound(append(append(eu, na...), fe...)...)
	}, quick)
}
