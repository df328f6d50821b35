package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// What reaches the settings' page in variables has its French too.
func TestSettingsInFrench(t *testing.T) {
	for _, w := range healthWords {
		if _, ok := french(w.word); !ok {
			t.Errorf("no French for %q", w.word)
		}
	}
	for _, from := range []SettingSource{FromDefault, FromEnvironment, FromCommandLine, FromFile, FromDemo} {
		if _, ok := french(string(from)); !ok {
			t.Errorf("no French for %q", from)
		}
	}
	for _, row := range (&visit{words: wordsOf("fr")}).kept(store.Retention{}) {
		if strings.HasPrefix(row.What, "Orders") {
			t.Errorf("not in French: %q", row.What)
		}
	}
}

// anyKey finds a key's secret.
var anyKey = regexp.MustCompile(`osk_[A-Za-z0-9_-]{20,}`)

func TestKeysInTheDashboard(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		operator := b.signedIn("")
		b.connect("acme", called("Acme"))
		form := func(name, scope, tenant string) url.Values {
			return url.Values{"act": {"create"}, "name": {name}, "scope": {scope}, "tenant": {tenant}}
		}
		made := operator.post("/settings", form(`<b>cron</b>`, "tenant", "acme"))
		secret := anyKey.FindString(made.text)
		if made.status != http.StatusOK || made.to != "" || secret == "" || !strings.Contains(made.text, "&lt;b&gt;cron&lt;/b&gt;") {
			t.Fatalf("a key is made: %+v", made)
		}
		key, err := b.store.Reader().Key(t.Context(), secret)
		b.must(err)
		if key.Tenant != "acme" || key.Name != "<b>cron</b>" {
			t.Errorf("%+v", key)
		}
		text := operator.sees("/settings", "&lt;b&gt;cron&lt;/b&gt;", "/settings/keys/"+key.ID, "this session")
		if anyKey.MatchString(text) {
			t.Error("the key is shown again")
		}
		if every := operator.in("fr").post("/settings", form("all", "everything", "")); !strings.Contains(every.text, "Elle ouvre tout.") {
			t.Errorf("an operator's key: %+v", every)
		}
		for name, bad := range map[string]url.Values{
			"no name": form(" ", "everything", ""), "a long name": form(strings.Repeat("x", 101), "everything", ""), "unprintable": form("a\x00b", "everything", ""),
			"no scope": form("x", "", ""), "no tenant": form("x", "tenant", ""), "a wrong tenant": form("x", "tenant", "a/b"),
			"a strange tenant": form("x", "tenant", "nobody"), "both": form("x", "everything", "acme"), "no such button": {"act": {"explode"}},
		} {
			for _, lang := range []string{"en", "fr"} {
				if a := operator.in(lang).post("/settings", bad); a.status != http.StatusBadRequest || anyKey.MatchString(a.text) {
					t.Errorf("%s: %d %s", name, a.status, a.text)
				}
			}
		}
		all, err := b.store.Reader().Keys(t.Context())
		b.must(err)
		if len(all) != 3 {
			t.Errorf("%d keys, want 3", len(all))
		}

		page := "/settings/keys/" + key.ID
		operator.sees(page, "Withdraw the key &lt;b&gt;cron&lt;/b&gt;?", "Keep it", "acme")
		operator.in("fr").sees(page, "Retirer la clé", "un client")
		if a := operator.post(page, url.Values{"act": {"revoke"}}); a.status != http.StatusSeeOther || a.to != "/settings?keys=withdrawn#keys" {
			t.Errorf("a key is withdrawn: %+v", a)
		}
		if _, err := b.store.Reader().Key(t.Context(), secret); err == nil {
			t.Error("the key is still good")
		}
		operator.sees("/settings?keys=withdrawn", "They open nothing.", "&lt;b&gt;cron&lt;/b&gt;")
		operator.sees(page, "was withdrawn")

		tenant := b.signedIn("acme")
		for _, address := range []string{"/settings", page} {
			if a := tenant.get(address); a.status != http.StatusForbidden {
				t.Errorf("%s with a tenant's key: %d", address, a.status)
			}
			if a := tenant.post(address, form("x", "everything", "")); a.status != http.StatusForbidden || anyKey.MatchString(a.text) {
				t.Errorf("a form to %s with a tenant's key: %d", address, a.status)
			}
			if a := b.visitor().post(address, form("x", "everything", "")); a.status != http.StatusUnauthorized {
				t.Errorf("a form to %s without a key: %d", address, a.status)
			}
		}
		for address, want := range map[string]int{"/settings/keys/none": 404, "/settings?after=x": 400} {
			if a := operator.get(address); a.status != want {
				t.Errorf("%s: %d, want %d", address, a.status, want)
			}
		}
	})
}

