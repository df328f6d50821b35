package secret_test

import (
	"testing"

	"ordersync"
	"ordersync/internal/secret"
)

func TestVaultReads(t *testing.T) {
	server := realVault(t)
	v := server.open(t, nil)
	for _, test := range []struct {
		name     string
		document map[string]any
		seller   string // of the reference; "" for the usual one
		want     secret.VaultKind
	}{
		{"whole", document("A3TH9S8BH6GOGM"), "", 0},
		{"no seller", map[string]any{"refresh_token": hidden}, "", 0},
		{"white space", map[string]any{"refresh_token": hidden + "\n", "seller_id": "A3TH9S8BH6GOGM\n"}, "", 0},
		{"region of AWS", map[string]any{"refresh_token": hidden, "region": "eu-west-1"}, "", 0},
		{"odd region", map[string]any{"refresh_token": hidden, "region": 7}, "", 0},
		{"empty document", map[string]any{}, "", secret.VaultNoToken},
		{"empty token", map[string]any{"refresh_token": "", "seller_id": "A3TH9S8BH6GOGM"}, "", secret.VaultNoToken},
		{"blank token", map[string]any{"refresh_token": " \n"}, "", secret.VaultNoToken},
		{"null token", map[string]any{"refresh_token": nil}, "", secret.VaultNoToken},
		{"number for a token", map[string]any{"refresh_token": 7}, "", secret.VaultBadAnswer},
		{"object for a seller", map[string]any{"refresh_token": hidden, "seller_id": map[string]any{}}, "", secret.VaultBadAnswer},
		{"other seller", document("A1OTHER"), "", secret.VaultOtherSeller},
		{"other seller without a token", map[string]any{"seller_id": "A1OTHER"}, "", secret.VaultOtherSeller},
	} {
		t.Run(test.name, func(t *testing.T) {
			ref := refOf(t)
			server.put(t, pathOf(ref), test.document)
			kept, err := v.Read(t.Context(), ref)
			if test.want != 0 {
				wantKind(t, err, test.want)
				if !kept.Token.Empty() || kept.Version != 1 {
					t.Errorf("beside the error: token %q, version %d", kept.Token.Reveal(), kept.Version)
				}
				return
			}
			if err != nil || kept.Token.Reveal() != hidden || kept.Version != 1 {
				t.Errorf("read %q, version %d, %v", kept.Token.Reveal(), kept.Version, err)
			}
		})
	}
}

func TestVaultHasNoDocument(t *testing.T) {
	server := realVault(t)
	v := server.open(t, nil)
	for _, test := range []struct {
		name         string
		versions     int // how many are written before
		method, path string
		body         map[string]any
		version      int
	}{
		{"never", 0, "", "", nil, 0},
		{"deleted", 2, "DELETE", "data/", nil, 2},
		{"destroyed", 1, "PUT", "destroy/", map[string]any{"versions": []int{1}}, 1},
		{"metadata deleted", 1, "DELETE", "metadata/", nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			ref := refOf(t)
			for range test.versions {
				server.put(t, pathOf(ref), document(ref.Seller))
			}
			if test.method != "" {
				server.ask(t, test.method, "secret/"+test.path+pathOf(ref), test.body)
			}
			kept, err := v.Read(t.Context(), ref)
			wantKind(t, err, secret.VaultNotFound)
			if kept.Version != test.version {
				t.Errorf("version %d, want %d", kept.Version, test.version)
			}
			// The seller connects again, with what Read returned.
			version, err := v.Write(t.Context(), ref, secret.New(hidden), kept.Version)
			if err != nil || version != test.version+1 {
				t.Errorf("written as version %d, %v", version, err)
			}
		})
	}
}

