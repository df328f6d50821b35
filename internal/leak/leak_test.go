package leak_test

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"ordersync/internal/leak"
)

// A secret is found wherever it stands, however it is written, and is not repeated.
func TestFound(t *testing.T) {
	const token, short = "Atzr|IwEBIJ-canary-of-a-token", "pässwort"
	for name, text := range map[string]string{
		"clear": token, "in a line": "refused: token=" + token + " (400)", "hex": hex.EncodeToString([]byte(token)),
		"base64": base64.StdEncoding.EncodeToString([]byte(token)), "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(token)),
		"amid base64": base64.StdEncoding.EncodeToString([]byte(`{"t":"` + token + `"}`)), "amid base64, one on": base64.StdEncoding.EncodeToString([]byte(`{"to":"` + token + `","x":1}`)),
		"amid base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(`{"tok":"` + token + `"}`)),
		"escaped":              "https://example.com/?t=" + url.QueryEscape(token), "short": "a " + short + " b", "short escaped": url.QueryEscape(short),
	} {
		var w leak.Watch
		w.Hide("a refresh token", token, short, "")
		w.Say("a log", "nothing", text)
		leaks := w.Found()
		if len(leaks) != 1 || !strings.Contains(leaks[0], "a refresh token can be read in a log, ") {
			t.Errorf("%s: %q", name, leaks)
		}
		if strings.Contains(strings.Join(leaks, ""), token) || strings.Contains(strings.Join(leaks, ""), short) {
			t.Errorf("%s: the secret is said again: %q", name, leaks)
		}
	}
	var w leak.Watch
	w.Hide("a refresh token", token)
	w.Say("a log", token[:len(token)-1], strings.ToUpper(token), "")
	if leaks := w.Found(); len(leaks) != 0 {
		t.Errorf("a part of a secret is none: %q", leaks)
	}
}

// Whatever secret passes between ordersync and Amazon is hidden: it is found in an
// answer that others read.
func TestAmazon(t *testing.T) {
	var w leak.Watch
	amazon := httptest.NewServer(w.Amazon(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || r.Method == "POST" && !strings.Contains(string(body), "client_secret=") {
			t.Errorf("the body does not arrive: %q, %v", body, err)
		}
		answer.Header().Set("Location", "https://example.com/back?state=canary-state-one&spapi_oauth_code=canary-code-one")
		answer.WriteHeader(http.StatusSeeOther)
		_, _ = io.WriteString(answer, `{"access_token":"canary-access-one","refresh_token":"canary-refresh-one","expires_in":3600}`)
	})))
	defer amazon.Close()
	form := url.Values{"client_secret": {"canary-client-secret"}, "refresh_token": {"canary-refresh-two"}, "code": {"canary-code-two"}}
	r, err := http.NewRequest("POST", amazon.URL+"/auth/o2/token?state=canary-state-two&amazon_state=canary-state-three", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Access-Token", "canary-access-two")
	direct := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := direct.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if w.Hidden() != 10 {
		t.Errorf("%d secrets are hidden, want 10", w.Hidden())
	}

	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		for _, s := range []string{
			"state-one", "code-one", "access-one", "refresh-one", "client-secret", "refresh-two", "code-two", "state-two", "state-three", "access-two",
		} {
			_, _ = io.WriteString(answer, "canary-"+s+"\n")
		}
	}))
	defer server.Close()
	answer, err = (&http.Client{Transport: w.Reader(http.DefaultTransport)}).Get(server.URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(answer.Body); err != nil {
		t.Error(err)
	}
	_ = answer.Body.Close()
	if leaks := w.Found(); len(leaks) != 10 || !strings.Contains(leaks[0], "the answer to GET /page") {
		t.Errorf("%d leaks, want 10: %q", len(leaks), leaks)
	}
}
