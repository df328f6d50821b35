package secret_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"ordersync"
	"ordersync/internal/secret"
)

// vaultBinary is a real Vault core, see internal/testvault.
const vaultBinary = "../../bin/tools/testvault"

// vaultServer is a running Vault.
type vaultServer struct {
	Address, RootToken, UnsealKey string

	command *exec.Cmd
	stdin   io.Closer // it ends when this closes, as it does when the test's process ends
}

// sharedVault is the Vault of all tests that do not seal or stop theirs.
var sharedVault = sync.OnceValues(startVault)

func startVault() (*vaultServer, error) {
	command := exec.Command(vaultBinary)
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start Vault (run make tools, which builds it): %w", err)
	}
	s := &vaultServer{command: command, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		return nil, fmt.Errorf("start Vault: %w: %s", errors.Join(err, command.Wait()), stderr.Bytes())
	}
	return s, nil
}

// realVault is the shared Vault.
func realVault(t *testing.T) *vaultServer {
	t.Helper()
	s, err := sharedVault()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ownVault is a Vault that the test may seal and stop.
func ownVault(t *testing.T) *vaultServer {
	t.Helper()
	s, err := startVault()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// end ends the process.
func (s *vaultServer) end() {
	_ = s.stdin.Close()
	_ = s.command.Wait()
}

// ask makes a request as root and returns its answer, which must be a success.
func (s *vaultServer) ask(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, s.Address+"/v1/"+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", s.RootToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer := map[string]any{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %v", method, path, response.Status, answer)
	}
	return answer
}

// member is a value deep inside an answer.
func member(answer map[string]any, names ...string) string {
	var value any = answer
	for _, name := range names {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	return fmt.Sprint(value)
}

// put stores a document as somebody else would.
func (s *vaultServer) put(t *testing.T, path string, document map[string]any) {
	t.Helper()
	s.ask(t, "POST", "secret/data/"+path, map[string]any{"data": document})
}

// policy makes a policy that allows everything below some paths.
func (s *vaultServer) policy(t *testing.T, name string, paths ...string) {
	t.Helper()
	var text strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&text, "path %q { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n", path)
	}
	s.ask(t, "PUT", "sys/policies/acl/"+name, map[string]any{"policy": text.String()})
}

// token makes a token with policies.
func (s *vaultServer) token(t *testing.T, settings map[string]any) string {
	t.Helper()
	return member(s.ask(t, "POST", "auth/token/create", settings), "auth", "client_token")
}

// open opens a client, by default with the root token, and checks in the end that
// nothing secret was logged.
func (s *vaultServer) open(t *testing.T, change func(*secret.VaultConfig)) *secret.Vault {
	t.Helper()
	var logged lockedBuffer
	config := secret.VaultConfig{
		Address: s.Address,
		Auth:    secret.VaultAuth{Token: secret.New(s.RootToken)},
		Log:     slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	v, err := secret.OpenVault(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v.Close()
		if out := logged.String(); shows(out, config.Auth) {
			t.Errorf("a secret is logged:\n%s", out)
		}
	})
	return v
}

// lockedBuffer is a buffer for several writers.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// shows tells whether out shows a stored token, a token of Vault's, or a secret
// id.
func shows(out string, auth secret.VaultAuth) bool {
	return leaks(out) || strings.Contains(out, "hvs.") ||
		auth.AppRole != nil && !auth.AppRole.SecretID.Empty() && strings.Contains(out, auth.AppRole.SecretID.Reveal())
}

// refOf is a reference of the test's own tenant.
func refOf(t *testing.T) secret.VaultRef {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/ #,'", r) {
			return '-'
		}
		return r
	}, t.Name())
	return secret.VaultRef{Tenant: ordersync.TenantID(name), Region: ordersync.RegionEU, Seller: "A3TH9S8BH6GOGM"}
}

// pathOf is where a reference's document lies by default.
func pathOf(ref secret.VaultRef) string {
	return "ordersync/" + string(ref.Tenant) + "/" + string(ref.Region) + "/" + ref.Seller
}

// wantKind checks that err is of a kind and shows nothing.
func wantKind(t *testing.T, err error, want secret.VaultKind) {
	t.Helper()
	trouble, ok := errors.AsType[*secret.VaultError](err)
	if !ok {
		t.Fatalf("error is %v, want %s", err, want)
	}
	if trouble.Kind != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	if shows(err.Error(), secret.VaultAuth{}) {
		t.Errorf("the error shows a secret: %v", err)
	}
	missing := want == secret.VaultNotFound || want == secret.VaultNoToken
	if trouble.TokenMissing() != missing {
		t.Errorf("%v: TokenMissing is %v", err, trouble.TokenMissing())
	}
}

// document is a whole document.
func document(seller string) map[string]any {
	return map[string]any{"refresh_token": hidden, "seller_id": seller, "region": "eu", "created_at": "2025-01-01T00:00:00.000Z"}
}
