package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// errDead is what a process that was killed sees of the world.
var errDead = errors.New("the process was killed")

// mergeRaw is how the store lays a fresh body over the stored one.
var mergeRaw = spapi.MergeRaw

// process is what is lost in a crash: a client of Amazon's with its tokens and its
// idea of the clock. Everything else is in the database.
type process struct {
	name  string
	lease time.Duration
	environment
	box    *secret.Box
	client *spapi.Client
	vault  *secret.Vault   // nil: there is none
	ctx    context.Context //nolint:containedctx // ends with the process
	kill   context.CancelFunc
	dead   bool
	cutOff time.Time // until when it does not reach the database
	place  int       // among the processes that serve; -1: a command
	born   int
}

// newProcess starts a process.
func (w *world) newProcess(name string) *process {
	return w.newProcessWith(name, w.given)
}

// newProcessWith starts one in an environment of its own.
func (w *world) newProcessWith(name string, e environment) *process {
	p := &process{name: name, place: -1, lease: w.plan.lease, environment: e, box: w.boxOf(e.keys...)}
	p.ctx, p.kill = context.WithCancel(w.ctx)
	client, err := spapi.New(spapi.Config{
		ClientID: w.app.ClientID, ClientSecret: func() string { return e.clientSecret }, PreviousSecret: func() string { return e.previousSecret },
		LWAURL: "http://127.0.0.1/auth/o2/token", APIURL: "http://127.0.0.1", Transport: &amazon{w},
		CallTimeout: w.plan.callTimeout, DigestKey: digestKey,
	})
	w.must(err)
	p.client, p.vault = client, w.openVault(p)
	return p
}

// crash ends a process as kill -9 does. Nothing that it still does has any effect.
func (w *world) crash(p *process, f fault) {
	if p.dead {
		return
	}
	if f != "" {
		w.count(f)
	}
	p.dead = true
	w.journal.note("process", "%s: %s", p.name, f)
	p.kill()
	w.closeVault(p)
	if p.place < 0 {
		return
	}
	down := w.draw(time.Second, 3*time.Minute)
	w.start(func() {
		time.Sleep(down)
		w.gate(p.name + " starts anew")
		if w.processes[p.place] == p {
			w.restart(p.place)
			w.look()
		}
	})
}

func (w *world) newEngine(s *store.Store, p *process) *engine.Engine {
	return engine.New(s, p.client, p.box, w.settingsOf(p), slog.New(&logBook{w, ""}))
}

// slot is a worker: its store is kept, since stores hold nothing in memory.
type slot struct {
	name  string
	of    int // its process
	store *store.Store
	work  chan ordersync.ConnectionID
	idle  bool
}

// employ starts processes with workers, and who ticks.
func (w *world) employ() {
	for i := range w.plan.processes {
		w.processes = append(w.processes, nil)
		w.restart(i)
	}
	for i := range w.plan.workers {
		s := &slot{name: fmt.Sprintf("w%02d", i), of: i % w.plan.processes, store: w.openStore(), work: make(chan ordersync.ConnectionID, 1), idle: true}
		w.slots = append(w.slots, s)
		w.start(func() { w.worker(s) })
	}
	w.start(w.ticker)
}

// start begins a task. It is called in a step.
func (w *world) start(run func()) {
	w.living++
	go func() {
		run()
		w.living-- // in the task's last step
	}()
}

// restart puts a fresh process in a place.
func (w *world) restart(i int) {
	born := 0
	if w.processes[i] != nil {
		born = w.processes[i].born + 1
	}
	p := w.newProcessWith(fmt.Sprintf("p%d.%d", i, born), w.environmentOf(i))
	p.place, p.born = i, born
	if i == 0 && w.stormy && w.plan.on[longLease] {
		p.lease *= 6
		w.count(longLease)
	}
	if !w.plan.vault && w.hit(wrongKey, 0.3) { // who could work with it is refused at its start by the canary
		p.box = w.wrong
		w.count(wrongKey)
		w.journal.note("process", "%s has another master key", p.name)
	}
	w.processes[i] = p
}

// worker works on what it is given.
func (w *world) worker(s *slot) {
	for {
		var id ordersync.ConnectionID
		select {
		case id = <-s.work:
		case <-w.over:
			w.gate(s.name + " goes home")
			return
		}
		w.gate(s.name + " begins")
		p := w.processes[s.of]
		if !p.dead {
			t := &task{name: s.name, of: p, on: int(id)}
			err := w.newEngine(s.store, p).Work(t.context(p.ctx), id)
			w.gate(s.name + " ends")
			w.journal.note("work", "%s of %s on connection %d: %v", s.name, p.name, id, err)
		}
		w.workEnded(s)
	}
}

