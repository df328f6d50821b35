package store

import (
	"context"
	"sync"
	"time"
)

const (
	// measureEvery is how often a process compares its clock with the database's.
	measureEvery = 10 * time.Second
	// measureAgain is how soon it does so again when it does not know what to
	// believe.
	measureAgain = time.Second
	// maxJump is how much two measurements may differ.
	maxJump = 2 * time.Second
	// maxRound is how long a measurement may take: the database's time is known to
	// half of it.
	maxRound = time.Second
)

// clock is the time that processes compare: this machine's, or, where several
// machines share a database, that one's. It is measured by whoever is about to
// begin a transaction, so that it needs no goroutine and costs nothing at rest.
//
// Between two measurements only the machine's count of seconds is used: a step of
// its wall clock changes nothing.
type clock struct {
	machine func() time.Time
	ask     func(context.Context) (time.Time, error) // the database's; nil: the machine's counts

	mu      sync.Mutex
	at      time.Time // the machine's time of the last measurement; zero: none yet
	theirs  time.Time // and the database's at the same moment
	tried   time.Time // the machine's, when a measurement was last begun
	agreed  bool      // the last measurement was no jump
	measure bool      // one is under way
}

// now is the time.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ask == nil || c.at.IsZero() {
		return c.machine()
	}
	return c.theirs.Add(c.machine().Sub(c.at))
}

// sure tells whether the time can be trusted to judge other processes' leases by.
func (c *clock) sure() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ask == nil || c.agreed
}

// keep measures when it is time. What keeps it from measuring is no error: the
// transaction that follows will meet it too.
func (c *clock) keep(ctx context.Context) {
	if c.ask == nil || !c.begin() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*maxRound)
	defer cancel()
	before := c.machine()
	theirs, err := c.ask(ctx)
	round := c.machine().Sub(before)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measure = false
	if err != nil || round > maxRound {
		return
	}
	at := before.Add(round / 2)
	first := c.at.IsZero()
	jump := theirs.Sub(c.theirs.Add(at.Sub(c.at))).Abs()
	c.agreed = first || jump <= maxJump
	c.at, c.theirs = at, theirs
}

// begin tells whether it is time to measure, to one caller at a time.
func (c *clock) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.machine()
	known := c.agreed && now.Sub(c.at) < measureEvery
	justTried := !c.tried.IsZero() && now.Sub(c.tried) < measureAgain
	if known || justTried || c.measure {
		return false
	}
	c.tried, c.measure = now, true
	return true
}
