package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// inVault lets the program keep tokens in a Vault of its own.
func (p *program) inVault(flags ...string) *vaultServer {
	p.t.Helper()
	v := startVault(p.t)
	token, _ := v.login()
	p.hide(token, v.RootToken)
	p.extra = append([]string{"--secrets", "vault", "--vault-address", v.proxy, "--vault-token", token}, flags...)
	return v
}

// Tokens lie in Vault and nowhere else; the database knows who has one.
func TestTokensInVault(t *testing.T) {
	onBoth(t, func(p *program) {
		v := p.inVault()
		seller, token := p.seller("eu", spapisim.Generate{N: 7, From: p.now().Add(-20 * time.Hour), To: p.now().Add(-time.Hour)})
		acme := line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token, "cursor": p.now().Add(-21 * time.Hour).Format(time.RFC3339)}
		path := "ordersync/acme/eu/" + seller.ID
		p.imports(acme)
		if got := v.document(path); got["refresh_token"] != token || got["seller_id"] != seller.ID || got["region"] != "eu" {
			t.Fatalf("in Vault lies %v", keysOf(got))
		}
		if r := p.sync(exitOK); p.of(r, "acme").OrdersProcessed != 7 {
			t.Errorf("%+v", r.Results)
		}
		if a := p.feed(p.text(acme), "tenants", "import", "-"); a.code != exitOK || !strings.Contains(a.err, "1 unchanged") {
			t.Errorf("the same line again: %+v", a)
		}
		if got := v.ask("GET", "secret/metadata/"+path, nil)["data"].(map[string]any)["current_version"]; got != 1.0 {
			t.Errorf("the same line again wrote version %v", got)
		}
		asked := v.asked.Load()
		if l := p.lines(p.ok(p.run("tenants", "list", "--json"))); l[0]["hasRefreshToken"] != true {
			t.Errorf("status: %v", l)
		}
		p.ok(p.run("status"))
		if n := v.asked.Load() - asked; n != 0 {
			t.Errorf("status asked Vault %d times", n)
		}

		// A token that another system took away is missed, and one that it brings is found.
		v.ask("DELETE", "secret/metadata/"+path, nil)
		if r := p.sync(exitOK, "--tenant", "acme"); p.of(r, "acme").ReasonCode != "TOKEN_MISSING" {
			t.Errorf("%+v", r.Results)
		}
		if l := p.lines(p.ok(p.run("tenants", "list", "--json"))); l[0]["hasRefreshToken"] != false {
			t.Errorf("status: %v", l)
		}
		v.ask("POST", "secret/data/"+path, map[string]any{"data": map[string]any{"refresh_token": token, "theirs": "kept"}})
		if r := p.sync(exitOK, "--tenant", "acme"); p.of(r, "acme").ReasonCode != "SUCCESS" {
			t.Errorf("%+v", r.Results)
		}
		second, err := p.sim.Authorize(p.app.ClientID, seller.Key)
		p.must(err)
		p.hide(second)
		acme["refreshToken"] = second
		p.imports(acme)
		if got := v.document(path); got["refresh_token"] != second || got["theirs"] != "kept" {
			t.Errorf("in Vault lies %v", keysOf(got))
		}
		p.ok(p.run("tenants", "remove", "acme", "--yes"))
		if got := v.document(path); got != nil {
			t.Errorf("after the removal there lies %v", keysOf(got))
		}
		if a := p.feed(p.text(line{"tenantId": "globex", "region": "eu", "refreshToken": token}), "tenants", "import", "-"); a.code != exitUsage || !strings.Contains(a.err, "sellingPartnerId is empty") {
			t.Errorf("without a seller's id: %+v", a)
		}
		if n := p.query(`SELECT COUNT(*) FROM connections`); n[0][0] != "0" {
			t.Errorf("%v connections", n)
		}
	})
}

