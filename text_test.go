package ordersync_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"ordersync"
)

func TestShowBytes(t *testing.T) {
	for _, test := range []struct{ name, raw, want string }{
		{"empty", "", `""`},
		{"plain", "0000-13-45", `"0000-13-45"`},
		{"quotes and backslash", `a"b\c'`, `"a\"b\\c'"`},
		{"line ends and tab", "a\r\n\tb", `"a\r\n\tb"`},
		{"NUL", "a\x00b", `"a\x00b"`},
		{"escape of a terminal", "\x1b[31m", `"\x1b[31m"`},
		{"letters of the world", "é漢字", `"é漢字"`},
		{"right-to-left mark", "\u200fa", `"\u200fa"`},
		{"right-to-left override", "\u202ea", `"\u202ea"`},
		{"zero width", "a\u200bb\ufeff", `"a\u200bb\ufeff"`},
		{"no-break space", "a\u00a0b", `"a\u00a0b"`},
		{"no UTF-8", "a\xff\xc3(", `"a\xff\xc3("`},
		{"a lone surrogate", "\xed\xa0\x80", `"\xed\xa0\x80"`},
		{"replacement character", "\ufffd", `"` + "\ufffd" + `"`},
		{"64 characters", strings.Repeat("é", 64), `"` + strings.Repeat("é", 64) + `"`},
		{"65 characters", strings.Repeat("é", 65), `"` + strings.Repeat("é", 64) + `…"`},
		{"10 kB", strings.Repeat("\x00", 10_240), `"` + strings.Repeat(`\x00`, 64) + `…"`},
	} {
		if got := ordersync.ShowBytes([]byte(test.raw)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestCleanText(t *testing.T) {
	for _, test := range []struct{ name, raw, want string }{
		{"empty", "", ""},
		{"plain", "Café 漢字\n", "Café 漢字\n"},
		{"NUL", "a\x00b", "a\ufffdb"},
		{"a lone surrogate", "a\xed\xa0\x80b", "a\ufffdb"},
		{"both", "\x00\xff", "\ufffd\ufffd"},
	} {
		if got := ordersync.CleanText(test.raw); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What is shown can be printed and is short, and of a short text it tells every
// byte; what is cleaned can be stored, and stays as it is.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\x00\xff\u202e\"\\", strings.Repeat("é", 70), strings.Repeat("\x00", 65), "'", "`", "\ufffd", "\xed\xa0\x80", "\U000e0001",
		"\xf0\x9f\x98", "\u2028\u00a0\ufeff", "a\r\n\t\x7f\x1b[0m",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		shown := ordersync.ShowBytes(raw)
		for _, r := range shown {
			if !strconv.IsPrint(r) {
				t.Fatalf("%q is shown as %q", raw, shown)
			}
		}
		if n := utf8.RuneCountInString(shown); n > 2+1+64*len(`\U0001f600`) {
			t.Fatalf("%d characters are shown", n)
		}
		if back, err := strconv.Unquote(shown); utf8.RuneCount(raw) <= 64 && (err != nil || back != string(raw)) {
			t.Fatalf("%q is shown as %s, which says %q, %v", raw, shown, back, err)
		}
		clean := ordersync.CleanText(string(raw))
		if !utf8.ValidString(clean) || strings.ContainsRune(clean, 0) || ordersync.CleanText(clean) != clean {
			t.Fatalf("%q is cleaned to %q", raw, clean)
		}
		if utf8.Valid(raw) && utf8.RuneCountInString(clean) != utf8.RuneCount(raw) || len(raw) > 0 && clean == "" {
			t.Fatalf("%q is cleaned to %q, which is shorter", raw, clean)
		}
	})
}
