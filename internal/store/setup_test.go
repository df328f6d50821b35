package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// begin is when every test begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// lease is how long the tests' leases are.
const lease = time.Minute

// clock is the clock of the tests' stores; several may share one.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// database is a throw-away database with a store on it.
type database struct {
	*store.Store
	t     *testing.T
	ctx   context.Context
	kind  storetest.Kind
	url   string
	clock *clock
	raw   func() *sql.DB // beside the store
}

// each runs a test on a database of each kind.
func each(t *testing.T, test func(*testing.T, *database), options ...storetest.Option) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		test(t, open(t, kind, storetest.New(t, kind), options...))
	})
}

func open(t *testing.T, kind storetest.Kind, url string, options ...storetest.Option) *database {
	t.Helper()
	c := &clock{now: begin}
	options = append([]storetest.Option{storetest.Clock(c.Now)}, options...)
	return &database{
		Store: storetest.OpenURL(t, url, options...), t: t, ctx: t.Context(), kind: kind, url: url, clock: c,
		raw: sync.OnceValue(func() *sql.DB { return storetest.SQL(t, url) }),
	}
}

// again opens the same database once more, as another process would.
func (d *database) again() *database {
	d.t.Helper()
	other := *d
	other.Store = storetest.OpenURL(d.t, d.url, storetest.Clock(d.clock.Now))
	return &other
}

// decide decides the fates of the next commits; those after them are done.
func (d *database) decide(fates ...store.CommitFate) {
	d.t.Helper()
	var mu sync.Mutex
	err := d.DecideCommits(d.url, func() store.CommitFate {
		mu.Lock()
		defer mu.Unlock()
		if len(fates) == 0 {
			return store.CommitDone
		}
		fate := fates[0]
		fates = fates[1:]
		return fate
	})
	d.must(err)
}

func (d *database) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// connect makes a connected connection of a tenant in the EU.
func (d *database) connect(tenant ordersync.TenantID, seller string) ordersync.ConnectionID {
	d.t.Helper()
	out, err := d.ImportConnection(d.ctx, store.Import{
		Tenant: tenant, Region: ordersync.RegionEU, SellerID: seller, State: ordersync.Connected, Marketplaces: &[]string{french},
	})
	d.must(err)
	return out.Connection
}

// The marketplaces of the tests.
const (
	french = "A13V1IB3VIYZZH"
	german = "A1PA6795UKMFR9"
)

// claim claims a connection that must be claimable.
func (d *database) claim(id ordersync.ConnectionID) *store.Lease {
	d.t.Helper()
	l, err := d.Claim(d.ctx, id, "test", lease)
	d.must(err)
	if l == nil {
		d.t.Fatalf("connection %d cannot be claimed", id)
	}
	return l
}

// connected makes a connection and claims it.
func (d *database) connected(tenant ordersync.TenantID, seller string) *store.Lease {
	d.t.Helper()
	return d.claim(d.connect(tenant, seller))
}

// commit commits what must succeed.
func (d *database) commit(l *store.Lease, c store.Commit) ordersync.Counts {
	d.t.Helper()
	counts, err := d.Commit(d.ctx, l, c)
	d.must(err)
	return counts
}

// page commits a page of live work whose token was taken just before.
func (d *database) page(l *store.Lease, orders ...store.PageOrder) ordersync.Counts {
	d.t.Helper()
	return d.commit(l, pageOf(l, orders...))
}

func pageOf(l *store.Lease, orders ...store.PageOrder) store.Commit {
	return store.Commit{Kind: ordersync.Live, Page: &store.Page{Orders: orders, Epoch: l.Epoch, Step: l.Step}}
}

// order makes an order that was updated some time after begin, with two items
// and a package. Its digests follow its content.
func order(id string, updated time.Duration, changes ...func(*store.PageOrder)) store.PageOrder {
	o := store.PageOrder{Order: ordersync.Order{
		ID: id, SellerOrderID: "mine-" + id, CreatedAt: begin.Add(-time.Hour), LastUpdatedAt: begin.Add(updated),
		Channel: "AMAZON", MarketplaceID: french, MarketplaceName: "Amazon.fr", Programs: []string{"PRIME"},
		Status: "UNSHIPPED", FulfilledBy: "MERCHANT", ServiceLevel: "STANDARD",
		ShipBy: ordersync.TimeRange{Earliest: begin, Latest: begin.Add(time.Hour)},
		Total:  &ordersync.Money{Amount: "30.00", Currency: "EUR"},
		Items:  []ordersync.Item{item("11"), item("12")},
		Packages: []ordersync.Package{{
			ID: "p1", Status: "SHIPPED", Carrier: "Colissimo", TrackingNumber: "T1", CreatedAt: begin, ShippedAt: begin.Add(time.Minute),
			Items: []ordersync.PackageItem{{OrderItemID: "11", Quantity: 1}},
		}},
		Groups: ordersync.OrderGroups, Raw: []byte(`{"orderId":"` + id + `"}`),
	}}
	for _, change := range changes {
		change(&o)
	}
	o.Digests = digests(o)
	return o
}

