package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/store"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// River is the doorbell: it carries a connection's id to some worker of some
// process, and elects who ticks. Doorbells hold no truth. They always complete,
// never retry and never wait; deleting all of them at any moment loses nothing,
// since the tick rings again what is due and was not claimed.

// doorbell asks a worker to look after a connection.
type doorbell struct {
	Connection ordersync.ConnectionID `json:"connection"`
}

// Kind names the job in the queue's table.
func (doorbell) Kind() string { return "ordersync_connection" }

// tickJob asks a process to tick.
type tickJob struct{}

// Kind names the job in the queue's table.
func (tickJob) Kind() string { return "ordersync_tick" }

// The queues. Back work has workers of its own besides those that take it when
// they have nothing better to do; who is slow to answer has only a quarter of
// all, so that many such tenants delay nobody else.
const (
	queueTick = "tick"
	queueWork = "work"
	queueBack = "back"
	queueSlow = "slow"
)

const (
	doorbellsKept = time.Minute
	jobTimeout    = 2 * time.Minute // twice what an execution may take
	rescueAfter   = 3 * time.Minute
)

// Service works on all connections until it is stopped.
type Service struct {
	engine *Engine
	client *river.Client[*sql.Tx]
	drain  chan struct{}
	deaf   func() // ends listening
	inbox  func() // ends reading notifications, and waits for that
}

// Serve starts to work with the engine's workers. Without any (Workers < 0) it
// only rings for others. Stop ends it.
func (e *Engine) Serve(ctx context.Context) (*Service, error) {
	s := &Service{engine: e, drain: make(chan struct{})}
	if err := s.start(ctx, s.config()); err != nil {
		return s, err
	}
	if e.set.Queue != nil {
		s.inbox = e.readOn(ctx)
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, c *river.Config) (err error) {
	d := driver(s.engine.store)
	s.deaf, s.inbox = func() {}, func() {}
	if s.engine.set.Workers > 0 && !s.engine.store.Local() && !c.PollOnly {
		listener, err := s.engine.store.Listener(ctx)
		if err != nil {
			return err
		}
		d, s.deaf = riverdatabasesql.NewWithPgxListener(s.engine.store.Database(), listener), listener.Close
	}
	if s.client, err = river.NewClient(d, c); err != nil {
		s.deaf()
		return fmt.Errorf("prepare doorbells: %w", err)
	}
	s.engine.store.OnDue(s.bell)
	if s.engine.set.Workers <= 0 {
		return nil
	}
	if err := s.client.Start(ctx); err != nil {
		s.deaf()
		return fmt.Errorf("start workers: %w", err)
	}
	return nil
}

// driver is River's driver for the store's database.
func driver(s *store.Store) riverdriver.Driver[*sql.Tx] {
	if s.Local() {
		return riversqlite.New(s.Database())
	}
	return riverdatabasesql.New(s.Database())
}

// PrepareDoorbells makes the tables of the doorbells fit: on SQLite, or where
// there are none, they are made; older ones on Postgres are refused, since other
// processes may be at work. With migrate set they are brought up to date anyhow.
func PrepareDoorbells(ctx context.Context, s *store.Store, migrate bool) error {
	m, err := rivermigrate.New(driver(s), nil)
	if err != nil {
		return fmt.Errorf("prepare migration of doorbells: %w", err)
	}
	have, err := m.ExistingVersions(ctx)
	if err != nil {
		return fmt.Errorf("read version of doorbells: %w", err)
	}
	if len(have) >= len(m.AllVersions()) {
		return nil
	}
	refuse := len(have) > 0 && !s.Local() && !migrate
	return s.Exclusive(ctx, func(ctx context.Context) error {
		// Another process may just have been making them.
		if have, err = m.ExistingVersions(ctx); err != nil {
			return fmt.Errorf("read version of doorbells: %w", err)
		}
		if len(have) < len(m.AllVersions()) && refuse {
			return store.ErrSchemaOld
		}
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate doorbells: %w", err)
		}
		return nil
	})
}

func (s *Service) config() *river.Config {
	set := s.engine.set
	workers := river.NewWorkers()
	river.AddWorker(workers, &bellWorker{service: s})
	river.AddWorker(workers, &tickWorker{service: s})
	c := &river.Config{
		ID: set.Holder, Logger: quiet(s.engine.log), Workers: workers,
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, CompletedJobRetentionPeriod: doorbellsKept,
		DiscardedJobRetentionPeriod: doorbellsKept, CancelledJobRetentionPeriod: doorbellsKept,
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: 250 * time.Millisecond,
	}
	if set.Workers > 0 {
		back, slow := max(1, set.Workers/8), s.engine.slowWorkers()
		c.Queues = map[string]river.QueueConfig{
			queueTick: {MaxWorkers: 1}, queueBack: {MaxWorkers: back}, queueSlow: {MaxWorkers: slow},
			queueWork: {MaxWorkers: max(1, set.Workers-back-slow)},
		}
		c.PeriodicJobs = []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(tickEvery),
			func() (river.JobArgs, *river.InsertOpts) { return tickJob{}, once(queueTick, 1) }, &river.PeriodicJobOpts{RunOnStart: true})}
	}
	return c
}