func keysOf(document map[string]any) (out []string) {
	for name := range document {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// A process that is not told of Vault says so, and tokens that still lie in the
// database are used from there.
func TestTokensInBothPlaces(t *testing.T) {
	onSQLite(t, func(p *program) {
		old, oldToken := p.seller("eu")
		p.imports(line{"tenantId": "old", "region": "eu", "sellingPartnerId": old.ID, "refreshToken": oldToken})
		v := p.inVault()
		fresh, freshToken := p.seller("eu")
		p.imports(line{"tenantId": "fresh", "region": "eu", "sellingPartnerId": fresh.ID, "refreshToken": freshToken})
		if r := p.sync(exitOK); r.Summary.Success != 2 {
			t.Errorf("%+v", r)
		}
		if v.document("ordersync/old/eu/"+old.ID) != nil {
			t.Error("the token was moved unasked")
		}
		p.extra = nil
		r := p.sync(exitFailed, "--tenant", "fresh")
		if got := p.of(r, "fresh"); got.ReasonCode != "SECRET_STORE_UNAVAILABLE" || !strings.Contains(got.Message, "ORDERSYNC_SECRETS=vault") {
			t.Errorf("%+v", got)
		}
	})
}

// Tokens are moved to Vault and back while nothing is missed: each is read back before
// it is taken away, what fails stays, and the rest goes on.
func TestTokensMove(t *testing.T) {
	onBoth(t, func(p *program) {
		tokens := map[string]string{}
		var lines []line
		for _, tenant := range []string{"a", "b", "c"} {
			seller, token := p.seller("eu")
			tokens["ordersync/"+tenant+"/eu/"+seller.ID] = token
			lines = append(lines, line{"tenantId": tenant, "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		}
		p.imports(append(lines, line{"tenantId": "none", "region": "eu"})...)
		if a := p.run("secrets", "move", "--to", "vault"); a.code != exitUsage || !strings.Contains(a.err, "ORDERSYNC_SECRETS is not vault") {
			t.Errorf("without Vault: %+v", a)
		}
		v := p.inVault()
		v.answers(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "PUT" && strings.Contains(r.URL.Path, "/b/") {
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(`{"errors":["permission denied"]}`))
				return true
			}
			return false
		})
		if a := p.run("secrets", "move", "--to", "vault"); a.code != exitNotDone || !strings.Contains(a.err, "2 moved, 0 were there already, 1 connections have none") || !strings.Contains(a.err, "tenant b, connection 2") {
			t.Errorf("with one that cannot be written: %+v", a)
		}
		if r := p.sync(exitOK); r.Summary.Success != 3 {
			t.Errorf("in both places: %+v", r)
		}
		v.answers(nil)
		if a := p.run("secrets", "move", "--to", "vault"); a.code != exitOK || !strings.Contains(a.err, "1 moved, 2 were there already") {
			t.Errorf("again: %+v", a)
		}
		for path, token := range tokens {
			if v.document(path)["refresh_token"] != token {
				t.Errorf("%s is not in Vault", path)
			}
		}
		if a := p.feed(p.text(lines...), "tenants", "import", "-"); !strings.Contains(a.err, "3 unchanged") {
			t.Errorf("the same lines again: %+v", a)
		}
		p.later(time.Hour)
		if r := p.sync(exitOK); r.Summary.Success != 3 {
			t.Errorf("in Vault: %+v", r)
		}
		if a := p.run("secrets", "move", "--to", "database", "--json"); a.code != exitOK || !strings.Contains(a.err, "3 moved") || !strings.Contains(a.out, `"moved": 3`) {
			t.Errorf("back: %+v", a)
		}
		for path := range tokens {
			if got := v.document(path); got != nil {
				t.Errorf("at %s there is left %v", path, keysOf(got))
			}
		}
		p.extra = nil
		p.later(time.Hour)
		if r := p.sync(exitOK); r.Summary.Success != 3 {
			t.Errorf("in the database: %+v", r)
		}
	})
}

// What the database keeps and no key opens may be a token: nothing that Vault lacks
// deletes it, and nobody is told to reconnect for it.
func TestSealedTokenThatDoesNotOpenStays(t *testing.T) {
	onSQLite(t, func(p *program) {
		seller, token := p.seller("eu")
		p.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		p.query(`UPDATE secrets SET sealed = x'0102030405060708'`)
		v := p.inVault()
		for range 2 {
			if got := p.of(p.sync(exitFailed, "--tenant", "acme"), "acme"); got.ReasonCode != "SECRET_STORE_UNAVAILABLE" || !strings.Contains(got.Message, "cannot be opened") {
				t.Errorf("%+v", got)
			}
		}
		if a := p.run("secrets", "move", "--to", "vault"); a.code != exitNotDone || !strings.Contains(a.err, "cannot be opened") {
			t.Errorf("%+v", a)
		}
		if got := p.query(`SELECT hex(sealed) FROM secrets`); len(got) != 1 || got[0][0] != "0102030405060708" {
			t.Errorf("the database keeps %v", got)
		}
		v.ask("POST", "secret/data/ordersync/acme/eu/"+seller.ID, map[string]any{"data": map[string]any{"refresh_token": token}})
		if got := p.of(p.sync(exitOK, "--tenant", "acme"), "acme"); got.ReasonCode != "SUCCESS" {
			t.Errorf("with one in Vault: %+v", got)
		}
	})
}

// Another token in Vault is not written over by moving, nor one that Amazon has
// rotated by importing the old line again, wherever the process died meanwhile.
func TestNewerTokensInVaultStay(t *testing.T) {
	onSQLite(t, func(p *program) {
		seller, token := p.seller("eu")
		acme := line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token}
		p.imports(acme)
		v := p.inVault()
		path := "ordersync/acme/eu/" + seller.ID
		newer, err := p.sim.Authorize(p.app.ClientID, seller.Key)
		p.must(err)
		p.hide(newer)
		write := func(token string) {
			v.ask("POST", "secret/data/"+path, map[string]any{"data": map[string]any{"refresh_token": token}})
		}
		write(newer)
		if a := p.run("secrets", "move", "--to", "vault"); a.code != exitNotDone || !strings.Contains(a.err, "Vault has another token") || v.document(path)["refresh_token"] != newer {
			t.Errorf("moved: %+v", a)
		}
		v.ask("DELETE", "secret/metadata/"+path, nil)
		p.ok(p.run("secrets", "move", "--to", "vault"))
		write(newer) // as after a rotation of which the database was never told
		if r := p.sync(exitOK, "--tenant", "acme"); p.of(r, "acme").ReasonCode != "SUCCESS" {
			t.Errorf("%+v", r.Results)
		}
		if a := p.feed(p.text(acme), "tenants", "import", "-"); !strings.Contains(a.err, "1 unchanged") || v.document(path)["refresh_token"] != newer {
			t.Errorf("the old line again: %+v", a)
		}
	})
}

// The line of a file whose token Amazon has replaced since changes nothing, wherever
// its successor lies by then.
func TestReplacedTokensStayWhereverTheyLie(t *testing.T) {
	onSQLite(t, func(p *program) {
		seller, token := p.seller("eu")
		acme := line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token}
		p.imports(acme)
		p.must(p.sim.SetSwitches(func(sw *spapisim.Switches) { sw.RotateRefreshTokens = true }))
		works := func(when string) {
			t.Helper()
			p.later(2 * time.Hour) // no access token lives so long
			if r := p.sync(exitOK, "--tenant", "acme"); p.of(r, "acme").ReasonCode != "SUCCESS" {
				t.Errorf("%s: %+v", when, r.Results)
			}
			if a := p.feed(p.text(acme), "tenants", "import", "-"); !strings.Contains(a.err, "1 unchanged") {
				t.Errorf("%s the old line again: %+v", when, a)
			}
		}
		works("in the database")
		p.inVault()
		works("still in the database")
		p.ok(p.run("secrets", "move", "--to", "vault"))
		works("in Vault")
		p.ok(p.run("secrets", "move", "--to", "database"))
		works("in the database again")
		p.extra = nil
		works("without Vault")
	})
}

// A connection goes, also where Vault can have nothing of it.
func TestRemovalWithoutASellerInVault(t *testing.T) {
	onSQLite(t, func(p *program) {
		_, token := p.seller("eu")
		p.imports(line{"tenantId": "acme", "region": "eu", "refreshToken": token}, line{"tenantId": "globex", "region": "eu"})
		p.inVault()
		p.ok(p.run("tenants", "remove", "acme", "--yes"))
		p.ok(p.run("tenants", "remove", "globex", "--yes"))
		if got := p.query(`SELECT (SELECT COUNT(*) FROM secrets), (SELECT COUNT(*) FROM connections)`); got[0][0] != "0" || got[0][1] != "0" {
			t.Errorf("left: %v", got)
		}
	})
}

// A token that Amazon gives in the place of another while its account is removed does
// not stay in Vault.
func TestRemovalWhileAmazonGivesAnotherToken(t *testing.T) {
	onSQLite(t, func(p *program) {
		v := p.inVault()
		seller, token := p.seller("eu")
		p.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		p.must(p.sim.SetSwitches(func(sw *spapisim.Switches) { sw.RotateRefreshTokens = true }))
		arrived, removes, written := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var removing atomic.Bool
		var reads atomic.Int32
		path := "secret/data/ordersync/acme/eu/" + seller.ID
		v.answers(func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.URL.Path != "/v1/"+path:
			case r.Method == http.MethodPut:
				close(arrived)
				<-removes // it has seen the document as it was, and stopped the connection
				var body map[string]any
				p.must(json.NewDecoder(r.Body).Decode(&body))
				_ = json.NewEncoder(w).Encode(v.ask("PUT", path, body))
				close(written)
				return true
			case removing.Load() && reads.Add(1) == 2:
				close(removes)
				<-written
			}
			return false
		})
		synced := make(chan struct{})
		go func() {
			p.run("sync", "--tenant", "acme")
			close(synced)
		}()
		<-arrived
		removing.Store(true)
		p.ok(p.run("tenants", "remove", "acme", "--yes"))
		<-synced
		if left := v.document("ordersync/acme/eu/" + seller.ID); left != nil {
			t.Errorf("Vault has %v left", keysOf(left))
		}
		if got := p.query(`SELECT (SELECT COUNT(*) FROM secrets), (SELECT COUNT(*) FROM connections)`); got[0][0] != "0" || got[0][1] != "0" {
			t.Errorf("left: %v", got)
		}
	})
}

