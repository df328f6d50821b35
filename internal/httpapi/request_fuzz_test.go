package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// The tenant whose data nobody else may see, and words that are only in it.
const (
	neighbour      = "secret-neighbour"
	neighbourOrder = "999-7777777-7777777"
)

// neighbourWords are what a leak would show.
var neighbourWords = []string{neighbour, neighbourOrder, "NEIGHBOURSKU"}

// requestSeeds are requests: method and target, further headers, body.
var requestSeeds = [][3]string{
	{"GET /livez", "", ""}, {"GET /readyz", "", ""}, {"GET /openapi.json", "", ""}, {"GET /api/v1/reasons", "", ""}, {"GET /api/v1/connections?limit=2&cursor=0-1", "", ""},
	{"GET /api/v1/orders/sync/status?tenantId=mine", "", ""}, {"GET /api/v1/orders/sync/status?limit=0", "", ""}, {"GET /api/v1/orders/sync/status?cursor=1-1", "", ""},
	{"GET /api/v1/orders?tenantId=mine&limit=1&q=%25_!&status=SHIPPED,,x&dateFrom=2026-01-01&dateTo=2026-01-12", "", ""}, {"GET /api/v1/orders?cursor=1-1-x", "", ""},
	{"GET /api/v1/orders?q=999-7777777-7777777&match=prefix", "", ""}, {"GET /api/v1/orders?q=NEIGH&limit=1", "", ""}, {"GET /api/v1/orders?q=neigh&cursor=all-WyJhIiwiMSIsIlx1MDAwMCIsIlx1MDAwMCIsIjEiXQ", "", ""},
	{"GET /api/v1/orders?tenantId=mine&status=UNKNOWN,\x00&deliveryStatus=DELAYED&fulfillmentChannel=UNKNOWN&marketplace=FR,%00&connectionId=1&updatedFrom=2026-01-01&updatedTo=2026-01-12", "", ""},
	{"GET /api/v1/orders/028-1234567-1234567", "", ""}, {"GET /api/v1/orders/%00?tenantId=mine", "", ""}, {"GET /api/v1/orders/999-7777777-7777777", "", ""},
	{"POST /api/v1/orders/sync/run?tenantId=mine", "Content-Type: application/json\r\nPrefer: respond-async", `{"tenantId":"mine"}`}, {"POST /api/v1/orders/sync/run/global", "Prefer: wait=0", ""},
	{"POST /api/v1/orders/sync/items", "", ""}, {"GET /api/v1/orders/sync/backfill/status", "", ""}, {"POST /api/v1/orders/sync/backfill/run?days=730", "", ""},
	{"POST /api/v1/orders/backfill", "Content-Type: text/plain", `{"days":90}`}, {"POST /api/v1/orders/backfill", "", `{"days":1e2,"tenantId":null}`}, {"POST /api/v1/orders/import-one", "", `{"orderRef":"x"}`},
	{"GET /api/v1/runs?limit=1", "", ""}, {"GET /api/v1/runs/00000000000000000000000000/results?cursor=1-1", "", ""}, {"GET /api/v1/runs/x/events", "Last-Event-ID: 1-1", ""},
	{"PATCH /api/v1/tenants/mine/connections/1", "", `{"interval":"10m","history":"","personalData":true}`}, {"POST /api/v1/tenants/mine/connections/1/pause", "", ""}, {"POST /api/v1/tenants/mine/connections/1/resume", "", ""},
	{"GET /api/v1/tenants/mine/orders/028-1234567-1234567/explain", "", ""}, {"GET /api/v1/orders", "X-User-Email: cron@system.keybuzz.io\r\nX-Tenant-Id: secret-neighbour", ""},
	{"GET /api/v1/orders", "Authorization: Bearer osk_x", ""}, {"GET /api/v1/orders", "Authorization: Basic eDp5", ""}, {"DELETE /api/v1/orders", "", ""}, {"GET //api/v1/../v1/orders", "", ""}, {"OPTIONS *", "", ""}, {"HEAD /livez", "", ""},
}

// FuzzRequest sends any request, as nobody, as a tenant and as an operator: it is
// answered and never with 500; what is wrong is said in a problem document that
// shows no key; nobody sees anything, and a tenant nothing of its neighbour.
func FuzzRequest(f *testing.F) {
	w := openWorld(f, storetest.SQLite, storetest.New(f, storetest.SQLite))
	w.reads(w.connect("mine"), order("028-1234567-1234567", start, 2))
	w.reads(w.connect(neighbour), order(neighbourOrder, start, 1, func(o *store.PageOrder) { o.Items[0].SKU = "NEIGHBOURSKU" }))
	w.key("mine")
	for i, seed := range requestSeeds {
		f.Add(uint8(i), seed[0], seed[1], []byte(seed[2]))
		f.Add(uint8(2), seed[0], seed[1], []byte(seed[2]))
	}
	handler, keys := w.handler, []string{"", w.keys["mine"], w.keys[""]}
	f.Fuzz(func(t *testing.T, who uint8, line, headers string, body []byte) {
		as := int(who) % len(keys)
		r := parsedRequest(line, headers, body)
		if r == nil {
			return // the server itself refuses it
		}
		if as > 0 {
			r.Header["Authorization"] = []string{"Bearer " + keys[as]}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // a stream of events has no end of its own
		defer cancel()
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r.WithContext(ctx))
		said := rec.Body.String()
		if rec.Code == 0 || rec.Code == 500 || rec.Code == 503 && ctx.Err() == nil || rec.Header().Get("X-Request-Id") == "" {
			t.Fatalf("%d %s", rec.Code, said)
		}
		checkAnswer(t, r, rec)
		for _, key := range keys[1:] {
			if strings.Contains(said, key) {
				t.Fatalf("a key is shown: %s", said)
			}
		}
		if as == 0 && rec.Code < 300 && strings.HasPrefix(r.URL.Path, "/api/") {
			t.Fatalf("nobody is answered %d %s", rec.Code, said)
		}
		asked := line + headers + string(body) + r.URL.Path + r.URL.Query().Encode()
		for _, word := range neighbourWords {
			if as < 2 && strings.Contains(said, word) && !strings.Contains(asked, word) {
				t.Fatalf("%s is shown: %s", word, said)
			}
		}
	})
}

// parsedRequest is a request as the server would read it from the network; nil for
// one that it cannot. It waits for nothing.
func parsedRequest(line, headers string, body []byte) *http.Request {
	head := line + " HTTP/1.1\r\nHost: example.com\r\nPrefer: wait=0\r\n" + strings.Trim(headers, "\r\n") + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\r\n\r\n\r\n", "\r\n\r\n"))))
	if err != nil || r.URL.Path == "" {
		return nil
	}
	r.Body, r.ContentLength, r.RemoteAddr = io.NopCloser(bytes.NewReader(body)), int64(len(body)), stranger
	return r
}

// checkAnswer checks the form of an answer.
func checkAnswer(t *testing.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	kind, body := rec.Header().Get("Content-Type"), rec.Body.Bytes()
	switch {
	case r.Method == http.MethodHead || len(body) == 0:
	case rec.Code >= 400:
		var p struct {
			Title, Detail, RequestID string
			Status                   int
		}
		if err := json.Unmarshal(body, &p); err != nil || kind != "application/problem+json" || p.Title == "" || p.Detail == "" || p.RequestID == "" || p.Status != rec.Code {
			t.Fatalf("%d %s: %s", rec.Code, kind, body)
		}
	case kind == "application/json" && !json.Valid(body):
		t.Fatalf("%d no JSON: %s", rec.Code, body)
	}
}
