package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ordersync"

	"github.com/klauspost/compress/zstd"
)

// StoredOrder is an order as it is kept, with what ordersync knows about it.
type StoredOrder struct {
	ordersync.Order
	Connection ordersync.ConnectionID
	Region     ordersync.Region
	StoredAt   time.Time // first
	ChangedAt  time.Time // last
	// Delivery is how far it was on its way when it was last stored, whatever the
	// clock says since; see [StoredOrder.DeliveryStatus].
	Delivery ordersync.DeliveryStatus
	// Late says that it was late when it was read, by the store's clock.
	Late bool
	// ShippedSeenAt and DeliveredSeenAt are when Amazon's word that all of it was
	// shipped and delivered was first seen; zero: not yet.
	ShippedSeenAt, DeliveredSeenAt time.Time
}

// OrderStatus is how far the order is, in our words.
func (o StoredOrder) OrderStatus() ordersync.OrderStatus {
	return ordersync.OrderStatusOf(o.Status, o.Delivery)
}

// DeliveryStatus is how far the order is on its way, or that it is late, at the time
// when it was read.
func (o StoredOrder) DeliveryStatus() ordersync.DeliveryStatus {
	if o.Late {
		return ordersync.DeliveryDelayed
	}
	return o.Delivery
}

// readAt notes what only the clock says.
func (o *StoredOrder) readAt(now time.Time) {
	o.Late = o.Delivery.At(now, o.ShipBy, o.DeliverBy) == ordersync.DeliveryDelayed
}

// Timeline is the order's life by what Amazon tells, the earliest first.
func (o StoredOrder) Timeline() []ordersync.Moment {
	return ordersync.TimelineOf(o.Order, o.ShippedSeenAt, o.DeliveredSeenAt)
}

// TenantReader reads the data of one tenant. Orders can be read through it only,
// so that forgetting the tenant does not compile; operators find whose an order is
// by [Reader.FindOrders], which says of each.
type TenantReader struct {
	r      *Reader
	tenant ordersync.TenantID
}

// Tenant is the reader of one tenant's data.
func (r *Reader) Tenant(id ordersync.TenantID) TenantReader { return TenantReader{r, id} }

