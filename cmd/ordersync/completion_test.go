package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync/internal/store/storetest"

	"github.com/creack/pty"
)

// What completes a command line, a word after the other.
func TestComplete(t *testing.T) {
	onBoth(t, func(p *program) {
		p.imports(line{"tenantId": "acme:1", "region": "eu", "displayName": "Acme & Sons"}, line{"tenantId": "acme:1", "region": "na"}, line{"tenantId": "globex", "region": "eu"})
		key := p.key("--name", "cron")
		id := p.lines(p.ok(p.run("keys", "list", "--json")))[0]["id"].(string)
		_ = key
		for _, c := range []struct {
			words string // the last is typed just now; a blank at the end: it is empty
			want  string // values, joined by blanks
		}{
			{"st", "status"},
			{"tenants ", "import list pause remove resume set show"},
			{"tenants s", "set show"},
			{"tenants show ", "acme:1 globex"},
			{"tenants show acm", "acme:1"},
			{"tenants show acme:", "acme:1"},
			{"tenants show globex ", ""},
			{"tenants show --", "--json --help"},
			{"tenants show --j", "--json"},
			{"tenants show --amazon-c", "--amazon-client-id --amazon-client-secret --amazon-client-secret-file --amazon-client-secret-previous --amazon-client-secret-previous-file --amazon-consent-url"},
			{"tenants pause acme:1 --connection ", "1 2"},
			{"tenants pause --connection ", ""},
			{"tenants set globex --personal-data ", "yes no"},
			{"sync --fail-on ", "any operator never"},
			{"sync --fail-on=n", "--fail-on=never"},
			{"sync --json --fail-on o", "operator"},
			{"sync --tenant g", "globex"},
			{"sync --tenant=g", "--tenant=globex"},
			{"--log-level de", "debug"},
			{"--log-level debug sta", "status"},
			{"status --color a", "auto always"},
			{"orders list --tenant ", "acme:1 globex"},
			{"keys revoke ", id},
			{"connect globex --marketplace F", "FR"},
			{"completion ", "bash zsh fish"},
			{"tenants import ", ":files"},
			{"--master-key-file=", ":files"},
			{"--master-key-file ", ":files"},
			{"__", ""},
			{"nonsense ", p.ok(p.complete(""))},
			{"--nonsense=", ""},
		} {
			got := p.complete(c.words)
			if want := strings.Join(strings.Fields(c.want), " "); got.code != exitOK || got.err != "" || strings.Join(strings.Fields(got.out), " ") != want {
				p.t.Errorf("%q: %+v, want %s", c.words, got, want)
			}
		}
		if a := alone("--database-url", p.database, "__complete", "--", "tenants", "show", "acm"); a.out != "acme:1\tAcme & Sons\n" {
			p.t.Errorf("the description: %+v", a)
		}
	})
}

// complete completes a line and returns the values alone.
func (p *program) complete(words string) answer {
	a := alone(append([]string{"--database-url", p.database, "__complete", "--"}, strings.Split(words, " ")...)...)
	a.out = regexp.MustCompile(`\t.*`).ReplaceAllString(a.out, "")
	return a
}

