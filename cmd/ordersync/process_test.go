package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// workshop is the folder of what all tests share; TestMain makes and deletes it.
var workshop string

// built is the program as it is shipped, built once for all tests that start
// processes.
var built = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(workshop, "ordersync")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w:\n%s", err, said)
	}
	return path, nil
})

// process is the program as a process of its own.
type process struct {
	p     *program
	cmd   *exec.Cmd
	url   string // of a server
	talk  *talk
	out   bytes.Buffer
	ended chan struct{}
	err   error // how it ended
}

// start starts a process with the settings of the installation; later flags win.
func (p *program) start(args ...string) *process {
	p.t.Helper()
	return p.startAs(func(*exec.Cmd) {}, args...)
}

// startAs is start by somebody else.
func (p *program) startAs(who func(*exec.Cmd), args ...string) *process {
	p.t.Helper()
	program, err := built()
	p.must(err)
	s := &process{p: p, talk: &talk{address: make(chan string, 1)}, ended: make(chan struct{})}
	s.cmd = exec.Command(program, append(p.settings(), args...)...)
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.t.TempDir()}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, s.talk
	who(s.cmd)
	p.must(s.cmd.Start())
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	p.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		p.watch.Say("what the process printed", s.out.String())
		p.logged("what the process said", s.talk.String())
		if p.t.Failed() {
			p.t.Logf("process %d said:\n%s", s.cmd.Process.Pid, s.talk)
		}
	})
	return s
}

// server starts a server and does not wait for it.
func (p *program) server(args ...string) *process {
	p.t.Helper()
	return p.start(append([]string{"--listen", "127.0.0.1:0", "serve"}, args...)...)
}

// ready waits until the server says where it serves.
func (s *process) ready() *process {
	s.p.t.Helper()
	select {
	case s.url = <-s.talk.address:
	case <-s.ended:
		s.p.t.Fatalf("serve ended with %v: %s", s.err, s.talk)
	case <-time.After(patience):
		s.p.t.Fatalf("serve does not say where it serves: %s", s.talk)
	}
	return s
}

// wait waits for the end and tells the exit code; -1: a signal ended it.
func (s *process) wait() int {
	s.p.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.p.t.Fatalf("the process does not end: %s", s.talk)
	}
	if exit := (*exec.ExitError)(nil); s.err != nil && !errors.As(s.err, &exit) {
		s.p.t.Fatalf("the process could not be waited for: %v", s.err)
	}
	return s.cmd.ProcessState.ExitCode()
}

// signal sends a signal, which must arrive.
func (s *process) signal(signal syscall.Signal) {
	s.p.t.Helper()
	s.p.must(s.cmd.Process.Signal(signal))
}

// troubles is how often the process logged an error of its own. On a machine that
// is short of everything the doorbells complain, and nothing is lost by it.
func (s *process) troubles() (n int) {
	for text := range strings.Lines(s.talk.String()) {
		if strings.Contains(text, "level=ERROR") && !strings.Contains(text, "part=doorbells") {
			n++
		}
	}
	return n
}

// said is how often the process said something.
func (s *process) said(words string) int { return strings.Count(s.talk.String(), words) }

// holder is the process's name in leases.
func (s *process) holder() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d", host, s.cmd.Process.Pid)
}

// holds is how many connections the process holds.
func (s *process) holds() int {
	s.p.t.Helper()
	return len(s.p.query(`SELECT id FROM connections WHERE lease_until > $1 AND holder = $2`, s.p.now().UnixMilli(), s.holder()))
}

// freeze stops the process at a moment at which it holds a connection.
func (s *process) freeze() {
	s.p.t.Helper()
	s.p.until("the process holds a connection", func() bool {
		if s.holds() == 0 {
			return false
		}
		s.signal(syscall.SIGSTOP)
		s.p.until("the process stands still", s.stopped)
		if s.holds() > 0 {
			return true
		}
		s.signal(syscall.SIGCONT)
		return false
	})
}

// stopped tells whether the process stands still.
func (s *process) stopped() bool {
	s.p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	s.p.must(err)
	_, after, _ := strings.Cut(string(status), ") ")
	return strings.HasPrefix(after, "T")
}

// get asks the server for something that anybody may see.
func (s *process) get(path string) (int, string) {
	s.p.t.Helper()
	return (&serving{p: s.p, url: s.url}).get(path)
}

