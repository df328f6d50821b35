package spapisim

import (
	"cmp"
	"container/heap"
	"reflect"
	"slices"
	"sort"
	"time"
)

// version is an order as it was from one change to the next. Generated orders
// keep only what is searched for, and the recipe that grows the rest.
type version struct {
	seq              int // of the order's versions, from 1
	created, updated time.Time
	status, by       string
	marketplace      string
	body             *Order // nil: grown from recipe
	recipe           recipe
	damage           Damage
}

func versionOf(o *Order, damage Damage) version {
	v := version{
		created: o.CreatedTime, updated: o.LastUpdatedTime,
		marketplace: o.SalesChannel.MarketplaceID, body: o, damage: damage,
	}
	if o.Fulfillment != nil {
		v.status, v.by = o.Fulfillment.FulfillmentStatus, o.Fulfillment.FulfilledBy
	}
	return v
}

// order returns the whole order; it must not be written to.
func (v *version) order() *Order {
	if v.body != nil {
		return v.body
	}
	return v.recipe.grow()
}

// record is one order: what getOrder answers now, and what the search index
// knows, which may be older while a change surfaces late.
type record struct {
	id      string
	now     version
	indexed version
	listed  bool // the index knows it
}

// orderBook holds a seller's orders. seller.mu guards it.
type orderBook struct {
	records   map[string]*record
	byUpdated []*record // listed ones by (indexed.updated, id)
	byCreated []*record // listed ones by (indexed.created, id)
	unsorted  bool      // orders were added in bulk
	pending   eventHeap
	events    int
	grown     int             // orders generated so far
	betweens  []pageEvent     // changes that wait for a page
	coming    map[string]bool // ids of orders that were placed and do not exist yet
}

func newOrderBook() orderBook {
	return orderBook{records: map[string]*record{}, coming: map[string]bool{}}
}

// event is something that happens to an order at a time.
type event struct {
	at  time.Time
	seq int // ties happen in the order in which they were made
	run func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || (h[i].at.Equal(h[j].at) && h[i].seq < h[j].seq)
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = event{}
	*h = (*h)[:last]
	return e
}

// at plans an event.
func (b *orderBook) at(t time.Time, run func()) {
	b.events++
	heap.Push(&b.pending, event{at: t, seq: b.events, run: run})
}

// advance lets everything happen that is due by now.
func (b *orderBook) advance(now time.Time) {
	for len(b.pending) > 0 && !b.pending[0].at.After(now) {
		heap.Pop(&b.pending).(event).run()
	}
}

// publish makes v what getOrder answers now, and lets searchOrders know when it
// surfaces.
func (b *orderBook) publish(r *record, v version, now, surfaces time.Time) {
	b.records[r.id] = r
	v.seq = r.now.seq + 1
	r.now = v
	if !surfaces.After(now) {
		b.index(r, v)
		return
	}
	b.at(surfaces, func() {
		// A later change may have surfaced before this one, with the same time too.
		if v.seq > r.indexed.seq {
			b.index(r, v)
		}
	})
}

// index makes v what searchOrders knows of r.
func (b *orderBook) index(r *record, v version) {
	if b.unsorted {
		if !r.listed {
			b.byUpdated, b.byCreated = append(b.byUpdated, r), append(b.byCreated, r)
		}
		r.indexed, r.listed = v, true
		return
	}
	if r.listed {
		b.byUpdated = remove(b.byUpdated, r, updatedKey)
		b.byCreated = remove(b.byCreated, r, createdKey)
	}
	r.indexed, r.listed = v, true
	b.byUpdated = insert(b.byUpdated, r, updatedKey)
	b.byCreated = insert(b.byCreated, r, createdKey)
}

// bulk lets add index n orders; many are sorted once at the end.
func (b *orderBook) bulk(n int, add func()) {
	if n < 20 {
		add()
		return
	}
	b.unsorted = true
	add()
	b.unsorted = false
	slices.SortFunc(b.byUpdated, func(x, y *record) int { return updatedKey(x).compare(updatedKey(y)) })
	slices.SortFunc(b.byCreated, func(x, y *record) int { return createdKey(x).compare(createdKey(y)) })
}

// place is where an order stands in a sorted list.
type place struct {
	at time.Time
	id string
}

func (p place) compare(q place) int { return cmp.Or(p.at.Compare(q.at), cmp.Compare(p.id, q.id)) }

func updatedKey(r *record) place { return place{r.indexed.updated, r.id} }
func createdKey(r *record) place { return place{r.indexed.created, r.id} }

func insert(list []*record, r *record, key func(*record) place) []*record {
	i := sort.Search(len(list), func(i int) bool { return key(list[i]).compare(key(r)) >= 0 })
	return slices.Insert(list, i, r)
}

func remove(list []*record, r *record, key func(*record) place) []*record {
	i := sort.Search(len(list), func(i int) bool { return key(list[i]).compare(key(r)) >= 0 })
	return slices.Delete(list, i, i+1)
}

// book finds a seller, locks it and lets everything due happen. The caller
// unlocks sel.mu.
func (s *Simulator) book(sellerKey string) (sel *seller, now time.Time, sw Switches, err error) {
	s.mu.Lock()
	sel, err = s.seller(sellerKey)
	if err != nil {
		s.mu.Unlock()
		return nil, time.Time{}, Switches{}, err
	}
	now, sw = s.clock(), s.switchesOf(sel)
	s.mu.Unlock()
	sel.mu.Lock()
	sel.orders.advance(now)
	return sel, now, sw, nil
}

// cloneOrder copies an order with everything in it.
func cloneOrder(o *Order) *Order {
	out := clone(reflect.ValueOf(*o)).Interface().(Order)
	return &out
}

// clone copies what the types of order.go are made of. encoding/json would lose
// lone surrogates.
func clone(v reflect.Value) reflect.Value {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(clone(v.Elem()))
		return p
	case v.Kind() == reflect.Slice && !v.IsNil():
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			list.Index(i).Set(clone(v.Index(i)))
		}
		return list
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(clone(v.Field(i)))
		}
		return out
	}
	return v
}
