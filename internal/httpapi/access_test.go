package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/httpapi"
)

// routeCase says of a route how it is called for the tenant "mine", and what
// others are answered. It is written apart from the program's own table.
type routeCase struct {
	call    string // method and path; {…} are filled in
	body    string
	other   int // another tenant
	own     int // the tenant itself
	byChief int // an operator
}

// routeCases are all routes.
var routeCases = map[string]routeCase{
	"GET /livez":  {"GET /livez", "", 200, 200, 200},
	"GET /readyz": {"GET /readyz", "", 200, 200, 200},

	"GET /metrics": {"GET /metrics", "", 403, 403, 404}, // none here

	"GET /api/v1/orders/sync/status":          {"GET /api/v1/orders/sync/status?tenantId=mine", "", 403, 200, 200},
	"POST /api/v1/orders/sync/run":            {"POST /api/v1/orders/sync/run?tenantId=mine", "", 403, 202, 202},
	"POST /api/v1/orders/sync/run/global":     {"POST /api/v1/orders/sync/run/global", "", 403, 403, 202},
	"POST /api/v1/orders/sync/items":          {"POST /api/v1/orders/sync/items", "", 200, 200, 200}, // says nothing of anybody
	"GET /api/v1/orders/sync/backfill/status": {"GET /api/v1/orders/sync/backfill/status?tenantId=mine", "", 403, 200, 200},
	"POST /api/v1/orders/sync/backfill/run":   {"POST /api/v1/orders/sync/backfill/run?tenantId=mine&days=30", "", 403, 200, 200},
	"POST /api/v1/orders/backfill":            {"POST /api/v1/orders/backfill", `{"tenantId":"mine","days":30}`, 403, 200, 200},
	"POST /api/v1/orders/import-one":          {"POST /api/v1/orders/import-one", `{"tenantId":"mine","orderRef":"028-1234567-1234567"}`, 403, 400, 400}, // paused by then
	"GET /api/v1/orders":                      {"GET /api/v1/orders?tenantId=mine", "", 403, 200, 200},
	"GET /api/v1/orders/{orderId}":            {"GET /api/v1/orders/{order}?tenantId=mine", "", 403, 200, 200},

	"GET /api/v1/marketplaces/amazon/status":         {"GET /api/v1/marketplaces/amazon/status?tenantId=mine", "", 403, 200, 200},
	"GET /api/v1/marketplaces/amazon/authorizations": {"GET /api/v1/marketplaces/amazon/authorizations", "", 403, 403, 200},
	"POST /api/v1/marketplaces/amazon/oauth/start":   {"POST /api/v1/marketplaces/amazon/oauth/start", `{"tenantId":"mine","marketplace":"FR"}`, 403, 503, 503}, // not set up here
	"POST /api/v1/marketplaces/amazon/disconnect":    {"POST /api/v1/marketplaces/amazon/disconnect", `{"tenantId":"mine"}`, 403, 200, 200},

	"GET /api/v1/runs":              {"GET /api/v1/runs", "", 403, 403, 200},
	"GET /api/v1/runs/{id}":         {"GET /api/v1/runs/{run}", "", 404, 200, 200},
	"GET /api/v1/runs/{id}/results": {"GET /api/v1/runs/{run}/results", "", 404, 200, 200},
	"GET /api/v1/runs/{id}/events":  {"HEAD /api/v1/runs/{run}/events", "", 404, 200, 200},
	"POST /api/v1/runs/{id}/cancel": {"POST /api/v1/runs/{run}/cancel", "", 404, 200, 200},

	"GET /api/v1/connections":                               {"GET /api/v1/connections?tenantId=mine", "", 403, 403, 200},
	"POST /api/v1/tenants/{tenant}/connections/{id}/pause":  {"POST /api/v1/tenants/mine/connections/{connection}/pause", "", 403, 403, 200},
	"POST /api/v1/tenants/{tenant}/connections/{id}/resume": {"POST /api/v1/tenants/mine/connections/{connection}/resume", "", 403, 403, 200},
	"PATCH /api/v1/tenants/{tenant}/connections/{id}":       {"PATCH /api/v1/tenants/mine/connections/{connection}", `{"interval":"10m"}`, 403, 403, 200},
	"GET /api/v1/tenants/{tenant}/orders/{orderId}/explain": {"GET /api/v1/tenants/mine/orders/{order}/explain", "", 403, 403, 200},
	"GET /api/v1/reasons":                                   {"GET /api/v1/reasons", "", 200, 200, 200},
}