// shop is a tenant and its seller.
type shop struct {
	tenant string
	seller spapisim.Seller
}

// shops imports tenants with so many orders each, to be read by live work.
func (p *program) shops(n, orders int) (shops []shop) {
	p.t.Helper()
	now := p.now()
	var lines []line
	for i := range n {
		seller, token := p.seller("eu", spapisim.Generate{N: orders, From: now.AddDate(0, 0, -6), To: now.Add(-10 * time.Minute)})
		one := shop{fmt.Sprintf("shop-%02d", i), seller}
		shops = append(shops, one)
		lines = append(lines, line{
			"tenantId": one.tenant, "region": "eu", "sellingPartnerId": seller.ID, "marketplaceIds": seller.MarketplaceIDs(),
			"refreshToken": token, "cursor": now.AddDate(0, 0, -7).UTC().Format(time.RFC3339),
		})
	}
	p.imports(lines...)
	return shops
}

// latency lets Amazon take its time for each answer.
func (p *program) latency(least, most time.Duration) {
	p.t.Helper()
	p.must(p.sim.SetSwitches(func(s *spapisim.Switches) {
		s.MinLatency, s.MaxLatency = spapisim.Duration(least), spapisim.Duration(most)
	}))
}

// run asks a server for a run over all tenants, from beside it.
func (s *process) run() (done chan answer) {
	s.p.t.Helper()
	key := s.p.key("--name", "cron")
	done = make(chan answer, 1)
	go func() { done <- s.p.run("sync", "--json", "--server", s.url, "--server-key", key) }()
	s.p.until("the run is opened", func() bool { return len(s.p.query(`SELECT id FROM runs WHERE state = 'open'`)) == 1 })
	return done
}

// targets are how many targets there are that are open, or that are not.
func (p *program) targets(open bool) int {
	p.t.Helper()
	return len(p.query(`SELECT connection_id FROM targets WHERE (settled_at IS NULL) = $1`, open))
}

// watchTargets lets the database note whoever writes a settled target.
func (p *program) watchTargets() {
	p.t.Helper()
	p.query(`CREATE TABLE settled_twice (run TEXT, connection BIGINT)`)
	if p.kind == storetest.SQLite {
		p.query(`CREATE TRIGGER twice AFTER UPDATE ON targets WHEN OLD.settled_at IS NOT NULL
			BEGIN INSERT INTO settled_twice VALUES (OLD.run_id, OLD.connection_id); END`)
		return
	}
	p.query(`CREATE FUNCTION note_twice() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO settled_twice VALUES (OLD.run_id, OLD.connection_id); RETURN NEW; END $$`)
	p.query(`CREATE TRIGGER twice AFTER UPDATE ON targets FOR EACH ROW WHEN (OLD.settled_at IS NOT NULL) EXECUTE FUNCTION note_twice()`)
}

// wantRun wants a run to have ended well for all shops: each target settled
// once, each order stored as Amazon has it, no connection held.
func (p *program) wantRun(done chan answer, shops []shop) {
	p.t.Helper()
	var a answer
	select {
	case a = <-done:
	case <-time.After(3 * time.Minute):
		p.t.Fatal("the run does not end")
	}
	if want := fmt.Sprintf(`"total": %d,`+"\n"+`    "success": %[1]d,`, len(shops)); a.code != exitOK || !strings.Contains(a.out, want) {
		p.t.Errorf("the run ended with %d:\n%s%s", a.code, a.out, a.err)
	}
	if n := p.targets(true); n != 0 {
		p.t.Errorf("%d targets are open", n)
	}
	if twice := p.query(`SELECT * FROM settled_twice`); len(twice) != 0 {
		p.t.Errorf("settled twice: %v", twice)
	}
	p.wantTruths(shops)
}

func (p *program) wantTruths(shops []shop) {
	p.t.Helper()
	for _, one := range shops {
		p.wantTruth(one.tenant, one.seller)
	}
}

// onPostgres runs a test of several processes on one Postgres.
func onPostgres(t *testing.T, test func(p *program)) {
	t.Helper()
	t.Parallel()
	test(newProgram(t, storetest.Postgres, storetest.New(t, storetest.Postgres)))
}