// once are the options of a job that is tried once.
func once(queue string, priority int) *river.InsertOpts {
	return &river.InsertOpts{Queue: queue, Priority: priority, MaxAttempts: 1}
}

// bell counts what waits in the queues and rings where there is room.
func (s *Service) bell(ctx context.Context, tx *sql.Tx) (store.Doorbells, error) {
	waiting, err := store.CountWaiting(ctx, tx)
	if err != nil {
		return store.Doorbells{}, err
	}
	room := func(queue string, priority int) int { return s.engine.room(waiting, queue, priority) }
	return store.Doorbells{
		Room: func(u store.Urgency, slow bool) (most int) {
			for _, p := range places(u, slow) {
				most = max(most, room(p.queue, p.priority))
			}
			return most
		},
		Ring: func(ctx context.Context, rung []store.Rung) error {
			var jobs []river.InsertManyParams
			taken := map[place]int{}
			for _, r := range rung {
				for _, p := range places(r.Urgency, r.Slow) {
					if taken[p] < room(p.queue, p.priority) {
						taken[p]++
						jobs = append(jobs, river.InsertManyParams{Args: doorbell{r.Connection}, InsertOpts: once(p.queue, p.priority)})
					}
				}
			}
			if len(jobs) == 0 {
				return nil
			}
			if _, err := s.client.InsertManyFastTx(ctx, tx, jobs); err != nil {
				return fmt.Errorf("ring doorbells: %w", err)
			}
			return nil
		},
	}, nil
}

// place is where a doorbell waits.
type place struct {
	queue    string
	priority int
}

// places are where doorbells of an urgency and lane wait. For back work it is two:
// whoever is free first takes it, those who prefer it or anybody idle.
func places(u store.Urgency, slow bool) []place {
	switch {
	case slow:
		return []place{{queueSlow, int(u) + 1}}
	case u == store.CanWait:
		return []place{{queueBack, 1}, {queueWork, 4}}
	}
	return []place{{queueWork, int(u) + 1}}
}

// room is how many more doorbells may wait in a queue at a priority. What is less
// urgent waits behind and takes no room away.
func (e *Engine) room(waiting []store.WaitingJobs, queue string, priority int) int {
	workers := e.set.Workers
	if workers <= 0 {
		workers = defaultWorkers // others work
	}
	switch queue {
	case queueBack:
		workers = max(1, workers/8)
	case queueSlow:
		workers = max(1, workers/4)
	}
	n := ringAhead * workers
	for _, w := range waiting {
		if w.Queue == queue && w.Priority <= priority {
			n -= w.N
		}
	}
	return max(0, n)
}

// Stop lets running executions commit the page they are at and give their
// leases back, at most until ctx ends; then they are cut off. Nothing is lost
// either way.
func (s *Service) Stop(ctx context.Context) error {
	close(s.drain)
	defer s.deaf()
	defer s.inbox()
	if s.engine.set.Workers <= 0 {
		return nil
	}
	err := s.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		s.engine.log.Warn("not all executions have ended in time and are cut off; their leases pass, and the work is claimed again")
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = s.client.StopAndCancel(hard)
	}
	if err != nil {
		return fmt.Errorf("stop workers: %w", err)
	}
	return nil
}

type bellWorker struct {
	river.WorkerDefaults[doorbell]
	service *Service
}

// Work never fails: what happened is in the store or will be tried again.
func (w *bellWorker) Work(ctx context.Context, job *river.Job[doorbell]) error {
	if err := w.service.engine.work(ctx, job.Args.Connection, w.service.drain); err != nil && ctx.Err() == nil {
		w.service.engine.log.ErrorContext(ctx, "execution broke off; it is claimed again", "connection", job.Args.Connection, "error", err)
	}
	return nil
}

type tickWorker struct {
	river.WorkerDefaults[tickJob]
	service *Service
}

// Work ticks. The store's ring inserts the doorbells.
func (w *tickWorker) Work(ctx context.Context, _ *river.Job[tickJob]) error {
	e := w.service.engine
	if _, err := e.tick(ctx, store.RingRequest{Limit: ringAhead * e.set.Workers, SlowLimit: ringAhead * e.slowWorkers()}); err != nil && ctx.Err() == nil {
		e.log.ErrorContext(ctx, "tick failed; the next one comes in a second", "error", err)
	}
	return nil
}

// ringAhead is how many doorbells may wait for each worker.
const ringAhead = 4
