package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// Several processes work on one connection at once: they steal each other's
// leases, take tokens and commit pages, and COMMITs and their answers get lost.

const (
	processes  = 8
	stormLease = 30 * time.Millisecond
)

// stormTime is how long a storm lasts: under the race detector, and in a short
// test, less.
func stormTime() time.Duration {
	if raceDetector || testing.Short() {
		return 2 * time.Second
	}
	return 20 * time.Second
}

var stormPlan = ordersync.Plan{Rate: 40, Burst: 15}

// storm is what the processes share besides the database.
type storm struct {
	t   *testing.T
	id  ordersync.ConnectionID
	end time.Time

	mu     sync.Mutex
	truth  map[string]time.Duration // when Amazon's orders were last updated
	seen   seen
	epochs map[int64]bool // of claims
	grants []grant

	newest                           atomic.Int64 // epoch of a claim
	tokens, pages, sure, maybe, lost atomic.Int64
}

func TestStormOfProcessesOnOneConnection(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		d := open(t, kind, storetest.New(t, kind), storetest.Clock(time.Now))
		w := &storm{t: t, id: d.connect("acme", "S1"), truth: map[string]time.Duration{}, epochs: map[int64]bool{}}
		var working sync.WaitGroup
		start := time.Now()
		w.end = start.Add(stormTime())
		for i := range processes {
			s := storetest.OpenURL(t, d.url)
			random := rand.New(rand.NewPCG(uint64(i), 1))
			fates := rand.New(rand.NewPCG(uint64(i), 2))
			d.must(s.DecideCommits(d.url, func() store.CommitFate {
				switch fates.IntN(10) {
				case 0:
					return store.CommitLost
				case 1:
					return store.CommitAnswerLost
				}
				return store.CommitDone
			}))
			working.Go(func() { w.work(s, random) })
		}
		working.Wait()
		w.check(d, time.Since(start))
	})
}

// over tells whether the storm is over. On a slow machine it lasts until enough
// has happened.
func (w *storm) over() bool {
	now := time.Now()
	return now.After(w.end) && (w.pages.Load() >= 10 && w.lost.Load() > 0 || now.After(w.end.Add(40*time.Second)))
}

// work executes until the storm is over.
func (w *storm) work(s *store.Store, random *rand.Rand) {
	for !w.over() {
		l, err := s.Claim(w.t.Context(), w.id, "storm", stormLease)
		if w.unexpected("claim", err) {
			return
		}
		if l == nil {
			w.pause(time.Duration(random.IntN(5)) * time.Millisecond)
			continue
		}
		w.claimed(l.Epoch)
		for random.IntN(8) > 0 && w.step(s, l, random) {
		}
		if random.IntN(4) > 0 { // else it dies with its lease
			_, err = s.Commit(w.t.Context(), l, store.Commit{Release: true})
			w.unexpected("release", err)
		}
		if random.IntN(10) == 0 {
			_, err = s.ImportConnection(w.t.Context(), line(seller("S1"), named(strconv.Itoa(random.Int()))))
			w.unexpected("import", err)
		}
	}
}

// claimed wants nobody else to have made this claim, and remembers it.
func (w *storm) claimed(epoch int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epochs[epoch] {
		w.t.Errorf("two processes have claimed epoch %d", epoch)
	}
	w.epochs[epoch] = true
	w.newest.Store(max(w.newest.Load(), epoch))
}

// step takes a token, asks Amazon and commits the page.
func (w *storm) step(s *store.Store, l *store.Lease, random *rand.Rand) (goOn bool) {
	asked := time.Now()
	wait, err := s.TakeToken(w.t.Context(), l, store.TokenRequest{Key: bucket("S1"), Plan: stormPlan})
	if err != nil || wait > 0 {
		w.unexpected("token", err)
		return false
	}
	w.tokens.Add(1)
	w.granted(grant{asked, time.Now()})
	c := pageOf(l, w.ask(l, random)...)
	second := random.IntN(200)
	c.Covered = &store.Covered{Window: window(second, second+1), Marketplaces: []string{french}, Begun: begin, Confirmed: true}
	if random.IntN(5) == 0 {
		w.pause(2 * stormLease) // the answer comes late: the lease may be stolen
	}
	stolen := w.newest.Load() > l.Epoch
	counts, err := s.Commit(w.t.Context(), l, c)
	if stolen && err == nil {
		w.t.Errorf("a page of epoch %d was committed after a later claim", l.Epoch)
	}
	w.committed(c, err == nil)
	switch {
	case err == nil:
		w.pages.Add(1)
		w.sure.Add(counts.OrdersReceived)
		return true
	case errors.Is(err, store.ErrLeaseLost):
		w.lost.Add(1)
	}
	w.maybe.Add(int64(len(c.Page.Orders)))
	w.unexpected("page", err)
	return false
}

