package httpapi_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync/internal/httpapi"
)

// Every answer that is no success is a problem document that names what is wrong;
// none repeats a value. (ask checks the document itself.)
func TestProblems(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.connect("mine")
		json := header("Content-Type", "application/json")
		const secret = "Atzr|IwEBI-secret"
		for _, c := range []struct {
			method, path, body string
			status             int
			words              string
			o                  []option
		}{
			{"GET", "/", "", 404, "/openapi.json", nil},
			{"GET", "/api/v1/orders/", "", 404, "", nil},
			{"GET", "/api//v1/orders", "", 404, "", nil},
			{"GET", "/api/v1/../v1/orders", "", 404, "", nil},
			{"GET", "/docs", "", 404, "", nil},
			{"GET", "/openapi.yaml", "", 404, "", nil},
			{"GET", "/schemas/Run.json", "", 404, "", nil},
			{"DELETE", "/api/v1/orders", "", 405, "GET or HEAD", nil},
			{"GET", "/api/v1/orders/sync/run/global", "", 405, "POST", nil},
			{"OPTIONS", "/api/v1/orders", "", 405, "", []option{header("Origin", "https://example.com")}},
			{"POST", "/api/v1/orders/import-one", `{"orderRef":`, 400, "body", []option{json}},
			{"POST", "/api/v1/orders/import-one", "", 400, "body is required", []option{json}},
			{"POST", "/api/v1/orders/import-one", `{"orderRef":"` + secret + `"}`, 422, "body.orderRef", []option{json}},
			{"POST", "/api/v1/orders/import-one", `{"refreshToken":"` + secret + `","orderRef":"028-1234567-1234567"}`, 422, "body.refreshToken: unexpected property", []option{json}},
			{"POST", "/api/v1/orders/import-one", `{"orderRef":7}`, 422, "expected string", []option{json}},
			{"POST", "/api/v1/orders/import-one", `orderRef=` + secret, 415, "application/json", []option{header("Content-Type", "application/x-www-form-urlencoded")}},
			{"POST", "/api/v1/orders/import-one", `{"orderRef":"` + strings.Repeat("1", 1<<20) + `"}`, 413, "1048576", []option{json}},
			{"POST", "/api/v1/orders/sync/items", strings.Repeat("1", 1<<20+1), 413, "1048576", nil},
			{"POST", "/api/v1/orders/import-one", `{"tenantId":"global","orderRef":"028-1234567-1234567"}`, 400, "reserved", nil},
			{"GET", "/api/v1/orders?tenantId=mine&limit=1000", "", 422, "query.limit", nil},
			{"GET", "/api/v1/orders?tenantId=mine&limit=0", "", 422, "query.limit", nil},
			{"GET", "/api/v1/orders?tenantId=mine&limit=" + "many", "", 422, "query.limit", nil},
			{"GET", "/api/v1/orders?tenantId=mine&offset=-1", "", 422, "query.offset", nil},
			{"GET", "/api/v1/orders?tenantId=mine&limt=5", "", 422, "query.limt: unknown query parameter", nil},
			{"GET", "/api/v1/orders?tenantId=mine&dateFrom=12/01/2026", "", 422, "query.dateFrom", nil},
			{"GET", "/api/v1/orders?tenantId=mine&dateTo=2026-02-30", "", 422, "query.dateTo", nil},
			{"GET", "/api/v1/orders?tenantId=mine&dateTo=9999-12-31", "", 422, "query.dateTo", nil},
			{"GET", "/api/v1/orders?tenantId=mine&dateFrom=2026-02-02&dateTo=2026-02-01", "", 422, "query.dateTo", nil},
			{"GET", "/api/v1/orders?tenantId=mine&cursor=" + secret, "", 422, "query.cursor", nil},
			{"GET", "/api/v1/orders?tenantId=mine&cursor=1-1-x&offset=1", "", 422, "query.offset", nil},
			{"GET", "/api/v1/orders?tenantId=a%20b", "", 400, "tenantId", nil},
			{"GET", "/api/v1/orders", "", 400, "tenantId", nil},
			{"GET", "/api/v1/orders/028-1234567-1234567?tenantId=mine", "", 404, "", nil},
			{"GET", "/api/v1/orders/sync/status?tenantId=gone", "", 404, "gone", nil},
			{"GET", "/api/v1/orders/sync/status?cursor=x", "", 422, "query.cursor", nil},
			{"GET", "/api/v1/runs?cursor=x", "", 422, "query.cursor", nil},
			{"GET", "/api/v1/runs/x", "", 404, "", nil},
			{"POST", "/api/v1/orders/sync/run", "", 400, "tenantId", nil},
			{"POST", "/api/v1/orders/sync/run?tenantId=global", "", 400, "reserved", nil},
			{"POST", "/api/v1/orders/sync/run?tenantId=mine", `{"tenantId":"other"}`, 400, "different tenants", nil},
			{"POST", "/api/v1/orders/sync/run?tenantId=gone", "", 404, "gone", nil},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=mine&days=731", "", 422, "query.days", nil},
			{"POST", "/api/v1/orders/sync/backfill/run?tenantId=mine&days=730", "", 422, "ORDERSYNC_RETENTION_ORDERS", nil},
			{"POST", "/api/v1/orders/backfill", `{"tenantId":"mine","days":366}`, 422, "body.days", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{}`, 422, "changes nothing", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"interval":"5"}`, 422, "body.interval", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"interval":"25h"}`, 422, "body.interval", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"history":"-1d"}`, 422, "body.history", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/1", `{"history":"700d"}`, 422, "ORDERSYNC_RETENTION_ORDERS", nil},
			{"PATCH", "/api/v1/tenants/mine/connections/99", `{"interval":"10m"}`, 404, "", nil},
			{"POST", "/api/v1/tenants/other/connections/1/pause", "", 404, "", nil},
			{"POST", "/api/v1/tenants/mine/connections/+1/pause", "", 404, "", nil},
			{"POST", "/api/v1/tenants/a%20b/connections/1/resume", "", 404, "", nil},
			{"GET", "/api/v1/tenants/gone/orders/x/explain", "", 404, "", nil},
			{"GET", "/api/v1/tenants/mine/orders/x/explain?askAmazon=perhaps", "", 422, "query.askAmazon", nil},
		} {
			a := w.ask(c.method, c.path, c.body, append(c.o, w.operator())...)
			a.wantProblem(c.status, c.words)
			if strings.Contains(a.text, secret) || strings.Contains(a.text, "1111111") {
				t.Errorf("%s %s repeats what it was given: %s", c.method, c.path, a.text)
			}
			if got := a.header.Get("Allow"); (got != "") != (c.status == 405) {
				t.Errorf("%s %s: Allow is %q", c.method, c.path, got)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %v", c.method, c.path, a.header)
			}
		}
	})
}

