package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ordersync/internal/secret"
	"ordersync/internal/store/storetest"
)

// badFlags are command lines and settings that are refused before anything is
// done, and words of what is said.
var badFlags = []struct {
	name  string
	args  []string
	words string
}{
	{"no command", nil, "expected one of"},
	{"unknown command", []string{"synchronise"}, "unexpected argument synchronise"},
	{"unknown command of a group", []string{"tenants", "lst"}, "unexpected argument lst"},
	{"a group alone", []string{"tenants"}, "import"},
	{"unknown flag", []string{"sync", "--force"}, "unknown flag --force"},
	{"argument too much", []string{"sync", "now"}, "unexpected argument now"},
	{"a key as an argument", []string{"sync", "--master-key=", longCanary}, "unexpected argument (a long value)"},
	{"a key in place of a duration", []string{"sync", "--lease", longCanary}, "--lease: expected duration but got \"(a long value)\""},
	{"a key in place of a choice", []string{"sync", "--fail-on", longCanary}, "but got \"(a long value)\""},
	{"a key in place of a number", []string{"sync", "--workers", longCanary}, "but got \"(a long value)\""},
	{"flag without its value", []string{"sync", "--tenant"}, "--tenant"},
	{"bad tenant", []string{"sync", "--tenant", "a b"}, "--tenant: tenant id"},
	{"reserved tenant", []string{"sync", "--tenant", "global"}, "--tenant: tenant id \"global\" is reserved"},
	{"bad tenant of orders", []string{"orders", "list", "--tenant", "../x"}, "--tenant: tenant id"},
	{"no tenant", []string{"orders", "list"}, "--tenant"},
	{"unknown tenant", []string{"orders", "list", "--tenant", "nobody"}, "no tenant nobody is known: import it first with `ordersync tenants import`"},
	{"unknown tenant of sync", []string{"sync", "--tenant", "nobody"}, "no tenant nobody is known: import it first with `ordersync tenants import`"},
	{"bad fail-on", []string{"sync", "--fail-on", "sometimes"}, "--fail-on must be one of"},
	{"no import file", []string{"tenants", "import"}, "<file>"},
	{"database scheme", []string{"sync", "--database-url", "mysql://root:canary-password@h/d"}, "ORDERSYNC_DATABASE_URL has an unknown beginning: use sqlite:PATH or postgres://"},
	{"database without scheme", []string{"sync", "--database-url", "orders.db"}, "ORDERSYNC_DATABASE_URL has an unknown beginning"},
	{"database in memory", []string{"sync", "--database-url", "sqlite::memory:"}, "name a file"},
	{"database without file", []string{"sync", "--database-url", "sqlite:"}, "ORDERSYNC_DATABASE_URL names no file"},
	{"database URL that is none", []string{"migrate", "--database-url", "postgres://u:canary-pass%word@h/d"}, "special characters percent-encoded"},
	{"LWA in the clear", []string{"sync", "--amazon-lwa-url", "http://example.com/auth/o2/token"}, "ORDERSYNC_AMAZON_LWA_URL is not https"},
	{"LWA no address", []string{"sync", "--amazon-lwa-url", "api.amazon.com"}, "ORDERSYNC_AMAZON_LWA_URL is no web address"},
	{"API with a user", []string{"sync", "--amazon-api-url", "https://me:canary-password@example.com"}, "ORDERSYNC_AMAZON_API_URL has a user"},
	{"API with a query", []string{"sync", "--amazon-api-url", "https://example.com?x=1"}, "leave them away"},
	{"API of another scheme", []string{"sync", "--amazon-api-url", "ftp://example.com"}, "is no web address"},
	{"no client id", []string{"sync", "--amazon-client-id", ""}, "ORDERSYNC_AMAZON_CLIENT_ID and ORDERSYNC_AMAZON_CLIENT_SECRET are needed"},
	{"no client secret", []string{"sync", "--amazon-client-secret", ""}, "under LWA credentials"},
	{"timeout over a third of the lease", []string{"sync", "--call-timeout", "20001ms"}, "ORDERSYNC_CALL_TIMEOUT is 20.001s, more than a third of ORDERSYNC_LEASE (1m0s)"},
	{"timeout too short", []string{"sync", "--call-timeout", "0s"}, "use at least 100ms"},
	{"timeout no duration", []string{"sync", "--call-timeout", "20"}, "--call-timeout"},
	{"lease too short", []string{"sync", "--lease", "10ms"}, "ORDERSYNC_LEASE is 10ms: use 1s to 1h"},
	{"interval too short", []string{"sync", "--sync-interval", "10ms"}, "ORDERSYNC_SYNC_INTERVAL is 10ms: use 1s to 24h"},
	{"interval negative", []string{"sync", "--sync-interval=-5m"}, "ORDERSYNC_SYNC_INTERVAL is -5m0s"},
	{"overlap too long", []string{"sync", "--overlap", "25h"}, "ORDERSYNC_OVERLAP is 25h0m0s"},
	{"revoked-after too short", []string{"sync", "--revoked-after", "0s"}, "ORDERSYNC_REVOKED_AFTER is 0s"},
	{"rate scale without API", []string{"sync", "--amazon-api-url", "", "--amazon-rate-scale", "200"}, "ORDERSYNC_AMAZON_RATE_SCALE is 200 without ORDERSYNC_AMAZON_API_URL"},
	{"rate scale zero", []string{"sync", "--amazon-rate-scale", "0"}, "use 0.001 to 1000000"},
	{"rate scale no number", []string{"sync", "--amazon-rate-scale", "NaN"}, "ORDERSYNC_AMAZON_RATE_SCALE is NaN"},
	{"workers too many", []string{"sync", "--workers", "5000"}, "ORDERSYNC_WORKERS is 5000: use 0 to 4096"},
	{"workers no number", []string{"sync", "--workers", "many"}, "--workers"},
	{"log level", []string{"sync", "--log-level", "loud"}, "--log-level must be one of"},
	{"master key too short", []string{"sync", "--master-key", "Y2FuYXJ5LW9mLWEta2V5"}, "ORDERSYNC_MASTER_KEY, key 1 of 1: has 15 bytes, exactly 32 are needed"},
	{"master key no base64", []string{"sync", "--master-key", "canary!of!a!key"}, "is no base64: make one with: openssl rand -base64 32"},
	{"wrong master key", []string{"sync", "--master-key", strings.Repeat("A", 43) + "="}, "is not the one that this database was written with"},
	{"wrong master key of import", []string{"tenants", "import", "-", "--master-key", strings.Repeat("A", 43) + "="}, "write the new key, a comma and the old key"},
	{"several at once", []string{"sync", "--lease", "1ms", "--workers=-1"}, "ORDERSYNC_WORKERS is -1"},
}

