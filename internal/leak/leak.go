// Package leak searches what tests print, log, answer and store for the secrets
// that they met. It is for tests only.
package leak

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// prefixBytes is by how many bytes a secret is looked up. None is shorter.
const prefixBytes = 12

// Watch is what one test must not let out, and what it let out. Its zero value is
// ready, for any number of goroutines at once.
type Watch struct {
	// Suite is one of all tests, which hides what this one hides; nil: none.
	Suite *Watch

	mu     sync.Mutex
	hidden map[string]string // secret: what it is
	said   []said
}

// said is something that others can read.
type said struct{ where, text string }

// Hide names secrets that nobody may read; what says what they are. Empty ones are
// none.
func (w *Watch) Hide(what string, secrets ...string) {
	if w.Suite != nil {
		w.Suite.Hide(what, secrets...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hidden == nil {
		w.hidden = map[string]string{}
	}
	for _, s := range secrets {
		if s != "" {
			w.hidden[s] = what
		}
	}
}

// Hidden is how many secrets there are.
func (w *Watch) Hidden() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.hidden)
}

// Say takes in what others can read, and where.
func (w *Watch) Say(where string, texts ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range texts {
		w.said = append(w.said, said{where, text})
	}
}

// Check fails a test for each secret that can be read in what was said so far, in
// the clear or encoded.
func (w *Watch) Check(t testing.TB) {
	t.Helper()
	for _, leak := range w.Found() {
		t.Error(leak)
	}
}

// Found says which secrets can be read where, without the secrets.
func (w *Watch) Found() (leaks []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	needles, short := w.needles()
	var begins [1 << 16]bool // by two bytes: most places are passed over quickly
	for prefix := range needles {
		begins[int(prefix[0])<<8|int(prefix[1])] = true
	}
	for _, s := range w.said {
		for at := 0; at+prefixBytes <= len(s.text); at++ {
			if !begins[int(s.text[at])<<8|int(s.text[at+1])] {
				continue
			}
			for _, n := range needles[s.text[at:at+prefixBytes]] {
				if strings.HasPrefix(s.text[at:], n.text) {
					leaks = append(leaks, n.leak(s, at))
				}
			}
		}
		for _, n := range short {
			if at := strings.Index(s.text, n.text); at >= 0 {
				leaks = append(leaks, n.leak(s, at))
			}
		}
	}
	slices.Sort(leaks)
	return slices.Compact(leaks)
}

// needle is a secret as it might be read.
type needle struct{ text, what, as string }

// leak tells of a needle in what was said, with its surroundings.
func (n needle) leak(s said, at int) string {
	before := strings.ToValidUTF8(s.text[max(0, at-60):at], "")
	return fmt.Sprintf("%s can be read in %s, %s: …%s[here]", n.what, s.where, n.as, before)
}

// needles are all that is looked for: by their first bytes, and those that are too
// short for that.
func (w *Watch) needles() (byPrefix map[string][]needle, short []needle) {
	byPrefix = map[string][]needle{}
	for secret, what := range w.hidden {
		seen := map[string]bool{}
		forms := []needle{
			{secret, what, "in the clear"},
			{hex.EncodeToString([]byte(secret)), what, "in hexadecimal"},
			{strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="), what, "in base64"},
			{base64.RawURLEncoding.EncodeToString([]byte(secret)), what, "in base64 for URLs"},
			{url.QueryEscape(secret), what, "escaped for a URL"},
		}
		for before := range 3 {
			if len(secret) > prefixBytes { // what is left of shorter ones stands in many texts
				forms = append(forms, needle{amid(base64.StdEncoding, secret, before), what, "in base64"},
					needle{amid(base64.URLEncoding, secret, before), what, "in base64 for URLs"})
			}
		}
		for _, n := range forms {
			switch {
			case seen[n.text]:
			case len(n.text) < prefixBytes:
				short = append(short, n)
			default:
				byPrefix[n.text[:prefixBytes]] = append(byPrefix[n.text[:prefixBytes]], n)
			}
			seen[n.text] = true
		}
	}
	return byPrefix, short
}

// amid is what can be seen of a secret in the base64 of a longer text, which has so many
// bytes before it, of three: the characters that are the secret's alone.
func amid(e *base64.Encoding, secret string, before int) string {
	text := e.EncodeToString([]byte("\x00\x00\x00"[:before] + secret))
	return text[(before*8+5)/6 : (before+len(secret))*8/6]
}
