package simulation

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"syscall"
	"time"

	"ordersync/internal/secret"
)

// The way to Vault and back, with what goes wrong on it.

// The troubles of single calls.
const (
	vaultRefused   fault = "Vault: connection refused"
	vaultBreaks    fault = "Vault: connection breaks before the request is done"
	vaultLost      fault = "Vault: connection breaks after the request is done"
	vaultSlow      fault = "Vault: slower than the deadline"
	vaultThrottles fault = "Vault: 429"
	vaultFails     fault = "Vault: 500"
	vaultStandby   fault = "Vault: 503 though unsealed"
	vaultHTML      fault = "Vault: a page instead of JSON"
	vaultEmpty     fault = "Vault: an empty answer"
	vaultCut       fault = "Vault: an answer that is cut off"
	vaultForbids   fault = "Vault: login refused at once"
	vaultConflict  fault = "Vault: document written by somebody else"
)

// The troubles that last.
const (
	vaultSealed      fault = "Vault sealed"
	vaultAway        fault = "Vault away"
	vaultHangs       fault = "Vault hangs"
	vaultClosed      fault = "Vault's policy forbids"
	vaultOverwhelmed fault = "Vault answers 500 for long"
)

var vaultFaults = []fault{
	vaultRefused, vaultBreaks, vaultLost, vaultSlow, vaultThrottles, vaultFails, vaultStandby, vaultHTML, vaultEmpty, vaultCut, vaultForbids, vaultConflict,
}

var vaultEpisodes = []episode{
	{vaultSealed, time.Minute, 3 * time.Hour, func(w *world, _ time.Duration) func() {
		w.vault.sealed = true
		return func() { w.vault.sealed = false }
	}},
	{vaultClosed, time.Minute, 2 * time.Hour, func(w *world, _ time.Duration) func() {
		w.vault.closed = true
		return func() { w.vault.closed = false }
	}},
	{vaultAway, time.Minute, 3 * time.Hour, troubleVault(vaultRefused)},
	{vaultHangs, time.Minute, time.Hour, troubleVault(vaultSlow)},
	{vaultOverwhelmed, time.Minute, 2 * time.Hour, troubleVault(vaultFails)},
}

// vaultTroubles are all troubles of Vault's.
func vaultTroubles() []fault {
	all := slices.Clone(vaultFaults)
	for _, e := range vaultEpisodes {
		all = append(all, e.fault)
	}
	return all
}

// troubleVault begins a trouble that all calls of Vault meet.
func troubleVault(f fault) func(*world, time.Duration) func() {
	return func(w *world, _ time.Duration) func() {
		if w.troubled != "" {
			return nil
		}
		w.troubled = f
		return func() { w.troubled = "" }
	}
}

// openVault is a process's client of Vault; nil: tokens are kept in the database. Who
// logs in and renews for it is a task of its own.
func (w *world) openVault(p *process) *secret.Vault {
	if !w.vaulted {
		return nil
	}
	keeper := &task{name: p.name + " keeper", of: p}
	config := secret.VaultConfig{
		Address: "http://127.0.0.1:8200", CallTimeout: min(w.plan.lease/6, 5*time.Second), Jitter: jitter, Transport: &vaultWay{w},
		Auth: secret.VaultAuth{Token: secret.New(vaultOperator)},
	}
	if w.plan.approle {
		config.Auth = secret.VaultAuth{AppRole: &secret.VaultAppRole{RoleID: vaultRoleID, SecretID: secret.New(vaultSecretID)}}
	}
	w.must(config.UsePreset(w.plan.preset))
	v, err := secret.OpenVault(keeper.context(w.ctx), config)
	w.must(err)
	return v
}

// closeVault ends a process's client of Vault.
func (w *world) closeVault(p *process) {
	if p.vault == nil {
		return
	}
	w.start(func() {
		p.vault.Close()
		w.gate(p.name + " has left Vault")
	})
}

// vaultWay is the way to Vault and back.
type vaultWay struct{ *world }

