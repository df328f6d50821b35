package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// examined asks the doctor, who ends with an exit code.
func (p *program) examined(code int, args ...string) map[string]string {
	p.t.Helper()
	a := p.run(append([]string{"doctor", "--json"}, args...)...)
	var out struct {
		Healthy  bool
		Findings []struct{ Check, Status, Detail, Remedy string }
	}
	if a.code != code || json.Unmarshal([]byte(a.out), &out) != nil || out.Healthy != (code == exitOK) {
		p.t.Fatalf("%+v", a)
	}
	found := map[string]string{}
	for _, f := range out.Findings {
		found[f.Check] = fmt.Sprint(f.Status, ": ", f.Detail, " | ", f.Remedy)
		if f.Status != "ok" && f.Status != "skipped" && f.Remedy == "" {
			p.t.Errorf("%s has no remedy: %+v", f.Check, f)
		}
	}
	return found
}

// The doctor finds each thing that is wrong, says what to do, and nothing that is not.
func TestDoctor(t *testing.T) {
	onBoth(t, func(p *program) {
		wants := func(found map[string]string, want map[string]string) {
			t.Helper()
			for check, words := range want {
				status, detail, _ := strings.Cut(words, " ")
				if got := found[check]; !strings.HasPrefix(got, status+":") || !strings.Contains(got, detail) {
					t.Errorf("%s: %q, want %q", check, got, words)
				}
			}
		}

		wants(p.examined(exitOK), map[string]string{"database": "ok schema has version", "master key": "ok", "application": "ok", "tenants": "skipped no connection", "work": "ok"})
		p.shops(3, 5)
		p.sync(exitOK)
		all := p.examined(exitOK)
		wants(all, map[string]string{
			"database": "ok", "master key": "ok", "secret store": "ok", "application": "ok Amazon knows", "clock": "ok", "tenants": "ok 3 of 3", "work": "ok",
		})
		if len(all) != 8 {
			t.Errorf("%d things were looked at: %v", len(all), all)
		}
		if a := p.run("doctor"); a.code != exitOK || strings.Count(a.out, "\n") != 9 || !strings.HasPrefix(a.out, "CHECK") {
			t.Errorf("for people: %+v", a)
		}

		// People are told as much as programs are.
		a := p.run("doctor", "--amazon-client-secret", "")
		for _, words := range []string{"set ORDERSYNC_AMAZON_CLIENT_ID and ORDERSYNC_AMAZON_CLIENT_SECRET\n", "the master key opens them\n"} {
			if a.code != exitFailed || !strings.Contains(a.out, words) {
				t.Errorf("for people, without %q: %+v", words, a)
			}
		}

		p.query(`DELETE FROM secrets WHERE tenant = 'shop-01'`)
		wants(p.examined(exitOK), map[string]string{"tenants": "warning 2 of 3", "application": "ok"})
		p.later(61 * time.Minute)
		wants(p.examined(exitOK), map[string]string{"work": "warning 3 connections have been due"})
		_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_client", Operation: spapisim.Token, Count: 1})
		p.must(err)
		wants(p.examined(exitFailed), map[string]string{"application": "failed Seller Central", "tenants": "warning"})
		p.must(p.sim.SetSwitches(func(s *spapisim.Switches) { s.ClockSkew = spapisim.Duration(3 * time.Minute) }))
		wants(p.examined(exitFailed), map[string]string{"clock": "failed ahead of this"})
		p.must(p.sim.SetSwitches(func(s *spapisim.Switches) { s.ClockSkew = spapisim.Duration(-20 * time.Second) }))
		wants(p.examined(exitOK), map[string]string{"clock": "warning behind this"})

		older := p.masterKey
		p.masterKey = secret.GenerateMasterKey()
		p.hide(p.masterKey)
		wants(p.examined(exitFailed), map[string]string{"master key": "failed is not the one"})
		p.masterKey = older + "," + p.masterKey
		wants(p.examined(exitOK), map[string]string{"master key": "warning rotate-key"})
		wants(p.examined(exitFailed, "--amazon-lwa-url", "http://127.0.0.1:1/"), map[string]string{"application": "failed ORDERSYNC_AMAZON_LWA_URL"})
		wants(p.examined(exitFailed, "--amazon-client-secret", ""), map[string]string{"application": "failed ORDERSYNC_AMAZON_CLIENT_SECRET"})
		p.query(`UPDATE goose_db_version SET version_id = 99 WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
		wants(p.examined(exitFailed), map[string]string{"database": "failed newer program"})
	})
}

// A database that does not answer is said to be so.
func TestDoctorWithoutDatabase(t *testing.T) {
	a := alone("--database-url", "postgres://127.0.0.1:1/none?connect_timeout=1", "doctor")
	if a.code != exitFailed || !strings.Contains(a.out, "ORDERSYNC_DATABASE_URL") {
		t.Errorf("%+v", a)
	}
}