func item(id string) ordersync.Item {
	one := int64(1)
	return ordersync.Item{
		ID: id, ASIN: "B0" + id, SKU: "sku-" + id, Title: "Thing " + id, Quantity: 2, QuantityFulfilled: &one,
		UnitPrice: &ordersync.Money{Amount: "7.50", Currency: "EUR"}, Total: &ordersync.Money{Amount: "15.00", Currency: "EUR"},
	}
}

// digests stand in for those that the adapter makes: different content has
// different ones, and an absent personal group has 0.
func digests(o store.PageOrder) (d [ordersync.GroupCount]uint64) {
	items := make([]ordersync.Item, len(o.Items))
	var fulfilled []*int64
	var proceeds []*ordersync.Money
	for i, item := range o.Items {
		fulfilled, proceeds = append(fulfilled, item.QuantityFulfilled), append(proceeds, item.Total)
		item.QuantityFulfilled, item.Total = nil, nil
		items[i] = item
	}
	for i := range ordersync.GroupCount {
		var content any = i
		switch g := ordersync.Groups(1) << i; {
		case !o.Groups.Has(g):
			continue
		case g == ordersync.GroupCore:
			content = []any{o.CreatedAt, o.Channel, o.MarketplaceID, o.MarketplaceName, o.SellerOrderID, o.Programs, items, o.Raw}
		case g == ordersync.GroupFulfillment:
			content = []any{o.Status, o.FulfilledBy, o.ServiceLevel, o.ShipBy, o.DeliverBy, fulfilled}
		case g == ordersync.GroupProceeds:
			content = []any{o.Total, proceeds}
		case g == ordersync.GroupPackages:
			content = o.Packages
		case ordersync.PersonalGroups.Has(g) && o.Sealed[g] == nil:
			continue
		case ordersync.PersonalGroups.Has(g):
			content = o.Sealed[g]
		}
		d[i] = hash(content)
	}
	return d
}

func hash(content any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, deep(content))
	return h.Sum64() | 1
}

// deep prints what pointers point to.
func deep(v any) string {
	switch v := v.(type) {
	case []any:
		out := ""
		for _, e := range v {
			out += deep(e) + ";"
		}
		return out
	case []ordersync.Item:
		out := ""
		for _, i := range v {
			out += fmt.Sprint(i.ID, i.ASIN, i.SKU, i.Title, i.Quantity, deep(i.UnitPrice))
		}
		return out
	case []*int64:
		out := ""
		for _, n := range v {
			if n != nil {
				out += fmt.Sprint(*n)
			}
			out += ","
		}
		return out
	case []*ordersync.Money:
		out := ""
		for _, m := range v {
			out += deep(m) + ","
		}
		return out
	case *ordersync.Money:
		if v == nil {
			return "nil"
		}
		return v.Amount + v.Currency
	}
	return fmt.Sprintf("%v", v)
}

// Changes of an order.

func status(s string) func(*store.PageOrder) {
	return func(o *store.PageOrder) { o.Status = s }
}

// asking makes an order the answer to a request for these groups only: what
// belongs to the others is not there.
func asking(groups ordersync.Groups) func(*store.PageOrder) {
	return func(o *store.PageOrder) {
		o.Groups = groups
		if !groups.Has(ordersync.GroupFulfillment) {
			o.Status, o.FulfilledBy, o.ServiceLevel = "", "", ""
			o.ShipBy, o.DeliverBy = ordersync.TimeRange{}, ordersync.TimeRange{}
		}
		if !groups.Has(ordersync.GroupProceeds) {
			o.Total = nil
		}
		if !groups.Has(ordersync.GroupPackages) {
			o.Packages = nil
		}
		for i := range o.Items {
			if !groups.Has(ordersync.GroupFulfillment) {
				o.Items[i].QuantityFulfilled = nil
			}
			if !groups.Has(ordersync.GroupProceeds) {
				o.Items[i].Total = nil
			}
		}
	}
}

// sealed gives an order sealed personal fields.
func sealed(group ordersync.Groups, text string) func(*store.PageOrder) {
	return func(o *store.PageOrder) {
		if o.Sealed == nil {
			o.Sealed = map[ordersync.Groups][]byte{}
		}
		o.Groups |= group
		o.Sealed[group] = []byte(text)
	}
}

// equal fails the test with the difference when two values differ. Nothing and an
// empty list are the same.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
