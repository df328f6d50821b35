package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ordersync"
)

// claimable is the condition of a connection that a worker may claim at $1. It
// is the condition of [Store.Claim], in one place for the statements that look
// for work.
const claimable = `lease_until <= $1 AND NOT paused AND state IN ('CONNECTED', 'NEEDS_RECONNECT')
	AND (live_due_at <= $1 OR back_due_at <= $1)`

// ringAgain is after how long a doorbell counts as lost.
const ringAgain = time.Minute

// Ring marks claimable connections as rung and returns them: most urgent first,
// at most limit. One that was rung within the last minute is left out; the mark
// is cleared by the claim.
//
// Urgency is derived here and never stored: 0 an open target of a run for one
// tenant, 1 live work that is due, 2 back work; then the time since when. With a
// run given, only connections that it waits for are rung.
func (s *Store) Ring(ctx context.Context, limit int, run ordersync.RunID) (ids []ordersync.ConnectionID, err error) {
	err = s.inTx(ctx, "ring", func(ctx context.Context, t *tx) error {
		ids = nil
		rows, err := t.QueryContext(ctx, `SELECT id, CASE
				WHEN EXISTS (SELECT 1 FROM targets WHERE connection_id = connections.id AND settled_at IS NULL AND mode = 'single') THEN 0
				WHEN live_due_at <= $1 THEN 1 ELSE 2 END AS urgency
			FROM connections WHERE `+claimable+` AND (rung_at IS NULL OR rung_at <= $2)
				AND ($4 = '' OR EXISTS (SELECT 1 FROM targets WHERE connection_id = connections.id AND run_id = $4 AND settled_at IS NULL))
			ORDER BY urgency, CASE WHEN live_due_at <= $1 THEN live_due_at ELSE back_due_at END, id LIMIT $3`+s.kind.skipLocked(),
			ms(t.now), ms(t.now.Add(-ringAgain)), limit, run)
		if err != nil {
			return err
		}
		if ids, err = scanIDs(rows); err != nil || len(ids) == 0 {
			return err
		}
		args := []any{ms(t.now)}
		for _, id := range ids {
			args = append(args, int64(id))
		}
		_, err = t.ExecContext(ctx, `UPDATE connections SET rung_at = $1 WHERE id IN `+t.kind.placeholders(2, len(ids)), args...)
		return err
	})
	return ids, err
}

// skipLocked leaves out rows that another transaction holds, where there is
// more than one writer.
func (d dialect) skipLocked() string {
	if d == postgres {
		return ` FOR UPDATE SKIP LOCKED`
	}
	return ""
}

func scanIDs(rows *sql.Rows) (ids []ordersync.ConnectionID, err error) {
	defer rows.Close()
	for rows.Next() {
		var id, urgency int64
		if err := rows.Scan(&id, &urgency); err != nil {
			return nil, err
		}
		ids = append(ids, ordersync.ConnectionID(id))
	}
	return ids, rows.Err()
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
