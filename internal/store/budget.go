package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// BudgetKey names one of Amazon's token buckets. All processes and all
// connections of one seller share it.
type BudgetKey struct {
	ClientID  string
	Region    ordersync.Region
	Seller    string // the seller id; see [SellerKey]
	Operation ordersync.Operation
}

// SellerKey is what stands for the seller in a budget's key: the seller id, or
// the connection while that is unknown.
func SellerKey(c ordersync.Connection) string {
	if c.SellerID != "" {
		return c.SellerID
	}
	return fmt.Sprintf("connection:%d", c.ID)
}

// TokenRequest asks for one token of a budget.
type TokenRequest struct {
	Key  BudgetKey
	Plan ordersync.Plan // a new bucket begins full with it
	// Reserve is how many tokens must stay for others.
	Reserve float64
	// Open is a walk to be stored with the token, before its first page.
	Open *ordersync.Walk
}

// TakeToken takes a token before a call and renews the lease. Without one it
// takes nothing, stores nothing of the walk and says how long until the next.
// A crash after it forfeits the token: too slow, never too fast.
func (s *Store) TakeToken(ctx context.Context, l *Lease, r TokenRequest) (wait time.Duration, err error) {
	err = s.write(ctx, l, "take token", false, func(ctx context.Context, t *tx) error {
		b, _, err := t.budget(ctx, r.Key, r.Plan)
		if err != nil {
			return fmt.Errorf("read budget: %w", err)
		}
		b, wait = b.TakeAbove(t.now, r.Reserve)
		if wait > 0 {
			return nil
		}
		if err := t.saveBudget(ctx, r.Key, b, "calls = calls + 1"); err != nil {
			return err
		}
		if r.Open != nil {
			return t.saveWalk(ctx, l, *r.Open)
		}
		return nil
	})
	if err == nil {
		s.watch.token(r.Key.Operation, wait)
	}
	return wait, err
}

// budget reads and locks a bucket, making it when it is new. It also returns
// when its rate last changed.
func (t *tx) budget(ctx context.Context, k BudgetKey, p ordersync.Plan) (ordersync.Budget, time.Time, error) {
	fresh := ordersync.NewBudget(p, t.now)
	_, err := t.ExecContext(ctx, `INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING`,
		k.ClientID, k.Region, k.Seller, k.Operation, p.Rate, p.Burst, fresh.Rate, fresh.Tokens, ms(fresh.At))
	if err != nil {
		return fresh, time.Time{}, err
	}
	// The update locks the row on both databases. A plan that changed by a
	// setting scales what was learned.
	var b ordersync.Budget
	var seen, changed int64
	err = t.QueryRowContext(ctx, `UPDATE budgets SET rate = rate * $5 / plan_rate, plan_rate = $5, plan_burst = $6
		WHERE client_id = $1 AND region = $2 AND seller = $3 AND operation = $4
		RETURNING plan_rate, plan_burst, rate, tokens, at, rate_at`,
		k.ClientID, k.Region, k.Seller, k.Operation, p.Rate, p.Burst).
		Scan(&b.Plan.Rate, &b.Plan.Burst, &b.Rate, &b.Tokens, &seen, &changed)
	b.At = time.UnixMilli(seen).UTC()
	return b, time.UnixMilli(changed).UTC(), err
}

func (t *tx) saveBudget(ctx context.Context, k BudgetKey, b ordersync.Budget, more string, args ...any) error {
	all := append([]any{k.ClientID, k.Region, k.Seller, k.Operation, b.Rate, b.Tokens, ms(b.At)}, args...)
	_, err := t.ExecContext(ctx, `UPDATE budgets SET rate = $5, tokens = $6, at = $7, `+more+`
		WHERE client_id = $1 AND region = $2 AND seller = $3 AND operation = $4`, all...)
	return err
}

