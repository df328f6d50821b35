package spapisim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// adminDoors are the routes of the admin door that take something.
var adminDoors = []string{
	"POST /applications", "POST /applications/roles", "POST /applications/secret/rotate", "POST /applications/secret/expire", "POST /sellers",
	"POST /sellers/marketplaces", "POST /authorizations", "POST /revocations", "GET /orders", "POST /orders", "POST /orders/generate", "POST /orders/change",
	"POST /fleet", "PATCH /switches", "POST /faults", "DELETE /faults/", "POST /rates", "POST /rates/scale", "GET /buckets",
	"PATCH /applications", "POST /applications/secret/notice", "GET /authorizations", "GET /notifications",
}

// largeNumber is a number that would keep a simulator busy for a while with what
// it rightly asks for.
var largeNumber = regexp.MustCompile(`[0-9]{3}|[0-9][eE]`)

// FuzzAdmin sends anything through the admin door: it is taken or refused with
// words, both in JSON, and the simulator goes on answering.
func FuzzAdmin(f *testing.F) {
	for i, body := range []string{
		`{"clientId":"amzn1.x","roles":[]}`, `{"clientId":"CLIENT","roles":["x"]}`, `{"clientId":"CLIENT"}`, `{"clientId":"CLIENT","expired":true}`, `{"id":"A1","region":"eu","marketplaces":[]}`,
		`{"seller":"SELLER","marketplaces":[{}]}`, `{"clientId":"CLIENT","seller":"SELLER","redirectUri":"https://app.example/callback"}`, `{"clientId":"CLIENT","seller":"SELLER"}`, ``,
		`{"seller":"SELLER","orders":[{"order":{"orderId":"1"}},{"order":{"orderId":"1"}}]}`, `{"seller":"SELLER","n":9,"from":"2026-11-22T00:00:00Z","to":"2026-11-23T00:00:00Z","living":true,"odd":1,"unreadable":0.5}`,
		`{"seller":"SELLER","orderId":"1","patch":{"fulfillment":{"fulfillmentStatus":"SHIPPED"},"orderItems":null},"damage":"no-items","late":"1h"}`,
		`{"clientId":"CLIENT","sellers":2,"orders":3,"from":"2026-11-22T00:00:00Z","to":"2026-11-23T00:00:00Z","troubles":["revoked"]}`, `{"sort":"created","minLatency":"-1s","ttl":"1ms"}`,
		`{"kind":"forbidden","probability":0.5,"variant":"secret"}`, `1`, `{"operation":"searchOrders","seller":"SELLER","perSecond":-1,"burst":1}`, `{"scale":0}`, ``,
		`{"clientId":"CLIENT","redirectUris":["https://app.example/callback"],"draft":true,"rotationEnrolled":true}`, `{"clientId":"CLIENT"}`, ``, ``,
	} {
		f.Add(uint8(i), "seller=SELLER", body)
	}
	f.Add(uint8(9), "", `{"seller":"SELLER","orders":[{"order":{"orderId":"1","createdTime":"9999-12-31T23:59:59Z"},"late":"2540400h"}]}`)
	f.Add(uint8(10), "", `{"seller":"SELLER","n":-1}`)
	f.Add(uint8(14), "", `{"kind":"cut","count":1}{}`)
	f.Fuzz(func(t *testing.T, which uint8, query, body string) {
		if largeNumber.MatchString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, "")) {
			return
		}
		b := setup(t)
		ids, err := b.sim.Generate(b.seller.Key, spapisim.Generate{N: 3, From: start.Add(-time.Hour), To: start.Add(-time.Minute)})
		b.must(err)
		put := strings.NewReplacer("SELLER", b.seller.Key, "CLIENT", b.app.ClientID, "ORDER", ids[0]).Replace
		method, path, _ := strings.Cut(adminDoors[int(which)%len(adminDoors)], " ")
		if strings.HasSuffix(path, "/") {
			path += url.PathEscape(body)
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(put(body)))
		r.URL.Path, r.URL.RawQuery = path, put(query)
		w := httptest.NewRecorder()
		b.sim.Admin().ServeHTTP(w, r)
		// A door with a slash in its last name is another door.
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && path == r.URL.Path && !strings.HasPrefix(path, "/faults/") || w.Code < 300 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
		}
		b.clock.Add(50 * time.Minute) // an access token lives an hour
		b.sim.ClearFaults()
		b.must(b.sim.SetSwitches(func(sw *spapisim.Switches) { *sw = spapisim.Switches{} }))
		got := b.get(searchPath, "lastUpdatedAfter", "2026-11-20T00:00:00Z")
		if got.status >= 500 || got.status == 200 && !json.Valid(got.body) {
			t.Fatalf("then a search is answered %d %s", got.status, got.body)
		}
		checkOnce(t, got.body)
		w = httptest.NewRecorder()
		b.sim.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/orders?seller="+b.seller.Key, nil))
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("then the truth is %d %s", w.Code, w.Body)
		}
	})
}

// checkOnce wants each order of a page to be there once.
func checkOnce(t *testing.T, body []byte) {
	t.Helper()
	var page struct{ Orders []struct{ OrderID any } }
	_ = json.Unmarshal(body, &page) // a refusal has no orders, an unreadable order perhaps no id
	seen := map[string]bool{}
	for _, o := range page.Orders {
		id, _ := o.OrderID.(string)
		if id != "" && seen[id] {
			t.Fatalf("order %q comes twice: %s", id, body)
		}
		seen[id] = true
	}
}
