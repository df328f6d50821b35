package spapi

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// tree is a JSON value without duplicate names. It is made only of bodies that
// have some.
type tree struct {
	kind  jsontext.Kind
	raw   []byte // of a scalar
	names [][]byte
	kids  []*tree
}

// lastWins rewrites JSON so that of members with equal names in one object only
// the last is left.
func lastWins(body []byte) ([]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	root, err := readTree(dec)
	if err != nil {
		return nil, err
	}
	return append(root.append(nil), body[dec.InputOffset():]...), nil
}

func readTree(dec *jsontext.Decoder) (*tree, error) {
	t := &tree{kind: dec.PeekKind()}
	if t.kind != '{' && t.kind != '[' {
		raw, err := dec.ReadValue()
		t.raw = bytes.Clone(raw)
		return t, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	places := map[string]int{}
	for dec.PeekKind() != t.kind+2 { // '{' to '}', '[' to ']'
		place := len(t.kids)
		if t.kind == '{' {
			name, err := dec.ReadValue()
			if err != nil {
				return nil, err
			}
			text := string(stringScalar(name).text)
			if known, ok := places[text]; ok {
				place = known
			} else {
				places[text] = place
				t.names = append(t.names, bytes.Clone(name))
			}
		}
		kid, err := readTree(dec)
		if err != nil {
			return nil, err
		}
		if place == len(t.kids) {
			t.kids = append(t.kids, nil)
		}
		t.kids[place] = kid
	}
	_, err := dec.ReadToken()
	return t, err
}

func (t *tree) append(out []byte) []byte {
	if t.kind != '{' && t.kind != '[' {
		return append(out, t.raw...)
	}
	out = append(out, byte(t.kind))
	for i, kid := range t.kids {
		if i > 0 {
			out = append(out, ',')
		}
		if t.kind == '{' {
			out = append(append(out, t.names[i]...), ':')
		}
		out = kid.append(out)
	}
	return append(out, byte(t.kind+2))
}
