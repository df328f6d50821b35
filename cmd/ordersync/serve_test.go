package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// serving is a server of the program's that runs.
type serving struct {
	p      *program
	url    string
	cancel context.CancelFunc
	talk   *talk
	ended  chan int
}

// talk keeps what is said and tells the address once it is said.
type talk struct {
	mu      sync.Mutex
	said    bytes.Buffer
	address chan string
}

var servesOn = regexp.MustCompile(`serves on (http://\S+)\n`)

func (w *talk) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.Write(b)
	if found := servesOn.FindSubmatch(w.said.Bytes()); found != nil && len(w.address) == 0 {
		select {
		case w.address <- string(found[1]):
		default:
		}
	}
	return len(b), nil
}

func (w *talk) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// serve starts a server and waits until it says where.
func (p *program) serve(args ...string) *serving {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &serving{p: p, cancel: cancel, talk: &talk{address: make(chan string, 1)}, ended: make(chan int, 1)}
	all := append(append(p.settings(), "--listen", "127.0.0.1:0", "serve"), args...)
	go func() {
		s.ended <- run(ctx, all, outside{in: strings.NewReader(""), out: io.Discard, err: s.talk, now: p.now})
	}()
	p.t.Cleanup(func() { s.stop() })
	select {
	case s.url = <-s.talk.address:
	case code := <-s.ended:
		s.ended <- code
		p.t.Fatalf("serve ended with %d: %s", code, s.talk)
	case <-time.After(patience):
		p.t.Fatalf("serve does not say where it serves: %s", s.talk)
	}
	return s
}

// stop interrupts the server, waits for its end and tells the exit code.
func (s *serving) stop() int {
	s.cancel()
	select {
	case code := <-s.ended:
		s.ended <- code // for who asks again
		s.p.logged("what the server said", s.talk.String())
		return code
	case <-time.After(patience):
		s.p.t.Errorf("serve does not end: %s", s.talk)
		return -1
	}
}

// until waits for something that must become true.
func (p *program) until(what string, is func() bool) {
	p.t.Helper()
	end := time.Now().Add(patience)
	for !is() {
		if time.Now().After(end) {
			p.t.Fatalf("it did not come: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// get asks the server for something that anybody may see.
func (s *serving) get(path string) (int, string) {
	s.p.t.Helper()
	answer, err := http.Get(s.url + path)
	s.p.must(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	s.p.must(err)
	return answer.StatusCode, string(body)
}

// leases are the connections that somebody holds.
func (p *program) leases() int {
	p.t.Helper()
	return len(p.query(`SELECT id FROM connections WHERE lease_until > $1`, p.now().UnixMilli()))
}

// A server that is told to end lets what is under way end well: exit code 0,
// leases given back, nothing lost.
func TestServeEndsWell(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		seller, token := p.seller("eu", spapisim.Generate{N: 700, From: now.AddDate(0, 0, -6), To: now.Add(-10 * time.Minute)})
		s := p.serve()
		p.imports(line{"tenantId": "t", "region": "eu", "refreshToken": token, "cursor": now.AddDate(0, 0, -7).UTC().Format(time.RFC3339)})
		p.until("a page is stored", func() bool { return p.query(`SELECT COUNT(*) FROM orders`)[0][0] != "0" })
		if code := s.stop(); code != exitOK {
			p.t.Errorf("exit code %d: %s", code, s.talk)
		}
		if n := p.leases(); n != 0 {
			p.t.Errorf("%d leases were kept", n)
		}
		again := p.serve()
		p.until("the rest is stored", func() bool { return p.query(`SELECT COUNT(*) FROM orders`)[0][0] == "700" })
		if code := again.stop(); code != exitOK {
			p.t.Errorf("the second: exit code %d: %s", code, again.talk)
		}
		p.wantTruth("t", seller)
	})
}

// Without workers a server only answers; another process does the work.
func TestServeWithoutWorkers(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		s := p.serve("--workers", "0")
		key := p.key("--name", "cron")
		if code, body := s.get("/readyz"); code != http.StatusOK {
			p.t.Errorf("not ready: %d %s", code, body)
		}
		asked := make(chan answer, 1)
		go func() { asked <- p.run("sync", "--json", "--server", s.url, "--server-key", key) }()
		p.until("the run is opened", func() bool { return len(p.query(`SELECT id FROM runs WHERE state = 'open'`)) == 1 })
		if p.searches(f.healthy) != 0 {
			p.t.Error("a server without workers worked")
		}
		p.serve() // the worker
		a := <-asked
		if a.code != exitOK || !strings.Contains(a.out, `"success": 2`) {
			p.t.Errorf("%+v", a)
		}
		if code := s.stop(); code != exitOK {
			p.t.Errorf("exit code %d: %s", code, s.talk)
		}
		p.wantTruth("ecomlg-001", f.healthy)
	})
}

// A schema that does not fit is refused before anything is done.
func TestServeRefusesSchemas(t *testing.T) {
	onBoth(t, func(p *program) {
		p.query(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)`)
		if a := p.run("serve", "--listen", "127.0.0.1:0"); a.code != exitNotDone || !strings.Contains(a.err, "use the newer ordersync") {
			p.t.Errorf("newer: %+v", a)
		}
	})
	t.Run("older", func(t *testing.T) {
		p := newProgram(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
		p.query(`DELETE FROM goose_db_version WHERE version_id > 1`)
		if a := p.run("serve", "--listen", "127.0.0.1:0"); a.code != exitNotDone || !strings.Contains(a.err, "run `ordersync migrate` first") {
			t.Errorf("older: %+v", a)
		}
	})
}

// An address that is taken is said, and the workers never start.
func TestServeAddressTaken(t *testing.T) {
	onSQLite(t, func(p *program) {
		s := p.serve()
		a := p.run("serve", "--listen", strings.TrimPrefix(s.url, "http://"))
		if a.code != exitUsage || !strings.Contains(a.err, "ORDERSYNC_LISTEN") {
			p.t.Errorf("%+v", a)
		}
	})
}

// A server whose schema another process has changed says that it is not ready,
// and why in its log only.
func TestServeTellsWhetherItIsReady(t *testing.T) {
	onBoth(t, func(p *program) {
		s := p.serve("--workers", "0")
		ready := func(want int, logged string) {
			p.t.Helper()
			code, body := 0, ""
			p.until("readiness is looked at anew", func() bool { // it is remembered for a second
				code, body = s.get("/readyz")
				return code == want && strings.Contains(s.talk.String(), logged)
			})
			if code != want || !strings.Contains(s.talk.String(), logged) || logged != "" && strings.Contains(body, logged) {
				p.t.Errorf("%d %s, want %d; the log:\n%s", code, body, want, s.talk)
			}
		}
		ready(http.StatusOK, "")
		newest := p.query(`SELECT MAX(version_id) FROM goose_db_version`)[0][0]
		p.query(`UPDATE goose_db_version SET version_id = 999 WHERE version_id = ` + newest)
		ready(http.StatusServiceUnavailable, "newer schema")
		p.query(`DELETE FROM goose_db_version WHERE version_id = 999`)
		ready(http.StatusServiceUnavailable, "older schema")
		p.query(`ALTER TABLE goose_db_version RENAME TO hidden`)
		ready(http.StatusServiceUnavailable, "read schema version")
		p.query(`ALTER TABLE hidden RENAME TO goose_db_version`)
		p.query(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (` + newest + `, TRUE)`)
		ready(http.StatusOK, "")
	})
}