// Every route of the document answers nobody who has no business there.
func TestWhoMayCallWhat(t *testing.T) {
	onBoth(t, func(w *world) {
		w.key("mine")
		w.key("other")
		w.connect("other")
		connection := w.connect("mine")
		w.reads(connection, order("028-0000000-0000001", start, 1))
		run, err := w.engine.StartRun(w.ctx, ordersync.SingleRun, "mine")
		w.must(err)
		w.must(w.engine.Pause(w.ctx, "mine", connection)) // nobody works here
		fill := strings.NewReplacer("{run}", string(run), "{order}", "028-0000000-0000001", "{connection}", fmt.Sprint(connection))
		var names []string
		for path, item := range w.get("/openapi.json").want(200)["paths"].(object) {
			for method := range item.(object) {
				names = append(names, strings.ToUpper(method)+" "+path)
			}
		}
		if len(names) != len(routeCases) {
			t.Errorf("the document has %d routes, %d are known", len(names), len(routeCases))
		}
		slices.SortFunc(names, func(a, b string) int { return strings.Compare(pathOf(a), pathOf(b)) })
		for _, name := range names { // resuming comes last
			c, ok := routeCases[name]
			if !ok {
				t.Errorf("%s is in no table: who may call it?", name)
				continue
			}
			w.wantAccess(c, fill)
		}
	})
}

func pathOf(route string) string {
	_, path, _ := strings.Cut(route, " ")
	return path
}

func (w *world) wantAccess(c routeCase, fill *strings.Replacer) {
	w.t.Helper()
	method, path, _ := strings.Cut(fill.Replace(c.call), " ")
	open := 200
	call := func(o ...option) int {
		o = append(o, header("Prefer", "respond-async"))
		if method == http.MethodHead {
			return w.head(path, o...)
		}
		return w.ask(method, path, c.body, o...).status
	}
	if strings.HasPrefix(path, "/api/") || path == "/metrics" {
		open = 401
	}
	for _, who := range []struct {
		name string
		want int
		as   []option
	}{
		{"nobody", open, nil},
		{"a wrong key", open, []option{header("Authorization", "Bearer osk_"+strings.Repeat("x", 43))}},
		{"no key of ours", open, []option{header("Authorization", "Basic abc")}},
		{"headers from a stranger", open, []option{proxied(cron, "mine"), from(stranger)}},
		{"another tenant", c.other, []option{w.as("other")}},
		{"another tenant's user", c.other, []option{proxied("user@other.example", "other")}},
		{"an operator", c.byChief, []option{w.operator()}},
		{"an operator's proxy", c.byChief, []option{proxied(cron, "other")}},
		{"the tenant", c.own, []option{w.as("mine")}},
		{"the tenant's user", c.own, []option{proxied("user@mine.example", "mine")}},
	} {
		want := who.want
		if got := call(who.as...); got != want && (want != 202 || got != 200) {
			w.t.Errorf("%s as %s: %d, want %d", c.call, who.name, got, want)
		}
	}
}

// head asks for the head only.
func (w *world) head(path string, o ...option) int {
	a := &discarding{header: http.Header{}}
	r := httptest.NewRequestWithContext(w.ctx, http.MethodHead, path, nil)
	r.RemoteAddr = stranger
	for _, f := range o {
		f(r)
	}
	w.handler.ServeHTTP(a, r)
	return a.status
}

type discarding struct {
	header http.Header
	status int
}

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarding) WriteHeader(status int)      { d.status = status }

// A tenant cannot find out which other tenants exist, nor which keys are nearly
// right: the answers are the same.
func TestAnswersTellNothing(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.key("mine")
		w.connect("mine")
		w.connect("there")
		same := func(what string, replies ...reply) {
			for _, a := range replies[1:] {
				if blind(a) != blind(replies[0]) {
					t.Errorf("%s: %s\n%s", what, a.text, replies[0].text)
				}
			}
		}
		same("tenants", w.get("/api/v1/orders?tenantId=there", w.as("mine")), w.get("/api/v1/orders?tenantId=gone", w.as("mine")),
			w.get("/api/v1/orders/sync/status?tenantId=%00", w.as("mine")))
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		same("runs", w.get("/api/v1/runs/"+string(run), w.as("mine")), w.get("/api/v1/runs/"+strings.Repeat("0", 26), w.as("mine")), w.get("/api/v1/runs/x", w.as("mine")))
		good := w.keys["mine"]
		w.must(w.store.RevokeKey(w.ctx, w.keyID(good)))
		var refused []reply
		for _, value := range []string{"Bearer " + good, "Bearer " + good[:10], "Bearer osk_", "osk_x", "Bearer", "Bearer " + strings.Repeat("osk_", 1000), "Basic eDp5"} {
			refused = append(refused, w.get("/api/v1/reasons", header("Authorization", value)))
		}
		refused = append(refused, w.get("/api/v1/reasons"), w.get("/api/v1/reasons", w.operator(), w.operator()))
		same("keys", refused...)
		if got := refused[0].header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") || refused[0].status != 401 {
			t.Errorf("%d %q", refused[0].status, got)
		}
	})
}