// ask is Amazon's answer: some orders, most as they are, some as they once were.
// Half of them differ with every answer, though Amazon says nothing of an update:
// then the later token counts.
func (w *storm) ask(l *store.Lease, random *rand.Rand) (page []store.PageOrder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range random.Perm(20)[:1+random.IntN(4)] {
		id := strconv.Itoa(n)
		if random.IntN(2) == 0 {
			w.truth[id] += time.Second
		}
		updated := w.truth[id]
		if random.IntN(4) == 0 {
			updated = time.Duration(random.Int64N(int64(updated/time.Millisecond)+1)) * time.Millisecond
		}
		content := fmt.Sprint(updated)
		if random.IntN(2) == 0 {
			content += fmt.Sprintf(" token %d.%d", l.Epoch, l.Step)
		}
		page = append(page, order(id, updated, status(content)))
	}
	return page
}

// unexpected tells whether an error is none that a storm brings.
func (w *storm) unexpected(what string, err error) bool {
	if err == nil || errors.Is(err, store.ErrLeaseLost) || errors.Is(err, store.ErrCommitLost) {
		return false
	}
	w.t.Errorf("%s: %v", what, err)
	return true
}

func (w *storm) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-w.t.Context().Done():
	}
}

// check looks at what the storm has left.
func (w *storm) check(d *database, took time.Duration) {
	t := w.t
	d.checkCounters(w.id)
	last := map[string]ordersync.Change{}
	changes := d.changes(w.id)
	for _, c := range changes {
		before, met := last[c.OrderID]
		if met != (c.Kind == ordersync.ChangeUpdated) {
			t.Errorf("change %d of order %s is %s", c.Seq, c.OrderID, c.Kind)
		}
		if c.LastUpdatedAfter.Before(before.LastUpdatedAfter) {
			t.Errorf("change %d takes order %s back from %v to %v", c.Seq, c.OrderID, before.LastUpdatedAfter, c.LastUpdatedAfter)
		}
		if met && (c.StatusBefore != before.StatusAfter || !c.LastUpdatedBefore.Equal(before.LastUpdatedAfter)) {
			t.Errorf("change %d of order %s does not follow the one before", c.Seq, c.OrderID)
		}
		last[c.OrderID] = c
	}
	for _, o := range d.orders("acme") {
		equal(t, "last change of order "+o.ID, []any{last[o.ID].LastUpdatedAfter, last[o.ID].StatusAfter}, []any{o.LastUpdatedAt, o.Status})
	}
	w.seen.check(d, w.id)
	received := d.number(`SELECT live_orders FROM connections`)
	if received < w.sure.Load() || received > w.sure.Load()+w.maybe.Load() {
		t.Errorf("%d orders are counted, %d to %d were committed", received, w.sure.Load(), w.sure.Load()+w.maybe.Load())
	}
	b, calls := d.bucket(bucket("S1"))
	allowed := stormPlan.Burst + stormPlan.Rate*took.Seconds()
	if float64(calls) > allowed || calls < w.tokens.Load() || b.Tokens < -1e-6 {
		t.Errorf("%d tokens were given and %d counted, with %v left; %v are allowed", w.tokens.Load(), calls, b.Tokens, allowed)
	}
	checkGrants(t, w.grants)
	if w.pages.Load() < 10 || w.lost.Load() == 0 {
		t.Errorf("%d pages were committed and %d refused: that was no storm", w.pages.Load(), w.lost.Load())
	}
	t.Logf("%d pages, %d refused, %d changes, %d tokens in %v", w.pages.Load(), w.lost.Load(), len(changes), calls, took.Round(time.Millisecond))
}