// workEnded gives the worker what else was rung for.
func (w *world) workEnded(s *slot) {
	s.idle = true
	w.look()
	if len(w.bells) > 0 {
		id := w.bells[0]
		w.bells = w.bells[1:]
		w.give(s, id)
	}
}

func (w *world) give(s *slot, id ordersync.ConnectionID) {
	s.idle = false
	s.work <- id
}

// look asks the tick to look again soon.
func (w *world) look() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// ring lets somebody answer a doorbell, unless it is lost.
func (w *world) ring(id ordersync.ConnectionID) {
	if time.Now().Before(w.deaf) {
		return
	}
	if w.hit(doorbellLost, 0.05) {
		w.count(doorbellLost)
		return
	}
	times := 1
	if w.hit(doorbellTwice, 0.05) {
		w.count(doorbellTwice)
		times = 2
	}
	for range times {
		var idle []*slot
		for _, s := range w.slots {
			if s.idle && !w.processes[s.of].dead {
				idle = append(idle, s)
			}
		}
		if len(idle) == 0 {
			w.bells = append(w.bells, id)
			continue
		}
		w.give(idle[w.rng.IntN(len(idle))], id)
	}
}

// ticker ticks for whichever process leads, when the next thing is due, and once
// in a while for what no due time tells of.
func (w *world) ticker() {
	s := w.openStore()
	defer func() { w.must(s.Close()) }()
	for n := 0; ; n++ {
		w.gate("tick begins")
		pause, lag := w.tick(s, n), w.draw(time.Second, 6*time.Second)
		timer := time.NewTimer(pause)
		select {
		case <-w.over:
			timer.Stop()
			w.gate("tick goes home")
			return
		case <-timer.C:
		case <-w.poke:
			timer.Stop()
			time.Sleep(lag)
		}
	}
}

// tick is one tick, and how long the next one may wait.
func (w *world) tick(s *store.Store, n int) time.Duration {
	p := w.processes[w.rng.IntN(len(w.processes))]
	if p.dead {
		return 5 * time.Second // until another leads
	}
	t := &task{name: "tick", of: p}
	free := 0
	for _, slot := range w.slots {
		if slot.idle && !w.processes[slot.of].dead {
			free++
		}
	}
	ticked, err := w.newEngine(s, p).Tick(t.context(p.ctx), max(1, free)+2, "")
	w.gate("tick ends")
	for _, id := range ticked.Ring {
		w.ring(id)
	}
	if err != nil {
		w.journal.note("tick", "%d: %v", n, err)
		return 5 * time.Second
	}
	return w.untilDue(ticked.Next)
}

// Nobody ticks for as long as this at most: runs reach their deadline and incidents
// their end without anything being due.
const (
	mostPause     = 4 * time.Minute
	mostCalmPause = 8 * time.Minute // of grace
)

func (w *world) untilDue(next time.Time) time.Duration {
	pause := mostPause
	if !w.stormy {
		pause = mostCalmPause
	}
	if !next.IsZero() {
		pause = min(pause, time.Until(next))
	}
	least := time.Second
	if len(w.bells) > 0 || next.Before(time.Now()) {
		least = w.draw(5*time.Second, 35*time.Second) // all are busy, or it was rung just now
	}
	return max(pause, least)
}

// draw is a time between two.
func (w *world) draw(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rng.Int64N(int64(most-least)))
}

// logBook notes what is an error of ours.
type logBook struct {
	w     *world
	attrs string
}

func (l *logBook) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || l.w.journal.keep
}

func (l *logBook) Handle(_ context.Context, r slog.Record) error {
	text := r.Message + l.attrs
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" || r.Message == "unknown error" {
			text += " " + a.Key + "=" + a.Value.String()
		}
		return true
	})
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	if r.Message == "unknown error" {
		l.w.unknowns = append(l.w.unknowns, text)
	}
	l.w.journal.note("log", "%s", text)
	return nil
}

func (l *logBook) WithAttrs(attrs []slog.Attr) slog.Handler {
	text := l.attrs
	for _, a := range attrs {
		text += " " + a.Key + "=" + a.Value.String()
	}
	return &logBook{l.w, text}
}

func (l *logBook) WithGroup(string) slog.Handler { return l }
