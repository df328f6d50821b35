package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// Orders that cannot be read, and what becomes of them.

// aside lists what is set aside of an account.
func (w *world) aside(a account) []store.SetAsideEntry {
	w.t.Helper()
	list, err := w.store.Reader().Tenant(a.tenant).SetAside(w.ctx, a.connection, 1000)
	w.must(err)
	return list
}

func (w *world) damage(a account, id, name string) {
	w.t.Helper()
	bad, _ := spapisim.NamedDamage(name)
	w.must(w.sim.Change(a.seller.Key, spapisim.Change{OrderID: id, Quiet: true, Damage: bad}))
}

func (w *world) heal(a account, id string, quiet bool) {
	w.t.Helper()
	w.must(w.sim.Change(a.seller.Key, spapisim.Change{OrderID: id, Quiet: quiet, Damage: spapisim.Damage{}}))
}

// rare makes live work rare, so that days pass quickly.
func rare(s *setup) { s.settings.Interval = time.Hour }

// An order set aside is asked for by its id at once, hourly for a day, then
// daily, until it can be read.
func TestSetAsideIsAskedForAgain(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 5, 20*time.Hour, 10*time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.damage(a, ids[2], "quantity-text")
		asked := func() int { return w.calls(s, spapisim.GetOrder, -1) }
		w.serve(2 * time.Minute)
		if n := asked(); n != 1 {
			t.Errorf("asked %d times at once", n)
		}
		w.wantHistory(a, begin.Add(-21*time.Hour))
		w.serve(10*time.Hour + 5*time.Minute)
		if n := asked(); n < 10 || n > 11 {
			t.Errorf("asked %d times in ten hours", n)
		}
		w.serve(15 * time.Hour)
		n := asked()
		w.serve(3 * day)
		if later := asked() - n; later < 3 || later > 4 {
			t.Errorf("asked %d times in three more days", later)
		}
		if list := w.aside(a); len(list) != 1 || list[0].OrderID != ids[2] || list[0].Cause == "" {
			t.Errorf("set aside are %+v", list)
		}
		w.heal(a, ids[2], true)
		w.serve(25 * time.Hour)
		if list := w.aside(a); len(list) != 0 {
			t.Errorf("set aside are %+v", list)
		}
		if n := w.wantAll(a, 7*day); n != 5 {
			t.Errorf("%d of 5 orders are stored", n)
		}
		w.wantSound(a)
	}, rare, func(s *setup) { s.settings.Sweep = 1000 * time.Hour }) // a sweep would read it too
}

// A search that brings a readable version ends the entry in the same
// transaction.
func TestSearchEndsSetAside(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 3, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.damage(a, ids[0], "no-items")
		w.serve(time.Minute)
		w.heal(a, ids[0], false)
		n := w.calls(s, spapisim.GetOrder, -1)
		w.serve(12 * time.Minute)
		if list := w.aside(a); len(list) != 0 || w.calls(s, spapisim.GetOrder, -1) != n {
			t.Errorf("set aside are %+v", list)
		}
		if n := w.wantAll(a, day); n != 3 {
			t.Errorf("%d of 3 orders are stored", n)
		}
		w.wantSound(a)
	})
}

// answer answers getOrder for some order in Amazon's stead.
func answer(id *string, status int, body string) func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if *id == "" || !strings.HasSuffix(r.URL.Path, *id) {
			return next.RoundTrip(r)
		}
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
			ContentLength: int64(len(body)), Request: r,
		}, nil
	})
}

// What Amazon does not know any more is kept as gone and not asked for again.
func TestSetAsideThatIsGone(t *testing.T) {
	var gone string
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 4, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.damage(a, ids[1], "no-items")
		gone = ids[1]
		w.serve(5 * time.Minute)
		list := w.aside(a)
		if len(list) != 1 || list[0].Tries != 1 || !list[0].NextTryAt.IsZero() {
			t.Fatalf("set aside are %+v", list)
		}
		w.serve(5 * time.Hour)
		if list := w.aside(a); len(list) != 1 || list[0].Tries != 1 {
			t.Errorf("five hours later: %+v", list)
		}
		w.wantSound(a)
	}, answer(&gone, http.StatusNotFound, `{"errors":[{"code":"NotFound","message":"The requested resource is not found."}]}`))
}

