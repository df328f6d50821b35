package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Operators pause, resume and set connections, and are shown what they did.
func TestOperate(t *testing.T) {
	onBoth(t, func(w *world) {
		path := fmt.Sprintf("/api/v1/tenants/mine/connections/%d", w.connect("mine"))
		if got := w.post(path+"/pause", "", w.operator()).want(200); got["paused"] != true || got["whoActs"] != "operator" {
			t.Errorf("%v", got)
		}
		if got := w.post(path+"/resume", "", w.operator()).want(200); got["paused"] != false || got["nextDueAt"] == nil {
			t.Errorf("%v", got)
		}
		for body, want := range map[string]object{
			`{"interval":"10m","history":"30d","personalData":true}`: {"interval": "10m0s", "history": "720h0m0s", "personalData": true},
			`{"interval":"","history":""}`:                           {"interval": nil, "history": nil},
			`{"personalData":false}`:                                 {"personalData": false},
		} {
			got := w.ask("PATCH", path, body, w.operator()).want(200)
			for name, value := range want {
				if got[name] != value {
					t.Errorf("%s: %s is %v", body, name, got[name])
				}
			}
		}
	})
}

// The lists of connections page through all, the longest without success first.
func TestConnections(t *testing.T) {
	onBoth(t, func(w *world) {
		for i := range 5 {
			id := w.connect(ordersync.TenantID(fmt.Sprintf("t%d", i)))
			w.later(time.Second)
			if i != 3 {
				w.reads(id, order(fmt.Sprintf("028-0000000-000000%d", i), start, 2))
			}
		}
		for _, list := range []struct{ path, rows string }{{"/api/v1/connections", "connections"}, {"/api/v1/orders/sync/status", "tenants"}} {
			got := ""
			for cursor := ""; ; {
				page := w.get(list.path+"?limit=2"+cursor, w.operator()).want(200)
				for _, row := range page[list.rows].([]any) {
					got += row.(object)["tenantId"].(string) + " "
				}
				next, ok := page["nextCursor"].(string)
				if !ok {
					break
				}
				cursor = "&cursor=" + next
			}
			if got != "t3 t0 t1 t2 t4 " {
				t.Errorf("%s: %s", list.path, got)
			}
		}
		totals := w.get("/api/v1/connections", w.operator()).want(200)["totals"].(object)
		if totals["connections"] != 5. || totals["tenants"] != 5. || totals["orders"] != 4. || totals["items"] != 8. ||
			totals["byStatus"].(object)["CONNECTED"] != 5. || totals["byReason"].(object)["SUCCESS"] != 4. || totals["oldestCompleteUntil"] != nil { // t4 was never read
			t.Errorf("%v", totals)
		}
	})
}

// A tenant's own list has itself only, also in the totals.
func TestStatusOfATenant(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.key("mine")
		w.key("nobody")
		w.connect("other")
		w.connect("mine", func(i *store.Import) { i.Cursor = []byte("\x00 odd\u202e") })
		got := w.get("/api/v1/orders/sync/status", w.as("mine")).want(200)
		rows := got["tenants"].([]any)
		if got["totalTenants"] != 1. || got["tenantsWithToken"] != 1. || len(rows) != 1 {
			t.Fatalf("%v", got)
		}
		if at := rows[0].(object)["syncState"].(object)["lastUpdatedAfter"]; at != `\x00 odd\u202e` {
			t.Errorf("the odd cursor is shown as %q", at)
		}
		if got := w.get("/api/v1/orders/sync/status", w.as("nobody")).want(200); got["totalTenants"] != 0. || len(got["tenants"].([]any)) != 0 {
			t.Errorf("%v", got)
		}
	})
}

// Why an order is here, or is not.
func TestExplain(t *testing.T) {
	onBoth(t, func(w *world) {
		id := w.connect("mine")
		w.settles(id, store.Commit{Page: &store.Page{
			Orders:     []store.PageOrder{order("028-0000000-0000001", start.Add(-time.Hour), 1)},
			Unreadable: []ordersync.Unreadable{{OrderID: "028-0000000-0000002", Key: "028-0000000-0000002", Cause: "orderItems is missing", Body: []byte(`{}`)}},
		}}, ordersync.Outcome{Reason: ordersync.Success})
		const path = "/api/v1/tenants/mine/orders/028-0000000-000000"
		here := w.get(path+"1/explain", w.operator()).want(200)
		c := here["connections"].([]any)[0].(object)
		if here["here"] != true || c["order"].(object)["externalOrderId"] != "028-0000000-0000001" || len(c["changes"].([]any)) != 1 || len(here["why"].([]any)) == 0 {
			t.Errorf("%v", here)
		}
		reading := c["marketplaces"].([]any)[0].(object)
		if len(reading["walked"].([]any)) != 1 || len(reading["gaps"].([]any)) != 1 || reading["dates"].([]any)[0].(object)["read"] != "confirmed" {
			t.Errorf("%v", reading)
		}
		aside := w.get(path+"2/explain", w.operator()).want(200)
		if c := aside["connections"].([]any)[0].(object); aside["here"] != false || c["order"] != nil || c["setAside"].(object)["cause"] != "orderItems is missing" {
			t.Errorf("%v", aside)
		}
		w.must(w.engine.Pause(w.ctx, "mine", id))
		asked := w.get(path+"3/explain?askAmazon=true", w.operator()).want(200)
		if a := asked["amazon"].(object); a["found"] != false || a["failure"] == "" {
			t.Errorf("%v", asked)
		}
	})
}

// The table of reasons is whole, in both languages.
func TestReasons(t *testing.T) {
	onSQLite(t, func(w *world) {
		got := w.get("/api/v1/reasons", w.operator()).want(200)
		if len(got["reasons"].([]any)) != len(ordersync.Reasons()) || len(got["repairs"].([]any)) != len(ordersync.RepairTable()) {
			t.Errorf("%v", got)
		}
		first := got["reasons"].([]any)[0].(object)
		if first["code"] != "SUCCESS" || first["english"] == "" || first["french"] == "" || first["again"] == "" {
			t.Errorf("%v", first)
		}
	})
}
