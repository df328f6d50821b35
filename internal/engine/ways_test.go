package engine_test

import (
	"testing"
	"time"
)

// eachWay plays a story twice: with the harness's own ticks and workers, and by
// the doorbells of a server, where a connection that nobody rings for is not
// worked on. One after the other, since a story may share its variables.
func eachWay(t *testing.T, story func(w *world), change ...func(*setup)) {
	t.Helper()
	t.Parallel()
	for name, doors := range map[string]bool{"ticks": false, "doorbells": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.doors = doors
				story(w)
			}, change...)
		})
	}
}

// serveDoors lets time pass as a server does: River rings.
func (w *world) serveDoors(d time.Duration) {
	w.t.Helper()
	service := w.doorbells(w.engine, w.store)
	time.Sleep(d)
	w.stop(service)
}

// lag is how much later work begins by the doorbells: a service that starts must
// be elected to tick, and in virtual time it polls.
func (w *world) lag() time.Duration {
	if w.doors {
		return 15 * time.Second
	}
	return 0
}
