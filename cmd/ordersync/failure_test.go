package main

import (
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// advice is a command that an error names.
var advice = regexp.MustCompile("`ordersync ([^`]*)`|Try: ordersync (.*)")

// Whoever does something wrong is told what to type next, and that can be typed.
func TestErrorsNameTheCommandThatMendsThem(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.imports(line{"tenantId": "acme", "region": "eu"})
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		p.must(err)
		defer func() { p.must(taken.Close()) }()
		empty := "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder.db")
		other := secret.GenerateMasterKey()
		p.hide(other)
		for _, c := range []struct {
			args  string
			code  int
			words string // what the error says, with the command
		}{
			// Of the command line.
			{"stats", exitUsage, "did you mean \"status\"?\nTry: ordersync status\n"},
			{"tenants lst", exitUsage, "Try: ordersync tenants --help\n"},
			{"tenants", exitUsage, "Try: ordersync tenants --help\n"},
			{"status --jsn", exitUsage, "did you mean \"--json\"?\nTry: ordersync status --help\n"},
			{"tenants show", exitUsage, "Try: ordersync tenants show --help\n"},
			{"keys create", exitUsage, "missing flags: --name=NAME\nTry: ordersync keys create --help\n"},
			{"sync --back-work 10", exitUsage, "write it with one, such as 90s, 5m or 24h\nTry: ordersync sync --help\n"},
			{"sync --fail-on nevr", exitUsage, "Try: ordersync sync --help\n"},
			{"status --lang de", exitUsage, "must be one of \"en\",\"fr\" but got \"de\"\n"},
			{"completion tcsh", exitUsage, "must be one of \"bash\",\"zsh\",\"fish\""},
			{"export", exitUsage, "`ordersync --help` lists what is"},
			// Of what is not known.
			{"tenants show acma", exitUsage, "no tenant acma is known, did you mean acme? `ordersync tenants list` lists them"},
			{"status --tenant ACME", exitUsage, "did you mean acme?"},
			{"orders list --tenant globex", exitUsage, "import it first with `ordersync tenants import`"},
			{"tenants pause acme --connection 77", exitUsage, "`ordersync tenants show acme` lists them"},
			{"tenants remove acme", exitUsage, "add --yes to do it"},
			{"orders show 1 --tenant acme", exitUsage, "`ordersync explain acme 1` says why"},
			{"keys revoke nonsense", exitUsage, "`ordersync keys list` lists them"},
			{"man nonsense", exitUsage, "`ordersync --help` lists the commands"},
			// Of the database.
			{"status --database-url mysql://x", exitUsage, "use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"},
			{"status --database-url " + empty, exitNotDone, "does its folder exist, may this user write there?"},
			{"status --database-url " + empty, exitNotDone, "Try: `ordersync doctor`, which looks at all that the work needs"},
			{"status --database-url postgres://u:p@127.0.0.1:1/x", exitNotDone, "Try: `ordersync doctor`"},
			// Of credentials, keys and addresses.
			{"sync --amazon-client-id= --amazon-client-secret=", exitUsage, "set both, and let `ordersync doctor` look"},
			{"sync --master-key " + other, exitUsage, "is not the one that this database was written with"},
			{"sync --master-key AAAA", exitUsage, "openssl rand -base64 32"},
			{"sync --server http://127.0.0.1:1", exitUsage, "as `ordersync keys create` prints one"},
			{"sync --server http://127.0.0.1:1 --server-key " + canaryKey, exitNotDone, "is `ordersync serve` running there"},
			{"serve --listen " + taken.Addr().String(), exitUsage, "another program listens there, perhaps another ordersync: end it, or give another port with `ordersync serve --listen 127.0.0.1:8081`"},
			{"serve --listen 192.0.2.1:8080", exitUsage, "this machine has no such address"},
			{"sim --admin 127.0.0.1:0 --api " + taken.Addr().String(), exitUsage, "give another port with `ordersync sim --api 127.0.0.1:9190`"},
			{"connect acme", exitUsage, "set ORDERSYNC_AMAZON_APPLICATION_ID to the application's id"},
			{"app rotate-secret", exitUsage, "register a standard SQS queue"},
		} {
			a := p.unheard(append(p.settings(), strings.Fields(c.args)...)...)
			if a.code != c.code || a.out != "" || !strings.Contains(a.err, c.words) {
				t.Errorf("%s: exit code %d, want %d, with %q:\n%s%s", c.args, a.code, c.code, c.words, a.out, a.err)
			}
			for _, found := range advice.FindAllStringSubmatch(a.err, -1) {
				wantCommand(t, strings.TrimPrefix(found[1]+found[2], "`"))
			}
		}
	})
}

// wantCommand wants a command line to begin with commands that there are.
func wantCommand(t *testing.T, text string) {
	t.Helper()
	n := model(t).Node
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "-") || len(n.Children) == 0 {
			break
		}
		child := childNamed(n, strings.Trim(word, "`,"))
		if child == nil {
			t.Errorf("an error advises %q, and there is no %s", text, word)
			return
		}
		n = child
	}
}

// A schema of before is refused on Postgres with the command to type, and what
// could not be done is looked into by the doctor, who says so of nobody else's.
func TestAdvised(t *testing.T) {
	for _, c := range []struct {
		command string
		err     error
		doctor  bool
	}{
		{"status", store.ErrSchemaOld, false},
		{"status", store.ErrSchemaNew, false},
		{"status", net.ErrClosed, true},
		{"doctor", net.ErrClosed, false},
		{"status", printError{net.ErrClosed}, false},
		{"status", exitError(1), false},
		{"status", usageError{net.ErrClosed}, false},
	} {
		if got := advised(c.command, c.err); strings.Contains(got.Error(), "ordersync doctor") != c.doctor {
			t.Errorf("%s, %v: %v", c.command, c.err, got)
		}
	}
	if advised("status", nil) != nil {
		t.Error("an error came of nothing")
	}
	if !strings.Contains(store.ErrSchemaOld.Error(), "run `ordersync migrate`") {
		t.Error(store.ErrSchemaOld)
	}
}

// The doctor says what to do about each thing that is not in order.
func TestDoctorAlwaysHasARemedy(t *testing.T) {
	p := newInstallation(t, storetest.SQLite, storetest.Empty(t, storetest.SQLite))
	for _, args := range []string{"doctor", "doctor --database-url postgres://u:p@127.0.0.1:1/x"} {
		a := alone(append([]string{"--database-url", p.database}, strings.Fields(args)...)...)
		if a.code != exitFailed || !strings.Contains(a.out, "to do: ") {
			t.Errorf("%s: %+v", args, a)
		}
	}
}

func TestMeant(t *testing.T) {
	var known []store.NamedTenant
	for _, id := range []ordersync.TenantID{"acme", "acme-2", "ecomlg-001", "kbz_test"} {
		known = append(known, store.NamedTenant{ID: id})
	}
	for typed, want := range map[ordersync.TenantID]ordersync.TenantID{
		"acm": "acme", "ACME": "acme", "acme_2": "acme-2", "kbz-test": "kbz_test", "ecomlg-01": "ecomlg-001", "globex": "", "a": "",
	} {
		if got := meant(typed, known); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
	if meant("acme", nil) != "" || !slices.Equal([]int{apart("", "abc"), apart("abc", ""), apart("kitten", "sitting"), apart("same", "same")}, []int{3, 3, 3, 0}) {
		t.Error("the distance is wrong")
	}
}