// blind is an answer without what differs between any two requests.
func blind(a reply) string {
	return strings.ReplaceAll(a.text, a.header.Get("X-Request-Id"), "")
}

// keyID is the id of the only key of a secret.
func (w *world) keyID(secret string) string {
	w.t.Helper()
	key, err := w.store.Reader().Key(w.ctx, secret)
	w.must(err)
	return key.ID
}

// What a trusted proxy says is believed when it is clear, and from there only.
func TestProxy(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.connect("mine")
		const list = "/api/v1/orders/sync/status"
		for _, c := range []struct {
			name string
			want int
			as   []option
		}{
			{"both headers", 200, []option{proxied("user@example.com", "mine")}},
			{"over IPv6", 200, []option{proxied("user@example.com", "mine"), from("[::1]:80")}},
			{"IPv4 as IPv6", 200, []option{proxied("user@example.com", "mine"), from("[::ffff:127.0.0.1]:80")}},
			{"with another authorisation", 200, []option{proxied("user@example.com", "mine"), header("Authorization", "Bearer eyJhbGciOi")}},
			{"an operator for no single tenant", 200, []option{proxied(" CRON@system.keybuzz.io ", "global")}},
			{"no tenant", 401, []option{proxied("user@example.com", "")}},
			{"no user", 401, []option{proxied(" ", "mine")}},
			{"a second tenant", 401, []option{proxied("user@example.com", "mine"), header("X-Tenant-Id", "there")}},
			{"a second user", 401, []option{proxied("user@example.com", "mine"), header("X-User-Email", cron)}},
			{"from elsewhere", 401, []option{proxied(cron, "mine"), from("128.0.0.1:80")}},
			{"from nowhere", 401, []option{proxied(cron, "mine"), from("@")}},
			{"a wrong key besides", 401, []option{proxied(cron, "mine"), header("Authorization", "Bearer osk_wrong")}},
			{"a user for no single tenant", 400, []option{proxied("user@example.com", "global")}},
			{"a user for an odd tenant", 400, []option{proxied("user@example.com", "a b")}},
		} {
			if got := w.get(list, c.as...).status; got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
	}, func(c *httpapi.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.0/104"), netip.MustParsePrefix("::1/128")}
	})
}

// Nobody is an operator by having no e-mail.
func TestEmptyOperator(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.connect("mine")
		w.get("/api/v1/connections", proxied(" ", "mine")).want(401)
		w.get("/api/v1/connections", proxied("x", "mine")).want(403)
	}, func(c *httpapi.Config) { c.Operators = []string{"", " "} })
}

// What is logged of requests names nobody.
func TestLogNamesNobody(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.connect("mine")
		w.get("/api/v1/orders/028-0000000-0000001?tenantId=mine", proxied("jane@example.com", "mine"))
		w.get("/api/v1/orders?q=secretword&tenantId=mine", w.operator())
		w.get("/api/v1/nothing/secretpath", w.operator())
		w.post("/api/v1/orders/import-one", `{"orderRef":"secretbody"}`, w.operator())
		w.ask("SECRETVERB", "/livez", "")
		logged := w.log.String()
		for _, word := range []string{"jane", "028-0000000", "secret", "SECRET", w.keys[""], "mine"} {
			if strings.Contains(logged, word) {
				t.Errorf("the log says %q:\n%s", word, logged)
			}
		}
		for _, word := range []string{"route=/api/v1/orders/{orderId}", "status=404", "key=proxy", "key=" + w.keyID(w.keys[""]), "method=GET", "ms="} {
			if !strings.Contains(logged, word) {
				t.Errorf("the log does not say %q:\n%s", word, logged)
			}
		}
	})
}
