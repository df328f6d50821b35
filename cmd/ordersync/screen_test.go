package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// variables are an environment.
type variables map[string]string

func (v variables) get(name string) string { return v[name] }

// The setting wins; then NO_COLOR, which counts when it is not empty, and
// CLICOLOR_FORCE; then only a terminal that is not dumb has colours.
func TestColored(t *testing.T) {
	for _, c := range []struct {
		setting  string
		env      variables
		terminal bool
		want     bool
	}{
		{"auto", nil, true, true},
		{"auto", nil, false, false},
		{"", variables{"TERM": "xterm-256color"}, true, true},
		{"auto", variables{"TERM": "dumb"}, true, false},
		{"auto", variables{"NO_COLOR": "1"}, true, false},
		{"auto", variables{"NO_COLOR": ""}, true, true},
		{"auto", variables{"NO_COLOR": "0"}, true, false},
		{"auto", variables{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"auto", variables{"CLICOLOR_FORCE": "1"}, false, true},
		{"auto", variables{"CLICOLOR_FORCE": "0"}, false, false},
		{"auto", variables{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true, true},
		{"auto", variables{"CLICOLOR": "0"}, true, false},
		{"always", variables{"NO_COLOR": "1", "TERM": "dumb"}, false, true},
		{"never", variables{"CLICOLOR_FORCE": "1"}, true, false},
	} {
		if got := colored(c.setting, outside{env: c.env.get}, c.terminal); got != c.want {
			t.Errorf("%q, %v, terminal %t: %t", c.setting, c.env, c.terminal, got)
		}
	}
}

// terminal is a pseudo-terminal and all that is written to it.
type terminal struct {
	tty  *os.File
	seen chan string
}

// newTerminal opens a terminal of so many columns.
func newTerminal(t testing.TB, columns uint16) *terminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 50, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	out := &terminal{tty, make(chan string, 1)}
	go func() {
		text, _ := io.ReadAll(master) // it ends with an error once the other side is closed
		_ = master.Close()
		out.seen <- strings.ReplaceAll(string(text), "\r\n", "\n")
	}()
	return out
}

// close ends the terminal and returns what was written.
func (o *terminal) close() string {
	_ = o.tty.Close()
	return <-o.seen
}

// onTerminal runs a command whose standard output is a terminal.
func (p *program) onTerminal(columns uint16, env variables, args ...string) answer {
	p.t.Helper()
	terminal, talk := newTerminal(p.t, columns), new(strings.Builder)
	code := run(context.Background(), append(p.settings(), args...), outside{in: strings.NewReader(""), out: terminal.tty, err: talk, now: p.now, env: env.get})
	a := answer{code, terminal.close(), talk.String()}
	p.watch.Say("what the command printed", a.out)
	return a
}

var escape = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// troubled is an installation with something to colour.
func (p *program) troubled() {
	p.t.Helper()
	_, token := p.seller("eu")
	p.imports(line{"tenantId": "acme", "region": "eu", "refreshToken": token}, line{"tenantId": "missing", "region": "na", "status": "CONNECTED"},
		line{"tenantId": "refused", "region": "fe", "status": "ERROR"})
	p.sync(exitOK)
}

// Colours are on a terminal only, and never say what no word says.
func TestColoursOnATerminalOnly(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.troubled()
		for _, command := range []string{"status", "tenants list", "tenants show refused", "sync", "doctor"} {
			args := strings.Fields(command)
			seen := p.onTerminal(250, nil, args...)
			if !escape.MatchString(seen.out) || strings.Count(seen.out, "\x1b[") != 2*strings.Count(seen.out, "\x1b[0m") {
				t.Errorf("%s: no colours, or some that do not end:\n%q", command, seen.out)
			}
			piped := p.run(args...)
			if strings.Contains(piped.out+piped.err, "\x1b") {
				t.Errorf("%s: colours in a pipe:\n%q", command, piped.out)
			}
			if command == "status" || strings.HasPrefix(command, "tenants") {
				if got := escape.ReplaceAllString(seen.out, ""); normal(got) != normal(piped.out) {
					t.Errorf("%s says something else on a terminal:\n%s\nand in a pipe:\n%s", command, got, piped.out)
				}
			}
			for _, env := range []variables{{"NO_COLOR": "1"}, {"TERM": "dumb"}} {
				if got := p.onTerminal(250, env, args...); strings.Contains(got.out, "\x1b") {
					t.Errorf("%s: colours with %v", command, env)
				}
			}
			if got := p.onTerminal(250, nil, append(args, "--color", "never")...); strings.Contains(got.out, "\x1b") {
				t.Errorf("%s: colours with --color never", command)
			}
			if got := p.run(append(args, "--color", "always")...); !escape.MatchString(got.out) {
				t.Errorf("%s: no colours with --color always", command)
			}
		}
		want := "\x1b[1;31mERROR\x1b[0m"
		if got := p.onTerminal(250, nil, "status").out; !strings.Contains(got, want) || !strings.Contains(got, "\x1b[32mCONNECTED\x1b[0m") {
			t.Errorf("states are coloured otherwise:\n%q", got)
		}
		if got := p.onTerminal(250, nil, "status", "--json").out; strings.Contains(got, "\x1b") {
			t.Error("JSON has colours")
		}
	})
}

