package httpapi_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/store"
)

// One tenant may have only so many requests waiting at a time; that is no other's
// trouble, and who does not wait is always served.
func TestMostThatWait(t *testing.T) {
	inBubble(t, func(w *world) {
		const most = 20
		w.key("mine")
		w.key("other")
		id := w.connect("mine")
		w.connect("other")
		const route = "/api/v1/orders/sync/run"
		done := make(chan int)
		for range most {
			go func() { done <- w.post(route, "", w.as("mine"), header("Prefer", "wait=600")).status }()
		}
		synctest.Wait() // all of them wait
		run := w.post(route, "", w.as("mine"), header("Prefer", "respond-async")).want(202)["runId"].(string)
		for _, a := range []reply{
			w.post(route, "", w.as("mine"), header("Prefer", "wait=1")),
			w.get("/api/v1/runs/"+run+"/events", w.as("mine")),
		} {
			a.wantProblem(429, "20")
			if a.header.Get("Retry-After") != "10" {
				t.Errorf("%s: %v", a.what, a.header)
			}
		}
		w.post(route, "", w.as("other"), header("Prefer", "wait=1")).want(202)
		w.reads(id)
		for range most {
			if status := <-done; status != 200 {
				t.Errorf("a request that waited: %d", status)
			}
		}
		w.post(route, "", w.as("mine"), header("Prefer", "wait=1")).want(202)
	})
}

// Who asks again for a run that nothing has come of yet is given that run.
func TestRunsOfOneTenantAreJoined(t *testing.T) {
	onBoth(t, func(w *world) {
		first := w.connect("mine", func(i *store.Import) { i.SellerID = "A1" })
		w.connect("mine", func(i *store.Import) { i.SellerID = "A2" })
		w.connect("other")
		ask := func(tenant string) string {
			return w.post("/api/v1/orders/sync/run?tenantId="+tenant, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		}
		run := ask("mine")
		if again := ask("mine"); again != run {
			t.Errorf("%s and %s", run, again)
		}
		if other := ask("other"); other == run {
			t.Errorf("another tenant was given %s", run)
		}
		w.reads(first)
		next := ask("mine")
		if next == run {
			t.Error("a run that is half done was joined")
		}
		w.later(10 * time.Minute)
		late := ask("mine")
		if late == next {
			t.Error("a run that ends soon was joined")
		}
		w.post("/api/v1/runs/"+late+"/cancel", "", w.operator()).want(200)
		if again := ask("mine"); again == late {
			t.Error("a cancelled run was joined")
		}
	})
}
