package engine

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// StartRun asks for every connection to be brought up to date, or, with a
// tenant, for that tenant's. It returns as soon as the run is written, with the
// first of its targets, which are all of a small fleet's; the ticks of any process
// write the others. What the run waits for is joined, never repeated; a tenant's
// run of which nothing is settled yet is joined as a whole.
func (e *Engine) StartRun(ctx context.Context, mode ordersync.RunMode, tenant ordersync.TenantID) (ordersync.RunID, error) {
	now := e.store.Now()
	if mode == ordersync.SingleRun {
		id, found, err := e.store.Reader().Tenant(tenant).UnbegunRun(ctx, now.Add(ordersync.RunDeadline/2))
		if err != nil || found {
			return id, err
		}
	}
	id := newRunID(now)
	err := e.store.OpenRun(ctx, store.NewRun{ID: id, Mode: mode, Tenant: tenant, Deadline: ordersync.RunDeadline, Trace: e.set.Watch.trace(ctx)})
	if err != nil {
		return "", fmt.Errorf("start run: %w", err)
	}
	if _, err := e.store.FillRun(ctx, id, e.fresh); err != nil {
		e.log.WarnContext(ctx, "the targets of a run are left to the next tick", "run", id, "error", err)
	}
	return id, nil
}

// maxFresh is how recent live work is at most called that needs no repetition.
const maxFresh = 150 * time.Second

// fresh is how recently live work must have begun for a global run to count it.
func (e *Engine) fresh(c ordersync.Connection) time.Duration {
	return min(e.interval(c)/2, maxFresh)
}

// newRunID makes a run id: 26 characters that sort by time, then random.
func newRunID(now time.Time) ordersync.RunID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails: crypto/rand
	return ordersync.RunID(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
