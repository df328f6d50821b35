package secret_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"ordersync/internal/secret"
)

// Whatever is answered to a read: a token comes of it only when it stands in a
// document of this seller's, a verdict on the tenant only from an answer that is
// Vault's own, and no error shows what was answered.
func FuzzVaultAnswer(f *testing.F) {
	for _, seed := range []struct {
		status int
		body   string
	}{
		{200, `{"data":{"data":{"refresh_token":"Atzr|hidden","seller_id":"A1","region":"eu"},"metadata":{"version":3}}}`},
		{200, `{"data":{"data":{"refresh_token":"Atzr|hidden","seller_id":"A2"},"metadata":{"version":1}}}`},
		{200, `{"data":{"data":{},"metadata":{"version":1}}}`},
		{404, `{"data":{"data":null,"metadata":{"version":2,"deletion_time":"2026-01-01T00:00:00Z"}}}`},
		{404, `{"errors":[]}`}, {404, `{"errors":["no handler"]}`}, {404, `<html>hidden`}, {503, `{"sealed":true}`},
		{200, `{"data":{"refresh_token":"hidden"}}`}, {403, `{"errors":["hidden"]}`}, {200, `null`}, {204, ``},
	} {
		f.Add(seed.status, seed.body)
	}
	type answered struct {
		status int
		body   string
	}
	var next atomic.Pointer[answered]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1/sys/internal/ui/mounts/"):
			_, _ = w.Write([]byte(`{"data":{"type":"kv","path":"secret/","options":{"version":"2"}}}`))
		case strings.HasPrefix(r.URL.Path, "/v1/auth/"):
			w.WriteHeader(http.StatusForbidden)
		default:
			now := next.Load()
			w.WriteHeader(now.status)
			_, _ = w.Write([]byte(now.body))
		}
	}))
	f.Cleanup(server.Close)
	v, err := secret.OpenVault(f.Context(), secret.VaultConfig{
		Address: server.URL, Auth: secret.VaultAuth{Token: secret.New("t")}, Retries: -1,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(v.Close)
	f.Fuzz(func(t *testing.T, answerStatus int, answer string) {
		status := 200 + max(answerStatus, -answerStatus, 0)%400
		next.Store(&answered{status, answer})
		kept, err := v.Read(t.Context(), secret.VaultRef{Tenant: "a", Region: "eu", Seller: "A1"})
		trouble, failed := errors.AsType[*secret.VaultError](err)
		switch {
		case err == nil:
			if kept.Token.Empty() || kept.Version < 1 || kept.Seller != "" && kept.Seller != "A1" || !json.Valid([]byte(answer)) {
				t.Fatalf("%d %q gives seller %q, version %d", status, answer, kept.Seller, kept.Version)
			}
		case !failed, leaks(err.Error()), !kept.Token.Empty():
			t.Fatalf("%d %q gives %v", status, answer, err)
		case trouble.TokenMissing() && (!json.Valid([]byte(answer)) || status != 404 && status >= 300):
			t.Fatalf("%d %q is a verdict on the tenant: %v", status, answer, err)
		}
	})
}
