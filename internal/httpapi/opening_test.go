package httpapi_test

import (
	"testing"

	"ordersync/internal/store/storetest"
)

// A run that was written goes on, whatever becomes of its first targets: the
// caller is told where, and the ticks write the rest.
func TestRunIsAnsweredOnceItIsWritten(t *testing.T) {
	onSQLite(t, func(w *world) {
		id := w.connect("mine")
		db := storetest.SQL(t, w.url)
		_, err := db.ExecContext(w.ctx, `CREATE TRIGGER broken BEFORE INSERT ON targets BEGIN SELECT RAISE(ABORT, 'broken'); END`)
		w.must(err)
		a := w.post(global, "", w.operator(), header("Prefer", "wait=0"))
		if run := a.want(202); run["finished"] != false || a.header.Get("Location") != "/api/v1/runs/"+run["runId"].(string) {
			t.Errorf("%v %s", a.header, a.text)
		}
		_, err = db.ExecContext(w.ctx, `DROP TRIGGER broken`)
		w.must(err)
		w.tick()
		w.reads(id)
		run := w.get(a.header.Get("Location"), w.operator()).want(200)
		if run["finished"] != true || run["summary"].(object)["success"] != 1. {
			t.Errorf("%v", run)
		}
	})
}
