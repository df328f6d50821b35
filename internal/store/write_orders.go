package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"ordersync"
)

// The columns of the tables that a page writes, in the order of their rows.
const (
	orderColumns = `tenant, connection_id, order_id, created_at, last_updated_at, seen_epoch, seen_step, data_groups,
		status, fulfilled_by, service_level, ship_from, ship_to, deliver_from, deliver_to, channel, marketplace_id,
		marketplace_name, seller_order_id, programs, total_amount, total_currency, digests, raw, stored_at, changed_at,
		shipped_seen_at, delivered_seen_at, delivery`
	itemColumns = `tenant, connection_id, order_id, item_id, position, asin, sku, title, quantity, unit_amount,
		unit_currency, quantity_fulfilled, total_amount, total_currency, sku_folded`
	packageColumns = `tenant, connection_id, order_id, package_id, position, status, detailed_status, carrier,
		shipping_service, tracking_number, created_at, shipped_at, items`
)

// writeOrders writes the decided versions and their changes, and tells by how
// many the stored items grew.
func (t *tx) writeOrders(ctx context.Context, l *Lease, writes []orderWrite, s *Store) (itemsGrown int64, err error) {
	if len(writes) == 0 {
		return 0, nil
	}
	for i := range writes {
		if writes[i].kept() != 0 {
			if err := t.keep(ctx, l, &writes[i], s); err != nil {
				return 0, fmt.Errorf("keep what was not asked for: %w", err)
			}
		}
	}
	t.windPersonal(writes)
	removed, err := t.clearParts(ctx, l, writes)
	if err != nil {
		return 0, err
	}
	inserted, err := t.insertParts(ctx, l, writes, s)
	if err != nil {
		return 0, err
	}
	if err := t.settlePersonal(ctx, l, writes); err != nil {
		return 0, err
	}
	return inserted - removed, t.appendChanges(ctx, l, writes)
}

// keep fills the parts of an order that this version did not ask for from what
// is stored. It is rare: a connection's requests nearly always ask alike.
func (t *tx) keep(ctx context.Context, l *Lease, w *orderWrite, s *Store) error {
	key := []any{l.Connection.Tenant, int64(l.Connection.ID), w.ID}
	old, err := orderByKey(ctx, t, s.reader, key...)
	if err != nil {
		return err
	}
	kept := w.kept()
	if kept.Has(ordersync.GroupFulfillment) {
		w.Status, w.FulfilledBy, w.ServiceLevel = old.Status, old.FulfilledBy, old.ServiceLevel
		w.ShipBy, w.DeliverBy = old.ShipBy, old.DeliverBy
	}
	if kept.Has(ordersync.GroupProceeds) {
		w.Total = old.Total
	}
	if kept.Has(ordersync.GroupPackages) {
		w.Packages = old.Packages
	}
	before := map[string]ordersync.Item{}
	for _, item := range old.Items {
		before[item.ID] = item
	}
	w.Items = append([]ordersync.Item(nil), w.Items...)
	for i := range w.Items {
		item := &w.Items[i]
		if kept.Has(ordersync.GroupFulfillment) {
			item.QuantityFulfilled = before[item.ID].QuantityFulfilled
		}
		if kept.Has(ordersync.GroupProceeds) {
			item.Total = before[item.ID].Total
		}
	}
	if s.merge == nil {
		return nil
	}
	w.Raw, err = s.merge(old.Raw, w.Raw, w.effective)
	return err
}

// clearParts removes the parts of the orders that will be written again.
func (t *tx) clearParts(ctx context.Context, l *Lease, writes []orderWrite) (items int64, err error) {
	args := []any{l.Connection.Tenant, int64(l.Connection.ID)}
	for _, w := range writes {
		if w.before != nil {
			args = append(args, w.ID)
		}
	}
	if len(args) == 2 {
		return 0, nil
	}
	where := ` WHERE tenant = $1 AND connection_id = $2 AND order_id IN ` + t.kind.placeholders(3, len(args)-2)
	if items, err = t.exec(ctx, `DELETE FROM order_items`+where, args...); err != nil {
		return 0, fmt.Errorf("replace items: %w", err)
	}
	if _, err = t.exec(ctx, `DELETE FROM order_packages`+where, args...); err != nil {
		return 0, fmt.Errorf("replace packages: %w", err)
	}
	for _, w := range writes {
		if w.before == nil {
			continue
		}
		for i := range ordersync.GroupCount {
			g := ordersync.Groups(1) << i
			if len(w.Sealed[g]) == 0 || !w.effective.Has(g) || !w.changed.Has(g) {
				continue // what is absent may be so for want of a role
			}
			if _, err = t.exec(ctx, `DELETE FROM order_personal WHERE tenant = $1 AND connection_id = $2 AND order_id = $3 AND data_group = $4`,
				l.Connection.Tenant, int64(l.Connection.ID), w.ID, int64(g)); err != nil {
				return 0, fmt.Errorf("replace personal fields: %w", err)
			}
		}
	}
	return items, nil
}

