package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

func (w *world) explain(tenant ordersync.TenantID, id string, ask bool) engine.Explanation {
	w.t.Helper()
	x, err := w.engine.Explain(w.ctx, tenant, id, ask)
	w.must(err)
	if len(x.Why) == 0 {
		w.t.Errorf("nothing is said of %s", id)
	}
	return x
}

func TestExplainAnOrderThatIsHere(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 3, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.syncs(a, ordersync.Success)
		x := w.explain("acme", ids[1], false)
		if !x.Here || len(x.Connections) != 1 || x.Connections[0].Order == nil || len(x.Connections[0].History) != 1 {
			t.Fatalf("explained: %+v", x)
		}
		for _, m := range x.Connections[0].Marketplaces {
			if len(m.Dates) != 2 || m.Dates[1].Read != engine.ReadConfirmed {
				t.Errorf("dates at %s: %+v", m.ID, m.Dates)
			}
		}
		wantText(t, strings.Join(x.Why, " "), "has it")
	})
}

// An order that another connection of the tenant has shows how its dates stand at
// this one.
func TestExplainHowDatesWereRead(t *testing.T) {
	play(t, func(w *world) {
		s, other := w.seller(), w.seller()
		a, b := w.connect("acme", s, startAt(2*time.Hour)), w.connect("acme", other, startAt(10*time.Hour))
		ids := w.orders(other, 1, 9*time.Hour, 8*time.Hour)
		w.must(w.engine.Pause(w.ctx, "acme", a.connection))
		w.run(ordersync.GlobalRun, "")
		for _, c := range w.explain("acme", ids[0], false).Connections {
			want := engine.ReadNotYet
			if c.ID == b.connection {
				want = engine.ReadConfirmed
			}
			if got := c.Marketplaces[0].Dates[1].Read; got != want {
				t.Errorf("connection %d of %d and %d: %s, want %s", c.ID, a.connection, b.connection, got, want)
			}
		}
	})
}

func TestExplainWhatIsSetAside(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 3, 20*time.Hour, time.Hour)
		w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[0], Quiet: true, Damage: spapisim.DamageNoItems}))
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.sync(a)
		x := w.explain("acme", ids[0], false)
		if x.Here || x.Connections[0].SetAside == nil {
			t.Fatalf("explained: %+v", x)
		}
		wantText(t, x.Why[0], "set it aside")
	})
}

func TestExplainWithAmazonsWord(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.order(s, "903-0000001-0000001")
		x := w.explain("acme", "903-0000001-0000001", false)
		if x.Here || x.Asked {
			t.Errorf("explained: %+v", x)
		}
		wantText(t, x.Why[0], "nothing was read yet")
		x = w.explain("acme", "903-0000001-0000001", true)
		if !x.Here || !x.Answer.Imported || x.AskFailed != nil {
			t.Errorf("explained: %+v", x)
		}
		wantText(t, strings.Join(x.Why, " "), "Amazon was asked and has it; what is new was stored")
		x = w.explain("acme", "903-0000001-0000002", true)
		if x.Here || !errors.Is(x.AskFailed, engine.ErrNotFound) {
			t.Errorf("explained: %+v", x)
		}
		w.must(w.engine.Pause(w.ctx, "acme", a.connection))
		wantText(t, w.explain("acme", "903-0000001-0000002", false).Why[0], "paused")
		if _, err := w.engine.Explain(w.ctx, "nobody", "1", false); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown tenant: %v", err)
		}
		w.free()
	})
}
