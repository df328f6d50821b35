package spapi

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// unknown handles a field that Amazon's model does not have. Its name is
// foreign too.
func (w *walker) unknown(parent *field, path uint64, name []byte, kind jsontext.Kind) error {
	if kind == 'n' {
		return w.dec.SkipValue()
	}
	clean := ordersync.CleanText(string(name))
	quoted := ""
	if w.personal {
		quoted = string(appendQuoted(nil, clean)) + ":"
	}
	shown := joinPath(parent.path, cutRunes(clean, maxUnknownName))
	return w.apartOrReduced(shown, quoted, parent, step(path, nameSalt(name)), kind)
}

// apartOrReduced handles a value that must not stand in the raw order: it is
// kept apart, or only its path and type are. group gives the data group.
func (w *walker) apartOrReduced(path, quoted string, group *field, salt uint64, kind jsontext.Kind) error {
	asked := w.asked.Has(group.group)
	switch {
	case kind == 'n':
		return w.dec.SkipValue()
	case w.personal && asked:
		w.apart.member(group.bit, quoted)
		return w.copyApart(group.bit, salt)
	case asked:
		w.sums.add(group.bit, typeLeaf(salt, kind))
	}
	w.reduce(reduction{path, typeName(kind)})
	return w.dec.SkipValue()
}

// reduction is what is kept of a value that was left out.
type reduction struct{ path, kind string }

const (
	// maxReduced is how many reductions of an order are listed.
	maxReduced = 50
	// maxUnknownName is how much of an unknown field's name is kept, in characters.
	maxUnknownName = 64
)

func (w *walker) reduce(r reduction) {
	if len(w.reduced) < maxReduced && !slices.Contains(w.reduced, r) {
		w.reduced = append(w.reduced, r)
	}
}

// reducedName is where a raw order lists what was left out of it.
const reducedName = "$reduced"

func compareReductions(a, b reduction) int {
	return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.kind, b.kind))
}

// withReduced is a copy of the raw order with the list of what was left out.
func withReduced(raw []byte, reduced []reduction) []byte {
	if len(reduced) == 0 {
		return bytes.Clone(raw)
	}
	slices.SortFunc(reduced, compareReductions)
	out := make([]byte, 0, len(raw)+64*(len(reduced)+1))
	out = append(out, raw[:len(raw)-1]...)
	if len(raw) > len("{}") {
		out = append(out, ',')
	}
	out = append(out, `"`+reducedName+`":[`...)
	for i, r := range reduced {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"path":`...)
		out = appendQuoted(out, r.path)
		out = append(out, `,"type":"`...)
		out = append(out, r.kind...)
		out = append(out, `"}`...)
	}
	return append(out, "]}"...)
}

// cutRunes cuts a text at n characters.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
