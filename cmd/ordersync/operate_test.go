package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// key makes an API key, which must never be seen again.
func (p *program) key(args ...string) string {
	p.t.Helper()
	a := p.unheard(append(p.settings(), append([]string{"keys", "create"}, args...)...)...) // this once it may be said
	key := strings.TrimSuffix(p.ok(a), "\n")
	if !strings.HasPrefix(key, "osk_") || strings.ContainsAny(key, " \n") || strings.Contains(a.err, key) {
		p.t.Fatalf("%+v", a)
	}
	p.hide(key)
	return key
}

// lines reads JSON lines.
func (p *program) lines(text string) (out []object) {
	p.t.Helper()
	for l := range strings.Lines(text) {
		var o object
		p.must(json.Unmarshal([]byte(l), &o))
		out = append(out, o)
	}
	return out
}

func TestKeys(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		s := p.serve("--workers", "0")
		operator, tenant := p.key("--name", "cron"), p.key("--name", "portal of KBZ", "--tenant", "kbz_test")
		ask := func(key, path string) int {
			q, err := http.NewRequest(http.MethodGet, s.url+path, http.NoBody)
			p.must(err)
			q.Header.Set("Authorization", "Bearer "+key)
			answer, err := http.DefaultClient.Do(q)
			p.must(err)
			p.must(answer.Body.Close())
			return answer.StatusCode
		}
		if a, b := ask(operator, "/api/v1/connections"), ask(tenant, "/api/v1/connections"); a != http.StatusOK || b != http.StatusForbidden {
			p.t.Errorf("an operator's key is answered %d, a tenant's %d", a, b)
		}
		keys := p.lines(p.ok(p.run("keys", "list", "--json")))
		if len(keys) != 2 {
			p.t.Fatalf("the keys: %v", keys)
		}
		for _, k := range keys {
			if k["name"] == "cron" {
				p.ok(p.run("keys", "revoke", k["id"].(string)))
			} else if k["tenantId"] != "kbz_test" {
				p.t.Errorf("a key: %v", k)
			}
		}
		if a, b := ask(operator, "/api/v1/connections"), ask(tenant, "/api/v1/orders/sync/status"); a != http.StatusUnauthorized || b != http.StatusOK {
			p.t.Errorf("a revoked key is answered %d, the other one %d", a, b)
		}
		if out := p.ok(p.run("keys", "list")); !strings.Contains(out, "tenant kbz_test") || !strings.Contains(out, "everything") {
			p.t.Error(out)
		}
		// Whoever gives the key in place of its id does not read it again.
		if a := p.run("keys", "revoke", tenant); a.code != exitUsage || !strings.Contains(a.err, "ID: there is no key of this id") {
			p.t.Errorf("%+v", a)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		p.ok(p.run("tenants", "pause", "ecomlg-001"))
		run := p.sync(exitOK)
		if r := p.of(run, "ecomlg-001"); r.ReasonCode != "PAUSED" || r.WhoActs != "operator" {
			p.t.Errorf("%+v", r)
		}
		if out := p.ok(p.run("status")); !strings.Contains(out, "PAUSED (who acts: operator)") || !strings.Contains(out, "TOKEN_MISSING (who acts: tenant)") {
			p.t.Error(out)
		}
		p.ok(p.run("tenants", "resume", "ecomlg-001"))
		p.unchanged(func() { p.ok(p.run("tenants", "resume", "ecomlg-001")) })
		if r := p.of(p.sync(exitOK), "ecomlg-001"); r.ReasonCode != "SUCCESS" || r.OrdersCreated == 0 {
			p.t.Errorf("%+v", r)
		}
	})
}

// Of several connections one may be chosen; without a choice all are meant.
func TestConnectionIsChosen(t *testing.T) {
	onBoth(t, func(p *program) {
		p.imports(line{"tenantId": "both", "region": "eu"}, line{"tenantId": "both", "region": "na"}, line{"tenantId": "other", "region": "eu"})
		var ids []string
		for _, c := range p.lines(p.ok(p.run("tenants", "list", "--json"))) {
			if c["tenantId"] == "both" {
				ids = append(ids, c["connectionId"].(string))
			}
		}
		if len(ids) != 2 {
			p.t.Fatalf("connections %v", ids)
		}
		paused := func() int { return len(p.query(`SELECT id FROM connections WHERE paused = TRUE`)) }
		p.ok(p.run("tenants", "pause", "both", "--connection", ids[0]))
		if n := paused(); n != 1 {
			p.t.Errorf("%d are paused, want 1", n)
		}
		p.ok(p.run("tenants", "pause", "both"))
		if n := paused(); n != 2 {
			p.t.Errorf("%d are paused, want 2", n)
		}
		p.unchanged(func() {
			for _, id := range []string{"0", "-1", "999"} {
				a := p.run("tenants", "remove", "both", "--yes", "--connection="+id)
				if a.code != exitUsage || !strings.Contains(a.err, "--connection: tenant both has no connection "+id) {
					p.t.Errorf("%s: %+v", id, a)
				}
			}
		})
	})
}

