package store

import (
	"context"
	"fmt"
	"slices"

	"ordersync"
)

// Orders without an id are set aside under their body's digest. They cannot be
// asked for: the window that they were met in is a gap from then on, whether it was
// read before or not, and their entries end when that is closed.

// unkeyed is an entry of an order without an id.
type unkeyed struct {
	entry        string
	window       ordersync.Window // that met it
	marketplaces []string
}

// placeUnkeyed notes of a page's orders without an id the window of the walk that
// met them, which must still be stored. One that was met before in a window within
// this one lies in that, which is a gap already.
func (t *tx) placeUnkeyed(ctx context.Context, l *Lease, kind ordersync.WalkKind, unreadable []ordersync.Unreadable) error {
	if !slices.ContainsFunc(unreadable, func(u ordersync.Unreadable) bool { return u.OrderID == "" }) {
		return nil
	}
	met := unkeyed{}
	var from, to int64
	var marketplaces string
	err := t.QueryRowContext(ctx, `SELECT from_at, to_at, marketplaces FROM walks WHERE tenant = $1 AND connection_id = $2 AND kind = $3`,
		l.Connection.Tenant, int64(l.Connection.ID), kind).Scan(&from, &to, &marketplaces)
	if err != nil {
		return fmt.Errorf("read walk that met orders without an id: %w", err)
	}
	met.window, met.marketplaces = ordersync.Window{From: msTime(from), To: msTime(to)}, split(marketplaces)
	before, err := t.unkeyedIn(ctx, l, met.window)
	if err != nil {
		return err
	}
	opened := false
	for _, u := range unreadable {
		if u.OrderID != "" {
			continue
		}
		met.entry = u.Key
		place := met
		if i := slices.IndexFunc(before, func(b unkeyed) bool { return b.entry == u.Key }); i >= 0 && (ordersync.Spans{met.window}).Covers(before[i].window) {
			place = before[i]
		} else if !opened {
			if err := t.uncover(ctx, l, met.window, met.marketplaces); err != nil {
				return err
			}
			opened = true
		}
		if _, err := t.ExecContext(ctx, `UPDATE set_aside SET from_at = $4, to_at = $5, marketplaces = $6
			WHERE tenant = $1 AND connection_id = $2 AND entry = $3 AND order_id = ''`,
			l.Connection.Tenant, int64(l.Connection.ID), u.Key, ms(place.window.From), ms(place.window.To), list(place.marketplaces)); err != nil {
			return fmt.Errorf("note window of orders without an id: %w", err)
		}
	}
	return nil
}

// endUnkeyed ends the entries of orders without an id whose window is no gap any
// more as far as it is wanted, now that a reading which met none has covered a part
// of it.
func (t *tx) endUnkeyed(ctx context.Context, l *Lease, read Covered, now Coverage) error {
	met, err := t.unkeyedIn(ctx, l, read.Window)
	if err != nil {
		return err
	}
	for _, u := range met {
		open := func(m string) bool {
			left := len(l.Connection.Marketplaces) > 0 && !slices.Contains(l.Connection.Marketplaces, m)
			w := u.window
			if wanted := read.Wanted[m]; wanted.After(w.From) {
				w.From = wanted
			}
			return !left && w.From.Before(w.To) && !now.Walked[m].Covers(w)
		}
		if slices.ContainsFunc(u.marketplaces, open) {
			continue
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM set_aside WHERE tenant = $1 AND connection_id = $2 AND entry = $3`,
			l.Connection.Tenant, int64(l.Connection.ID), u.entry); err != nil {
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
