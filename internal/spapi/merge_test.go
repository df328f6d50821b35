package spapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/spapi"

	"github.com/google/go-cmp/cmp"
)

func TestMergeRawKeepsGroupsThatWereNotAskedFor(t *testing.T) {
	const stored = `{"orderId":"1","programs":["OLD"],"proceeds":{"grandTotal":{"amount":"9.90","currencyCode":"EUR"}},
		"fulfillment":{"fulfillmentStatus":"UNSHIPPED"},
		"orderItems":[{"orderItemId":"a","quantityOrdered":1,"proceeds":{"proceedsTotal":{"amount":"9.90","currencyCode":"EUR"}}},
			{"orderItemId":"gone","quantityOrdered":1}]}`
	const fresh = `{"orderId":"1","programs":["NEW"],"fulfillment":{"fulfillmentStatus":"SHIPPED"},
		"orderItems":[{"orderItemId":"new","quantityOrdered":3},{"orderItemId":"a","quantityOrdered":2}]}`
	const want = `{"orderId":"1","programs":["NEW"],"proceeds":{"grandTotal":{"amount":"9.90","currencyCode":"EUR"}},
		"fulfillment":{"fulfillmentStatus":"SHIPPED"},
		"orderItems":[{"orderItemId":"new","quantityOrdered":3},
			{"orderItemId":"a","quantityOrdered":2,"proceeds":{"proceedsTotal":{"amount":"9.90","currencyCode":"EUR"}}}]}`

	got, err := spapi.MergeRaw([]byte(stored), []byte(fresh), ordersync.GroupCore|ordersync.GroupFulfillment)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, want), decoded(t, string(got))); diff != "" {
		t.Errorf("merged body (-want +got):\n%s", diff)
	}
}

func TestMergeRawReplacesWhatWasAskedFor(t *testing.T) {
	got, err := spapi.MergeRaw([]byte(`{"orderId":"1","proceeds":{"grandTotal":{"amount":"1","currencyCode":"EUR"}}}`),
		[]byte(`{"orderId":"1"}`), ordersync.OrderGroups)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, `{"orderId":"1"}`), decoded(t, string(got))); diff != "" {
		t.Errorf("merged body (-want +got):\n%s", diff)
	}
}

func decoded(t *testing.T, body string) (out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What was left out of the groups that stay is still said to be left out.
func TestMergeRawKeepsWhatWasReduced(t *testing.T) {
	const stored = `{"orderId":"1","buyer":{},"tax":{"taxRegistrations":[{}]},"orderItems":[{"orderItemId":"a"}],"$reduced":[
		{"path":"buyer.buyerName","type":"string"},{"path":"futureField","type":"object"},
		{"path":"orderItems[].fulfillment.packing.giftOption.giftMessage","type":"string"},
		{"path":"orderItems[].product.customization.customizedUrl","type":"string"},
		{"path":"tax.futureTax.deep","type":"number"},{"path":"tax.taxRegistrations[].legalName","type":"string"}]}`
	tests := map[string]struct {
		fresh, want string
		asked       ordersync.Groups
	}{
		"nothing left out anew": {
			`{"orderId":"1","orderItems":[{"orderItemId":"a"}]}`,
			`[{"path":"buyer.buyerName","type":"string"},{"path":"tax.futureTax.deep","type":"number"},{"path":"tax.taxRegistrations[].legalName","type":"string"}]`,
			ordersync.GroupFulfillment,
		},
		"something left out anew": {
			`{"orderId":"1","orderItems":[{"orderItemId":"a"}],"$reduced":[{"path":"anotherField","type":"array"},{"path":"buyer.buyerName","type":"string"}]}`,
			`[{"path":"anotherField","type":"array"},{"path":"buyer.buyerName","type":"string"},
				{"path":"orderItems[].fulfillment.packing.giftOption.giftMessage","type":"string"},
				{"path":"tax.futureTax.deep","type":"number"},{"path":"tax.taxRegistrations[].legalName","type":"string"}]`,
			ordersync.GroupProceeds,
		},
		"all asked for": {
			`{"orderId":"1","orderItems":[{"orderItemId":"a"}]}`, `null`, ordersync.OrderGroups | ordersync.PersonalGroups,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := spapi.MergeRaw([]byte(stored), []byte(test.fresh), test.asked)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := decoded(t, string(got)).(map[string]any)
			if diff := cmp.Diff(decoded(t, test.want), body["$reduced"]); diff != "" {
				t.Errorf("left out (-want +got):\n%s", diff)
			}
		})
	}
}

// However much was left out, the list stays as short as that of one answer.
func TestMergeRawBoundsWhatWasReduced(t *testing.T) {
	list := func(prefix string) string {
		var entries []string
		for i := range 40 {
			entries = append(entries, fmt.Sprintf(`{"path":"%s%02d","type":"string"}`, prefix, i))
		}
		return `{"orderId":"1","$reduced":[` + strings.Join(entries, ",") + `]}`
	}
	got, err := spapi.MergeRaw([]byte(list("tax.f")), []byte(list("f")), ordersync.GroupCore)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := decoded(t, string(got)).(map[string]any); len(body["$reduced"].([]any)) != 50 {
		t.Errorf("%d are listed", len(body["$reduced"].([]any)))
	}
}

func TestMergeRawRefusesABodyThatIsNull(t *testing.T) {
	const order = `{"orderId":"1","proceeds":{}}`
	for name, bodies := range map[string][2]string{"stored": {"null", order}, "fresh": {order, "null"}} {
		if got, err := spapi.MergeRaw([]byte(bodies[0]), []byte(bodies[1]), ordersync.GroupCore); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestMergeRawOfAnArrayWhereTheModelHasNone(t *testing.T) {
	got, err := spapi.MergeRaw([]byte(`{"orderId":["a"]}`), []byte(`{"orderId":[]}`), ordersync.GroupCore)
	if want := `{"orderId":[]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