// insertParts writes orders, items, packages and personal fields.
func (t *tx) insertParts(ctx context.Context, l *Lease, writes []orderWrite, s *Store) (items int64, err error) {
	var orders, lines, parcels, personal [][]any
	for _, w := range writes {
		row, err := t.orderRow(l, w, s)
		if err != nil {
			return 0, err
		}
		orders = append(orders, row)
		for i, item := range w.Items {
			lines = append(lines, itemRow(l, w.ID, i, item))
		}
		for i, p := range w.Packages {
			row, err := packageRow(l, w.ID, i, p)
			if err != nil {
				return 0, err
			}
			parcels = append(parcels, row)
		}
		for i := range ordersync.GroupCount {
			g := ordersync.Groups(1) << i
			if sealed := w.Sealed[g]; len(sealed) > 0 && w.effective.Has(g) && w.changed.Has(g) && w.mayHold(t.now) {
				personal = append(personal, []any{l.Connection.Tenant, int64(l.Connection.ID), w.ID, int64(g), sealed, ms(w.clock.until(w.Order))})
			}
		}
	}
	for _, part := range []struct {
		what, head, tail string
		width            int
		rows             [][]any
	}{
		{"orders", `INSERT INTO orders (` + orderColumns + `) VALUES `, orderConflict, 29, orders},
		{"items", `INSERT INTO order_items (` + itemColumns + `) VALUES `, "", 15, lines},
		{"packages", `INSERT INTO order_packages (` + packageColumns + `) VALUES `, "", 13, parcels},
		{"personal fields", `INSERT INTO order_personal (tenant, connection_id, order_id, data_group, sealed, purge_at) VALUES `, "", 6, personal},
	} {
		if err := t.insertRows(ctx, part.head, part.width, part.rows, part.tail); err != nil {
			return 0, fmt.Errorf("write %s: %w", part.what, err)
		}
	}
	return int64(len(lines)), nil
}

// orderConflict replaces a stored order, all but when it was first stored.
const orderConflict = ` ON CONFLICT (tenant, connection_id, order_id) DO UPDATE SET created_at = excluded.created_at,
	last_updated_at = excluded.last_updated_at, seen_epoch = excluded.seen_epoch, seen_step = excluded.seen_step,
	data_groups = excluded.data_groups, status = excluded.status, fulfilled_by = excluded.fulfilled_by,
	service_level = excluded.service_level, ship_from = excluded.ship_from, ship_to = excluded.ship_to,
	deliver_from = excluded.deliver_from, deliver_to = excluded.deliver_to, channel = excluded.channel,
	marketplace_id = excluded.marketplace_id, marketplace_name = excluded.marketplace_name,
	seller_order_id = excluded.seller_order_id, programs = excluded.programs, total_amount = excluded.total_amount,
	total_currency = excluded.total_currency, digests = excluded.digests, raw = excluded.raw, changed_at = excluded.changed_at,
	shipped_seen_at = excluded.shipped_seen_at, delivered_seen_at = excluded.delivered_seen_at,
	delivery = excluded.delivery`

func (t *tx) orderRow(l *Lease, w orderWrite, s *Store) ([]any, error) {
	programs, err := json.Marshal(append([]string{}, w.Programs...))
	if err != nil {
		return nil, fmt.Errorf("encode programs: %w", err)
	}
	groups := w.effective
	if w.before != nil {
		groups |= w.before.groups
	}
	amount, currency := money(w.Total)
	return []any{
		l.Connection.Tenant, int64(l.Connection.ID), w.ID, ms(w.CreatedAt), ms(w.LastUpdatedAt), w.epoch, w.step, int64(groups),
		clip(w.Status, longestWord), clip(w.FulfilledBy, longestWord), w.ServiceLevel, msOrNull(w.ShipBy.Earliest), msOrNull(w.ShipBy.Latest),
		msOrNull(w.DeliverBy.Earliest), msOrNull(w.DeliverBy.Latest), w.Channel, clip(w.MarketplaceID, longestWord),
		w.MarketplaceName, w.SellerOrderID, string(programs), amount, currency,
		w.digestsAfter(), s.zip.EncodeAll(w.Raw, nil), ms(t.now), ms(t.now),
		msOrNull(w.clock.shippedAt), msOrNull(w.clock.deliveredAt), string(ordersync.DeliveryOf(w.Order, !w.clock.deliveredAt.IsZero())),
	}, nil
}

// Words that an index holds are cut, since Postgres refuses an entry of over 2.7 kB,
// and with it the whole page. What Amazon sends is far shorter, and whole in the
// order's body.
const (
	longestWord = 64  // signs
	longestSKU  = 100 // signs, of a SKU as it is searched for; it is kept whole besides
)

