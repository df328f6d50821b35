package spapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ordersync"
)

// markPersonal replaces every personal value of an example by a mark.
func markPersonal(value any, path string) any {
	for _, personal := range personalPaths {
		if path == personal {
			return mark(value)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for name, kid := range value {
			value[name] = markPersonal(kid, joinPath(path, name))
		}
	case []any:
		for i, kid := range value {
			value[i] = markPersonal(kid, path+"[]")
		}
	}
	return value
}

const personalMark = "PERSONAL-MARK"

func mark(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, kid := range value {
			value[name] = mark(kid)
		}
		return value
	case []any:
		for i, kid := range value {
			value[i] = mark(kid)
		}
		return value
	}
	return personalMark
}

func markedExamples(t testing.TB) [][]byte {
	t.Helper()
	var bodies [][]byte
	for _, example := range allExamples(t) {
		page := parse(t, example.body).(map[string]any)
		orders := page["orders"].([]any)
		orders[0] = markPersonal(orders[0], "")
		body, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func TestMarkedExamplesHoldMarks(t *testing.T) {
	t.Parallel()
	all := bytes.Join(markedExamples(t), nil)
	if n := bytes.Count(all, []byte(personalMark)); n < 30 {
		t.Errorf("only %d marks", n)
	}
}

// FuzzPage changes pages, also those of Amazon's examples: reading never
// panics, gives the same twice, and whatever happens to the bytes around them,
// personal values come out only where they may be held.
func FuzzPage(f *testing.F) {
	bodies := markedExamples(f)
	for i := range bodies {
		f.Add(uint8(i), uint16(0), uint16(0), []byte{}, smallPage(`"buyer":{"buyerName":"a"},"x":[{}]`))
	}
	f.Add(uint8(0), uint16(30), uint16(3), []byte(`"x":{"a":[1,{}]},`), []byte(`{"orders":[{"orderId":1,"orderId":2}]}`))
	for _, free := range oddPages {
		f.Add(uint8(0), uint16(0), uint16(0), []byte{}, []byte(free))
	}
	f.Fuzz(func(t *testing.T, which uint8, at, cut uint16, insert, free []byte) {
		checkPage(t, free, false)
		// The seeded page with a piece replaced, unless the piece brings or
		// damages a name of the model: a renamed field is unknown, which is sealed
		// too, but a known name put before a personal value makes it that field's.
		body := bodies[int(which)%len(bodies)]
		from := int(at) % len(body)
		to := min(from+int(cut)%64, len(body))
		if bytes.ContainsAny(insert, `"\`) || bytes.ContainsAny(body[from:to], `"\`) {
			return
		}
		checkPage(t, bytes.Join([][]byte{body[:from], insert, body[to:]}, nil), !bytes.ContainsAny(insert, `{}[]:,`) && !bytes.ContainsAny(body[from:to], `{}[]:,`))
	})
}

// oddPages are pages as Amazon does not send them.
var oddPages = []string{
	`{"orders":[null,[],{"orderItems":[{}]},"\ud800\u0000"],"pagination":{"nextToken":"a"}}`,
	`{"orders":[],"pagination":{"nextToken":"a","nextToken":null},"lastUpdatedBefore":"2026-01-12T10:00:00Z"}`,
	`{"orders":[],"pagination":{"nextToken":7}}`, `{"orders":[],"orders":{}}`, `{"orders":[]}{}`, `{"orders":[`, ``, `null`, `[]`,
	`{"orders":[{"orderId":"1","createdTime":"2026-01-12T10:00:00Z","lastUpdatedTime":"2026-01-12T10:00:00.9999999+0200","orderItems":[]}]}`,
	`{"orders":[{"orderId":"1","createdTime":"0000-01-01T00:00:00Z","lastUpdatedTime":"9999-12-31T23:59:59-23:59","orderItems":[{"orderItemId":"a","quantityOrdered":2e0}]}]}`,
	`{"orders":[{"orderId":"1","createdTime":"2026-01-12T10:00:00Z","lastUpdatedTime":"2026-01-12T10:00:00Z","orderItems":[],"packages":[null],"programs":[{},null,"P"]}]}`,
	`{"orders":[{"orderId":"1","createdTime":"2026-01-12T10:00:00Z","lastUpdatedTime":"2026-01-12T10:00:00Z","orderItems":[{"orderItemId":"a","quantityOrdered":1},{"orderItemId":"a","quantityOrdered":1}]}]}`,
	`{"orders":[{"orderId":"1","createdTime":"2026-01-12T10:00:00Z","lastUpdatedTime":"2026-01-12T10:00:00Z","orderItems":[],"$reduced":[{"path":"a","type":"b"}],"proceeds":{"grandTotal":{"amount":1e3,"currencyCode":"E"}}}]}`,
}

// FuzzOrder reads answers to getOrder: an order that is read can be read again,
// the same, from the raw body that is kept of it; and it is the one of a page
// that holds it.
func FuzzOrder(f *testing.F) {
	for _, body := range markedExamples(f) {
		orders := parse(f, body).(map[string]any)["orders"].([]any)
		one, err := json.Marshal(orders[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(allGroups), one)
	}
	for _, body := range oddPages {
		f.Add(uint16(ordersync.GroupCore), []byte(strings.TrimSuffix(strings.TrimPrefix(body, `{"orders":[`), `]}`)))
	}
	f.Fuzz(func(t *testing.T, asked uint16, body []byte) {
		groups := ordersync.Groups(asked) & allGroups
		order, bad, err := testReader.order(bytes.Join([][]byte{[]byte(`{"order":`), body, {'}'}}, nil), groups, false)
		if err != nil || bad != nil {
			return
		}
		again, bad, err := testReader.order(bytes.Join([][]byte{[]byte(`{"order":`), order.Raw, {'}'}}, nil), groups, false)
		if err != nil || bad != nil {
			t.Fatalf("%s is read, and its raw body %s is not: %v, %+v", body, order.Raw, err, bad)
		}
		if diff := cmp.Diff(order, again, cmpopts.IgnoreFields(ordersync.Order{}, "Raw", "Digests"), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("its raw body reads as another order (-order +raw):\n%s", diff)
		}
		page, err := testReader.page(bytes.Join([][]byte{[]byte(`{"orders":[`), body, []byte(`]}`)}, nil), groups, false)
		if err == nil && len(page.Orders) == 1 && len(page.Unreadable) == 0 {
			if diff := cmp.Diff(order, page.Orders[0]); diff != "" {
				t.Fatalf("a page has it otherwise (-order +page):\n%s", diff)
			}
		}
	})
}

func checkPage(t *testing.T, body []byte, marked bool) {
	t.Helper()
	for _, personal := range []bool{false, true} {
		given := bytes.Clone(body)
		page, err := testReader.page(body, allGroups, personal)
		if again, errAgain := testReader.page(given, allGroups, personal); !reflect.DeepEqual(page, again) || (err == nil) != (errAgain == nil) || !bytes.Equal(body, given) {
			t.Errorf("read twice it is %+v, %v and %+v, %v", page, err, again, errAgain)
		}
		if err != nil {
			if strings.Contains(err.Error(), personalMark) {
				t.Errorf("the error repeats the body: %v", err)
			}
			continue
		}
		var open [][]byte
		for _, order := range page.Orders {
			open = append(open, order.Raw)
			if !personal && order.Personal != nil {
				t.Error("personal fields were kept")
			}
			for group, object := range order.Personal {
				if !json.Valid(object) {
					t.Errorf("personal fields of %s are no JSON: %q", group, object)
				}
			}
			if order.ID == "" || order.CreatedAt.IsZero() || order.LastUpdatedAt.IsZero() || order.Digests[0] == 0 {
				t.Errorf("an order lacks what it must have: %+v", order)
			}
			if y := order.LastUpdatedAt.Year(); y < -1 || y > 10000 {
				t.Errorf("an order was updated in the year %d", y)
			}
		}
		if empty := len(page.Orders)+len(page.Unreadable) == 0; empty != (page.Digest == 0) {
			t.Errorf("the digest of %d orders is %d", len(page.Orders)+len(page.Unreadable), page.Digest)
		}
		for _, bad := range page.Unreadable {
			open = append(open, bad.Body)
			if bad.Key == "" || bad.Cause == "" || strings.Contains(bad.Cause, personalMark) {
				t.Errorf("unreadable %+v", bad)
			}
		}
		for _, raw := range open {
			if !json.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 || ordersync.CleanText(string(raw)) != string(raw) {
				t.Errorf("raw is no clean JSON: %q", raw)
			}
			if marked && bytes.Contains(raw, []byte(personalMark)) {
				t.Errorf("raw holds a personal value: %s", raw)
			}
		}
	}
}
