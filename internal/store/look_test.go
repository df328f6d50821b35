package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// What the tests look at beside the store.

// orders reads a tenant's orders.
func (d *database) orders(tenant ordersync.TenantID) (all []store.StoredOrder) {
	d.t.Helper()
	d.must(d.Reader().Tenant(tenant).Orders(d.ctx, func(o store.StoredOrder) error {
		all = append(all, o)
		return nil
	}))
	return all
}

// order reads the one order of that id that a tenant has.
func (d *database) order(tenant ordersync.TenantID, id string) store.StoredOrder {
	d.t.Helper()
	var found []store.StoredOrder
	for _, o := range d.orders(tenant) {
		if o.ID == id {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		d.t.Fatalf("tenant %s has %d orders %s, want 1", tenant, len(found), id)
	}
	return found[0]
}

// connection reads a connection.
func (d *database) connection(tenant ordersync.TenantID, id ordersync.ConnectionID) ordersync.Connection {
	d.t.Helper()
	c, err := d.Reader().Tenant(tenant).Connection(d.ctx, id)
	d.must(err)
	return c
}

// changes reads a connection's list of changes.
func (d *database) changes(id ordersync.ConnectionID) (all []ordersync.Change) {
	d.t.Helper()
	rows, err := d.raw().Query(`SELECT seq, kind, order_id, at, last_updated_before, last_updated_after, status_before, status_after, data_groups
		FROM changes WHERE connection_id = $1 ORDER BY seq`, int64(id))
	d.must(err)
	defer rows.Close()
	for rows.Next() {
		var c ordersync.Change
		var at, after, groups int64
		var before sql.NullInt64
		d.must(rows.Scan(&c.Seq, &c.Kind, &c.OrderID, &at, &before, &after, &c.StatusBefore, &c.StatusAfter, &groups))
		c.At, c.LastUpdatedAfter, c.Groups = time.UnixMilli(at).UTC(), time.UnixMilli(after).UTC(), ordersync.Groups(groups)
		if before.Valid {
			c.LastUpdatedBefore = time.UnixMilli(before.Int64).UTC()
		}
		all = append(all, c)
	}
	d.must(rows.Err())
	return all
}

// number reads one number.
func (d *database) number(query string, args ...any) (n int64) {
	d.t.Helper()
	d.must(d.raw().QueryRow(query, args...).Scan(&n))
	return n
}

// text reads one text.
func (d *database) text(query string, args ...any) (s string) {
	d.t.Helper()
	d.must(d.raw().QueryRow(query, args...).Scan(&s))
	return s
}

// exec does what no method of the store does.
func (d *database) exec(query string, args ...any) {
	d.t.Helper()
	_, err := d.raw().Exec(query, args...)
	d.must(err)
}

// checkCounters fails the test unless a connection's own counters equal what is
// stored, and its changes are 1, 2, 3 … without holes.
func (d *database) checkCounters(id ordersync.ConnectionID) {
	d.t.Helper()
	for counter, table := range map[string]string{"orders": "orders", "items": "order_items", "change_seq": "changes"} {
		counted := d.number(`SELECT `+counter+` FROM connections WHERE id = $1`, int64(id))
		rows := d.number(`SELECT COUNT(*) FROM `+table+` WHERE connection_id = $1`, int64(id))
		if counted != rows {
			d.t.Errorf("connection %d counts %d in %s, and %s has %d rows", id, counted, counter, table, rows)
		}
	}
	for i, c := range d.changes(id) {
		if c.Seq != int64(i+1) {
			d.t.Fatalf("change %d of connection %d has the number %d", i+1, id, c.Seq)
		}
	}
}

// dump is the whole database as text.
func (d *database) dump() string {
	d.t.Helper()
	var out strings.Builder
	for _, table := range d.tables() {
		fmt.Fprintf(&out, "%s\n", table)
		lines := d.rows(`SELECT * FROM ` + table)
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprintf(&out, "  %s\n", line)
		}
	}
	return out.String()
}

func (d *database) tables() []string {
	d.t.Helper()
	if d.Local() {
		return d.rows(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`)
	}
	return d.rows(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'goose_db_version' ORDER BY table_name`)
}

// rows reads the rows of a query as lines.
func (d *database) rows(query string, args ...any) (lines []string) {
	d.t.Helper()
	rows, err := d.raw().Query(query, args...)
	d.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	d.must(err)
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		d.must(rows.Scan(into...))
		cells := make([]string, len(values))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", b)
			}
			cells[i] = fmt.Sprint(v)
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	d.must(rows.Err())
	return lines
}
