package httpapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// manyOrders stores twelve orders of "mine", an hour apart, and one of "other".
func (w *world) manyOrders() ordersync.ConnectionID {
	w.t.Helper()
	w.key("mine")
	id := w.connect("mine")
	var orders []store.PageOrder
	for i := range 12 {
		orders = append(orders, order(fmt.Sprintf("028-0000000-00000%02d", i), start.Add(-time.Duration(i)*time.Hour), 1, func(o *store.PageOrder) {
			if i%3 == 0 {
				o.Status = "SHIPPED"
			}
		}))
	}
	w.reads(id, orders...)
	w.reads(w.connect("other"), order("999-0000000-0000000", start, 1))
	return id
}

// ids are the order ids of a page, shortened to what differs.
func ids(page object) string {
	var out []string
	for _, o := range page["orders"].([]any) {
		out = append(out, strings.TrimPrefix(o.(object)["externalOrderId"].(string), "028-0000000-00000"))
	}
	return strings.Join(out, " ")
}

// Orders are listed as the predecessor listed them, and by cursor.
func TestListOrders(t *testing.T) {
	onBoth(t, func(w *world) {
		w.manyOrders()
		for _, c := range []struct {
			query url.Values
			want  string
			total float64
			more  bool
		}{
			{nil, "00 01 02 03 04 05 06 07 08 09 10 11", 12, false},
			{url.Values{"limit": {"3"}}, "00 01 02", 12, true},
			{url.Values{"limit": {"3"}, "offset": {"9"}}, "09 10 11", 12, false},
			{url.Values{"offset": {"50"}}, "", 12, false},
			{url.Values{"q": {"0000011"}}, "11", 1, false},
			{url.Values{"q": {"sku-028-0000000-0000005-1"}}, "05", 1, false},
			{url.Values{"q": {"%"}}, "", 0, false},
			{url.Values{"q": {"999-"}}, "", 0, false}, // another tenant's
			{url.Values{"status": {"SHIPPED"}}, "00 03 06 09", 4, false},
			{url.Values{"status": {"SHIPPED, UNSHIPPED"}, "limit": {"1"}}, "00", 12, true},
			{url.Values{"q": {"0000011"}, "match": {"prefix"}}, "", 0, false},
			{url.Values{"q": {"028-0000000-0000011"}, "match": {"prefix"}}, "11", 1, false},
			{url.Values{"q": {"sku-028-0000000-000001"}, "match": {"prefix"}}, "10 11", 2, false},
			{url.Values{"status": {"CONFIRMED"}, "limit": {"2"}}, "01 02", 8, true},
			{url.Values{"status": {"PENDING,UNKNOWN"}}, "", 0, false},
			{url.Values{"amazonStatus": {"SHIPPED"}}, "00 03 06 09", 4, false},
			{url.Values{"deliveryStatus": {"SHIPPED, LOST"}}, "00 03 06 09", 4, false},
			{url.Values{"marketplace": {"FR,X"}, "fulfillmentChannel": {"FBM"}, "limit": {"1"}}, "00", 12, true},
			{url.Values{"marketplace": {"DE"}}, "", 0, false},
			{url.Values{"fulfillmentChannel": {"FBA,UNKNOWN"}}, "", 0, false},
			{url.Values{"connectionId": {"1"}, "limit": {"1"}}, "00", 12, true},
			{url.Values{"connectionId": {"2"}}, "", 0, false}, // another tenant's
			{url.Values{"updatedFrom": {"2026-01-12T01:54:23Z"}}, "00 01", 2, false},
			{url.Values{"updatedTo": {"2026-01-11"}, "limit": {"2"}}, "03 04", 9, true},
			{url.Values{"dateFrom": {"2026-01-12"}}, "00 01 02", 3, false},
			{url.Values{"dateTo": {"2026-01-11"}, "limit": {"2"}}, "03 04", 9, true},
			{url.Values{"dateFrom": {"2026-01-12T01:54:23+01:00"}, "dateTo": {"2026-01-12T01:54:23Z"}}, "01 02", 2, false},
		} {
			page := w.get("/api/v1/orders?"+c.query.Encode(), w.as("mine")).want(200)
			at := page["pagination"].(object)
			if ids(page) != c.want || page["total"] != c.total || at["hasMore"] != c.more || page["count"] != float64(len(page["orders"].([]any))) {
				t.Errorf("%v: %s of %v, %v", c.query, ids(page), page["total"], at)
			}
			if _, has := at["nextCursor"]; has != c.more {
				t.Errorf("%v: %v", c.query, at)
			}
		}
		var all []string
		for cursor, more := "", true; more; {
			page := w.get("/api/v1/orders?limit=5"+cursor, w.as("mine")).want(200)
			all = append(all, ids(page))
			next, ok := page["pagination"].(object)["nextCursor"].(string)
			cursor, more = "&cursor="+url.QueryEscape(next), ok
		}
		if got := strings.Join(all, " | "); got != "00 01 02 03 04 | 05 06 07 08 09 | 10 11" {
			t.Errorf("by cursor: %s", got)
		}
	})
}

