package store

import (
	"context"
	"fmt"
	"time"

	"ordersync"
)

// How long personal fields may be held. Amazon, Data Protection Policy: at most
// 30 days after delivery.
const (
	personalKept = 30 * day
	// neverShipped is how long after it was made an order counts as one that may
	// still be shipped.
	neverShipped = 180 * day
)

// personalClock is what runs down an order's personal fields. Amazon names no time of
// delivery, so it is when the order was first seen delivered, else the end of its
// delivery window, else when it was first seen shipped.
type personalClock struct {
	shippedAt, deliveredAt time.Time // first seen so; zero: not yet
}

// next is the clock after a version of the order. A version that is the first we
// see says only that it happened before its own time of update.
func (c personalClock) next(o ordersync.Order, first bool, now time.Time) personalClock {
	seen := now
	if first && o.LastUpdatedAt.Before(now) {
		seen = o.LastUpdatedAt
	}
	if c.shippedAt.IsZero() && shipped(o) {
		c.shippedAt = seen
	}
	if c.deliveredAt.IsZero() && delivered(o) {
		c.deliveredAt = seen
	}
	return c
}

func shipped(o ordersync.Order) bool {
	return o.Status == "SHIPPED" || o.Status == "INVOICE_UNCONFIRMED"
}

func cancelled(o ordersync.Order) bool { return o.Status == "CANCELLED" || o.Status == "CANCELED" }

// delivered tells whether all of a shipped order's parcels have arrived.
func delivered(o ordersync.Order) bool {
	if !shipped(o) || len(o.Packages) == 0 {
		return false
	}
	for _, p := range o.Packages {
		if p.Status != "DELIVERED" {
			return false
		}
	}
	return true
}

// until is from when on an order's personal fields may be held no longer; the
// beginning of time for a cancelled one.
func (c personalClock) until(o ordersync.Order) time.Time {
	switch {
	case cancelled(o):
		return time.UnixMilli(0).UTC()
	case !c.deliveredAt.IsZero():
		return c.deliveredAt.Add(personalKept)
	case !shipped(o):
		return o.CreatedAt.Add(neverShipped)
	case !o.DeliverBy.Latest.IsZero():
		return o.DeliverBy.Latest.Add(personalKept)
	}
	return c.shippedAt.Add(personalKept)
}

// windPersonal moves the clock of each order that will be written on.
func (t *tx) windPersonal(writes []orderWrite) {
	for i := range writes {
		w := &writes[i]
		var before personalClock
		if w.before != nil {
			before = w.before.clock
		}
		w.clock = before.next(w.Order, w.before == nil, t.now)
	}
}

// mayHold tells whether personal fields of the order may be stored at all.
func (w orderWrite) mayHold(now time.Time) bool { return w.clock.until(w.Order).After(now) }

// settlePersonal sets anew until when personal fields that are stored may be
// held: a status that changed alone moves it too. What may be held no longer goes
// at once.
func (t *tx) settlePersonal(ctx context.Context, l *Lease, writes []orderWrite) error {
	for _, w := range writes {
		if w.before == nil || !l.Connection.PersonalData && w.before.groups&ordersync.PersonalGroups == 0 {
			continue // gift messages and the like are held without those groups too
		}
		query, args := `UPDATE order_personal SET purge_at = $4`, []any{l.Connection.Tenant, int64(l.Connection.ID), w.ID, ms(w.clock.until(w.Order))}
		if !w.mayHold(t.now) {
			query, args = `DELETE FROM order_personal`, args[:3]
		}
		if _, err := t.ExecContext(ctx, query+` WHERE tenant = $1 AND connection_id = $2 AND order_id = $3`, args...); err != nil {
			return fmt.Errorf("settle how long personal fields are kept: %w", err)
		}
	}
	return nil
}

// Personal reads the sealed personal fields of some of a connection's orders, by
// order and data group.
func (s *Store) Personal(ctx context.Context, l *Lease, orders []string) (map[string]map[ordersync.Groups][]byte, error) {
	args := []any{l.Connection.Tenant, int64(l.Connection.ID)}
	for _, id := range orders {
		args = append(args, id)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT order_id, data_group, sealed FROM order_personal
		WHERE tenant = $1 AND connection_id = $2 AND order_id IN `+s.kind.placeholders(3, len(orders)), args...)
	if err != nil {
		return nil, fmt.Errorf("read personal fields: %w", err)
	}
	defer rows.Close()
	out := map[string]map[ordersync.Groups][]byte{}
	for rows.Next() {
		var id string
		var group int64
		var sealed []byte
		if err := rows.Scan(&id, &group, &sealed); err != nil {
			return nil, fmt.Errorf("read personal fields: %w", err)
		}
		if out[id] == nil {
			out[id] = map[ordersync.Groups][]byte{}
		}
		out[id][ordersync.Groups(group)] = sealed
	}
	return out, rows.Err()
}
