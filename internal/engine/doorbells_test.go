package engine_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// waiting counts the doorbells that no worker has answered yet.
func (w *world) waiting() (n int) {
	w.t.Helper()
	w.must(w.store.Database().QueryRowContext(w.ctx, `SELECT COUNT(*) FROM river_job WHERE state = 'available' AND kind = 'ordersync_connection'`).Scan(&n))
	return n
}

// While all workers are busy, what waits for them in the queue stays bounded.
func TestDoorbellsDoNotPileUp(t *testing.T) {
	onBoth(t, func(w *world) {
		var asked []account
		for i := range 40 {
			s := w.seller()
			w.orders(s, 2, 20*time.Hour, time.Hour)
			a := w.connect(ordersync.TenantID(fmt.Sprintf("t%02d", i)), s, startAt(21*time.Hour))
			if i < 3 {
				asked = append(asked, a)
			}
		}
		w.fault(spapisim.Fault{Kind: spapisim.FaultSlow, Delay: spapisim.Duration(9 * time.Second), Operation: spapisim.SearchOrders})
		service := w.doorbells(w.engine, w.store)
		most := 0
		for range 20 {
			time.Sleep(20 * time.Second)
			for _, a := range asked {
				_, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, a.tenant)
				w.must(err)
			}
			most = max(most, w.waiting())
		}
		w.stop(service)
		// Four for each of two workers at each of three priorities, and for the one of
		// back work and the one of the slow lane.
		if most > 3*8+4+4 {
			w.t.Errorf("%d doorbells wait", most)
		}
	}, func(s *setup) { s.settings.Workers, s.settings.History = 2, 72*time.Hour })
}

// On PostgreSQL a worker hears the doorbell: it does not find it by looking.
func TestDoorbellIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.New(t, storetest.Postgres))
	a := w.connect("acme", w.seller(), startAt(time.Hour))
	w.must(engine.PrepareDoorbells(w.ctx, w.store, false))
	service, err := w.engine.ServeUnpolled(w.ctx)
	w.must(err)
	for heard := false; !heard; { // it begins to listen a little after its start
		_, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, a.tenant)
		w.must(err)
		heard = w.connection(a).LastReason == ordersync.Success
	}
	w.stop(service)
}

// Servers that start at once on a database without doorbells make them once, and
// none takes what another is just making for an older version's.
func TestServersThatMakeTheDoorbellsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.New(t, storetest.Postgres))
	made := make(chan error, 1)
	go func() { made <- engine.PrepareDoorbells(w.ctx, w.store, false) }()
	for {
		w.must(engine.PrepareDoorbells(w.ctx, w.store, false))
		select {
		case err := <-made:
			w.must(err)
			return
		default:
		}
	}
}

// eachWay plays a story twice: with the harness's own ticks and workers, and by
// the doorbells of a server, where a connection that nobody rings for is not
// worked on. One after the other, since a story may share its variables.
func eachWay(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	t.Parallel()
	for name, bells := range map[string]bool{"ticks": false, "doorbells": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.byDoorbells = bells
				story(w)
			}, change...)
		})
	}
}

// serveByDoorbells lets time pass as a server does: River rings.
func (w *world) serveByDoorbells(d time.Duration) {
	w.t.Helper()
	service := w.doorbells(w.engine, w.store)
	time.Sleep(d)
	w.stop(service)
}

// lag is how much later work begins by the doorbells: a service that starts must
// be elected to tick, and in virtual time it polls.
func (w *world) lag() time.Duration {
	if w.byDoorbells {
		return 15 * time.Second
	}
	return 0
}
