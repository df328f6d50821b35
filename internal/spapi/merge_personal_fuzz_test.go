package spapi

import (
	"bytes"
	"testing"
)

// FuzzMergePersonal lays any two objects over each other: what comes out is an
// object that holds every member of both, and laying the fresh one over it again
// changes nothing.
func FuzzMergePersonal(f *testing.F) {
	f.Add([]byte(`{"buyer":{"buyerName":"a","buyerEmail":"b"}}`), []byte(`{"buyer":{"buyerName":"c"}}`))
	f.Add([]byte(`{"orderItems":[{},{"a":1,"orderItemId":"1"}]}`), []byte(`{"orderItems":[{"b":1,"orderItemId":"1"},{"orderItemId":7},[],null]}`))
	f.Add([]byte(`{"orderItems":[{"a":1,"orderItemId":"1"},{"a":2,"orderItemId":"1"}]}`), []byte(`{"orderItems":[]}`))
	f.Add([]byte(`{"tax":{"taxRegistrations":[{"legalName":"a"}]}}`), []byte(`{"tax":null}`))
	f.Add([]byte(`null`), []byte(`{"a":1e999}`))
	f.Fuzz(func(t *testing.T, stored, fresh []byte) {
		out, err := MergePersonal(stored, fresh)
		if err != nil {
			return
		}
		merged, err := readObject(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		for _, part := range [][]byte{stored, fresh} {
			object, err := readObject(part)
			if err != nil {
				t.Fatalf("%q was taken for an object: %v", part, err)
			}
			for name := range object {
				if _, ok := merged[name]; !ok {
					t.Fatalf("%q is gone from %s", name, out)
				}
			}
		}
		again, err := MergePersonal(out, fresh)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := MergePersonal(again, fresh); err != nil || !bytes.Equal(again, twice) {
			t.Fatalf("%v: once %s, twice %s", err, again, twice)
		}
	})
}
