package main

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// discreet passes on what is said and leaves secrets out. Nothing that ordersync
// says should hold one; this is the last line, for errors of drivers and for
// values that came into the wrong place.
type discreet struct {
	mu   sync.Mutex // the log and the command itself speak at once
	out  io.Writer
	hush *strings.Replacer
	line string // stands at the end of a terminal, below whatever is said
}

// redacted stands where a secret stood.
const redacted = "[redacted]"

// shortestSecret is the length from which a text is looked for: a shorter one
// would be found in ordinary words.
const shortestSecret = 6

// knownSecret is what refresh tokens, access tokens and client secrets of
// Amazon's look like, and keys of our own.
var knownSecret = regexp.MustCompile(`(Atz[ra]\||amzn1\.oa2-cs\.v\d\.|osk_)[^\s"'\\…]{4,}`)

// hide adds secrets to those that are left out.
func (d *discreet) hide(secrets ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var pairs []string
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			pairs = append(pairs, s, redacted)
		}
	}
	d.hush = strings.NewReplacer(pairs...)
}

// Write passes p on without secrets. Each message comes in one call.
func (d *discreet) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := d.clean(string(p))
	if d.line != "" {
		text = eraseLine + text + d.line
	}
	if _, err := io.WriteString(d.out, text); err != nil {
		return 0, fmt.Errorf("talk: %w", err)
	}
	return len(p), nil
}

// clean is a text without secrets.
func (d *discreet) clean(text string) string {
	text = knownSecret.ReplaceAllString(text, redacted)
	if d.hush != nil {
		text = d.hush.Replace(text)
	}
	return text
}

// eraseLine goes to the begin of a terminal's line and empties it (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// show puts a line where the one before stood; "" takes it away. The line stays
// last while other things are said, which come as whole lines. It is cut where the
// terminal ends: a line that goes on in the next could not be taken away.
func (d *discreet) show(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if line = d.clean(line); line == d.line {
		return
	}
	if width := terminalWidth(d.out); width > 0 {
		line = cut(line, width-1)
	}
	d.line = line
	_, _ = io.WriteString(d.out, eraseLine+line) // who works is not stopped by what is shown
}

// secrets are the texts of the settings that nobody may see.
func (s *settings) secrets() []string {
	out := append([]string{s.AmazonClientSecret, s.AmazonPrevious, s.MasterKey, s.ServerKey, s.VaultToken, s.VaultSecretID}, strings.Split(s.MasterKey, ",")...)
	u, ok := parseDatabaseURL(s.DatabaseURL)
	if !ok {
		return append(out, s.DatabaseURL)
	}
	var passwords []string
	for name, values := range u.Query() {
		if isPassword(name) {
			passwords = append(passwords, values...)
		}
	}
	if password, ok := u.User.Password(); ok {
		passwords = append(passwords, password)
	}
	for _, p := range passwords {
		out = append(out, p, url.QueryEscape(p), url.PathEscape(p))
	}
	return out
}
