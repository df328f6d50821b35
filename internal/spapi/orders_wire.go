package spapi

import (
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// wireOrder holds what is read of an order into typed fields, as it came.
// Amazon model orders_2026-01-01.json, Order.
type wireOrder struct {
	id, created, updated                    scalar
	channel, marketplaceID, marketplaceName scalar
	status, fulfilledBy, serviceLevel       scalar
	shipBy, deliverBy                       wireRange
	total                                   wireMoney
	aliases                                 []wireAlias
	programs                                []scalar
	hasItems                                bool
	items                                   []wireItem
	packages                                []wirePackage
}

type wireItem struct {
	id, quantity, asin, title, sku, fulfilled scalar
	unitPrice, total                          wireMoney
}

type wirePackage struct {
	id, created, shipped, status, detailed, carrier, service, tracking scalar
	items                                                              []wirePackageItem
}

type (
	wireAlias       struct{ id, kind scalar }
	wirePackageItem struct{ id, quantity scalar }
	wireMoney       struct{ amount, currency scalar }
	wireRange       struct{ earliest, latest scalar }
)

// scalar is a JSON string, number or boolean. The zero value is one that is
// absent or null.
type scalar struct {
	kind jsontext.Kind
	text []byte // a string decoded and made storable, all others as spelled
	json []byte // as spelled, unless that could not be stored
}

func (w *wireOrder) alias() *wireAlias        { return &w.aliases[len(w.aliases)-1] }
func (w *wireOrder) item() *wireItem          { return &w.items[len(w.items)-1] }
func (w *wireOrder) parcel() *wirePackage     { return &w.packages[len(w.packages)-1] }
func (p *wirePackage) last() *wirePackageItem { return &p.items[len(p.items)-1] }

// shape is the JSON shape that the model gives a field.
type shape uint8

const (
	scalarShape shape = iota
	objectShape
	arrayShape
)

func (s shape) String() string { return [...]string{"a scalar", "object", "array"}[s] }

func (s shape) fits(kind jsontext.Kind) bool {
	switch kind {
	case '{':
		return s == objectShape
	case '[':
		return s == arrayShape
	case 'n':
		return false
	}
	return s == scalarShape
}

// field is one field of Amazon's model. What is not in the table is unknown.
type field struct {
	name     string
	shape    shape
	personal bool // its whole value, whatever the shape
	silent   bool // no part of a digest
	group    ordersync.Groups
	fields   map[string]*field // of an object
	element  *field            // of an array

	// at is where a scalar goes that is adapted; nil for all others. begin is
	// called when a container begins.
	at    func(*wireOrder) *scalar
	begin func(*wireOrder)
	// id, on the elements of an array whose order means nothing, is where the
	// element's id is.
	id       func(*wireOrder) *scalar
	idQuoted string // "orderItemId":

	path   string // orderItems[].product.title
	quoted string // "title":
	salt   uint64 // stands for the name in digests
	bit    int    // of the group
	typed  bool   // it or something in it is adapted
}

func leaf(name string, at ...func(*wireOrder) *scalar) *field {
	f := &field{name: name}
	if len(at) > 0 {
		f.at = at[0]
	}
	return f
}

func leaves(names ...string) []*field {
	fields := make([]*field, len(names))
	for i, name := range names {
		fields[i] = leaf(name)
	}
	return fields
}

// private is a field whose whole value is personal.
func private(names ...string) []*field {
	fields := leaves(names...)
	for _, f := range fields {
		f.personal = true
	}
	return fields
}

func object(name string, fields ...*field) *field {
	f := &field{name: name, shape: objectShape, fields: map[string]*field{}}
	for _, child := range fields {
		f.fields[child.name] = child
	}
	return f
}

func array(name string, element *field) *field {
	return &field{name: name, shape: arrayShape, element: element}
}

func in(group ordersync.Groups, f *field) *field {
	f.group = group
	return f
}

func with(fields []*field, more ...*field) []*field { return append(fields, more...) }

// finish fills what follows from a field's place.
func (f *field) finish(path string, group ordersync.Groups) {
	if f.group == 0 {
		f.group = group
	}
	f.path, f.quoted = path, `"`+f.name+`":`
	f.salt, f.bit = nameSalt([]byte(f.name)), bits.TrailingZeros16(uint16(f.group))
	f.typed = f.at != nil || f.begin != nil
	if f.element != nil {
		f.element.finish(path+"[]", f.group)
		f.typed = f.typed || f.element.typed
	}
	for _, child := range f.fields {
		child.finish(joinPath(path, child.name), f.group)
		f.typed = f.typed || child.typed
	}
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
