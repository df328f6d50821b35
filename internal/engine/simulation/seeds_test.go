package simulation

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync"
)

var (
	oneSeed  = flag.Uint64("seed", 0, "tell the story of this seed alone")
	fromSeed = flag.Uint64("from", 0, "the first seed; 0: by ORDERSYNC_SIMULATION_FROM, else by the clock")
	seeds    = flag.Int("seeds", fewOrMany, "how many seeds")
	twice    = flag.Bool("twice", false, "tell each story twice and compare the traces")
)

// known are seeds that have found something, with what it was, and that tell what few
// do. What a seed does changes with the simulation; what it found has a test of its own
// besides.
var known = map[uint64]string{
	52:   "an order without an id that only a sweep met was never read again",
	1041: "an order without an id stayed set aside though its window was read in pieces",
	1069: "an order without an id that was asked for by its id was set aside for ever",
	101:  "PLATFORM_DENIED is told, which one seed in fifty does",
	107:  "the same, many times",
	4743: "an order fell between two pages of both readings of its window, which the next sweep mends",
	8587: "an order became visible between the beginnings of a reading by Amazon's clock and by ours",
	9360: "a connection was brought back only after the storm, and was given no time",
	1063: "a late order fell between two pages of a sweep, which the next one mends",
}

// TestSimulation tells the stories of many seeds, fresh ones and those that found
// something once, and then looks whether all that can happen has happened.
func TestSimulation(t *testing.T) {
	if *oneSeed != 0 {
		tellOne(t, *oneSeed)
		return
	}
	from := firstSeed()
	sum := newTotal()
	t.Run("seeds", func(t *testing.T) {
		for i := range *seeds {
			sum.tell(t, from+uint64(i))
		}
		if *seeds < fewOrMany || raceEnabled {
			return
		}
		for seed := range known {
			sum.tell(t, seed)
		}
	})
	sum.report(t)
}

// firstSeed is where fresh seeds begin. The checks of a commit take them from its
// name, so that each commit has its own and what is red stays so until it is mended.
func firstSeed() uint64 {
	if *fromSeed != 0 {
		return *fromSeed
	}
	if from, err := strconv.ParseUint(os.Getenv("ORDERSYNC_SIMULATION_FROM"), 16, 64); err == nil {
		return from
	}
	return uint64(time.Now().Unix())
}

// tell tells a seed's story beside others.
func (s *total) tell(t *testing.T, seed uint64) {
	t.Run(fmt.Sprint(seed), func(t *testing.T) {
		t.Parallel()
		r := run(t, seed, *twice)
		s.add(t, r)
		if *twice {
			again(t, r)
		}
	})
}

// total adds seeds up.
type total struct {
	mu             sync.Mutex
	seeds          int
	small          []uint64
	calls, commits int
	faults         int
	demands        int
	virtual        time.Duration
	fired          map[fault]int
	emitted        map[string]int
	failed         []uint64
}

func newTotal() *total { return &total{fired: map[fault]int{}, emitted: map[string]int{}} }

// add adds a seed.
func (s *total) add(t *testing.T, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds++
	if r.calls < leastCalls || r.faults < leastFaults {
		s.small = append(s.small, r.seed)
	}
	s.calls += r.calls
	s.commits += r.commits
	s.faults += r.faults
	s.demands += r.demands
	s.virtual += r.virtual
	for f, n := range r.fired {
		s.fired[f] += n
	}
	for what, n := range r.emitted {
		s.emitted[what] += n
	}
	if len(r.violations) > 0 {
		s.failed = append(s.failed, r.seed)
		fail(t, r)
	}
}

// fail says which promise was broken, and how to see it again.
func fail(t *testing.T, r result) {
	for _, v := range r.violations[:min(5, len(r.violations))] {
		t.Errorf("seed %d: %s", r.seed, v)
	}
	t.Errorf("%d violations; again with: go test ./internal/engine/simulation -run 'TestSimulation$' -seed %d", len(r.violations), r.seed)
}

func (s *total) String() string {
	return fmt.Sprintf("%d seeds, %d failed, %d too small; %d calls, %d commits, %d faults, %d orders compared, %d virtual hours",
		s.seeds, len(s.failed), len(s.small), s.calls, s.commits, s.faults, s.demands, int(s.virtual.Hours()))
}

// report says what the seeds have met, and fails for what they have not.
func (s *total) report(t *testing.T) {
	t.Logf("%s", s)
	for _, f := range faults {
		t.Logf("  %6d %s", s.fired[f], f)
		if s.fired[f] == 0 && s.seeds >= 200 {
			t.Errorf("%q never happened in %d seeds", f, s.seeds)
		}
	}
	var all []string
	for _, r := range ordersync.Reasons() {
		all = append(all, string(r.Code))
	}
	for _, r := range ordersync.RepairTable() {
		all = append(all, string(r.Code))
	}
	for _, p := range ordersync.ConsentProblems {
		if !slices.Contains(elsewhereToldOf, p.Code) {
			all = append(all, "consent: "+string(p.Code))
		}
	}
	for _, what := range all {
		t.Logf("  %6d %s", s.emitted[what], what)
		if s.emitted[what] == 0 && s.seeds >= 200 {
			t.Errorf("%s was never told in %d seeds", what, s.seeds)
		}
	}
	slices.Sort(s.small)
	if len(s.small)*20 > s.seeds {
		t.Errorf("%d of %d seeds are too small to count: %v", len(s.small), s.seeds, s.small)
	}
}

// elsewhereToldOf are the problems of pages, which the simulation has not; cmd/ordersync
// has tests of them.
var elsewhereToldOf = []ordersync.ConsentProblem{ordersync.ConsentBadLogin, ordersync.ConsentNoCookie, ordersync.ConsentNotSetUp}

// tellOne tells one seed's story with its journal.
func tellOne(t *testing.T, seed uint64) {
	start := time.Now()
	r := run(t, seed, true)
	t.Logf("%s in %s", r, time.Since(start).Round(time.Millisecond))
	for _, v := range r.violations {
		t.Errorf("%s", v)
	}
	if len(r.violations) > 0 {
		t.Logf("what happened to those concerned:\n%s", r.story)
	}
}

// The same seed does the same again, step by step.
func TestSeedsReplay(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		again(t, run(t, seed, true))
	}
}

// again tells a seed a second time.
func again(t *testing.T, first result) {
	t.Helper()
	second := run(t, first.seed, true)
	if first.hash != second.hash || first.calls != second.calls {
		t.Errorf("one seed, two stories:\n%s\n%s\n%s", first, second, parting(first.journal, second.journal))
	}
}

// parting shows where two tellings of a seed part. What is logged has ids that are
// drawn anew.
func parting(a, b *journal) string {
	first, second := a.without("log"), b.without("log")
	n := 0
	for n < min(len(first), len(second)) && first[n] == second[n] {
		n++
	}
	var out strings.Builder
	for _, e := range first[max(0, n-30):n] {
		fmt.Fprintf(&out, "  both   %s\n", e)
	}
	for _, e := range first[n:min(n+10, len(first))] {
		fmt.Fprintf(&out, "  first  %s\n", e)
	}
	for _, e := range second[n:min(n+10, len(second))] {
		fmt.Fprintf(&out, "  second %s\n", e)
	}
	return out.String()
}
