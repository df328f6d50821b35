package main

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"

	"github.com/alecthomas/kong"
)

// alone runs a command without any installation.
func alone(args ...string) answer {
	var out, talk strings.Builder
	code := run(context.Background(), args, outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow})
	return answer{code, out.String(), talk.String()}
}

func TestVersion(t *testing.T) {
	want := fmt.Sprintf("ordersync dev (%s, %s/%s)\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if a := alone("version"); a != (answer{exitOK, want, ""}) {
		t.Errorf("%+v", a)
	}
}

// Every command explains itself on standard output.
func TestHelp(t *testing.T) {
	for _, c := range []struct{ command, words string }{
		{"", "Bring every connection up to date, once."},
		{"config", "Print the configuration in force"},
		{"connect", "How long the link is good"},
		{"doctor", "say what to do"},
		{"demo", "nothing to configure"},
		{"sync", "--fail-on"},
		{"tenants", "import"},
		{"tenants import", "File of JSON lines, or - for standard input."},
		{"orders", "list"},
		{"orders list", "Print JSON lines"},
		{"orders show", "Amazon's order id"},
		{"serve", "HTTP interface, ticks and workers"},
		{"status", "what needs a human"},
		{"backfill", "--since"},
		{"explain", "--ask-amazon"},
		{"app", "rotate-secret"},
		{"app rotate-secret", "--again"},
		{"app show", "how old the client secret is"},
		{"keys", "revoke"},
		{"keys create", "--name"},
		{"keys list", "Print JSON lines"},
		{"keys revoke", "not the key itself"},
		{"secrets", "rotate-key"},
		{"secrets move", "Leave them in Vault too"},
		{"secrets rotate-key", "--drop-old"},
		{"tenants list", "Print JSON lines"},
		{"tenants show", "Show a tenant's connections in full"},
		{"tenants set", "--personal-data"},
		{"tenants pause", "--connection"},
		{"tenants resume", "--connection"},
		{"tenants remove", "--yes"},
		{"migrate", "schema"},
		{"sim", "--rate-scale"},
		{"version", "Print the version."},
	} {
		a := alone(append(strings.Fields(c.command), "--help")...)
		if a.code != exitOK || a.err != "" || !strings.Contains(a.out, c.words) || !strings.Contains(a.out, "Usage: ordersync") {
			t.Errorf("%s --help: %+v", c.command, a)
		}
		for _, name := range reserved {
			if strings.Contains(a.out, "\n  "+name+" ") {
				t.Errorf("%s --help lists %s, which is not there", c.command, name)
			}
		}
	}
}

// A flag of a command that were named like a setting would never be read.
func TestFlagsOfCommandsAreNoSettings(t *testing.T) {
	parser, err := kong.New(new(commands))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]bool{}
	for _, f := range parser.Model.Flags {
		settings[f.Name] = true
	}
	leaves := parser.Model.Leaves(false)
	for _, leaf := range leaves {
		for _, f := range leaf.Flags {
			if settings[f.Name] {
				t.Errorf("%s --%s is a setting too", leaf.Path(), f.Name)
			}
		}
	}
	if len(leaves) < 20 || len(settings) < 20 {
		t.Errorf("only %d commands and %d settings were looked at", len(leaves), len(settings))
	}
}

// A name that is kept for later is refused with words, wherever flags stand.
func TestReservedNames(t *testing.T) {
	for _, name := range []string{"audit", "export", "import"} {
		for _, args := range []string{name, "--log-level debug " + name, name + " --listen 127.0.0.1:0 more", name + " --help"} {
			a := alone(strings.Fields(args)...)
			if strings.HasSuffix(args, "--help") && a.code == exitOK {
				continue // help is help
			}
			if want := fmt.Sprintf("ordersync: %s is not part of this version yet; `ordersync --help` lists what is\n", name); a != (answer{exitUsage, "", want}) {
				t.Errorf("%s: %+v", args, a)
			}
		}
	}
	// A command that has come has left the table.
	for _, args := range [][]string{{"config"}, {"version"}} {
		if a := alone(args...); a.code != exitOK {
			t.Errorf("%s: %+v", args, a)
		}
	}
}

