package spapi

import (
	"bytes"
	"encoding/json"
	"testing"

	"ordersync"

	"github.com/google/go-cmp/cmp"
)

// Whatever two raw bodies are merged: the result is an object; of the groups that
// were asked for it says what the fresh body says, and merging it again changes
// nothing. A body that is no object is refused, and not shown.
func FuzzMergeRaw(f *testing.F) {
	for _, example := range allExamples(f) {
		orders := parse(f, example.body).(map[string]any)["orders"].([]any)
		one, err := json.Marshal(orders[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(one, []byte(`{"orderId":"1","orderItems":[]}`), uint16(ordersync.GroupFulfillment))
		f.Add([]byte(`{"orderId":"1"}`), one, uint16(0))
		f.Add(one, one, uint16(ordersync.GroupCore|ordersync.GroupPackages))
	}
	f.Add([]byte(`{"proceeds":{}}`), []byte(`null`), uint16(0))
	f.Add([]byte(`null`), []byte(`{"$reduced":[{"path":"a","type":"b"},7]}`), uint16(0))
	f.Add([]byte(`{"orderItems":[{"orderItemId":"a","proceeds":1},{"orderItemId":"a","proceeds":2}]}`), []byte(`{"orderItems":[{"orderItemId":"a"},{"orderItemId":null},[]]}`), uint16(0))
	f.Add([]byte(`{"$reduced":[{"path":"tax.x","type":"string"}]}`), []byte(`{"a":1e999,"a":0.10}`), uint16(ordersync.GroupTax))
	f.Fuzz(func(t *testing.T, stored, fresh []byte, asked uint16) {
		groups := ordersync.Groups(asked) & allGroups
		out, err := MergeRaw(stored, fresh, groups)
		if err != nil {
			if big := max(len(stored), len(fresh)); big > 60 && (bytes.Contains([]byte(err.Error()), stored) && len(stored) > 60 || bytes.Contains([]byte(err.Error()), fresh) && len(fresh) > 60) {
				t.Fatalf("the error repeats a body: %v", err)
			}
			return
		}
		before, errBefore := readObject(fresh)
		after, errAfter := readObject(out)
		if errBefore != nil || errAfter != nil || after == nil {
			t.Fatalf("%s laid over %s is %s", fresh, stored, out)
		}
		for name, value := range before {
			child, known := orderTable.fields[name]
			if name == reducedName || known && (child.fields != nil || child.element != nil || !(groups|ordersync.GroupCore).Has(child.group)) {
				continue
			}
			if diff := cmp.Diff(value, after[name]); diff != "" {
				t.Fatalf("%s is not what the fresh body says:\n%s", name, diff)
			}
		}
		again, err := MergeRaw(stored, out, groups)
		if err != nil {
			t.Fatalf("merged again: %v", err)
		}
		if diff := cmp.Diff(string(out), string(again)); diff != "" {
			t.Fatalf("merged again it is another:\n%s", diff)
		}
	})
}
