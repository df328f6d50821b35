package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

const (
	// FlushEvery is how often a process adds its counts to the database: what it
	// counted since is lost when it is killed.
	FlushEvery = 10 * time.Second
	// flushTime is how long that may take.
	flushTime = 5 * time.Second
	// keptMinutes is how many minutes are kept while the database is away.
	keptMinutes = 24 * 60
)

// Traffic counts by minute what this process does, and adds it to the database's
// minutes. It is safe for concurrent use.
type Traffic struct {
	now func() time.Time // the store's clock

	mu      sync.Mutex
	minutes map[time.Time]*store.TrafficMinute
}

// NewTraffic counts by the store's clock.
func NewTraffic(now func() time.Time) *Traffic {
	return &Traffic{now: now, minutes: map[time.Time]*store.TrafficMinute{}}
}

// Sent counts a request to Amazon that has ended.
func (t *Traffic) Sent(op ordersync.Operation, s spapi.Sent) {
	if _, budgeted := ordersync.PublishedPlans[op]; !budgeted {
		return
	}
	t.count(func(m *store.TrafficMinute) {
		m.Calls++
		if op == ordersync.SearchOrders {
			m.Searches++
		}
		if s.Status == http.StatusTooManyRequests {
			m.Throttled++
		}
	})
}

// Committed counts a step of an execution that was stored.
func (t *Traffic) Committed(c store.Commit, counts ordersync.Counts) {
	if c.Settle == nil && counts == (ordersync.Counts{}) {
		return
	}
	t.count(func(m *store.TrafficMinute) {
		m.Received += counts.OrdersReceived
		m.Created += counts.OrdersCreated
		m.Changed += counts.OrdersChanged
		m.SetAside += counts.SetAside
		if c.Settle != nil {
			addOutcome(m, c.Settle.Outcome.Reason, 1)
		}
	})
}

func addOutcome(m *store.TrafficMinute, reason ordersync.Reason, n int64) {
	if m.Outcomes == nil {
		m.Outcomes = map[ordersync.Reason]int64{}
	}
	m.Outcomes[reason] += n
}

// count changes the minute that is now.
func (t *Traffic) count(change func(*store.TrafficMinute)) {
	minute := store.Minute(t.now())
	t.mu.Lock()
	defer t.mu.Unlock()
	change(t.minute(minute))
}

func (t *Traffic) minute(at time.Time) *store.TrafficMinute {
	m := t.minutes[at]
	if m == nil {
		m = &store.TrafficMinute{At: at}
		t.minutes[at] = m
	}
	return m
}

// Flush adds what was counted since the last time; nothing is written when nothing
// happened. What could not be added is kept for the next time.
func (t *Traffic) Flush(ctx context.Context, add func(context.Context, []store.TrafficMinute) error) error {
	t.mu.Lock()
	taken := t.minutes
	t.minutes = map[time.Time]*store.TrafficMinute{}
	t.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	minutes := make([]store.TrafficMinute, 0, len(taken))
	for _, m := range taken {
		minutes = append(minutes, *m)
	}
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	if err := add(ctx, minutes); err != nil {
		t.putBack(minutes)
		return fmt.Errorf("add this process's traffic: %w", err)
	}
	return nil
}

// putBack takes in again what could not be added, the oldest minutes left out when
// there are too many.
func (t *Traffic) putBack(minutes []store.TrafficMinute) {
	oldest := store.Minute(t.now()).Add(-keptMinutes * time.Minute)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range minutes {
		if m.At.Before(oldest) {
			continue
		}
		have := t.minute(m.At)
		have.Calls += m.Calls
		have.Searches += m.Searches
		have.Throttled += m.Throttled
		have.Received += m.Received
		have.Created += m.Created
		have.Changed += m.Changed
		have.SetAside += m.SetAside
		for reason, n := range m.Outcomes {
			addOutcome(have, reason, n)
		}
	}
}

// Run flushes every ten seconds until ctx ends, and once more then. tell is told what
// could not be added; it is tried again with the next.
func (t *Traffic) Run(ctx context.Context, add func(context.Context, []store.TrafficMinute) error, tell func(error)) {
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err := t.Flush(context.WithoutCancel(ctx), add); err != nil {
				tell(err)
			}
			return
		}
		if err := t.Flush(ctx, add); err != nil && ctx.Err() == nil {
			tell(err)
		}
	}
}