// A database that is not there or does not answer is no trouble, and none is made.
func TestCompleteWithoutDatabase(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.db")
	for _, url := range []string{"sqlite:" + missing, "postgres://u:p@127.0.0.1:1/x", "nonsense", storetest.Empty(t, storetest.SQLite)} {
		if a := alone("--database-url", url, "__complete", "--", "tenants", "show", ""); a != (answer{}) {
			t.Errorf("%s: %+v", url, a)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a database was made")
	}
}

// shelf is a folder with the program under its name, and the folder of scripts.
func shelf(t *testing.T) (dir string) {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, programName)); err != nil {
		t.Fatal(err)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if _, err := exec.LookPath(shell); err != nil {
			t.Fatalf("%s is not installed: run scripts/tools", shell)
		}
		a := alone("completion", shell)
		if err := os.WriteFile(filepath.Join(dir, shell), []byte(a.out), 0o600); err != nil || a.code != exitOK {
			t.Fatal(err, a)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "lines of tenants.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// environment is what a shell is started with.
func (p *program) environment(dir string) []string {
	return []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=xterm", "LANG=C.UTF-8", "ORDERSYNC_DATABASE_URL=" + p.database, "PS1=$ "}
}

// bash completes by what the script leaves in COMPREPLY.
func TestBashCompletes(t *testing.T) {
	onSQLite(t, func(p *program) {
		dir := shelf(t)
		p.imports(line{"tenantId": "acme:1", "region": "eu"}, line{"tenantId": "globex", "region": "eu"})
		for line, want := range map[string]string{
			"ordersync st":                         "status",
			"ordersync tenants s":                  "set show",
			"ordersync tenants show ":              "acme:1 globex",
			"ordersync tenants show acme:":         "1", // bash's word begins behind the colon
			"ordersync sync --fail-on ":            "any operator never",
			"ordersync sync --fail-on=n":           "never",
			"ordersync tenants import li":          "lines of tenants.jsonl",
			"ordersync tenants import -- li":       "lines of tenants.jsonl",
			"ordersync --master-key-file=li":       "lines of tenants.jsonl",
			dir + "/ordersync sync --tenant g":     "globex",
			"ordersync sync --tenant 'unfinished ": "",
		} {
			cmd := exec.Command("bash", "--noprofile", "--norc", "-c",
				`cd "$1" && source bash && COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=($2) && _ordersync && printf '%s\n' "${COMPREPLY[@]}"`, "bash", dir, strings.ReplaceAll(line, "'", ""))
			cmd.Env = p.environment(dir)
			out, err := cmd.CombinedOutput()
			if got := strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", " "); err != nil || got != want {
				t.Errorf("%q: %v, %q, want %q", line, err, got, want)
			}
		}
	})
}

// fish tells by itself what it would complete.
func TestFishCompletes(t *testing.T) {
	onSQLite(t, func(p *program) {
		dir := shelf(t)
		p.imports(line{"tenantId": "acme:1", "region": "eu", "displayName": "Acme & Sons"}, line{"tenantId": "globex", "region": "eu"})
		for line, want := range map[string]string{
			"ordersync st":               "status\tShow how far the connections are, and what needs a human.",
			"ordersync tenants se":       "set\tChange settings of a tenant's connections.",
			"ordersync tenants show ":    "acme:1\tAcme & Sons\nglobex",
			"ordersync sync --fail-on=n": "--fail-on=never",
			"ordersync sync --tenant g":  "globex",
			"ordersync tenants import l": "lines of tenants.jsonl",
		} {
			cmd := exec.Command("fish", "--no-config", "-c", `cd $argv[1]; source fish; complete -C $argv[2]`, dir, line)
			cmd.Env = p.environment(dir)
			out, err := cmd.CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%q: %v, %q, want %q", line, err, got, want)
			}
		}
	})
}

// Whoever presses the key in bash and in zsh sees what there is.
func TestShellsCompleteOnATerminal(t *testing.T) {
	onSQLite(t, func(p *program) {
		dir := shelf(t)
		p.imports(line{"tenantId": "acme:1", "region": "eu", "displayName": "Acme & Sons"}, line{"tenantId": "globex", "region": "eu"})
		for shell, s := range map[string]struct {
			args  []string
			begin string
			steps [][2]string // what is typed, and what is seen then
		}{
			"bash": {[]string{"--noprofile", "--norc", "-i"}, "cd " + dir + "; source bash; echo rea''dy\n", [][2]string{
				{"ordersync stat\t", "ordersync status "}, {"\x15ordersync tenants show gl\t", "show globex "}, {"\x15ordersync tenants show acme:\t", "acme:1 "},
				{"\x15ordersync sync --fail-on=ne\t", "--fail-on=never"}, {"\x15ordersync tenants import li\t", `lines\ of\ tenants.jsonl`}, {"\x15ordersync tenants s\t\t", "set   show"},
			}},
			"zsh": {[]string{"-f", "-i"}, "cd " + dir + "; autoload -U compinit; compinit -D -u; source ./zsh; echo rea''dy\n", [][2]string{
				{"ordersync stat\t", "ordersync status"}, {"\x15ordersync tenants show gl\t", "globex"}, {"\x15ordersync tenants show acme\t", "acme:1"},
				{"\x15ordersync sync --fail-on=ne\t", "--fail-on=never"}, {"\x15ordersync tenants import li\t", `lines\ of\ tenants.jsonl`}, {"\x15ordersync tenants \t\t", "-- Create or change connections from JSON lines."},
			}},
		} {
			cmd := exec.Command(shell, s.args...)
			cmd.Env = p.environment(dir)
			terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 160})
			p.must(err)
			watched := &view{t: t}
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = io.Copy(watched, terminal) // it ends with the shell
			}()
			typed := func(keys, want string) {
				watched.forget()
				_, err := io.WriteString(terminal, keys)
				p.must(err)
				watched.wait(shell, keys, want)
			}
			typed(s.begin, "ready")
			for _, step := range s.steps {
				typed(step[0], step[1])
			}
			p.must(cmd.Process.Kill())
			_ = cmd.Wait() // it was killed
			_ = terminal.Close()
			<-gone
		}
	})
}

// view is what a terminal shows.
type view struct {
	t    *testing.T
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (s *view) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
	return len(p), nil
}

func (s *view) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Reset()
}

var controls = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\a\x08\r]`)

// wait waits until some words are seen.
func (s *view) wait(shell, keys, want string) {
	s.t.Helper()
	for end := time.After(30 * time.Second); ; {
		s.mu.Lock()
		text, more := controls.ReplaceAllString(s.text.String(), ""), make(chan struct{})
		s.more = more
		s.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-more:
		case <-end:
			s.t.Fatalf("%s shows after %q:\n%q\nwant %q", shell, keys, text, want)
		}
	}
}
