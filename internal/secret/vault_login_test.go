package secret_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/secret"
)

// loginCall is what a login by AppRole looks like in a proxy.
const loginCall = "PUT auth/approle/login"

// appRole makes a role of the test's own, which may do what ref needs, and a
// secret id for it.
func (s *vaultServer) appRole(t *testing.T, settings map[string]any) *secret.VaultAppRole {
	t.Helper()
	name := string(refOf(t).Tenant)
	s.policy(t, name, "secret/data/ordersync/"+name+"/*", "secret/metadata/ordersync/"+name+"/*")
	settings["token_policies"] = []string{name}
	role := "auth/approle/role/" + name
	s.ask(t, "POST", role, settings)
	return &secret.VaultAppRole{
		RoleID:   member(s.ask(t, "GET", role+"/role-id", nil), "data", "role_id"),
		SecretID: secret.New(member(s.ask(t, "POST", role+"/secret-id", nil), "data", "secret_id")),
	}
}

// readFor reads all the while, and every read must succeed.
func readFor(t *testing.T, v *secret.Vault, ref secret.VaultRef, span time.Duration) {
	t.Helper()
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := v.Read(t.Context(), ref); err != nil {
			t.Fatalf("read: %v", err)
		}
	}
}

// Vault counts in whole seconds, and cuts the beginning of a batch token down to
// one, so these tests last some.
func TestVaultTokenLivesOn(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	for _, test := range []struct {
		name             string
		settings         map[string]any
		span             time.Duration
		renewals, logins int // at least
		mostLogins       int
	}{
		{"renewed", map[string]any{"token_ttl": "1s", "token_max_ttl": "1h"}, 2200 * time.Millisecond, 2, 1, 1},
		{"at the end of what it may live", map[string]any{"token_ttl": "2s", "token_max_ttl": "2s"}, 3 * time.Second, 1, 2, 3},
		{"not renewable", map[string]any{"token_ttl": "4s", "token_type": "batch"}, 3500 * time.Millisecond, 0, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ref := refOf(t)
			server.put(t, pathOf(ref), document(ref.Seller))
			proxy := proxyTo(t, server.Address, nil)
			role := server.appRole(t, test.settings)
			v := server.open(t, func(c *secret.VaultConfig) {
				c.Address, c.Auth = proxy.URL, secret.VaultAuth{AppRole: role}
			})
			readFor(t, v, ref, test.span)
			renewals, logins := proxy.count("PUT auth/token/renew-self"), proxy.count(loginCall)
			if renewals < test.renewals || logins < test.logins || logins > test.mostLogins {
				t.Errorf("%d renewals, %d logins", renewals, logins)
			}
			v.Close()
			if n := proxy.count("PUT auth/token/revoke-self"); n != 1 {
				t.Errorf("given back %d times", n)
			}
		})
	}
}

// When renewal fails, there is a new login before the token is dead.
func TestVaultRenewalRefused(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	proxy := proxyTo(t, server.Address, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/auth/token/renew-self" {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	role := server.appRole(t, map[string]any{"token_ttl": "1s"})
	v := server.open(t, func(c *secret.VaultConfig) {
		c.Address, c.Auth = proxy.URL, secret.VaultAuth{AppRole: role}
	})
	readFor(t, v, ref, 1500*time.Millisecond)
	if n := proxy.count(loginCall); n < 2 {
		t.Errorf("%d logins", n)
	}
}

// movingClock is a clock that a test moves on.
type movingClock struct{ ahead atomic.Int64 }

func (c *movingClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// A token that is revoked in the middle is replaced, once for all who meet it.
func TestVaultTokenRevoked(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	proxy := proxyTo(t, server.Address, nil)
	role := server.appRole(t, map[string]any{"token_ttl": "1h"})
	var clock movingClock
	v := server.open(t, func(c *secret.VaultConfig) {
		c.Address, c.Auth, c.Now = proxy.URL, secret.VaultAuth{AppRole: role}, clock.now
	})
	if _, err := v.Read(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	revoke := func() {
		passed := proxy.all()
		server.ask(t, "PUT", "auth/token/revoke", map[string]any{"token": passed[len(passed)-1].token})
	}
	revoke()
	// A login this young is believed, or each refused path would make one.
	_, err := v.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultForbidden)

	clock.ahead.Add(int64(10 * time.Second))
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if _, err := v.Read(t.Context(), ref); err != nil {
				t.Errorf("read: %v", err)
			}
		})
	}
	wait.Wait()
	if n := proxy.count(loginCall); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}

	// Without a login to be had it is forbidden, and comes back with a new secret id.
	server.ask(t, "POST", "auth/approle/role/"+string(ref.Tenant)+"/secret-id/destroy", map[string]any{"secret_id": role.SecretID.Reveal()})
	revoke()
	clock.ahead.Add(int64(10 * time.Second))
	_, err = v.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultForbidden)
	wantKind(t, v.Check(t.Context()), secret.VaultForbidden)
	if shows(err.Error(), secret.VaultAuth{AppRole: role}) {
		t.Errorf("the error shows the secret id: %v", err)
	}
}