// Learned is what an answer said of a budget.
type Learned struct {
	Key       BudgetKey
	Plan      ordersync.Plan
	Rate      float64 // the rate header; 0: none that can be used
	BadRate   string  // a rate header that cannot be used, as seen
	Throttled bool    // the answer was 429
	Calls     int     // how many calls it took; the first was paid before
}

func (t *tx) learn(ctx context.Context, v Learned) error {
	if v.Rate == 0 && v.BadRate == "" && !v.Throttled && v.Calls <= 1 {
		return nil
	}
	b, changedAt, err := t.budget(ctx, v.Key, v.Plan)
	if err != nil {
		return fmt.Errorf("read budget: %w", err)
	}
	if v.Calls > 1 {
		b = b.Refilled(t.now)
		b.Tokens -= float64(v.Calls - 1)
	}
	learned, changed := b.Learn(v.Rate, t.now, changedAt)
	throttled := 0
	if v.Throttled {
		learned, changed, throttled = learned.Throttled(t.now), true, 1
	}
	if changed {
		changedAt = t.now
	}
	if err := t.saveBudget(ctx, v.Key, learned,
		"rate_at = $8, throttled = throttled + $9, bad_rate = CASE WHEN $10 = '' THEN bad_rate ELSE $10 END, calls = calls + $11",
		ms(changedAt), throttled, v.BadRate, max(v.Calls-1, 0)); err != nil {
		return fmt.Errorf("save budget: %w", err)
	}
	return nil
}

// mergeBudgets moves a connection's stand-in buckets to its seller, whose id
// became known; the lower level and the lower rate win.
func (t *tx) mergeBudgets(ctx context.Context, c ordersync.Connection, seller string) error {
	from := SellerKey(c)
	if from == seller {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE budgets SET
			tokens = CASE WHEN o.tokens < budgets.tokens THEN o.tokens ELSE budgets.tokens END,
			rate = CASE WHEN o.rate < budgets.rate THEN o.rate ELSE budgets.rate END,
			at = CASE WHEN o.at > budgets.at THEN o.at ELSE budgets.at END,
			rate_at = CASE WHEN o.rate_at > budgets.rate_at THEN o.rate_at ELSE budgets.rate_at END,
			calls = budgets.calls + o.calls, throttled = budgets.throttled + o.throttled
		FROM budgets AS o WHERE budgets.seller = $1 AND budgets.region = $3 AND o.seller = $2
			AND o.client_id = budgets.client_id AND o.region = budgets.region AND o.operation = budgets.operation`,
		seller, from, c.Region)
	if err != nil {
		return fmt.Errorf("merge budgets: %w", err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at, calls, throttled, bad_rate)
		SELECT client_id, region, CAST($1 AS TEXT), operation, plan_rate, plan_burst, rate, tokens, at, rate_at, calls, throttled, bad_rate
		FROM budgets WHERE seller = $2 AND region = $3 ON CONFLICT DO NOTHING`, seller, from, c.Region)
	if err != nil {
		return fmt.Errorf("move budgets: %w", err)
	}
	_, err = t.ExecContext(ctx, `DELETE FROM budgets WHERE seller = $1 AND region = $2`, from, c.Region)
	return err
}

// Budget reads a bucket as it stands; false when nothing was called yet.
func (r *Reader) Budget(ctx context.Context, k BudgetKey) (b ordersync.Budget, calls, throttled int64, ok bool, err error) {
	var seen int64
	err = r.db.QueryRowContext(ctx, `SELECT plan_rate, plan_burst, rate, tokens, at, calls, throttled FROM budgets
		WHERE client_id = $1 AND region = $2 AND seller = $3 AND operation = $4`, k.ClientID, k.Region, k.Seller, k.Operation).
		Scan(&b.Plan.Rate, &b.Plan.Burst, &b.Rate, &b.Tokens, &seen, &calls, &throttled)
	if errors.Is(err, sql.ErrNoRows) {
		return b, 0, 0, false, nil
	}
	b.At = time.UnixMilli(seen).UTC()
	return b, calls, throttled, err == nil, err
}