func TestMigrate(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		p := newProgram(t, kind, storetest.Empty(t, kind))
		if a := p.run("migrate"); a.code != exitOK || a.out != "" || !strings.Contains(a.err, "applied; the schema has version ") {
			t.Fatalf("%+v", a)
		}
		p.unchanged(func() {
			if a := p.run("migrate"); a.code != exitOK || !strings.Contains(a.err, "0 migrations applied") {
				t.Errorf("%+v", a)
			}
		})
	})
}

// An empty database is made ready by whatever comes first.
func TestEmptyDatabase(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		p := newProgram(t, kind, storetest.Empty(t, kind))
		if run := p.sync(exitOK); run.summary() != "0/0/0/0, partial 0" || !run.Success || run.Results == nil {
			t.Errorf("%+v", run)
		}
	})
}

// The simulator serves until it is told to end.
func TestSim(t *testing.T) {
	for words, more := range map[string][]string{
		"admin door: http://127.0.0.1:":            nil,
		"client id: amzn1.application-oa2-client.": {"--redirect-uri", "https://app.example/a,b", "--redirect-uri", "http://127.0.0.1/cb", "--login-uri", "https://app.example/login"},
		"seller: na/": {"--sellers", "2"},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		said := &untilSaid{words: words, then: cancel}
		args := append([]string{"sim", "--api", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, more...)
		if code := run(ctx, args, outside{in: strings.NewReader(""), out: said, err: said, now: realNow}); code != exitOK {
			t.Errorf("%s: exit code %d", args, code)
		}
	}
	if a := alone("sim", "--api", "nowhere:no-port"); a.code != exitUsage || !strings.Contains(a.err, "--api is no address") {
		t.Errorf("%+v", a)
	}
}

// untilSaid does something once it has read some words.
type untilSaid struct {
	words string
	then  func()
}

func (u *untilSaid) Write(p []byte) (int, error) {
	if strings.Contains(string(p), u.words) {
		u.then()
	}
	return len(p), nil
}

// Whatever goes wrong with tokens and secrets at Amazon, none is said: the
// harness looks for them in every word, also at the most talkative level.
func TestTroubleSaysNoSecret(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		revoked, gone := p.seller("eu")
		p.must(p.sim.Revoke(p.app.ClientID, revoked.Key))
		p.imports(line{"tenantId": "revoked", "region": "eu", "refreshToken": gone}, line{"tenantId": "made-up", "region": "na", "refreshToken": canaryToken})
		p.hide(canaryToken)
		for _, kind := range []spapisim.FaultKind{"", spapisim.FaultForbidden, spapisim.FaultHTML, spapisim.FaultBadJSON, spapisim.FaultInvalid} {
			p.sim.ClearFaults()
			if kind != "" {
				_, err := p.sim.AddFault(spapisim.Fault{Kind: kind, Region: "eu"})
				p.must(err)
			}
			p.later(24 * time.Hour)
			p.sync(exitOK, "--log-level", "debug", "--fail-on", "never")
		}
		if a := p.run("sync", "--amazon-client-secret", "canary-of-another-secret", "--log-level", "debug"); strings.Contains(a.out+a.err, "canary") {
			p.t.Errorf("%+v", a)
		}
	})
}

// Standard output that cannot be written to is an error and no success.
func TestOutputThatFails(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.importSeed()
		p.sync(exitOK)
		for _, command := range [][]string{{"sync"}, {"sync", "--json"}, {"orders", "list", "--tenant", "kbz_test"}, {"orders", "list", "--tenant", "kbz_test", "--json"}, {"config"}, {"version"}} {
			var talk strings.Builder
			code := run(context.Background(), append(p.settings(), command...), outside{in: strings.NewReader(""), out: full{}, err: &talk, now: p.now})
			if code != exitNotDone || !strings.Contains(talk.String(), "print: ") {
				p.t.Errorf("%s: exit code %d, said %s", command, code, &talk)
			}
		}
	})
}

// full is a disk that has no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, fs.ErrInvalid }
