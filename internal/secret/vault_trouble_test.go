package secret_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/secret"
)

// Answers that a single Vault does not give, and those of what stands before it:
// told by a stub in front of the real one.
func TestVaultAnswers(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	const sealed, unsealed = `{"sealed":true}`, `{"sealed":false}`
	for _, test := range []struct {
		name   string
		status int
		body   string
		seal   string // what sys/seal-status says
		want   secret.VaultKind
		tries  int // how often it is asked
	}{
		{"rate limit", 429, `{"errors":["limit"]}`, unsealed, secret.VaultUnreachable, 3},
		{"secondary", 472, `{"errors":[]}`, unsealed, secret.VaultUnreachable, 3},
		{"performance standby", 473, `{"errors":[]}`, unsealed, secret.VaultUnreachable, 3},
		{"standby behind", 412, `{"errors":["required index state not present"]}`, unsealed, secret.VaultUnreachable, 3},
		{"storage down", 500, `{"errors":["internal error"]}`, unsealed, secret.VaultUnreachable, 3},
		{"bad gateway", 502, `<html>`, unsealed, secret.VaultUnreachable, 3},
		{"no backend", 503, `<html>`, unsealed, secret.VaultUnreachable, 3},
		{"no backend at all", 503, `<html>`, `<html>`, secret.VaultUnreachable, 3},
		{"sealed", 503, `{"errors":["Vault is sealed"]}`, sealed, secret.VaultSealed, 1},
		{"another server", 404, `<html>not found</html>`, unsealed, secret.VaultBadAnswer, 1},
		{"another API", 404, `{"message":"no Route matched"}`, unsealed, secret.VaultBadAnswer, 1},
		{"no mount", 404, `{"errors":["no handler for route"]}`, unsealed, secret.VaultWrongMount, 1},
		{"not found", 404, `{"errors":[]}`, unsealed, secret.VaultNotFound, 1},
		{"a login page", 200, `<html>hidden`, unsealed, secret.VaultBadAnswer, 1},
		{"empty", 200, ``, unsealed, secret.VaultBadAnswer, 1},
		{"null", 200, `null`, unsealed, secret.VaultBadAnswer, 1},
		{"no metadata", 200, `{"data":{"data":{"refresh_token":"hidden"}}}`, unsealed, secret.VaultBadAnswer, 1},
		{"null document", 200, `{"data":{"data":null,"metadata":{"version":1}}}`, unsealed, secret.VaultBadAnswer, 1},
		{"text for a document", 200, `{"data":{"data":"hidden","metadata":{"version":1}}}`, unsealed, secret.VaultBadAnswer, 1},
		{"too long", 200, `{"data":"` + strings.Repeat("hidden", 1<<18) + `"}`, unsealed, secret.VaultBadAnswer, 1},
		{"too long an error", 400, strings.Repeat("hidden", 1<<18), unsealed, secret.VaultBadAnswer, 1},
		{"refused request", 400, `{"errors":["hidden"]}`, unsealed, secret.VaultBadAnswer, 1},
		{"unauthorised", 401, ``, unsealed, secret.VaultForbidden, 1},
		{"redirect in a circle", 307, ``, unsealed, secret.VaultBadAnswer, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			proxy := proxyTo(t, server.Address, func(w http.ResponseWriter, r *http.Request) bool {
				status, body := test.status, test.body
				switch {
				case r.URL.Path == "/v1/sys/seal-status":
					status, body = http.StatusOK, test.seal
				case !strings.HasPrefix(r.URL.Path, "/v1/secret/data/"):
					return false
				default:
					tries.Add(1)
				}
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
				return true
			})
			v := server.open(t, func(c *secret.VaultConfig) { c.Address = proxy.URL })
			_, err := v.Read(t.Context(), refOf(t))
			wantKind(t, err, test.want)
			if int(tries.Load()) != test.tries {
				t.Errorf("asked %d times, want %d", tries.Load(), test.tries)
			}
		})
	}
}

// A Vault that holds its answer is slow, and is not asked again at once; of many
// who wait for it none waits longer than the deadline.
func TestVaultSlow(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	for _, part := range []string{"headers", "body"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			proxy := proxyTo(t, server.Address, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, "/v1/secret/data/") {
					return false
				}
				tries.Add(1)
				if part == "body" {
					_, _ = w.Write([]byte(`{"data":`))
					_ = http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
				return true
			})
			v := server.open(t, func(c *secret.VaultConfig) {
				c.Address, c.CallTimeout, c.Concurrent = proxy.URL, 200*time.Millisecond, 2
			})
			start := time.Now()
			_, err := v.Read(t.Context(), refOf(t))
			wantKind(t, err, secret.VaultSlow)
			if tries.Load() != 1 {
				t.Errorf("asked %d times", tries.Load())
			}
			var wait sync.WaitGroup
			for range 40 {
				wait.Go(func() {
					_, err := v.Read(t.Context(), refOf(t))
					if trouble, ok := errors.AsType[*secret.VaultError](err); !ok || trouble.Kind != secret.VaultSlow {
						t.Errorf("error is %v", err)
					}
				})
			}
			wait.Wait()
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("all of it took %s", took)
			}
		})
	}
}

