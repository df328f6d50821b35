package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"ordersync"
)

// runBeforeQuery follows the primary key: ids of runs sort by time.
const runBeforeQuery = `SELECT ` + runColumns + ` FROM runs WHERE id < $1 AND mode = $2 AND tenant = $3 AND state = 'finished' ORDER BY id DESC LIMIT 1`

// RunBefore is the last finished run before one that asked for the same connections;
// [ErrNotFound] when there is none.
func (r *Reader) RunBefore(ctx context.Context, run ordersync.Run) (ordersync.Run, error) {
	before, err := scanRun(r.db.QueryRowContext(ctx, runBeforeQuery, run.ID, run.Mode, run.Tenant))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ordersync.Run{}, ErrNotFound
	case err != nil:
		return ordersync.Run{}, fmt.Errorf("look for the run before: %w", err)
	}
	return before.Run, nil
}

// OutcomesPage asks for a page of a run's outcomes, the newest first.
type OutcomesPage struct {
	Reason ordersync.Reason // "": of all
	Status ordersync.Status // "": of all
	// Before is the last one of the page before; its zero value is the beginning.
	Before SettledMark
	Limit  int // 0: 100
}

// NamedTarget is a settled target with what its connection is called.
type NamedTarget struct {
	ordersync.Target
	DisplayName string
	Removed     bool // there is no such connection any more
}

// outcomesQuery is the text of a page's query, with its parameters: of one reason, or
// of all.
func outcomesQuery(id ordersync.RunID, reason ordersync.Reason, before SettledMark, limit int) (string, []any) {
	until := int64(math.MaxInt64)
	if !before.At.IsZero() {
		until = ms(before.At)
	}
	where := conditions{args: []any{id}, text: []string{"t.run_id = $1", "t.settled_at IS NOT NULL"}}
	where.and("(t.settled_at, t.connection_id) < (%s, %s)", until, int64(before.Connection))
	if reason != "" {
		where.and("t.reason = %s", reason)
	}
	return `SELECT ` + targetColumns + `, COALESCE(c.display_name, ''), c.id IS NULL FROM targets t LEFT JOIN connections c ON c.id = t.connection_id
		WHERE ` + where.String() + fmt.Sprintf(` ORDER BY t.settled_at DESC, t.connection_id DESC LIMIT %d`, limit), where.args
}

// Outcomes reads a page of a run's outcomes with their repairs, the newest first. next
// is where the following page begins; zero after the last. A run that goes on may get
// new ones before and, from transactions that began earlier, among those of a page.
func (r *Reader) Outcomes(ctx context.Context, id ordersync.RunID, p OutcomesPage) (out []NamedTarget, next SettledMark, err error) {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	// Of a status, the reasons that have it are read side by side, each by its index.
	for _, reason := range p.reasons() {
		query, args := outcomesQuery(id, reason, p.Before, p.Limit+1)
		if out, err = r.outcomes(ctx, out, query, args); err != nil {
			return nil, next, fmt.Errorf("read outcomes: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b NamedTarget) int {
		return cmp.Or(b.SettledAt.Compare(a.SettledAt), cmp.Compare(b.Connection, a.Connection))
	})
	if len(out) > p.Limit {
		out = out[:p.Limit]
		last := out[len(out)-1]
		next = SettledMark{last.SettledAt, last.Connection}
	}
	return out, next, r.addRepairsNamed(ctx, id, out)
}

// reasons are those that a page asks for; "" stands for all.
func (p OutcomesPage) reasons() (out []ordersync.Reason) {
	switch {
	case p.Status == "":
		return []ordersync.Reason{p.Reason}
	case p.Reason != "":
		if p.Reason.Info().Status == p.Status {
			out = append(out, p.Reason)
		}
		return out
	}
	for _, info := range ordersync.Reasons() {
		if info.Status == p.Status {
			out = append(out, info.Code)
		}
	}
	return out
}

func (r *Reader) outcomes(ctx context.Context, out []NamedTarget, query string, args []any) ([]NamedTarget, error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one NamedTarget
		if one.Target, err = scanTarget(rows, &one.DisplayName, &one.Removed); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func (r *Reader) addRepairsNamed(ctx context.Context, id ordersync.RunID, named []NamedTarget) error {
	targets := make([]ordersync.Target, len(named))
	for i, one := range named {
		targets[i] = one.Target
	}
	if err := r.addRepairsOf(ctx, id, targets); err != nil {
		return err
	}
	for i := range named {
		named[i].Repairs = targets[i].Repairs
	}
	return nil
}