// A client may accept what it wants: there is one format.
func TestAcceptMatters(t *testing.T) {
	onSQLite(t, func(w *world) {
		for _, accept := range []string{"text/html", "application/cbor", "json", "nonsense"} {
			a := w.get("/api/v1/reasons", w.operator(), header("Accept", accept))
			if a.want(200); a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", accept, a.header)
			}
		}
	})
}

// While the database does not answer, clients are told to come back, and the
// process still lives.
func TestDatabaseDown(t *testing.T) {
	onBoth(t, func(w *world) {
		w.connect("mine")
		var calls []func() reply
		for _, path := range []string{"/readyz", "/api/v1/orders?tenantId=mine", "/api/v1/runs", "/api/v1/connections"} {
			calls = append(calls, func() reply { return w.get(path, proxied(cron, "mine")) })
		}
		calls = append(calls, func() reply { return w.get("/api/v1/reasons", w.operator()) }) // the key cannot be looked up
		calls = append(calls, func() reply { return w.post("/api/v1/orders/sync/run/global", "", proxied(cron, "mine")) })
		w.must(w.store.Close())
		for _, call := range calls {
			a := call()
			a.wantProblem(503)
			if a.header.Get("Retry-After") == "" || strings.Contains(a.text, "sql") {
				t.Errorf("%s: %v %s", a.what, a.header, a.text)
			}
		}
		w.get("/livez").want(200)
	})
}

// What else must hold, such as the schema, is for main to say.
func TestNotReady(t *testing.T) {
	onSQLite(t, func(w *world) {
		a := w.get("/readyz")
		a.wantProblem(503)
		if !strings.Contains(a.text, `"schema":"failed"`) || !strings.Contains(a.text, `"database":"ok"`) {
			t.Errorf("it does not say which: %s", a.text)
		}
		if strings.Contains(a.text, "old schema") || !strings.Contains(w.log.String(), "old schema") {
			t.Errorf("%s\n%s", a.text, w.log)
		}
	}, func(c *httpapi.Config) {
		c.Ready = []httpapi.Check{{Name: "schema", Look: func(context.Context) error { return errors.New("old schema") }}}
	})
}

// A process that hangs says so, though its database answers.
func TestNotAlive(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.get("/readyz").want(200)
		if a := w.get("/livez"); !strings.Contains(a.text, `"work":"failed"`) || a.status != 503 {
			t.Errorf("%d %s", a.status, a.text)
		}
	}, func(c *httpapi.Config) {
		c.Live = []httpapi.Check{{Name: "work", Look: func(context.Context) error { return errors.New("hangs") }}}
	})
}

// Anybody may ask whether requests may be sent here, as often as they like: it is
// looked at once a second.
func TestReadinessIsRemembered(t *testing.T) {
	looks := 0
	inBubble(t, func(w *world) {
		for range 3 {
			for range 100 {
				w.get("/readyz").want(200)
			}
			time.Sleep(time.Second)
		}
		if looks != 3 {
			t.Errorf("it was looked at %d times", looks)
		}
		w.must(w.store.Close())
		w.get("/readyz").wantProblem(503)
	}, func(c *httpapi.Config) {
		c.Ready = []httpapi.Check{{Name: "looks", Look: func(context.Context) error { looks++; return nil }}}
	})
}
