package engine_test

import (
	"time"

	"ordersync"
	"ordersync/internal/engine/truth"
	"ordersync/internal/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Comparison of what is stored with what Amazon really has. The expected order
// is built from the simulator's own types, so that no misreading is shared.

// stored reads all orders of an account by id.
func (w *world) stored(a account) map[string]store.StoredOrder {
	w.t.Helper()
	out := map[string]store.StoredOrder{}
	err := w.store.Reader().Tenant(a.tenant).Orders(w.ctx, func(o store.StoredOrder) error {
		if o.Connection == a.connection {
			out[o.ID] = o
		}
		return nil
	})
	w.must(err)
	return out
}

// wantTruth checks that everything Amazon shows between two times is stored as
// it is there: orders, items, packages, statuses, amounts and times, and that
// nothing else is. It returns how many orders were compared.
func (w *world) wantTruth(a account, from, to time.Time) int {
	w.t.Helper()
	all, err := w.sim.Orders(a.seller.Key)
	w.must(err)
	have, n := w.stored(a), 0
	same := append(cmp.Options{cmpopts.EquateApproxTime(0)}, sameOrder...)
	if w.sim.Switches().Seconds { // Amazon writes its times cut to seconds then
		same[0] = cmp.Comparer(func(a, b time.Time) bool { return a.Truncate(time.Second).Equal(b.Truncate(time.Second)) })
	}
	known := map[string]bool{}
	for _, t := range all {
		o := t.Order
		known[o.OrderID] = true
		if len(t.Damage) > 0 || !t.Searchable.Equal(o.LastUpdatedTime) || o.LastUpdatedTime.Before(from) || o.LastUpdatedTime.After(to) {
			continue
		}
		n++
		got, ok := have[o.OrderID]
		if !ok {
			w.t.Errorf("%s: order %s of %s is not stored", a.tenant, o.OrderID, o.LastUpdatedTime)
			continue
		}
		if diff := cmp.Diff(truth.Order(o), got.Order, same...); diff != "" {
			w.t.Errorf("%s: order %s (-Amazon +stored):\n%s", a.tenant, o.OrderID, diff)
		}
	}
	for id := range have {
		if !known[id] {
			w.t.Errorf("%s: order %s is stored and not this seller's", a.tenant, id)
		}
	}
	w.wantCounts(a, have)
	return n
}

// wantAll is wantTruth for all that the cursor covers since so long ago.
func (w *world) wantAll(a account, since time.Duration) int {
	w.t.Helper()
	return w.wantTruth(a, time.Now().Add(-since), w.connection(a).Cursor)
}

// wantCounts checks the connection's own counters against what is stored.
func (w *world) wantCounts(a account, have map[string]store.StoredOrder) {
	w.t.Helper()
	items := 0
	for _, o := range have {
		items += len(o.Items)
	}
	if c := w.connection(a); c.Orders != int64(len(have)) || c.Items != int64(items) {
		w.t.Errorf("%s: the connection counts %d orders and %d items, stored are %d and %d", a.tenant, c.Orders, c.Items, len(have), items)
	}
}

// sameOrder leaves out what is ordersync's own, and tells nil from empty nowhere.
var sameOrder = cmp.Options{
	cmpopts.IgnoreFields(ordersync.Order{}, "Groups", "Digests", "Raw", "Personal"),
	cmpopts.EquateEmpty(),
}
