package spapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ordersync"
)

// MergeRaw lays a fresh raw body of an order over the stored one, where the
// request for the fresh one asked for fewer data groups: what belongs to a group
// that was not asked for stays. Elements of orderItems and packages belong
// together by their ids; items that are gone stay gone. What was left out of the
// groups that stay is still listed as left out.
func MergeRaw(stored, fresh []byte, asked ordersync.Groups) ([]byte, error) {
	before, err := readObject(stored)
	if err != nil {
		return nil, fmt.Errorf("stored body: %w", err)
	}
	after, err := readObject(fresh)
	if err != nil {
		return nil, fmt.Errorf("fresh body: %w", err)
	}
	asked |= ordersync.GroupCore
	mergeObject(orderTable, before, after, asked)
	mergeReduced(before, after, asked)
	out, err := json.Marshal(after)
	if err != nil {
		return nil, fmt.Errorf("merged body: %w", err)
	}
	return out, nil
}

var errNoObject = errors.New("it is no JSON object")

func readObject(body []byte) (out map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()                                       // numbers keep their spelling
	if err = d.Decode(&out); err == nil && out == nil { // null
		err = errNoObject
	}
	return out, err
}

func mergeObject(f *field, before, after map[string]any, asked ordersync.Groups) {
	for name, child := range f.fields {
		old, had := before[name]
		if !had {
			continue
		}
		if !asked.Has(child.group) {
			after[name] = old
			continue
		}
		switch fresh := after[name].(type) {
		case map[string]any:
			if old, ok := old.(map[string]any); ok {
				mergeObject(child, old, fresh, asked)
			}
		case []any:
			if old, ok := old.([]any); ok {
				mergeElements(child.element, old, fresh, asked)
			}
		}
	}
}

// mergeElements merges the elements that have the same id. f is nil where the model
// has no array.
func mergeElements(f *field, before, after []any, asked ordersync.Groups) {
	if f == nil {
		return
	}
	id := strings.Trim(f.idQuoted, `":`)
	if id == "" {
		return
	}
	known := map[any]map[string]any{}
	for _, e := range before {
		if o, ok := e.(map[string]any); ok {
			if key, ok := o[id].(string); ok {
				known[key] = o
			}
		}
	}
	for _, e := range after {
		if o, ok := e.(map[string]any); ok {
			if key, ok := o[id].(string); ok && known[key] != nil {
				mergeObject(f, known[key], o, asked)
			}
		}
	}
}

// mergeReduced lists what was left out: of the fresh order, and of the groups of
// the stored one that stay.
func mergeReduced(before, after map[string]any, asked ordersync.Groups) {
	list := reductionsOf(after)
	for _, r := range reductionsOf(before) {
		if len(list) < maxReduced && !asked.Has(groupAt(r.path)) && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, compareReductions)
	out := make([]any, 0, len(list))
	for _, r := range list {
		out = append(out, map[string]any{"path": r.path, "type": r.kind})
	}
	after[reducedName] = out
}

// reductionsOf reads the list of what was left out of a raw order.
func reductionsOf(raw map[string]any) (out []reduction) {
	list, _ := raw[reducedName].([]any)
	for _, e := range list {
		o, _ := e.(map[string]any)
		path, hasPath := o["path"].(string)
		kind, hasKind := o["type"].(string)
		if hasPath && hasKind {
			out = append(out, reduction{path, kind})
		}
	}
	return out
}

// groupAt is the data group of a path; an unknown field belongs to the group of
// what it stands in.
func groupAt(path string) ordersync.Groups {
	f := orderTable
	for _, name := range strings.Split(path, ".") {
		child := f.fields[strings.TrimRight(name, "[]")]
		if child == nil {
			break
		}
		f = child
		for f.element != nil {
			f = f.element
		}
	}
	return f.group
}
