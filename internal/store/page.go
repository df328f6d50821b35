package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"

	"ordersync"
)

// PageOrder is an order to be stored, with its personal fields sealed.
type PageOrder struct {
	ordersync.Order
	// Sealed holds the sealed personal fields by data group. Order.Personal is
	// never looked at.
	Sealed map[ordersync.Groups][]byte
}

// Page is what one answer of Amazon's brought.
type Page struct {
	Orders     []PageOrder
	Unreadable []ordersync.Unreadable
	// Epoch and Step are those of the lease when the token for the request was
	// taken; see [ordersync.Version].
	Epoch, Step int64
}

// savePage stores the newer versions of a page's orders with their items,
// packages and changes, and sets aside what could not be read.
func (t *tx) savePage(ctx context.Context, l *Lease, p Page, s *Store) (ordersync.Counts, error) {
	orders := newestOf(p.Orders)
	counts := ordersync.Counts{OrdersReceived: int64(len(orders)), SetAside: int64(len(p.Unreadable))}
	for _, o := range orders {
		counts.ItemsReceived += int64(len(o.Items))
	}
	stored, err := t.storedOrders(ctx, l, orders)
	if err != nil {
		return counts, err
	}
	writes := make([]orderWrite, 0, len(orders))
	for _, o := range orders {
		if w, ok := decide(o, stored[o.ID], p.Epoch, p.Step); ok {
			writes = append(writes, w)
		}
	}
	items, err := t.writeOrders(ctx, l, writes, s)
	if err != nil {
		return counts, err
	}
	for _, w := range writes {
		if w.kind == ordersync.ChangeCreated {
			counts.OrdersCreated++
		} else {
			counts.OrdersChanged++
		}
	}
	if err := t.saveSetAside(ctx, l, orders, p.Unreadable, s); err != nil {
		return counts, err
	}
	return counts, t.count(ctx, l, counts.OrdersCreated, items, int64(len(writes)))
}

// count moves the connection's own counters.
func (t *tx) count(ctx context.Context, l *Lease, orders, items, changes int64) error {
	if orders == 0 && items == 0 && changes == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE connections SET orders = orders + $2, items = items + $3, change_seq = change_seq + $4 WHERE id = $1`,
		int64(l.Connection.ID), orders, items, changes)
	if err != nil {
		return fmt.Errorf("count orders: %w", err)
	}
	return nil
}

// newestOf keeps one version of each order, the newest; of equally new ones the
// later in the page.
func newestOf(page []PageOrder) []PageOrder {
	out := make([]PageOrder, 0, len(page))
	index := make(map[string]int, len(page))
	for _, o := range page {
		i, twice := index[o.ID]
		switch {
		case !twice:
			index[o.ID] = len(out)
			out = append(out, o)
		case !o.LastUpdatedAt.Before(out[i].LastUpdatedAt):
			out[i] = o
		}
	}
	// Orders are locked in the order of their ids by everyone.
	slices.SortFunc(out, func(a, b PageOrder) int { return cmpString(a.ID, b.ID) })
	return out
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// storedOrder is what is known of an order before a page comes.
type storedOrder struct {
	version ordersync.Version
	groups  ordersync.Groups
	status  string
	digests [ordersync.GroupCount]uint64
	clock   personalClock
}

// orderWrite is an order that will be written, and the change that it makes.
type orderWrite struct {
	PageOrder
	kind    ordersync.ChangeKind
	before  *storedOrder
	changed ordersync.Groups // groups whose content differs
	// effective are the groups that this version replaces: those asked for, less
	// what may be absent for want of a role.
	effective   ordersync.Groups
	epoch, step int64
	clock       personalClock // after this version
}

// decide compares a fresh version with the stored one; false: nothing to write.
func decide(o PageOrder, before *storedOrder, epoch, step int64) (orderWrite, bool) {
	// Stored times are no finer: the version that is stored must not look older
	// than itself.
	o.LastUpdatedAt = msTime(ms(o.LastUpdatedAt))
	w := orderWrite{PageOrder: o, before: before, effective: o.Groups | ordersync.GroupCore, epoch: epoch, step: step}
	if before == nil {
		w.kind, w.changed = ordersync.ChangeCreated, o.Groups
		return w, true
	}
	w.kind = ordersync.ChangeUpdated
	fresh := ordersync.Version{LastUpdatedAt: o.LastUpdatedAt, Epoch: epoch, Step: step}
	if !fresh.After(before.version) {
		return w, false
	}
	for i := range ordersync.GroupCount {
		g := ordersync.Groups(1) << i
		switch {
		case !w.effective.Has(g):
		case ordersync.PersonalGroups.Has(g) && o.Digests[i] == 0:
			w.effective &^= g
		case !before.groups.Has(g) || o.Digests[i] != before.digests[i]:
			w.changed |= g
		}
	}
	if w.changed == 0 && o.LastUpdatedAt.Equal(before.version.LastUpdatedAt) {
		return w, false
	}
	return w, true
}

// kept are the groups of the stored version that this one does not replace.
func (w orderWrite) kept() ordersync.Groups {
	if w.before == nil {
		return 0
	}
	return w.before.groups &^ w.effective
}

// digestsAfter are the digests of the order once it is written.
func (w orderWrite) digestsAfter() []byte {
	out := make([]byte, 0, 8*ordersync.GroupCount)
	for i := range ordersync.GroupCount {
		d := w.Digests[i]
		if w.before != nil && !w.effective.Has(1<<i) {
			d = w.before.digests[i]
		}
		out = binary.BigEndian.AppendUint64(out, d)
	}
	return out
}

func digestsOf(b []byte) (d [ordersync.GroupCount]uint64, err error) {
	if len(b) != 8*ordersync.GroupCount {
		return d, fmt.Errorf("stored digests have %d bytes, expected %d", len(b), 8*ordersync.GroupCount)
	}
	for i := range d {
		d[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return d, nil
}

// storedOrders reads what is stored of the page's orders.
func (t *tx) storedOrders(ctx context.Context, l *Lease, page []PageOrder) (map[string]*storedOrder, error) {
	out := make(map[string]*storedOrder, len(page))
	if len(page) == 0 {
		return out, nil
	}
	args := []any{l.Connection.Tenant, int64(l.Connection.ID)}
	for _, o := range page {
		args = append(args, o.ID)
	}
	rows, err := t.QueryContext(ctx, `SELECT order_id, last_updated_at, seen_epoch, seen_step, data_groups, status, digests,
			shipped_seen_at, delivered_seen_at
		FROM orders WHERE tenant = $1 AND connection_id = $2 AND order_id IN `+t.kind.placeholders(3, len(page)), args...)
	if err != nil {
		return nil, fmt.Errorf("read stored orders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var updated, groups int64
		var digests []byte
		var shipped, delivered sql.NullInt64
		o := new(storedOrder)
		if err := rows.Scan(&id, &updated, &o.version.Epoch, &o.version.Step, &groups, &o.status, &digests, &shipped, &delivered); err != nil {
			return nil, fmt.Errorf("read stored orders: %w", err)
		}
		if o.digests, err = digestsOf(digests); err != nil {
			return nil, err
		}
		o.version.LastUpdatedAt, o.groups = msTime(updated), ordersync.Groups(groups)
		o.clock = personalClock{shippedAt: at(shipped), deliveredAt: at(delivered)}
		out[id] = o
	}
	return out, rows.Err()
}
