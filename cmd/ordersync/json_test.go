package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync/internal/secret"
	"ordersync/internal/store/storetest"

	"github.com/alecthomas/kong"
)

// withoutJSON are the commands that have none: what they print is for a shell, for
// man, or a service's talk.
var withoutJSON = []string{"ordersync completion", "ordersync man", "ordersync serve"}

// Every other command prints JSON when it is asked to.
func TestEveryCommandHasJSON(t *testing.T) {
	parser, err := kong.New(new(commands), kong.Name(programName))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		has := false
		for _, f := range leaf.Flags {
			has = has || f.Name == "json"
		}
		if want := !strings.Contains(strings.Join(withoutJSON, ","), leaf.FullPath()); has != want {
			t.Errorf("%s has --json: %t", leaf.FullPath(), has)
		}
	}
}

// What differs from run to run in what commands did.
var changingActs = []struct {
	pattern *regexp.Regexp
	normal  string
}{
	{regexp.MustCompile(`"key": "osk_[^"]+"`), `"key": "osk_(shown once)"`},
	{regexp.MustCompile(`"link": "http://[^"]+"`), `"link": "(a link)"`},
	{regexp.MustCompile(`"(go|os|arch)": "[^"]+"`), `"$1": "(as built)"`},
	{regexp.MustCompile(`"(applied|schemaVersion)": \d+`), `"$1": 1`},
	{regexp.MustCompile(`"(amazonUrl|adminUrl)": "http://127.0.0.1:\d+"`), `"$1": "http://127.0.0.1:9090"`},
	{regexp.MustCompile(`"(applicationId|clientId)": "amzn1\.[^"]+"`), `"$1": "amzn1.(made at the start)"`},
}

// Scripts read this JSON: what changes here changes for them.
func TestGeneratedJSONOfActs(t *testing.T) {
	p := newProgram(t, storetest.SQLite, storetest.Empty(t, storetest.SQLite))
	p.extra = []string{"--amazon-application-id", p.app.ApplicationID, "--public-url", "http://127.0.0.1:8080", "--amazon-consent-url", p.amazon}
	_, token := p.seller("eu")
	want := func(file string, a answer) {
		t.Helper()
		text := normal(p.indented(a.out))
		for _, c := range changingActs {
			text = c.pattern.ReplaceAllString(text, c.normal)
		}
		wantFile(t, filepath.Join("testdata", file), text, *update)
	}
	want("version.json", alone("version", "--json"))
	want("migrated.json", p.run("migrate", "--json"))
	lines := p.text(line{"tenantId": "acme", "region": "eu", "refreshToken": token}, line{"tenantId": "globex", "region": "na"}) + "no object\n"
	imported := p.feed(lines, "tenants", "import", "--json", "-")
	if imported.code != exitUsage || !strings.Contains(imported.err, "line 3: ") {
		t.Errorf("a bad line is not said on standard error: %+v", imported)
	}
	want("imported.json", imported)
	want("paused.json", p.run("tenants", "pause", "acme", "--json"))
	for action, args := range map[string][]string{"resume": {"resume", "acme"}, "set": {"set", "acme", "--interval", "10m"}, "remove": {"remove", "globex", "--yes"}} {
		var did acted
		p.must(json.Unmarshal([]byte(p.ok(p.run(append(append([]string{"tenants"}, args...), "--json")...))), &did))
		if did.Action != action || len(did.Connections) != 1 {
			t.Errorf("%s: %+v", action, did)
		}
	}
	want("connect.json", p.unheard(append(p.settings(), "connect", "acme", "--json")...))
	made := p.unheard(append(p.settings(), "keys", "create", "--name", "cron", "--json")...)
	var key struct{ ID, Key string }
	p.must(json.Unmarshal([]byte(p.ok(made)), &key))
	p.hide(key.Key)
	want("key.json", made)
	want("revoked.json", p.run("keys", "revoke", key.ID, "--json"))
	fresh := secret.GenerateMasterKey()
	p.hide(fresh)
	p.masterKey = fresh + "," + p.masterKey
	want("resealed.json", p.run("secrets", "rotate-key", "--json"))
	far, farToken := p.seller("fe")
	p.imports(line{"tenantId": "initech", "region": "fe", "sellingPartnerId": far.ID, "refreshToken": farToken, "displayName": "Initech", "authorizedAt": p.now().Add(-340*24*time.Hour + 12*time.Hour).UTC().Format(time.RFC3339)})
	want("authorizations.json", p.run("authorizations", "--json"))
	want("application.json", p.run("app", "show", "--json"))
}

// The key file's steps are told as JSON too.
func TestRotateKeyFileJSON(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.must(os.WriteFile(p.file()+".key", []byte(p.masterKey+"\n"), 0o600))
		p.masterKey = ""
		for _, want := range []rotatedKey{{Step: "added"}, {Step: "resealed", OldKeyDropped: true}, {Step: "none"}} {
			args := []string{"secrets", "rotate-key", "--json"}
			if want.Step != "added" {
				args = append(args, "--drop-old")
			}
			var got rotatedKey
			p.must(json.Unmarshal([]byte(p.ok(p.run(args...))), &got))
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	})
}

func TestGeneratedSimulationJSON(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var out bytes.Buffer
	whole := &untilSaid{words: "\n}\n", then: cancel}
	code := run(ctx, []string{"sim", "--json", "--api", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--sellers", "1", "--redirect-uri", "http://127.0.0.1/cb"},
		outside{in: strings.NewReader(""), out: writers{&out, whole}, err: new(bytes.Buffer), now: realNow})
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	text := out.String()
	for _, c := range changingActs {
		text = c.pattern.ReplaceAllString(text, c.normal)
	}
	wantFile(t, filepath.Join("testdata", "simulation.json"), text, *update)
}

// writers write to both.
type writers [2]interface{ Write(p []byte) (int, error) }

func (w writers) Write(p []byte) (int, error) {
	if n, err := w[0].Write(p); err != nil {
		return n, err
	}
	return w[1].Write(p)
}
