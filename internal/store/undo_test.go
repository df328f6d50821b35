package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store/storetest"
)

// migrations undoes all migrations but the first, or does them again, as goose
// would.
func (d *database) migrations(up bool) {
	d.t.Helper()
	names, err := filepath.Glob(filepath.Join("migrations", string(d.kind), "*.sql"))
	d.must(err)
	names = names[1:]
	if !up {
		slices.Reverse(names)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		d.must(err)
		does, undoes, _ := strings.Cut(string(text), "-- +goose Down")
		if !up {
			does = undoes
		}
		for statement := range strings.SplitSeq(withoutComments.ReplaceAllString(does, ""), ";") {
			if statement = strings.TrimSpace(statement); statement != "" {
				d.exec(statement)
			}
		}
	}
}

// Migrations that are undone and done again leave the same schema, and personal
// fields that were stored before it run down too.
func TestMigrationOfAFilledDatabase(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		d := open(t, kind, storetest.New(t, kind))
		schema := func() (out []string) {
			for _, table := range d.tables() {
				for _, column := range d.columns(table) {
					out = append(out, table+" "+column)
				}
			}
			return out
		}
		before := schema()
		d.full("acme", "S1")
		l := d.connected("other", "S2")
		d.page(l, order("shipped", 0, sealed(ordersync.GroupBuyer, "x"), status("SHIPPED")), order("window", 0, sealed(ordersync.GroupBuyer, "x"), status("SHIPPED"), deliverBy(day)))
		d.exec(`UPDATE orders SET status = 'CANCELLED' WHERE tenant = 'acme'`)
		d.migrations(false)
		d.migrations(true)
		equal(t, "schema", schema(), before)
		equal(t, "kept until", d.rows(`SELECT order_id || ' ' || CAST((purge_at - $1) / 86400000 AS TEXT) FROM order_personal WHERE tenant = 'other' ORDER BY order_id`, begin.UnixMilli()),
			[]string{"shipped 30", "window 31"})
		equal(t, "of a cancelled order", d.number(`SELECT purge_at FROM order_personal WHERE tenant = 'acme'`), int64(0))
		d.purge()
		d.connected("new", "S3")
	})
}