func TestTenantsSet(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		p.ok(p.run("tenants", "set", "ecomlg-001", "--interval", "10m", "--want-history", "30d", "--personal-data", "yes"))
		row := p.query(`SELECT interval_ms, history_ms, personal_data FROM connections WHERE tenant = 'ecomlg-001'`)[0]
		if row[0] != "600000" || row[1] != fmt.Sprint(30*24*3600*1000) || row[2] == "0" || row[2] == "false" {
			p.t.Errorf("stored %v", row)
		}
		if out := p.ok(p.run("tenants", "show", "ecomlg-001")); !strings.Contains(out, "10m0s") || !strings.Contains(out, "720h0m0s") || !strings.Contains(out, "E-Commerce LG") {
			p.t.Error(out)
		}
		p.ok(p.run("tenants", "set", "ecomlg-001", "--interval", "default", "--personal-data", "no"))
		row = p.query(`SELECT COALESCE(interval_ms, 0), history_ms, personal_data FROM connections WHERE tenant = 'ecomlg-001'`)[0]
		if row[0] != "0" || row[1] == "0" || row[2] == "1" || row[2] == "true" {
			p.t.Errorf("stored %v", row)
		}
	})
}

func TestTenantsRemove(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		p.sync(exitOK)
		p.unchanged(func() {
			a := p.run("tenants", "remove", "kbz_test")
			if a.code != exitUsage || !strings.Contains(a.err, "1 connection of tenant kbz_test") || !strings.Contains(a.err, "5 orders: add --yes") {
				p.t.Errorf("%+v", a)
			}
		})
		p.ok(p.run("tenants", "remove", "kbz_test", "--yes"))
		for _, table := range []string{"connections", "secrets", "orders", "order_items", "changes", "coverage"} {
			if rows := p.query(`SELECT * FROM ` + table + ` WHERE tenant = 'kbz_test'`); len(rows) != 0 {
				p.t.Errorf("%s keeps %d rows", table, len(rows))
			}
		}
		p.wantTruth("ecomlg-001", f.healthy)
		if a := p.run("orders", "list", "--tenant", "kbz_test"); a.code != exitUsage {
			p.t.Errorf("%+v", a)
		}
	})
}

func TestStatusCommand(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		p.sync(exitOK)
		var r struct {
			TotalTenants, TenantsWithToken int
			Tenants                        []struct {
				TenantID                    string
				CompleteFrom, CompleteUntil *time.Time
			}
			NextCursor string
			Totals     struct{ Connections, Orders int }
			NeedsHuman []need
		}
		read := func(args ...string) {
			p.t.Helper()
			r.NextCursor, r.Tenants, r.NeedsHuman = "", nil, nil
			p.must(json.Unmarshal([]byte(p.ok(p.run(append([]string{"status", "--json"}, args...)...))), &r))
		}
		read()
		if r.TotalTenants != 3 || r.TenantsWithToken != 2 || len(r.Tenants) != 3 || r.Totals.Connections != 3 || r.Totals.Orders != 65 || r.NextCursor != "" {
			p.t.Errorf("%+v", r)
		}
		if r.Tenants[0].TenantID != "kbz-002" {
			p.t.Errorf("the oldest success comes first: %+v", r.Tenants)
		}
		if len(r.NeedsHuman) != 1 || r.NeedsHuman[0].Code != "TOKEN_MISSING" || !slices.Equal(r.NeedsHuman[0].Tenants, []string{"kbz-002"}) {
			p.t.Errorf("%+v", r.NeedsHuman)
		}
		var seen []string
		for cursor := []string(nil); ; cursor = []string{"--cursor", r.NextCursor} {
			read(append(cursor, "--limit", "1")...)
			for _, one := range r.Tenants {
				seen = append(seen, one.TenantID)
			}
			if r.NextCursor == "" {
				break
			}
		}
		if slices.Sort(seen); !slices.Equal(seen, []string{"ecomlg-001", "kbz-002", "kbz_test"}) {
			p.t.Errorf("the pages have %v", seen)
		}
		read("--tenant", "ecomlg-001")
		if len(r.Tenants) != 1 || r.Tenants[0].CompleteUntil == nil || r.Tenants[0].CompleteFrom == nil {
			p.t.Errorf("%+v", r)
		}
		if out := p.ok(p.run("status")); !strings.Contains(out, "3 tenants, 2 with a refresh token; 3 connections: 3 CONNECTED; 0 paused\n65 orders") {
			p.t.Error(out)
		}
	})
}

