package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"ordersync"
)

// RunsPage asks for a page of runs, the newest first.
type RunsPage struct {
	Before ordersync.RunID // the last run of the page before; "": from the newest on
	Limit  int             // 0: 100
}

// Runs reads a page of runs with their totals.
func (r *Reader) Runs(ctx context.Context, p RunsPage) ([]ordersync.Run, error) {
	found, err := r.runsPage(ctx, p)
	if err != nil {
		return nil, err
	}
	return r.summed(ctx, found)
}

// ListRuns reads a page of runs, with the totals of those that have finished: to count
// the others is for who wants to.
func (r *Reader) ListRuns(ctx context.Context, p RunsPage) (out []ordersync.Run, err error) {
	found, err := r.runsPage(ctx, p)
	for _, run := range found {
		out = append(out, run.Run)
	}
	return out, err
}

func (r *Reader) runsPage(ctx context.Context, p RunsPage) ([]openRun, error) {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	// Ids of runs sort by time.
	query, args := runsQuery, []any{p.Limit}
	if p.Before != "" {
		query, args = runsBeforeQuery, append(args, p.Before)
	}
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	var found []openRun
	for rows.Next() {
		run, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		found = append(found, run)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return found, nil
}

// count adds targets of a status to a summary; those that are open have none.
func count(s *ordersync.Summary, status ordersync.Status, n int) {
	s.Total += n
	switch status {
	case ordersync.StatusSuccess:
		s.Success += n
	case ordersync.StatusPartial:
		s.Partial += n
	case ordersync.StatusSkipped:
		s.Skipped += n
	case ordersync.StatusFailed:
		s.Failed += n
	}
}

// SettledMark is a place in the order in which a run's targets were settled. The
// zero value is its beginning.
type SettledMark struct {
	At         time.Time
	Connection ordersync.ConnectionID
}

// settleLag is how long ago a target must have been settled to be told while its
// run is going on: a transaction that began earlier, or within the same
// millisecond, may still commit.
const settleLag = time.Second

// SettledAfter lists the targets of a run that were settled after a mark, in the
// order of that, at most limit; next is where the following page begins. The
// run's totals are the last word: they count what a stream may have missed.
func (r *Reader) SettledAfter(ctx context.Context, id ordersync.RunID, mark SettledMark, limit int) (out []ordersync.Target, next SettledMark, err error) {
	next = mark
	settled, err := r.RunSettled(ctx, id)
	if err != nil {
		return nil, next, err
	}
	until := int64(math.MaxInt64)
	if !settled { // otherwise nothing more comes
		until = ms(r.now().Add(-settleLag))
	}
	after := int64(0)
	if !mark.At.IsZero() {
		after = ms(mark.At)
	}
	rows, err := r.db.QueryContext(ctx, `SELECT `+targetColumns+` FROM targets t
		WHERE t.run_id = $1 AND (t.settled_at, t.connection_id) > ($2, $3) AND t.settled_at <= $4 ORDER BY t.settled_at, t.connection_id LIMIT $5`,
		id, after, int64(mark.Connection), until, limit)
	if err != nil {
		return nil, next, fmt.Errorf("read settled targets: %w", err)
	}
	if out, err = scanTargets(rows); err != nil {
		return nil, next, err
	}
	if len(out) > 0 {
		last := out[len(out)-1]
		next = SettledMark{last.SettledAt, last.Connection}
	}
	return out, next, r.addRepairsOf(ctx, id, out)
}

// ErrTooLate says that changes were asked for that are kept no longer: read the
// orders anew, and go on with the changes from there.
var ErrTooLate = errors.New("these changes are kept no longer: read the orders anew and go on from the newest change")

// Changes lists a connection's changes after one, in their order, at most limit;
// [ErrTooLate] when the next one is kept no longer.
func (t TenantReader) Changes(ctx context.Context, id ordersync.ConnectionID, after int64, limit int) ([]ordersync.Change, error) {
	var from int64
	err := t.r.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(changes_from), 0) FROM connections WHERE tenant = $1 AND id = $2`, t.tenant, int64(id)).Scan(&from)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read changes: %w", err)
	case from == 0:
		return nil, ErrNotFound
	case after+1 < from:
		return nil, ErrTooLate
	}
	out, err := t.changes(ctx, `seq > $3 ORDER BY seq LIMIT $4`, int64(id), after, limit)
	if err == nil && len(out) > 0 && out[0].Seq != after+1 {
		return nil, ErrTooLate // they were purged just now
	}
	return out, err
}

// OrderHistory lists what is still kept of the changes of one order, in their
// order.
func (t TenantReader) OrderHistory(ctx context.Context, id ordersync.ConnectionID, orderID string) ([]ordersync.Change, error) {
	return t.changes(ctx, historyOf, int64(id), ordersync.CleanText(orderID))
}

// historyOf is which changes are those of one order.
const historyOf = `order_id = $3 ORDER BY seq`

const changesHead = `SELECT seq, kind, order_id, at, last_updated_before, last_updated_after, status_before, status_after, data_groups
	FROM changes WHERE tenant = $1 AND connection_id = $2 AND `

func (t TenantReader) changes(ctx context.Context, which string, args ...any) (out []ordersync.Change, err error) {
	rows, err := t.r.db.QueryContext(ctx, changesHead+which, append([]any{t.tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanChange(rows)
		if err != nil {
			return nil, fmt.Errorf("read changes: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func scanChange(row scanner) (c ordersync.Change, err error) {
	var when, after, groups int64
	var before sql.NullInt64
	err = row.Scan(&c.Seq, &c.Kind, &c.OrderID, &when, &before, &after, &c.StatusBefore, &c.StatusAfter, &groups)
	c.At, c.LastUpdatedBefore, c.LastUpdatedAfter, c.Groups = msTime(when), at(before), msTime(after), ordersync.Groups(groups)
	return c, err
}
