package web

import (
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ordersync"
)

// A seller is told of every problem in both languages, in words that can be read, and
// nothing of the address is taken for markup.
func TestEveryProblemHasItsPage(t *testing.T) {
	s := testServer(t)
	for _, info := range ordersync.ConsentProblems {
		for lang, words := range map[string][2]string{"en": {info.English, info.Remedy}, "fr": {info.French, info.RemedyFR}} {
			r := httptest.NewRequest(http.MethodGet, "/connect/x?lang="+lang, nil)
			w := httptest.NewRecorder()
			s.show(w, r, http.StatusBadRequest, "problem", page{Problem: info, Ticket: `"><script>`}, "")
			text := w.Body.String()
			for _, want := range words {
				if !strings.Contains(text, template.HTMLEscapeString(want)) {
					t.Errorf("%s in %s: %q is missing in %s", info.Code, lang, want, text)
				}
			}
			if strings.Contains(text, "<script>") || strings.Contains(text, "ZgotmplZ") {
				t.Errorf("%s in %s: %s", info.Code, lang, text)
			}
			if again := strings.Contains(text, `class="button"`); again != info.Again {
				t.Errorf("%s in %s: may try again: %v", info.Code, lang, again)
			}
			if got := w.Header().Get("Content-Language"); got != lang || w.Code != http.StatusBadRequest {
				t.Errorf("%s: language %s, status %d", info.Code, got, w.Code)
			}
		}
	}
}

func testServer(t *testing.T) *server {
	t.Helper()
	s := &server{Config: Config{Name: "A & B", Log: slog.New(slog.DiscardHandler)}}
	var err error
	if s.pages, err = template.ParseFS(files, "pages/*.html"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ query, header, want string }{
		{"", "", "en"}, {"", "fr", "fr"}, {"", "fr-CA,en;q=0.5", "fr"}, {"", "de, FR;q=0.3, en", "fr"}, {"", "de", "en"},
		{"lang=fr", "en", "fr"}, {"lang=en", "fr", "en"}, {"lang=de", "fr", "fr"}, {"", "*", "en"}, {"", ";;,", "en"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/connect/x?"+c.query, nil)
		r.Header.Set("Accept-Language", c.header)
		if got := language(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestWith(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.example.com":              "https://a.example.com?amazon_error=x",
		"https://a.example.com/p?b=1#f":      "https://a.example.com/p?amazon_error=x&b=1#f",
		"https://a.example.com?amazon_error": "https://a.example.com?amazon_error=x",
	} {
		if got := with(address, "amazon_error", "x"); got != want {
			t.Errorf("%s becomes %s", address, got)
		}
	}
}

// What the pages need is asked for when they are made.
func TestNewWithoutParts(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("pages without an engine")
	}
}
