package engine

import (
	"context"
	"log/slog"
)

// housekeep settles what is held by who does not get on, and deletes the next
// batch of what is past its time; once a day it warns of a client secret that ends. Each tick does it; it is cheap when there is
// nothing to do.
func (e *Engine) housekeep(ctx context.Context) error {
	if err := e.store.SettleLocked(ctx, e.set.Lease); err != nil {
		return err
	}
	if err := e.warnOfSecret(ctx); err != nil {
		return err
	}
	p, err := e.store.Purge(ctx, e.set.Retention)
	if n := p.Runs + p.Targets + p.Orders + p.Personal + p.Changes + p.Repairs + p.StateChanges + p.SetAside + p.Incidents + p.Traffic; n > 0 {
		e.log.LogAttrs(ctx, slog.LevelDebug, "deleted what is past its time", slog.Int64("orders", p.Orders), slog.Int64("personal", p.Personal),
			slog.Int64("changes", p.Changes), slog.Int64("targets", p.Targets), slog.Bool("more", p.More))
	}
	return err
}
