package httpapi_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// Users read this JSON too: what changes here changes for them.
func TestGeneratedJSON(t *testing.T) {
	w := newWorld(t, storetest.SQLite)
	w.fleet()
	w.wantAnswers(*update)
}

// It is the same on the other database.
func TestJSONOnPostgres(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Postgres)
	w.fleet()
	w.wantAnswers(false)
}

// fleet makes a run that has finished and one that goes on.
func (w *world) fleet() {
	w.t.Helper()
	healthy, broken := w.connect("healthy"), w.connect("broken")
	w.connect("pending", func(i *store.Import) { i.State = ordersync.Pending })
	w.must(w.engine.Pause(w.ctx, "paused", w.connect("paused")))
	_, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
	w.must(err)
	w.later(3 * time.Second)
	w.reads(healthy, order("028-0000000-0000001", w.now().Add(-time.Hour), 2))
	w.settles(broken, store.Commit{}, ordersync.Outcome{Reason: ordersync.AmazonUnavailable})
	w.tick()
	w.later(time.Minute)
	_, err = w.engine.StartRun(w.ctx, ordersync.SingleRun, "healthy")
	w.must(err)
}

var changing = []struct {
	pattern *regexp.Regexp
	normal  string
}{
	{regexp.MustCompile(`"runId": "[0-9A-V]{26}"`), `"runId": "(26 letters and digits)"`},
	{regexp.MustCompile(`"requestId": "[^"]+"`), `"requestId": "(an id)"`},
	{regexp.MustCompile(`"nextCursor": "[0-9A-V]{26}"`), `"nextCursor": "(26 letters and digits)"`},
}

func (w *world) wantAnswers(write bool) {
	w.t.Helper()
	w.key("healthy")
	first := w.get("/api/v1/runs", w.operator()).want(200)["runs"].([]any)[1].(object)["runId"].(string)
	isJSON := header("Content-Type", "application/json")
	for _, file := range []struct {
		name     string
		requests []string
		as       option
	}{
		{"runs", []string{"GET /api/v1/runs", "GET /api/v1/runs?limit=1"}, w.operator()},
		{"results", []string{"GET /api/v1/runs/" + first, "GET /api/v1/runs/" + first + "/results"}, w.operator()},
		{"connections", []string{"GET /api/v1/connections"}, w.operator()},
		{"orders", []string{"GET /api/v1/orders", "GET /api/v1/orders/028-0000000-0000001", "GET /api/v1/orders/sync/backfill/status"}, w.as("healthy")},
		{"problems", []string{
			"GET /nowhere", "DELETE /api/v1/runs", "GET /api/v1/connections", "GET /api/v1/orders?tenantId=paused", "GET /api/v1/orders?limit=0&dateFrom=soon",
			"GET /api/v1/orders?dateFrom=soon", "GET /api/v1/orders?cursor=x", "GET /api/v1/orders/028-0000000-0000009", "POST /api/v1/orders/import-one",
			"POST /api/v1/orders/sync/run?tenantId=global",
		}, w.as("healthy")},
		{"problem_of_key", []string{"GET /api/v1/runs"}, header("Authorization", "Bearer osk_wrong")},
	} {
		var out strings.Builder
		for _, request := range file.requests {
			method, path, _ := strings.Cut(request, " ")
			a := w.ask(method, path, "", file.as, isJSON)
			shown := strings.ReplaceAll(request, first, "RUN")
			out.WriteString(shown + "\n" + w.indented(a.text) + "\n")
		}
		text := out.String()
		for _, c := range changing {
			text = c.pattern.ReplaceAllString(text, c.normal)
		}
		wantFile(w.t, file.name+".txt", text, write)
	}
}

// indented is an answer's JSON as people read it.
func (w *world) indented(text string) string {
	w.t.Helper()
	var v any
	w.must(json.Unmarshal([]byte(text), &v))
	out, err := json.MarshalIndent(v, "", "  ")
	w.must(err)
	return string(out)
}