// The layout of the system before is taken over by the script of docs/vault.md:
// nothing is moved, and no token is given twice.
func TestLayoutOfTheSystemBefore(t *testing.T) {
	onSQLite(t, func(p *program) {
		v := p.inVault()
		for _, tenant := range []string{"ecomlg-001", "kbz-002", "kbz_test"} {
			seller, token := p.seller("eu", spapisim.Generate{N: 3, From: p.now().Add(-20 * time.Hour), To: p.now().Add(-time.Hour)})
			document := map[string]any{"refresh_token": token, "seller_id": seller.ID, "marketplace_id": "A13V1IB3VIYZZH", "region": "eu-west-1", "created_at": "2025-12-14T10:00:00.000Z"}
			if tenant == "kbz-002" {
				delete(document, "refresh_token")
			}
			v.ask("POST", "secret/data/keybuzz/tenants/"+tenant+"/amazon_spapi", map[string]any{"data": document})
		}
		out := p.script(v, "../../docs/vault.md", "adopt")
		if !strings.Contains(out, "3 created") || !strings.Contains(out, "3 connections in") || !strings.Contains(out, "2 success, 0 partial, 1 skipped, 0 failed") {
			t.Errorf("the script says:\n%s", out)
		}
		p.extra = append(p.extra, "--vault-layout", "keybuzz")
		r := p.sync(exitOK)
		if got := p.of(r, "kbz-002"); got.ReasonCode != "TOKEN_MISSING" || got.Message != "No refresh token in Vault - reconnect Amazon required" {
			t.Errorf("%+v", got)
		}
		if got := v.document("keybuzz/tenants/ecomlg-001/amazon_spapi"); len(got) != 5 || got["region"] != "eu-west-1" {
			t.Errorf("the document has become %v", keysOf(got))
		}
	})
}