// clip is the first signs of a text, at most that many.
func clip(s string, most int) string {
	for i := range s {
		if most == 0 {
			return s[:i]
		}
		most--
	}
	return s
}

// foldedSKU is a SKU as it is searched for.
func foldedSKU(sku string) string { return clip(lowerASCII(sku), longestSKU) }

func itemRow(l *Lease, order string, position int, i ordersync.Item) []any {
	unit, unitCurrency := money(i.UnitPrice)
	total, totalCurrency := money(i.Total)
	return []any{
		l.Connection.Tenant, int64(l.Connection.ID), order, i.ID, position, i.ASIN, i.SKU, i.Title, i.Quantity,
		unit, unitCurrency, i.QuantityFulfilled, total, totalCurrency, foldedSKU(i.SKU),
	}
}

func packageRow(l *Lease, order string, position int, p ordersync.Package) ([]any, error) {
	items, err := json.Marshal(append([]ordersync.PackageItem{}, p.Items...))
	if err != nil {
		return nil, fmt.Errorf("encode package items: %w", err)
	}
	return []any{
		l.Connection.Tenant, int64(l.Connection.ID), order, p.ID, position, p.Status, p.DetailedStatus, p.Carrier,
		p.ShippingService, p.TrackingNumber, msOrNull(p.CreatedAt), msOrNull(p.ShippedAt), string(items),
	}, nil
}

// appendChanges gives each written order its place in the connection's dense
// list of changes. The connection's row is locked by this transaction.
func (t *tx) appendChanges(ctx context.Context, l *Lease, writes []orderWrite) error {
	var seq int64
	if err := t.QueryRowContext(ctx, `SELECT change_seq FROM connections WHERE id = $1`, int64(l.Connection.ID)).Scan(&seq); err != nil {
		return fmt.Errorf("read change sequence: %w", err)
	}
	rows := make([][]any, 0, len(writes))
	for _, w := range writes {
		seq++
		var updatedBefore sql.NullInt64
		statusBefore := ""
		if w.before != nil {
			updatedBefore = sql.NullInt64{Int64: ms(w.before.version.LastUpdatedAt), Valid: true}
			statusBefore = w.before.status
		}
		rows = append(rows, []any{
			l.Connection.Tenant, int64(l.Connection.ID), seq, w.kind, w.ID, ms(t.now), updatedBefore,
			ms(w.LastUpdatedAt), statusBefore, w.Status, int64(w.changed),
		})
	}
	err := t.insertRows(ctx, `INSERT INTO changes (tenant, connection_id, seq, kind, order_id, at, last_updated_before,
		last_updated_after, status_before, status_after, data_groups) VALUES `, 11, rows, "")
	if err != nil {
		return fmt.Errorf("append changes: %w", err)
	}
	return nil
}

// saveSetAside keeps unreadable orders with their cause, and ends the entries
// of those that could be read. One that was gone is there again: it is due.
func (t *tx) saveSetAside(ctx context.Context, l *Lease, readable []PageOrder, unreadable []ordersync.Unreadable, s *Store) error {
	if len(readable) > 0 {
		args := []any{l.Connection.Tenant, int64(l.Connection.ID)}
		for _, o := range readable {
			args = append(args, o.ID)
		}
		if _, err := t.exec(ctx, `DELETE FROM set_aside WHERE tenant = $1 AND connection_id = $2 AND entry IN `+t.kind.placeholders(3, len(readable)), args...); err != nil {
			return fmt.Errorf("end set-aside entries: %w", err)
		}
	}
	rows := make([][]any, 0, len(unreadable))
	seen := map[string]bool{}
	for _, u := range unreadable {
		if seen[u.Key] {
			continue
		}
		seen[u.Key] = true
		rows = append(rows, []any{
			l.Connection.Tenant, int64(l.Connection.ID), u.Key, u.OrderID, u.Cause, s.zip.EncodeAll(u.Body, nil), ms(t.now), ms(t.now), 0, ms(t.now),
		})
	}
	err := t.insertRows(ctx, `INSERT INTO set_aside (tenant, connection_id, entry, order_id, cause, body, first_at, last_at, tries, next_try_at) VALUES `,
		10, rows, ` ON CONFLICT (tenant, connection_id, entry) DO UPDATE SET cause = excluded.cause, body = excluded.body, last_at = excluded.last_at,
			tries = CASE WHEN set_aside.next_try_at IS NULL THEN 0 ELSE set_aside.tries END,
			next_try_at = COALESCE(set_aside.next_try_at, excluded.next_try_at)`)
	if err != nil {
		return fmt.Errorf("set orders aside: %w", err)
	}
	return nil
}
