package secret_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ordersync"
	"ordersync/internal/secret"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestVaultWrite(t *testing.T) {
	server := realVault(t)
	v := server.open(t, func(c *secret.VaultConfig) { c.Now = func() time.Time { return noon } })
	const created = "2026-11-28T12:00:00.000Z"
	for _, test := range []struct {
		name         string
		before, want map[string]any // before is nil for no document
		seller       string         // of the reference, where the path needs none
		err          secret.VaultKind
	}{
		{"new", nil, map[string]any{"refresh_token": hidden, "seller_id": "A1", "region": "eu", "created_at": created}, "A1", 0},
		{"new, seller unknown", nil, map[string]any{"refresh_token": hidden, "region": "eu", "created_at": created}, "", 0},
		{"what nobody knows is kept",
			map[string]any{"refresh_token": "old", "seller_id": "A1", "region": "eu-west-1", "marketplace_id": "A13V1IB3VIYZZH", "created_at": "2025",
				"note": map[string]any{"deep": []any{1.5, "x", nil}}},
			map[string]any{"refresh_token": hidden, "seller_id": "A1", "region": "eu-west-1", "marketplace_id": "A13V1IB3VIYZZH", "created_at": "2025",
				"note": map[string]any{"deep": []any{1.5, "x", nil}}}, "A1", 0},
		{"seller becomes known", map[string]any{"refresh_token": "old"},
			map[string]any{"refresh_token": hidden, "seller_id": "A1", "region": "eu", "created_at": created}, "A1", 0},
		{"seller stays known", map[string]any{"refresh_token": "old", "seller_id": "A1", "region": "EU", "created_at": "2025"},
			map[string]any{"refresh_token": hidden, "seller_id": "A1", "region": "EU", "created_at": "2025"}, "", 0},
		{"region nobody knows", map[string]any{"region": "europe", "created_at": "2025"},
			map[string]any{"refresh_token": hidden, "region": "eu", "created_at": "2025"}, "", 0},
		{"other seller", map[string]any{"refresh_token": "old", "seller_id": "A2"}, nil, "A1", secret.VaultOtherSeller},
		{"other region", map[string]any{"refresh_token": "old", "region": "us-east-1"}, nil, "A1", secret.VaultOtherSeller},
	} {
		t.Run(test.name, func(t *testing.T) {
			keybuzz := server.open(t, func(c *secret.VaultConfig) {
				c.Now = func() time.Time { return noon }
				if err := c.UsePreset("keybuzz"); err != nil {
					t.Fatal(err)
				}
			})
			ref := refOf(t)
			ref.Seller = test.seller
			path, version := "keybuzz/tenants/"+string(ref.Tenant)+"/amazon_spapi", 0
			if test.before != nil {
				server.put(t, path, test.before)
				version = 1
			}
			written, err := keybuzz.Write(t.Context(), ref, secret.New(hidden), version)
			if test.err != 0 {
				wantKind(t, err, test.err)
				wantKind(t, keybuzz.Delete(t.Context(), ref), test.err)
				test.want = test.before
			} else if err != nil || written != version+1 {
				t.Fatalf("written as version %d, %v", written, err)
			}
			got := server.ask(t, "GET", "secret/data/"+path, nil)["data"].(map[string]any)["data"]
			if diff := cmp.Diff(any(test.want), got); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
	_, err := v.Write(t.Context(), refOf(t), secret.Secret{}, 0)
	wantKind(t, err, secret.VaultBadCall)
}

func TestVaultConflict(t *testing.T) {
	server := realVault(t)
	v, ref := server.open(t, nil), refOf(t)
	_, err := v.Write(t.Context(), ref, secret.New(hidden), 1)
	wantKind(t, err, secret.VaultConflict)
	if version, err := v.Write(t.Context(), ref, secret.New(hidden), 0); err != nil || version != 1 {
		t.Fatalf("version %d, %v", version, err)
	}
	for _, version := range []int{0, 2} {
		_, err := v.Write(t.Context(), ref, secret.New(hidden), version)
		wantKind(t, err, secret.VaultConflict)
	}
}

// Of many who write at once one wins, also between its reading and its writing.
func TestVaultWritersAtOnce(t *testing.T) {
	server := realVault(t)
	v, ref := server.open(t, nil), refOf(t)
	var won, lost atomic.Int32
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			_, err := v.Write(t.Context(), ref, secret.New(hidden), 0)
			if trouble, ok := errors.AsType[*secret.VaultError](err); ok && trouble.Kind == secret.VaultConflict {
				lost.Add(1)
			} else if err == nil {
				won.Add(1)
			} else {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 || lost.Load() != 15 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
	if kept, err := v.Read(t.Context(), ref); err != nil || kept.Version != 1 {
		t.Errorf("version %d, %v", kept.Version, err)
	}
}

func TestVaultDelete(t *testing.T) {
	server := realVault(t)
	v, ref := server.open(t, nil), refOf(t)
	other := ref
	other.Tenant += "-other"
	for _, r := range []secret.VaultRef{ref, other} {
		for version := range 3 {
			if _, err := v.Write(t.Context(), r, secret.New(hidden), version); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // what is not there can be deleted
		if err := v.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		kept, err := v.Read(t.Context(), ref)
		wantKind(t, err, secret.VaultNotFound)
		if kept.Version != 0 {
			t.Errorf("version %d is left", kept.Version)
		}
	}
	if kept, err := v.Read(t.Context(), other); err != nil || kept.Version != 3 {
		t.Errorf("the other tenant: version %d, %v", kept.Version, err)
	}
}

// Every tenant id has a path of its own, in Vault too.
func TestVaultPathsOfOddTenants(t *testing.T) {
	server := realVault(t)
	v := server.open(t, nil)
	tenants := []ordersync.TenantID{"a", "A", "a..b", "a.", "a:b@c", "a-b", "a_b", "0"}
	for i, tenant := range tenants {
		ref := secret.VaultRef{Tenant: tenant, Region: ordersync.RegionEU, Seller: "ODD"}
		if _, err := v.Write(t.Context(), ref, secret.New(string(tenant)+hidden), 0); err != nil {
			t.Errorf("write %q, the %dth: %v", tenant, i, err)
		}
	}
	for _, tenant := range tenants {
		ref := secret.VaultRef{Tenant: tenant, Region: ordersync.RegionEU, Seller: "ODD"}
		if kept, err := v.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != string(tenant)+hidden || kept.Version != 1 {
			t.Errorf("read %q: version %d, %v", tenant, kept.Version, err)
		}
	}
}
