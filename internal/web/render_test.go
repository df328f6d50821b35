package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store/storetest"
)

// The browser is told to run nothing but the files of this server, on every answer.
func TestHeaders(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	v := b.signedIn("")
	address, err := b.pages.board.assets.address("style.css")
	b.must(err)
	for _, path := range []string{"/", "/login", "/static/nothing.js", address} {
		a := v.get(path)
		csp := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, a.header)
		}
		if strings.Contains(a.text, "style=") && path != address || strings.Contains(a.text, "onclick=") {
			t.Errorf("%s holds inline style or script", path)
		}
	}
	if a := v.get("/"); a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page may be kept: %v", a.header)
	}
}

func TestStaticFiles(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	v := b.visitor()
	for name, one := range b.pages.board.assets {
		address, err := b.pages.board.assets.address(name)
		b.must(err)
		a := v.get(address) // net/http asks for gzip and unpacks
		if a.status != http.StatusOK || a.text != string(one.plain) || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", address, a.status, a.header)
		}
		if a := v.get(staticPath + name + "?v=other"); a.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("an older %s is kept: %v", name, a.header)
		}
		v.header.Set("Accept-Encoding", "br, gzip;q=0.5")
		packed := v.get(address)
		z, err := gzip.NewReader(strings.NewReader(packed.text))
		b.must(err)
		plain, err := io.ReadAll(z)
		b.must(err)
		if string(plain) != string(one.plain) {
			t.Errorf("%s, packed, differs", name)
		}
		v.header.Del("Accept-Encoding")
	}
	for _, path := range []string{"/static/", "/static/README.md", "/static/../server.go", "/static/x"} {
		if a := v.get(path); a.status != http.StatusNotFound && a.status/100 != 3 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for accept, want := range map[string]bool{"gzip": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false, "GZIP;q=1": true, "deflate, gzip": true, "gzip;q=x": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		b.must(err)
		r.Header.Set("Accept-Encoding", accept)
		if got := acceptsGzip(r); got != want {
			t.Errorf("%q takes gzip: %v", accept, got)
		}
	}
}

// What a visitor prefers is kept, and the address is clean again.
func TestPreferences(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	v := b.signedIn("")
	a := v.get("/?theme=dark&lang=fr&reason=X")
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/?reason=X" {
		t.Fatalf("%d, on to %q", a.status, a.header.Get("Location"))
	}
	v.get("/").has(t, `<html lang="fr" data-theme="dark">`, "Rien n’est encore relié")
	v.get("/?theme=auto&lang=en")
	v.get("/").has(t, `<html lang="en">`, "Nothing is connected yet")
	v.get("/?theme=purple&lang=xx")
	v.get("/").has(t, `<html lang="en">`)
}

var (
	templateSays = regexp.MustCompile("\\bt(n [^\"{}]*?)? \"((?:[^\"\\\\]|\\\\.)*)\"(?: \"((?:[^\"\\\\]|\\\\.)*)\")?")
	goSays       = regexp.MustCompile("(?:\\.T|\\.say|wrong)\\(\"((?:[^\"\\\\]|\\\\.)*)\"")
	goCounts     = regexp.MustCompile("(?:\\.TN|\\.count)\\([^\"]*?, \"((?:[^\"\\\\]|\\\\.)*)\", \"((?:[^\"\\\\]|\\\\.)*)\"")
)

// saidSentences are all sentences that the pages can say, in English.
func saidSentences(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	files, err := filepath.Glob("screens/*.html")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, sources...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		patterns := []*regexp.Regexp{goSays, goCounts}
		if strings.HasSuffix(name, ".html") {
			patterns = []*regexp.Regexp{templateSays}
		} else if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, p := range patterns {
			for _, m := range p.FindAllStringSubmatch(string(text), -1) {
				for _, sentence := range m[1:] {
					if sentence != "" && !strings.HasPrefix(sentence, "n ") {
						said[strings.ReplaceAll(sentence, `\"`, `"`)] = name
					}
				}
			}
		}
	}
	for _, one := range screens() {
		if one.entry != "" {
			said[one.entry] = "screens()"
		}
	}
	for _, s := range statusWords {
		said[s] = "statusWords"
	}
	for _, s := range incidentWords {
		said[s] = "incidentWords"
	}
	for _, r := range regionNames {
		said[r.name] = "regionNames"
	}
	for _, table := range []map[ordersync.Reason]saying{sayings, confirmedSayings} {
		for reason, s := range table {
			for _, text := range []string{s.head, s.step, s.then} {
				if text != "" {
					said[text] = string(reason)
				}
			}
		}
	}
	unknown := sayingOf("NEW_REASON", false)
	said[unknown.head], said[unknown.step] = "sayingOf", "sayingOf"
	return said
}

// Everything that the pages say has its French, with the same places to fill, once.
func TestFrenchIsWhole(t *testing.T) {
	said := saidSentences(t)
	if len(said) < 150 {
		t.Fatalf("only %d sentences were found: the search is broken", len(said))
	}
	for sentence, where := range said {
		text, ok := french(sentence)
		if !ok {
			t.Errorf("%s says %q, which has no French", where, sentence)
			continue
		}
		if got, want := strings.Count(text, "%s"), strings.Count(sentence, "%s"); got != want {
			t.Errorf("%q has %d places in English and %d in French", sentence, want, got)
		}
	}
	sources := goSources(t)
	seen := map[string]bool{}
	for _, table := range frenchTables {
		for sentence := range table {
			if seen[sentence] {
				t.Errorf("%q stands in two tables", sentence)
			}
			seen[sentence] = true
			if said[sentence] == "" && !strings.Contains(sources, strconv.Quote(sentence)) {
				t.Errorf("%q is said nowhere", sentence)
			}
		}
	}
}

// goSources is all of the room's Go besides the tables of French and the tests.
func goSources(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		if strings.HasPrefix(name, "french") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// Every reason is spoken of.
func TestEveryReasonHasASaying(t *testing.T) {
	for _, info := range ordersync.Reasons() {
		s, ok := sayings[info.Code]
		if !ok || s.head == "" {
			t.Errorf("%s is not spoken of", info.Code)
		}
		if _, ok := looks[info.Code]; !ok && info.Code != ordersync.Success {
			t.Errorf("%s has no look in charts", info.Code)
		}
		if acts := actsOf(info.Acts2); acts != actsNobody && sayingOf(info.Code, true).step == "" {
			t.Errorf("%s needs somebody and has no step", info.Code)
		}
	}
	if sayingOf("NEW_REASON", false).head == "" {
		t.Error("a reason of a newer version is not spoken of")
	}
	seen := map[look]ordersync.Reason{others: "others"}
	for reason, one := range looks {
		if twin, ok := seen[one]; ok {
			t.Errorf("%s and %s look alike in charts", reason, twin)
		}
		seen[one] = reason
	}
}
