package spapi

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// walker walks the orders of a body along the table of fields, once, and makes
// of each: the wire order, the raw JSON without personal and unknown fields,
// those fields sealed apart or reduced, and the digests.
type walker struct {
	reader   orderReader
	body     []byte
	dec      *jsontext.Decoder
	asked    ordersync.Groups
	personal bool // keep personal and unknown fields
	keyed    *keyed

	// Of the order at hand:
	wire    wireOrder
	raw     []byte
	apart   apart
	reduced []reduction
	sums    sums
	bad     error // the first field of a wrong shape among those that are adapted
}

// readOrder reads the next value as an order. An error means broken JSON.
func (w *walker) readOrder() (ordersync.Order, *ordersync.Unreadable, error) {
	w.wire = wireOrder{
		aliases: w.wire.aliases[:0], programs: w.wire.programs[:0],
		items: w.wire.items[:0], packages: w.wire.packages[:0],
	}
	w.raw, w.reduced, w.sums, w.bad = w.raw[:0], w.reduced[:0], sums{}, nil
	w.apart.reset()

	kind := w.dec.PeekKind()
	start := w.dec.InputOffset()
	if kind == '{' {
		if err := w.object(orderTable, fnvOffset); err != nil {
			return ordersync.Order{}, nil, err
		}
	} else {
		if err := w.dec.SkipValue(); err != nil {
			return ordersync.Order{}, nil, err
		}
		w.raw = append(w.raw, "{}"...)
		w.reduce(reduction{"$", typeName(kind)})
		w.bad = misshape{"order", "object", kind}
	}
	var order ordersync.Order
	err := w.bad
	if err == nil {
		order, err = adaptOrder(&w.wire)
	}
	if err != nil {
		return ordersync.Order{}, w.unreadable(bytes.TrimLeft(w.body[start:w.dec.InputOffset()], ":, \t\r\n"), err), nil
	}
	order.Groups = w.asked
	order.Digests = w.sums.digests()
	order.Raw = withReduced(w.raw, w.reduced)
	order.Personal = w.apart.objects()
	return order, nil, nil
}

// unreadable sets an order aside. Its body is scrubbed even where personal data
// may be held, since it is not sealed.
func (w *walker) unreadable(span []byte, cause error) *ordersync.Unreadable {
	bad := &ordersync.Unreadable{Cause: cause.Error()}
	if id := w.wire.id; id.kind == '"' && visibleID(string(id.text)) {
		bad.OrderID = string(id.text)
		bad.Key = bad.OrderID
	} else {
		bad.Key = w.keyed.body(span)
	}
	if w.personal {
		scrubber := w.reader.walker(span, w.asked, false)
		if scrubber.dec.PeekKind() == '{' && scrubber.object(orderTable, fnvOffset) == nil {
			w.raw, w.reduced = scrubber.raw, scrubber.reduced
		}
	}
	bad.Body = withReduced(w.raw, w.reduced)
	return bad
}

// object walks an object of the table.
func (w *walker) object(f *field, path uint64) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	if f.begin != nil {
		f.begin(&w.wire)
	}
	w.raw = append(w.raw, '{')
	w.apart.enter(f, '{')
	empty := len(w.raw)
	for w.dec.PeekKind() != '}' {
		name, err := w.scalar()
		if err != nil {
			return err
		}
		kind := w.dec.PeekKind()
		child, known := f.fields[string(name.text)]
		if !known {
			if err := w.unknown(f, path, name.text, kind); err != nil {
				return err
			}
			continue
		}
		keep := w.keeps(child, kind)
		if keep {
			if len(w.raw) > empty {
				w.raw = append(w.raw, ',')
			}
			w.raw = append(w.raw, child.quoted...)
		}
		if err := w.value(child, step(path, child.salt), kind, keep); err != nil {
			return err
		}
	}
	w.raw = append(w.raw, '}')
	var id scalar
	if f.id != nil {
		id = *f.id(&w.wire)
	}
	w.apart.leave(id)
	_, err := w.dec.ReadToken()
	return err
}

// keeps tells whether a value goes into the raw order.
func (w *walker) keeps(f *field, kind jsontext.Kind) bool {
	return !f.personal && w.asked.Has(f.group) && (kind == 'n' || f.shape.fits(kind))
}

// value walks the value of a field of the table.
func (w *walker) value(f *field, path uint64, kind jsontext.Kind, keep bool) error {
	if !keep {
		if f.typed && !f.shape.fits(kind) && kind != 'n' && w.asked.Has(f.group) {
			w.misfit(f, kind)
		}
		return w.apartOrReduced(f.path, f.quoted, f, path, kind)
	}
	switch kind {
	case 'n':
		w.raw = append(w.raw, "null"...)
		return w.dec.SkipValue()
	case '{':
		return w.object(f, path)
	case '[':
		return w.array(f, path)
	}
	value, err := w.scalar()
	if err != nil {
		return err
	}
	w.raw = append(w.raw, value.json...)
	if !f.silent {
		w.sums.add(f.bit, plainLeaf(path, value))
	}
	if f.at != nil {
		*f.at(&w.wire) = value
	}
	return nil
}

// misfit notes the first field that is adapted and has a wrong shape.
func (w *walker) misfit(f *field, kind jsontext.Kind) {
	if w.bad == nil {
		w.bad = misshape{f.path, f.shape.String(), kind}
	}
}

// array walks an array of the table. Elements that do not belong there leave
// null behind, so that all others keep their place.
func (w *walker) array(f *field, path uint64) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	if f.begin != nil {
		f.begin(&w.wire)
	}
	w.raw = append(w.raw, '[')
	w.apart.enter(f, '[')
	for i := uint64(0); w.dec.PeekKind() != ']'; i++ {
		if i > 0 {
			w.raw = append(w.raw, ',')
		}
		w.apart.at(int(i))
		if err := w.element(f.element, path, i); err != nil {
			return err
		}
	}
	w.raw = append(w.raw, ']')
	w.apart.leave(scalar{})
	_, err := w.dec.ReadToken()
	return err
}

func (w *walker) element(f *field, path, i uint64) error {
	kind := w.dec.PeekKind()
	keep := w.keeps(f, kind)
	if kind == 'n' && f.begin != nil {
		w.misfit(f, kind)
	}
	switch {
	case !keep:
		w.raw = append(w.raw, "null"...)
		return w.value(f, step(path, i), kind, false)
	case f.id == nil || kind != '{':
		return w.value(f, step(path, i), kind, true)
	}
	outer := w.sums
	w.sums = sums{}
	if err := w.object(f, path); err != nil {
		return err
	}
	outer.fold(w.sums, fnv(path, f.id(&w.wire).text))
	w.sums = outer
	return nil
}
