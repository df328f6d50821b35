package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// While a seller's id is unknown its connection has a bucket of its own. When
// the id becomes known, both are one bucket of Amazon's, and always were: the
// lower level counts.
func TestBucketsMergeWhenTheSellerBecomesKnown(t *testing.T) {
	take := func(d *database, l *store.Lease, n int) {
		for range n {
			d.take(l, bucket(store.SellerKey(l.Connection)))
		}
	}
	each(t, func(t *testing.T, d *database) {
		for i, test := range []struct {
			name         string
			mine, theirs int // tokens taken
			theirsFirst  bool
			between      time.Duration
			want         float64 // tokens at most
		}{
			{"mine is lower", 10, 3, false, 0, 9.95},
			{"theirs is lower", 3, 10, false, 0, 9.95},
			{"mine is lower, theirs is of long ago", 10, 3, true, time.Hour, 9.95},
			{"mine is higher, theirs is of long ago", 3, 10, true, time.Hour, 16.95},
			{"theirs is higher, mine is of long ago", 10, 3, false, time.Hour, 16.95},
			{"nobody called for theirs", 10, 0, false, 0, 9.95},
		} {
			seller := "S" + strconv.Itoa(i)
			tenant := ordersync.TenantID("acme-" + seller)
			mine, theirs := d.connected(tenant, ""), d.connected("globex", seller)
			takes := []func(){func() { take(d, mine, test.mine) }, func() { take(d, theirs, test.theirs) }}
			if test.theirsFirst {
				slices.Reverse(takes)
			}
			takes[0]()
			d.clock.add(test.between)
			takes[1]()
			standIn := bucket(store.SellerKey(mine.Connection))
			_, err := d.ImportConnection(d.ctx, store.Import{Tenant: tenant, Region: ordersync.RegionEU, SellerID: seller})
			d.must(err)

			b, calls := d.bucket(bucket(seller))
			if got := b.Refilled(d.clock.Now()).Tokens; got > test.want+1e-9 {
				t.Errorf("%s: the merged bucket has %v tokens, want at most %v", test.name, got, test.want)
			}
			equal(t, test.name+": calls", calls, int64(test.mine+test.theirs))
			if _, _, _, ok, err := d.Reader().Budget(d.ctx, standIn); ok || err != nil {
				t.Errorf("%s: the stand-in is still there: %v", test.name, err)
			}
		}
	})
}

func TestMergedBucketKeepsTheLowerRate(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		mine, theirs := d.connected("acme", ""), d.connected("globex", "S1")
		other := bucket(store.SellerKey(mine.Connection))
		other.Region = ordersync.RegionNA // another region's is another bucket
		for _, k := range []store.BudgetKey{bucket(store.SellerKey(mine.Connection)), other} {
			d.take(mine, k)
			d.learn(mine, store.Learned{Key: k, Rate: 0.001})
		}
		d.take(theirs, bucket("S1"))
		_, err := d.ImportConnection(d.ctx, store.Import{Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1"})
		d.must(err)
		b, _ := d.bucket(bucket("S1"))
		equal(t, "rate", b.Rate, 0.001)
		d.bucket(other)
	})
}
