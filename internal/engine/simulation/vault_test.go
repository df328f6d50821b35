package simulation

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// vault is a small Vault: one KV store of version 2 at secret/, logins by AppRole and
// a token of the operator's. Source: Vault, "KV secrets engine - version 2 (API)",
// "Token auth method (API)", "AppRole auth method (API)". Of a document only the last
// version is kept. It has no clock and no draws of its own.
type vault struct {
	documents map[string]*document
	sessions  map[string]time.Time // tokens of logins, and until when they live
	logins    int
	sealed    bool
	closed    bool // no policy reaches the store
}

// document is one at a path of the store.
type document struct {
	version int
	deleted bool
	data    map[string]any
}

const (
	vaultOperator = "hvs.operator" // the token that is never renewed
	vaultRoleID   = "role"
	vaultSecretID = "secret"
	vaultTTL      = 20 * time.Minute // of a login; long enough to be renewed at times
	vaultData     = "secret/data/"
	vaultMetadata = "secret/metadata/"
)

func newVault() *vault {
	return &vault{documents: map[string]*document{}, sessions: map[string]time.Time{}}
}

// vaultAnswer is a status and a body; nil: none.
type vaultAnswer struct {
	status int
	body   any
}

func vaultErrors(status int, texts ...string) vaultAnswer {
	return vaultAnswer{status, map[string]any{"errors": append([]string{}, texts...)}}
}

// ServeHTTP answers a request.
func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	if r.Body != nil { // of a request that a client sends
		body, _ = io.ReadAll(r.Body)
	}
	a := v.answer(r, strings.TrimPrefix(r.URL.Path, "/v1/"), body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if a.body != nil {
		_ = json.NewEncoder(w).Encode(a.body)
	}
}

func (v *vault) answer(r *http.Request, path string, body []byte) vaultAnswer {
	token := r.Header.Get("X-Vault-Token")
	switch {
	case path == "sys/seal-status":
		return vaultAnswer{http.StatusOK, map[string]any{"type": "shamir", "initialized": true, "sealed": v.sealed}}
	case v.sealed:
		return vaultErrors(http.StatusServiceUnavailable, "Vault is sealed")
	case path == "auth/approle/login":
		return v.logIn(body)
	case !v.knows(token):
		return vaultErrors(http.StatusForbidden, "permission denied")
	case path == "auth/token/lookup-self":
		return vaultAnswer{http.StatusOK, map[string]any{"data": map[string]any{"ttl": 0, "renewable": false}}}
	case path == "auth/token/renew-self":
		if token == vaultOperator {
			return vaultErrors(http.StatusBadRequest, "lease is not renewable")
		}
		v.sessions[token] = time.Now().Add(vaultTTL)
		return vaultSession(token)
	case path == "auth/token/revoke-self":
		delete(v.sessions, token)
		return vaultAnswer{http.StatusNoContent, nil}
	case path == "sys/internal/ui/mounts/secret":
		return vaultAnswer{http.StatusOK, map[string]any{"data": map[string]any{"type": "kv", "path": "secret/", "options": map[string]any{"version": "2"}}}}
	case v.closed:
		return vaultErrors(http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	case strings.HasPrefix(path, vaultData):
		return v.data(r.Method, strings.TrimPrefix(path, vaultData), body)
	case strings.HasPrefix(path, vaultMetadata) && r.Method == http.MethodDelete:
		delete(v.documents, strings.TrimPrefix(path, vaultMetadata))
		return vaultAnswer{http.StatusNoContent, nil}
	}
	return vaultErrors(http.StatusNotFound, "no handler for route")
}

// knows tells whether a token is good.
func (v *vault) knows(token string) bool {
	until, ok := v.sessions[token]
	return token == vaultOperator || ok && time.Now().Before(until)
}

func (v *vault) logIn(body []byte) vaultAnswer {
	var given struct {
		RoleID   string `json:"role_id"`
		SecretID string `json:"secret_id"`
	}
	if json.Unmarshal(body, &given) != nil || given.RoleID != vaultRoleID || given.SecretID != vaultSecretID {
		return vaultErrors(http.StatusBadRequest, "invalid role or secret ID")
	}
	v.logins++
	token := fmt.Sprintf("hvs.%d", v.logins)
	v.sessions[token] = time.Now().Add(vaultTTL)
	return vaultSession(token)
}

func vaultSession(token string) vaultAnswer {
	return vaultAnswer{http.StatusOK, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": int(vaultTTL.Seconds()), "renewable": true}}}
}

// data reads or writes a document.
func (v *vault) data(method, path string, body []byte) vaultAnswer {
	d := v.documents[path]
	switch {
	case method == http.MethodPut || method == http.MethodPost:
		return v.write(path, d, body)
	case method == http.MethodDelete && d != nil:
		d.deleted, d.data = true, nil
		return vaultAnswer{http.StatusNoContent, nil}
	case method == http.MethodDelete:
		return vaultAnswer{http.StatusNoContent, nil}
	case d == nil:
		return vaultErrors(http.StatusNotFound)
	case d.deleted:
		return vaultAnswer{http.StatusNotFound, map[string]any{"data": map[string]any{"data": nil, "metadata": d.metadata()}}}
	}
	return vaultAnswer{http.StatusOK, map[string]any{"data": map[string]any{"data": d.data, "metadata": d.metadata()}}}
}

func (v *vault) write(path string, d *document, body []byte) vaultAnswer {
	var given struct {
		Options struct{ CAS *int }
		Data    map[string]any
	}
	if json.Unmarshal(body, &given) != nil || given.Data == nil {
		return vaultErrors(http.StatusBadRequest, "no data provided")
	}
	if d == nil {
		d = &document{}
	}
	if given.Options.CAS != nil && *given.Options.CAS != d.version {
		return vaultErrors(http.StatusBadRequest, "check-and-set parameter did not match the current version")
	}
	v.documents[path] = &document{version: d.version + 1, data: given.Data}
	return vaultAnswer{http.StatusOK, map[string]any{"data": v.documents[path].metadata()}}
}

func (d *document) metadata() map[string]any {
	deletion := ""
	if d.deleted {
		deletion = "2026-02-03T10:00:00Z"
	}
	return map[string]any{"version": d.version, "created_time": "2026-02-03T10:00:00Z", "deletion_time": deletion, "destroyed": false, "custom_metadata": nil}
}

// touched is a document that somebody else has written: with all that it had and a
// note.
func (d *document) touched() *document {
	next := &document{version: d.version + 1, deleted: d.deleted, data: map[string]any{}}
	for name, value := range d.data {
		next.data[name] = value
	}
	next.data["note"] = next.version
	if d.deleted {
		next.data = nil
	}
	return next
}

// pathOf is where a connection's document lies.
func (w *world) pathOf(c *connection) string {
	if w.plan.preset == "keybuzz" {
		return "keybuzz/tenants/" + string(c.tenant) + "/amazon_spapi"
	}
	return "ordersync/" + string(c.tenant) + "/" + c.seller.Region + "/" + c.seller.ID
}