// One order that cannot be asked for holds up neither the others nor history.
func TestOneOrderHoldsNothingUp(t *testing.T) {
	for _, status := range rows([]int{400, 403, 500, 413, 200}, 5) {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var stuck string
			play(t, func(w *world) {
				s := w.seller()
				ids := w.orders(s, 20, 20*day, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				w.order(s, "900-0000000-0000001", func(p *spapisim.Placed) { p.Order.CreatedTime = time.Now().Add(-2 * time.Hour) })
				stuck = "900-0000000-0000001"
				w.damage(a, stuck, "no-items")
				w.damage(a, ids[3], "no-items")
				w.serve(3 * time.Hour)
				w.wantHistory(a, begin.Add(-24*day))
				w.heal(a, ids[3], true)
				w.serve(90 * time.Minute)
				if list := w.aside(a); len(list) != 1 || list[0].OrderID != stuck {
					t.Errorf("set aside are %+v", list)
				}
				if n := w.wantAll(a, 21*day); n != 20 {
					t.Errorf("%d of 20 orders are stored", n)
				}
				w.wantSound(a)
			}, history(25*day), quick, answer(&stuck, status, `[]`))
		})
	}
}

// A crowd of unreadable orders is asked for in turns of thirty.
func TestManySetAside(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 80, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		for _, id := range ids[:38] {
			w.damage(a, id, "no-items")
		}
		w.work(a)
		if n := w.calls(s, spapisim.GetOrder, -1); n > 30 || n < 10 {
			t.Errorf("%d orders were asked for by one execution", n)
		}
		w.serve(10 * time.Minute)
		for _, entry := range w.aside(a) {
			if entry.Tries != 1 {
				t.Errorf("%+v", entry)
			}
		}
		for _, id := range ids[:38] {
			w.heal(a, id, true)
		}
		w.serve(2 * time.Hour)
		if n := w.wantAll(a, day); n != 80 || len(w.aside(a)) != 0 {
			t.Errorf("%d of 80 orders are stored, %d set aside", n, len(w.aside(a)))
		}
		w.wantSound(a)
	})
}

// An order without an id leaves its window a gap, which narrows to a minute and
// is left alone for a day; all other history is read meanwhile.
func TestOrderWithoutID(t *testing.T) {
	for name, back := range map[string]time.Duration{"in live work": 10 * time.Hour, "in history": 10 * day} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 20, 20*day, time.Hour)
				at := begin.Add(-back).Truncate(time.Minute).Add(17 * time.Second)
				w.order(s, "900-0000000-0000001", func(p *spapisim.Placed) { p.Order.CreatedTime = at })
				a := w.connect("acme", s, startAt(21*time.Hour))
				w.damage(a, "900-0000000-0000001", "no-id")
				w.serve(3 * time.Hour)
				m := s.MarketplaceIDs()[0]
				gaps := w.coverage(a).Walked[m].Missing(ordersync.Window{From: begin.Add(-24 * day), To: begin})
				if len(gaps) != 1 || gaps[0].Width() > 3*time.Minute || gaps[0].From.After(at) || gaps[0].To.Before(at) {
					t.Errorf("gaps are %v, the order lies at %s", gaps, at)
				}
				calls := len(w.backSearches(s))
				w.serve(10 * time.Hour)
				if n := len(w.backSearches(s)) - calls; n > 13 { // ten of them are live work
					t.Errorf("%d back searches in ten hours", n)
				}
				w.heal(a, "900-0000000-0000001", true)
				w.serve(15 * time.Hour)
				w.wantHistory(a, begin.Add(-23*day))
				if n := w.wantAll(a, 22*day); n != 21 {
					t.Errorf("%d of 21 orders are stored", n)
				}
				if list := w.aside(a); len(list) != 0 {
					t.Errorf("set aside are %+v", list)
				}
				w.wantSound(a)
			}, history(25*day), quick, rare)
		})
	}
}

// Orders set aside are asked for without personal data where that is refused.
func TestSetAsideWithoutPersonalData(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 20, 20*day, time.Hour)
		on := true
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.PersonalData = &on })
		w.order(s, "900-0000000-0000001", func(p *spapisim.Placed) { p.Order.CreatedTime = time.Now().Add(-2 * time.Hour) })
		w.damage(a, "900-0000000-0000001", "no-items")
		w.serve(20 * time.Minute)
		w.heal(a, "900-0000000-0000001", true)
		w.serve(2 * time.Hour)
		if n := w.wantAll(a, 21*day); n != len(ids)+1 || len(w.aside(a)) != 0 {
			t.Errorf("%d orders are stored, set aside are %+v", n, w.aside(a))
		}
		w.wantHistory(a, begin.Add(-24*day))
		w.wantSound(a)
	}, history(25*day), quick, func(s *setup) { s.sim.Switches.PersonalRefused = true })
}
