package store

import (
	"context"
	"encoding/json"
	"fmt"

	"ordersync"
)

// A page of runs follows the primary key: ids of runs sort by time.
const (
	runsQuery       = `SELECT ` + runColumns + ` FROM runs ORDER BY id DESC LIMIT $1`
	runsBeforeQuery = `SELECT ` + runColumns + ` FROM runs WHERE id < $2 ORDER BY id DESC LIMIT $1`
)

// countTargets counts a run's targets, and the settled ones by reason.
func countTargets(ctx context.Context, q querier, id ordersync.RunID) (s ordersync.Summary, settled map[ordersync.Reason]int, err error) {
	settled, err = countReasons(ctx, q, quickTallyQuery, id)
	if err != nil {
		return s, nil, err
	}
	s.Total = settled[""]
	delete(settled, "")
	for reason, n := range settled {
		count(&s, reason.Info().Status, n)
	}
	return s, settled, nil
}

// keepSummary keeps what the targets of a finished run came to, also by reason: they
// do not change any more, and neither a list of runs nor a run's page need read them.
func (t *tx) keepSummary(ctx context.Context, id ordersync.RunID) error {
	s, reasons, err := tallyTargets(ctx, t, id)
	if err != nil {
		return err
	}
	text, err := json.Marshal(reasons)
	if err != nil {
		return fmt.Errorf("write what a run came to: %w", err)
	}
	_, err = t.ExecContext(ctx, `UPDATE runs SET total = $2, success = $3, partial = $4, skipped = $5, failed = $6, reasons = $7 WHERE id = $1`,
		id, s.Total, s.Success, s.Partial, s.Skipped, s.Failed, string(text))
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
			if run.Summary, _, err = countTargets(ctx, r.db, run.ID); err != nil {
				return nil, err
			}
		}
		out = append(out, run.Run)
	}
	return out, nil
}
