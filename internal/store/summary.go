package store

import (
	"context"
	"fmt"

	"ordersync"
)

// A page of runs follows the primary key: ids of runs sort by time.
const (
	runsQuery       = `SELECT ` + runColumns + ` FROM runs ORDER BY id DESC LIMIT $1`
	runsBeforeQuery = `SELECT ` + runColumns + ` FROM runs WHERE id < $2 ORDER BY id DESC LIMIT $1`
)

// countQuery reads all targets of a run.
const countQuery = `SELECT status, COUNT(*) FROM targets WHERE run_id = $1 GROUP BY status`

// countTargets counts a run's targets.
func countTargets(ctx context.Context, q querier, id ordersync.RunID) (s ordersync.Summary, err error) {
	rows, err := q.QueryContext(ctx, countQuery, id)
	if err != nil {
		return s, fmt.Errorf("count targets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var status ordersync.Status
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return s, fmt.Errorf("count targets: %w", err)
		}
		count(&s, status, n)
	}
	return s, rows.Err()
}

// keepSummary keeps what the targets of a finished run came to: they do not
// change any more, and a list of runs need not read them.
func (t *tx) keepSummary(ctx context.Context, id ordersync.RunID) error {
	s, err := countTargets(ctx, t, id)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE runs SET total = $2, success = $3, partial = $4, skipped = $5, failed = $6 WHERE id = $1`,
		id, s.Total, s.Success, s.Partial, s.Skipped, s.Failed)
	if err != nil {
		return fmt.Errorf("keep summary: %w", err)
	}
	return nil
}

// summed adds the summaries of those runs that have not finished.
func (r *Reader) summed(ctx context.Context, page []openRun) ([]ordersync.Run, error) {
	out := make([]ordersync.Run, 0, len(page))
	for _, run := range page {
		if !run.counted {
			var err error
			if run.Summary, err = countTargets(ctx, r.db, run.ID); err != nil {
				return nil, err
			}
		}
		out = append(out, run.Run)
	}
	return out, nil
}