// Many keys are listed page by page.
func TestKeysArePaged(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	operator := b.signedIn("")
	for range keysPage + 3 {
		b.signedIn("")
	}
	_, rest, _ := strings.Cut(operator.sees("/settings"), `href="/settings?after=`)
	mark, _, _ := strings.Cut(rest, "#")
	second := operator.sees("/settings?after="+mark, "First page")
	if n := strings.Count(second, `href="/settings/keys/`); n != 4 {
		t.Errorf("%d keys on the second page", n)
	}
}

// The configuration is shown with where it comes from; a secret's value is not.
func TestConfigurationIsShown(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		operator := b.signedIn("")
		text := operator.sees("/settings", "&lt;here&gt;", "command line", "set, not shown", "not set", "1.2.3", "546")
		if strings.Contains(text, "hush") {
			t.Error("a secret is shown")
		}
		if before, _, _ := strings.Cut(text, "1 setting is as it comes"); strings.Contains(before, "VAULT") || !strings.Contains(before, "LISTEN") {
			t.Error("what is not set stands among what is")
		}
		operator.in("fr").sees("/settings", "ligne de commande", "renseigné, non montré", "Commandes, après leur dernière mise à jour")
	}, func(c *Config) {
		c.Settings = []Setting{
			{Name: "ORDERSYNC_LISTEN", Value: "<here>", From: FromCommandLine}, {Name: "ORDERSYNC_MASTER_KEY", Value: "hush", Secret: true, From: FromFile}, {Name: "ORDERSYNC_VAULT_TOKEN"},
		}
	})
}

// The doctor's findings are those of when somebody asked; a page never waits for them.
func TestDoctor(t *testing.T) {
	asked := make(chan struct{}, 10)
	b := newBoard(t, storetest.SQLite, func(c *Config) {
		c.InFrench = func(english string) string { return "français : " + english }
		c.Doctor = func(context.Context) []engine.Finding {
			asked <- struct{}{}
			return []engine.Finding{
				{Check: "secret store", Health: engine.Healthy, Detail: "Vault answers, is unsealed, and lets us in"},
				{Check: "tenants", Health: engine.Doubtful, Detail: "3 of 5 connections that were tried are well; a: <b>", Remedy: "see `ordersync status` for who must act"},
				{Check: "clock", Health: engine.Broken, Detail: "Amazon's clock is 2m0s ahead of this machine's", Remedy: "set this machine's clock, by NTP"},
			}
		}
	})
	operator := b.signedIn("")
	operator.sees("/settings", "Nobody has looked yet", "Check now")
	if len(asked) != 0 {
		t.Error("a page has asked the doctor")
	}
	if a := operator.post("/settings", url.Values{"act": {"check"}}); a.status != http.StatusSeeOther || a.to != "/settings#doctor" {
		t.Fatalf("asked: %+v", a)
	}
	text := operator.sees("/settings", "1 thing is broken", "3 checks at", "3 of 5 connections that were tried are well; a: &lt;b&gt;", "Set this machine&#39;s clock, by NTP", "See <code>ordersync status</code> for", "Check again")
	if strings.Index(text, "Broken") > strings.Index(text, "Look at it") {
		t.Error("what is broken does not come first")
	}
	operator.in("fr").sees("/settings", "1 chose ne marche pas", "Français : 3 of 5 connections that were tried are well; a: &lt;b&gt;",
		"Français : set this machine&#39;s clock, by NTP", "Français : Vault answers")
	if len(asked) != 1 {
		t.Errorf("the doctor was asked %d times, want once", len(asked))
	}
}

// Who watches has the doctor look when what is known is old, once for all who do.
func TestDoctorLooksAgain(t *testing.T) {
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	begun, end := make(chan struct{}), make(chan struct{})
	n := 0
	d := &doctor{now: func() time.Time { return now }, look: func(context.Context) []engine.Finding {
		n++
		close(begun)
		<-end
		return []engine.Finding{{Check: "work"}}
	}}
	if !d.old() {
		t.Error("what nobody has looked at is new")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		d.check(gone) // what was begun is of use, also when who asked has gone
		close(done)
	}()
	<-begun
	d.check(t.Context()) // somebody looks already
	close(end)
	<-done
	if found, at := d.last(); n != 1 || len(found) != 1 || !at.Equal(now) || d.old() {
		t.Errorf("looked %d times, found %v at %s", n, found, at)
	}
	now = now.Add(doctorAgain)
	if !d.old() {
		t.Error("what is ten minutes old is new")
	}
}
