package store_test

import (
	"math"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// aWalk has odd values everywhere: what Amazon gets again must be what it got.
func aWalk(kind ordersync.WalkKind) ordersync.Walk {
	return ordersync.Walk{
		Kind: kind, Purpose: "gap", Window: window(-3600, 0), Cursor: begin.Add(-time.Hour), Width: 24 * time.Hour,
		Marketplaces: []string{french, german}, Groups: ordersync.OrderGroups | ordersync.PersonalGroups, PageSize: 50,
		Query: "lastUpdatedAfter=2026-03-01T11%3A00%3A00Z&includedData=A%2CB&x=%00", Token: "ab+/=ab==%2B &?#\n'\"é日",
		TokenAt: begin.Add(1234 * time.Millisecond), StartedAt: begin.Add(-time.Minute), Pages: 3, Orders: 250, EmptyPages: 1, Timeouts: 2, Unkeyed: 4,
	}
}

func (d *database) walk(l *store.Lease, kind ordersync.WalkKind) *ordersync.Walk {
	d.t.Helper()
	w, err := d.Walk(d.ctx, l, kind)
	d.must(err)
	return w
}

func TestWalkIsReadBackVerbatim(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		want := aWalk(ordersync.Live)
		d.commit(l, store.Commit{Kind: ordersync.Live, Walk: &want})
		equal(t, "walk", d.walk(l, ordersync.Live), &want)
		equal(t, "walk of another process", d.again().walk(l, ordersync.Live), &want)

		bare := ordersync.Walk{Kind: ordersync.Live, StartedAt: begin, Window: window(0, 1)}
		d.commit(l, store.Commit{Kind: ordersync.Live, Walk: &bare})
		equal(t, "walk without anything", d.walk(l, ordersync.Live), &bare)
	})
}

func TestLiveAndBackWalkSideBySide(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		if w := d.walk(l, ordersync.Live); w != nil {
			t.Errorf("there is a walk before any: %v", w)
		}
		live, back := aWalk(ordersync.Live), aWalk(ordersync.Back)
		back.Token = "other"
		for _, l := range []*store.Lease{l, other} {
			d.commit(l, store.Commit{Kind: ordersync.Live, Walk: &live})
			if _, err := d.TakeToken(d.ctx, l, store.TokenRequest{Key: bucket("S1"), Plan: plan, Open: &back}); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "live", d.walk(l, ordersync.Live), &live)
		equal(t, "back", d.walk(l, ordersync.Back), &back)
		d.commit(l, store.Commit{Kind: ordersync.Live, EndWalk: true})
		if w := d.walk(l, ordersync.Live); w != nil {
			t.Errorf("the walk that ended is still there: %v", w)
		}
		equal(t, "back", d.walk(l, ordersync.Back), &back)
		equal(t, "of the other", d.walk(other, ordersync.Live), &live)
	})
}

func TestCirclesAreMet(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		w := aWalk(ordersync.Live)
		for i, seen := range []store.Seen{{Token: 1, Digest: 10}, {Token: math.MaxUint64, Digest: 1 << 63}, {Token: 3}, {}} {
			w.Pages = i + 1
			c := pageOf(l)
			c.Walk, c.Seen = &w, seen
			d.commit(l, c)
		}
		met := func(l *store.Lease, kind ordersync.WalkKind, v store.Seen) bool {
			is, err := d.Met(d.ctx, l, kind, v)
			d.must(err)
			return is
		}
		for _, test := range []struct {
			name string
			seen store.Seen
			want bool
		}{
			{"a token", store.Seen{Token: 1}, true},
			{"a token with another digest", store.Seen{Token: 1, Digest: 99}, true},
			{"a digest with another token", store.Seen{Token: 99, Digest: 10}, true},
			{"the largest token", store.Seen{Token: math.MaxUint64}, true},
			{"a digest of the upper half", store.Seen{Digest: 1 << 63}, true},
			{"neither", store.Seen{Token: 10, Digest: 1}, false},
			{"an empty page without a next", store.Seen{}, false},
			{"an empty page", store.Seen{Token: 99}, false},
		} {
			equal(t, test.name, met(l, ordersync.Live, test.seen), test.want)
		}
		equal(t, "by the other kind", met(l, ordersync.Back, store.Seen{Token: 1}), false)
		equal(t, "by another connection", met(other, ordersync.Live, store.Seen{Token: 1}), false)

		// A walk that is begun again has seen nothing.
		d.commit(l, store.Commit{Kind: ordersync.Live, EndWalk: true})
		equal(t, "after the end", met(l, ordersync.Live, store.Seen{Token: 1}), false)
		w.Pages = 1
		c := pageOf(l)
		c.Walk, c.Seen = &w, store.Seen{Token: 1}
		d.commit(l, c)
	})
}

// A walk that is changed without a page, as after a timeout, leaves no trace of
// one.
func TestChangedWalkIsNoPage(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		w := aWalk(ordersync.Live)
		for range 2 {
			w.Timeouts++
			d.commit(l, store.Commit{Kind: ordersync.Live, Walk: &w, Seen: store.Seen{Token: 7}})
		}
		equal(t, "walk", d.walk(l, ordersync.Live), &w)
		equal(t, "pages seen", d.number(`SELECT COUNT(*) FROM walk_pages`), int64(0))
	})
}
