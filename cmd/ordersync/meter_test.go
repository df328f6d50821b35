package main

import (
	"bytes"
	"fmt"
	"ordersync/internal/spapisim"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Long work says how far it is every five seconds, and not more often.
func TestMeter(t *testing.T) {
	var out bytes.Buffer
	now := begin
	m := (&invocation{outside: outside{err: &out, now: func() time.Time { return now }}}).meter("looked at %d values")
	defer m.end()
	for n := range int64(24) {
		m.told(n)
		now = now.Add(500 * time.Millisecond)
	}
	if got := out.String(); got != "looked at 10 values\nlooked at 20 values\n" {
		t.Errorf("%q", got)
	}
}

// On a terminal it is one line, from a second on, which stays below what is said
// meanwhile and goes away in the end.
func TestMeterOnATerminal(t *testing.T) {
	terminal := newTerminal(t, 38)
	synctest.Test(t, func(*testing.T) {
		talk := &discreet{out: terminal.tty}
		i := &invocation{outside: outside{err: talk, now: time.Now}}
		quick := i.meter("quick work, of which nothing is said")
		time.Sleep(900 * time.Millisecond)
		quick.end()
		m := i.meter("looked at %d values")
		m.told(7)
		time.Sleep(1100 * time.Millisecond)
		_, _ = fmt.Fprintln(talk, "something else")
		m.told(12345678901234567)
		time.Sleep(100 * time.Millisecond)
		m.end()
		m.end()
		_, _ = fmt.Fprintln(talk, "done")
	})
	want := "\r\x1b[Klooked at 7 values; 1 s\r\x1b[Ksomething else\nlooked at 7 values; 1 s" +
		"\r\x1b[Klooked at 12345678901234567 values; 1 s"[:len("\r\x1b[K")+36] + "…\r\x1b[Kdone\n"
	if got := terminal.close(); got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// A dumb terminal cannot write over a line: nothing is shown of what goes on.
func TestMeterOnADumbTerminal(t *testing.T) {
	terminal := newTerminal(t, 80)
	synctest.Test(t, func(*testing.T) {
		i := &invocation{outside: outside{err: &discreet{out: terminal.tty}, now: time.Now, env: variables{"TERM": "dumb"}.get}}
		m := i.meter("looking")
		time.Sleep(10 * time.Second)
		m.end()
	})
	if got := terminal.close(); got != "" {
		t.Errorf("%q", got)
	}
}

// A run is shown while it goes on, at the server too, and its table follows on a
// clean line.
func TestProgressOfARun(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.importSeed()
		s := p.serve()
		key := p.key("--name", "watcher")
		for _, args := range [][]string{{"sync"}, {"sync", "--server", s.url, "--server-key", key}} {
			_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultSlow, Delay: spapisim.Duration(1500 * time.Millisecond), Count: 1})
			p.must(err)
			p.later(10 * time.Minute)
			terminal := newTerminal(t, 120)
			code := run(t.Context(), append(p.settings(), args...), outside{in: strings.NewReader(""), out: terminal.tty, err: terminal.tty, now: p.now})
			seen := terminal.close()
			shown := regexp.MustCompile(`\r\x1b\[K(\[[#.]{20}\] \d of 3: |the server works; \d connections are settled)`).MatchString(seen)
			if _, table, clean := strings.Cut(seen, "\r\x1b[K\x1b[1mTENANT"); code != exitOK || !shown || !clean || strings.Contains(table, "of 3: ") {
				t.Errorf("%s: exit code %d:\n%q", args, code, seen)
			}
		}
	})
}
