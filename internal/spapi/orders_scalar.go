package spapi

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// scalar reads a string, number or boolean; of null, the zero value. It lives
// as long as the body.
func (w *walker) scalar() (scalar, error) {
	value, err := w.dec.ReadValue()
	if err != nil {
		return scalar{}, err
	}
	end := w.dec.InputOffset()
	raw := w.body[end-int64(len(value)) : end]
	switch kind := value.Kind(); kind {
	case 'n':
		return scalar{}, nil
	case '"':
		return stringScalar(raw), nil
	default:
		return scalar{kind, raw, raw}, nil
	}
}

// scalarOrSkip reads a scalar; any other value is skipped and taken as absent.
func (w *walker) scalarOrSkip() (scalar, error) {
	switch w.dec.PeekKind() {
	case '{', '[':
		return scalar{}, w.dec.SkipValue()
	}
	return w.scalar()
}

// stringScalar reads a JSON string. U+0000, invalid UTF-8 and lone surrogates,
// however they are spelled, become U+FFFD; all else keeps its spelling.
func stringScalar(raw []byte) scalar {
	text := raw[1 : len(raw)-1]
	valid := utf8.Valid(text)
	if valid && bytes.IndexByte(text, '\\') < 0 {
		return scalar{'"', text, raw}
	}
	decoded, err := jsontext.AppendUnquote(nil, raw) // what is invalid becomes U+FFFD
	if valid && err == nil && bytes.IndexByte(decoded, 0) < 0 {
		return scalar{'"', decoded, raw}
	}
	clean := ordersync.CleanText(string(decoded))
	return scalar{'"', []byte(clean), appendQuoted(nil, clean)}
}

func appendQuoted(out []byte, text string) []byte {
	out, _ = jsontext.AppendQuote(out, text) // fails for invalid UTF-8 only, which it mends
	return out
}
