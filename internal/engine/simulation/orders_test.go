package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine/truth"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The orders that are stored against Amazon's.

// checkOrders compares all that a connection has stored with what Amazon has.
func (w *world) checkOrders(c *connection) {
	have := map[string]store.StoredOrder{}
	w.must(w.reader.Tenant(c.tenant).Orders(context.Background(), func(o store.StoredOrder) error {
		if o.Connection == c.id {
			have[o.ID] = o
		}
		return nil
	}))
	all, err := w.sim.Orders(c.seller.Key)
	w.must(err)
	s := w.stand(c)
	sure := map[string]ordersync.Spans{}
	for _, m := range strings.Split(s.markets, ",") {
		sure[m] = w.covered(c, m, "confirmed")
	}
	known := map[string]bool{}
	for _, t := range all {
		known[t.Order.OrderID] = true
		if !c.sure.IsZero() && w.demanded(c, s, sure, t) {
			w.compare(c, t.Order, have)
		}
	}
	for id := range have {
		if !known[id] {
			w.violation([]string{id}, "%s: order %s is stored and not this seller's", c.tenant, id)
		}
	}
}

// demanded tells whether an order must be stored as Amazon has it: it can be read,
// is shown, and lies where the store says that it has read without doubt; what came
// late was shown before the last sweep.
func (w *world) demanded(c *connection, s standing, sure map[string]ordersync.Spans, t spapisim.Truth) bool {
	at := t.Order.LastUpdatedTime
	late := c.seller.late[t.Order.OrderID]
	quiet, wasQuiet := c.seller.quiet[t.Order.OrderID]
	switch {
	case c.seller.damaged[t.Order.OrderID] != "", len(t.Damage) > 0, !t.Searchable.Equal(at):
		return false
	}
	// By whose clock it became visible, by that readings began before it or after:
	// Amazon shows what is late by its own.
	if late > 0 && !w.mustBeMet(c, s, t, at.Add(late), func(r reading) bool { return r.amazon.After(at.Add(late)) }) {
		return false
	}
	if wasQuiet && !w.mustBeMet(c, s, t, quiet.amazon, func(r reading) bool { return r.begun.After(quiet.at) }) {
		return false
	}
	for _, span := range sure[t.Order.SalesChannel.MarketplaceID] {
		if at.After(span.From) && at.Before(span.To) {
			w.demands++
			return true
		}
	}
	return false
}

// mustBeMet tells whether what became visible at a time by Amazon's clock must have
// been met by one of the readings since: a sweep has begun and ended, and it has either read this without
// doubt or, which is its fault, not at all. What falls between two pages of a
// sweep is left to the next. Sweeps note by Amazon's clock when they begin.
func (w *world) mustBeMet(c *connection, s standing, t spapisim.Truth, visible time.Time, since func(reading) bool) bool {
	if !visible.Before(s.swept.Add(-time.Minute)) {
		return false
	}
	m := t.Order.SalesChannel.MarketplaceID
	instant := ordersync.Window{From: t.Order.LastUpdatedTime.Truncate(time.Second), To: t.Order.LastUpdatedTime.Truncate(time.Second).Add(time.Second)}
	sure := len(missing(w.witness.confirmed(c, m, since), instant)) == 0
	met := len(missing(w.witness.walkedSince(c, m, since), instant)) == 0
	return sure || !met
}

func (w *world) compare(c *connection, o spapisim.Order, have map[string]store.StoredOrder) {
	want := truth.Order(o)
	got, ok := have[o.OrderID]
	if (!ok || line(want) != line(got.Order)) && w.witness.passedOver(c, o.SalesChannel.MarketplaceID, o.OrderID, o.LastUpdatedTime) {
		return
	}
	about := []string{o.OrderID, string(c.tenant) + " searchOrders"}
	if !ok {
		w.violation(about, "%s: order %s, updated %s and shown %s later, is not stored; the last sweep began at %s", c.tenant, o.OrderID, o.LastUpdatedTime,
			c.seller.late[o.OrderID], w.stand(c).swept)
		return
	}
	if line(want) == line(got.Order) {
		return
	}
	w.violation(about, "%s: order %s is not as Amazon has it (-Amazon +stored):\n%s", c.tenant, o.OrderID, cmp.Diff(want, got.Order,
		cmpopts.IgnoreFields(ordersync.Order{}, "Groups", "Digests", "Raw", "Personal"), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b time.Time) bool { return second(a) == second(b) })))
}

