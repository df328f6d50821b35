package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// What becomes of a SQLite file that cannot be used: each trouble is told in words
// that say what to do, nothing is half done, and when it is over all is complete.

// file is the path of the program's SQLite file.
func (p *program) file() string {
	path, _ := store.SQLitePath(p.database)
	return path
}

// fileContent is the content of the file with all that was written.
func (p *program) fileContent() []byte {
	p.t.Helper()
	p.query(`PRAGMA wal_checkpoint(TRUNCATE)`)
	return p.fileBytes()
}

func (p *program) fileBytes() []byte {
	p.t.Helper()
	content, err := os.ReadFile(p.file())
	p.must(err)
	return content
}

// elsewhere is the same installation on a file with another content.
func (p *program) elsewhere(t *testing.T, content []byte) *program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.db")
	p.must(os.WriteFile(path, content, 0o600))
	return &program{t: t, kind: p.kind, database: "sqlite:" + path, masterKey: p.masterKey, sim: p.sim, app: p.app, amazon: p.amazon}
}

// wantNotDone wants commands to end because the work could not be done, in words.
func (p *program) wantNotDone(words string, commands ...[]string) {
	p.t.Helper()
	for _, args := range commands {
		if a := p.feed(`{"tenantId":"new","region":"eu"}`, args...); a.code != exitNotDone || !strings.Contains(a.err, words) || strings.Contains(a.out, "SUCCESS") {
			p.t.Errorf("%v: exit code %d, want %d and %q: %s%s", args, a.code, exitNotDone, words, a.out, a.err)
		}
	}
}

// A file that is no database any more, or never was, is refused by every command
// and left as it is; with the copy in its place all goes on.
func TestFileThatIsNoDatabase(t *testing.T) {
	onSQLite(t, func(p *program) {
		shops := p.shops(2, 150)
		p.sync(exitOK, "--back-work", "0s")
		whole := p.fileContent()
		for _, c := range []struct {
			name    string
			content []byte
			words   string
		}{
			{"another file", []byte(strings.Repeat("this is no database, but long enough to look like one\n", 400)), "is it a database?"},
			{"its beginning overwritten", append(bytes.Repeat([]byte{0xA5}, 100), whole[100:]...), "is it a database?"},
			{"cut off", whole[:len(whole)/2], "the file is damaged"},
		} {
			t.Run(c.name, func(t *testing.T) {
				bad := p.elsewhere(t, c.content)
				bad.wantNotDone(c.words, []string{"sync"}, []string{"serve", "--listen", "127.0.0.1:0"}, []string{"status"},
					[]string{"migrate"}, []string{"tenants", "import", "-"}, []string{"orders", "list", "--tenant", shops[0].tenant})
				if now, err := os.ReadFile(bad.file()); err != nil || !bytes.Equal(now, c.content) {
					t.Errorf("the file was changed: %v", err)
				}
				bad.must(os.WriteFile(bad.file(), whole, 0o600))
				bad.sync(exitOK, "--back-work", "0s")
				bad.wantTruths(shops)
			})
		}
	})
}

// A file that is damaged in the middle serves whom the damage does not touch, and
// says of the others that it is damaged.
func TestFileDamagedInTheMiddle(t *testing.T) {
	onSQLite(t, func(p *program) {
		shops := p.shops(3, 250)
		p.sync(exitOK, "--back-work", "0s")
		whole := p.fileContent()
		bad := p.elsewhere(t, damagePage(t, whole, shops[1].tenant))
		bad.wantNotDone("the file is damaged", []string{"orders", "list", "--tenant", shops[1].tenant})
		for _, clock := range []*program{p, bad} {
			clock.later(time.Hour)
		}
		for _, one := range shops[1:] {
			p.changeAll(one)
		}
		a := bad.run("--lease", "3s", "--call-timeout", "1s", "sync", "--json", "--back-work", "0s")
		if a.code != exitNotDone || !strings.Contains(a.err, "the file is damaged") || strings.Contains(a.err, "panic") || a.out != "" {
			t.Errorf("exit code %d: %s%s", a.code, a.out, a.err)
		}
		bad.wantTruth(shops[0].tenant, shops[0].seller)
		bad.wantTruth(shops[2].tenant, shops[2].seller)
		bad.must(os.WriteFile(bad.file(), whole, 0o600))
		bad.sync(exitOK, "--back-work", "0s")
		bad.wantTruths(shops)
	})
}