// script runs a script of the documentation with the settings of the installation in
// the environment, as its reader would.
func (p *program) script(v *vaultServer, page, name string) string {
	p.t.Helper()
	_, rest, found := strings.Cut(pageText(p.t, page), "```bash "+name+"\n")
	text, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		p.t.Fatalf("%s has no script %s", page, name)
	}
	program, err := built()
	p.must(err)
	token := filepath.Join(p.t.TempDir(), "token")
	p.must(os.WriteFile(token, []byte(p.extra[slices.Index(p.extra, "--vault-token")+1]), 0o600))
	c := exec.Command("bash", "-euo", "pipefail", "-c", text)
	c.Env = []string{
		"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"), "HOME=" + p.t.TempDir(),
		"ORDERSYNC_DATABASE_URL=" + p.database, "ORDERSYNC_MASTER_KEY=" + p.masterKey,
		"ORDERSYNC_AMAZON_CLIENT_ID=" + p.app.ClientID, "ORDERSYNC_AMAZON_CLIENT_SECRET=" + p.app.ClientSecret,
		"ORDERSYNC_AMAZON_API_URL=" + p.amazon, "ORDERSYNC_AMAZON_LWA_URL=" + p.amazon + "/auth/o2/token",
		"ORDERSYNC_VAULT_ADDRESS=" + v.Address, "ORDERSYNC_VAULT_TOKEN_FILE=" + token,
	}
	out, err := c.CombinedOutput()
	p.watch.Say("what the script said", string(out))
	if err != nil {
		p.t.Fatalf("the script of %s: %v:\n%s", page, err, out)
	}
	return string(out)
}