// line is all of an order that is compared. Amazon may write its times cut to
// seconds.
func line(o ordersync.Order) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %d %d %q %q %q %q %q %q %q", o.ID, o.SellerOrderID, second(o.CreatedAt), second(o.LastUpdatedAt),
		o.Channel, o.MarketplaceID, o.MarketplaceName, o.Programs, o.Status, o.FulfilledBy, o.ServiceLevel)
	for _, t := range []time.Time{o.ShipBy.Earliest, o.ShipBy.Latest, o.DeliverBy.Earliest, o.DeliverBy.Latest} {
		fmt.Fprintf(&b, " %d", second(t))
	}
	b.WriteString(amount(o.Total))
	items, packages := slices.Clone(o.Items), slices.Clone(o.Packages)
	for _, i := range items {
		fulfilled := "-"
		if i.QuantityFulfilled != nil {
			fulfilled = fmt.Sprint(*i.QuantityFulfilled)
		}
		fmt.Fprintf(&b, "\n%q %q %q %q %d %s %s %s", i.ID, i.ASIN, i.SKU, i.Title, i.Quantity, amount(i.UnitPrice), fulfilled, amount(i.Total))
	}
	for _, p := range packages {
		fmt.Fprintf(&b, "\n%q %q %q %q %q %q %d %d %v", p.ID, p.Status, p.DetailedStatus, p.Carrier, p.ShippingService, p.TrackingNumber,
			second(p.CreatedAt), second(p.ShippedAt), p.Items)
	}
	return b.String()
}

func second(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func amount(m *ordersync.Money) string {
	if m == nil {
		return " -"
	}
	return " " + m.Amount + " " + m.Currency
}

// checkPersonal checks that no personal field that was stored once is gone: answers
// without it, for want of a role, are no word about it. Of cancelled orders nothing
// may be held.
func (w *world) checkPersonal(c *connection) {
	cancelled := map[string]bool{}
	w.rows(`SELECT order_id, status FROM orders WHERE connection_id = ?`, func(r []string) { cancelled[r[0]] = r[1] == "CANCELLED" }, int64(c.id))
	w.rows(`SELECT order_id FROM changes WHERE connection_id = ? AND status_after = 'CANCELLED'`, func(r []string) { cancelled[r[0]] = true }, int64(c.id))
	// Of older orders it may be held no longer.
	const young = ` JOIN orders o ON o.connection_id = p.connection AND o.order_id = p.order_id WHERE p.connection = ? AND o.created_at > ?`
	args := []any{int64(c.id), w.begun.Add(-20 * 24 * time.Hour).UnixMilli()}
	held := w.personalFields(c, `SELECT order_id, data_group, sealed FROM order_personal WHERE connection_id = ?`, int64(c.id))
	once := w.personalFields(c, `SELECT p.order_id, p.data_group, p.sealed FROM sealed_once p`+young, args...)
	for _, field := range slices.Sorted(maps.Keys(once)) {
		if order, _, _ := strings.Cut(field, " "); held[field] == nil && !cancelled[order] && (!strings.HasSuffix(field, phone) || !moved(once, order)) {
			w.violation([]string{order}, "%s: of order %s is gone, which was stored", c.tenant, field)
		}
	}
	w.rows(`SELECT p.order_id, p.data_group, p.step FROM erased p`+young, func(r []string) {
		if !cancelled[r[0]] {
			w.violation([]string{r[0]}, "%s: personal data %s of order %s was erased in step %s", c.tenant, r[1], r[0], r[2])
		}
	}, args...)
}

// The fields of an address by which its phone belongs to it.
const (
	address = " RECIPIENT recipient deliveryAddress "
	phone   = address + "phone"
)

// moved tells whether an order came with another address than before: the phone of the
// one is not that of the other.
func moved(once map[string]map[string]bool, order string) bool {
	for _, name := range []string{"name", "addressLine1", "postalCode"} {
		if len(once[order+address+name]) > 1 {
			return true
		}
	}
	return false
}

// personalFields opens the sealed fields that a query finds: which orders have which,
// and their values.
func (w *world) personalFields(c *connection, query string, args ...any) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	w.rows(query, func(r []string) {
		n, err := strconv.Atoi(r[1])
		w.must(err)
		group := ordersync.Groups(n)
		plain, err := w.all.Open([]byte(r[2]), secret.Owner{Tenant: c.tenant, Connection: c.id, Purpose: "order " + r[0] + " " + group.String()})
		w.must(err)
		var content any
		w.must(json.Unmarshal(plain, &content))
		leaves(r[0]+" "+group.String(), content, out)
	}, args...)
	return out
}

// leaves are the paths of all values, and these, but of those in arrays, whose elements
// come and go.
func leaves(path string, content any, out map[string]map[string]bool) {
	object, ok := content.(map[string]any)
	if !ok {
		if out[path] == nil {
			out[path] = map[string]bool{}
		}
		out[path][fmt.Sprint(content)] = true
		return
	}
	for name, child := range object {
		leaves(path+" "+name, child, out)
	}
}
