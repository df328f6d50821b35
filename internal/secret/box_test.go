package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/secret"
)

// testKey is a key of n's, no secret of anybody.
func testKey(n byte) []byte {
	key := bytes.Repeat([]byte{n}, 32)
	key[31] = 0xfb // so that the two alphabets of base64 differ
	key[30] = 0xff
	return key
}

// keyText is testKey as it is written.
func keyText(n byte) string { return base64.StdEncoding.EncodeToString(testKey(n)) }

func parse(t *testing.T, text string) *secret.Box {
	t.Helper()
	box, err := secret.ParseMasterKey(text)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return box
}

func seal(t *testing.T, box *secret.Box, plain string, owner secret.Owner) []byte {
	t.Helper()
	sealed, err := box.Seal([]byte(plain), owner)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	return sealed
}

var owner = secret.Owner{Tenant: "tenant-1", Connection: 7, Purpose: "refresh token"}

func TestMasterKeySpellings(t *testing.T) {
	sealed := seal(t, parse(t, keyText(1)), "plain", owner)
	for name, text := range map[string]string{
		"standard":           base64.StdEncoding.EncodeToString(testKey(1)),
		"standard, unpadded": base64.RawStdEncoding.EncodeToString(testKey(1)),
		"URL":                base64.URLEncoding.EncodeToString(testKey(1)),
		"URL, unpadded":      base64.RawURLEncoding.EncodeToString(testKey(1)),
		"with a line end":    keyText(1) + "\r\n",
		"second of two":      keyText(2) + ", " + keyText(1),
	} {
		if plain, err := parse(t, text).Open(sealed, owner); err != nil || string(plain) != "plain" {
			t.Errorf("%s opens %q, %v", name, plain, err)
		}
	}
}

func TestMasterKeyRefused(t *testing.T) {
	good := keyText(1)
	for name, test := range map[string]struct{ text, want string }{
		"empty":         {"", "is empty"},
		"spaces":        {" \n", "is empty"},
		"comma at end":  {good + ",", "key 2 of 2: is empty"},
		"comma":         {",", "key 1 of 2: is empty"},
		"short":         {base64.StdEncoding.EncodeToString(testKey(1)[:16]), "has 16 bytes"},
		"long":          {base64.StdEncoding.EncodeToString(append(testKey(1), 1)), "has 33 bytes"},
		"twice":         {good + "," + good, "keys 1 and 2 are the same"},
		"twice, unlike": {good + "," + base64.RawURLEncoding.EncodeToString(testKey(1)), "keys 1 and 2 are the same"},
		"a passphrase":  {"correct horse battery staple hidden", "is no base64"},
		"hexadecimal":   {fmt.Sprintf("%x", testKey(1)), "has 48 bytes"},
		"two alphabets": {"+-" + good[2:], "is no base64"},
		"unused bits":   {good[:42] + "9=", "is no base64"},
		"two lines":     {good + "\n" + keyText(2), "line end inside"},
		"broken line":   {good[:20] + "\n" + good[20:], "line end inside"},
		"too padded":    {good + "==", "is no base64"},
		"NUL":           {good + "\x00", "is no base64"},
	} {
		box, err := secret.ParseMasterKey(test.text)
		if err == nil || box != nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "ORDERSYNC_MASTER_KEY") {
			t.Errorf("%s: error is %q, want %q in it", name, err, test.want)
		}
		for _, part := range []string{good[:20], "horse", "hidden"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error shows the key: %v", name, err)
			}
		}
	}
}

func TestGeneratedKeys(t *testing.T) {
	first, second := secret.GenerateMasterKey(), secret.GenerateMasterKey()
	if first == second {
		t.Fatal("two generated keys are the same")
	}
	box := parse(t, first)
	if _, err := parse(t, second).Open(seal(t, box, "plain", owner), owner); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("another generated key gives %v", err)
	}
}

func TestRotation(t *testing.T) {
	older, newer := parse(t, keyText(1)), parse(t, keyText(2))
	both := parse(t, keyText(2)+","+keyText(1))
	before := seal(t, older, "before", owner)
	after := seal(t, both, "after", owner)

	for _, test := range []struct {
		name   string
		box    *secret.Box
		sealed []byte
		plain  string // "" when it must not open
	}{
		{"both keys, the old value", both, before, "before"},
		{"both keys, the new value", both, after, "after"},
		{"new key, the new value", newer, after, "after"},
		{"new key, the old value", newer, before, ""},
		{"old key, the new value", older, after, ""},
	} {
		plain, err := test.box.Open(test.sealed, owner)
		switch {
		case test.plain == "" && !errors.Is(err, secret.ErrWrongKey):
			t.Errorf("%s: opens %q, %v", test.name, plain, err)
		case test.plain != "" && (err != nil || string(plain) != test.plain):
			t.Errorf("%s: opens %q, %v; want %q", test.name, plain, err, test.plain)
		}
	}
}

