package secret_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/secret"
)

func TestVaultSettingsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	type config = secret.VaultConfig
	for name, test := range map[string]struct {
		change func(*config)
		want   string
	}{
		"no address":           {func(c *config) { c.Address = "" }, "vault address is empty"},
		"no scheme":            {func(c *config) { c.Address = "vault:8200" }, "vault address is no http"},
		"socket":               {func(c *config) { c.Address = "unix:///run/vault" }, "vault address is no http"},
		"password":             {func(c *config) { c.Address = "https://u:hidden@vault:8200" }, "vault address has a user"},
		"unreadable, password": {func(c *config) { c.Address = "https://u:hidden@vault:port" }, "vault address is no http"},
		"query":                {func(c *config) { c.Address = "https://vault:8200/?a=b" }, "vault address has a query"},
		"namespace":            {func(c *config) { c.Namespace = "a b" }, "vault namespace"},
		"no CA file":           {func(c *config) { c.CAFile = "none.pem" }, "vault CA file"},
		"empty CA file":        {func(c *config) { c.CAFile = empty }, "has no certificate"},
		"mount with a slash":   {func(c *config) { c.Mount = "secret/" }, "vault mount"},
		"mount above":          {func(c *config) { c.Mount = "../sys" }, "vault mount"},
		"timeout":              {func(c *config) { c.CallTimeout = -time.Second }, "vault call timeout"},
		"concurrent":           {func(c *config) { c.Concurrent = -1 }, "vault concurrent calls"},
		"no login":             {func(c *config) { c.Auth = secret.VaultAuth{} }, "0 ways are given"},
		"two logins":           {func(c *config) { c.Auth.TokenFile = "token" }, "2 ways are given"},
		"token in two words":   {func(c *config) { c.Auth.Token = secret.New("hidden hidden") }, "vault token has white space"},
		"no role id":           {func(c *config) { c.Auth = secret.VaultAuth{AppRole: &secret.VaultAppRole{}} }, "role id is empty"},
		"no secret id":         {func(c *config) { c.Auth = secret.VaultAuth{AppRole: &secret.VaultAppRole{RoleID: "r"}} }, "secret id"},
		"mount of the login": {func(c *config) {
			c.Auth = secret.VaultAuth{AppRole: &secret.VaultAppRole{RoleID: "r", SecretIDFile: "f", Mount: "/x"}}
		}, "vault AppRole mount"},
		"no Kubernetes role":  {func(c *config) { c.Auth = secret.VaultAuth{Kubernetes: &secret.VaultKubernetes{}} }, "Kubernetes role is empty"},
		"no tenant":           {func(c *config) { c.Path = "ordersync/{region}/{seller}" }, "has no segment {tenant}"},
		"unknown placeholder": {func(c *config) { c.Path = "{tenant}/{shop}" }, `segment 2 "{shop}"`},
		"half a segment":      {func(c *config) { c.Path = "x-{tenant}" }, "each as a whole segment"},
		"two in one":          {func(c *config) { c.Path = "{tenant}{seller}" }, "each as a whole segment"},
		"leading slash":       {func(c *config) { c.Path = "/{tenant}" }, "empty segment 1"},
		"double slash":        {func(c *config) { c.Path = "a//{tenant}" }, "empty segment 2"},
		"folder above":        {func(c *config) { c.Path = "{tenant}/../x" }, "not beginning with a dot"},
		"escape":              {func(c *config) { c.Path = "{tenant}/%2e" }, "segment 2"},
	} {
		c := config{Address: "http://127.0.0.1:1", Auth: secret.VaultAuth{Token: secret.New("t")}}
		test.change(&c)
		v, err := secret.OpenVault(t.Context(), c)
		if err == nil {
			v.Close()
			t.Errorf("%s is taken", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || leaks(err.Error()) {
			t.Errorf("%s: error is %q, want %q in it", name, err, test.want)
		}
	}
}

// Only on this machine are tokens sent unencrypted without a word.
func TestVaultInClear(t *testing.T) {
	for address, want := range map[string]bool{
		"https://vault.example.com": false, "http://vault.example.com:8200": true, "http://10.0.0.7:8200": true,
		"http://127.0.0.1:8200": false, "http://[::1]:8200": false, "http://localhost:8200": false,
	} {
		var logged lockedBuffer
		v, err := secret.OpenVault(t.Context(), secret.VaultConfig{
			Address: address, Auth: secret.VaultAuth{Token: secret.New(hidden)}, Log: slog.New(slog.NewTextHandler(&logged, nil)),
		})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		v.Close()
		if got := strings.Contains(logged.String(), "without TLS"); got != want || leaks(logged.String()) {
			t.Errorf("%s logs %q", address, logged.String())
		}
	}
}

// No reference reaches the path of another, whatever it holds.
func TestVaultBadReference(t *testing.T) {
	v, err := secret.OpenVault(t.Context(), secret.VaultConfig{
		Address: "http://127.0.0.1:1", Auth: secret.VaultAuth{Token: secret.New("t")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for name, ref := range map[string]secret.VaultRef{
		"no tenant":    {Region: "eu", Seller: "A1"},
		"folder above": {Tenant: "..", Region: "eu", Seller: "A1"},
		"slash":        {Tenant: "a/b", Region: "eu", Seller: "A1"},
		"escape":       {Tenant: "a%2fb", Region: "eu", Seller: "A1"},
		"no region":    {Tenant: "a", Seller: "A1"},
		"region":       {Tenant: "a", Region: "..", Seller: "A1"},
		"no seller":    {Tenant: "a", Region: "eu"},
		"seller":       {Tenant: "a", Region: "eu", Seller: "A1/../A2"},
		"seller above": {Tenant: "a", Region: "eu", Seller: ".."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Read(t.Context(), ref)
			wantKind(t, err, secret.VaultBadCall)
			_, err = v.Write(t.Context(), ref, secret.New(hidden), 0)
			wantKind(t, err, secret.VaultBadCall)
			wantKind(t, v.Delete(t.Context(), ref), secret.VaultBadCall)
		})
	}
}

func TestVaultPresets(t *testing.T) {
	for name, preset := range secret.VaultPresets {
		config := secret.VaultConfig{Address: "http://127.0.0.1:1", Auth: secret.VaultAuth{Token: secret.New("t")}}
		if err := config.UsePreset(name); err != nil || config.Mount != preset.Mount || config.Path != preset.Path {
			t.Errorf("%s gives %s, %s, %v", name, config.Mount, config.Path, err)
		}
		v, err := secret.OpenVault(t.Context(), config)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v.Close()
	}
	if err := new(secret.VaultConfig).UsePreset("other"); err == nil || !strings.Contains(err.Error(), "keybuzz, ordersync") {
		t.Errorf("another preset gives %v", err)
	}
}

// The document of the system that this service replaces, as it wrote it.
func TestVaultReadsTheOldLayout(t *testing.T) {
	server := realVault(t)
	v := server.open(t, func(c *secret.VaultConfig) {
		if err := c.UsePreset("keybuzz"); err != nil {
			t.Fatal(err)
		}
	})
	server.put(t, "keybuzz/tenants/ecomlg-001/amazon_spapi", map[string]any{
		"refresh_token": hidden, "seller_id": "A3TH9S8BH6GOGM", "marketplace_id": "A13V1IB3VIYZZH",
		"region": "eu-west-1", "created_at": "2025-11-02T10:00:00.000Z",
	})
	// The seller may not be known yet; then the document tells.
	for _, seller := range []string{"", "A3TH9S8BH6GOGM"} {
		kept, err := v.Read(t.Context(), secret.VaultRef{Tenant: "ecomlg-001", Region: ordersync.RegionEU, Seller: seller})
		if err != nil || kept.Token.Reveal() != hidden || kept.Seller != "A3TH9S8BH6GOGM" {
			t.Errorf("read seller %q, %v", kept.Seller, err)
		}
	}
}