// Exists tells whether the tenant has any connection.
func (t TenantReader) Exists(ctx context.Context) (bool, error) {
	var n int
	err := t.r.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM connections WHERE tenant = $1`, t.tenant).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up tenant: %w", err)
	}
	return n > 0, nil
}

// orderBatch is how many orders are read at once.
const orderBatch = 500

// Orders calls yield for every order of the tenant, by connection and order id,
// with items and packages; it stops at the first error. Memory stays flat
// however many there are.
func (t TenantReader) Orders(ctx context.Context, yield func(StoredOrder) error) error {
	var connection ordersync.ConnectionID
	last := ""
	for {
		batch, err := t.batch(ctx, connection, last)
		if err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		for _, o := range batch {
			if err := yield(o); err != nil {
				return err
			}
		}
		if len(batch) < orderBatch {
			return nil
		}
		connection, last = batch[len(batch)-1].Connection, batch[len(batch)-1].ID
	}
}

func (t TenantReader) batch(ctx context.Context, connection ordersync.ConnectionID, after string) ([]StoredOrder, error) {
	rows, err := t.r.db.QueryContext(ctx, `SELECT `+readColumns+`, (SELECT region FROM connections c WHERE c.id = o.connection_id)
		FROM orders o WHERE tenant = $1 AND (connection_id > $2 OR (connection_id = $2 AND order_id > $3))
		ORDER BY connection_id, order_id LIMIT $4`, t.tenant, int64(connection), after, orderBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []StoredOrder
	for rows.Next() {
		var region sql.NullString
		o, err := scanOrder(rows, t.r.unzip, &region)
		if err != nil {
			return nil, err
		}
		o.Region = ordersync.Region(region.String)
		o.readAt(t.r.now())
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, addParts(ctx, t.r.db, t.r.kind, t.tenant, out)
}

const readColumns = `o.connection_id, o.order_id, o.created_at, o.last_updated_at, o.data_groups, o.status, o.fulfilled_by,
	o.service_level, o.ship_from, o.ship_to, o.deliver_from, o.deliver_to, o.channel, o.marketplace_id, o.marketplace_name,
	o.seller_order_id, o.programs, o.total_amount, o.total_currency, o.digests, o.raw, o.stored_at, o.changed_at,
	o.delivery, o.shipped_seen_at, o.delivered_seen_at`

func scanOrder(row scanner, unzip *zstd.Decoder, more ...any) (StoredOrder, error) {
	var o StoredOrder
	var connection, created, updated, groups, stored, changed int64
	var shipFrom, shipTo, deliverFrom, deliverTo, shipped, delivered sql.NullInt64
	var amount, currency sql.NullString
	var programs string
	var digests, raw []byte
	err := row.Scan(append([]any{&connection, &o.ID, &created, &updated, &groups, &o.Status, &o.FulfilledBy,
		&o.ServiceLevel, &shipFrom, &shipTo, &deliverFrom, &deliverTo, &o.Channel, &o.MarketplaceID, &o.MarketplaceName,
		&o.SellerOrderID, &programs, &amount, &currency, &digests, &raw, &stored, &changed,
		&o.Delivery, &shipped, &delivered}, more...)...)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(programs), &o.Programs); err != nil {
		return o, fmt.Errorf("stored programs: %w", err)
	}
	if o.Digests, err = digestsOf(digests); err != nil {
		return o, err
	}
	if o.Raw, err = unzip.DecodeAll(raw, nil); err != nil {
		return o, fmt.Errorf("unpack stored body: %w", err)
	}
	o.Connection, o.Groups, o.Total = ordersync.ConnectionID(connection), ordersync.Groups(groups), moneyOf(amount, currency)
	o.CreatedAt, o.LastUpdatedAt, o.StoredAt, o.ChangedAt = msTime(created), msTime(updated), msTime(stored), msTime(changed)
	o.ShippedSeenAt, o.DeliveredSeenAt = at(shipped), at(delivered)
	o.ShipBy = ordersync.TimeRange{Earliest: at(shipFrom), Latest: at(shipTo)}
	o.DeliverBy = ordersync.TimeRange{Earliest: at(deliverFrom), Latest: at(deliverTo)}
	return o, nil
}

// orderByKey reads one order with its parts.
func orderByKey(ctx context.Context, q querier, r *Reader, key ...any) (StoredOrder, error) {
	o, err := scanOrder(q.QueryRowContext(ctx, `SELECT `+readColumns+` FROM orders o
		WHERE tenant = $1 AND connection_id = $2 AND order_id = $3`, key...), r.unzip)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNotFound
	}
	if err != nil {
		return o, err
	}
	one := []StoredOrder{o}
	err = addParts(ctx, q, r.kind, key[0], one)
	return one[0], err
}

// addParts reads the items and packages of orders of one tenant.
func addParts(ctx context.Context, q querier, kind dialect, tenant any, orders []StoredOrder) error {
	byConnection := map[ordersync.ConnectionID]map[string]*StoredOrder{}
	for i := range orders {
		o := &orders[i]
		if byConnection[o.Connection] == nil {
			byConnection[o.Connection] = map[string]*StoredOrder{}
		}
		byConnection[o.Connection][o.ID] = o
	}
	for connection, of := range byConnection {
		args := []any{tenant, int64(connection)}
		for id := range of {
			args = append(args, id)
		}
		where := ` WHERE tenant = $1 AND connection_id = $2 AND order_id IN ` + kind.placeholders(3, len(of)) + ` ORDER BY order_id, position`
		if err := addItems(ctx, q, of, where, args); err != nil {
			return fmt.Errorf("read items: %w", err)
		}
		if err := addPackages(ctx, q, of, where, args); err != nil {
			return fmt.Errorf("read packages: %w", err)
		}
	}
	return nil
}

func addItems(ctx context.Context, q querier, of map[string]*StoredOrder, where string, args []any) error {
	rows, err := q.QueryContext(ctx, `SELECT order_id, item_id, asin, sku, title, quantity, unit_amount, unit_currency, quantity_fulfilled,
		total_amount, total_currency FROM order_items`+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var order string
		var i ordersync.Item
		var unit, unitCurrency, total, totalCurrency sql.NullString
		if err := rows.Scan(&order, &i.ID, &i.ASIN, &i.SKU, &i.Title, &i.Quantity, &unit, &unitCurrency, &i.QuantityFulfilled, &total, &totalCurrency); err != nil {
			return err
		}
		i.UnitPrice, i.Total = moneyOf(unit, unitCurrency), moneyOf(total, totalCurrency)
		of[order].Items = append(of[order].Items, i)
	}
	return rows.Err()
}

func addPackages(ctx context.Context, q querier, of map[string]*StoredOrder, where string, args []any) error {
	rows, err := q.QueryContext(ctx, `SELECT order_id, package_id, status, detailed_status, carrier, shipping_service, tracking_number,
		created_at, shipped_at, items FROM order_packages`+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var order, items string
		var p ordersync.Package
		var created, shipped sql.NullInt64
		if err := rows.Scan(&order, &p.ID, &p.Status, &p.DetailedStatus, &p.Carrier, &p.ShippingService, &p.TrackingNumber, &created, &shipped, &items); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(items), &p.Items); err != nil {
			return fmt.Errorf("stored package items: %w", err)
		}
		p.CreatedAt, p.ShippedAt = at(created), at(shipped)
		of[order].Packages = append(of[order].Packages, p)
	}
	return rows.Err()
}
