package spapi

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// apart writes the JSON of the few values that are kept apart: one object for
// each data group, in the nesting of the order they came from. Containers are
// written only once something stands in them. Arrays keep the places of the
// order's: {} stands for an element of which nothing is kept apart, and those of
// orderItems and packages hold their id besides.
type apart struct {
	out    [ordersync.GroupCount][]byte
	frames []frame
}

// frame is a container that the walk is in.
type frame struct {
	field *field
	kind  jsontext.Kind                // '{' or '['
	index int                          // of the element that the walk is at
	open  ordersync.Groups             // where it is written
	count [ordersync.GroupCount]uint32 // of what is written in it
}

func (a *apart) reset() {
	for i := range a.out {
		a.out[i] = a.out[i][:0]
	}
	a.frames = a.frames[:0]
}

// objects are the groups' objects, nil when there are none.
func (a *apart) objects() map[ordersync.Groups][]byte {
	var objects map[ordersync.Groups][]byte
	for bit, out := range a.out {
		if len(out) == 0 {
			continue
		}
		if objects == nil {
			objects = map[ordersync.Groups][]byte{}
		}
		objects[1<<bit] = bytes.Clone(out)
	}
	return objects
}

func (a *apart) enter(f *field, kind jsontext.Kind) {
	a.frames = append(a.frames, frame{field: f, kind: kind, index: -1})
}

// at says that the walk has come to element i of the array it is in.
func (a *apart) at(i int) { a.frames[len(a.frames)-1].index = i }

// leave closes the container that the walk is in. id is that of an element
// that has one.
func (a *apart) leave(id scalar) {
	last := &a.frames[len(a.frames)-1]
	if last.open != 0 {
		a.close(last, id)
	}
	a.frames = a.frames[:len(a.frames)-1]
}

func (a *apart) close(last *frame, id scalar) {
	for bit := range ordersync.GroupCount {
		if !last.open.Has(1 << bit) {
			continue
		}
		switch {
		case last.kind == '[':
			a.fill(last, bit, last.index+1)
		case id.kind == '"':
			a.place(last, bit, last.field.idQuoted)
			a.out[bit] = appendQuoted(a.out[bit], string(id.text))
		}
		a.out[bit] = append(a.out[bit], byte(last.kind)+2) // '{' to '}', '[' to ']'
	}
}

// member prepares for a value of a group: quoted is its name in quotes with a
// colon, which elements of arrays do not have.
func (a *apart) member(bit int, quoted string) {
	for i := range a.frames {
		f := &a.frames[i]
		if f.open.Has(1 << bit) {
			continue
		}
		if i > 0 {
			a.place(&a.frames[i-1], bit, f.field.quoted)
		}
		a.out[bit] = append(a.out[bit], byte(f.kind))
		f.open |= 1 << bit
	}
	a.place(&a.frames[len(a.frames)-1], bit, quoted)
}

// place begins the next value in a container.
func (a *apart) place(in *frame, bit int, quoted string) {
	if in.kind == '[' {
		a.fill(in, bit, in.index)
		quoted = ""
	}
	a.comma(in, bit)
	a.out[bit] = append(a.out[bit], quoted...)
}

// fill writes {} for elements until there are n.
func (a *apart) fill(in *frame, bit, n int) {
	for int(in.count[bit]) < n {
		a.comma(in, bit)
		a.out[bit] = append(a.out[bit], "{}"...)
	}
}

func (a *apart) comma(in *frame, bit int) {
	if in.count[bit] > 0 {
		a.out[bit] = append(a.out[bit], ',')
	}
	in.count[bit]++
}

// copyApart copies any value to the fields kept apart of a group.
func (w *walker) copyApart(bit int, path uint64) error {
	out := &w.apart.out[bit]
	kind := w.dec.PeekKind()
	if kind != '{' && kind != '[' {
		value, err := w.scalar()
		switch {
		case err != nil:
			return err
		case value.kind == 0:
			*out = append(*out, "null"...)
			return nil
		}
		*out = append(*out, value.json...)
		w.sums.add(bit, w.keyed.leaf(path, value))
		return nil
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	*out = append(*out, byte(kind))
	end := kind + 2 // '{' to '}', '[' to ']'
	for i := uint64(0); w.dec.PeekKind() != end; i++ {
		if i > 0 {
			*out = append(*out, ',')
		}
		salt := i
		if kind == '{' {
			name, err := w.scalar()
			if err != nil {
				return err
			}
			*out = append(append(*out, name.json...), ':')
			salt = nameSalt(name.text)
		}
		if err := w.copyApart(bit, step(path, salt)); err != nil {
			return err
		}
	}
	*out = append(*out, byte(end))
	_, err := w.dec.ReadToken()
	return err
}
