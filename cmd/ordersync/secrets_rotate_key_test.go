package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// A new master key takes the old one's place while everything goes on: first both
// open, then everything is sealed anew, then the new one is enough, and the old one
// opens nothing.
func TestRotateKey(t *testing.T) {
	onBoth(t, func(p *program) {
		role := spapisim.RoleDirectShipping
		p.must(p.sim.SetApplicationRoles(p.app.ClientID, spapisim.RoleInventory, role))
		seller, err := p.sim.AddSeller(spapisim.SellerSpec{Region: "eu"})
		p.must(err)
		_, err = p.sim.Generate(seller.Key, spapisim.Generate{N: 250, From: p.now().Add(-20 * time.Hour), To: p.now().Add(-time.Hour), Items: 1})
		p.must(err)
		token, err := p.sim.Authorize(p.app.ClientID, seller.Key, spapisim.RoleInventory, role)
		p.must(err)
		p.hide(token)
		p.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token, "personalData": true, "cursor": p.now().Add(-21 * time.Hour).Format(time.RFC3339)})
		p.sync(exitOK)
		sealed := len(p.query(`SELECT 1 FROM order_personal`))
		if sealed < 250 {
			t.Fatalf("only %d sealed values of orders: this test proves nothing", sealed)
		}

		if a := p.run("secrets", "rotate-key"); a.code != exitUsage || !strings.Contains(a.err, "openssl rand -base64 32") {
			t.Errorf("with one key: %+v", a)
		}
		older, fresh := p.masterKey, secret.GenerateMasterKey()
		p.hide(fresh)
		p.masterKey = fresh + "," + older
		p.sync(exitOK)
		if a := p.run("secrets", "rotate-key"); a.code != exitOK || !strings.Contains(a.err, "nothing needs the other keys any more") || !strings.Contains(a.err, "sealed anew: 1 secret") {
			t.Errorf("with both: %+v", a)
		}
		if a := p.run("secrets", "rotate-key"); a.code != exitOK || !strings.Contains(a.err, "sealed anew: 0 secrets and personal fields of 0 data groups") {
			t.Errorf("again: %+v", a)
		}
		p.masterKey = older
		if a := p.run("sync"); a.code != exitUsage || !strings.Contains(a.err, "is not the one that this database was written with") {
			t.Errorf("with the old key: %+v", a)
		}
		p.masterKey = fresh
		p.sync(exitOK)
		if a := p.run("secrets", "rotate-key", "--drop-old"); a.code != exitUsage || !strings.Contains(a.err, "remove the old key there") {
			t.Errorf("--drop-old: %+v", a)
		}
		box, err := secret.ParseMasterKey(fresh)
		p.must(err)
		p.openAll(t, box, sealed+1)
	})
}

// openAll opens every sealed value with a box.
func (p *program) openAll(t *testing.T, box *secret.Box, least int) {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: p.database})
	p.must(err)
	defer func() { p.must(s.Close()) }()
	n := 0
	for _, personal := range []bool{false, true} {
		values, err := s.SealedAfter(context.Background(), personal, store.Sealed{}, 10_000)
		p.must(err)
		for _, v := range values {
			n++
			owner := secret.Owner{Tenant: v.Tenant, Connection: v.Connection, Purpose: v.Name}
			if personal {
				owner.Purpose = "order " + v.Name + " " + v.Group.String()
			}
			if _, err := box.Open(v.Value, owner); err != nil {
				t.Errorf("%s %s: %v", v.Tenant, v.Name, err)
			}
		}
	}
	if n < least {
		t.Errorf("%d values are sealed, want at least %d", n, least)
	}
}

// The key file beside a SQLite database is rotated by the command alone.
func TestRotateKeyFile(t *testing.T) {
	onSQLite(t, func(p *program) {
		seller, token := p.seller("eu")
		key := p.masterKey
		p.masterKey = ""
		p.must(os.WriteFile(p.file()+".key", []byte(key+"\n"), 0o600))
		content := func() string {
			b, err := os.ReadFile(p.file() + ".key")
			p.must(err)
			return strings.TrimSpace(string(b))
		}
		p.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		if a := p.run("secrets", "rotate-key"); a.code != exitOK || !strings.Contains(a.err, "has a new key before the old one: restart ordersync") {
			t.Errorf("first: %+v", a)
		}
		fresh, older, both := strings.Cut(content(), ",")
		p.hide(fresh)
		if !both || older != key {
			t.Fatal("the key file has no second key, or not the old one")
		}
		p.sync(exitOK)
		if a := p.run("secrets", "rotate-key"); a.code != exitOK || !strings.Contains(a.err, "--drop-old removes it") || content() != fresh+","+key {
			t.Errorf("second: %+v", a)
		}
		if a := p.run("secrets", "rotate-key", "--drop-old"); a.code != exitOK || content() != fresh {
			t.Errorf("third: %+v", a)
		}
		if a := p.run("secrets", "rotate-key", "--drop-old"); a.code != exitOK || !strings.Contains(a.err, "there is no old one") || content() != fresh {
			t.Errorf("once more: %+v", a)
		}
		p.sync(exitOK)
		if info, err := os.Stat(p.file() + ".key"); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key file: %v, %v", info.Mode(), err)
		}
	})
}

// What opens under no key stays, is named, and keeps the old key from being dropped.
func TestRotateKeyNamesWhatDoesNotOpen(t *testing.T) {
	onSQLite(t, func(p *program) {
		for _, tenant := range []string{"acme", "globex"} {
			seller, token := p.seller("eu")
			p.imports(line{"tenantId": tenant, "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		}
		p.query(`UPDATE secrets SET sealed = x'0102030405060708' WHERE tenant = 'acme'`)
		fresh := secret.GenerateMasterKey()
		p.hide(fresh)
		p.masterKey = fresh + "," + p.masterKey
		a := p.run("secrets", "rotate-key")
		if a.code != exitNotDone || !strings.Contains(a.err, "1 value of them") || !strings.Contains(a.err, "tenant acme, connection 1, refresh_token") {
			t.Errorf("%+v", a)
		}
		if got := p.query(`SELECT hex(sealed) FROM secrets WHERE tenant = 'acme'`); got[0][0] != "0102030405060708" {
			t.Errorf("the value that does not open is %v", got)
		}
		p.masterKey = fresh
		r := p.sync(exitFailed)
		if acme, globex := p.of(r, "acme"), p.of(r, "globex"); acme.ReasonCode != "SECRET_STORE_UNAVAILABLE" || globex.ReasonCode != "SUCCESS" {
			t.Errorf("acme %s, globex %s", acme.ReasonCode, globex.ReasonCode)
		}
	})
}