func TestBackfillCommand(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		p.sync(exitOK, "--back-work", "0s")
		since := p.now().AddDate(0, 0, -400).UTC().Format(time.DateOnly)
		a := p.run("backfill", "ecomlg-001", "--since", since)
		if p.ok(a); !strings.Contains(a.out, "GAP FROM") || !strings.Contains(a.out, since+"T00:00:00.000Z") {
			p.t.Errorf("%+v", a)
		}
		var r backfillReport
		p.must(json.Unmarshal([]byte(p.ok(p.run("backfill", "ecomlg-001", "--since", since, "--json"))), &r))
		if len(r.Connections) != 1 || !r.Connections[0].Begun || len(r.Connections[0].Marketplaces) == 0 || len(r.Connections[0].Marketplaces[0].Gaps) == 0 {
			p.t.Errorf("%+v", r)
		}
		p.unchanged(func() {
			for since, words := range map[string]string{"1990-01-01": "ORDERSYNC_RETENTION_ORDERS", "2999-01-01": "lies in the future"} {
				if a := p.run("backfill", "ecomlg-001", "--since", since); a.code != exitUsage || !strings.Contains(a.err, "--since: ") || !strings.Contains(a.err, words) {
					p.t.Errorf("%s: %+v", since, a)
				}
			}
		})
		if a := p.run("backfill", "kbz-002", "--since", since); a.code != exitOK || !strings.Contains(a.err, "nothing was read of it yet") {
			p.t.Errorf("%+v", a)
		}
		p.wantTruth("ecomlg-001", f.healthy)
	})
}

func TestExplainAndOrdersShow(t *testing.T) {
	onBoth(t, func(p *program) {
		f := p.importSeed()
		orders, err := p.sim.Orders(f.healthy.Key)
		p.must(err)
		id := orders[0].Order.OrderID
		if out := p.ok(p.run("explain", "ecomlg-001", id)); !strings.Contains(out, "nothing was read yet") {
			p.t.Error(out)
		}
		out := p.ok(p.run("explain", "ecomlg-001", id, "--ask-amazon"))
		if !strings.Contains(out, "Amazon was asked and has it; what is new was stored.") || !strings.Contains(out, "has it: first stored") {
			p.t.Error(out)
		}
		var shown object
		p.must(json.Unmarshal([]byte(p.ok(p.run("orders", "show", "--tenant", "ecomlg-001", id, "--json"))), &shown))
		if shown["externalOrderId"] != id || len(shown["items"].([]any)) == 0 {
			p.t.Errorf("%v", shown)
		}
		if out := p.ok(p.run("orders", "show", "--tenant", "ecomlg-001", id)); !strings.Contains(out, id) || !strings.Contains(out, "UNIT PRICE") {
			p.t.Error(out)
		}
		p.sync(exitOK)
		var x struct {
			Here bool
			Why  []string
		}
		p.must(json.Unmarshal([]byte(p.ok(p.run("explain", "ecomlg-001", "000-0000000-0000000", "--json"))), &x))
		if x.Here || len(x.Why) != 1 || !strings.Contains(x.Why[0], "does not have it: changes up to") {
			p.t.Errorf("%+v", x)
		}
		// Amazon's own "no" is an answer; that it could not be asked is none.
		p.ok(p.run("explain", "ecomlg-001", "000-0000000-0000000", "--ask-amazon"))
		_, err = p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultForbidden, Seller: f.healthy.Key})
		p.must(err)
		if a := p.run("explain", "ecomlg-001", id, "--ask-amazon"); a.code != exitNotDone || !strings.Contains(a.err, "asking Amazon brought nothing") || !strings.Contains(a.out, "has it") {
			p.t.Errorf("%+v", a)
		}
	})
}

// Everything may be done while a server works on the same database.
func TestCommandsBesideServe(t *testing.T) {
	onBoth(t, func(p *program) {
		s := p.serve()
		f := p.importSeed()
		p.until("the server has read everything", func() bool {
			return p.query(`SELECT COALESCE(SUM(orders), 0) FROM connections`)[0][0] == "65"
		})
		if run := p.sync(exitOK); run.summary() != "3/2/1/0, partial 0" {
			p.t.Errorf("%+v", run)
		}
		for _, command := range []string{
			"status", "tenants list", "tenants show kbz_test", "tenants pause kbz_test", "tenants resume kbz_test", "tenants set kbz_test --interval 1h",
			"backfill kbz_test --since " + p.now().AddDate(0, 0, -380).UTC().Format(time.DateOnly), "keys list", "orders list --tenant kbz_test",
			"sync --tenant kbz_test", "migrate", "tenants remove kbz-002 --yes",
		} {
			p.ok(p.run(strings.Fields(command)...))
		}
		p.wantTruth("kbz_test", f.test)
		p.wantTruth("ecomlg-001", f.healthy)
		if code := s.stop(); code != exitOK {
			p.t.Errorf("exit code %d: %s", code, s.talk)
		}
		if n := p.leases(); n != 0 {
			p.t.Errorf("%d leases were kept", n)
		}
	})
}
