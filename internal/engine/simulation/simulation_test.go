package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/spapisim"
)

// A seed counts only when enough has happened.
const (
	leastCalls  = 300
	leastFaults = 20
)

// result is what a seed came to.
type result struct {
	seed       uint64
	hash       uint64
	calls      int
	commits    int
	steps      int
	faults     int
	demands    int // orders compared
	virtual    time.Duration
	fired      map[fault]int
	emitted    map[string]int
	violations []string
	story      string
	journal    *journal
}

// run tells a seed's story from beginning to end.
func run(t *testing.T, seed uint64, keep bool) (r result) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		w := newWorld(t, seed, keep)
		w.tell()
		r = result{
			seed: seed, hash: w.hash, calls: w.calls, commits: w.commits, steps: w.steps, demands: w.demands,
			virtual: time.Since(w.begun), fired: w.fired, emitted: w.emitted, violations: w.violations, journal: w.journal,
		}
		for _, n := range w.fired {
			r.faults += n
		}
		if len(w.violations) > 0 && keep {
			r.story = w.journal.about(4000, w.subjects...)
		}
		for _, s := range w.slots {
			w.must(s.store.Close())
		}
		for _, s := range w.seats {
			w.must(s.Close())
		}
		w.must(w.memory.Close())
	})
	return r
}

// tell lets the world live.
func (w *world) tell() {
	w.desk = &desk{w: w, store: w.openStore(), acts: make(chan act, 1000)}
	reading := w.openStore()
	w.reader = reading.Reader()
	w.start(w.desk.open)
	w.start(func() {
		w.gate("director")
		w.open()
		w.storm()
		w.heal()
		w.await()
		close(w.over)
		w.gate("director")
	})
	w.step(func() bool { return w.living == 0 })
	for _, p := range w.processes {
		if !p.dead {
			w.closeVault(p)
		}
	}
	w.step(func() bool { return w.living == 0 })
	w.check()
	w.must(reading.Close())
}

// open imports the fleet and sets everybody to work.
func (w *world) open() {
	for _, c := range w.fleet {
		if c.first {
			continue
		}
		if w.plan.on[authorisationEnd] && w.rng.IntN(4) == 0 {
			w.authorizeLongAgo(c)
		}
		w.act(newSecret, func(d *desk) error { return d.bring(c) })
	}
	for slices.ContainsFunc(w.fleet, func(c *connection) bool { return c.id == 0 && !c.first }) {
		time.Sleep(time.Second)
		w.gate("director")
	}
	w.stormy, w.vaulted = true, w.plan.vault
	w.countCursors()
	w.employ()
}

// storm lets everything happen that a seed has turned on.
func (w *world) storm() {
	start := time.Now()
	happening, episode, credential, act := start, start, start, start
	for {
		now := time.Now()
		due := earlier(earlier(happening, credential), earlier(episode, act))
		for _, e := range w.endings {
			due = earlier(due, e.at)
		}
		if wait := due.Sub(now); wait > 0 {
			time.Sleep(wait)
			w.gate("director")
			now = time.Now()
		}
		w.end(now)
		if !now.Before(happening) {
			w.happen()
			happening = now.Add(w.draw(time.Second, 2*w.plan.between))
		}
		if !now.Before(episode) {
			w.beginEpisode(now, episodes)
			episode = now.Add(w.draw(time.Second, 2*w.plan.perEpisode))
		}
		if !now.Before(credential) {
			w.beginEpisode(now, w.credentialEpisodes())
			credential = now.Add(w.draw(time.Second, 2*w.plan.perCredential))
		}
		if !now.Before(act) {
			w.operate()
			act = now.Add(w.draw(time.Second, 2*w.plan.perAct))
		}
		lasted := now.Sub(start)
		if lasted >= w.plan.mostStorm || lasted >= w.plan.leastStorm && w.calls >= leastCalls && w.troubles() >= leastFaults {
			return
		}
	}
}

func (w *world) troubles() (n int) {
	for _, k := range w.fired {
		n += k
	}
	return n
}

// beginEpisode draws a trouble that lasts, if it is on.
func (w *world) beginEpisode(now time.Time, of []episode) {
	e := of[w.rng.IntN(len(of))]
	if !w.plan.on[e.fault] {
		return
	}
	lasts := w.draw(e.least, e.most)
	end := e.begin(w, lasts)
	if end == nil {
		return
	}
	w.count(e.fault)
	w.journal.note("episode", "%s begins, for %s", e.fault, lasts)
	w.endings = append(w.endings, ending{now.Add(lasts), e.fault, end})
}

// end ends what has lasted long enough.
func (w *world) end(now time.Time) {
	all := w.endings
	w.endings = nil
	for _, e := range all {
		if now.Before(e.at) {
			w.endings = append(w.endings, e)
			continue
		}
		w.journal.note("episode", "%s ends", e.fault)
		e.run() // it may add others
	}
}

// heal ends the storm: what is left of it is undone, but for some who never
// reconnect and some orders that stay as they are.
func (w *world) heal() {
	w.stormy = false
	w.journal.note("episode", "the storm is over")
	all := w.endings
	w.endings = nil
	for _, e := range all {
		if (e.fault == revocation || e.fault == disconnecting) && w.rng.IntN(3) == 0 {
			continue
		}
		e.run()
	}
	w.troubled, w.vault.sealed, w.vault.closed = "", false, false
	w.sim.ClearFaults()
	if w.plan.on[personalRefused] && w.rng.IntN(2) == 0 {
		w.roles(spapisim.RoleInventory) // and never again
	}
	w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { *sw = w.plan.switches; sw.RateHeader = "" }))
	w.away, w.deaf = time.Time{}, time.Time{}
	for i, p := range w.processes {
		p.cutOff = time.Time{}
		if p.box == w.wrong || p.lease != w.plan.lease || p.clientSecret != w.given.clientSecret {
			w.crash(p, "")
			w.restart(i)
		}
	}
	for _, s := range w.sellers {
		for _, id := range s.ids {
			if f := s.damaged[id]; f == orderWithoutID || f != "" && w.rng.IntN(4) > 0 {
				w.repair(s, id)
			}
		}
	}
	// What is left takes days at times, and need not be watched by the minute.
	w.plan.interval = max(w.plan.interval, 45*time.Minute)
	w.look()
	w.calm = time.Now()
	for len(w.desk.acts) > 0 || w.errands > 0 { // what operators and sellers have still to do belongs to the storm
		time.Sleep(time.Minute)
		w.gate("director")
	}
	time.Sleep(time.Minute)
	w.gate("director")
	w.calm = time.Now()
}

func (w *world) countCursors() {
	for _, c := range w.fleet {
		switch cursor := c.given; {
		case cursor == "":
		case cursor[0] != '2':
			w.count(cursorGarbage)
		case strings.HasPrefix(cursor, "2009"):
			w.count(cursorStale)
		case strings.HasPrefix(cursor, "2026-99"):
			w.count(cursorGarbage)
		default:
			if at, err := time.Parse(time.RFC3339, cursor); err == nil && at.After(time.Now()) {
				w.count(cursorAhead)
			}
		}
	}
}

func (r result) String() string {
	return fmt.Sprintf("seed %d: %d calls, %d commits, %d steps, %d faults, %d orders compared, %s, trace %016x",
		r.seed, r.calls, r.commits, r.steps, r.faults, r.demands, r.virtual.Round(time.Minute), r.hash)
}