// longCanary is a secret that came into the wrong place.
const longCanary = "Y2FuYXJ5LW9mLWEta2V5LWluLXRoZS13cm9uZy1wbGFjZQ=="

func TestBadFlags(t *testing.T) {
	onBoth(t, func(p *program) {
		p.hide(longCanary, "canary-password", "canary-pass%word", "Y2FuYXJ5LW9mLWEta2V5", "canary!of!a!key")
		p.importSeed()
		p.unchanged(func() {
			for _, c := range badFlags {
				a := p.run(c.args...)
				if a.code != exitUsage || a.out != "" || !strings.Contains(a.err, c.words) {
					p.t.Errorf("%s: exit code %d, said %s%s", c.name, a.code, a.out, a.err)
				}
			}
		})
	})
}

// On Postgres every process needs the same key, so none is made.
func TestPostgresNeedsMasterKey(t *testing.T) {
	t.Parallel()
	p := newProgram(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	p.unchanged(func() {
		for _, command := range [][]string{{"sync"}, {"tenants", "import", "-"}} {
			a := p.run(append(command, "--master-key", "")...)
			if a.code != exitUsage || !strings.Contains(a.err, "ORDERSYNC_MASTER_KEY is not set") || !strings.Contains(a.err, "openssl rand -base64 32") {
				p.t.Errorf("%s: %+v", command, a)
			}
		}
	})
	if _, err := os.Stat(".key"); err == nil {
		t.Error("a key file was made")
	}
}

// On SQLite a key is made once, beside the database and for its owner only.
func TestSQLiteMakesMasterKey(t *testing.T) {
	onSQLite(t, func(p *program) {
		_, token := p.seller("eu")
		first := p.feed(p.text(line{"tenantId": "t", "region": "eu", "refreshToken": token}), "tenants", "import", "-", "--master-key", "")
		p.ok(first)
		file := strings.TrimPrefix(p.database, "sqlite:") + ".key"
		info, err := os.Stat(file)
		p.must(err)
		if info.Mode().Perm() != 0o600 || !strings.Contains(first.err, "keep a copy of it") {
			p.t.Errorf("mode %s, said %s", info.Mode(), first.err)
		}
		key, err := os.ReadFile(file)
		p.must(err)
		p.hide(strings.TrimSpace(string(key)))
		if run := p.sync(exitOK, "--master-key", ""); run.summary() != "1/1/0/0, partial 0" {
			p.t.Errorf("%+v", run)
		}
		// A key that was spoiled is no reason to make another one.
		p.must(os.WriteFile(file, []byte("spoiled\n"), 0o600))
		p.unchanged(func() {
			if a := p.run("sync", "--master-key", ""); a.code != exitNotDone || !strings.Contains(a.err, "restore it from a backup") {
				p.t.Errorf("%+v", a)
			}
		})
	})
}

// A new key goes before the old one, and then alone only where nothing of the
// old one is left: the proof of the key is sealed under the old one still.
func TestMasterKeyRotation(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.importSeed()
		fresh := secret.GenerateMasterKey()
		p.hide(fresh)
		if run := p.sync(exitOK, "--master-key", fresh+","+p.masterKey); run.summary() != "3/2/1/0, partial 0" {
			p.t.Errorf("%+v", run)
		}
		if a := p.run("sync", "--master-key", fresh); a.code != exitUsage || !strings.Contains(a.err, "ORDERSYNC_MASTER_KEY") {
			p.t.Errorf("%+v", a)
		}
	})
}

