package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store"
)

// canaryPassword is a password that nobody may see.
const canaryPassword = "canary7password"

// A password that was not percent-encoded ends up in another part of the URL, or in
// one that nobody reads: it is not shown there either.
func TestPasswordThatIsNotEncodedIsNotShown(t *testing.T) {
	for _, raw := range []string{
		"postgres://me:12#PASSWORD@h/d", "postgres://me:12/PASSWORD@h/d", "postgres://me:12?PASSWORD@h/d", "postgres://me:PASSWORD@12/PASSWORD@h/d",
		"postgres://h/d?a;password=PASSWORD", "postgres://h/d#password=PASSWORD",
	} {
		raw = strings.ReplaceAll(raw, "PASSWORD", canaryPassword)
		if shown := redactURL(raw); strings.Contains(shown, canaryPassword) {
			t.Errorf("%q is shown as %q", raw, shown)
		}
		if u, err := url.Parse(raw); err != nil || u.User == nil {
			if err := databaseProblem(raw); err == nil || strings.Contains(err.Error(), canaryPassword) {
				t.Errorf("%q: %v", raw, err)
			}
		}
	}
	for _, raw := range []string{"sqlite:/home/me@work/a.db", "postgres://me:xxxxx@h/d", "postgres://h/d?user=me%40work"} {
		if shown := redactURL(raw); shown != raw || databaseProblem(raw) != nil {
			t.Errorf("%q is shown as %q, %v", raw, shown, databaseProblem(raw))
		}
	}
}

// FuzzDatabaseURL reads database URLs: one that is refused is not repeated, one
// that is taken is taken by the database too, and the password shows in neither
// the configuration nor an error.
func FuzzDatabaseURL(f *testing.F) {
	for _, seed := range []string{
		"sqlite:ordersync.db", "sqlite:", "sqlite::memory:", "sqlite:a?b#c%zz", "sqlite:/tmp/a b\x00", "postgres://me:PASSWORD@db.example.com/orders?sslmode=require", "postgresql://h", "postgres://",
		"postgres://me:12#PASSWORD@h/d", "postgres://me:12/PASSWORD@h/d", "postgres://me:12?PASSWORD@h/d", "postgres://me:PASSWORD@12/34@h/d", "postgres://me:%zzPASSWORD@h/d", "postgres://h/d?password=PASSWORD", "postgres://h/d?a;password=PASSWORD",
		"postgres://h/d?sslpassword=PASSWORD&Password=PASSWORD", "postgres://h/d?pass%77ord=PASSWORD", "mysql://me:PASSWORD@h/d", "POSTGRES://h", "host=h password=PASSWORD", "postgres://[::1]:5432/d", "postgres://h/d#password=PASSWORD", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw := strings.ReplaceAll(text, "PASSWORD", canaryPassword)
		refused := databaseProblem(raw)
		if refused != nil && strings.Contains(refused.Error(), canaryPassword) {
			t.Fatalf("%q is refused with %v", raw, refused)
		}
		if local := strings.HasPrefix(raw, "sqlite:"); !local && asPassword(raw) && strings.Contains(redactURL(raw), canaryPassword) {
			t.Fatalf("%q is shown as %q", raw, redactURL(raw))
		}
		if path, local := store.SQLitePath(raw); refused == nil && local && path == "" {
			t.Fatalf("%q is taken and names no file", raw)
		}
		s := &settings{DatabaseURL: raw}
		var said strings.Builder
		quiet := &discreet{out: &said}
		quiet.hide(s.secrets()...)
		if u, err := url.Parse(raw); err == nil {
			if password, _ := u.User.Password(); strings.Contains(password, canaryPassword) {
				if _, err := quiet.Write([]byte("cannot connect to " + raw + " with " + password)); err != nil || strings.Contains(said.String(), canaryPassword) {
					t.Fatalf("%q is said as %q, %v", raw, &said, err)
				}
			}
		}
	})
}

// asPassword tells whether the canary stands in a URL where a password stands, or
// where one ends up that was not percent-encoded: before an @, or behind a name.
func asPassword(raw string) bool {
	at := strings.Index(raw, canaryPassword)
	if at < 0 || strings.Count(raw, canaryPassword) > 1 {
		return false
	}
	before, after := raw[:at], raw[at+len(canaryPassword):]
	scheme := strings.Index(before, "://")
	return scheme >= 0 && strings.Contains(before[scheme+3:], ":") && strings.Contains(after, "@") ||
		strings.HasSuffix(strings.ToLower(before), "password=") && strings.ContainsAny(before, "?#")
}

// FuzzFlags reads what stands behind flags: what is taken is within its limits, and
// a refusal names the flag and does not repeat what may be a secret.
func FuzzFlags(f *testing.F) {
	for _, seed := range []string{
		"", "default", "30d", "7300d", "7301d", "-1d", "1.5h", "1h1h", "9223372036854775807ns", "99999999999999999999d", "2025-01-31", "2025-01-31T08:00:00+02:00", "0000-01-01", "9999-12-31", "1-2", "007-1", "1-",
		"9223372036854775807-9223372036854775807", "10.0.0.7", "::ffff:10.0.0.7", "10.0.0.0/8", "::/0", "fe80::1%eth0", "fe80::1%eth0/64", "127.0.0.1:8080", ":65536", "[::1]:0", longCanary, canaryKey, "a@b", "\x1b[31m",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		refuses := func(flag string, err error) {
			t.Helper()
			if said := err.Error(); !strings.HasPrefix(said, flag) || len(text) > 30 && strings.Contains(said, text) {
				t.Fatalf("%s %q is refused with %q", flag, text, said)
			}
		}
		if d, err := parsePeriod("--interval", text, minInterval, maxInterval); err != nil {
			refuses("--interval", err)
		} else if d != nil && *d != 0 && (*d < minInterval || *d > maxInterval) || (d == nil) != (text == "") {
			t.Fatalf("--interval %q is %v", text, d)
		}
		if at, err := parseSince(text); err != nil {
			refuses("--since", err)
		} else if same, err := parseSince(at.Format(time.RFC3339Nano)); at.Year() >= 1970 && (err != nil || !same.Equal(at)) {
			t.Fatalf("--since %q is %v, and that %v, %v", text, at, same, err)
		}
		if page, err := (&statusCommand{Limit: 1, Cursor: text}).page(); err != nil {
			refuses("--cursor", err)
		} else if page.After.Success < 0 || page.After.ID < 0 {
			t.Fatalf("--cursor %q is %+v", text, page.After)
		}
		checkServerSettings(t, text)
		for _, r := range cell(text) {
			if r == '\n' || r == '\t' || r == 0x1b {
				t.Fatalf("%q is shown as %q", text, cell(text))
			}
		}
	})
}

// checkServerSettings gives a text to every setting of serve.
func checkServerSettings(t *testing.T, text string) {
	t.Helper()
	s := &settings{Listen: text, TrustedProxies: []string{text}, Operators: []string{text}, ServerKey: text, AmazonLWAURL: text, AmazonAPIURL: text}
	for _, err := range append(s.serverProblems(), addressProblem("AMAZON_LWA_URL", text), addressProblem("AMAZON_API_URL", text)) {
		if err != nil && (!strings.HasPrefix(err.Error(), "ORDERSYNC_") || len(text) > 30 && strings.Contains(err.Error(), text)) {
			t.Fatalf("%q is refused with %q", text, err)
		}
	}
	for _, network := range s.proxies() {
		if !network.IsValid() || !network.Contains(network.Addr()) {
			t.Fatalf("proxy %q is %v", text, network)
		}
	}
}
