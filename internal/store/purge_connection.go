package store

import (
	"context"
	"database/sql"
	"fmt"

	"ordersync"
)

// purging is a connection that is looked at for what is past its time.
type purging struct {
	*tx
	id       int64
	tenant   ordersync.TenantID
	personal bool // may be held
	keep     Retention
	full     bool // a batch was full: there is more
}

// purgeConnection deletes a batch of what is past its time of one connection, and
// tells whether there is more. It holds the connection's row, so that no page is
// stored meanwhile, and needs no lease: what it deletes no worker looks at again.
func (s *Store) purgeConnection(ctx context.Context, id int64, keep Retention, all *Purged) (full bool, err error) {
	var one Purged
	err = s.inTx(ctx, "purge connection", func(ctx context.Context, t *tx) error {
		one, full = Purged{}, false
		n, err := t.exec(ctx, `UPDATE connections SET purge_due_at = $2 WHERE id = $1 AND purge_due_at <= $3`, id, ms(t.now.Add(purgeAgain)), ms(t.now))
		if err != nil || n == 0 {
			return err // another process was quicker
		}
		p := purging{tx: t, id: id, keep: keep}
		if err := t.QueryRowContext(ctx, `SELECT tenant, personal_data FROM connections WHERE id = $1`, id).Scan(&p.tenant, &p.personal); err != nil {
			return err
		}
		if err := p.all(ctx, &one); err != nil {
			return err
		}
		if full = p.full; full {
			_, err = t.ExecContext(ctx, `UPDATE connections SET purge_due_at = $2 WHERE id = $1`, id, ms(t.now))
		}
		return err
	})
	if err != nil {
		return false, err
	}
	all.Connections++
	all.Orders += one.Orders
	all.Personal += one.Personal
	all.Changes += one.Changes
	all.Repairs += one.Repairs
	all.StateChanges += one.StateChanges
	all.SetAside += one.SetAside
	return full, nil
}

func (p *purging) all(ctx context.Context, out *Purged) (err error) {
	if out.Orders, err = p.orders(ctx); err != nil {
		return fmt.Errorf("purge orders: %w", err)
	}
	if out.Changes, err = p.changes(ctx); err != nil {
		return fmt.Errorf("purge changes: %w", err)
	}
	if !p.personal {
		if out.Personal, err = p.rows(ctx, "order_personal", "order_id", "purge_at >= $4", 0); err != nil {
			return fmt.Errorf("purge personal fields: %w", err)
		}
	}
	now := p.now
	for _, of := range []struct {
		table, key, when string
		before           int64
		n                *int64
	}{
		{"repairs", "epoch", "at < $4", ms(now.Add(-p.keep.Runs)), &out.Repairs},
		{"state_changes", "epoch", "at < $4", ms(now.Add(-p.keep.StateChanges)), &out.StateChanges},
		{"set_aside", "entry", "last_at < $4", ms(now.Add(-p.keep.Orders)), &out.SetAside},
	} {
		if *of.n, err = p.rows(ctx, of.table, of.key, of.when, of.before); err != nil {
			return fmt.Errorf("purge %s: %w", of.table, err)
		}
	}
	return nil
}

// rows deletes a batch of a table's rows that meet the condition on $4.
func (p *purging) rows(ctx context.Context, table, key, when string, value int64) (int64, error) {
	n, err := p.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND connection_id = $2 AND `+when+` AND `+key+` IN (
		SELECT `+key+` FROM `+table+` WHERE tenant = $1 AND connection_id = $2 AND `+when+` ORDER BY `+key+` LIMIT $3)`,
		p.tenant, p.id, purgeRows, value)
	p.full = p.full || n >= purgeRows
	return n, err
}

// oldOrders finds orders that are past their time. An order is never updated
// before it is made, so the index by order date narrows the search.
const oldOrders = `SELECT order_id FROM orders WHERE tenant = $1 AND connection_id = $2 AND created_at < $3 AND last_updated_at < $3
	ORDER BY created_at, order_id LIMIT $4`

// orders deletes a batch of orders with all that belongs to them.
func (p *purging) orders(ctx context.Context) (int64, error) {
	rows, err := p.QueryContext(ctx, oldOrders, p.tenant, p.id, ms(p.now.Add(-p.keep.Orders)), purgeOrders)
	if err != nil {
		return 0, err
	}
	args, err := orderKeys(rows, p.tenant, p.id)
	n := len(args) - 2
	if err != nil || n == 0 {
		return 0, err
	}
	var items int64
	for _, table := range []string{"order_personal", "order_packages", "order_items", "orders"} {
		gone, err := p.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND connection_id = $2 AND order_id IN `+p.kind.placeholders(3, n), args...)
		if err != nil {
			return 0, err
		}
		if table == "order_items" {
			items = gone
		}
	}
	p.full = p.full || n == purgeOrders
	_, err = p.ExecContext(ctx, `UPDATE connections SET orders = orders - $2, items = items - $3 WHERE id = $1`, p.id, n, items)
	return int64(n), err
}

// orderKeys reads order ids behind the tenant and the connection.
func orderKeys(rows *sql.Rows, tenant ordersync.TenantID, connection int64) ([]any, error) {
	defer rows.Close()
	args := []any{tenant, connection}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return args, err
		}
		args = append(args, id)
	}
	return args, rows.Err()
}

// changes deletes a batch from the beginning of the list of changes, and
// remembers where it begins now, so that who reads too late is told so.
func (p *purging) changes(ctx context.Context) (int64, error) {
	var last sql.NullInt64
	err := p.QueryRowContext(ctx, `SELECT MAX(seq) FROM (SELECT seq, at FROM changes WHERE tenant = $1 AND connection_id = $2 ORDER BY seq LIMIT $3) AS c
		WHERE at < $4`, p.tenant, p.id, purgeRows, ms(p.now.Add(-p.keep.Changes))).Scan(&last)
	if err != nil || !last.Valid {
		return 0, err
	}
	n, err := p.exec(ctx, `DELETE FROM changes WHERE tenant = $1 AND connection_id = $2 AND seq <= $3`, p.tenant, p.id, last.Int64)
	if err != nil {
		return 0, err
	}
	p.full = p.full || n >= purgeRows
	_, err = p.ExecContext(ctx, `UPDATE connections SET changes_from = $2 WHERE id = $1`, p.id, last.Int64+1)
	return n, err
}
