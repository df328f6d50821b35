// Package secret keeps what must not be seen: a type for secrets that does not
// print, sealing of refresh tokens and personal data under the master key, and
// refresh tokens in HashiCorp Vault.
package secret

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would have been printed.
const redacted = "[redacted]"

// Secret is a text that no log, error, JSON or format verb shows; only
// [Secret.Reveal] does. The zero value is empty and prints as nothing, so that a
// missing setting can be told from a set one. Secrets cannot be compared with
// ==, which would compare where they lie.
type Secret struct {
	_ [0]func()
	// text is behind a pointer because fmt reads the unexported fields of
	// foreign structs without asking their methods, but follows no pointer there.
	text *string
}

// New wraps text.
func New(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal is the text itself. Each call is a place where a secret may leave:
// call it where the text is used, never before.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty tells whether there is no text.
func (s Secret) Empty() bool { return s.text == nil }

// String is "[redacted]", or "" when empty.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return redacted
}

// GoString is String in quotes, for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("secret.New(%q)", s.String()) }

// Format redacts under every verb and flag.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text) // fmt.State keeps the error of its writer
}

// MarshalJSON redacts.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText redacts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue redacts.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// UnmarshalText takes text over, so that settings and import lines are read
// into a Secret without being a plain string on the way.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
