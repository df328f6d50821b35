package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ordersync"
)

// NewRun describes a run to be opened.
type NewRun struct {
	ID     ordersync.RunID
	Mode   ordersync.RunMode
	Tenant ordersync.TenantID // of a single run
	// Deadline is how long it may take.
	Deadline time.Duration
	// Trace is the trace in which it was asked for, as W3C's traceparent; "": none.
	Trace string
}

// targetBatch is how many targets one transaction writes.
const targetBatch = 1000

// OpenRun writes a run. Its targets follow with FillRun, by any process.
func (s *Store) OpenRun(ctx context.Context, r NewRun) error {
	err := s.inTx(ctx, "open run", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at, trace)
			VALUES ($1, $2, $3, 'opening', $4, 0, $5, $6)`, r.ID, r.Mode, r.Tenant, ms(t.now), ms(t.now.Add(r.Deadline)), r.Trace)
		return err
	})
	// A commit whose answer was lost is met again as a duplicate.
	var commit *commitError
	if errors.As(err, &commit) {
		if _, again := s.reader.Run(ctx, r.ID); again == nil {
			return nil
		}
	}
	return err
}

// FillRun writes the next targets of an opening run and makes their connections
// due; it tells whether all are written. fresh says how long ago live work may
// have begun that reached SUCCESS, for a global run to count it instead of
// asking again; nil: always ask.
func (s *Store) FillRun(ctx context.Context, id ordersync.RunID, fresh func(ordersync.Connection) time.Duration) (done bool, err error) {
	err = s.inTx(ctx, "open targets", func(ctx context.Context, t *tx) error {
		r, err := runByID(ctx, t, id)
		if err != nil || r.State != ordersync.RunOpening || !r.CancelledAt.IsZero() {
			done = true
			return err
		}
		batch, err := t.lockBatch(ctx, r)
		if err != nil {
			return fmt.Errorf("lock connections: %w", err)
		}
		if err := t.openTargets(ctx, r, batch, fresh); err != nil {
			return err
		}
		done = len(batch) < targetBatch
		state, next := ordersync.RunOpening, r.openedAfter
		if done {
			state = ordersync.RunOpen
		}
		if len(batch) > 0 {
			next = int64(batch[len(batch)-1].ID)
		}
		n, err := t.exec(ctx, `UPDATE runs SET state = $2, opened_after = $3 WHERE id = $1 AND state = 'opening' AND opened_after = $4`,
			id, state, next, r.openedAfter)
		if err == nil && n == 0 {
			return errOvertaken
		}
		return err
	})
	if errors.Is(err, errOvertaken) {
		return false, nil
	}
	return done, err
}

// errOvertaken says that another process has written the same targets meanwhile.
var errOvertaken = errors.New("another process opens this run too")

// lockBatch locks the next connections of a run, in the order of their ids, and
// reads them.
func (t *tx) lockBatch(ctx context.Context, r openRun) ([]connectionRow, error) {
	which, args := `state IN ('CONNECTED', 'NEEDS_RECONNECT')`, []any{r.openedAfter, targetBatch}
	if r.Mode == ordersync.SingleRun {
		which, args = `tenant = $3`, append(args, r.Tenant)
	}
	// Setting a column to itself locks the rows on both databases.
	if _, err := t.ExecContext(ctx, `UPDATE connections SET epoch = epoch WHERE id IN
		(SELECT id FROM connections WHERE id > $1 AND `+which+` ORDER BY id LIMIT $2)`, args...); err != nil {
		return nil, err
	}
	return connections(ctx, t, `WHERE id > $1 AND `+which+` ORDER BY id LIMIT $2`, args...)
}

// openTargets writes one target a connection. Those that need no call are
// settled at once; the others' live work becomes due now.
func (t *tx) openTargets(ctx context.Context, r openRun, batch []connectionRow, fresh func(ordersync.Connection) time.Duration) error {
	var rows [][]any
	var due []any
	var rung []Rung
	for _, c := range batch {
		outcome, settled := settledAtOnce(c, t.now, r.Mode, fresh)
		row := []any{r.ID, int64(c.ID), c.Tenant, c.Region, r.Mode, ms(t.now)}
		if !settled {
			row = append(row, c.received.OrdersReceived, c.received.ItemsReceived, c.received.OrdersCreated, c.received.OrdersChanged, c.received.SetAside,
				nil, "", "", "", false, nil)
			due = append(due, int64(c.ID))
			rung = append(rung, Rung{Connection: c.ID, Urgency: AskedFor, Slow: c.Slow})
		} else {
			row = append(row, 0, 0, 0, 0, 0, ms(t.now), outcome.Status(), outcome.Reason, outcome.Text(), outcome.Confirmed, msOrNull(outcome.ResumesAt))
		}
		rows = append(rows, row)
	}
	if err := t.insertRows(ctx, `INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at,
		orders_received, items_received, orders_created, orders_changed, set_aside,
		settled_at, status, reason, message, confirmed, resumes_at) VALUES `, 17, rows, ` ON CONFLICT DO NOTHING`); err != nil {
		return fmt.Errorf("write targets: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE connections SET rung_at = NULL,
		live_due_at = CASE WHEN live_due_at < $1 THEN live_due_at ELSE $1 END WHERE id IN `+t.kind.placeholders(2, len(due)), append([]any{ms(t.now)}, due...)...)
	if err != nil {
		return fmt.Errorf("make connections due: %w", err)
	}
	if r.Mode == ordersync.GlobalRun {
		return nil // the ticks ring, as many as there are workers
	}
	return t.ring(ctx, rung...)
}

