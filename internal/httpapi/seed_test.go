package httpapi_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// brokenCursor is the cursor that the seed found in the place of a date.
const brokenCursor = "f45c563a-c72e-4025-abe9-96d8d0a86a69"

// seedCurl asks as the seed's cron does, through the trusted proxy:
//
//	curl -sk -X POST -H "X-User-Email: cron@system.keybuzz.io" -H "X-Tenant-Id: ecomlg-001" \
//	  https://…/api/v1/orders/sync/run/global
func (w *world) seedCurl() object {
	w.t.Helper()
	return w.post("/api/v1/orders/sync/run/global", "", proxied(cron, cronTenant), header("Content-Type", "")).want(200)
}

// importSeed makes the seed's three tenants.
func (w *world) importSeed() map[ordersync.ConnectionID]ordersync.TenantID {
	name := "E-Commerce LG"
	return map[ordersync.ConnectionID]ordersync.TenantID{
		w.connect("kbz-002", func(i *store.Import) { i.Token, i.Seal = false, nil }):     "kbz-002",
		w.connect("kbz_test", func(i *store.Import) { i.Cursor = []byte(brokenCursor) }): "kbz_test",
		w.connect(cronTenant, func(i *store.Import) {
			i.DisplayName, i.Cursor, i.LastSuccessAt = &name, []byte("2026-01-12T02:49:23.000Z"), start.Add(-5*time.Minute)
		}): cronTenant,
	}
}

// seedWork is what a worker finds for the seed's tenants.
func (w *world) seedWork(tenants map[ordersync.ConnectionID]ordersync.TenantID) func(ordersync.ConnectionID) {
	return func(id ordersync.ConnectionID) {
		switch tenants[id] {
		case "kbz-002":
			w.settles(id, store.Commit{}, ordersync.Outcome{Reason: ordersync.TokenMissing})
		case "kbz_test":
			at := w.now().Add(-time.Hour)
			w.settles(id, store.Commit{
				Page:    &store.Page{Orders: []store.PageOrder{order("028-0000000-0000001", at, 3), order("028-0000000-0000002", at, 4)}},
				Repairs: []ordersync.Repair{{Code: ordersync.InvalidDateFixed, Old: []byte(brokenCursor), New: "2026-01-05T02:54:23.000Z", At: w.now()}},
			}, ordersync.Outcome{Reason: ordersync.Success})
		default:
			w.reads(id)
		}
	}
}

// The seed's scenario: its curl, its status, and a second run that changes
// nothing.
func TestSeedScenario(t *testing.T) {
	onBoth(t, func(w *world) { w.seedScenario(t, false) })
}

// The JSON of the seed's scenario is what its callers read.
func TestGeneratedSeedJSON(t *testing.T) {
	newWorld(t, storetest.SQLite).seedScenario(t, *update)
}

func (w *world) seedScenario(t *testing.T, write bool) {
	tenants := w.importSeed()
	before := w.get("/api/v1/orders/sync/status", proxied(cron, cronTenant)).want(200)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		w.works(stop, w.seedWork(tenants))
	}()
	run := w.seedCurl()
	summary := run["summary"].(object)
	if run["success"] != true || summary["total"] != 3. || summary["success"] != 2. || summary["skipped"] != 1. || summary["failed"] != 0. {
		t.Errorf("the run: %v", run)
	}
	second := w.seedCurl()
	close(stop)
	<-stopped
	for _, r := range second["results"].([]any) {
		if r := r.(object); r["ordersCreated"] != 0. || r["ordersChanged"] != 0. {
			t.Errorf("the second run: %v", r)
		}
	}
	after := w.get("/api/v1/orders/sync/status", proxied(cron, cronTenant)).want(200)
	single := w.get("/api/v1/orders/sync/status?tenantId=kbz_test", proxied(cron, cronTenant)).want(200)
	text, err := json.MarshalIndent(object{"statusBefore": before, "run": run, "statusAfter": after, "statusOfOne": single}, "", "  ")
	w.must(err)
	// Which run and when it ended differ from time to time.
	plain := regexp.MustCompile(`"runId": "[0-9A-V]{26}"`).ReplaceAllString(string(text), `"runId": "RUN"`)
	wantFile(t, "seed.json", plain+"\n", write)
}
