package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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
)

// The demo as people start it: the program as it is built for them (without the
// race detector, under which its calls would time out), as a process of its own.
func TestDemo(t *testing.T) {
	t.Parallel()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("once", func(t *testing.T) { t.Parallel(); demoOnce(t, program) })
	t.Run("nobody reads", func(t *testing.T) { t.Parallel(); demoUnread(t, program) })
	t.Run("serves", func(t *testing.T) { t.Parallel(); demoServes(t, program) })
}

// demoProcess is the program in a folder of its own.
func demoProcess(t *testing.T, program string, args ...string) (c *exec.Cmd, temporary string) {
	t.Helper()
	temporary = t.TempDir()
	c = exec.CommandContext(t.Context(), program, args...)
	c.Env = append(os.Environ(), "TMPDIR="+temporary, "ORDERSYNC_DATABASE_URL=nonsense") // it needs no settings and heeds none
	c.Dir = temporary
	return c, temporary
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// For people: one run, what came of it, what a human must do, and nothing left
// behind. The exit code is the run's.
func demoOnce(t *testing.T, program string) {
	c, temporary := demoProcess(t, program, "demo", "--once")
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	if err := c.Run(); c.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("%v:\n%s%s", err, &out, &talk)
	}
	for _, words := range []string{
		"60 connections in ", "TENANT ", "  SUCCESS ", "What a human must do:", "SET_ASIDE (who acts: operator)", "TOKEN_MISSING (who acts: tenant)",
		"INVALID_DATE_FIXED: f45c563a-c72e-4025-abe9-96d8d0a86a69 -> ", "FUTURE_CURSOR_FIXED", "Not done, and nobody needs to act: ",
	} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q is missing in\n%s", words, &out)
		}
	}
	if !strings.Contains(talk.String(), "A global run over 60 tenants:\n[") || !strings.Contains(talk.String(), "] 60 of 60: ") || strings.Contains(talk.String(), "level=") {
		t.Errorf("it said\n%s", &talk)
	}
	if strings.ContainsAny(out.String()+talk.String(), "\x1b\r\t") || strings.Contains(out.String()+talk.String(), "Atz") {
		t.Error("it is no plain text, or a token is in it")
	}
	wantEmpty(t, temporary)
}

// A reader that goes away is an error, and still nothing is left behind.
func demoUnread(t *testing.T, program string) {
	c, temporary := demoProcess(t, program, "demo")
	out, err := c.StdoutPipe()
	must(t, err)
	var talk bytes.Buffer
	c.Stderr = &talk
	must(t, c.Start())
	must(t, out.Close())
	if err := c.Wait(); c.ProcessState.ExitCode() != exitNotDone || !strings.Contains(talk.String(), "print: ") {
		t.Errorf("%v:\n%s", err, &talk)
	}
	wantEmpty(t, temporary)
}

// demoReasons is what the demo must show besides success.
var demoReasons = []ordersync.Reason{
	ordersync.TokenMissing, ordersync.TokenRevoked, ordersync.Paused, ordersync.NotConnected, ordersync.AmazonRateLimit, ordersync.AmazonUnavailable,
	ordersync.AmazonBadResponse, ordersync.RequestRejected, ordersync.AccessDenied,
}

// For programs: the run as JSON; then all that the hints name can be done, until
// it is interrupted.
func demoServes(t *testing.T, program string) {
	c, temporary := demoProcess(t, program, "demo", "--json")
	var out bytes.Buffer
	c.Stdout = &out
	talk, err := c.StderrPipe()
	must(t, err)
	must(t, c.Start())
	var said strings.Builder
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "/run/global") {
			break
		}
	}
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(said.String())
		if found == nil {
			t.Fatalf("%s is not said:\n%s", pattern, &said)
		}
		return found[1]
	}
	url, database, door := find(`(http://\S+) serves until Ctrl-C`), find(`DATABASE_URL=(\S+)`), find(`-X DELETE (http://\S+)/faults`)
	key, err := os.ReadFile(find(`\$\(cat (\S+)\)`))
	must(t, err)
	ask := func(method, path string) (int, map[string]any) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		must(t, err)
		q.Header.Set("Authorization", "Bearer "+string(key))
		answer, err := http.DefaultClient.Do(q)
		must(t, err)
		defer func() { _ = answer.Body.Close() }()
		var body map[string]any
		must(t, json.NewDecoder(answer.Body).Decode(&body))
		return answer.StatusCode, body
	}
	if code, _ := ask(http.MethodGet, url+"/readyz"); code != http.StatusOK {
		t.Errorf("not ready: %d", code)
	}
	if a := alone("--database-url", database, "status"); a.code != exitOK || !strings.Contains(a.out, "60 tenants, 58 with a refresh token") {
		t.Errorf("%+v", a)
	}
	if code, _ := ask(http.MethodDelete, door+"/faults"); code != http.StatusOK {
		t.Errorf("the faults do not end: %d", code)
	}
	code, run := ask(http.MethodPost, url+"/api/v1/orders/sync/run/global")
	if failed, _ := run["summary"].(map[string]any)["failed"].(float64); code != http.StatusOK || failed > 1 { // a role is still missing
		t.Errorf("after Amazon's faults ended: %d %v", code, run["summary"])
	}
	must(t, c.Process.Signal(syscall.SIGINT))
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%v:\n%s", err, &said)
	}
	wantEmpty(t, temporary)
	var first runReport
	must(t, json.Unmarshal(out.Bytes(), &first))
	for _, reason := range demoReasons {
		if !slices.ContainsFunc(first.Results, func(r resultReport) bool { return r.ReasonCode == string(reason) }) {
			t.Errorf("nobody has %s", reason)
		}
	}
	for tenant, want := range map[string]string{"kbz-002": "TOKEN_MISSING", "kbz_test": "SUCCESS", "ecomlg-001": "SUCCESS"} {
		if !slices.ContainsFunc(first.Results, func(r resultReport) bool { return r.TenantID == tenant && r.ReasonCode == want }) {
			t.Errorf("%s is not %s", tenant, want)
		}
	}
	if !first.Success || first.Summary.Total != demoTenants {
		t.Errorf("the run: %+v", first.Summary)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An interrupt ends the demo, and it still cleans up.
func TestDemoInterrupted(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, talk strings.Builder
	code := run(ctx, []string{"demo"}, outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow})
	if code != exitAborted || out.Len() > 0 || !strings.HasSuffix(talk.String(), "interrupted; the demo leaves nothing behind\n") {
		t.Errorf("exit code %d: %s", code, &talk)
	}
	wantEmpty(t, temporary)
}

func TestProgressLine(t *testing.T) {
	for want, s := range map[string]ordersync.Summary{
		"[....................] 0 of 0: 0 success, 0 partial, 0 skipped, 0 failed; 1.5 s": {},
		"[##########..........] 4 of 8: 1 success, 1 partial, 1 skipped, 1 failed; 1.5 s": {Total: 8, Success: 1, Partial: 1, Skipped: 1, Failed: 1},
		"[####################] 8 of 8: 2 success, 2 partial, 2 skipped, 2 failed; 1.5 s": {Total: 8, Success: 2, Partial: 2, Skipped: 2, Failed: 2},
	} {
		if got := language("").progressLine(s, 1500*time.Millisecond); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