// changeAll changes all orders of a shop, some minutes ago.
func (p *program) changeAll(one shop) {
	p.t.Helper()
	truths, err := p.sim.Orders(one.seller.Key)
	p.must(err)
	at := p.now().Add(-10 * time.Minute).Truncate(time.Millisecond)
	for _, truth := range truths {
		p.must(p.sim.Change(one.seller.Key, spapisim.Change{
			OrderID: truth.Order.OrderID, Quiet: true, Apply: func(o *spapisim.Order) { o.LastUpdatedTime = at },
		}))
	}
}

// damagePage overwrites a page with orders of one tenant and of no other.
func damagePage(t *testing.T, content []byte, tenant string) []byte {
	t.Helper()
	const page, leaf = 4096, 13
	// Between both stands the connection's number, for which SQLite needs no byte
	// when it is 1.
	owner := regexp.MustCompile(`(?s)(shop-\d\d).{0,3}\d{3}-\d{7}-\d{7}`)
	content = bytes.Clone(content)
	for at := page; at+page <= len(content); at += page {
		one := content[at : at+page]
		others := slices.ContainsFunc(owner.FindAllSubmatch(one, -1), func(m [][]byte) bool { return string(m[1]) != tenant })
		raw := bytes.Contains(one, []byte{0x28, 0xB5, 0x2F, 0xFD}) // zstd's sign: the order itself, and no list of it
		if one[0] == leaf && raw && !others && bytes.Contains(one, []byte(tenant)) {
			copy(one, bytes.Repeat([]byte{0xA5}, page))
			return content
		}
	}
	t.Fatal("there is no page with orders")
	return nil
}

// While another process has locked the file, what only reads goes on; what writes
// waits, and gives up with words. A server waits longer.
func TestLockedFile(t *testing.T) {
	onSQLite(t, func(p *program) {
		shops := p.shops(2, 150)
		s := p.server("--workers", "4", "--history", "1h", "--sync-interval", "1s").ready()
		p.until("something is stored", func() bool { return len(p.query(`SELECT order_id FROM orders LIMIT 1`)) == 1 })
		p.query(`BEGIN EXCLUSIVE`) // the server is another process
		beside := p.start("sync", "--json")
		p.ok(p.run("status"))
		if code, body := s.get("/readyz"); code != http.StatusOK {
			t.Errorf("reading is possible: %d %s", code, body)
		}
		select {
		case <-beside.ended:
		case <-time.After(4 * time.Minute): // five times the 15 s that SQLite waits, and some patience
			t.Fatal("the command does not give up")
		}
		if code := beside.wait(); code != exitNotDone || beside.said("another program holds the file") != 1 || beside.out.Len() > 0 {
			t.Errorf("exit code %d: %s%s", code, beside.out.String(), beside.talk)
		}
		p.query(`ROLLBACK`)
		p.until("the server goes on", func() bool {
			rows := p.query(`SELECT id FROM connections WHERE last_reason = 'SUCCESS' AND lease_until < $1`, p.now().UnixMilli())
			return len(rows) == len(shops)
		})
		p.wantTruths(shops)
		s.signal(syscall.SIGTERM)
		if code := s.wait(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	})
}

// A file that this user may read only can be looked at; what writes says what it
// lacks and changes nothing.
func TestReadOnlyFile(t *testing.T) {
	onSQLite(t, func(p *program) {
		shops := p.shops(2, 150)
		bad := p.elsewhere(t, p.fileContent())
		for dir := filepath.Dir(bad.file()); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			p.must(os.Chmod(dir, 0o755)) // somebody else is to come in
		}
		p.must(os.Chmod(workshop, 0o755))
		p.must(os.Chmod(bad.file(), 0o444))
		p.must(os.Chmod(filepath.Dir(bad.file()), 0o777))
		before := bad.fileBytes()
		ended := func(args ...string) *process {
			t.Helper()
			s := bad.startAs(unprivileged(t), args...)
			s.wait()
			return s
		}
		if s := ended("status"); s.cmd.ProcessState.ExitCode() != exitOK {
			t.Errorf("it may be read: %s", s.talk)
		}
		for _, args := range [][]string{{"sync"}, {"tenants", "pause", shops[0].tenant}} {
			if s := ended(args...); s.cmd.ProcessState.ExitCode() != exitNotDone || s.said("may this user write the file") != 1 {
				t.Errorf("%v: exit code %d: %s", args, s.cmd.ProcessState.ExitCode(), s.talk)
			}
		}
		p.must(os.Chmod(filepath.Dir(bad.file()), 0o555))
		if s := ended("sync"); s.cmd.ProcessState.ExitCode() != exitNotDone || s.said("may this user write the file") != 1 {
			t.Errorf("in a folder that is read only: exit code %d: %s", s.cmd.ProcessState.ExitCode(), s.talk)
		}
		if !bytes.Equal(bad.fileBytes(), before) {
			t.Error("the file was changed")
		}
		p.must(os.Chmod(filepath.Dir(bad.file()), 0o755))
		p.must(os.Chmod(bad.file(), 0o600))
		bad.sync(exitOK, "--back-work", "0s")
		bad.wantTruths(shops)
	})
}

