package spapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MergePersonal lays the personal fields of a fresh order over those that are
// stored, each the object of one data group as in [ordersync.Order.Personal].
// Amazon leaves out, field by field, what a role does not open, or opens no more
// ("Access Orders PII"): what the fresh object lacks stays, but for the lines of an address, of
// which all come or none. Elements of orderItems
// and packages belong together by their ids, and lose their places; any other array
// is replaced.
func MergePersonal(stored, fresh []byte) ([]byte, error) {
	before, err := readObject(stored)
	if err != nil {
		return nil, fmt.Errorf("stored personal fields: %w", err)
	}
	after, err := readObject(fresh)
	if err != nil {
		return nil, fmt.Errorf("fresh personal fields: %w", err)
	}
	layOver(orderTable, before, after)
	out, err := json.Marshal(after)
	if err != nil {
		return nil, fmt.Errorf("merged personal fields: %w", err)
	}
	return out, nil
}

// layOver gives after what it lacks of before. f is nil where the model ends.
func layOver(f *field, before, after map[string]any) {
	for name, old := range before {
		child := f.child(name)
		switch fresh := after[name].(type) {
		case nil: // absent, or Amazon's null
			after[name] = old
		case map[string]any:
			if old, ok := old.(map[string]any); ok {
				if child != nil && child.path == "recipient.deliveryAddress" && addressed(fresh) {
					keepPhone(old, fresh)
					continue
				}
				layOver(child, old, fresh)
			}
		case []any:
			if old, ok := old.([]any); ok && child != nil && child.element != nil {
				after[name] = layElements(child.element, old, fresh)
			}
		}
	}
}

// addressLines are what one role opens of an address, all or none of it ("Access
// Orders PII"): where one of them comes, those that do not are empty.
var addressLines = []string{"name", "addressLine1", "addressLine2", "addressLine3", "postalCode"}

// addressed tells whether an address came with its lines.
func addressed(fresh map[string]any) bool {
	return slices.ContainsFunc(addressLines, func(name string) bool { return fresh[name] != nil })
}

// keepPhone gives a fresh address the phone that another rule leaves out once the
// order was delivered, if it is the same address still.
func keepPhone(old, fresh map[string]any) {
	for _, name := range []string{"name", "addressLine1", "postalCode"} {
		if was, is := old[name], fresh[name]; was == nil || is == nil || was != is {
			return
		}
	}
	if fresh["phone"] == nil && old["phone"] != nil {
		fresh["phone"] = old["phone"]
	}
}

// layElements lays elements that have ids over those of the same ids. What nothing
// is said of stays: an element of which nothing is kept apart comes without its id.
func layElements(f *field, before, after []any) []any {
	id := strings.Trim(f.idQuoted, `":`)
	if id == "" {
		return after
	}
	fresh := map[any]map[string]any{}
	out := []any{}
	for _, e := range after {
		if o, ok := e.(map[string]any); ok && len(o) > 0 {
			if key, ok := o[id].(string); ok {
				fresh[key] = o
			}
			out = append(out, o)
		}
	}
	for _, e := range before {
		o, ok := e.(map[string]any)
		if !ok {
			continue
		}
		key, ok := o[id].(string)
		switch {
		case !ok: // it can belong to no other
		case fresh[key] != nil:
			layOver(f, o, fresh[key])
		default:
			out = append(out, o)
		}
	}
	return out
}

// child is the field of a name, nil where the model has none.
func (f *field) child(name string) *field {
	if f == nil {
		return nil
	}
	return f.fields[name]
}
