package main

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// SIGTERM ends a server well: the pages under way are committed, the leases are
// given back, and the next server goes on at once.
func TestTerminatedServer(t *testing.T) {
	onBoth(t, func(p *program) {
		shops := p.shops(4, 450)
		p.watchTargets()
		p.latency(100*time.Millisecond, 300*time.Millisecond)
		s := p.server("--workers", "4", "--history", "1h").ready()
		done := s.run()
		p.until("a page is stored", func() bool { return len(p.query(`SELECT order_id FROM orders LIMIT 1`)) == 1 })
		s.signal(syscall.SIGTERM)
		if code := s.wait(); code != exitOK || s.said("ending: ") != 1 || s.troubles() > 0 {
			p.t.Errorf("exit code %d", code)
		}
		if n := p.leases(); n != 0 {
			p.t.Errorf("%d leases were kept", n)
		}
		if p.targets(true) == 0 {
			p.t.Error("the run was over before")
		}
		// The one who asked goes on watching, at the same address.
		p.start("--listen", strings.TrimPrefix(s.url, "http://"), "--workers", "4", "--history", "1h", "serve").ready()
		p.wantRun(done, shops)
	})
}

// A second signal ends a server at once, whatever Amazon is doing; what it held
// is free after the lease.
func TestSecondSignal(t *testing.T) {
	onBoth(t, func(p *program) {
		shops := p.shops(2, 120)
		p.watchTargets()
		_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultHang})
		p.must(err)
		args := []string{"--workers", "4", "--lease", "61s", "--call-timeout", "20s", "--history", "1h"}
		s := p.server(args...).ready()
		p.until("calls hang", func() bool { return s.holds() == 2 })
		s.signal(syscall.SIGTERM)
		p.until("it ends", func() bool { return s.said("ending: ") == 1 })
		s.signal(syscall.SIGTERM)
		if code := s.wait(); code != -1 {
			p.t.Errorf("exit code %d: it was not the second signal that ended it", code)
		}
		if p.leases() == 0 {
			p.t.Error("it gave its leases back first")
		}
		p.sim.ClearFaults()
		p.query(`UPDATE connections SET lease_until = $1`, p.now().UnixMilli()) // the minute of the lease
		other := p.server(args...).ready()
		p.wantRun(other.run(), shops)
	})
}

// A command that is interrupted gives back what it held, and a second one does
// the rest.
func TestInterruptedSync(t *testing.T) {
	onBoth(t, func(p *program) {
		shops := p.shops(4, 450)
		p.latency(100*time.Millisecond, 300*time.Millisecond)
		s := p.start("--workers", "4", "sync", "--json", "--back-work", "0s")
		p.until("a page is stored", func() bool { return len(p.query(`SELECT order_id FROM orders LIMIT 1`)) == 1 })
		s.signal(syscall.SIGINT)
		if code := s.wait(); code != exitAborted || s.out.Len() > 0 || s.said("interrupted; what is stored stays") != 1 {
			p.t.Errorf("exit code %d: %s", code, &s.out)
		}
		if n := p.leases(); n != 0 {
			p.t.Errorf("%d leases were kept", n)
		}
		again := p.start("--workers", "4", "sync", "--json", "--back-work", "0s")
		if code := again.wait(); code != exitOK {
			p.t.Errorf("the second: exit code %d: %s", code, &again.out)
		}
		p.wantTruths(shops)
	})
}

// Any command may run beside a server on one SQLite file.
func TestProcessesBesideAServer(t *testing.T) {
	onSQLite(t, func(p *program) {
		shops := p.shops(12, 250)
		p.watchTargets()
		p.latency(50*time.Millisecond, 150*time.Millisecond)
		_, token := p.seller("eu")
		s := p.server("--workers", "4", "--history", "1h").ready()
		done := s.run()
		var beside []*process
		for _, args := range [][]string{
			{"sync", "--json", "--back-work", "1s"},
			{"sync", "--tenant", "shop-03", "--back-work", "0s"},
			{"status"},
			{"tenants", "list"},
			{"tenants", "set", "shop-05", "--interval", "10m"},
			{"keys", "create", "--name", "beside"},
			{"orders", "list", "--tenant", "shop-00", "--json"},
			{"migrate"},
			{"backfill", "shop-07", "--since", p.now().AddDate(0, 0, -8).Format(time.DateOnly)},
		} {
			beside = append(beside, p.start(append([]string{"--history", "1h"}, args...)...))
		}
		p.imports(line{"tenantId": "new", "region": "eu", "refreshToken": token})
		for _, b := range beside {
			if code := b.wait(); code != exitOK {
				p.t.Errorf("%v: exit code %d: %s%s", b.cmd.Args[len(b.cmd.Args)-3:], code, &b.out, b.talk)
			}
		}
		p.wantRun(done, shops)
		s.signal(syscall.SIGTERM)
		if code := s.wait(); code != exitOK || s.troubles() > 0 {
			p.t.Errorf("exit code %d", code)
		}
	})
}

// A Postgres that crashes and comes back ends no server.
func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := newProgram(t, storetest.Postgres, c.url)
	shops := p.shops(10, 120)
	p.watchTargets()
	p.latency(100*time.Millisecond, 300*time.Millisecond)
	s := p.server(append(quickLease, "--workers", "4")...).ready()
	done := s.run()
	p.until("something is done", func() bool { return p.targets(false) > 0 })
	c.stop()
	p.until("the server says so", func() bool { code, _ := s.get("/readyz"); return code == http.StatusServiceUnavailable })
	c.start()
	p.askAnew()
	if p.targets(true) == 0 {
		t.Fatal("the run is over")
	}
	p.until("the server is ready again", func() bool { code, _ := s.get("/readyz"); return code == http.StatusOK })
	p.query(`UPDATE connections SET rung_at = rung_at - 60000`) // the minute after which a doorbell counts as lost
	p.wantRun(done, shops)

	// It can be ended while the database is away, too.
	c.stop()
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	c.start()
}
