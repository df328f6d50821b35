package spapisim_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSandbox(t *testing.T) {
	const eight = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES"
	b := setup(t)
	sandbox, err := b.sim.Sandbox(modelFile(t, "orders_2026-01-01.json"))
	b.must(err)
	b.handler = sandbox
	for _, c := range []struct {
		name, path string
		query      []string
		status     int
		part       string
	}{
		{"japan", searchPath, []string{"createdAfter", "2024-12-25T00:00:00Z", "marketplaceIds", japan, "includedData", eight}, 200, `"nextToken":"2YgYW55IGNhcm5hbCBwbGVhc3VyZS4"`},
		{"britain, last page", searchPath, []string{"createdAfter", "2024-12-23T00:00:00Z", "marketplaceIds", britain, "includedData", eight, "paginationToken", "9ZhB4RmVyc2lvbiAxLjAgb2YgdGhl"}, 200, `"202-7654321-1098765"`},
		{"brazil", searchPath, []string{"createdAfter", "2024-12-20T00:00:00Z", "marketplaceIds", "A2Q3Y263D00KWC", "includedData", "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,TAX,PAYMENT"}, 200, `"171-2345678-9012345"`},
		{"error", searchPath, []string{"createdAfter", "TEST_CASE_400"}, 400, `"message":"Invalid Input"`},
		{"other order of the list", searchPath, []string{"createdAfter", "2024-12-20T00:00:00Z", "marketplaceIds", "A2Q3Y263D00KWC", "includedData", "TAX,PAYMENT,BUYER,RECIPIENT,PROCEEDS,FULFILLMENT"}, 200, `"171-2345678-9012345"`},
		{"a parameter more", searchPath, []string{"createdAfter", "2024-12-20T00:00:00Z", "marketplaceIds", "A2Q3Y263D00KWC", "includedData", "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,TAX,PAYMENT", "maxResultsPerPage", "100"}, 400, "Could not match input arguments"},
		{"a parameter less", searchPath, []string{"createdAfter", "2024-12-20T00:00:00Z", "marketplaceIds", "A2Q3Y263D00KWC"}, 400, "Could not match input arguments"},
		{"another value", searchPath, []string{"createdAfter", "2024-12-21T00:00:00Z"}, 400, "Could not match input arguments"},
		{"order of brazil", searchPath + "/171-9876543-2109876", []string{"includedData", eight}, 200, `"171-9876543-2109876"`},
		{"order of turkey", searchPath + "/028-1234567-8901234", []string{"includedData", "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,TAX"}, 200, "TAX_OFFICE"},
		{"order in a store", searchPath + "/114-9876543-1234567", []string{"includedData", "RECIPIENT,PROCEEDS,FULFILLMENT"}, 200, "IN_STORE_PICK_UP"},
		{"order error", searchPath + "/TEST_CASE_400", nil, 400, `"message":"Invalid Input"`},
		{"another order", searchPath + "/1", nil, 400, "Could not match input arguments"},
		{"unknown path", "/orders/v0/orders", nil, 403, "MissingAuthenticationToken"},
	} {
		r := b.get(c.path, c.query...)
		if r.status != c.status || !strings.Contains(string(r.body), c.part) || !json.Valid(r.body) {
			t.Errorf("%s: %d %s", c.name, r.status, clip(r.body))
		}
		path := searchPath
		if strings.HasPrefix(c.path, searchPath+"/") {
			path += "/{orderId}"
		}
		checkAnswer(t, "orders_2026-01-01.json", path, r.status, r.body)
	}
	b.access = "Atza|other"
	if r := b.get(searchPath, "createdAfter", "TEST_CASE_400"); r.status != 403 {
		t.Errorf("without a good token: %d", r.status)
	}
	sellers, err := b.sim.Sandbox(modelFile(t, "sellers.json"))
	b.must(err)
	b.handler, b.access = sellers, b.sim.MustAccessToken(b.refresh)
	if r := b.get(participationPath); r.status != 200 || !strings.Contains(string(r.body), "BestSellerStore") {
		t.Errorf("%d %s", r.status, r.body)
	}
	for _, bad := range []string{"", "{}", `{"paths":{"/a":{"get":{"responses":{"many":{"x-amzn-api-sandbox":{"static":[{"request":{"parameters":{}},"response":{}}]}}}}}}}`} {
		if _, err := b.sim.Sandbox([]byte(bad)); err == nil {
			t.Errorf("model %q was taken", bad)
		}
	}
}
