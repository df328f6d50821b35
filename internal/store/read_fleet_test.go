package store_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func TestFreshnessBand(t *testing.T) {
	for age, band := range map[time.Duration]int{
		-time.Hour: 0, 0: 0, 10*time.Minute - 1: 0, 10 * time.Minute: 1, 30 * time.Minute: 2, 2 * time.Hour: 3, 12 * time.Hour: 4, 9000 * time.Hour: 4,
	} {
		equal(t, age.String(), store.FreshnessBand(age), band)
	}
}

func TestRecentFleetIsCountedOnceInAWhile(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		recent := func() [2]any {
			t.Helper()
			f, err := d.Reader().RecentFleet(d.ctx, 10*time.Second)
			d.must(err)
			c, err := d.Reader().RecentCeiling(d.ctx, 10*time.Second)
			d.must(err)
			return [2]any{f.Connections, c}
		}
		equal(t, "at first", recent(), [2]any{int64(0), 0.0})
		d.connect("acme", "S1")
		d.exec(`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
			VALUES ('app', 'eu', 'S1', 'searchOrders', 0.5, 20, 0.25, 20, 0, 0)`)
		d.clock.add(9 * time.Second)
		equal(t, "soon after", recent(), [2]any{int64(0), 0.0})
		d.clock.add(time.Second)
		equal(t, "after ten seconds", recent(), [2]any{int64(1), 15.0})
	})
}

func TestFleetInNumbers(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		have, err := d.Reader().Fleet(d.ctx)
		d.must(err)
		equal(t, "an empty fleet", have, store.Fleet{At: begin})

		ago := func(d time.Duration) int64 { return begin.Add(-d).UnixMilli() }
		ends := func(days int) int64 {
			return begin.Add(time.Duration(days)*day - ordersync.AuthorizationTime).UnixMilli()
		}
		fleet := []struct {
			set    string
			values []any
		}{
			{`cursor_at = $2, last_success_at = $3, last_reason = 'SUCCESS', live_due_at = $4, authorized_at = $5`, []any{ago(time.Minute), ago(30 * time.Second), ago(-time.Minute), ends(4)}},
			{`cursor_at = $2, last_success_at = $3, last_reason = 'AMAZON_RATE_LIMIT', live_due_at = $4, authorized_at = $5`, []any{ago(11 * time.Minute), ago(9 * time.Minute), ago(3 * time.Minute), ends(6)}},
			{`cursor_at = $2, last_reason = 'UNKNOWN_ERROR', live_due_at = $3, back_due_at = $4, authorized_at = $5`, []any{ago(13 * time.Hour), ago(8 * time.Minute), ago(time.Hour), ends(29)}},
			{`cursor_at = $2, last_reason = 'ACCESS_DENIED', last_confirmed = (1 = 1), live_due_at = $3, lease_until = $4`, []any{ago(time.Hour), ago(20 * time.Minute), ago(-time.Minute)}},
			{`live_due_at = NULL, back_due_at = NULL, authorized_at = $2`, []any{ends(60)}},
			{`state = 'NEEDS_RECONNECT', cursor_at = $2, last_reason = 'TOKEN_REVOKED', live_due_at = NULL, authorized_at = $3`, []any{ago(400 * time.Hour), ends(-1)}},
			{`state = 'DISABLED', live_due_at = $2, authorized_at = $3`, []any{ago(time.Hour), ends(1)}},
			{`paused = (1 = 1), cursor_at = $2, live_due_at = $3, back_due_at = $3`, []any{ago(500 * time.Hour), ago(400 * time.Hour)}},
		}
		for i, c := range fleet {
			id := d.connect(ordersync.TenantID(fmt.Sprint("t", i)), fmt.Sprint("S", i))
			d.exec(`UPDATE connections SET `+c.set+` WHERE id = $1`, append([]any{int64(id)}, c.values...)...)
		}
		have, err = d.Reader().Fleet(d.ctx)
		d.must(err)
		equal(t, "the fleet", have, store.Fleet{
			At: begin, Connections: 8,
			ByState:   map[ordersync.State]int64{ordersync.Connected: 5, ordersync.NeedsReconnect: 1, ordersync.Disabled: 1},
			Paused:    map[ordersync.State]int64{ordersync.Connected: 1},
			Freshness: [5]int64{1, 1, 1, 0, 1}, Unread: 1,
			ByReason: map[ordersync.Reason]int64{
				ordersync.Success: 1, ordersync.AmazonRateLimit: 1, ordersync.UnknownError: 1, ordersync.AccessDenied: 1, ordersync.TokenRevoked: 1,
			},
			Needs: map[store.Need]int64{
				{Reason: ordersync.UnknownError, Actor: ordersync.Us}:               1,
				{Reason: ordersync.AccessDenied, Actor: ordersync.TenantOrOperator}: 1,
				{Reason: ordersync.TokenRevoked, Actor: ordersync.Tenant}:           1,
				{Reason: ordersync.Paused, Actor: ordersync.Operator}:               1,
			},
			OldestComplete: begin.Add(-13 * time.Hour), LastSuccess: begin.Add(-30 * time.Second),
			Live: store.Backlog{Due: 2, Oldest: begin.Add(-8 * time.Minute)}, Back: store.Backlog{Due: 1, Oldest: begin.Add(-time.Hour)},
			Working: 1, Ends: store.AuthorizationEnds{Over: 1, Within5: 1, Within15: 2, Within30: 3},
		})
	})
}
