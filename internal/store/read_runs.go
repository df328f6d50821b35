package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// ErrNotFound says that what was asked for is not there, or not of this tenant.
var ErrNotFound = errors.New("not found")

// openRun is a run as its row has it.
type openRun struct {
	ordersync.Run
	openedAfter int64
	counted     bool // its summary was kept when it finished
}

const runColumns = `id, mode, tenant, state, opened_at, opened_after, deadline_at, cancelled_at, finished_at,
	total, success, partial, skipped, failed`

func scanRun(row scanner) (openRun, error) {
	var r openRun
	var opened, deadline int64
	var cancelled, finished sql.NullInt64
	var total, success, partial, skipped, failed sql.NullInt64
	err := row.Scan(&r.ID, &r.Mode, &r.Tenant, &r.State, &opened, &r.openedAfter, &deadline, &cancelled, &finished,
		&total, &success, &partial, &skipped, &failed)
	r.counted = total.Valid
	r.Summary = ordersync.Summary{
		Total: int(total.Int64), Success: int(success.Int64), Partial: int(partial.Int64), Skipped: int(skipped.Int64), Failed: int(failed.Int64),
	}
	r.OpenedAt, r.DeadlineAt, r.CancelledAt, r.FinishedAt = msTime(opened), msTime(deadline), at(cancelled), at(finished)
	return r, err
}

func runByID(ctx context.Context, q querier, id ordersync.RunID) (openRun, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	return r, err
}

