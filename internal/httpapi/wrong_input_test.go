package httpapi_test

import (
	"strings"
	"testing"
)

// Whatever a new user gets wrong: the answer names the field and what to write
// there, nothing is done, and no value comes back. (ask checks the document.)
func TestWrongInput(t *testing.T) {
	onBoth(t, func(w *world) {
		w.connect("mine")
		const canary = "osk_canary-of-an-api-key-AAAAAAAAAAAAAAAAAAAAAA"
		run := w.post("/api/v1/orders/sync/run?tenantId=mine", "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		for _, c := range []struct {
			method, path, body string
			status             int
			words              string
		}{
			{"GET", "/api/v1/orders/sync/status?limit=1001", "", 422, "query.limit"},
			{"GET", "/api/v1/orders/sync/status?limit=-1", "", 422, "query.limit"},
			{"GET", "/api/v1/orders/sync/status?limit=99999999999999999999", "", 422, "query.limit"},
			{"GET", "/api/v1/orders/sync/status?cursor=99999999999999999999-1", "", 422, "query.cursor"},
			{"GET", "/api/v1/orders/sync/status?cursor=-1-1", "", 422, "query.cursor"},
			{"GET", "/api/v1/orders/sync/status?cursor=" + canary, "", 422, "query.cursor"},
			{"GET", "/api/v1/orders/sync/status?tenantId=%00", "", 400, "tenantId"},
			{"GET", "/api/v1/orders/sync/status?tenantId=" + strings.Repeat("t", 129), "", 400, "at most 128"},
			{"GET", "/api/v1/orders/sync/status?tenant=mine", "", 422, "query.tenant: unknown query parameter"},
			{"GET", "/api/v1/connections?limit=0", "", 422, "query.limit"},
			{"GET", "/api/v1/connections?cursor=1", "", 422, "query.cursor"},
			{"GET", "/api/v1/reasons?" + canary + "=1", "", 422, "query: a field with an odd name: unknown query parameter"},
			{"GET", "/api/v1/reasons?lang=fr", "", 422, "query.lang"},
			{"GET", "/api/v1/runs?limit=201", "", 422, "query.limit"},
			{"GET", "/api/v1/runs?cursor=" + canary, "", 422, "query.cursor"},
			{"GET", "/api/v1/runs/" + canary, "", 404, "check the id"},
			{"GET", "/api/v1/runs/" + strings.Repeat("0", 26), "", 404, "check the id"},
			{"GET", "/api/v1/runs/" + run + "/results?limit=1001", "", 422, "query.limit"},
			{"GET", "/api/v1/runs/" + run + "/results?cursor=1", "", 422, "query.cursor"},
			{"GET", "/api/v1/runs/" + strings.Repeat("0", 26) + "/results", "", 404, "check the id"},
			{"GET", "/api/v1/runs/" + strings.Repeat("0", 26) + "/events", "", 404, "check the id"},
			{"POST", "/api/v1/runs/" + strings.Repeat("0", 26) + "/cancel", "", 404, "check the id"},
			{"POST", "/api/v1/runs/cancel", "", 405, "GET"},
			{"POST", "/api/v1/orders/sync/run?tenantId=%FF", "", 400, "tenantId"},
			{"POST", "/api/v1/orders/sync/run", `{"tenantId":7}`, 422, "body.tenantId"},
			{"POST", "/api/v1/orders/sync/run", `[]`, 422, "body"},
			{"POST", "/api/v1/orders/sync/run", `{"tenantId":"mine"`, 400, "body"},
			{"POST", "/api/v1/orders/sync/run", `{"tenantId":"mine"}{}`, 400, "body"},
			{"POST", "/api/v1/orders/sync/run", "{\"tenantId\":\"\xff\"}", 400, "tenantId"},
			{"POST", "/api/v1/orders/sync/run", `{"tenant":"mine"}`, 422, "body.tenant: unexpected property"},
			{"POST", "/api/v1/orders/sync/run", `{"` + canary + `":"mine"}`, 422, "body: a field with an odd name: unexpected property"},
			{"POST", "/api/v1/orders/sync/run?days=3", "", 422, "query.days"},
			{"POST", "/api/v1/orders/sync/run/global?tenantId=mine", "", 422, "query.tenantId"},
			{"POST", "/api/v1/orders/sync/items?limit=3", "", 422, "query.limit"},
			{"GET", "/api/v1/orders/sync/backfill/status", "", 400, "tenantId"},
			{"GET", "/api/v1/orders/sync/backfill/status?tenantId=gone", "", 404, "gone"},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=mine&days=0", "", 422, "query.days"},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=mine&days=1.5", "", 422, "query.days"},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=mine&days=" + canary, "", 422, "query.days"},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=gone", "", 404, "gone"},
			{"POST", "/api/v1/orders/backfill", `{"tenantId":"mine","days":0}`, 422, "body.days"},
			{"POST", "/api/v1/orders/backfill", `{"tenantId":"mine","days":"90"}`, 422, "body.days"},
			{"POST", "/api/v1/orders/backfill", `{"days":90}`, 400, "tenantId"},
			{"POST", "/api/v1/orders/import-one", `{"tenantId":"mine"}`, 422, "orderRef"},
			{"POST", "/api/v1/orders/import-one", `{"tenantId":"gone","orderRef":"028-1234567-1234567"}`, 404, "gone"},
			{"POST", "/api/v1/orders/import-one", `{"tenantId":"mine","orderRef":"028-1234567-1234567 "}`, 422, "028-1234567-1234567"},
			{"GET", "/api/v1/orders?tenantId=mine&q=" + strings.Repeat("x", 101), "", 422, "query.q"},
			{"GET", "/api/v1/orders?tenantId=mine&dateFrom=" + canary, "", 422, "query.dateFrom"},
			{"GET", "/api/v1/orders?tenantId=mine&dateFrom=0000-01-01", "", 422, "query.dateFrom"},
			{"GET", "/api/v1/orders?tenantId=mine&cursor=1-1", "", 422, "query.cursor"},
			{"GET", "/api/v1/orders?tenantId=mine&offset=99999999999999999999", "", 422, "query.offset"},
			{"GET", "/api/v1/orders/" + strings.Repeat("1", 101) + "?tenantId=mine", "", 422, "path.orderId"},
			{"GET", "/api/v1/orders/%00?tenantId=mine", "", 404, "check the id"},
			{"GET", "/api/v1/tenants/mine/orders/" + strings.Repeat("1", 101) + "/explain", "", 422, "path.orderId"},
			{"GET", "/api/v1/tenants/mine/orders/x/explain?ask=true", "", 422, "query.ask"},
			{"PATCH", "/api/v1/tenants/mine/connections/1", "", 400, "body is required"},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"interval":600}`, 422, "body.interval"},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"interval":"` + canary + `"}`, 422, "body.interval"},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"personalData":"yes"}`, 422, "body.personalData"},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"interval":"10m","paused":true}`, 422, "body.paused"},
			{"PATCH", "/api/v1/tenants/mine/connections/x", `{"interval":"10m"}`, 404, "check the id"},
			{"POST", "/api/v1/tenants/mine/connections/99999999999999999999/pause", "", 404, "check the id"},
			{"POST", "/api/v1/tenants/mine/connections/1/resume?force=1", "", 422, "query.force"},
		} {
			a := w.ask(c.method, c.path, c.body, w.operator())
			if a.status != c.status || !strings.Contains(a.text, c.words) || strings.Contains(a.text, "canary") {
				t.Errorf("%s %s: %d, want %d with %q: %s", c.method, c.path, a.status, c.status, c.words, a.text)
			}
		}
		for _, path := range []string{"/api/v1/runs", "/api/v1/connections"} {
			w.get(path, w.operator()).want(200)
		}
		if runs := w.get("/api/v1/runs", w.operator()).want(200)["runs"].([]any); len(runs) != 1 {
			t.Errorf("%d runs, want the one that was started first", len(runs))
		}
		row := w.get("/api/v1/orders/sync/status?tenantId=mine", w.operator()).want(200)["connections"].([]any)[0].(object)
		if row["paused"] != false || row["interval"] != nil || row["history"] != nil || row["personalData"] != false {
			t.Errorf("something was changed: %v", row)
		}
	})
}
