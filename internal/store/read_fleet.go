package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"ordersync"
)

// FreshnessBands are the upper ends of the ages by which connections are counted; the
// last band has none.
var FreshnessBands = [...]time.Duration{10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 12 * time.Hour, math.MaxInt64}

// FreshnessBand is the place of an age in [FreshnessBands].
func FreshnessBand(age time.Duration) int {
	for i, end := range FreshnessBands {
		if age < end {
			return i
		}
	}
	return len(FreshnessBands) - 1
}

// freshnessBand is [FreshnessBand] of the age of the cursor, for the bounds that
// [freshnessBounds] gives.
const freshnessBand = `CASE WHEN cursor_at IS NULL THEN -1 WHEN cursor_at > $1 THEN 0 WHEN cursor_at > $2 THEN 1 WHEN cursor_at > $3 THEN 2 WHEN cursor_at > $4 THEN 3 ELSE 4 END`

func freshnessBounds(now time.Time) []any {
	var out []any
	for _, end := range FreshnessBands[:len(FreshnessBands)-1] {
		out = append(out, ms(now.Add(-end)))
	}
	return out
}

// Fleet is how all connections stand at a moment, in numbers.
type Fleet struct {
	At          time.Time
	Connections int64
	// ByState counts those that are not paused; Paused is the others, by state.
	ByState, Paused map[ordersync.State]int64
	// Freshness counts the connections that are connected and not paused by the age of
	// what is complete, the end of their live coverage, in bands of
	// [FreshnessBands]; Unread those of them that nothing was read of yet.
	Freshness [len(FreshnessBands)]int64
	Unread    int64
	// ByReason counts connections by their latest outcome; those that had none are
	// left out.
	ByReason map[ordersync.Reason]int64
	// Needs counts what somebody must see to, by reason and by who that is.
	Needs map[Need]int64
	// OldestComplete is the end of live coverage that is longest ago, and LastSuccess
	// the latest success, of those that Freshness counts; zero: there is none.
	OldestComplete, LastSuccess time.Time
	Live, Back                  Backlog
	// Working is how many somebody works on at this moment.
	Working  int64
	SetAside int64 // orders
	// Incidents are those that are open.
	Incidents []SharedTrouble
	// Ends counts authorisations, of those that work or wait for their seller.
	Ends AuthorizationEnds
}

// Need is what a human must see to, and who. See [ordersync.Connection.Need].
type Need struct {
	Reason ordersync.Reason
	Actor  ordersync.Actor
}

// Backlog is work that is due, and that nobody has claimed yet.
type Backlog struct {
	Due    int64
	Oldest time.Time // since when it is due that waits longest; zero: none waits
}

// AuthorizationEnds counts authorisations by when they end. One that ends within five
// days ends within thirty too; one that has ended is in Over only.
type AuthorizationEnds struct{ Over, Within5, Within15, Within30 int64 }

// fleetQuery reads every connection once and nothing else.
const fleetQuery = `SELECT state, paused, last_reason, last_confirmed,
		` + freshnessBand + ` AS band,
		COUNT(*), MIN(cursor_at), MAX(last_success_at),
		SUM(CASE WHEN live_due_at <= $5 AND lease_until <= $5 THEN 1 ELSE 0 END), MIN(CASE WHEN live_due_at <= $5 AND lease_until <= $5 THEN live_due_at END),
		SUM(CASE WHEN back_due_at <= $5 AND lease_until <= $5 THEN 1 ELSE 0 END), MIN(CASE WHEN back_due_at <= $5 AND lease_until <= $5 THEN back_due_at END),
		SUM(CASE WHEN lease_until > $5 THEN 1 ELSE 0 END),
		SUM(CASE WHEN authorized_at <= $6 THEN 1 ELSE 0 END),
		SUM(CASE WHEN authorized_at > $6 AND authorized_at <= $7 THEN 1 ELSE 0 END),
		SUM(CASE WHEN authorized_at > $6 AND authorized_at <= $8 THEN 1 ELSE 0 END),
		SUM(CASE WHEN authorized_at > $6 AND authorized_at <= $9 THEN 1 ELSE 0 END)
	FROM connections GROUP BY 1, 2, 3, 4, 5`

// fleetGroup is a row of fleetQuery: connections that are alike.
type fleetGroup struct {
	ordersync.Connection
	band, n                              int64
	oldest, success, liveOldest, backOld sql.NullInt64
	live, back, working                  int64
	ends                                 AuthorizationEnds
}

// Fleet counts the fleet. Its price grows with the connections, which are read once;
// callers that are asked often keep what it says for a few seconds.
func (r *Reader) Fleet(ctx context.Context) (f Fleet, err error) {
	f = Fleet{
		At: r.now(), ByState: map[ordersync.State]int64{}, Paused: map[ordersync.State]int64{},
		ByReason: map[ordersync.Reason]int64{}, Needs: map[Need]int64{},
	}
	args := append(freshnessBounds(f.At), ms(f.At))
	for _, days := range []int{0, 5, 15, 30} {
		args = append(args, ms(f.At.AddDate(0, 0, days).Add(-ordersync.AuthorizationTime)))
	}
	rows, err := r.db.QueryContext(ctx, fleetQuery, args...)
	if err != nil {
		return f, fmt.Errorf("count the fleet: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var g fleetGroup
		if err := rows.Scan(&g.State, &g.Paused, &g.LastReason, &g.LastConfirmed, &g.band, &g.n, &g.oldest, &g.success,
			&g.live, &g.liveOldest, &g.back, &g.backOld, &g.working, &g.ends.Over, &g.ends.Within5, &g.ends.Within15, &g.ends.Within30); err != nil {
			return f, fmt.Errorf("count the fleet: %w", err)
		}
		f.add(g)
	}
	if err := rows.Err(); err != nil {
		return f, fmt.Errorf("count the fleet: %w", err)
	}
	if err := r.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM set_aside`).Scan(&f.SetAside); err != nil {
		return f, fmt.Errorf("count orders set aside: %w", err)
	}
	f.Incidents, err = r.SharedTroubles(ctx)
	return f, err
}

// add takes in connections that are alike.
func (f *Fleet) add(g fleetGroup) {
	f.Connections += g.n
	if g.LastReason != "" {
		f.ByReason[g.LastReason] += g.n
	}
	if reason, actor := g.Need(); actor != ordersync.Nobody {
		f.Needs[Need{reason, actor}] += g.n
	}
	f.Working += g.working
	works := g.State == ordersync.Connected || g.State == ordersync.NeedsReconnect
	if works {
		f.Ends.Over += g.ends.Over
		f.Ends.Within5 += g.ends.Within5
		f.Ends.Within15 += g.ends.Within15
		f.Ends.Within30 += g.ends.Within30
	}
	if g.Paused {
		f.Paused[g.State] += g.n
		return
	}
	f.ByState[g.State] += g.n
	if works {
		f.Live.add(g.live, at(g.liveOldest))
		f.Back.add(g.back, at(g.backOld))
	}
	if g.State != ordersync.Connected {
		return
	}
	if success := at(g.success); success.After(f.LastSuccess) {
		f.LastSuccess = success
	}
	if g.band < 0 {
		f.Unread += g.n
		return
	}
	f.Freshness[g.band] += g.n
	f.OldestComplete = earlier(f.OldestComplete, at(g.oldest))
}

func (b *Backlog) add(n int64, oldest time.Time) {
	b.Due += n
	b.Oldest = earlier(b.Oldest, oldest)
}

// earlier is the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
