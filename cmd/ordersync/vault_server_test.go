package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"sync/atomic"
	"testing"
)

// vaultBinary is a real Vault core, see internal/testvault.
const vaultBinary = "../../bin/tools/testvault"

// vaultServer is a running Vault, behind a proxy that may hold its answers back or
// break connections off.
type vaultServer struct {
	Address, RootToken, UnsealKey string

	t       testing.TB
	command *exec.Cmd
	stdin   io.Closer
	proxy   string       // its address
	asked   atomic.Int64 // requests through the proxy
	before  atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

// startVault starts a Vault that the test may seal and stop.
func startVault(t testing.TB) *vaultServer {
	t.Helper()
	s := &vaultServer{t: t, command: exec.Command(vaultBinary)}
	stdin, err := s.command.StdinPipe()
	s.must(err)
	stdout, err := s.command.StdoutPipe()
	s.must(err)
	if err := s.command.Start(); err != nil {
		t.Fatalf("start Vault (run make tools, which builds it): %v", err)
	}
	s.stdin = stdin
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	s.must(err)
	s.must(json.Unmarshal(line, s))
	t.Cleanup(s.stop)
	to, err := url.Parse(s.Address)
	s.must(err)
	pass := httputil.NewSingleHostReverseProxy(to)
	pass.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if f := s.before.Load(); f == nil || !(*f)(w, r) {
			pass.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	s.proxy = proxy.URL
	return s
}

func (s *vaultServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// stop ends the process.
func (s *vaultServer) stop() {
	_ = s.stdin.Close()
	_ = s.command.Wait()
}

// answers lets something else happen to requests than that Vault answers; nil ends it.
func (s *vaultServer) answers(f func(w http.ResponseWriter, r *http.Request) bool) {
	if f == nil {
		s.before.Store(nil)
		return
	}
	s.before.Store(&f)
}

// ask asks Vault as root, past the proxy; 404 is nil.
func (s *vaultServer) ask(method, path string, body any) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(body)
	s.must(err)
	r, err := http.NewRequest(method, s.Address+"/v1/"+path, bytes.NewReader(raw))
	s.must(err)
	r.Header.Set("X-Vault-Token", s.RootToken)
	response, err := http.DefaultClient.Do(r)
	s.must(err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotFound {
		return nil
	}
	out := map[string]any{}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil && !errors.Is(err, io.EOF) || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s: %v %v", method, path, response.Status, out, err)
	}
	return out
}

// document is what lies at a path; nil: nothing.
func (s *vaultServer) document(path string) map[string]any {
	s.t.Helper()
	answer := s.ask("GET", "secret/data/"+path, nil)
	if answer == nil {
		return nil
	}
	document, _ := answer["data"].(map[string]any)["data"].(map[string]any)
	return document
}

// login is a token that may do what the service needs, and the name of its policy.
func (s *vaultServer) login() (token, policy string) {
	s.t.Helper()
	s.allow(true)
	answer := s.ask("POST", "auth/token/create", map[string]any{"policies": []string{"orders"}, "no_default_policy": false})
	return fmt.Sprint(answer["auth"].(map[string]any)["client_token"]), "orders"
}

// allow gives the service's policy its rights, or takes them away.
func (s *vaultServer) allow(may bool) {
	s.t.Helper()
	text := `path "secret/nothing" { capabilities = ["read"] }`
	if may {
		// What docs/vault.md says is enough.
		text = `path "secret/data/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/*" { capabilities = ["read", "delete"] }
path "secret/metadata/keybuzz/tenants" { capabilities = ["list"] }`
	}
	s.ask("PUT", "sys/policies/acl/orders", map[string]any{"policy": text})
}
