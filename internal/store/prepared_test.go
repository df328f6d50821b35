package store_test

import (
	"fmt"
	"testing"

	"ordersync/internal/store/storetest"
)

// A batch of each size is another text: without a bound each connection would keep
// hundreds of large statements, here and in the server.
func TestServerKeepsFewStatements(t *testing.T) {
	t.Parallel()
	d := open(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	d.Database().SetMaxOpenConns(1)
	l := d.connected("acme", "S1")
	for n := range 40 {
		c := pageOf(l)
		for i := range 1 + n {
			c.Page.Orders = append(c.Page.Orders, order(fmt.Sprintf("%d-%d", n, i), 0))
		}
		d.commit(l, c)
	}
	var kept, bytes int
	d.must(d.Database().QueryRowContext(d.ctx, `SELECT (SELECT COUNT(*) FROM pg_prepared_statements), (SELECT SUM(total_bytes) FROM pg_backend_memory_contexts)`).Scan(&kept, &bytes))
	if kept > 110 { // those that are to go next are still there
		t.Errorf("after 40 sizes of pages a connection keeps %d statements", kept)
	}
	t.Logf("%d statements, the server's memory for the connection is %d kB", kept, bytes>>10)
}