// A mount that is none, or not of version 2, must not look like a tenant without
// a token: Vault answers 404 to all three.
func TestVaultWrongMount(t *testing.T) {
	server := realVault(t)
	server.ask(t, "POST", "sys/mounts/first", map[string]any{"type": "kv", "options": map[string]any{"version": "1"}})
	ref := refOf(t)
	// A document that only a store of version 1 can have there.
	server.ask(t, "POST", "first/data/"+pathOf(ref), document(ref.Seller))
	allowed := ref.Tenant + "-allowed"
	server.policy(t, "mounts", "first/*", "nothing/*", "secret/data/*", "secret/metadata/*")
	limited := server.token(t, map[string]any{"policies": []string{"mounts"}})

	for _, test := range []struct {
		name, token, mount string
		tenant             ordersync.TenantID
		want               secret.VaultKind
	}{
		{"version 1, document", server.RootToken, "first", ref.Tenant, secret.VaultWrongMount},
		{"version 1, no document", server.RootToken, "first", allowed, secret.VaultWrongMount},
		{"version 1, policy", limited, "first", allowed, secret.VaultWrongMount},
		{"no mount", server.RootToken, "nothing", ref.Tenant, secret.VaultWrongMount},
		{"no mount, policy", limited, "nothing", ref.Tenant, secret.VaultWrongMount},
		{"below a mount", server.RootToken, "secret/inner", ref.Tenant, secret.VaultWrongMount},
		{"a mount of another type", server.RootToken, "sys", ref.Tenant, secret.VaultWrongMount},
		{"the right one, policy", limited, "secret", allowed, secret.VaultNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := server.open(t, func(c *secret.VaultConfig) {
				c.Mount, c.Auth.Token = test.mount, secret.New(test.token)
			})
			ref := ref
			ref.Tenant = test.tenant
			_, err := v.Read(t.Context(), ref)
			wantKind(t, err, test.want)
			if test.want == secret.VaultNotFound {
				if err := v.Check(t.Context()); err != nil {
					t.Errorf("check: %v", err)
				}
				return
			}
			_, err = v.Write(t.Context(), ref, secret.New(hidden), 0)
			wantKind(t, err, test.want)
			wantKind(t, v.Delete(t.Context(), ref), test.want)
			// Nobody may look at a mount that does not exist.
			check := test.want
			if test.mount == "nothing" {
				check = secret.VaultForbidden
			}
			wantKind(t, v.Check(t.Context()), check)
		})
	}
	if answer := server.ask(t, "GET", "first/data/"+pathOf(ref), nil); member(answer, "data", "refresh_token") != hidden {
		t.Error("the document of the store of version 1 is changed")
	}
}

func TestVaultForbidden(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	server.policy(t, "elsewhere", "secret/data/elsewhere/*")
	for name, token := range map[string]string{
		"path outside the policy":  server.token(t, map[string]any{"policies": []string{"elsewhere"}}),
		"no token of this Vault's": "hvs.nobody",
		"no right to look it up":   server.token(t, map[string]any{"policies": []string{"elsewhere"}, "no_default_policy": true}),
	} {
		t.Run(name, func(t *testing.T) {
			v := server.open(t, func(c *secret.VaultConfig) { c.Auth.Token = secret.New(token) })
			_, err := v.Read(t.Context(), ref)
			wantKind(t, err, secret.VaultForbidden)
			_, err = v.Write(t.Context(), ref, secret.New(hidden), 1)
			wantKind(t, err, secret.VaultForbidden)
			wantKind(t, v.Delete(t.Context(), ref), secret.VaultForbidden)
		})
	}
}

// A seal in the middle, and the end of the process.
func TestVaultSealedAndStopped(t *testing.T) {
	t.Parallel()
	server := ownVault(t)
	v := server.open(t, func(c *secret.VaultConfig) { c.Retries = 1 })
	ref := refOf(t)
	if _, err := v.Write(t.Context(), ref, secret.New(hidden), 0); err != nil {
		t.Fatal(err)
	}
	all := func(want secret.VaultKind) {
		t.Helper()
		_, err := v.Read(t.Context(), ref)
		wantKind(t, err, want)
		_, err = v.Write(t.Context(), ref, secret.New(hidden), 1)
		wantKind(t, err, want)
		wantKind(t, v.Delete(t.Context(), ref), want)
		wantKind(t, v.Check(t.Context()), want)
	}

	server.ask(t, "PUT", "sys/seal", nil)
	all(secret.VaultSealed)
	// Who comes while it is sealed cannot even log in.
	late := server.open(t, nil)
	_, err := late.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultSealed)

	server.ask(t, "PUT", "sys/unseal", map[string]any{"key": server.UnsealKey})
	for _, client := range []*secret.Vault{v, late} {
		if err := client.Check(t.Context()); err != nil {
			t.Errorf("check after unsealing: %v", err)
		}
		if kept, err := client.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != hidden {
			t.Errorf("read after unsealing: %v", err)
		}
	}

	server.end()
	all(secret.VaultUnreachable)
}