// settledAtOnce is the outcome of a target that needs no call.
func settledAtOnce(c connectionRow, now time.Time, mode ordersync.RunMode, fresh func(ordersync.Connection) time.Duration) (ordersync.Outcome, bool) {
	switch {
	case c.State == ordersync.Pending, c.State == ordersync.Disabled:
		return ordersync.Outcome{Reason: ordersync.NotConnected}, true
	case c.Paused:
		return ordersync.Outcome{Reason: ordersync.Paused}, true
	case c.State == ordersync.NeedsReconnect && (c.liveDueAt.IsZero() || c.liveDueAt.After(now)):
		return ordersync.Outcome{Reason: ordersync.TokenRevoked, Confirmed: c.Refused()}, true
	case c.LastReason == ordersync.AmazonRateLimit && c.liveDueAt.After(now):
		return ordersync.Outcome{Reason: ordersync.AmazonRateLimit, ResumesAt: c.liveDueAt}, true
	case mode == ordersync.GlobalRun && fresh != nil && c.LastReason == ordersync.Success && !c.liveBegunAt.IsZero() &&
		now.Sub(c.liveBegunAt) < fresh(c.Connection) && !now.Before(c.liveBegunAt):
		return ordersync.Outcome{Reason: ordersync.Success}, true
	}
	return ordersync.Outcome{}, false
}

// SettleUnfinished settles the open targets of runs that are past their deadline
// or cancelled as INTERRUPTED, and finishes the runs that have no open target.
// Any process may do it.
func (s *Store) SettleUnfinished(ctx context.Context) error {
	ids, err := s.reader.runsToSettle(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.settleRun(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// settleRun settles what must not stay open of a run, batch by batch so that no
// transaction is long, and finishes it when nothing is open.
func (s *Store) settleRun(ctx context.Context, id ordersync.RunID) error {
	for again := true; again; {
		err := s.inTx(ctx, "settle run", func(ctx context.Context, t *tx) error {
			again = false
			if err := t.lockRun(ctx, id); err != nil {
				return err
			}
			r, err := runByID(ctx, t, id)
			if err != nil || r.State == ordersync.RunFinished {
				return err
			}
			cancelled := !r.CancelledAt.IsZero()
			if r.State == ordersync.RunOpening && !cancelled {
				return nil
			}
			if cancelled || !t.now.Before(r.DeadlineAt) {
				n, err := t.interrupt(ctx, id)
				if again = n == targetBatch; err != nil || again {
					return err
				}
			}
			return t.finishRun(ctx, id, cancelled)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lockRun waits for who writes targets of the run at this moment. Only statements
// after it see them: one that waited itself would go by what was there before.
func (t *tx) lockRun(ctx context.Context, id ordersync.RunID) error {
	_, err := t.ExecContext(ctx, `UPDATE runs SET state = state WHERE id = $1 AND state <> 'finished'`, id)
	return err
}

// finishRun finishes a run that has no open target. One that was cancelled while
// its targets were being written gets no more of them.
func (t *tx) finishRun(ctx context.Context, id ordersync.RunID, cancelled bool) error {
	n, err := t.exec(ctx, `UPDATE runs SET state = 'finished', finished_at = $2 WHERE id = $1
		AND (state = 'open' OR (state = 'opening' AND $3))
		AND NOT EXISTS (SELECT 1 FROM targets WHERE run_id = $1 AND settled_at IS NULL)`, id, ms(t.now), cancelled)
	if err != nil || n == 0 {
		return err
	}
	return t.keepSummary(ctx, id)
}

// interrupt settles the next of what is open of a run, and tells how many.
func (t *tx) interrupt(ctx context.Context, id ordersync.RunID) (int64, error) {
	return t.settleWhere(ctx, `run_id = $8 AND settled_at IS NULL AND connection_id IN
		(SELECT connection_id FROM targets WHERE run_id = $8 AND settled_at IS NULL ORDER BY connection_id LIMIT $9)`,
		[]any{id, targetBatch}, ordersync.Outcome{Reason: ordersync.Interrupted})
}

// settleWhere settles targets with what live work received since each was
// opened, and tells how many. The condition's own parameters begin at $8.
func (t *tx) settleWhere(ctx context.Context, condition string, args []any, o ordersync.Outcome) (int64, error) {
	since := func(column, total string) string {
		// A connection that was removed received nothing more.
		return column + ` = COALESCE((SELECT ` + total + ` FROM connections c WHERE c.id = connection_id), ` + column + `) - ` + column
	}
	n, err := t.exec(ctx, `UPDATE targets SET settled_at = $1, status = $2, reason = $3, message = $4, confirmed = $5, resumes_at = $6, error_id = $7, `+
		strings.Join([]string{
			since("orders_received", "live_orders"), since("items_received", "live_items"), since("orders_created", "live_created"),
			since("orders_changed", "live_changed"), since("set_aside", "live_set_aside"),
		}, ", ")+` WHERE `+condition,
		append([]any{ms(t.now), o.Status(), o.Reason, ordersync.CleanText(o.Text()), o.Confirmed, msOrNull(o.ResumesAt), o.ErrorID}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("settle open targets: %w", err)
	}
	return n, nil
}
