package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// mostSearches is how many searches of one tenant's orders run at once, each of
	// which reads all of them.
	mostSearches = 2
	searchAgain  = time.Second
	// mostWaiting is how many requests of one tenant wait for a run or watch one at
	// the same time, and mostWatching how many of all operators.
	mostWaiting  = 20
	mostWatching = 200
	waitAgain    = 10 * time.Second
)

// limiter counts what is under way. The zero value counts nothing yet.
type limiter struct {
	mu   sync.Mutex
	held map[string]int
}

// take takes one of the places that somebody has, until done is called; when all
// are taken it says when to ask again.
func (l *limiter) take(who string, most int, again time.Duration) (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[who] >= most {
		p := problem(http.StatusTooManyRequests, "%d such requests are under way already: wait for one of them to end", most)
		p.after = again
		return nil, p
	}
	if l.held == nil {
		l.held = map[string]int{}
	}
	l.held[who]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held[who]--; l.held[who] == 0 {
			delete(l.held, who)
		}
	}, nil
}

// holds takes a place for a request that stays for long, waiting for a run or
// watching one.
func (s *server) holds(ctx context.Context) (done func(), err error) {
	c := callerOf(ctx)
	if c.operator {
		return s.waits.take("", mostWatching, waitAgain)
	}
	return s.waits.take(string(c.tenant), mostWaiting, waitAgain)
}
