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
	{"database URL with a host", []string{"sync", "--database-url", "sqlite://orders.db"}, "where a host stands"},
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
	{"workers too many", []string{"sync", "--workers", "5000"}, "ORDERSYNC_WORKERS is 5000: use -1 to 4096"},
	{"workers no number", []string{"sync", "--workers", "many"}, "--workers"},
	{"no workers", []string{"sync", "--workers", "0"}, "ORDERSYNC_WORKERS is 0, and sync does its work itself: use 1 or more, or ask a running server with --server"},
	{"back work negative", []string{"sync", "--back-work=-1s"}, "--back-work is -1s: use 0s or more"},
	{"sign-in in the clear", []string{"serve", "--sign-in-url", "http://app.example.com/amazon"}, "ORDERSYNC_SIGN_IN_URL is not https"},
	{"sign-in with a query", []string{"serve", "--sign-in-url", "https://app.example.com/amazon?next=/"}, "ORDERSYNC_SIGN_IN_URL has a user, a query or a fragment: leave them away"},
	{"sign-in no address", []string{"serve", "--sign-in-url", "app.example.com"}, "ORDERSYNC_SIGN_IN_URL is no web address"},
	{"a key in place of the sign-in", []string{"serve", "--sign-in-url", longCanary}, "ORDERSYNC_SIGN_IN_URL is no web address"},
	{"a client id in place of the application's", []string{"serve", "--amazon-application-id", "amzn1.application-oa2-client.0"}, "not the client id"},
	{"redirect with a fragment", []string{"serve", "--amazon-redirect-uri", "https://orders.example.com/#x"}, "ORDERSYNC_AMAZON_REDIRECT_URI has a user, a query or a fragment"},
	{"redirect to another host", []string{"serve", "--public-url", "https://orders.example.com", "--amazon-redirect-uri", "https://api.example.com/amazon"}, "ORDERSYNC_AMAZON_REDIRECT_URI is at another host than ORDERSYNC_PUBLIC_URL"},
	{"public URL with a path", []string{"serve", "--public-url", "https://orders.example.com/x"}, "ORDERSYNC_PUBLIC_URL has more than scheme and host"},
	{"return to an address", []string{"serve", "--return-to", "https://app.example.com,https://app.example.com/x"}, "ORDERSYNC_RETURN_TO, entry 2 of 2: is no origin"},
	{"listen without port", []string{"serve", "--listen", "localhost"}, "ORDERSYNC_LISTEN is no address: use host:port"},
	{"listen on no port", []string{"serve", "--listen", "127.0.0.1:99999"}, "ORDERSYNC_LISTEN is no address"},
	{"a key in place of an address", []string{"serve", "--listen", longCanary}, "ORDERSYNC_LISTEN is no address"},
	{"proxy no network", []string{"serve", "--trusted-proxies", "10.0.0.1,10.0.0.0/33"}, "ORDERSYNC_TRUSTED_PROXIES, entry 2 of 2: is no address or network"},
	{"proxy by name", []string{"serve", "--trusted-proxies", "proxy.example.com"}, "use one like 10.0.0.7 or 10.0.0.0/24"},
	{"proxy everybody", []string{"serve", "--trusted-proxies", "0.0.0.0/0"}, "is the whole internet"},
	{"a key in place of a proxy", []string{"serve", "--trusted-proxies", longCanary}, "ORDERSYNC_TRUSTED_PROXIES, entry 1 of 1"},
	{"operator no address", []string{"serve", "--operators", "cron"}, "ORDERSYNC_OPERATORS, entry 1 of 1: is no e-mail address"},
	{"a key in place of an operator", []string{"serve", "--operators", longCanary}, "is no e-mail address"},
	{"server without client id", []string{"serve", "--amazon-client-id", ""}, "ORDERSYNC_AMAZON_CLIENT_ID and ORDERSYNC_AMAZON_CLIENT_SECRET are needed"},
	{"argument too much of serve", []string{"serve", "now"}, "unexpected argument now"},
	{"history longer than it is kept", []string{"serve", "--history", "17520h"}, "ORDERSYNC_HISTORY is 17520h0m0s, longer than ORDERSYNC_RETENTION_ORDERS (13104h0m0s)"},
	{"orders kept too shortly", []string{"sync", "--retention-orders", "1m"}, "ORDERSYNC_RETENTION_ORDERS is 1m0s: use 1h to 175200h"},
	{"personal data kept too long", []string{"sync", "--retention-personal", "721h"}, "ORDERSYNC_RETENTION_PERSONAL is 721h0m0s: use 1h to 720h"},
	{"changes kept for nothing", []string{"sync", "--retention-changes", "0s"}, "ORDERSYNC_RETENTION_CHANGES is 0s"},

	{"server no address", []string{"sync", "--server", "ordersync.example.com", "--server-key", canaryKey}, "--server is no web address: use one like https://"},
	{"server in the clear", []string{"sync", "--server", "http://ordersync.example.com", "--server-key", canaryKey}, "--server is not https: the key would cross the network in the clear"},
	{"server with a user", []string{"sync", "--server", "https://me:canary-password@example.com", "--server-key", canaryKey}, "--server has a user, a query or a fragment"},
	{"server without a key", []string{"sync", "--server", "https://ordersync.example.com"}, "ORDERSYNC_SERVER_KEY is not set"},
	{"server key of another kind", []string{"sync", "--server", "https://ordersync.example.com", "--server-key", longCanary}, "ORDERSYNC_SERVER_KEY is no key of ordersync's"},
	{"server key with a line end", []string{"sync", "--server", "https://ordersync.example.com", "--server-key", canaryKey + "\nX: y"}, "ORDERSYNC_SERVER_KEY is no key of ordersync's"},

	{"status of a bad tenant", []string{"status", "--tenant", "a b"}, "--tenant: tenant id"},
	{"status of an unknown tenant", []string{"status", "--tenant", "nobody"}, "--tenant: no tenant nobody is known"},
	{"status without rows", []string{"status", "--limit", "0"}, "--limit is 0: use 1 to 10000"},
	{"status with too many rows", []string{"status", "--limit", "10001"}, "--limit is 10001"},
	{"status from nowhere", []string{"status", "--cursor", "yesterday"}, "--cursor is no place in the list"},
	{"a key in place of a place", []string{"status", "--cursor", longCanary}, "--cursor is no place in the list"},
	{"backfill of nobody", []string{"backfill", "--since", "2026-01-01"}, "<tenant>"},
	{"backfill of an unknown tenant", []string{"backfill", "nobody", "--since", time.Now().UTC().Format(time.DateOnly)}, "TENANT: no tenant nobody is known"},
	{"backfill without a date", []string{"backfill", "kbz_test"}, "--since"},
	{"backfill since a word", []string{"backfill", "kbz_test", "--since", "yesterday"}, "--since is no date: use one like 2025-01-31"},
	{"backfill since an impossible day", []string{"backfill", "kbz_test", "--since", "2026-02-30"}, "--since is no date"},
	{"backfill before it is kept", []string{"backfill", "kbz_test", "--since", "2016-01-01"}, "--since: orders are kept for 546 days (ORDERSYNC_RETENTION_ORDERS)"},
	{"backfill in the future", []string{"backfill", "kbz_test", "--since", "2999-01-01"}, "lies in the future"},
	{"explain without an order", []string{"explain", "kbz_test"}, "<order>"},
	{"explain of an unknown tenant", []string{"explain", "nobody", "1"}, "TENANT: no tenant nobody is known"},
	{"explain with an empty order", []string{"explain", "kbz_test", ""}, "ORDER is empty: give Amazon's order id"},
	{"explain with a long order", []string{"explain", "kbz_test", strings.Repeat("1", 101)}, "ORDER has 101 bytes, at most 100"},
	{"explain asking without credentials", []string{"explain", "kbz_test", "1", "--ask-amazon", "--amazon-client-id", ""}, "ORDERSYNC_AMAZON_CLIENT_ID and"},
	{"order of an unknown tenant", []string{"orders", "show", "--tenant", "nobody", "1"}, "no tenant nobody is known"},
	{"an unknown order", []string{"orders", "show", "--tenant", "kbz_test", "028-1\n2"}, `ORDER: tenant kbz_test has no order "028-1\n2"`},
	{"key without a name", []string{"keys", "create"}, "--name"},
	{"key with an empty name", []string{"keys", "create", "--name", " "}, "--name is empty"},
	{"key with a long name", []string{"keys", "create", "--name", strings.Repeat("x", 101)}, "--name has 101 bytes, at most 100"},
	{"key with an odd name", []string{"keys", "create", "--name", "a\x1b[31m"}, "--name \"a\\x1b[31m\" has characters that cannot be printed"},
	{"key of an unknown tenant", []string{"keys", "create", "--name", "x", "--tenant", "nobody"}, "--tenant: no tenant nobody is known"},
	{"key of a bad tenant", []string{"keys", "create", "--name", "x", "--tenant", "../x"}, "--tenant: tenant id"},
	{"unknown key", []string{"keys", "revoke", canaryKey}, "ID: there is no key of this id: `ordersync keys list` lists them"},
	{"show of an unknown tenant", []string{"tenants", "show", "nobody"}, "TENANT: no tenant nobody is known"},
	{"pause of a bad tenant", []string{"tenants", "pause", "global"}, "TENANT: tenant id \"global\" is reserved"},
	{"pause of an unknown connection", []string{"tenants", "pause", "kbz_test", "--connection", "999"}, "`ordersync tenants show kbz_test` lists them"},
	{"resume of an unknown tenant", []string{"tenants", "resume", "nobody"}, "TENANT: no tenant nobody is known"},
	{"connection no number", []string{"tenants", "resume", "kbz_test", "--connection", longCanary}, "--connection"},
	{"remove without yes", []string{"tenants", "remove", "kbz_test"}, "add --yes to do it"},
	{"remove of an unknown tenant", []string{"tenants", "remove", "nobody", "--yes"}, "TENANT: no tenant nobody is known"},
	{"set of nothing", []string{"tenants", "set", "kbz_test"}, "nothing is to be changed: give --interval"},
	{"set of a short interval", []string{"tenants", "set", "kbz_test", "--interval", "10ms"}, "--interval is no time from 1s to 24h"},
	{"set of no interval", []string{"tenants", "set", "kbz_test", "--interval", longCanary}, "--interval is no time from 1s to 24h"},
	{"set of a long history", []string{"tenants", "set", "kbz_test", "--want-history", "9999d"}, "--want-history is no time from 1h0m0s to 175200h"},
	{"set of a history longer than it is kept", []string{"tenants", "set", "kbz_test", "--want-history", "700d", "--interval", "10m"}, "--want-history: orders are kept for 546 days (ORDERSYNC_RETENTION_ORDERS)"},
	{"set of odd personal data", []string{"tenants", "set", "kbz_test", "--personal-data", "perhaps"}, "--personal-data must be one of"},
	{"set of an unknown tenant", []string{"tenants", "set", "nobody", "--interval", "10m"}, "TENANT: no tenant nobody is known"},
	{"log level", []string{"sync", "--log-level", "loud"}, "--log-level must be one of"},
	{"master key too short", []string{"sync", "--master-key", "Y2FuYXJ5LW9mLWEta2V5"}, "ORDERSYNC_MASTER_KEY, key 1 of 1: has 15 bytes, exactly 32 are needed"},
	{"master key no base64", []string{"sync", "--master-key", "canary!of!a!key"}, "is no base64: make one with: openssl rand -base64 32"},
	{"wrong master key", []string{"sync", "--master-key", strings.Repeat("A", 43) + "="}, "is not the one that this database was written with"},
	{"wrong master key of import", []string{"tenants", "import", "-", "--master-key", strings.Repeat("A", 43) + "="}, "write the new key, a comma and the old key"},
	{"empty tenant of sync", []string{"sync", "--tenant", ""}, "--tenant: tenant id is empty"},
	{"empty tenant of status", []string{"status", "--tenant="}, "--tenant: tenant id is empty"},
	{"empty tenant of a key", []string{"keys", "create", "--name", "x", "--tenant", ""}, "--tenant: tenant id is empty"},
	{"empty server", []string{"sync", "--server", ""}, "--server is no web address: use one like https://"},
	{"import of what is not there", []string{"tenants", "import", longCanary}, "FILE must name a file of JSON lines that this user may read, or be -: no such file"},
	{"import of a folder", []string{"tenants", "import", os.TempDir()}, "FILE is a folder: name a file of JSON lines"},
	{"unknown flag of demo", []string{"demo", "--onse"}, "unknown flag --onse"},
	{"argument too much of demo", []string{"demo", "now"}, "unexpected argument now"},
	{"demo perhaps once", []string{"demo", "--once=perhaps"}, "--once"},
	{"simulator without rates", []string{"sim", "--rate-scale", "0"}, "--rate-scale is 0: use 0.001 to 1000000"},
	{"simulator with negative rates", []string{"sim", "--rate-scale=-1"}, "--rate-scale is -1: use"},
	{"simulator with rates that are no number", []string{"sim", "--rate-scale", "NaN"}, "--rate-scale is NaN: use"},
	{"simulator nowhere", []string{"sim", "--api", "nowhere"}, "--api is no address: use host:port, for example 127.0.0.1:9090"},
	{"simulator's door nowhere", []string{"sim", "--admin", "127.0.0.1:99999"}, "--admin is no address: use host:port, for example 127.0.0.1:9090"},
	{"simulator with too many sellers", []string{"sim", "--sellers", "501"}, "--sellers is 501: use 0 to 500"},
	{"simulator with sellers below nothing", []string{"sim", "--sellers=-1"}, "--sellers is -1: use"},
	{"simulator with a redirect URI that is none", []string{"sim", "--redirect-uri", "app.example/callback"}, "redirectUris \"app.example/callback\": want an absolute http or https address"},
	{"simulator with a login URI that is none", []string{"sim", "--login-uri", "javascript:alert(1)"}, "loginUri \"javascript:alert(1)\": want"},
	{"simulator's seed", []string{"sim", "--seed", "x"}, "--seed"},
	{"revoke of nothing", []string{"keys", "revoke", ""}, "ID: there is no key of this id"},
	{"argument too much of migrate", []string{"migrate", "now"}, "unexpected argument now"},
	{"several at once", []string{"sync", "--lease", "1ms", "--workers=-2"}, "ORDERSYNC_WORKERS is -2"},
}

// longCanary is a secret that came into the wrong place.
const longCanary = "Y2FuYXJ5LW9mLWEta2V5LWluLXRoZS13cm9uZy1wbGFjZQ=="

// canaryKey is an API key that came into the wrong place.
const canaryKey = "osk_canary-of-an-api-key-AAAAAAAAAAAAAAAAAAAAAA"

func TestBadFlags(t *testing.T) {
	onBoth(t, func(p *program) {
		p.hide(longCanary, canaryKey, "canary-password", "canary-pass%word", "Y2FuYXJ5LW9mLWEta2V5", "canary!of!a!key")
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
		{"both of the server's key", []string{"--server-key-file", good, "--server-key", canary}, exitUsage, "ORDERSYNC_SERVER_KEY and ORDERSYNC_SERVER_KEY_FILE are both set"},
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
