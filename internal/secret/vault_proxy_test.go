package secret_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// vaultProxy stands before a Vault, notes what passes, and may answer itself.
type vaultProxy struct {
	*httptest.Server

	mu     sync.Mutex
	passed []passedRequest
	inside int // requests that are answered now
	most   int // the most of them at any time
}

// passedRequest is what the tests look at.
type passedRequest struct {
	call      string // method and path
	token     string
	namespace string
}

// proxyTo makes a proxy before a Vault. answer may be nil; it returns false for
// what is to be passed on.
func proxyTo(t *testing.T, address string, answer func(w http.ResponseWriter, r *http.Request) bool) *vaultProxy {
	t.Helper()
	p := newProxy(t, address, answer)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// newProxy is proxyTo before it is started, with or without TLS.
func newProxy(t *testing.T, address string, answer func(w http.ResponseWriter, r *http.Request) bool) *vaultProxy {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &vaultProxy{}
	pass := httputil.NewSingleHostReverseProxy(target)
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer p.note(r)()
		if answer == nil || !answer(w, r) {
			pass.ServeHTTP(w, r)
		}
	}))
	return p
}

// note notes a request, and by what it returns its end.
func (p *vaultProxy) note(r *http.Request) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed = append(p.passed, passedRequest{
		call:      r.Method + " " + strings.TrimPrefix(r.URL.Path, "/v1/"),
		token:     r.Header.Get("X-Vault-Token"),
		namespace: r.Header.Get("X-Vault-Namespace"),
	})
	p.inside++
	p.most = max(p.most, p.inside)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.inside--
	}
}

// all is what has passed.
func (p *vaultProxy) all() []passedRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]passedRequest(nil), p.passed...)
}

// count counts the requests of one method and path.
func (p *vaultProxy) count(call string) int {
	n := 0
	for _, passed := range p.all() {
		if passed.call == call {
			n++
		}
	}
	return n
}
