package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// ReasonTally is what a run's targets of one reason came to.
type ReasonTally struct {
	Reason    ordersync.Reason `json:"reason"`
	Confirmed bool             `json:"confirmed,omitempty"` // Amazon said it twice and apart
	N         int              `json:"n"`
	Counts    ordersync.Counts `json:"counts"`
	// ResumesAt is when the last of them goes on by itself; zero: that is not known.
	ResumesAt time.Time `json:"resumesAt,omitzero"`
}

// RunTally is a run with what its targets came to.
type RunTally struct {
	ordersync.Run
	// Reasons are the settled ones, by reason; none of a run that finished before they
	// were kept and whose outcomes are gone.
	Reasons []ReasonTally
	// Counted tells whether Counts and ResumesAt of the reasons are known. Those of a
	// large run are when it has finished.
	Counted bool
}

// Counts are those of all reasons.
func (r RunTally) Counts() (sum ordersync.Counts) {
	for _, one := range r.Reasons {
		sum = sum.Plus(one.Counts)
	}
	return sum
}

const (
	// tallyQuery reads all targets of a run. Until a target is settled its columns hold
	// where counting began.
	tallyQuery = `SELECT status, reason, confirmed, COUNT(*), CAST(SUM(orders_received) AS BIGINT), CAST(SUM(items_received) AS BIGINT),
		CAST(SUM(orders_created) AS BIGINT), CAST(SUM(orders_changed) AS BIGINT), CAST(SUM(set_aside) AS BIGINT), MAX(resumes_at)
		FROM targets WHERE run_id = $1 GROUP BY status, reason, confirmed`
	// quickTallyQuery reads indexes only; '' is what is still open.
	quickTallyQuery = `SELECT reason, COUNT(*) FROM targets WHERE run_id = $1 AND settled_at IS NOT NULL GROUP BY reason
		UNION ALL SELECT '', COUNT(*) FROM targets WHERE run_id = $1 AND settled_at IS NULL`
	// confirmedQuery reads the targets of the two reasons that can be confirmed.
	confirmedQuery = `SELECT reason, COUNT(*) FROM targets WHERE run_id = $1 AND settled_at IS NOT NULL AND confirmed
		AND reason IN ('TOKEN_REVOKED', 'ACCESS_DENIED') GROUP BY reason`
	// keptTallyQuery finds what was counted when the run finished.
	keptTallyQuery = `SELECT reasons FROM runs WHERE id = $1`
)

// mostTallied is of how many targets a run that goes on is counted whole each time.
const mostTallied = 10_000

// RunTally reads a run with what its targets came to.
func (r *Reader) RunTally(ctx context.Context, id ordersync.RunID) (out RunTally, err error) {
	run, err := runByID(ctx, r.db, id)
	if err != nil {
		return out, err
	}
	out.Run = run.Run
	var kept sql.NullString
	err = r.db.QueryRowContext(ctx, keptTallyQuery, id).Scan(&kept)
	if errors.Is(err, sql.ErrNoRows) {
		return out, fmt.Errorf("run %s: %w", id, ErrNotFound) // purged just now
	}
	if err == nil && kept.Valid {
		out.Counted = true
		err = json.Unmarshal([]byte(kept.String), &out.Reasons)
		out.Reasons = inUTC(out.Reasons)
	}
	if err != nil {
		return out, fmt.Errorf("read what a run came to: %w", err)
	}
	if kept.Valid {
		return out, nil
	}
	return out, r.tallyOpen(ctx, run.counted, &out)
}

// tallyOpen counts the targets of a run whose tally is not kept.
func (r *Reader) tallyOpen(ctx context.Context, finished bool, out *RunTally) error {
	counted, reasons, err := quickTally(ctx, r.db, out.ID)
	if out.Counted = counted.Total <= mostTallied; err == nil && out.Counted {
		counted, reasons, err = tallyTargets(ctx, r.db, out.ID)
	}
	if out.Reasons = reasons; !finished {
		out.Summary = counted
	}
	return err
}

// inUTC are tallies whose times are in UTC, as all times of the store.
func inUTC(all []ReasonTally) []ReasonTally {
	for i := range all {
		if !all[i].ResumesAt.IsZero() {
			all[i].ResumesAt = all[i].ResumesAt.UTC()
		}
	}
	return all
}

// tallyTargets counts all targets of a run.
func tallyTargets(ctx context.Context, q querier, id ordersync.RunID) (sum ordersync.Summary, out []ReasonTally, err error) {
	rows, err := q.QueryContext(ctx, tallyQuery, id)
	if err != nil {
		return sum, nil, fmt.Errorf("count outcomes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var status ordersync.Status
		var one ReasonTally
		var resumes sql.NullInt64
		err := rows.Scan(&status, &one.Reason, &one.Confirmed, &one.N, &one.Counts.OrdersReceived, &one.Counts.ItemsReceived,
			&one.Counts.OrdersCreated, &one.Counts.OrdersChanged, &one.Counts.SetAside, &resumes)
		if err != nil {
			return sum, nil, fmt.Errorf("count outcomes: %w", err)
		}
		count(&sum, status, one.N)
		if one.ResumesAt = at(resumes); status != "" {
			out = append(out, one)
		}
	}
	return sum, out, rows.Err()
}

// quickTally counts a run's targets by reason, and nothing else of them.
func quickTally(ctx context.Context, q querier, id ordersync.RunID) (sum ordersync.Summary, out []ReasonTally, err error) {
	sum, all, err := countTargets(ctx, q, id)
	if err != nil {
		return sum, nil, err
	}
	confirmed, err := countReasons(ctx, q, confirmedQuery, id)
	if err != nil {
		return sum, nil, err
	}
	for reason, n := range all {
		// What is settled between the two readings is no less than confirmed.
		sure := min(confirmed[reason], n)
		if sure > 0 {
			out = append(out, ReasonTally{Reason: reason, Confirmed: true, N: sure})
		}
		if n > sure {
			out = append(out, ReasonTally{Reason: reason, N: n - sure})
		}
	}
	return sum, out, nil
}

func countReasons(ctx context.Context, q querier, query string, id ordersync.RunID) (map[ordersync.Reason]int, error) {
	rows, err := q.QueryContext(ctx, query, id)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	defer rows.Close()
	out := map[ordersync.Reason]int{}
	for rows.Next() {
		var reason ordersync.Reason
		var n int
		if err := rows.Scan(&reason, &n); err != nil {
			return nil, fmt.Errorf("count outcomes: %w", err)
		}
		out[reason] = n
	}
	return out, rows.Err()
}
