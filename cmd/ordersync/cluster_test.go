package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// cluster is a Postgres of a test's own, which it may stop and start. It listens
// on a Unix socket only.
type cluster struct {
	t        *testing.T
	dir, bin string
	drop     []string // before each command: initdb refuses root
	url      string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	// A socket's path may hold some 100 bytes.
	dir, err := os.MkdirTemp("/tmp", "ordersync-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, dir: dir, bin: postgresPrograms(t), url: "postgres:///postgres?host=" + dir + "&user=ordersync"}
	t.Cleanup(func() {
		c.stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if os.Geteuid() == 0 {
		c.dropTo("postgres", "nobody")
	}
	c.command("initdb", "-D", c.data(), "-U", "ordersync", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.start()
	return c
}

// postgresPrograms is the folder of initdb and pg_ctl: Debian keeps those of each
// version out of the PATH.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("no PostgreSQL is installed, neither in PATH nor in /usr/lib/postgresql: install it, as with apt-get install postgresql")
	}
	return filepath.Dir(slices.Max(found))
}

// dropTo makes the first user that exists the owner.
func (c *cluster) dropTo(names ...string) {
	c.t.Helper()
	uid, gid := somebody(c.t, names...)
	if err := os.Chown(c.dir, uid, gid); err != nil {
		c.t.Fatal(err)
	}
	c.drop = []string{"setpriv", "--reuid", strconv.Itoa(uid), "--regid", strconv.Itoa(gid), "--clear-groups"}
}

// somebody is the first of these users that exists.
func somebody(t *testing.T, names ...string) (uid, gid int) {
	t.Helper()
	for _, name := range names {
		if u, err := user.Lookup(name); err == nil {
			uid, _ = strconv.Atoi(u.Uid)
			gid, _ = strconv.Atoi(u.Gid)
			return uid, gid
		}
	}
	t.Fatalf("there is none of the users %v", names)
	return 0, 0
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// command runs a program of Postgres's.
func (c *cluster) command(name string, args ...string) {
	c.t.Helper()
	all := append(slices.Clone(c.drop), filepath.Join(c.bin, name))
	cmd := exec.Command(all[0], append(all[1:], args...)...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=" + os.Getenv("PATH")}
	// The server inherits what pg_ctl writes to, so that must be no pipe.
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		c.t.Fatalf("%s: %v:\n%s", name, err, said)
	}
}

// start starts the server and waits until it answers. stop is a crash of the server
// and never one of the machine: what the server has written, the kernel keeps, so
// that fsync may be off, and a commit that was answered is in the log. But a process
// of the server's that is killed may leave half a page behind, which only the whole
// page in the log mends: full_page_writes stays on. Killed clients leave their
// connections behind for a while, hence so many.
func (c *cluster) start() {
	c.t.Helper()
	c.command("pg_ctl", "start", "-w", "-t", "60", "-D", c.data(), "-l", filepath.Join(c.data(), "log"),
		"-o", fmt.Sprintf("-k %s -c listen_addresses='' -c fsync=off -c full_page_writes=on -c max_connections=200", c.dir))
}

// stop ends the server as a crash would; nothing happens when it does not run.
func (c *cluster) stop() {
	c.t.Helper()
	if _, err := os.Stat(filepath.Join(c.data(), "postmaster.pid")); err == nil {
		c.command("pg_ctl", "stop", "-w", "-m", "immediate", "-D", c.data())
	}
}
