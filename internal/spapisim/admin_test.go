package spapisim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func noSleep(context.Context, time.Duration) error { return nil }

// door is the admin door as somebody outside the process uses it.
type door struct {
	t testing.TB
	h http.Handler
}

func (d door) do(method, path string, in any, out any) int {
	d.t.Helper()
	text, ok := in.(string)
	if !ok {
		raw, err := json.Marshal(in)
		if err != nil {
			d.t.Fatal(err)
		}
		text = string(raw)
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(text)))
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	return w.Code
}

func (d door) ok(method, path string, in any, out any) {
	d.t.Helper()
	var raw json.RawMessage
	if code := d.do(method, path, in, &raw); code != 200 {
		d.t.Fatalf("%s %s: %d %s", method, path, code, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
}

type object = map[string]any

// TestAdminDoor goes through the life of a seller with nothing but HTTP.
func TestAdminDoor(t *testing.T) {
	b := setup(t)
	d := door{t, b.sim.Admin()}
	var app spapisim.Application
	d.ok("POST", "/applications", object{"clientId": "client", "clientSecret": "secret", "redirectUris": []string{"https://a.example/cb"}}, &app)
	var seller spapisim.Seller
	d.ok("POST", "/sellers", object{"region": "fe", "id": "A1SELLER", "marketplaces": []object{{"marketplaceId": japan}}}, &seller)
	if seller.Key != "fe/A1SELLER" {
		t.Fatalf("%+v", seller)
	}
	d.ok("PATCH", "/applications", object{"clientId": "client", "loginUri": "https://a.example/login", "draft": true}, nil)
	d.ok("PATCH", "/applications", object{"clientId": "client", "draft": false, "rotationEnrolled": true, "consentLimit": 9}, nil)
	d.ok("POST", "/applications/secret/notice", object{"clientId": "client"}, nil)
	var granted struct{ RefreshToken, Code string }
	d.ok("POST", "/authorizations", object{"clientId": "client", "seller": seller.Key}, &granted)
	d.ok("POST", "/authorizations", object{"clientId": "client", "seller": seller.Key, "redirectUri": "https://a.example/cb"}, &granted)
	if granted.Code == "" {
		t.Error("no code")
	}
	b.app, b.seller, b.refresh = app, seller, granted.RefreshToken
	b.access = b.login(b.refresh)

	d.ok("POST", "/orders", object{"seller": seller.Key, "orders": []object{{"late": "0s", "order": object{
		"orderId": "1", "createdTime": at(start.Add(-time.Hour)), "salesChannel": object{"channelName": "AMAZON", "marketplaceId": japan},
		"fulfillment": object{"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
	}}}}, nil)
	var ids []string
	d.ok("POST", "/orders/generate", object{"seller": seller.Key, "n": 20, "from": at(start.Add(-10 * time.Hour)), "to": at(start.Add(-2 * time.Hour))}, &ids)
	if got := b.found(); len(ids) != 20 || len(got) != 21 {
		t.Errorf("%d grown, %d found", len(ids), len(got))
	}
	d.ok("POST", "/orders/change", object{"seller": seller.Key, "orderId": "1", "patch": object{"fulfillment": object{"fulfillmentStatus": "SHIPPED"}, "programs": []string{"PRIME"}}}, nil)
	var truth spapisim.Truth
	d.ok("GET", "/orders?seller="+seller.Key+"&orderId=1", "", &truth)
	if f := truth.Order.Fulfillment; f.FulfillmentStatus != "SHIPPED" || f.FulfilledBy != "MERCHANT" || len(truth.Order.Programs) != 1 {
		t.Errorf("%+v", truth.Order)
	}
	d.ok("POST", "/orders/change", object{"seller": seller.Key, "orderId": "1", "damage": "no-items"}, nil)
	if r := b.get(searchPath + "/1"); strings.Contains(string(r.body), "orderItems") {
		t.Errorf("%s", r.body)
	}
	d.ok("POST", "/orders/change", object{"seller": seller.Key, "orderId": "1", "damage": object{"Order.orderId": "7"}}, nil)
	if r := b.get(searchPath + "/1"); !strings.Contains(string(r.body), `"orderId":7`) {
		t.Errorf("%s", r.body)
	}
	var all []spapisim.Truth
	d.ok("GET", "/orders?seller="+seller.Key, "", &all)
	if len(all) != 21 {
		t.Errorf("%d orders", len(all))
	}

	var fault struct{ ID int }
	d.ok("POST", "/faults", object{"kind": "forbidden", "variant": "expired", "seller": seller.Key, "until": at(start.Add(time.Hour))}, &fault)
	if r := b.get(searchPath + "/1"); r.status != 403 {
		t.Errorf("%d", r.status)
	}
	var faults []spapisim.FaultState
	d.ok("GET", "/faults", "", &faults)
	d.ok("DELETE", fmt.Sprintf("/faults/%d", fault.ID), "", nil)
	d.ok("DELETE", "/faults", "", nil)
	if len(faults) != 1 || faults[0].Hits != 1 || len(b.sim.Faults()) != 0 {
		t.Errorf("%+v", faults)
	}

	d.ok("PATCH", "/switches", object{"rateHeader": "off", "lateBy": "10m"}, nil)
	d.ok("PATCH", "/switches", object{"seconds": true}, nil)
	d.ok("PATCH", "/switches?seller="+seller.Key, object{"seconds": false}, nil)
	var sw spapisim.Switches
	d.ok("GET", "/switches", "", &sw)
	if !sw.Seconds || sw.RateHeader != "off" || sw.LateBy.D() != 10*time.Minute {
		t.Errorf("%+v", sw)
	}
	d.ok("POST", "/rates", object{"operation": "getOrder", "seller": seller.Key, "perSecond": 1, "burst": 2}, nil)
	d.ok("POST", "/rates/scale", object{"scale": 2}, nil)
	var buckets []spapisim.BucketState
	b.get(searchPath + "/1")
	d.ok("GET", "/buckets?seller="+seller.Key, "", &buckets)
	if len(buckets) != 2 || buckets[1].Rate.PerSecond != 2 || buckets[1].Tokens != 1 {
		t.Errorf("%+v", buckets)
	}

	var counters spapisim.Counters
	d.ok("GET", "/counters", "", &counters)
	if counters.Total(seller.Key, spapisim.GetOrder, 403) != 1 {
		t.Errorf("%+v", counters)
	}
	var calls []spapisim.CallRecord
	d.ok("GET", "/calls", "", &calls)
	d.ok("DELETE", "/counters", "", nil)
	if len(calls) == 0 || len(b.sim.Calls()) != 0 {
		t.Error("calls")
	}

	var rotated struct{ ClientSecret string }
	d.ok("POST", "/applications/secret/rotate", object{"clientId": "client"}, &rotated)
	d.ok("POST", "/applications/secret/expire", object{"clientId": "client", "expired": true}, nil)
	d.ok("POST", "/applications/roles", object{"clientId": "client", "roles": []string{"Pricing"}}, nil)
	d.ok("POST", "/sellers/marketplaces", object{"seller": seller.Key, "marketplaces": []object{}}, nil)
	d.ok("POST", "/revocations", object{"clientId": "client", "seller": seller.Key}, nil)
	if r := b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", "client", "client_secret", rotated.ClientSecret); r.status != 400 {
		t.Errorf("%d %s", r.status, r.body)
	}
	var members []spapisim.Member
	d.ok("POST", "/fleet", object{"clientId": "client", "sellers": 3, "orders": 2, "from": at(start.Add(-time.Hour)), "to": at(start), "troubles": []string{"revoked"}}, &members)
	if len(members) != 3 || members[0].RefreshToken == "" || members[0].Key == "" {
		t.Errorf("%+v", members)
	}
	for _, path := range []string{"/applications", "/sellers", "/clock", "/names", "/authorizations", "/notifications"} {
		d.ok("GET", path, "", nil)
	}
}

func TestAdminDoorRefuses(t *testing.T) {
	b := setup(t)
	d := door{t, b.sim.Admin()}
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/sellers", `{"region":"mars"}`},
		{"POST", "/sellers", `{"region":"eu","colour":"red"}`},
		{"POST", "/sellers", `{"region":"eu"} {}`},
		{"POST", "/sellers", ``},
		{"POST", "/authorizations", `{"clientId":"x","seller":"y"}`},
		{"POST", "/revocations", `{"clientId":"x","seller":"y"}`},
		{"GET", "/orders?seller=x", ``},
		{"GET", "/orders?seller=" + b.seller.Key + "&orderId=x", ``},
		{"POST", "/orders/change", `{"seller":"` + b.seller.Key + `","orderId":"x"}`},
		{"POST", "/orders/change", `{"seller":"` + b.seller.Key + `","orderId":"x","patch":{"orderItems":7}}`},
		{"POST", "/orders/change", `{"seller":"` + b.seller.Key + `","orderId":"x","damage":"scratch"}`},
		{"POST", "/faults", `{"kind":"flood"}`},
		{"DELETE", "/faults/7", ``},
		{"PATCH", "/switches", `{"sort":"sideways"}`},
		{"PATCH", "/switches", `{"colour":1}`},
		{"PATCH", "/switches", `{"lateBy":7}`},
		{"POST", "/rates", `{"operation":"searchOrders","perSecond":-1,"burst":1}`},
		{"POST", "/rates/scale", `{"scale":0}`},
		{"POST", "/fleet", `{"clientId":"x","sellers":1}`},
		{"POST", "/applications/roles", `{"clientId":"x"}`},
		{"POST", "/applications", `{"redirectUris":["app.example/callback"]}`},
		{"POST", "/applications", `{"redirectUris":["https://app.example/callback#top"]}`},
		{"POST", "/applications", `{"loginUri":"javascript:alert(1)"}`},
		{"POST", "/applications", `{"applicationId":"amzn1.application-oa2-client.0"}`},
		{"POST", "/applications", `{"applicationId":"` + b.app.ApplicationID + `"}`},
		{"POST", "/applications", `{"consentLimit":-1}`},
		{"PATCH", "/applications", `{"clientId":"x"}`},
		{"PATCH", "/applications", `{"clientId":"` + b.app.ClientID + `","clientSecret":"y"}`},
		{"PATCH", "/applications", `{"clientId":"` + b.app.ClientID + `","redirectUris":["ftp://app.example"]}`},
		{"PATCH", "/applications", `{"clientId":"` + b.app.ClientID + `","colour":"red"}`},
		{"POST", "/applications/secret/notice", `{"clientId":"` + b.app.ClientID + `"}`},
		{"POST", "/applications/secret/notice", `{"clientId":"x"}`},
		{"PATCH", "/switches", `{"oldToken":"gone"}`},
	} {
		var out struct{ Error string }
		if code := d.do(c.method, c.path, c.body, &out); code != 400 || out.Error == "" {
			t.Errorf("%s %s %s: %d %q", c.method, c.path, c.body, code, out.Error)
		}
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "POST /orders/generate") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if code := d.do("GET", "/nothing", "", nil); code != 404 {
		t.Errorf("%d", code)
	}
}