func (r *Reader) openRuns(ctx context.Context) ([]openRun, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT `+runColumns+` FROM runs WHERE state <> 'finished' ORDER BY opened_at, id`)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	var out []openRun
	for rows.Next() {
		run, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		out = append(out, run)
	}
	return out, rows.Err()
}

// runsToSettle are the runs that are cancelled, past their deadline or have no open
// target. Of one that is being opened FillRun comes first.
func (r *Reader) runsToSettle(ctx context.Context) (ids []ordersync.RunID, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT id FROM runs WHERE state <> 'finished' AND (cancelled_at IS NOT NULL OR (state = 'open'
		AND (deadline_at <= $1 OR NOT EXISTS (SELECT 1 FROM targets WHERE run_id = runs.id AND settled_at IS NULL)))) ORDER BY opened_at, id`, ms(r.now()))
	if err != nil {
		return nil, fmt.Errorf("look for runs to settle: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ordersync.RunID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for runs to settle: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Run reads a run with its totals. They are counted from its targets: of a
// finished run once, when it finished.
func (r *Reader) Run(ctx context.Context, id ordersync.RunID) (ordersync.Run, error) {
	run, err := runByID(ctx, r.db, id)
	if err != nil || run.counted {
		return run.Run, err
	}
	run.Summary, _, err = countTargets(ctx, r.db, id)
	return run.Run, err
}

// Settled tells whether a run is opened whole and every target has its outcome.
func Settled(run ordersync.Run) bool {
	return run.State != ordersync.RunOpening && run.Summary.Open() == 0
}

// UnbegunRun is the tenant's newest run that goes on until after a time and of
// which nothing is settled yet; false when there is none. Whatever settles it would
// settle another one too.
func (t TenantReader) UnbegunRun(ctx context.Context, after time.Time) (id ordersync.RunID, found bool, err error) {
	err = t.r.db.QueryRowContext(ctx, `SELECT id FROM runs WHERE state <> 'finished' AND mode = 'single' AND tenant = $1 AND cancelled_at IS NULL
		AND deadline_at > $2 AND NOT EXISTS (SELECT 1 FROM targets WHERE run_id = runs.id AND settled_at IS NOT NULL) ORDER BY id DESC LIMIT 1`,
		t.tenant, ms(after)).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("look for a run to join: %w", err)
	}
	return id, true, nil
}

// RunSettled is [Settled] of a run without counting its targets.
func (r *Reader) RunSettled(ctx context.Context, id ordersync.RunID) (settled bool, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT state <> 'opening' AND NOT EXISTS (SELECT 1 FROM targets WHERE run_id = runs.id AND settled_at IS NULL)
		FROM runs WHERE id = $1`, id).Scan(&settled)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, fmt.Errorf("run %s: %w", id, ErrNotFound)
	case err != nil:
		return false, fmt.Errorf("look for open targets: %w", err)
	}
	return settled, nil
}

// Targets lists a run's targets with their repairs, by tenant and connection.
// onlyTrouble leaves out what is a success.
func (r *Reader) Targets(ctx context.Context, id ordersync.RunID, onlyTrouble bool, limit int) ([]ordersync.Target, error) {
	where := ""
	if onlyTrouble {
		where = ` AND t.status <> 'success'`
	}
	rows, err := r.db.QueryContext(ctx, `SELECT `+targetColumns+` FROM targets t WHERE t.run_id = $1`+where+` ORDER BY t.tenant, t.connection_id LIMIT $2`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	out, err := scanTargets(rows)
	if err != nil {
		return nil, err
	}
	return out, r.addRepairs(ctx, id, out)
}

const targetColumns = `t.run_id, t.connection_id, t.tenant, t.region, t.opened_at, t.settled_at, t.reason,
	t.message, t.confirmed, t.resumes_at, t.error_id, t.orders_received, t.items_received, t.orders_created, t.orders_changed, t.set_aside`

func scanTargets(rows *sql.Rows) (out []ordersync.Target, err error) {
	defer rows.Close()
	for rows.Next() {
		t, err := scanTarget(rows)
		if err != nil {
			return nil, fmt.Errorf("read targets: %w", err)
		}
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	return out, nil
}

// scanTarget reads a row that begins with targetColumns; what follows goes into more.
func scanTarget(row scanner, more ...any) (ordersync.Target, error) {
	var t ordersync.Target
	var id, opened int64
	var settled, resumes sql.NullInt64
	var counts ordersync.Counts
	err := row.Scan(append([]any{
		&t.Run, &id, &t.Tenant, &t.Region, &opened, &settled, &t.Outcome.Reason,
		&t.Outcome.Message, &t.Outcome.Confirmed, &resumes, &t.Outcome.ErrorID,
		&counts.OrdersReceived, &counts.ItemsReceived, &counts.OrdersCreated, &counts.OrdersChanged, &counts.SetAside,
	}, more...)...)
	t.Connection = ordersync.ConnectionID(id)
	t.OpenedAt, t.SettledAt, t.Outcome.ResumesAt = msTime(opened), at(settled), at(resumes)
	if t.Settled() {
		t.Counts = counts // until then the columns hold where counting began
	}
	return t, err
}

// addRepairs adds what was repaired of each target's connection while the
// target was open.
func (r *Reader) addRepairs(ctx context.Context, id ordersync.RunID, targets []ordersync.Target) error {
	return r.addRepairsWhere(ctx, targets, ``, id)
}

// addRepairsOf is addRepairs for a few of many targets.
func (r *Reader) addRepairsOf(ctx context.Context, id ordersync.RunID, targets []ordersync.Target) error {
	if len(targets) == 0 {
		return nil
	}
	args := []any{id}
	for _, t := range targets {
		args = append(args, int64(t.Connection))
	}
	return r.addRepairsWhere(ctx, targets, ` AND t.connection_id IN `+r.kind.placeholders(2, len(targets)), args...)
}

func (r *Reader) addRepairsWhere(ctx context.Context, targets []ordersync.Target, which string, args ...any) error {
	index := make(map[ordersync.ConnectionID]*ordersync.Target, len(targets))
	for i := range targets {
		index[targets[i].Connection] = &targets[i]
	}
	rows, err := r.db.QueryContext(ctx, `SELECT r.connection_id, r.code, r.at, r.old_value, r.new_value
		FROM targets t JOIN repairs r ON r.tenant = t.tenant AND r.connection_id = t.connection_id
			AND r.at >= t.opened_at AND (t.settled_at IS NULL OR r.at <= t.settled_at)
		WHERE t.run_id = $1`+which+` ORDER BY r.tenant, r.connection_id, r.epoch, r.step, r.code`, args...)
	if err != nil {
		return fmt.Errorf("read repairs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var connection, when int64
		var repair ordersync.Repair
		if err := rows.Scan(&connection, &repair.Code, &when, &repair.Old, &repair.New); err != nil {
			return fmt.Errorf("read repairs: %w", err)
		}
		repair.At = msTime(when)
		if t := index[ordersync.ConnectionID(connection)]; t != nil {
			t.Repairs = append(t.Repairs, repair)
		}
	}
	return rows.Err()
}
