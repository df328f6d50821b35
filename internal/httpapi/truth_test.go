package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// The status names who must act as the command line does: also for what was
// confirmed, and for what was never connected.
func TestStatusNamesWhoActs(t *testing.T) {
	onBoth(t, func(w *world) {
		denied := ordersync.Outcome{Reason: ordersync.AccessDenied}
		once, twice := w.connect("once"), w.connect("twice")
		w.settles(once, store.Commit{}, denied)
		denied.Confirmed = true
		w.settles(twice, store.Commit{}, denied)
		w.connect("pending", func(i *store.Import) { i.State = ordersync.Pending })
		w.connect("disabled", func(i *store.Import) { i.State = ordersync.Disabled })
		w.connect("reconnect", func(i *store.Import) { i.State = ordersync.NeedsReconnect })
		w.must(w.engine.Pause(w.ctx, "paused", w.connect("paused")))
		for tenant, want := range map[string]any{
			"once": nil, "twice": "tenant or operator", "pending": "tenant", "disabled": nil, "reconnect": "tenant", "paused": "operator",
		} {
			row := w.get("/api/v1/orders/sync/status?tenantId="+tenant, w.operator()).want(200)["connections"].([]any)[0].(object)
			if row["whoActs"] != want {
				t.Errorf("%s: %v must act, want %v", tenant, row["whoActs"], want)
			}
		}
	})
}

// Operators see the trouble that many share, and that nobody needs to act;
// tenants are told nothing of others.
func TestStatusShowsIncidents(t *testing.T) {
	onBoth(t, func(w *world) {
		var all []ordersync.ConnectionID
		for _, name := range strings.Fields("a b c d e f") {
			id := w.connect(ordersync.TenantID(name))
			w.reads(id)
			all = append(all, id)
		}
		for _, path := range []string{"/api/v1/connections", "/api/v1/orders/sync/status"} {
			if got, _ := w.get(path, w.operator()).want(200)["incidents"].([]any); len(got) != 0 {
				t.Errorf("%s: %v", path, got)
			}
		}
		w.later(6 * time.Minute)
		for _, id := range all[:5] {
			w.settles(id, store.Commit{Failed: store.FailedUnavailable}, ordersync.Outcome{Reason: ordersync.AmazonUnavailable})
		}
		w.tick()
		for _, path := range []string{"/api/v1/connections", "/api/v1/orders/sync/status"} {
			got, _ := w.get(path, w.operator()).want(200)["incidents"].([]any)
			if len(got) != 1 {
				t.Fatalf("%s: %v", path, got)
			}
			one := got[0].(object)
			if one["region"] != "eu" || one["kind"] != "unavailable" || one["since"] != "2026-01-12T03:00:23.000Z" || one["connections"] != 5. ||
				one["whoActs"] != "nobody" || !strings.Contains(one["message"].(string), "nobody needs to act") {
				t.Errorf("%s: %v", path, one)
			}
		}
		w.key("a")
		if a := w.get("/api/v1/orders/sync/status", w.as("a")); a.status != 200 || strings.Contains(a.text, "incidents") {
			t.Errorf("a tenant is told %s", a.text)
		}
	})
}

// What asking Amazon failed with is said in the reason's words; what nobody
// foresaw is in the log only.
func TestExplainSaysNoInternalError(t *testing.T) {
	w := newWorld(t, storetest.SQLite)
	w.connect("mine")
	db := storetest.SQL(t, w.url)
	_, err := db.ExecContext(w.ctx, `ALTER TABLE applications RENAME TO hidden`)
	w.must(err)
	w.must(db.Close())
	a := w.get("/api/v1/tenants/mine/orders/903-1671087-0812628/explain?askAmazon=true", w.operator())
	answer := a.want(200)["amazon"].(object)
	if answer["reasonCode"] != "UNKNOWN_ERROR" || !strings.Contains(answer["failure"].(string), "in the log") || strings.Contains(a.text, "applications") {
		t.Error(a.text)
	}
	if !strings.Contains(a.text, "(UNKNOWN_ERROR).") || !strings.Contains(w.log.String(), "no such table: applications") {
		t.Errorf("%s\n%s", a.text, w.log)
	}
	b := w.get("/api/v1/tenants/mine/orders/a%20b/explain?askAmazon=true", w.operator())
	if b.want(200); !strings.Contains(b.text, "Amazon was not asked: this is no order id") {
		t.Error(b.text)
	}
}
