package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync"
)

// mayGrow lets the SQLite file grow by so many pages and no further, as a full disk
// would.
func (w *world) mayGrow(pages int) {
	w.t.Helper()
	_, err := w.store.Database().ExecContext(w.ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, w.number(`PRAGMA page_count`)+int64(pages)))
	w.must(err)
}

// A run for which there is no room says so and what to do, and leaves nothing half
// done behind; with room, the next does the rest.
func TestRunOnAFullFile(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(20*time.Hour))
		w.orders(s, 900, 19*time.Hour, time.Hour)
		w.mayGrow(60)
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		if err = w.engine.Drive(w.ctx, run); err == nil || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "make room") {
			t.Errorf("the run ended with %v", err)
		}
		stored := w.stored(a)
		if len(stored) == 0 || len(stored) == 900 {
			t.Errorf("%d orders are stored: the file was not filled in the middle", len(stored))
		}
		w.wantCounts(a, stored)
		w.wantDense(a)
		w.mayGrow(1 << 20)
		time.Sleep(2 * time.Minute) // the lease
		w.syncs(a, ordersync.Success)
		if n := w.wantAll(a, 20*time.Hour); n != 900 {
			t.Errorf("%d orders were compared", n)
		}
		w.wantSound(a)
	})
}

// A server whose disk is full stays, says so, and goes on by itself once there is
// room.
func TestServerOnAFullFile(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(20*time.Hour))
		w.orders(s, 900, 19*time.Hour, time.Hour)
		service := w.doorbells(w.engine, w.store)
		w.mayGrow(60)
		time.Sleep(6 * time.Minute)
		if said := strings.Count(w.log.String(), "the disk is full"); said == 0 || said > 200 {
			t.Errorf("it was said %d times in 6 minutes that the disk is full", said)
		}
		w.wantCounts(a, w.stored(a))
		w.wantDense(a)
		w.mayGrow(1 << 20)
		time.Sleep(5 * time.Minute)
		w.stop(service)
		if n := w.wantAll(a, 20*time.Hour); n != 900 {
			t.Errorf("%d orders were compared", n)
		}
		w.wantSound(a)
	})
}