func TestVaultCancelled(t *testing.T) {
	server := realVault(t)
	ctx, cancel := context.WithCancel(t.Context())
	proxy := proxyTo(t, server.Address, func(_ http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/v1/secret/data/") {
			return false
		}
		cancel()
		<-r.Context().Done()
		return true
	})
	v := server.open(t, func(c *secret.VaultConfig) { c.Address = proxy.URL })
	for range 2 { // in the middle, and before it begins
		_, err := v.Read(ctx, refOf(t))
		wantKind(t, err, secret.VaultCancelled)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v does not wrap the context's error", err)
		}
	}
	v.Close()
	v.Close()
	_, err := v.Read(t.Context(), refOf(t))
	wantKind(t, err, secret.VaultCancelled)
}

// A write whose answer is lost is not repeated: it may have been carried out.
func TestVaultLostAnswer(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	proxy := proxyTo(t, server.Address, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		server.put(t, pathOf(ref), document(ref.Seller))
		panic(http.ErrAbortHandler)
	})
	v := server.open(t, func(c *secret.VaultConfig) { c.Address = proxy.URL })
	_, err := v.Write(t.Context(), ref, secret.New(hidden), 0)
	wantKind(t, err, secret.VaultUnreachable)
	if n := proxy.count("PUT secret/data/" + pathOf(ref)); n != 1 {
		t.Errorf("sent %d times", n)
	}
	if kept, err := v.Read(t.Context(), ref); err != nil || kept.Version != 1 {
		t.Errorf("read version %d, %v", kept.Version, err)
	}
}

// A read whose connection breaks is repeated.
func TestVaultBrokenConnection(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	var reads atomic.Int32
	proxy := proxyTo(t, server.Address, func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/v1/secret/data/") && reads.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	v := server.open(t, func(c *secret.VaultConfig) { c.Address = proxy.URL })
	if kept, err := v.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != hidden {
		t.Errorf("read %v", err)
	}
}

func TestVaultManyReads(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	proxy := proxyTo(t, server.Address, nil)
	v := server.open(t, func(c *secret.VaultConfig) { c.Address, c.Concurrent = proxy.URL, 8 })
	start := time.Now()
	var wait sync.WaitGroup
	for range 2000 {
		wait.Go(func() {
			if kept, err := v.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != hidden {
				t.Errorf("read %v", err)
			}
		})
	}
	wait.Wait()
	t.Logf("2,000 reads in %s, at most %d at once", time.Since(start), proxy.most)
	if proxy.most > 8 {
		t.Errorf("%d requests at once, at most 8 are allowed", proxy.most)
	}
	if n := proxy.count("GET auth/token/lookup-self"); n != 1 {
		t.Errorf("logged in %d times", n)
	}
}

// TLS ends in a proxy here: the real Vault of the tests has none.
func TestVaultTLS(t *testing.T) {
	server := realVault(t)
	ref := refOf(t)
	server.put(t, pathOf(ref), document(ref.Seller))
	proxy := newProxy(t, server.Address, nil)
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the stranger
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	v := server.open(t, func(c *secret.VaultConfig) { c.Address, c.CAFile = proxy.URL, file })
	if kept, err := v.Read(t.Context(), ref); err != nil || kept.Token.Reveal() != hidden {
		t.Errorf("read %v", err)
	}
	stranger := server.open(t, func(c *secret.VaultConfig) { c.Address, c.Retries = proxy.URL, -1 })
	_, err := stranger.Read(t.Context(), ref)
	wantKind(t, err, secret.VaultUnreachable)
}

// A listener that takes connections and never speaks is slow, one that is closed
// cannot be reached.
func TestVaultSilentAndClosed(t *testing.T) {
	t.Parallel()
	server := realVault(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := server.open(t, func(c *secret.VaultConfig) {
		c.Address, c.CallTimeout = "http://"+listener.Addr().String(), 200*time.Millisecond
	})
	_, err = v.Read(t.Context(), refOf(t))
	wantKind(t, err, secret.VaultSlow)
	wantKind(t, v.Check(t.Context()), secret.VaultSlow)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = v.Read(t.Context(), refOf(t))
	wantKind(t, err, secret.VaultUnreachable)
}

// A write is repeated only after an answer that says that nothing was done.
func TestVaultWriteRepeated(t *testing.T) {
	server := realVault(t)
	for _, test := range []struct {
		name   string
		status int // of the first answer
		want   secret.VaultKind
	}{
		{"rate limit", http.StatusTooManyRequests, 0},
		{"standby", 473, 0},
		{"storage down", http.StatusInternalServerError, secret.VaultUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			var writes atomic.Int32
			proxy := proxyTo(t, server.Address, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || writes.Add(1) > 1 {
					return false
				}
				w.WriteHeader(test.status)
				return true
			})
			v := server.open(t, func(c *secret.VaultConfig) { c.Address = proxy.URL })
			_, err := v.Write(t.Context(), refOf(t), secret.New(hidden), 0)
			if test.want == 0 {
				if err != nil || writes.Load() != 2 {
					t.Errorf("sent %d times, %v", writes.Load(), err)
				}
				return
			}
			wantKind(t, err, test.want)
			if writes.Load() != 1 {
				t.Errorf("sent %d times", writes.Load())
			}
		})
	}
}
