package spapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// orderReader reads the bodies of searchOrders and getOrder.
type orderReader struct{ digestKey []byte }

// page reads the body of a search. An order that cannot be adapted is
// unreadable; an error means that the body as a whole has no readable
// structure, and holds no text of Amazon's.
func (r orderReader) page(body []byte, groups ordersync.Groups, personal bool) (Page, error) {
	page, err := r.pageOnce(body, groups, personal)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		if body, err = lastWins(body); err == nil {
			page, err = r.pageOnce(body, groups, personal)
		}
	}
	return page, bodyError(err)
}

func (r orderReader) pageOnce(body []byte, groups ordersync.Groups, personal bool) (Page, error) {
	w := r.walker(body, groups, personal)
	var page Page
	found := false
	err := w.members(func(name string) (err error) {
		switch name {
		case "orders":
			found = true
			page.Orders, page.Unreadable, page.Digest, err = w.orders()
		case "pagination":
			page.NextToken, err = w.nextToken()
		case "lastUpdatedBefore":
			var bound scalar
			bound, err = w.scalarOrSkip()
			page.UpperBound, _ = parseTime(bound)
		default:
			err = w.dec.SkipValue()
		}
		return err
	})
	if err == nil && !found {
		err = misshape{"orders", "array", 0}
	}
	return page, err
}

// order reads the body of getOrder.
func (r orderReader) order(body []byte, groups ordersync.Groups, personal bool) (ordersync.Order, *ordersync.Unreadable, error) {
	order, unreadable, err := r.orderOnce(body, groups, personal)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		if body, err = lastWins(body); err == nil {
			order, unreadable, err = r.orderOnce(body, groups, personal)
		}
	}
	return order, unreadable, bodyError(err)
}

func (r orderReader) orderOnce(body []byte, groups ordersync.Groups, personal bool) (order ordersync.Order, unreadable *ordersync.Unreadable, err error) {
	w := r.walker(body, groups, personal)
	found := false
	err = w.members(func(name string) (err error) {
		if name != "order" {
			return w.dec.SkipValue()
		}
		if kind := w.dec.PeekKind(); kind != '{' {
			return w.misshape("order", "object", kind)
		}
		found = true
		order, unreadable, err = w.readOrder()
		return err
	})
	if err == nil && !found {
		err = misshape{"order", "object", 0}
	}
	return order, unreadable, err
}

var errTrailing = errors.New("something follows the JSON")

// misshape says that a value has another shape than it must have.
type misshape struct {
	path     string
	expected string
	found    jsontext.Kind // 0: nothing, or null
}

func (m misshape) Error() string {
	return fmt.Sprintf("%s: expected %s, found %s", m.path, m.expected, typeName(m.found))
}

// bodyError says in our words why a body has no readable structure.
func bodyError(err error) error {
	var shape misshape
	switch {
	case err == nil, errors.Is(err, errTrailing), errors.As(err, &shape):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the JSON breaks off")
	}
	return errors.New("it is no JSON")
}

// typeName is a JSON type's name.
func typeName(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return "string"
	case '0':
		return "number"
	case 't', 'f':
		return "boolean"
	case '{':
		return "object"
	case '[':
		return "array"
	case 'n':
		return "null"
	}
	return "nothing"
}

func (r orderReader) walker(body []byte, groups ordersync.Groups, personal bool) *walker {
	return &walker{
		reader:   r,
		body:     body,
		dec:      jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowInvalidUTF8(true)),
		asked:    groups | ordersync.GroupCore,
		personal: personal,
		keyed:    newKeyed(r.digestKey),
	}
}

// members reads the object that is the whole body, and hands each member's
// name to read, which must consume its value.
func (w *walker) members(read func(name string) error) error {
	if kind := w.dec.PeekKind(); kind != '{' {
		return w.misshape("the body", "object", kind)
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for w.dec.PeekKind() != '}' {
		name, err := w.scalar()
		if err != nil {
			return err
		}
		if err := read(string(name.text)); err != nil {
			return err
		}
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	if _, err := w.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// misshape is an error unless the JSON itself is broken, which is told first.
func (w *walker) misshape(path, expected string, found jsontext.Kind) error {
	if found == 0 {
		_, err := w.dec.ReadToken()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return misshape{path, expected, found}
}

// orders reads the array of orders of a page.
func (w *walker) orders() (orders []ordersync.Order, unreadable []ordersync.Unreadable, digest uint64, err error) {
	if kind := w.dec.PeekKind(); kind != '[' {
		return nil, nil, 0, w.misshape("orders", "array", kind)
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return nil, nil, 0, err
	}
	for w.dec.PeekKind() != ']' {
		order, bad, err := w.readOrder()
		if err != nil {
			return nil, nil, 0, err
		}
		if bad != nil {
			unreadable = append(unreadable, *bad)
			digest = pageDigest(digest, bad.Key, 0, fnv(fnvOffset, bad.Body))
			continue
		}
		orders = append(orders, order)
		digest = pageDigest(digest, order.ID, order.LastUpdatedAt.UnixNano(), order.Digests[:]...)
	}
	_, err = w.dec.ReadToken()
	return orders, unreadable, digest, err
}

// nextToken reads the pagination. One of unknown shape is an error: taken for
// none it would lose the pages that follow.
func (w *walker) nextToken() (token string, err error) {
	switch kind := w.dec.PeekKind(); kind {
	case 'n':
		return "", w.dec.SkipValue()
	case '{':
	default:
		return "", w.misshape("pagination", "object", kind)
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return "", err
	}
	for w.dec.PeekKind() != '}' {
		name, err := w.scalar()
		if err != nil {
			return "", err
		}
		kind := w.dec.PeekKind()
		switch {
		case string(name.text) != "nextToken" || kind == 'n':
			err = w.dec.SkipValue()
		case kind != '"':
			err = w.misshape("pagination.nextToken", "string", kind)
		default:
			var value scalar
			value, err = w.scalar()
			token = string(value.text)
		}
		if err != nil {
			return "", err
		}
	}
	_, err = w.dec.ReadToken()
	return token, err
}