// A path that the policy does not reach makes no login of each read.
func TestVaultForbiddenPathsDoNotLogInAgain(t *testing.T) {
	server := realVault(t)
	proxy := proxyTo(t, server.Address, nil)
	role := server.appRole(t, map[string]any{"token_ttl": "1h"})
	var clock movingClock
	v := server.open(t, func(c *secret.VaultConfig) {
		c.Address, c.Auth, c.Now = proxy.URL, secret.VaultAuth{AppRole: role}, clock.now
	})
	if err := v.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.ahead.Add(int64(time.Minute))
	ref := refOf(t)
	ref.Tenant = "somebody-else"
	for range 20 {
		_, err := v.Read(t.Context(), ref)
		wantKind(t, err, secret.VaultForbidden)
	}
	if n := proxy.count(loginCall); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}

func TestVaultLoginRefused(t *testing.T) {
	server := realVault(t)
	good := server.appRole(t, map[string]any{})
	for name, role := range map[string]secret.VaultAppRole{
		"wrong secret id": {RoleID: good.RoleID, SecretID: secret.New("hidden-id")},
		"wrong role id":   {RoleID: "nobody", SecretID: good.SecretID},
		"wrong mount":     {RoleID: good.RoleID, SecretID: good.SecretID, Mount: "elsewhere"},
		"no file":         {RoleID: good.RoleID, SecretIDFile: filepath.Join(t.TempDir(), "none")},
	} {
		t.Run(name, func(t *testing.T) {
			v := server.open(t, func(c *secret.VaultConfig) { c.Auth = secret.VaultAuth{AppRole: &role} })
			_, err := v.Read(t.Context(), refOf(t))
			wantKind(t, err, secret.VaultForbidden)
			wantKind(t, v.Check(t.Context()), secret.VaultForbidden)
		})
	}
}

// Vault's agent replaces the file of the token.
func TestVaultTokenFile(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	file := filepath.Join(t.TempDir(), "token")
	replace := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	v := server.open(t, func(c *secret.VaultConfig) { c.Auth = secret.VaultAuth{TokenFile: file} })
	_, err := v.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultForbidden) // there is no file yet
	first, second := server.token(t, map[string]any{"ttl": "1h"}), server.token(t, map[string]any{"ttl": "1h"})
	for _, token := range []string{first, second} {
		replace(token + "\n")
		if _, err := v.Read(t.Context(), ref); err != nil {
			t.Errorf("read: %v", err)
		}
		server.ask(t, "PUT", "auth/token/revoke", map[string]any{"token": token})
		_, err := v.Read(t.Context(), ref)
		wantKind(t, err, secret.VaultForbidden)
	}
	replace("two words")
	_, err = v.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultForbidden)
}

// A token that was given and can be renewed is kept alive as well.
func TestVaultGivenTokenIsRenewed(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	token := server.token(t, map[string]any{"period": "2s"})
	v := server.open(t, func(c *secret.VaultConfig) { c.Auth.Token = secret.New(token) })
	readFor(t, v, ref, 2500*time.Millisecond)
	v.Close()
	// It is not ours to revoke.
	server.ask(t, "POST", "auth/token/lookup", map[string]any{"token": token})
}

// The real Vault of the tests knows neither namespaces nor Kubernetes: what is
// sent is checked against a stub that answers as Vault's documentation says.
func TestVaultKubernetesAndNamespace(t *testing.T) {
	var got struct{ Role, JWT string }
	stub := http.NewServeMux()
	stub.HandleFunc("PUT /v1/auth/cluster/login", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		_, _ = w.Write([]byte(`{"auth":{"client_token":"hvs.stub","lease_duration":3600,"renewable":true}}`))
	})
	stub.HandleFunc("GET /v1/secret/data/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"data":{"refresh_token":"` + hidden + `"},"metadata":{"version":4}}}`))
	})
	stub.HandleFunc("PUT /v1/auth/token/revoke-self", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	behind := httptest.NewServer(stub)
	t.Cleanup(behind.Close)
	proxy := proxyTo(t, behind.URL, nil)

	file := filepath.Join(t.TempDir(), "jwt")
	if err := os.WriteFile(file, []byte("hidden.jwt.text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What stands in the environment for Vault's own tools does not count.
	t.Setenv("VAULT_NAMESPACE", "wrong")
	t.Setenv("VAULT_TOKEN", "wrong")
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1")
	t.Setenv("VAULT_WRAP_TTL", "5m")
	server := &vaultServer{Address: proxy.URL}
	v := server.open(t, func(c *secret.VaultConfig) {
		c.Namespace = "team/orders"
		c.Auth = secret.VaultAuth{Kubernetes: &secret.VaultKubernetes{Role: "ordersync", JWTFile: file, Mount: "cluster"}}
	})
	if kept, err := v.Read(t.Context(), refOf(t)); err != nil || kept.Token.Reveal() != hidden || kept.Version != 4 {
		t.Errorf("read version %d, %v", kept.Version, err)
	}
	v.Close()
	if got.Role != "ordersync" || got.JWT != "hidden.jwt.text" {
		t.Errorf("logged in as %q with %q", got.Role, got.JWT)
	}
	want := []string{"", "hvs.stub", "hvs.stub"}
	for i, passed := range proxy.all() {
		if passed.namespace != "team/orders" || passed.token != want[i] {
			t.Errorf("request %d: %+v", i, passed)
		}
	}
}
