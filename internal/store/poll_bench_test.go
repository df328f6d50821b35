package store_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func benchOn(b *testing.B, bench func(*testing.B, *store.Store, *clock, ordersync.ConnectionID)) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			c := &clock{now: begin}
			s := storetest.Open(b, kind, storetest.Clock(c.Now))
			out, err := s.ImportConnection(b.Context(), store.Import{
				Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", State: ordersync.Connected, Marketplaces: &[]string{french},
			})
			if err != nil {
				b.Fatal(err)
			}
			bench(b, s, c, out.Connection)
		})
	}
}

// BenchmarkLivePoll is all that the store does for a poll of live work that finds
// nothing new.
func BenchmarkLivePoll(b *testing.B) {
	benchOn(b, func(b *testing.B, s *store.Store, c *clock, id ordersync.ConnectionID) {
		ctx := b.Context()
		plan := ordersync.Plan{Rate: 1, Burst: 20}
		must := func(err error) {
			if err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			_, err := s.Reader().Application(ctx, "client")
			must(err)
			l, err := s.Claim(ctx, id, "bench", lease)
			must(err)
			_, err = s.Secret(ctx, "acme", id, store.RefreshToken)
			must(err)
			_, err = s.Walk(ctx, l, ordersync.Live)
			must(err)
			walk := &ordersync.Walk{Kind: ordersync.Live, Window: ordersync.Window{From: c.Now().Add(-10 * time.Minute), To: c.Now()}, Marketplaces: []string{french}, PageSize: 100}
			_, err = s.TakeToken(ctx, l, store.TokenRequest{Key: bucket("S1"), Plan: plan, Open: walk})
			must(err)
			_, _, _, _, err = s.Reader().Budget(ctx, bucket("S1"))
			must(err)
			_, err = s.Coverage(ctx, l)
			must(err)
			next := c.Now().Add(5 * time.Minute)
			commit := pageOf(l)
			commit.Learned = &store.Learned{Key: bucket("S1"), Plan: plan, Calls: 1}
			commit.Covered = &store.Covered{Window: walk.Window, Marketplaces: walk.Marketplaces, Begun: c.Now(), Confirmed: true}
			commit.EndWalk, commit.Cursor, commit.Polled, commit.Release, commit.LiveDueAt = true, c.Now(), true, true, &next
			commit.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: c.Now(), Pages: 1}
			_, err = s.Commit(ctx, l, commit)
			must(err)
			c.add(5 * time.Minute)
		}
	})
}

// BenchmarkPageSizes is the commit of pages of all sizes, each with other orders.
func BenchmarkPageSizes(b *testing.B) {
	benchOn(b, func(b *testing.B, s *store.Store, c *clock, id ordersync.ConnectionID) {
		l, err := s.Claim(b.Context(), id, "bench", lease)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			n++
			var page []store.PageOrder
			for i := range 1 + (n*37)%100 {
				page = append(page, order(fmt.Sprintf("%d-%d", n, i), 0))
			}
			if _, err := s.Commit(b.Context(), l, pageOf(l, page...)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
