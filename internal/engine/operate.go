package engine

import (
	"context"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Pause stops a connection's work until it is resumed. What is under way for it
// gives way; runs that wait for it are told PAUSED.
func (e *Engine) Pause(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	return e.store.Pause(ctx, tenant, id)
}

// Resume lets a paused connection work again, at once.
func (e *Engine) Resume(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	return e.store.Resume(ctx, tenant, id)
}

// Remove deletes a connection with all that is stored of it. It may take long; one
// that is interrupted is finished by asking again.
func (e *Engine) Remove(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
	c, err := e.store.Reader().Tenant(tenant).Connection(ctx, id)
	if err != nil {
		return err
	}
	forget := e.forgetsToken(ctx, c)
	if err := e.store.BeginRemoval(ctx, tenant, id); err != nil {
		return err
	}
	// While the connection is there, the removal can be asked for again.
	if err := forget(); err != nil {
		return err
	}
	return e.store.FinishRemoval(ctx, tenant, id)
}

// Set changes a connection's settings. History that is wanted anew is read as
// back work.
func (e *Engine) Set(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, v store.Change) error {
	now := e.store.Now()
	if v.History != nil && *v.History > 0 {
		if err := e.checkRetention(now.Add(-*v.History), now); err != nil {
			return err
		}
	}
	if v.WantedSince != nil && !v.WantedSince.IsZero() {
		if err := e.checkRetention(*v.WantedSince, now); err != nil {
			return err
		}
	}
	return e.store.Set(ctx, tenant, id, v)
}

// CancelRun asks for a run to end: what is open of it is settled INTERRUPTED. The
// work itself goes on as due.
func (e *Engine) CancelRun(ctx context.Context, id ordersync.RunID) error {
	return e.store.CancelRun(ctx, id)
}

// RetentionSetting names the setting of how long orders are kept.
const RetentionSetting = "ORDERSYNC_RETENTION_ORDERS"

// RetentionError says that history is wanted which would be deleted as soon as it
// was read.
type RetentionError struct {
	Setting string        // its name
	Keep    time.Duration // its value
	Oldest  time.Time     // the earliest time that can be asked for
}

func (e *RetentionError) Error() string {
	return fmt.Sprintf("orders are kept for %d days (%s): ask for a time after %s, or keep them for longer",
		int(e.Keep/(24*time.Hour)), e.Setting, e.Oldest.Format(time.DateOnly))
}

// checkRetention refuses a beginning of history that lies before what is kept.
func (e *Engine) checkRetention(since, now time.Time) error {
	keep := e.set.Retention.Orders
	if oldest := now.Add(-keep); since.Before(oldest) {
		return &RetentionError{Setting: RetentionSetting, Keep: keep, Oldest: oldest}
	}
	return nil
}

// FutureError says that history is wanted from a time that has not come.
type FutureError struct{ Since time.Time }

func (e *FutureError) Error() string {
	return fmt.Sprintf("%s lies in the future: ask for a time that has passed", e.Since.Format(time.RFC3339))
}

// BackfillPlan is what one connection will read of its history.
type BackfillPlan struct {
	Connection ordersync.ConnectionID
	Region     ordersync.Region
	State      ordersync.State
	Paused     bool
	// Since is from when on history is wanted now, by marketplace: not before what
	// Amazon keeps.
	Since map[string]time.Time
	// Clamped tells that Amazon does not keep what was asked for.
	Clamped bool
	// Gaps is what of it was never read, by marketplace, oldest first. Without a
	// cursor, before the first window, it is not yet known.
	Gaps map[string]ordersync.Spans
}

// Backfill wants the history of a tenant's connections from a time on, if it was
// not wanted before, and makes their back work due. Nothing is fetched twice: what
// is covered stays covered.
func (e *Engine) Backfill(ctx context.Context, tenant ordersync.TenantID, since time.Time) ([]BackfillPlan, error) {
	now := e.store.Now()
	if since.After(now) {
		return nil, &FutureError{since}
	}
	if err := e.checkRetention(since, now); err != nil {
		return nil, err
	}
	reader := e.store.Reader().Tenant(tenant)
	connections, err := reader.Connections(ctx)
	if err != nil {
		return nil, err
	}
	if len(connections) == 0 {
		return nil, store.ErrNotFound
	}
	plans := make([]BackfillPlan, 0, len(connections))
	for _, c := range connections {
		wanted := since
		if have := e.wantedSince(c, now); have.Before(since) {
			wanted = c.WantedSince // history that is wanted further back stays wanted
		}
		if err := e.store.Set(ctx, tenant, c.ID, store.Change{WantedSince: &wanted}); err != nil {
			return plans, err
		}
		c.WantedSince = wanted
		plan, err := e.backfillPlan(ctx, c, since)
		if err != nil {
			return plans, err
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

func (e *Engine) backfillPlan(ctx context.Context, c ordersync.Connection, since time.Time) (BackfillPlan, error) {
	p := BackfillPlan{
		Connection: c.ID, Region: c.Region, State: c.State, Paused: c.Paused,
		Since: map[string]time.Time{}, Gaps: map[string]ordersync.Spans{},
	}
	reader := e.store.Reader().Tenant(c.Tenant)
	have, err := reader.Coverage(ctx, c.ID)
	if err != nil {
		return p, err
	}
	shunned, err := reader.Shunned(ctx, c.ID)
	if err != nil {
		return p, err
	}
	state := e.StateOfBackWork(c, have, shunned)
	for _, m := range c.Marketplaces {
		p.Since[m] = state.Since
		if limit := ordersync.AmazonHistory(m, state.Now); since.Before(limit) {
			p.Since[m], p.Clamped = limit, true
		}
		if !c.Cursor.IsZero() {
			p.Gaps[m] = state.Gaps(m)
		}
	}
	return p, nil
}
