package ordersync

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxShown is how many characters of a foreign value are ever shown.
const maxShown = 64

// ShowBytes makes bytes from outside safe to print: in quotes, every control,
// invisible or invalid character escaped, at most 64 characters of the value.
func ShowBytes(b []byte) string {
	var out strings.Builder
	out.WriteByte('"')
	for n := 0; len(b) > 0; n++ {
		if n == maxShown {
			return out.String() + `…"`
		}
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			out.WriteString(`\x` + strconv.FormatUint(uint64(b[0])>>4, 16) + strconv.FormatUint(uint64(b[0])&15, 16))
		case strconv.IsPrint(r) && r != '"' && r != '\\':
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			if r == '"' {
				quoted = `'\"'`
			}
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		b = b[size:]
	}
	return out.String() + `"`
}

// CleanText makes a text from outside storable in every database: U+0000 and
// what is no valid UTF-8 (lone surrogates among it) become U+FFFD.
func CleanText(s string) string {
	if !strings.ContainsRune(s, 0) && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
