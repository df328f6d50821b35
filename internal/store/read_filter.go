package store

import (
	"fmt"
	"strings"
	"time"

	"ordersync"
)

// conditions collects the conditions of one query and their parameters.
type conditions struct {
	text []string
	args []any
}

// conditions begins with what is asked of every order of a tenant's: to be the
// tenant's, who is $1.
func (t TenantReader) conditions() conditions {
	return conditions{args: []any{t.tenant}, text: []string{"o.tenant = $1"}}
}

// and adds a condition; each %s in it stands for a parameter.
func (c *conditions) and(text string, args ...any) {
	c.text = append(c.text, c.with(text, args...))
}

// with is a text with parameters, each %s one of them.
func (c *conditions) with(text string, args ...any) string {
	names := make([]any, len(args))
	for i, a := range args {
		c.args = append(c.args, a)
		names[i] = fmt.Sprintf("$%d", len(c.args))
	}
	return fmt.Sprintf(text, names...)
}

// among adds the condition that a column has one of the values, if there are any.
func (c *conditions) among(column string, values []any) {
	if len(values) > 0 {
		c.and(in(column, len(values)), values...)
	}
}

// in is a condition on n values.
func in(column string, n int) string {
	return column + " IN (" + strings.TrimSuffix(strings.Repeat("%s, ", n), ", ") + ")"
}

func (c *conditions) String() string { return strings.Join(c.text, " AND ") }

// of adds what a query of orders asks for, all but the search and the page. All of
// it lies in the index by date.
func (c *conditions) of(q OrdersQuery, now time.Time) {
	anyOf(c, q.Status, c.status)
	c.among("o.status", texts(q.AmazonStatus))
	anyOf(c, q.Delivery, func(d ordersync.DeliveryStatus) string { return c.delivery(d, ms(now)) })
	c.among("o.marketplace_id", texts(q.Marketplaces))
	anyOf(c, q.Channels, c.channel)
	if q.Connection != 0 {
		c.and("o.connection_id = %s", int64(q.Connection))
	}
	for _, bound := range []struct {
		text string
		at   time.Time
	}{
		{"o.created_at >= %s", q.From},
		{"o.created_at <= %s", q.To},
		{"o.last_updated_at >= %s", q.UpdatedFrom},
		{"o.last_updated_at <= %s", q.UpdatedTo},
	} {
		if !bound.at.IsZero() {
			c.and(bound.text, ms(bound.at))
		}
	}
}

// anyOf adds the condition that one of several is met, if there are any.
func anyOf[T any](c *conditions, values []T, condition func(T) string) {
	either := make([]string, len(values))
	for i, v := range values {
		either[i] = condition(v)
	}
	if len(either) > 0 {
		c.text = append(c.text, "("+strings.Join(either, " OR ")+")")
	}
}

// status is the condition that an order has a status, by our word or by Amazon's.
func (c *conditions) status(word string) string {
	shipped := texts(ordersync.OrderShipped.Info().Amazon)
	switch s := ordersync.OrderStatus(word); s {
	case ordersync.OrderDelivered, ordersync.OrderReturned:
		return c.with(in("o.status", len(shipped))+" AND o.delivery = %s", append(shipped, word)...)
	case ordersync.OrderShipped:
		return c.with(in("o.status", len(shipped))+" AND o.delivery NOT IN (%s, %s)",
			append(shipped, string(ordersync.OrderDelivered), string(ordersync.OrderReturned))...)
	case ordersync.OrderUnknown:
		known := []any{""}
		for _, row := range ordersync.OrderStatuses() {
			known = append(known, texts(row.Amazon)...)
		}
		return c.with("NOT "+in("o.status", len(known)), known...)
	default:
		if of := s.Info(); of.Code == s && len(of.Amazon) > 0 {
			return c.with(in("o.status", len(of.Amazon)), texts(of.Amazon)...)
		}
	}
	return c.with("o.status = %s", clip(ordersync.CleanText(word), longestWord))
}

// delivery is the condition that an order is that far on its way at now, by the
// rule of [ordersync.DeliveryStatus.At].
func (c *conditions) delivery(d ordersync.DeliveryStatus, now int64) string {
	switch d {
	case ordersync.DeliveryDelayed:
		return c.with("o.delivery = %s AND o.ship_to < %s OR o.delivery IN (%s, %s) AND o.deliver_to < %s",
			string(ordersync.DeliveryPreparing), now, string(ordersync.DeliveryInTransit), string(ordersync.DeliveryOutForDelivery), now)
	case ordersync.DeliveryPreparing:
		return c.with("o.delivery = %s AND (o.ship_to IS NULL OR o.ship_to >= %s)", string(d), now)
	case ordersync.DeliveryInTransit, ordersync.DeliveryOutForDelivery:
		return c.with("o.delivery = %s AND (o.deliver_to IS NULL OR o.deliver_to >= %s)", string(d), now)
	}
	return c.with("o.delivery = %s", ordersync.CleanText(string(d)))
}

// channel is the condition that an order is shipped by somebody.
func (c *conditions) channel(channel ordersync.FulfillmentChannel) string {
	if word := channel.FulfilledBy(); word != "" {
		return c.with("o.fulfilled_by = %s", word)
	}
	return c.with("NOT "+in("o.fulfilled_by", 3), "", ordersync.FulfilledByAmazon.FulfilledBy(), ordersync.FulfilledByMerchant.FulfilledBy())
}

// texts are words as they are stored.
func texts(words []string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = clip(ordersync.CleanText(word), longestWord)
	}
	return out
}