// Tables fit the terminal; what is piped is never cut.
func TestTablesFitTheTerminal(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.imports(line{"tenantId": "a-tenant-whose-name-is-very-long-indeed", "region": "eu", "displayName": "The 日本 company of many words"})
		p.sync(exitOK)
		for _, columns := range []uint16{60, 80, 100, 132, 300} {
			for _, command := range []string{"status", "tenants list", "sync", "doctor"} {
				a := p.onTerminal(columns, variables{"NO_COLOR": "1"}, strings.Fields(command)...)
				table := false
				for text := range strings.Lines(a.out) {
					text = strings.TrimSuffix(text, "\n")
					table = table || strings.HasPrefix(text, "TENANT") || strings.HasPrefix(text, "CHECK")
					if table = table && text != ""; table && textWidth(text) > int(columns) && !strings.HasPrefix(text, "left out") {
						t.Errorf("%s on %d columns has a line of %d:\n%s", command, columns, textWidth(text), a.out)
						break
					}
				}
				if !strings.Contains(a.out, "\nCHECK") && !strings.HasPrefix(a.out, "CHECK") && !strings.Contains(a.out, "TENANT") {
					t.Errorf("%s prints no table:\n%s", command, a.out)
				}
			}
		}
		if a := p.run("status"); !strings.Contains(a.out, "a-tenant-whose-name-is-very-long-indeed") || strings.Contains(a.out, "…") || !strings.Contains(a.out, "SET ASIDE") {
			t.Errorf("in a pipe it is cut:\n%s", a.out)
		}
		if a := p.onTerminal(60, nil, "status"); !strings.Contains(a.out, "a-tenan") || !strings.Contains(a.out, "…") || !strings.Contains(a.out, "left out, as the terminal is narrow: ") || !strings.Contains(a.out, "NOT_CONNECTED") {
			t.Errorf("on a narrow terminal:\n%s", a.out)
		}
	})
}

func TestTable(t *testing.T) {
	print := func(columns int) string {
		var out strings.Builder
		table := screen{Writer: &out, width: columns}.table(column{head: "NAME", least: 4}, column{head: "COUNT", right: true}, column{head: "SPARE", spare: 1}, column{head: "WHAT", least: 8, wraps: true})
		table.row("日本語の店", 7, "s", "several words that go on and on")
		table.row("e\u0301cole", 12345, "s", piece{"short", calm})
		if err := table.print(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for columns, want := range map[int]string{
		0: "NAME        COUNT  SPARE  WHAT\n" +
			"日本語の店      7  s      several words that go on and on\n" +
			"e\u0301cole       12345  s      short\n",
		40: "NAME        COUNT  SPARE  WHAT\n" +
			"日本語の店      7  s      several words\n" +
			"                          that go on and\n" +
			"                          on\n" +
			"e\u0301cole       12345  s      short\n",
		24: "NAME     COUNT  WHAT\n" +
			"日本語…      7  several\n" +
			"                words\n" +
			"                that go\n" +
			"                on and\n" +
			"                on\n" +
			"e\u0301cole    12345  short\n" +
			"left out, as the terminal is narrow: SPARE; --json has all\n",
	} {
		if got := print(columns); got != want {
			t.Errorf("%d columns:\n%s\nwant:\n%s", columns, got, want)
		}
	}
}
