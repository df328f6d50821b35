package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

const global = "/api/v1/orders/sync/run/global"

// Whoever does not want to wait is told where the run goes on.
func TestRunGoesOn(t *testing.T) {
	onBoth(t, func(w *world) {
		id := w.connect("mine")
		for prefer, applied := range map[string]string{"respond-async": "respond-async", "wait=0": "wait=0", "respond-async, wait=0": "respond-async, wait=0"} {
			a := w.post(global, "", w.operator(), header("Prefer", "handling=strict"), header("Prefer", prefer))
			run := a.want(202)
			where := a.header.Get("Location")
			if a.header.Get("Preference-Applied") != applied || where != "/api/v1/runs/"+run["runId"].(string) || run["finished"] != false || run["success"] != false {
				t.Errorf("%s: %v %s", prefer, a.header, a.text)
			}
			if got := w.get(where, w.operator()).want(200); got["finished"] != false || got["summary"].(object)["total"] != 1. {
				t.Errorf("%s: %v", prefer, got)
			}
		}
		w.reads(id)
		w.tick()
		a := w.post(global, "", w.operator())
		if a.want(200)["success"] != true || a.header.Get("Location") != "" {
			t.Errorf("fresh: %v %s", a.header, a.text)
		}
	})
}

// A client that goes away stops nothing.
func TestClientGoes(t *testing.T) {
	onBoth(t, func(w *world) {
		id := w.connect("mine")
		ctx, leave := context.WithCancel(w.ctx)
		r := httptest.NewRequestWithContext(ctx, "POST", global, nil)
		w.operator()(r)
		done, rec := make(chan struct{}), httptest.NewRecorder()
		go func() {
			defer close(done)
			w.handler.ServeHTTP(rec, r)
		}()
		for len(w.get("/api/v1/runs", w.operator()).want(200)["runs"].([]any)) == 0 {
			<-time.After(time.Millisecond)
		}
		stop := make(chan struct{})
		w.works(stop, func(ordersync.ConnectionID) {
			leave()
			<-done
			w.reads(id)
			close(stop)
		})
		w.tick()
		runs := w.get("/api/v1/runs", w.operator()).want(200)["runs"].([]any)
		if len(runs) != 1 || runs[0].(object)["success"] != true {
			t.Errorf("%v", runs)
		}
		// When it was the service that ended, the answer is still read.
		if rec.Code != 202 || rec.Header().Get("Location") == "" || !strings.Contains(rec.Body.String(), `"total":1`) {
			t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
	})
}

// Of a large run only the trouble is listed, with a link to all.
func TestManyResults(t *testing.T) {
	onBoth(t, func(w *world) {
		for i := range 5 {
			id := w.connect(ordersync.TenantID(fmt.Sprintf("t%d", i)))
			w.reads(id)
			if i%2 == 1 {
				w.must(w.engine.Pause(w.ctx, ordersync.TenantID(fmt.Sprintf("t%d", i)), id))
			}
		}
		w.later(time.Second)
		run := w.post(global, "", w.operator()).want(200)
		results := run["results"].([]any)
		if run["resultsTruncated"] != true || len(results) != 2 || results[0].(object)["reasonCode"] != "PAUSED" || run["summary"].(object)["success"] != 3. {
			t.Errorf("%v", run)
		}
		link := run["resultsLink"].(string)
		w.tick()
		seen := map[string]bool{}
		for cursor := ""; ; {
			page := w.get(link+"?limit=2"+cursor, w.operator()).want(200)
			for _, r := range page["results"].([]any) {
				seen[r.(object)["tenantId"].(string)] = true
			}
			next, ok := page["nextCursor"].(string)
			if !ok {
				break
			}
			cursor = "&cursor=" + next
		}
		if len(seen) != 5 {
			t.Errorf("the pages list %v", seen)
		}
	}, func(c *httpapi.Config) { c.Pace.MaxResults = 4 })
}

// A run of one tenant, in the predecessor's words.
func TestRunOfOne(t *testing.T) {
	onBoth(t, func(w *world) {
		w.key("mine")
		good := w.connect("mine", func(i *store.Import) { i.SellerID = "A1" })
		bad := w.connect("mine", func(i *store.Import) { i.SellerID, i.Region = "A2", ordersync.RegionNA; i.Marketplaces = &[]string{} })
		w.connect("other")
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			w.works(stop, func(id ordersync.ConnectionID) {
				switch id {
				case good:
					w.reads(id, order("028-0000000-0000001", start.Add(-time.Hour), 2))
				case bad:
					w.settles(id, store.Commit{}, ordersync.Outcome{Reason: ordersync.AccessDenied})
				}
			})
		}()
		run := w.post("/api/v1/orders/sync/run", `{}`, w.as("mine")).want(200)
		close(stop)
		<-stopped
		if run["mode"] != "single" || run["tenantId"] != "mine" || run["success"] != false || run["finished"] != true ||
			run["ordersProcessed"] != 1. || run["itemsProcessed"] != 2. || run["lastUpdatedAfter"] != nil || len(run["results"].([]any)) != 2 {
			t.Errorf("%v", run)
		}
		if e := run["errors"].([]any); len(e) != 1 || !strings.HasPrefix(e[0].(string), "ACCESS_DENIED: ") {
			t.Errorf("errors: %v", run["errors"])
		}
		w.must(w.engine.Pause(w.ctx, "mine", bad))
		w.must(w.engine.Pause(w.ctx, "mine", good))
		// The tenant of the operator's proxy is the one that is meant.
		again := w.post("/api/v1/orders/sync/run", "", proxied(cron, "mine")).want(200)
		if again["tenantId"] != "mine" || len(again["errors"].([]any)) != 2 {
			t.Errorf("%v", again)
		}
	})
}

// Runs are listed from the newest on, and can be cancelled.
func TestListAndCancelRuns(t *testing.T) {
	onBoth(t, func(w *world) {
		var ids []string
		for _, tenant := range []ordersync.TenantID{"first", "second", "mine"} {
			w.key(tenant)
			w.connect(tenant)
			w.later(time.Second)
			a := w.post("/api/v1/orders/sync/run", "", w.as(tenant), header("Prefer", "respond-async"))
			ids = append([]string{a.want(202)["runId"].(string)}, ids...)
		}
		var got []string
		for cursor := ""; ; {
			page := w.get("/api/v1/runs?limit=2"+cursor, w.operator()).want(200)
			for _, r := range page["runs"].([]any) {
				got = append(got, r.(object)["runId"].(string))
			}
			next, ok := page["nextCursor"].(string)
			if !ok {
				break
			}
			cursor = "&cursor=" + next
		}
		if strings.Join(got, " ") != strings.Join(ids, " ") {
			t.Errorf("%v, want %v", got, ids)
		}
		w.post("/api/v1/runs/"+ids[0]+"/cancel", "", w.as("mine")).want(200)
		w.tick()
		run := w.get("/api/v1/runs/"+ids[0], w.as("mine")).want(200)
		if run["finished"] != true || run["results"].([]any)[0].(object)["reasonCode"] != "INTERRUPTED" {
			t.Errorf("%v", run)
		}
		if other := w.get("/api/v1/runs/"+ids[1], w.as("second")).want(200); other["finished"] != false {
			t.Errorf("%v", other)
		}
	})
}
