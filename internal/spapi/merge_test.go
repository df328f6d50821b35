package spapi_test

import (
	"encoding/json"
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
