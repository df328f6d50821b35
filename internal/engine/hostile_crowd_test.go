package engine_test

import (
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// A crowd of orders that cannot be asked for holds history up as little as one:
// each is tried in its hour, and windows get their turn beside them.
func TestManyOrdersHoldNothingUp(t *testing.T) {
	kinds := []spapisim.FaultKind{
		spapisim.FaultInvalid, spapisim.FaultForbidden, spapisim.FaultInternal, spapisim.FaultHang, spapisim.FaultThrottle,
	}
	for _, kind := range rows(kinds, 5) {
		t.Run(string(kind), func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				ids := w.orders(s, 30, 20*time.Hour, time.Hour)
				w.orders(s, 60, 40*day, 2*day)
				a := w.connect("acme", s, startAt(21*time.Hour))
				for i, id := range ids {
					if i%10 != 0 { // most of a page may not be unreadable
						w.damage(a, id, "no-items")
					}
				}
				fault := w.fault(spapisim.Fault{Kind: kind, Operation: spapisim.GetOrder})
				w.serve(2 * time.Hour)
				w.wantHistory(a, begin.Add(-44*day))
				list := w.aside(a)
				if len(list) != 27 {
					t.Fatalf("%d are set aside", len(list))
				}
				for _, entry := range list {
					if tried := kind != spapisim.FaultThrottle; tried && entry.Tries == 0 || entry.Tries > 3 {
						t.Errorf("%+v", entry)
					}
				}
				w.sim.RemoveFault(fault)
				for _, id := range ids {
					w.heal(a, id, true)
				}
				w.serve(2 * time.Hour)
				if n := w.wantAll(a, 41*day); n != 90 || len(w.aside(a)) != 0 {
					t.Errorf("%d of 90 orders are stored, %d set aside", n, len(w.aside(a)))
				}
			}, history(45*day), pagesOf(9), quick, rare)
		})
	}
}