// unprivileged makes a command run as somebody who may not do everything.
func unprivileged(t *testing.T) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return func(*exec.Cmd) {}
	}
	uid, gid := somebody(t, "nobody")
	return func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}

// A disk that is full stops nothing for good: a command and a server that starts say
// so and end, a server that runs says so and stays, and with room again it does the
// rest by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Logf("a disk of the test's own may not be mounted here (%v): that a file may not grow is tried by the engine's tests", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	p := newProgram(t, storetest.SQLite, "sqlite:"+filepath.Join(dir, "orders.db"), func(c *spapisim.Config) { c.RateScale = fleetRates })
	shops := p.shops(2, 0)
	args := []string{
		"--lease", "3s", "--call-timeout", "1s", "--workers", "4", "--history", "1h", "--sync-interval", "1s",
		"--amazon-rate-scale", fmt.Sprint(fleetRates), "--listen", "127.0.0.1:0",
	}
	s := p.start(append(args, "serve")...).ready()
	p.until("the server works", func() bool {
		return len(p.query(`SELECT id FROM connections WHERE last_reason = 'SUCCESS'`)) == len(shops)
	})
	key := p.key("--name", "cron")
	filler := fill(t, dir, 200<<10)
	for _, one := range shops {
		_, err := p.sim.Generate(one.seller.Key, spapisim.Generate{N: 900, From: p.now().Add(-6 * time.Minute), To: p.now().Add(-ordersync.Delay - 10*time.Second)})
		p.must(err)
	}
	p.until("the server says so", func() bool { return s.said("the disk is full") > 0 })
	for _, command := range []string{"sync", "serve"} {
		if a := p.run(append(args, command)...); a.code != exitNotDone || !strings.Contains(a.err, "the disk is full") || a.out != "" {
			t.Errorf("%s: exit code %d: %s%s", command, a.code, a.out, a.err)
		}
	}
	p.ok(p.run("status"))
	if code := s.post("/api/v1/orders/sync/run/global", key); code != http.StatusServiceUnavailable {
		t.Errorf("a run is answered with %d", code)
	}
	p.must(os.Remove(filler))
	p.eventuallyOrders(shops, 900)
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	p.wantTruths(shops)
	p.wantNone("connections that miscount", `SELECT id, orders, change_seq FROM connections c
		WHERE orders <> (SELECT COUNT(*) FROM orders o WHERE o.connection_id = c.id)
		OR change_seq <> (SELECT COUNT(*) FROM changes h WHERE h.connection_id = c.id)`)
}

// post asks the server for something with a key and tells the status.
func (s *process) post(path, key string) int {
	s.p.t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.url+path, http.NoBody)
	s.p.must(err)
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Prefer", "respond-async")
	answer, err := http.DefaultClient.Do(request)
	s.p.must(err)
	s.p.must(answer.Body.Close())
	return answer.StatusCode
}

// eventuallyOrders waits some minutes until every shop has so many orders: what
// rings for a worker comes again after a while.
func (p *program) eventuallyOrders(shops []shop, n int) {
	p.t.Helper()
	for end := time.Now().Add(6 * time.Minute); ; <-time.After(500 * time.Millisecond) {
		complete := true
		for _, one := range shops {
			complete = complete && len(p.orders(one.tenant)) == n
		}
		if complete {
			return
		}
		if time.Now().After(end) {
			p.t.Fatal("the server does not do the rest")
		}
	}
}

// fill fills a disk but for some bytes with a file.
func fill(t *testing.T, dir string, but int64) (path string) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "filler")
	if err := os.WriteFile(path, make([]byte, int64(disk.Bavail)*disk.Bsize-but), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