// RoundTrip sends a request.
func (v *vaultWay) RoundTrip(r *http.Request) (*http.Response, error) {
	t := taskOf(r.Context())
	name := t.name + " vault"
	if t.of.dead {
		return nil, errDead // who logs out for a dead process does so in no step
	}
	v.gate(name)
	if t.of.dead {
		return nil, errDead
	}
	v.vaultCalls++
	if v.hit(crashBeforeCall, v.plan.fate) {
		v.crash(t.of, crashBeforeCall)
		return nil, errDead
	}
	f := v.meets(r)
	if f == vaultRefused {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	takes := v.draw(time.Millisecond, 60*time.Millisecond)
	if f == vaultSlow {
		takes = time.Minute
	}
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	v.gate(name)
	if t.of.dead {
		return nil, errDead
	}
	response, err := v.answer(t, r, f)
	if v.journal.keep {
		status := 0
		if response != nil {
			status = response.StatusCode
		}
		whose := ""
		for _, c := range v.fleet {
			if strings.HasSuffix(r.URL.Path, v.pathOf(c)) {
				whose = string(c.tenant)
			}
		}
		v.journal.note("vault", "%s of %s: %s %s %s: %d %v %q", t.name, t.of.name, whose, r.Method, r.URL.Path, status, err, f)
	}
	return response, err
}

// meets draws what happens to a call.
func (v *vaultWay) meets(r *http.Request) fault {
	if !v.stormy {
		return ""
	}
	if v.troubled != "" {
		return v.troubled // counted as what lasts
	}
	if v.rng.Float64() >= v.plan.wire {
		return ""
	}
	f := vaultFaults[v.rng.IntN(len(vaultFaults))]
	if !v.plan.on[f] || f == vaultConflict && r.Method != http.MethodPut {
		return ""
	}
	v.count(f)
	return f
}

var errBroken = errors.New("connection reset by peer")

// answer lets Vault answer, or not. Of what is slow or breaks off it is drawn whether
// it was done.
func (v *vaultWay) answer(t *task, r *http.Request, f fault) (*http.Response, error) {
	into := httptest.NewRecorder()
	status, body := 0, ""
	switch f {
	case vaultBreaks:
		return nil, errBroken
	case vaultSlow:
		if v.rng.IntN(2) == 0 {
			v.vault.ServeHTTP(into, r)
		}
		return nil, r.Context().Err()
	case vaultThrottles:
		status, body = http.StatusTooManyRequests, `{"errors":["request path \"secret/\": rate limit quota exceeded"]}`
	case vaultFails:
		status, body = http.StatusInternalServerError, `{"errors":["internal error"]}`
	case vaultStandby:
		status, body = http.StatusServiceUnavailable, `{"errors":["no healthy upstream"]}`
	case vaultForbids:
		delete(v.vault.sessions, r.Header.Get("X-Vault-Token")) // somebody revoked it
		status, body = http.StatusForbidden, `{"errors":["permission denied"]}`
	case vaultConflict:
		path := strings.TrimPrefix(r.URL.Path, "/v1/"+vaultData)
		if d := v.vault.documents[path]; d != nil {
			v.vault.documents[path] = d.touched()
		}
	}
	if status == 0 {
		v.vault.ServeHTTP(into, r)
		status, body = into.Code, into.Body.String()
	}
	if v.hit(crashAfterCall, v.plan.fate) {
		v.crash(t.of, crashAfterCall)
	}
	if t.of.dead {
		return nil, errDead
	}
	switch f {
	case vaultLost:
		return nil, errBroken
	case vaultHTML:
		body = "<html><body>Bad gateway</body></html>"
	case vaultEmpty:
		body = ""
	case vaultCut:
		body = body[:len(body)/2]
	}
	if err := r.Context().Err(); err != nil {
		return nil, fmt.Errorf("wait for Vault: %w", err)
	}
	return httpAnswer(r, status, into.Header(), body), nil
}

// httpAnswer is an answer as net/http hands it on.
func httpAnswer(r *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