// vaultTroubles are what may come over Vault, each with how it begins and ends.
var vaultTroubles = []struct {
	name, words string
	begin       func(v *vaultServer)
	end         func(v *vaultServer)
}{
	{
		"sealed", "sealed",
		func(v *vaultServer) { v.ask("PUT", "sys/seal", nil) },
		func(v *vaultServer) { v.ask("PUT", "sys/unseal", map[string]any{"key": v.UnsealKey}) },
	},
	{
		"forbidden", "forbidden",
		func(v *vaultServer) { v.allow(false) },
		func(v *vaultServer) { v.allow(true) },
	},
	{
		"unreachable", "unreachable",
		func(v *vaultServer) {
			v.answers(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
		},
		func(v *vaultServer) { v.answers(nil) },
	},
	{
		"slow", "slow",
		func(v *vaultServer) {
			v.answers(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
		},
		func(v *vaultServer) { v.answers(nil) },
	},
}

// vaultFleet is how many tenants there are when Vault breaks in the middle of a run.
func vaultFleet() int {
	if raceEnabled {
		return 60
	}
	return 500
}

// Whatever comes over Vault in the middle of a run: not one tenant is told to
// reconnect, and afterwards everything is stored.
func TestVaultBreaksInTheMiddleOfARun(t *testing.T) {
	for _, trouble := range vaultTroubles {
		t.Run(trouble.name, func(t *testing.T) {
			onSQLite(t, func(p *program) {
				v := p.inVault("--vault-call-timeout", "1s")
				n := vaultFleet()
				var lines []line
				for i := range n {
					seller, token := p.seller("eu", spapisim.Generate{N: 2, From: p.now().Add(-20 * time.Hour), To: p.now().Add(-time.Hour)})
					lines = append(lines, line{
						"tenantId": fmt.Sprintf("t%03d", i), "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token,
						"marketplaceIds": seller.MarketplaceIDs(), "cursor": p.now().Add(-21 * time.Hour).Format(time.RFC3339),
					})
				}
				p.imports(lines...)
				began := make(chan struct{})
				var reads atomic.Int64
				v.answers(func(http.ResponseWriter, *http.Request) bool {
					if reads.Add(1) == int64(n/3) {
						go func() { trouble.begin(v); close(began) }()
					}
					return false
				})
				r := p.sync(exitFailed, "--back-work", "0s")
				<-began
				for _, one := range r.Results {
					switch {
					case one.ReasonCode == "SUCCESS":
					case one.ReasonCode != "SECRET_STORE_UNAVAILABLE":
						t.Errorf("%+v", one)
					case one.WhoActs != "operator" || !strings.Contains(one.Message, trouble.words) || !strings.Contains(one.Message, "no verdict"):
						t.Errorf("%+v", one)
					}
				}
				if s := r.Summary; s.Total != n || s.Success == 0 || s.Failed < n/10 {
					t.Errorf("%+v: this test proves nothing", s)
				}
				if got := p.query(`SELECT COUNT(*) FROM connections WHERE state <> 'CONNECTED'`); got[0][0] != "0" {
					t.Errorf("%v connections have another state", got)
				}
				trouble.end(v)
				p.later(2 * time.Hour)
				if r := p.sync(exitOK, "--back-work", "0s"); r.Summary.Success != n {
					t.Errorf("afterwards: %+v", r.Summary)
				}
				if got := p.query(`SELECT COUNT(*) FROM orders`); got[0][0] != fmt.Sprint(2*n) {
					t.Errorf("%v orders are stored, want %d", got, 2*n)
				}
			})
		})
	}
}
