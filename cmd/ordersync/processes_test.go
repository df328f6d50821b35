package main

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// quickLease are settings by which what a dead process held is soon free.
var quickLease = []string{"--lease", "9s", "--call-timeout", "3s", "--history", "1h"}

// Any number of servers share one Postgres and one run; one without workers
// only answers.
func TestManyServersShareARun(t *testing.T) {
	onPostgres(t, func(p *program) {
		gate := p.gated()
		shops := p.shops(24, 120)
		p.watchTargets()
		front := p.server("--workers", "0").ready()
		done := front.run()
		workers := []*process{p.server("--workers", "8"), p.server("--workers", "8"), p.server("--workers", "8")}
		for _, w := range workers {
			p.until("everybody works", func() bool { return w.holds() > 0 })
		}
		if front.holds() != 0 {
			t.Error("a server without workers works")
		}
		gate.let()
		p.wantRun(done, shops)
		for _, s := range append(workers, front) {
			s.signal(syscall.SIGTERM)
		}
		for _, s := range append(workers, front) {
			if code := s.wait(); code != exitOK {
				t.Errorf("exit code %d", code)
			}
		}
		if n := p.leases(); n != 0 {
			t.Errorf("%d leases were kept", n)
		}
	})
}

// A worker that is killed loses nothing; not even the one that ticks.
func TestKilledWorker(t *testing.T) {
	onPostgres(t, func(p *program) {
		shops := p.shops(24, 150)
		p.watchTargets()
		p.latency(100*time.Millisecond, 400*time.Millisecond)
		front := p.server("--workers", "0").ready()
		done := front.run()
		victim := p.server(append(quickLease, "--workers", "8")...)
		p.until("somebody ticks", func() bool { return victim.holds() > 0 })
		other := p.server(append(quickLease, "--workers", "8")...)
		p.until("both work", func() bool { return other.holds() > 0 })
		p.until("something is done", func() bool { return p.targets(false) > 0 })
		victim.freeze()
		if p.targets(true) == 0 {
			t.Fatal("the run is over")
		}
		victim.signal(syscall.SIGKILL)
		p.wantRun(done, shops)
	})
}

// A worker that stands still past its lease has lost it: another does the work,
// and the first writes nothing when it wakes up.
func TestSleepingWorker(t *testing.T) {
	onPostgres(t, func(p *program) {
		shops := p.shops(2, 250)
		p.watchTargets()
		p.latency(300*time.Millisecond, 600*time.Millisecond)
		front := p.server("--workers", "0").ready()
		done := front.run()
		sleeper := p.server(append(quickLease, "--workers", "4")...)
		p.until("a page is stored", func() bool { return len(p.query(`SELECT order_id FROM orders LIMIT 1`)) == 1 })
		sleeper.freeze()
		held := p.query(`SELECT id, epoch FROM connections WHERE lease_until > $1 AND holder = $2 ORDER BY id`, p.now().UnixMilli(), sleeper.holder())
		p.server(append(quickLease, "--workers", "4")...)
		p.wantRun(done, shops)
		rows := func() [][]string {
			return p.query(`SELECT id, epoch, step, holder, cursor_at, live_due_at, orders, change_seq FROM connections ORDER BY id`)
		}
		// What is left to do is back work, which would change the rows too.
		p.until("nothing is due", func() bool {
			return len(p.query(`SELECT id FROM connections WHERE lease_until > $1 OR back_due_at <= $1 OR live_due_at <= $1`, p.now().UnixMilli())) == 0
		})
		before := rows()
		for _, h := range held {
			if slices.ContainsFunc(before, func(now []string) bool { return now[0] == h[0] && (now[1] == h[1] || now[3] == sleeper.holder()) }) {
				t.Errorf("connection %s was not taken over", h[0])
			}
		}
		sleeper.signal(syscall.SIGCONT)
		p.until("the sleeper sees it", func() bool {
			// In the middle of a transaction, which Postgres has undone, it sees that instead.
			return sleeper.said("connection was taken over")+sleeper.said("execution broke off") >= len(held)
		})
		if after := rows(); !slices.EqualFunc(before, after, slices.Equal) {
			t.Errorf("the sleeper wrote.\nbefore: %v\nafter:  %v", before, after)
		}
		p.wantTruths(shops)
		sleeper.signal(syscall.SIGTERM)
		if code := sleeper.wait(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	})
}

// Doorbells hold no truth.
func TestDoorbellsDeletedUnderServe(t *testing.T) {
	onPostgres(t, func(p *program) {
		shops := p.shops(16, 120)
		p.watchTargets()
		p.latency(50*time.Millisecond, 200*time.Millisecond)
		one := p.server(append(quickLease, "--workers", "4")...).ready()
		p.server(append(quickLease, "--workers", "4")...)
		done := one.run()
		for range 8 {
			p.until("a doorbell rings", func() bool { return len(p.query(`DELETE FROM river_job RETURNING id`)) > 0 })
		}
		if p.targets(true) == 0 {
			t.Fatal("the run is over")
		}
		p.query(`UPDATE connections SET rung_at = rung_at - 60000`) // the minute after which a doorbell counts as lost
		p.wantRun(done, shops)
	})
}
