package spapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

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
// panics, and whatever happens to the bytes around them, personal values come
// out only where they may be held.
func FuzzPage(f *testing.F) {
	bodies := markedExamples(f)
	for i := range bodies {
		f.Add(uint8(i), uint16(0), uint16(0), []byte{}, smallPage(`"buyer":{"buyerName":"a"},"x":[{}]`))
	}
	f.Add(uint8(0), uint16(30), uint16(3), []byte(`"x":{"a":[1,{}]},`), []byte(`{"orders":[{"orderId":1,"orderId":2}]}`))
	f.Add(uint8(0), uint16(0), uint16(0), []byte{}, []byte(`{"orders":[null,[],{"orderItems":[{}]},"\ud800\u0000"],"pagination":{"nextToken":"a"}}`))
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

func checkPage(t *testing.T, body []byte, marked bool) {
	t.Helper()
	for _, personal := range []bool{false, true} {
		page, err := testReader.page(body, allGroups, personal)
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
