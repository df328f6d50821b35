package main

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"syscall"
	"time"

	"ordersync"
)

// calm lets the storm end: all work, nobody has troubles, nothing changes any more.
// It waits until everything that Amazon has must have been read.
func (s *storm) calm() {
	s.t.Helper()
	s.must(s.amazon.faults())
	s.must(s.amazon.ask("PATCH /switches", plainSwitches, nil))
	over := s.now().Add(stormLate)
	if !*chaosLong {
		over = over.Add(-ordersync.Delay) // no change is younger, by the traffic's rule
	}
	s.readUpTo(over)
	// Whose live work stood still reaches back with the next reading only.
	s.readUpTo(s.now().Add(-ordersync.Delay))
	s.eventually("all readings are confirmed", func() bool {
		// An hour passes: what was read in several pages is read again. Whoever works on
		// a connection just now does not see that it is due, hence again and again.
		s.query(`UPDATE doubts SET read_at = read_at - 3600000 WHERE read_at > $1`, s.now().Add(-time.Hour).UnixMilli())
		s.query(`UPDATE connections SET back_due_at = $1 WHERE back_due_at > $1 AND id IN (SELECT connection_id FROM doubts)`, s.now().UnixMilli())
		return len(s.query(`SELECT connection_id FROM doubts`)) == 0
	})
	s.eventually("all runs have finished", func() bool { return len(s.query(`SELECT id FROM runs WHERE state <> 'finished'`)) == 0 })
	s.supervise()
	for _, w := range s.workers {
		s.until("the worker is ready", func() bool {
			s.learnAddress(w)
			if w.url == "" {
				return false
			}
			code, _ := w.get("/readyz")
			return code == http.StatusOK
		})
		w.signal(syscall.SIGTERM)
	}
	for _, w := range s.workers {
		if code := w.wait(); code != exitOK {
			s.t.Errorf("a worker ended with %d", code)
		}
	}
}

// readUpTo waits until live work has read every connection up to a time and is not
// held up anywhere.
func (s *storm) readUpTo(at time.Time) {
	s.t.Helper()
	s.eventually("every connection is read up to the end of the storm", func() bool {
		s.askForRun(s.rng, "")
		return len(s.query(`SELECT id FROM connections WHERE cursor_at IS NULL OR cursor_at < $1 OR live_stuck_at IS NOT NULL`, at.UnixMilli())) == 0
	})
}

// eventually waits some minutes for something that must become true.
func (s *storm) eventually(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(6 * time.Minute); !is(); <-time.After(500 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("it did not come: %s; so far: %s; %v", what, s.tally, s.query(`SELECT id, state, last_reason, failures, back_failures,
				cursor_at, live_due_at, back_due_at, lease_until, rung_at FROM connections ORDER BY cursor_at LIMIT 5`))
		}
	}
}

// learnAddress notes where a worker serves, once it has said so.
func (s *storm) learnAddress(w *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case w.url = <-w.talk.address:
		w.process.url = w.url
	default:
	}
}

// someAddress is where some worker serves; "" while none has said so.
func (s *storm) someAddress(rng *rand.Rand) string {
	s.mu.Lock()
	workers := slices.Clone(s.workers)
	s.mu.Unlock()
	w := workers[rng.IntN(len(workers))]
	s.learnAddress(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.url
}
