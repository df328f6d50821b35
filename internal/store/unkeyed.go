package store

import (
	"context"
	"fmt"
	"slices"

	"ordersync"
)

// Orders without an id are set aside under their body's digest. They cannot be
// asked for, so their entries end with the window that they were met in.

// placeUnkeyed notes of a page's orders without an id the window of the walk that
// met them. The walk must still be stored.
func (t *tx) placeUnkeyed(ctx context.Context, l *Lease, kind ordersync.WalkKind, unreadable []ordersync.Unreadable) error {
	args := []any{l.Connection.Tenant, int64(l.Connection.ID), kind}
	for _, u := range unreadable {
		if u.OrderID == "" {
			args = append(args, u.Key)
		}
	}
	n := len(args) - 3
	if n == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE set_aside SET from_at = w.from_at, to_at = w.to_at, marketplaces = w.marketplaces FROM walks AS w
		WHERE w.tenant = $1 AND w.connection_id = $2 AND w.kind = $3 AND set_aside.tenant = $1 AND set_aside.connection_id = $2
		AND set_aside.order_id = '' AND set_aside.entry IN `+t.kind.placeholders(4, n), args...)
	if err != nil {
		return fmt.Errorf("note window of orders without an id: %w", err)
	}
	return nil
}

// unkeyed is an entry of an order without an id.
type unkeyed struct {
	entry        string
	window       ordersync.Window // of which nothing was read since without such an order
	marketplaces []string
}

// endUnkeyed ends the entries of orders without an id whose window a reading
// covers that met none. What it covers from one end counts too: a window that
// cannot be read whole is read in halves.
func (t *tx) endUnkeyed(ctx context.Context, l *Lease, c Covered) error {
	met, err := t.unkeyedIn(ctx, l, c.Window)
	if err != nil {
		return err
	}
	for _, u := range met {
		if slices.ContainsFunc(u.marketplaces, func(m string) bool { return !slices.Contains(c.Marketplaces, m) }) {
			continue
		}
		rest := ordersync.Spans{c.Window}.Missing(u.window)
		key := []any{l.Connection.Tenant, int64(l.Connection.ID), u.entry}
		switch len(rest) {
		case 0:
			_, err = t.ExecContext(ctx, `DELETE FROM set_aside WHERE tenant = $1 AND connection_id = $2 AND entry = $3`, key...)
		case 1:
			_, err = t.ExecContext(ctx, `UPDATE set_aside SET from_at = $4, to_at = $5 WHERE tenant = $1 AND connection_id = $2 AND entry = $3`,
				append(key, ms(rest[0].From), ms(rest[0].To))...)
		}
		if err != nil {
			return fmt.Errorf("end entries of orders without an id: %w", err)
		}
	}
	return nil
}

// unkeyedIn lists the entries of orders without an id that were met in a window
// which shares more than an instant with w.
func (t *tx) unkeyedIn(ctx context.Context, l *Lease, w ordersync.Window) (out []unkeyed, err error) {
	rows, err := t.QueryContext(ctx, `SELECT entry, from_at, to_at, marketplaces FROM set_aside
		WHERE tenant = $1 AND connection_id = $2 AND order_id = '' AND from_at < $3 AND to_at > $4 ORDER BY entry`,
		l.Connection.Tenant, int64(l.Connection.ID), ms(w.To), ms(w.From))
	if err != nil {
		return nil, fmt.Errorf("read entries of orders without an id: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u unkeyed
		var from, to int64
		var marketplaces string
		if err := rows.Scan(&u.entry, &from, &to, &marketplaces); err != nil {
			return nil, fmt.Errorf("read entries of orders without an id: %w", err)
		}
		u.window, u.marketplaces = ordersync.Window{From: msTime(from), To: msTime(to)}, split(marketplaces)
		out = append(out, u)
	}
	return out, rows.Err()
}