// Secrets may come from files: a mistake there is named and nothing is shown.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const canary = "canary-of-a-secret"
	database := "sqlite:" + filepath.Join(dir, "orders.db")
	good := file("good", "  "+canary+"\n")
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		words string
	}{
		{"good", []string{"--amazon-client-secret-file", good, "--database-url-file", file("database", database+"\n")}, exitOK, "(set)"},
		{"both", []string{"--amazon-client-secret-file", good, "--amazon-client-secret", canary}, exitUsage, "ORDERSYNC_AMAZON_CLIENT_SECRET and ORDERSYNC_AMAZON_CLIENT_SECRET_FILE are both set: set one"},
		{"both of the database", []string{"--database-url-file", good, "--database-url", database}, exitUsage, "ORDERSYNC_DATABASE_URL and ORDERSYNC_DATABASE_URL_FILE are both set"},
		{"both of the key", []string{"--master-key-file", good, "--master-key", canary}, exitUsage, "ORDERSYNC_MASTER_KEY and ORDERSYNC_MASTER_KEY_FILE are both set"},
		{"missing", []string{"--master-key-file", filepath.Join(dir, "nowhere")}, exitUsage, "ORDERSYNC_MASTER_KEY_FILE must name a file that this user may read: no such file"},
		{"a folder", []string{"--master-key-file", dir}, exitUsage, "ORDERSYNC_MASTER_KEY_FILE must name a file"},
		{"empty", []string{"--master-key-file", file("empty", " \n")}, exitUsage, "ORDERSYNC_MASTER_KEY_FILE names an empty file"},
		{"the secret in place of the file", []string{"--master-key-file", canary}, exitUsage, "ORDERSYNC_MASTER_KEY_FILE must name a file"},
		{"no database URL in the file", []string{"--database-url-file", good}, exitUsage, "ORDERSYNC_DATABASE_URL has an unknown beginning"},
	} {
		var out, talk strings.Builder
		code := run(context.Background(), append([]string{"config"}, c.args...), outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow})
		if said := out.String() + talk.String(); code != c.code || !strings.Contains(said, c.words) || strings.Contains(said, canary) {
			t.Errorf("%s: exit code %d, said %s", c.name, code, said)
		}
	}
}

// The environment sets what flags set, and a flag wins.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"ORDERSYNC_DATABASE_URL": "postgres://me:canary-password@db.example.com/orders?sslmode=require&sslpassword=canary-too", "ORDERSYNC_LEASE": "90s",
		"ORDERSYNC_AMAZON_CLIENT_SECRET": "canary-of-a-secret", "ORDERSYNC_MASTER_KEY": "canary-of-a-key", "ORDERSYNC_WORKERS": "7",
	} {
		t.Setenv(name, value)
	}
	var out, talk strings.Builder
	o := outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow}
	if code := run(context.Background(), []string{"config", "--json", "--workers", "9"}, o); code != exitOK || talk.Len() > 0 {
		t.Fatalf("exit code %d, said %s", code, &talk)
	}
	if strings.Contains(out.String(), "canary") {
		t.Errorf("a secret was said: %s", &out)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ORDERSYNC_DATABASE_URL": "postgres://me:xxxxx@db.example.com/orders?sslmode=require&sslpassword=xxxxx", "ORDERSYNC_LEASE": (90 * time.Second).String(),
		"ORDERSYNC_AMAZON_CLIENT_SECRET": "(set)", "ORDERSYNC_MASTER_KEY": "(set)", "ORDERSYNC_WORKERS": "9", "ORDERSYNC_AMAZON_CLIENT_ID": "",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	// A secret in the wrong variable is not repeated.
	talk.Reset()
	t.Setenv("ORDERSYNC_WORKERS", longCanary)
	if code := run(context.Background(), []string{"config"}, o); code != exitUsage || strings.Contains(talk.String(), longCanary) {
		t.Errorf("exit code %d, said %s", code, &talk)
	}
	t.Setenv("ORDERSYNC_WORKERS", "7")
	// What needs no settings runs with bad ones.
	t.Setenv("ORDERSYNC_DATABASE_URL", "nonsense")
	for command, want := range map[string]int{"version": exitOK, "config": exitUsage} {
		if code := run(context.Background(), []string{command}, o); code != want {
			t.Errorf("%s with a bad setting: exit code %d, want %d", command, code, want)
		}
	}
}
