package spapisim

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encode.go writes an order as JSON by the tags of order.go. encoding/json
// would do for the plain case; it cannot leave groups out, write lone
// surrogates, or damage single fields.

// Damage replaces fields of an order by raw JSON, to make what a client cannot
// read. Keys are "Type.field": a type of order.go and Amazon's field name
// ("Order.orderItems", "OrderItem.quantityOrdered"); an empty value leaves the field out. The key
// "Type.*" appends raw members at the end of each such object.
type Damage map[string]string

// Named damages.
var (
	DamageQuantityText  = Damage{"OrderItem.quantityOrdered": `"two"`}
	DamageNoItems       = Damage{"Order.orderItems": ""}
	DamageUpdatedTime   = Damage{"Order.lastUpdatedTime": `"yesterday"`}
	DamageNoID          = Damage{"Order.orderId": ""}
	DamageNullWindows   = Damage{"OrderFulfillment.shipByWindow": "null", "OrderFulfillment.deliverByWindow": "null"}
	DamageUnknownStatus = Damage{"OrderFulfillment.fulfillmentStatus": `"IN_ORBIT"`}
	DamageEmptyItems    = Damage{"Order.orderItems": "[]"}
	DamageNumberMoney   = Damage{"Money.amount": "12.3"}
)

// damages by name, for the admin door.
var damages = []struct {
	name   string
	damage Damage
}{
	{"quantity-text", DamageQuantityText},
	{"no-items", DamageNoItems},
	{"updated-time", DamageUpdatedTime},
	{"no-id", DamageNoID},
	{"null-windows", DamageNullWindows},
	{"unknown-status", DamageUnknownStatus},
	{"empty-items", DamageEmptyItems},
	{"number-money", DamageNumberMoney},
}

// NamedDamage finds one of the damages above by its name, such as
// "quantity-text".
func NamedDamage(name string) (Damage, error) {
	var names []string
	for _, d := range damages {
		if d.name == name {
			return d.damage, nil
		}
		names = append(names, d.name)
	}
	return nil, fmt.Errorf("spapisim: no damage %q (there are %q)", name, names)
}

// unknownFields is what Switches.UnknownFields adds.
var unknownFields = Damage{
	"Order.*":     `"orderScore":{"value":0.5,"basis":["a",null,true]}`,
	"OrderItem.*": `"itemScore":12345678901234567890`,
	"Product.*":   `"colour":"\u00e9carlate"`,
}

// fieldPlan is one field of a type in order.go.
type fieldPlan struct {
	key      string // with quotes and colon
	path     string // Type.field
	index    int
	omitZero bool
	group    dataSet
	pii      personal
	value    writer
}

// structPlan is how a type of order.go is written.
type structPlan struct {
	fields []fieldPlan
	extra  string // Type.*
}

// writer appends one value.
type writer func(buf []byte, v reflect.Value, p *projection) []byte

var (
	timeType   = reflect.TypeFor[time.Time]()
	writeOrder = structWriter(reflect.TypeFor[Order]())
)

// appendOrder writes an order as far as the projection shows it.
func appendOrder(buf []byte, o *Order, p *projection) []byte {
	return writeOrder(buf, reflect.ValueOf(o).Elem(), p)
}

func writerOf(t reflect.Type) writer {
	switch {
	case t == timeType:
		return writeTime
	case t.Kind() == reflect.Struct:
		return structWriter(t)
	case t.Kind() == reflect.Pointer:
		elem := writerOf(t.Elem())
		return func(buf []byte, v reflect.Value, p *projection) []byte { return elem(buf, v.Elem(), p) }
	case t.Kind() == reflect.Slice:
		return sliceWriter(writerOf(t.Elem()))
	case t.Kind() == reflect.String:
		return func(buf []byte, v reflect.Value, _ *projection) []byte { return appendText(buf, v.String()) }
	case t.Kind() == reflect.Int:
		return func(buf []byte, v reflect.Value, _ *projection) []byte { return strconv.AppendInt(buf, v.Int(), 10) }
	case t.Kind() == reflect.Float64:
		return func(buf []byte, v reflect.Value, _ *projection) []byte {
			return strconv.AppendFloat(buf, v.Float(), 'f', -1, 64)
		}
	}
	panic("spapisim: order.go has a field of type " + t.String())
}

func structWriter(t reflect.Type) writer {
	plan := structPlan{extra: t.Name() + ".*"}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		plan.fields = append(plan.fields, fieldPlan{
			key:      strconv.Quote(name) + ":",
			path:     t.Name() + "." + name,
			index:    i,
			omitZero: option == "omitzero",
			group:    dataSetByName(f.Tag.Get("group")),
			pii:      personalByName(f.Tag.Get("pii")),
			value:    writerOf(f.Type),
		})
	}
	return plan.write
}

func (plan *structPlan) write(buf []byte, v reflect.Value, p *projection) []byte {
	buf = append(buf, '{')
	start := len(buf)
	for i := range plan.fields {
		f := &plan.fields[i]
		if !p.shows(f) {
			continue
		}
		raw, damaged := p.damage[f.path]
		field := v.Field(f.index)
		switch {
		case damaged && raw == "", !damaged && f.omitZero && field.IsZero():
			continue
		}
		if len(buf) > start {
			buf = append(buf, ',')
		}
		buf = append(buf, f.key...)
		if damaged {
			buf = append(buf, raw...)
		} else {
			buf = f.value(buf, field, p)
		}
	}
	for _, more := range []string{p.damage[plan.extra], p.extra[plan.extra]} {
		if more == "" {
			continue
		}
		if len(buf) > start {
			buf = append(buf, ',')
		}
		buf = append(buf, more...)
	}
	return append(buf, '}')
}

func sliceWriter(elem writer) writer {
	return func(buf []byte, v reflect.Value, p *projection) []byte {
		buf = append(buf, '[')
		for i := range v.Len() {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = elem(buf, v.Index(i), p)
		}
		return append(buf, ']')
	}
}

func writeTime(buf []byte, v reflect.Value, p *projection) []byte {
	t := v.Interface().(time.Time)
	return append(appendTime(append(buf, '"'), t, p.seconds), '"')
}

// appendTime writes ISO 8601 UTC: with milliseconds as in production, or with
// seconds as in the model's examples.
func appendTime(buf []byte, t time.Time, seconds bool) []byte {
	if seconds {
		return t.UTC().AppendFormat(buf, "2006-01-02T15:04:05Z")
	}
	return t.UTC().AppendFormat(buf, "2006-01-02T15:04:05.000Z")
}

// appendText writes a JSON string. Bytes that are no UTF-8 become U+FFFD, but
// encoded lone surrogates become the escape that no Go string can hold.
func appendText(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
			i++
		case c < 0x20:
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			buf = append(buf, c)
			i++
		case c == 0xED && i+2 < len(s) && s[i+1] >= 0xA0 && s[i+1] <= 0xBF && s[i+2]&0xC0 == 0x80:
			code := 0xD000 | int(s[i+1]&0x3F)<<6 | int(s[i+2]&0x3F)
			buf = append(buf, '\\', 'u', 'd', hex[code>>8&15], hex[code>>4&15], hex[code&15])
			i += 3
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			buf = utf8.AppendRune(buf, r)
			i += size
		}
	}
	return append(buf, '"')
}
