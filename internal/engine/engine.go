package engine

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"ordersync"
	"ordersync/internal/queue"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// Settings are the numbers of the engine. Zero values mean the default.
type Settings struct {
	// Holder names this process in leases, for people.
	Holder string
	// ClientID is the application's; budgets are counted under it.
	ClientID string
	// RateScale multiplies Amazon's published rates, for a simulator; default 1.
	RateScale float64
	Interval  time.Duration // between two readings of a connection; 5 minutes
	Overlap   time.Duration // how far a window reaches back behind the cursor; 5 minutes
	Lease     time.Duration // how long a claim lasts without a commit; 60 s
	// RevokedAfter is how long after a refusal it is asked for again; 15 minutes.
	RevokedAfter time.Duration
	History      time.Duration // how far back orders are wanted; 365 days
	Sweep        time.Duration // between two sweeps; 24 hours
	Workers      int           // connections at once; 64
	// Retention is how long what is stored is kept.
	Retention store.Retention
	// Jitter is a random part of a duration, so that connections do not march in
	// step; default: drawn anew each time.
	Jitter func(time.Duration) time.Duration
	// Vault keeps refresh tokens; nil: the database does.
	Vault *secret.Vault
	// Consent is how sellers connect; zero: they cannot.
	Consent ConsentSettings
	// ClientSecrets keeps the client secrets that come by rotation; nil: none is kept.
	ClientSecrets *ClientSecrets
	// Queue is where Amazon sends notifications of the application's; nil: this process
	// reads none.
	Queue *queue.Queue
	// RotatesByCommand tells that there is such a queue, whoever reads it.
	RotatesByCommand bool
	// Watch is told what the engine does.
	Watch Watch
}

// defaultWorkers is how many connections a process works on at once.
const defaultWorkers = 64

func (s Settings) withDefaults() Settings {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&s.Interval, 5*time.Minute)
	set(&s.Overlap, 5*time.Minute)
	set(&s.Lease, time.Minute)
	set(&s.RevokedAfter, 15*time.Minute)
	set(&s.History, 365*24*time.Hour)
	set(&s.Sweep, 24*time.Hour)
	s.Retention = s.Retention.WithDefaults()
	if s.RateScale == 0 {
		s.RateScale = 1
	}
	if s.Workers == 0 {
		s.Workers = defaultWorkers
	}
	if s.Jitter == nil {
		s.Jitter = rand.N[time.Duration]
	}
	return s
}

// Engine works over a store, a client of Amazon's and a box that opens secrets.
type Engine struct {
	store  *store.Store
	amazon *spapi.Client
	box    *secret.Box
	set    Settings
	log    *slog.Logger
	looked atomic.Int64 // when the client secret's age was last looked at, in milliseconds
}

// New wires an engine. The schema must be prepared.
func New(s *store.Store, amazon *spapi.Client, box *secret.Box, set Settings, log *slog.Logger) *Engine {
	return &Engine{store: s, amazon: amazon, box: box, set: set.withDefaults(), log: log}
}

// Retention is how long what is stored is kept.
func (e *Engine) Retention() store.Retention { return e.set.Retention }

// plan is Amazon's usage plan of an operation as this installation counts it.
func (e *Engine) plan(op ordersync.Operation) ordersync.Plan {
	return ordersync.PublishedPlans[op].Scaled(e.set.RateScale)
}

// interval is the connection's own interval, or the setting.
func (e *Engine) interval(c ordersync.Connection) time.Duration {
	if c.Interval > 0 {
		return c.Interval
	}
	return e.set.Interval
}

// maxBackoff is the longest pause after failures.
const maxBackoff = time.Hour

// nextTry is when work is due after a failure: the interval, doubled with
// each failure in a row, at most an hour, less up to a tenth.
func (e *Engine) nextTry(c ordersync.Connection, failures int) time.Time {
	d := min(e.interval(c), maxBackoff)
	for range min(failures, 16) {
		d = min(2*d, maxBackoff)
	}
	return e.store.Now().Add(d - e.jitter(d/10))
}

// jitter is a random part of d.
func (e *Engine) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return e.set.Jitter(d)
}

// sleep waits, or returns why it could not.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	}
}
