package telemetry

import (
	"sync"
	"time"
)

// StuckAfter is how long a tick or an execution may take before it will never end: it
// is more than twice the time after which it is cut off.
const StuckAfter = 5 * time.Minute

// Alive knows what this process is at, to tell one that works from one that hangs. It
// knows nothing of the database: one that is away makes no process hang. It is safe
// for concurrent use.
type Alive struct {
	mu         sync.Mutex
	next       int
	ticks      map[int]time.Time // begun, by number
	executions map[int]time.Time
	ticked     time.Time // the last tick of this process that ended
}

// NewAlive knows of nothing yet.
func NewAlive() *Alive { return &Alive{ticks: map[int]time.Time{}, executions: map[int]time.Time{}} }

// Tick notes that a tick begins; what it returns notes that it ended.
func (a *Alive) Tick() (done func()) {
	end := a.begin(a.ticks)
	return func() {
		end()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ticked = time.Now()
	}
}

// Execution notes that an execution begins; what it returns notes that it ended.
func (a *Alive) Execution() (done func()) { return a.begin(a.executions) }

func (a *Alive) begin(in map[int]time.Time) (done func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.next
	a.next++
	in[n] = time.Now()
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(in, n)
	}
}

// Pulse is what a process is at.
type Pulse struct {
	LastTick   time.Time // of this process, which need not be the one that ticks; zero: none yet
	Executions int       // under way
	// StuckTick and StuckExecutions tell of those that will never end.
	StuckTick       bool
	StuckExecutions int
}

// Pulse tells what the process is at now.
func (a *Alive) Pulse() Pulse {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := Pulse{LastTick: a.ticked, Executions: len(a.executions)}
	for _, begun := range a.ticks {
		p.StuckTick = p.StuckTick || time.Since(begun) > StuckAfter
	}
	for _, begun := range a.executions {
		if time.Since(begun) > StuckAfter {
			p.StuckExecutions++
		}
	}
	return p
}

// Hangs tells whether the process must be started anew: its tick hangs, or all of so
// many workers do. workers below 1: it has none.
func (p Pulse) Hangs(workers int) bool {
	return p.StuckTick || workers > 0 && p.StuckExecutions >= workers
}