func TestCurrentIsUnderTheFirstKey(t *testing.T) {
	older, fresh := secret.GenerateMasterKey(), secret.GenerateMasterKey()
	before, after := parse(t, older), parse(t, fresh+","+older)
	owner := secret.Owner{Purpose: "test"}
	old, err := before.Seal([]byte("x"), owner)
	if err != nil {
		t.Fatal(err)
	}
	current, err := after.Seal([]byte("x"), owner)
	if err != nil {
		t.Fatal(err)
	}
	if before.Keys() != 1 || after.Keys() != 2 {
		t.Errorf("%d and %d keys", before.Keys(), after.Keys())
	}
	for name, c := range map[string]struct {
		box    *secret.Box
		sealed []byte
		want   bool
	}{
		"old, before": {before, old, true}, "old": {after, old, false}, "fresh": {after, current, true},
		"fresh, before": {before, current, false}, "nothing": {after, nil, false}, "short": {after, current[:4], false},
	} {
		if got := c.box.Current(c.sealed); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOnlyItsOwnerOpens(t *testing.T) {
	box := parse(t, keyText(1))
	owners := []secret.Owner{
		{},
		owner,
		{Tenant: "tenant-2", Connection: 7, Purpose: "refresh token"},
		{Tenant: "tenant-1", Connection: 8, Purpose: "refresh token"},
		{Tenant: "tenant-1", Connection: 7, Purpose: "personal data"},
		{Connection: 7, Purpose: "refresh token"},
		{Tenant: "tenant-1", Purpose: "refresh token"},
		{Tenant: "tenant-1", Connection: 7},
		// The same bytes when the parts were only joined.
		{Tenant: "ab", Purpose: "c"}, {Tenant: "a", Purpose: "bc"}, {Tenant: "abc"}, {Purpose: "abc"},
		{Tenant: "tenant-1", Connection: -7, Purpose: "refresh token"},
	}
	for i, of := range owners {
		sealed := seal(t, box, "plain", of)
		for j, by := range owners {
			plain, err := box.Open(sealed, by)
			if i == j && (err != nil || string(plain) != "plain") {
				t.Errorf("%+v opens its own as %q, %v", of, plain, err)
			}
			if i != j && !errors.Is(err, secret.ErrWrongKey) {
				t.Errorf("%+v opens what is %+v's: %v", by, of, err)
			}
		}
	}
}

func TestTamperedDoesNotOpen(t *testing.T) {
	box := parse(t, keyText(1)+","+keyText(2))
	sealed := seal(t, box, "plain", owner)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := box.Open(changed, owner); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := box.Open(sealed[:i], owner); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := box.Open(append(bytes.Clone(sealed), 0), owner); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("a byte appended: %v", err)
	}
	if _, err := box.Open(nil, owner); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("nothing: %v", err)
	}
}

func TestSealHidesAndVaries(t *testing.T) {
	box := parse(t, keyText(1))
	for _, plain := range []string{"", hidden, strings.Repeat(hidden, 10_000)} {
		first, second := seal(t, box, plain, owner), seal(t, box, plain, owner)
		if bytes.Equal(first, second) {
			t.Errorf("two seals of %d bytes are equal", len(plain))
		}
		if leaks(string(first)) {
			t.Errorf("a seal of %d bytes shows them", len(plain))
		}
		if len(first) != len(plain)+33 {
			t.Errorf("%d bytes sealed are %d, want 33 more", len(plain), len(first))
		}
		if opened, err := box.Open(first, owner); err != nil || string(opened) != plain {
			t.Errorf("%d bytes open as %d, %v", len(plain), len(opened), err)
		}
	}
}

func TestBoxNeverPrints(t *testing.T) {
	text := base64.StdEncoding.EncodeToString([]byte("hidden-hidden-hidden-hidden-1234"))
	box := parse(t, text)
	for _, value := range []any{box, *box, struct{ b *secret.Box }{box}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			if out := fmt.Sprintf(verb, value); leaks(out) || strings.Contains(out, text) {
				t.Errorf("%s prints %s", verb, out)
			}
		}
	}
}

