package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// What happens to the workers and to their database.

// victim is the place of a worker that does not stand still. The one that rings for
// all is spared now and then: it takes some 20 seconds until another does so, and a
// storm in which nobody works proves nothing.
func (s *storm) victim() int {
	s.t.Helper()
	leader := ""
	if rows := s.query(`SELECT leader_id FROM river_leader`); len(rows) > 0 && s.rng.IntN(8) > 0 {
		leader = rows[0][0]
	}
	for {
		if i := s.rng.IntN(len(s.workers)); s.workers[i].asleep.IsZero() && s.workers[i].holder() != leader {
			return i
		}
	}
}

// kill kills a worker, every other time in the middle of its work, and starts
// another in its place.
func (s *storm) kill() {
	s.t.Helper()
	i := s.victim()
	w := s.workers[i]
	if s.rng.IntN(2) == 0 && s.caught(w) {
		s.killedHolding++
	}
	if errors.Is(w.cmd.Process.Signal(syscall.SIGKILL), os.ErrProcessDone) {
		s.supervise()
		s.kill()
		return
	}
	w.wait()
	s.kills++
	s.replace(i)
}

// replace starts another worker in the place of one that has ended.
func (s *storm) replace(i int) {
	s.t.Helper()
	next := s.worker()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers[i] = next
}

// supervise starts workers anew that have ended by themselves, which one may only
// while it starts: without a database it cannot.
func (s *storm) supervise() {
	s.t.Helper()
	for i, w := range s.workers {
		select {
		case <-w.ended:
		default:
			continue
		}
		s.learnAddress(w)
		if code := w.wait(); code != exitNotDone || w.url != "" {
			s.t.Errorf("a worker at %q ended with %d: %s", w.url, code, w.talk)
		}
		s.unstarted++
		s.replace(i)
	}
}

// caught stops a worker at a moment at which it holds connections; false: there was
// no such moment within a few seconds.
func (s *storm) caught(w *worker) bool {
	s.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if w.holds() == 0 {
			<-time.After(5 * time.Millisecond)
			continue
		}
		w.signal(syscall.SIGSTOP)
		s.until("the worker stands still", w.stopped)
		if w.holds() > 0 {
			return true
		}
		w.signal(syscall.SIGCONT)
	}
	return false
}

// stop lets a worker stand still in the middle of its work; it is resumed when its
// leases have passed.
func (s *storm) stop() {
	s.t.Helper()
	for s.asleep() >= chaosWorkers/2 {
		s.wakeSleepers(false)
		<-time.After(50 * time.Millisecond)
	}
	w := s.workers[s.victim()]
	s.until("a worker is caught at work", func() bool { return s.caught(w) })
	w.asleep, w.held = time.Now(), w.holds()
}

func (s *storm) asleep() (n int) {
	for _, w := range s.workers {
		if !w.asleep.IsZero() {
			n++
		}
	}
	return n
}

// wakeSleepers resumes those whose leases have passed, with all: also waits for
// the others to be so far. What they held others may have taken; nothing of it is
// written by them, which the witness sees.
func (s *storm) wakeSleepers(all bool) {
	s.t.Helper()
	for _, w := range s.workers {
		past := func() bool { return time.Since(w.asleep) > chaosLease+time.Second && w.holds() == 0 }
		if w.asleep.IsZero() || !all && !past() {
			continue
		}
		s.until("the leases of who stands still have passed", past)
		left := len(s.query(`SELECT id FROM connections WHERE holder = $1 AND lease_until > 0`, w.holder()))
		s.takenOver += max(0, w.held-left)
		w.signal(syscall.SIGCONT)
		w.asleep = time.Time{}
		s.stops++
	}
}

// restart lets the database crash and come back.
func (s *storm) restart() {
	s.t.Helper()
	s.cluster.stop()
	s.cluster.start()
	s.askAnew()
	s.restarts++
}

// cutConnections cuts every connection of the workers to the database, or all of
// one worker's.
func (s *storm) cutConnections() {
	s.t.Helper()
	like := "worker-%"
	if s.rng.IntN(2) == 0 {
		like = fmt.Sprintf("worker-%d", len(s.ever)-1)
	}
	s.cut += len(s.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1`, like))
	s.cuts++
}

// purgeDoorbells empties the queue.
func (s *storm) purgeDoorbells() {
	s.t.Helper()
	s.purged += len(s.query(`DELETE FROM river_job RETURNING id`))
	s.purges++
}

// progress waits until some more steps were made, so that what happens next
// happens to somebody who works. Now and then who rings for all was killed and
// nobody works for a while: then the storm goes on.
func (s *storm) progress() {
	s.t.Helper()
	steps := func() int { return number(s.t, s.query(`SELECT COALESCE(SUM(step), 0) FROM connections`)[0][0]) }
	enough, end := steps()+5+s.rng.IntN(30), time.Now().Add(stall)
	for steps() < enough {
		if time.Now().After(end) {
			s.stalls++
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}
