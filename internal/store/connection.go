package store

import (
	"context"
	"database/sql"
	"time"

	"ordersync"
)

// connectionColumns are the columns that scanConnection reads, in its order.
const connectionColumns = `id, tenant, region, seller_id, display_name, state, state_since, paused,
	personal_data, authorized_at, marketplaces, marketplaces_explicit, marketplaces_at, interval_ms,
	cursor_at, cursor_given, live_width_ms, last_polled_at, last_success_at, last_reason, last_message,
	last_reason_at, failures, orders, items, epoch, step, live_due_at, back_due_at, live_begun_at,
	live_orders, live_items, live_created, live_changed, live_set_aside,
	back_width_ms, live_pages, history_ms, wanted_since, sweep_begun_at, sweep_next_from, swept_at, back_calls, sweep_calls,
	back_failures, revoked_at, denied_at, slow,
	live_stuck_at, live_stuck_to, personal_denied_at, marketplaces_empty_at, marketplaces_again_at, last_confirmed,
	reason_since, paused_at`

// connectionRow is a connection with what only the store needs of it.
type connectionRow struct {
	ordersync.Connection
	epoch, step          int64
	liveDueAt, backDueAt time.Time
	liveBegunAt          time.Time
	received             ordersync.Counts
}

type scanner interface{ Scan(...any) error }

// scanConnection reads connectionColumns and, behind them, more.
func scanConnection(row scanner, more ...any) (connectionRow, error) {
	var c connectionRow
	var id, since, width int64
	var marketplaces string
	var backWidth int64
	var authorized, marketplacesAt, interval, cursor, polled, success, reasonAt, live, back, begun sql.NullInt64
	var history, wanted, sweepBegun, sweepFrom, swept, revoked, denied sql.NullInt64
	var stuckAt, stuckTo, personalDenied, marketplacesEmpty, marketplacesAgain, reasonSince, pausedAt sql.NullInt64
	err := row.Scan(append([]any{&id, &c.Tenant, &c.Region, &c.SellerID, &c.DisplayName, &c.State, &since, &c.Paused,
		&c.PersonalData, &authorized, &marketplaces, &c.MarketplacesExplicit, &marketplacesAt, &interval,
		&cursor, &c.GivenCursor, &width, &polled, &success, &c.LastReason, &c.LastMessage,
		&reasonAt, &c.Failures, &c.Orders, &c.Items, &c.epoch, &c.step, &live, &back, &begun,
		&c.received.OrdersReceived, &c.received.ItemsReceived, &c.received.OrdersCreated, &c.received.OrdersChanged, &c.received.SetAside,
		&backWidth, &c.LivePages, &history, &wanted, &sweepBegun, &sweepFrom, &swept, &c.BackCalls, &c.SweepCalls,
		&c.BackFailures, &revoked, &denied, &c.Slow,
		&stuckAt, &stuckTo, &personalDenied, &marketplacesEmpty, &marketplacesAgain, &c.LastConfirmed,
		&reasonSince, &pausedAt}, more...)...)
	if err != nil {
		return connectionRow{}, err
	}
	c.ID = ordersync.ConnectionID(id)
	c.StateSince = time.UnixMilli(since).UTC()
	c.Marketplaces = split(marketplaces)
	c.LiveWidth = time.Duration(width) * time.Millisecond
	c.BackWidth = time.Duration(backWidth) * time.Millisecond
	c.Interval = time.Duration(interval.Int64) * time.Millisecond
	c.History = time.Duration(history.Int64) * time.Millisecond
	c.WantedSince, c.RevokedAt, c.DeniedAt = at(wanted), at(revoked), at(denied)
	c.ReasonSince, c.PausedAt = at(reasonSince), at(pausedAt)
	c.Sweep = ordersync.SweepState{BegunAt: at(sweepBegun), NextFrom: at(sweepFrom), LastAt: at(swept)}
	c.AuthorizedAt, c.MarketplacesAt, c.Cursor = at(authorized), at(marketplacesAt), at(cursor)
	c.LastPolledAt, c.LastSuccessAt, c.LastReasonAt = at(polled), at(success), at(reasonAt)
	c.StuckAt, c.StuckTo, c.PersonalDeniedAt = at(stuckAt), at(stuckTo), at(personalDenied)
	c.MarketplacesEmptyAt, c.MarketplacesAgainAt = at(marketplacesEmpty), at(marketplacesAgain)
	c.liveDueAt, c.backDueAt, c.liveBegunAt = at(live), at(back), at(begun)
	return c, nil
}

// connections lists rows by a condition that begins with WHERE or ORDER BY.
func connections(ctx context.Context, q querier, condition string, args ...any) ([]connectionRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+connectionColumns+` FROM connections `+condition, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []connectionRow
	for rows.Next() {
		c, err := scanConnection(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// querier is what reading needs of a transaction or a pool.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}