func TestCanary(t *testing.T) {
	box := parse(t, keyText(1))
	sealed, digestKey, err := secret.NewCanary(box)
	if err != nil || len(digestKey) != 32 {
		t.Fatalf("new canary: %d bytes, %v", len(digestKey), err)
	}
	for _, text := range []string{keyText(1), keyText(2) + "," + keyText(1)} {
		if again, err := secret.OpenCanary(parse(t, text), sealed); err != nil || !bytes.Equal(again, digestKey) {
			t.Errorf("open with the right key: %v", err)
		}
	}
	_, err = secret.OpenCanary(parse(t, keyText(2)), sealed)
	if !errors.Is(err, secret.ErrWrongKey) || !strings.Contains(err.Error(), "ORDERSYNC_MASTER_KEY") {
		t.Errorf("open with another key: %v", err)
	}
	if _, err := secret.OpenCanary(box, seal(t, box, "short", secret.Owner{Purpose: "canary"})); err == nil {
		t.Error("a canary of 5 bytes is taken")
	}
	if _, other, _ := secret.NewCanary(box); bytes.Equal(other, digestKey) {
		t.Error("two databases have one digest key")
	}
}

// What is taken as a master key seals and opens, with spaces around it too, and
// reads the same the next time; a refusal shows nothing of what was given.
func FuzzParseMasterKey(f *testing.F) {
	for _, seed := range []string{
		keyText(1), keyText(1) + "," + keyText(2), "", ",=\n-_+/", keyText(1) + "," + keyText(1), keyText(1) + ",", strings.TrimRight(keyText(1), "="), " " + keyText(3) + "\r\n",
		strings.NewReplacer("+", "-", "/", "_").Replace(keyText(255)), keyText(1)[:42] + "B=", keyText(1)[:20] + "\n" + keyText(1)[20:], "YWJj", strings.Repeat("A", 44),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		box, err := secret.ParseMasterKey(text)
		if err != nil {
			if len(text) > 8 && strings.Contains(err.Error(), text) {
				t.Fatalf("the error shows what was given: %v", err)
			}
			return
		}
		sealed := seal(t, box, "plain", owner)
		same, err := secret.ParseMasterKey(" " + text + "\n")
		if err != nil {
			t.Fatalf("with spaces around it is refused: %v", err)
		}
		for _, b := range []*secret.Box{box, same} {
			if plain, err := b.Open(sealed, owner); err != nil || string(plain) != "plain" {
				t.Fatalf("a key that is taken opens %q, %v", plain, err)
			}
		}
		if n := strings.Count(text, ","); len(text) < 43*(n+1) {
			t.Fatalf("%d keys of 32 bytes are taken from %d characters", n+1, len(text))
		}
	})
}

// What was sealed opens for its owner, whatever it holds, and for nobody else;
// bytes that nobody sealed, or that were changed since, do not open.
func FuzzOpen(f *testing.F) {
	box, err := secret.ParseMasterKey(keyText(1) + "," + keyText(2))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := box.Seal([]byte("plain"), owner)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "t", int64(1), "refresh token", uint16(0))
	f.Add(sealed[:5], "", int64(0), "", uint16(7))
	f.Add([]byte{}, "acme", int64(-1), "canary", uint16(33))
	f.Fuzz(func(t *testing.T, given []byte, tenant string, connection int64, purpose string, at uint16) {
		whose := secret.Owner{Tenant: ordersync.TenantID(tenant), Connection: ordersync.ConnectionID(connection), Purpose: purpose}
		plain, err := box.Open(given, owner)
		if known := err == nil && string(plain) == "plain"; !known && !errors.Is(err, secret.ErrWrongKey) {
			t.Fatalf("bytes that nobody sealed open as %q, %v", plain, err)
		}
		sealed, err := box.Seal(given, whose)
		if err != nil || len(sealed) != len(given)+33 {
			t.Fatalf("%d bytes are sealed as %d, %v", len(given), len(sealed), err)
		}
		if plain, err := box.Open(sealed, whose); err != nil || !bytes.Equal(plain, given) {
			t.Fatalf("%q opens as %q, %v", given, plain, err)
		}
		if whose != owner {
			if plain, err := box.Open(sealed, owner); !errors.Is(err, secret.ErrWrongKey) {
				t.Fatalf("what was sealed for %+v opens for %+v as %q, %v", whose, owner, plain, err)
			}
		}
		sealed[int(at)%len(sealed)] ^= 1 << (at % 8)
		if plain, err := box.Open(sealed, whose); !errors.Is(err, secret.ErrWrongKey) {
			t.Fatalf("changed bytes open as %q, %v", plain, err)
		}
	})
}
