package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"ordersync/internal/secret"
)

// hidden is what must not be seen anywhere.
const hidden = "Atzr|hidden-text"

// leaks tells whether out shows the hidden text, also as hexadecimal.
func leaks(out string) bool {
	return strings.Contains(out, "hidden") ||
		strings.Contains(strings.ToLower(out), fmt.Sprintf("%x", "hidden"))
}

func TestSecretNeverPrints(t *testing.T) {
	s := secret.New(hidden)
	type field struct{ S secret.Secret }
	type unexported struct{ s secret.Secret }
	values := map[string]any{
		"value": s, "pointer": &s, "field": field{s}, "field's pointer": &field{s},
		"unexported field": unexported{s}, "slice": []secret.Secret{s}, "map": map[string]secret.Secret{"k": s},
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%08.3f", "% x", "%U", "%T", "%!"} {
			if out := fmt.Sprintf(verb, value); leaks(out) {
				t.Errorf("%s under %s prints %s", name, verb, out)
			}
		}
		if err := fmt.Errorf("wrapped: %v", value); leaks(err.Error()) {
			t.Errorf("%s in an error prints %v", name, err)
		}
	}
}

func TestSecretNeverMarshalled(t *testing.T) {
	s := secret.New(hidden)
	for name, value := range map[string]any{
		"value": s, "field": struct{ S secret.Secret }{s}, "pointer": struct{ S *secret.Secret }{&s},
		"map": map[string]any{"s": s},
	} {
		out, err := json.Marshal(value)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if leaks(string(out)) || !strings.Contains(string(out), "[redacted]") {
			t.Errorf("%s as JSON is %s", name, out)
		}
	}
	text, err := s.MarshalText()
	if err != nil || string(text) != "[redacted]" {
		t.Errorf("as text it is %s, %v", text, err)
	}
}

func TestSecretNeverLogged(t *testing.T) {
	s := secret.New(hidden)
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler).With("with", s)
		log.Info("message", "value", s, "pointer", &s, "field", struct{ S secret.Secret }{s},
			slog.Group("group", "inner", s), "slice", []secret.Secret{s})
	}
	if leaks(out.String()) {
		t.Errorf("logged:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Errorf("nothing is marked as redacted:\n%s", out.String())
	}
}

func TestSecretKeepsItsText(t *testing.T) {
	var zero secret.Secret
	for _, test := range []struct {
		name   string
		s      secret.Secret
		reveal string
		show   string
	}{
		{"zero", zero, "", ""},
		{"empty", secret.New(""), "", ""},
		{"text", secret.New(hidden), hidden, "[redacted]"},
	} {
		if got := test.s.Reveal(); got != test.reveal {
			t.Errorf("%s reveals %q", test.name, got)
		}
		if got := test.s.String(); got != test.show {
			t.Errorf("%s shows %q, want %q", test.name, got, test.show)
		}
		if test.s.Empty() != (test.reveal == "") {
			t.Errorf("%s: Empty is %v", test.name, test.s.Empty())
		}
	}
}

func TestSecretIsReadFromJSON(t *testing.T) {
	var line struct {
		Given  secret.Secret `json:"given"`
		Empty  secret.Secret `json:"empty"`
		Absent secret.Secret `json:"absent"`
	}
	if err := json.Unmarshal([]byte(`{"given":"`+hidden+`","empty":""}`), &line); err != nil {
		t.Fatal(err)
	}
	if line.Given.Reveal() != hidden || !line.Empty.Empty() || !line.Absent.Empty() {
		t.Errorf("read %q, %q, %q", line.Given.Reveal(), line.Empty.Reveal(), line.Absent.Reveal())
	}
}
