package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ordersync"
)

// mayWork is the condition of a connection that is worked on at all, in the words
// of the indexes by due time.
const mayWork = `NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT')`

// asked is the condition of a connection that a run for one tenant waits for.
const asked = `EXISTS (SELECT 1 FROM targets t WHERE t.connection_id = connections.id AND t.settled_at IS NULL AND t.mode = 'single')`

// toRing lists, for each urgency, which connections are claimable at $1, the
// longest due first. Each but the first follows an index and stops at its limit.
// That a worker may claim them is the condition of [Store.Claim].
var toRing = [...]struct{ due, order string }{
	AskedFor: {`(live_due_at <= $1 OR back_due_at <= $1)
		AND id IN (SELECT connection_id FROM targets WHERE settled_at IS NULL AND mode = 'single')`,
		`CASE WHEN live_due_at <= $1 THEN live_due_at ELSE back_due_at END, id`},
	Due:     {`live_due_at <= $1 AND NOT ` + asked, `live_due_at, id`},
	CanWait: {`back_due_at <= $1 AND (live_due_at IS NULL OR live_due_at > $1) AND NOT ` + asked, `back_due_at, id`},
}

// ringQuery is the query for an urgency. What it is limited to comes in $5 and
// after it. SQLite prepares a statement anew each time that a bare parameter is bound
// as its LIMIT, which took half of the query's time.
func ringQuery(u Urgency, only string) string {
	return `SELECT id FROM connections WHERE ` + mayWork + ` AND slow = $3 AND ` + toRing[u].due + `
		AND lease_until <= $1 AND (rung_at IS NULL OR rung_at <= $2)` + only + ` ORDER BY ` + toRing[u].order + ` LIMIT $4 + 0`
}

// Urgency orders what is due. It is derived when a doorbell is rung and never
// stored.
type Urgency int

// The urgencies.
const (
	AskedFor Urgency = iota // a run for one tenant waits
	Due                     // live work is due
	CanWait                 // back work
)

// Rung is a connection whose doorbell is rung.
type Rung struct {
	Connection ordersync.ConnectionID
	Urgency    Urgency
	Slow       bool // Amazon answers this seller slowly: only a part of the workers may wait for it
}

// Database is the pool of connections, for the doorbells, which must be rung in
// the store's own transactions. Nothing else may use it.
func (s *Store) Database() *sql.DB { return s.db.DB }

// ringAgain is after how long a doorbell counts as lost.
const ringAgain = time.Minute

// RingRequest says which doorbells a tick rings, at most.
type RingRequest struct {
	Limit int
	// SlowLimit is how many of those may be of connections that answer slowly.
	SlowLimit int
	// Run and Tenant leave out what the run does not wait for, or what is
	// another tenant's; "" for no such limit.
	Run    ordersync.RunID
	Tenant ordersync.TenantID
}

// Ring marks claimable connections as rung and returns them, the most urgent
// first and among those the longest due. One that was rung within the last
// minute is left out; the mark is cleared by the claim. With a bell, the limit is
// of each urgency, and of what waits in the queue already: what can wait has
// workers of its own, and must not wait for all others to be rung.
func (s *Store) Ring(ctx context.Context, r RingRequest) (rung []Rung, err error) {
	err = s.inTx(ctx, "ring", func(ctx context.Context, t *tx) error {
		rung = nil
		if !t.sure {
			return nil // who is rung for could not claim
		}
		bells, err := t.bells(ctx)
		if err != nil {
			return err
		}
		for _, lane := range []struct {
			slow  bool
			limit int
		}{{false, r.Limit}, {true, min(r.Limit, r.SlowLimit)}} {
			if lane.limit <= 0 {
				continue
			}
			more, err := t.toRing(ctx, r, bells, lane.slow, lane.limit)
			if err != nil {
				return fmt.Errorf("look for work: %w", err)
			}
			rung = append(rung, more...)
		}
		return t.rings(ctx, bells, rung)
	})
	return rung, err
}

// toRing lists connections that may be claimed now and were not rung, the most
// urgent first.
func (t *tx) toRing(ctx context.Context, r RingRequest, bells Doorbells, slow bool, limit int) (out []Rung, err error) {
	only, args := "", []any{ms(t.now), ms(t.now.Add(-ringAgain)), slow, limit}
	if r.Run != "" {
		args = append(args, r.Run)
		only += fmt.Sprintf(` AND EXISTS (SELECT 1 FROM targets t WHERE t.connection_id = connections.id AND t.run_id = $%d AND t.settled_at IS NULL)`, len(args))
	}
	if r.Tenant != "" {
		args = append(args, r.Tenant)
		only += fmt.Sprintf(` AND tenant = $%d`, len(args))
	}
	for u := AskedFor; u <= CanWait; u++ {
		most := limit - len(out)
		if bells.Room != nil {
			most = min(limit, bells.Room(u, slow))
		}
		if most <= 0 {
			continue
		}
		args[3] = most
		rows, err := t.QueryContext(ctx, ringQuery(u, only)+t.kind.skipLocked(), args...)
		if err != nil {
			return nil, err
		}
		ids, err := scanIDs(rows)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out = append(out, Rung{Connection: ordersync.ConnectionID(id), Urgency: u, Slow: slow})
		}
	}
	return out, nil
}

// skipLocked leaves out rows that another transaction holds, where there is
// more than one writer.
func (d dialect) skipLocked() string {
	if d == postgres {
		return ` FOR UPDATE SKIP LOCKED`
	}
	return ""
}

// NextDue is when the next connection becomes claimable, should nothing else
// happen; false when none ever does.
func (r *Reader) NextDue(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	err := r.db.QueryRowContext(ctx, `SELECT MIN(CASE WHEN due < lease_until THEN lease_until ELSE due END) FROM (
		SELECT lease_until, CASE WHEN live_due_at IS NULL THEN back_due_at WHEN back_due_at < live_due_at THEN back_due_at ELSE live_due_at END AS due
		FROM connections WHERE NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT')) AS d`).Scan(&next)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read next due time: %w", err)
	}
	return at(next), next.Valid, nil
}

// OpeningRuns lists the runs whose targets are still being written.
func (r *Reader) OpeningRuns(ctx context.Context) (ids []ordersync.RunID, err error) {
	runs, err := r.openRuns(ctx)
	for _, run := range runs {
		if run.State == ordersync.RunOpening {
			ids = append(ids, run.ID)
		}
	}
	return ids, err
}
