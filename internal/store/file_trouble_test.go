package store_test

import (
	"fmt"
	"strings"
	"testing"

	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// A file that may not grow refuses a transaction as a whole and says what to do.
func TestFullFileIsAnErrorWithARemedy(t *testing.T) {
	t.Parallel()
	d := open(t, storetest.SQLite, storetest.New(t, storetest.SQLite))
	l := d.connected("acme", "S1")
	var pages int
	d.must(d.Database().QueryRowContext(d.ctx, `PRAGMA page_count`).Scan(&pages))
	grow := func(by int) {
		_, err := d.Database().ExecContext(d.ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+by))
		d.must(err)
	}
	grow(2)
	before := d.dump()
	var orders []store.PageOrder
	for i := range 100 {
		orders = append(orders, order(fmt.Sprint(i), 0))
	}
	_, err := d.Commit(d.ctx, l, pageOf(l, orders...))
	if !store.IsFileTrouble(err) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("the error is %v", err)
	}
	equal(t, "database", d.dump(), before)
	grow(1000)
	d.page(l, orders...)
	d.checkCounters(l.Connection.ID)
}
