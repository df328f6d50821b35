package secret_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/secret"
)

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A transport that is given gets every request and its answers are bounded as any
// other's; a repetition waits by the jitter that is given.
func TestVaultTransport(t *testing.T) {
	var asked []string
	long := false
	v, err := secret.OpenVault(t.Context(), secret.VaultConfig{
		Address: "http://127.0.0.1:1", Auth: secret.VaultAuth{Token: secret.New("hvs.x")},
		Jitter: func(d time.Duration) time.Duration { asked = append(asked, "pause"); return d / 100 },
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.Method+" "+r.URL.Path)
			status, body := http.StatusOK, `{"data":{"ttl":0}}`
			switch {
			case len(asked) == 1:
				status = http.StatusTooManyRequests
			case strings.Contains(r.URL.Path, "/data/"):
				body = `{"data":{"data":{"refresh_token":"` + hidden + `"},"metadata":{"version":1}}}`
			}
			content := io.Reader(strings.NewReader(body))
			if long {
				content = io.MultiReader(content, strings.NewReader(strings.Repeat(" ", 2<<20)))
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(content), Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ref := secret.VaultRef{Tenant: "t", Region: ordersync.RegionEU, Seller: "A1"}
	if kept, err := v.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != hidden {
		t.Errorf("read %v", err)
	}
	want := "GET /v1/auth/token/lookup-self, pause, GET /v1/auth/token/lookup-self, GET /v1/secret/data/ordersync/t/eu/A1"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	long = true
	_, err = v.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultBadAnswer)
}

// numbered is the failure of one of several requests.
type numbered int

func (n numbered) Error() string { return "refused" }

// Who has been told that a login failed and comes again wants another login, and is
// not told of the same one once more: it would depend on how quick it is.
func TestVaultFailedLoginIsToldOnce(t *testing.T) {
	logins := 0 // by the keeper alone
	v, err := secret.OpenVault(t.Context(), secret.VaultConfig{
		Address: "http://127.0.0.1:1", Retries: -1,
		Auth: secret.VaultAuth{AppRole: &secret.VaultAppRole{RoleID: "role", SecretID: secret.New("hidden-id")}},
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			logins++
			return nil, numbered(logins)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			var told numbered
			for range 50 {
				_, err := v.Read(t.Context(), secret.VaultRef{Tenant: "t1", Region: "eu", Seller: "A1"})
				login, ok := errors.AsType[numbered](err)
				if !ok || login == told {
					t.Errorf("told of login %d after login %d: %v", login, told, err)
					return
				}
				told = login
			}
		})
	}
	callers.Wait()
}
