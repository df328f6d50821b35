package store_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// outcome lets a connection's execution end so.
func (d *database) outcome(id ordersync.ConnectionID, o ordersync.Outcome, cursor time.Time) {
	d.t.Helper()
	due := d.clock.Now().Add(5 * time.Minute)
	c := store.Commit{Kind: ordersync.Live, Polled: true, Release: true, LiveDueAt: &due, Settle: &store.Settle{Outcome: o, BegunAt: d.clock.Now(), Pages: 1}}
	if !cursor.IsZero() {
		c.Cursor = cursor
	}
	d.commit(d.claim(id), c)
}

// How connections stand is told with since when, and what stands alike is counted
// together.
func TestStandings(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		well, bad, worse, paused := d.connect("a", "A1"), d.connect("b", "B1"), d.connect("c", "C1"), d.connect("d", "D1")
		d.connect("e", "E1") // nothing was read of it yet
		d.outcome(well, ordersync.Outcome{Reason: ordersync.Success}, begin.Add(-time.Minute))
		d.outcome(bad, ordersync.Outcome{Reason: ordersync.AmazonUnavailable}, time.Time{})
		d.outcome(worse, ordersync.Outcome{Reason: ordersync.AmazonUnavailable, Message: "503"}, begin.Add(-3*time.Hour))
		d.must(d.Pause(d.ctx, "d", paused))

		d.clock.add(20 * time.Minute)
		d.outcome(bad, ordersync.Outcome{Reason: ordersync.AmazonUnavailable}, time.Time{}) // again: since when it began
		d.outcome(worse, ordersync.Outcome{Reason: ordersync.RequestRejected}, time.Time{})
		now := begin.Add(20 * time.Minute)
		due := now.Add(5 * time.Minute)

		all, err := d.Reader().Standings(d.ctx)
		d.must(err)
		got := map[string]store.Standing{}
		for _, s := range all {
			got[fmt.Sprintf("%s %t %s", s.State, s.Paused, s.Reason)] = s
		}
		eu := func(s store.Standing) store.Standing {
			s.Region, s.State = ordersync.RegionEU, ordersync.Connected
			return s
		}
		equal(t, "standings", got, map[string]store.Standing{
			"CONNECTED false SUCCESS":            eu(store.Standing{Reason: ordersync.Success, Band: 1, N: 1, Since: begin, DueAt: begin.Add(5 * time.Minute)}),
			"CONNECTED false AMAZON_UNAVAILABLE": eu(store.Standing{Reason: ordersync.AmazonUnavailable, Band: -1, N: 1, Since: begin, DueAt: due}),
			"CONNECTED false REQUEST_REJECTED":   eu(store.Standing{Reason: ordersync.RequestRejected, Band: 3, N: 1, Lately: 1, Since: now, DueAt: due}),
			"CONNECTED true ":                    eu(store.Standing{Paused: true, Band: -1, N: 1, Since: begin, DueAt: begin}),
			"CONNECTED false ":                   eu(store.Standing{Band: -1, N: 1, Since: begin, DueAt: begin}),
		})

		stands, err := d.Reader().Stands(d.ctx, 3)
		d.must(err)
		equal(t, "of the first", []ordersync.ConnectionID{stands[0].ID, stands[1].ID, stands[2].ID}, []ordersync.ConnectionID{well, bad, worse})
		equal(t, "cursor", stands[2].Cursor, begin.Add(-3*time.Hour))
		troubled, err := d.Reader().Troubled(d.ctx, 1)
		d.must(err)
		var ids []ordersync.ConnectionID
		for _, s := range troubled {
			ids = append(ids, s.ID)
		}
		equal(t, "troubled, the longest first", ids, []ordersync.ConnectionID{bad, paused, worse})

		for _, s := range append(stands, troubled...) {
			c, err := d.Reader().Tenant(s.Tenant).Connection(d.ctx, s.ID)
			d.must(err)
			equal(t, "since, of the connection itself", c.Since(), s.Since)
			wantReason, wantActor := c.Need()
			reason, actor := s.Connection().Need()
			equal(t, "need", fmt.Sprint(reason, actor), fmt.Sprint(wantReason, wantActor))
		}
		d.must(d.Resume(d.ctx, "d", paused))
		c, err := d.Reader().Tenant("d").Connection(d.ctx, paused)
		d.must(err)
		equal(t, "paused at, when it is not", c.PausedAt, time.Time{})
	})
}

// Of each trouble some are told, and not more.
func TestTroubledTellsSomeOfEach(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for i := range 7 {
			id := d.connect(ordersync.TenantID(fmt.Sprintf("t%d", i)), fmt.Sprintf("A%d", i))
			reason := ordersync.AmazonUnavailable
			if i%2 == 0 {
				reason = ordersync.RequestRejected
			}
			d.outcome(id, ordersync.Outcome{Reason: reason}, time.Time{})
		}
		some, err := d.Reader().Troubled(d.ctx, 2)
		d.must(err)
		counts := map[ordersync.Reason]int{}
		for _, s := range some {
			counts[s.Reason]++
		}
		equal(t, "told", counts, map[ordersync.Reason]int{ordersync.AmazonUnavailable: 2, ordersync.RequestRejected: 2})
	})
}