// What is asked for in words that are none is refused with those that are.
func TestWrongFilters(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.manyOrders()
		for query, field := range map[string]string{
			"deliveryStatus=shipped":                      "query.deliveryStatus: use one or several of LOST",
			"fulfillmentChannel=AMAZON":                   "query.fulfillmentChannel: use one or several of FBA, FBM, UNKNOWN",
			"connectionId=0":                              "query.connectionId",
			"connectionId=x":                              "query.connectionId",
			"updatedFrom=soon":                            "query.updatedFrom",
			"updatedFrom=2026-01-12&updatedTo=2026-01-11": "query.updatedTo",
			"match=regexp&q=x":                            "query.match",
			"cursor=all-WyJtaW5lIiwiMSIsIjAyOCIsIiIsIiJd": "query.cursor",
		} {
			w.get("/api/v1/orders?"+query, w.as("mine")).wantProblem(422, field)
		}
	})
}

// An operator who names no tenant finds orders of all of them by what an id or a SKU
// begins with; a tenant never does.
func TestFindOrdersOfAllTenants(t *testing.T) {
	onBoth(t, func(w *world) {
		w.manyOrders()
		find := func(query string, as option) (out string) {
			t.Helper()
			for cursor := ""; ; {
				page := w.get("/api/v1/orders?"+query+cursor, as).want(200)
				for _, o := range page["orders"].([]any) {
					out += o.(object)["tenantId"].(string) + " " + strings.TrimPrefix(o.(object)["externalOrderId"].(string), "028-0000000-00000") + " "
				}
				at := page["pagination"].(object)
				next, more := at["nextCursor"].(string)
				if more != at["hasMore"] || page["total"].(float64) < page["count"].(float64) {
					t.Errorf("%s: %v, %v", query, page["total"], at)
				}
				if !more {
					return out
				}
				cursor = "&cursor=" + url.QueryEscape(next)
			}
		}
		for query, want := range map[string]string{
			"q=028-0000000-0000007":                     "mine 07 ",
			"q=028-0000000-000001":                      "mine 10 mine 11 ",
			"q=028-0000000-000001&limit=1&match=prefix": "mine 10 mine 11 ",
			"q=999-":                          "other 999-0000000-0000000 ",
			"q=sku-999":                       "other 999-0000000-0000000 ",
			"q=SKU-028-0000000-00000&limit=7": "mine 00 mine 01 mine 02 mine 03 mine 04 mine 05 mine 06 mine 07 mine 08 mine 09 mine 10 mine 11 ",
			"q=0000000":                       "",
		} {
			if got := find(query, w.operator()); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		if got := find("q=999-", proxied(cron, "global")); got != "other 999-0000000-0000000 " {
			t.Errorf("an operator's proxy for no single tenant: %q", got)
		}
		for who, as := range map[string]option{"the tenant": w.as("mine"), "an operator's proxy for the tenant": proxied(cron, "mine")} {
			if got := find("q=999-", as); got != "" {
				t.Errorf("%s finds %q", who, got)
			}
		}
		w.get("/api/v1/orders", w.operator()).wantProblem(400, "tenantId", "by q")
		for query, field := range map[string]string{
			"q=9&match=contains": "query.match", "q=9&offset=1": "query.offset", "q=9&status=SHIPPED": "query.status", "q=9&amazonStatus=SHIPPED": "query.amazonStatus",
			"q=9&deliveryStatus=LOST": "query.deliveryStatus", "q=9&marketplace=FR": "query.marketplace", "q=9&fulfillmentChannel=FBA": "query.fulfillmentChannel",
			"q=9&connectionId=1": "query.connectionId", "q=9&dateFrom=2026-01-12": "query.dateFrom", "q=9&dateTo=2026-01-12": "query.dateTo",
			"q=9&updatedFrom=2026-01-12": "query.updatedFrom", "q=9&updatedTo=2026-01-12": "query.updatedTo", "q=9&cursor=1-1-x": "query.cursor",
		} {
			w.get("/api/v1/orders?"+query, w.operator()).wantProblem(422, field)
		}
	})
}

// An order is shown with how it can be followed, its life, and Amazon's own JSON
// without what is personal.
func TestOrderInDetail(t *testing.T) {
	onBoth(t, func(w *world) {
		w.key("mine")
		id := w.connect("mine")
		shipped := func(word string) func(*store.PageOrder) {
			return func(o *store.PageOrder) {
				o.Status, o.CreatedAt, o.DeliverBy.Latest = "SHIPPED", start.Add(-time.Hour), start.Add(time.Hour)
				o.Raw = []byte(`{"orderId":"028-0000000-0000001","n":12345678901234567890.10,"$reduced":{"buyer.buyerName":"string"}}`)
				o.Packages = []ordersync.Package{{
					ID: "7", Status: "IN_TRANSIT", DetailedStatus: word, Carrier: "dpd france", TrackingNumber: "0123 456/78", ShippedAt: start.Add(-time.Minute),
				}}
			}
		}
		w.reads(id, order("028-0000000-0000001", start.Add(-time.Hour), 1, shipped("BEAMED_UP")))
		get := func() object { return w.get("/api/v1/orders/028-0000000-0000001", w.as("mine")).want(200) }
		o := get()
		want := object{
			"orderStatus": "SHIPPED", "deliveryStatus": "IN_TRANSIT", "amazonStatus": "SHIPPED", "carrier": "DPD France", "trackingCode": "0123 456/78", "trackingSource": "ORDERS_API",
			"trackingUrl": "https://trace.dpd.fr/fr/trace/0123%20456%2F78", "shippedAt": "2026-01-12T02:53:23.000Z", "deliveredAt": nil, "orderRef": "#000001",
		}
		for field, value := range want {
			if o[field] != value {
				t.Errorf("%s: %v, want %v", field, o[field], value)
			}
		}
		p := o["packages"].([]any)[0].(object)
		if p["carrier"] != "dpd france" || p["carrierName"] != "DPD France" || p["detailedStatus"] != "BEAMED_UP" || p["deliveryStatus"] != "IN_TRANSIT" || p["trackingUrl"] != want["trackingUrl"] {
			t.Errorf("package: %v", p)
		}
		text := w.get("/api/v1/orders/028-0000000-0000001", w.as("mine")).text
		if !strings.Contains(text, `"n":12345678901234567890.10`) || !strings.Contains(text, `"raw":{"orderId":"028-0000000-0000001"`) {
			t.Errorf("Amazon's JSON is not as it was stored: %s", text)
		}
		w.later(2 * time.Hour)
		if o := get(); o["deliveryStatus"] != "DELAYED" {
			t.Errorf("after Amazon's latest time to deliver it is %v", o["deliveryStatus"])
		}
		w.reads(id, order("028-0000000-0000001", w.now(), 1, shipped("DELIVERED"), func(o *store.PageOrder) { o.Packages[0].Status = "DELIVERED" }))
		o = get()
		var life []string
		for _, m := range o["timeline"].([]any) {
			m := m.(object)
			life = append(life, fmt.Sprint(m["event"], " ", m["at"], " ", m["externalPackageId"], " ", m["seen"]))
		}
		if o["orderStatus"] != "DELIVERED" || o["deliveryStatus"] != "DELIVERED" || o["deliveredAt"] != "2026-01-12T04:54:23.000Z" || strings.Join(life, ", ") !=
			"placed 2026-01-12T01:54:23.000Z <nil> false, shipped 2026-01-12T02:53:23.000Z 7 false, delivered 2026-01-12T04:54:23.000Z <nil> true" {
			t.Errorf("delivered: %v, %v, %v, %v", o["orderStatus"], o["deliveryStatus"], o["deliveredAt"], life)
		}
	})
}

// An order is shown with its lines and what happened to it, to its tenant only.
func TestGetOrder(t *testing.T) {
	onBoth(t, func(w *world) {
		id := w.manyOrders()
		w.later(6 * time.Minute)
		w.reads(id, order("028-0000000-0000003", w.now(), 2, func(o *store.PageOrder) { o.Status = "CANCELLED" }))
		o := w.get("/api/v1/orders/028-0000000-0000003", w.as("mine")).want(200)
		changes := o["changes"].([]any)
		if o["amazonStatus"] != "CANCELLED" || o["totalAmount"] != "30.00" || len(o["items"].([]any)) != 2 || len(changes) != 2 {
			t.Fatalf("%v", o)
		}
		first, last := changes[0].(object), changes[1].(object)
		if first["kind"] != "created" || last["kind"] != "updated" || last["statusBefore"] != "SHIPPED" || last["statusAfter"] != "CANCELLED" || len(last["groups"].([]any)) == 0 {
			t.Errorf("%v", changes)
		}
		w.get("/api/v1/orders/999-0000000-0000000", w.as("mine")).want(404)
		w.get("/api/v1/orders/999-0000000-0000000?tenantId=other", w.operator()).want(200)
		w.get("/api/v1/orders/999-0000000-0000000", proxied(cron, "other")).want(200)
		w.get("/api/v1/orders/a%2Fb%00", w.as("mine")).want(404)
	})
}

// Of an order that two connections have, the one that was updated last is shown.
func TestOrderOfTwoConnections(t *testing.T) {
	onBoth(t, func(w *world) {
		w.key("mine")
		first := w.connect("mine", func(i *store.Import) { i.SellerID = "A1" })
		second := w.connect("mine", func(i *store.Import) { i.SellerID = "A2" })
		w.reads(first, order("028-0000000-0000001", start, 1))
		w.reads(second, order("028-0000000-0000001", start.Add(-time.Hour), 2))
		o := w.get("/api/v1/orders/028-0000000-0000001", w.as("mine")).want(200)
		if o["connectionId"] != fmt.Sprint(first) || fmt.Sprint(o["alsoIn"]) != fmt.Sprintf("[%d]", second) {
			t.Errorf("%v", o)
		}
	})
}

// The predecessor's routes for history say what is missing.
func TestBackfill(t *testing.T) {
	onBoth(t, func(w *world) {
		const route = "/api/v1/orders/sync/backfill/"
		w.key("mine")
		id := w.connect("mine")
		fresh := w.get(route+"status", w.as("mine")).want(200)
		if done, there := fresh["initialBackfillDoneAt"]; !there || done != nil {
			t.Errorf("initialBackfillDoneAt, which the predecessor's callers read: %v", fresh)
		}
		if fresh["initialBackfillStatus"] != nil || fresh["initialBackfillDays"] != 365. || fresh["oldestOrderDate"] != nil || fresh["ordersCount"] != 0. {
			t.Errorf("before anything is read: %v", fresh)
		}
		w.reads(id, order("028-0000000-0000001", start.Add(-30*time.Hour), 1), order("028-0000000-0000002", start, 1))
		got := w.get(route+"status?tenantId=mine", w.operator()).want(200)
		if got["initialBackfillStatus"] != "in_progress" || got["gapCount"] != 1. || got["ordersCount"] != 2. || got["oldestOrderDate"] != "2026-01-10T20:54:23.000Z" {
			t.Errorf("with a gap: %v", got)
		}
		more := w.post(route+"run?days=400", "", w.as("mine")).want(200)
		if more["success"] != true || more["daysBackfilled"] != 2. || more["days"] != 400. || more["finished"] != false || more["since"] != "2024-12-08T02:54:23.000Z" {
			t.Errorf("wanting more: %v", more)
		}
		if c := more["connections"].([]any)[0].(object); c["wantedSince"] != "2024-12-08T02:54:23.000Z" || c["nextBackWorkAt"] == nil {
			t.Errorf("wanting more: %v", c)
		}
		old := w.post("/api/v1/orders/backfill", "", w.as("mine")).want(200)
		if old["success"] != true || old["imported"] != 0. || old["days"] != 90. || len(old["errors"].([]any)) != 0 {
			t.Errorf("the older form: %v", old)
		}
		if same := w.get(route+"status", w.as("mine")).want(200); same["initialBackfillDays"] != 400. {
			t.Errorf("less was wanted then: %v", same)
		}
		if items := w.post("/api/v1/orders/sync/items", "", w.as("mine")).text; items != `{"success":true,"processed":0,"errors":[]}`+"\n" {
			t.Errorf("items: %s", items)
		}
	})
}

// Who is not connected cannot fetch an order, in the predecessor's word.
func TestImportOneWithoutConnection(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.key("mine")
		w.connect("mine", func(i *store.Import) { i.State = ordersync.Disabled })
		a := w.post("/api/v1/orders/import-one", `{"orderRef":"028-1234567-1234567"}`, w.as("mine"))
		a.wantProblem(400, `"code":"NO_ACTIVE_CHANNEL"`, `"reasonCode":"NOT_CONNECTED"`)
	})
}
