package simulation

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// stepper lets one task run at a time. A task runs from one gate to the next; who
// is next, the seed says. A bubble alone does not replay: goroutines that wake at
// one instant run in any order there.
type stepper struct {
	rng *rand.Rand // of the steps alone

	mu     sync.Mutex
	parked []*parked
	wake   chan struct{}

	steps   int
	hash    uint64 // of all steps and their times
	journal *journal
}

// parked is a task at a gate.
type parked struct {
	id string
	on chan struct{} // closed: go on
}

func newStepper(seed uint64, j *journal) *stepper {
	return &stepper{rng: rand.New(rand.NewPCG(seed, 1)), wake: make(chan struct{}, 1), journal: j}
}

// gate waits until it is the task's turn. No two tasks may wait at gates of one
// name.
func (s *stepper) gate(id string) {
	p := &parked{id, make(chan struct{})}
	s.mu.Lock()
	s.parked = append(s.parked, p)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	<-p.on
}

// step lets tasks go on until ended says that there are none. While all of them
// wait for something else, virtual time moves on.
func (s *stepper) step(ended func() bool) {
	for {
		synctest.Wait()
		if p := s.next(); p != nil {
			close(p.on)
			continue
		}
		if ended() {
			return
		}
		<-s.wake
	}
}

// next takes the task whose turn it is; nil when none waits at a gate.
func (s *stepper) next() *parked {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parked) == 0 {
		return nil
	}
	slices.SortStableFunc(s.parked, func(a, b *parked) int { return strings.Compare(a.id, b.id) })
	i := 0
	if len(s.parked) > 1 {
		i = s.rng.IntN(len(s.parked))
	}
	p := s.parked[i]
	s.parked = slices.Delete(s.parked, i, i+1)
	s.steps++
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%x %s %d", s.hash, p.id, time.Now().UnixNano())
	s.hash = h.Sum64()
	s.journal.note("step", "%s", p.id)
	return p
}

// task is who runs: a worker, the tick, an operator.
type task struct {
	name string
	of   *process
	// on is the connection that it works for, 0: none.
	on int
	// visit is the seller who is served; nil: none.
	visit *visit
	// met is the disconnection of its connection that it has met the database since.
	met *cut
	// loggedIn tells that its last call was Login's: what follows it belongs to the
	// call that needed it.
	loggedIn bool
}

type taskKey struct{}

func (t *task) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, taskKey{}, t)
}

// taskOf is the task for which something is done.
func taskOf(ctx context.Context) *task {
	t, ok := ctx.Value(taskKey{}).(*task)
	if !ok {
		panic("the simulation is asked by nobody")
	}
	return t
}

// journal is what happened, for people. It is kept only where a seed is told
// again.
type journal struct {
	keep  bool
	lines []entry
}

type entry struct {
	at         time.Time
	kind, text string
}

func (e entry) String() string {
	return fmt.Sprintf("%s %-8s %s", e.at.UTC().Format("01-02T15:04:05.000000000"), e.kind, e.text)
}

func (j *journal) note(kind, format string, args ...any) {
	if j.keep {
		j.lines = append(j.lines, entry{time.Now(), kind, fmt.Sprintf(format, args...)})
	}
}

// without lists what the journal says but for lines of one kind.
func (j *journal) without(kind string) []entry {
	return slices.DeleteFunc(slices.Clone(j.lines), func(e entry) bool { return e.kind == kind })
}

// about lists what the journal says of somebody: the lines that hold a text, and
// those of kinds that concern all.
func (j *journal) about(most int, of ...string) string {
	var b strings.Builder
	var lines []string
	for _, e := range j.lines {
		told := e.kind == "episode" || e.kind == "process"
		for _, text := range of {
			told = told || strings.Contains(e.text, text)
		}
		if told && e.kind != "step" {
			lines = append(lines, fmt.Sprintf("  %s %-8s %s\n", e.at.UTC().Format("01-02T15:04:05.000"), e.kind, e.text))
		}
	}
	if len(lines) > most {
		fmt.Fprintf(&b, "  … %d lines before\n", len(lines)-most)
		lines = lines[len(lines)-most:]
	}
	for _, l := range lines {
		b.WriteString(l)
	}
	return b.String()
}
