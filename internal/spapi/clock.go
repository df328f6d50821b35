package spapi

import (
	"sync"
	"time"

	"ordersync"
)

const (
	// minOffset is the least difference between the clocks that counts: Date
	// headers have whole seconds.
	minOffset = 1500 * time.Millisecond
	// oddJump is how far one Date header may move a known offset. A longer way is
	// believed when the next header asks for it too: a single wrong header must
	// not send a window into the future.
	oddJump = 5 * time.Second
)

// amazonClock estimates how far Amazon's clock is ahead of ours, per host, from
// the Date headers of answers. The zero value knows nothing and says zero.
type amazonClock struct {
	mu    sync.Mutex
	hosts map[string]*offset
}

type offset struct {
	ahead   time.Duration
	suspect bool // the last header asked for an odd jump
}

// saw takes in that an answer dated date, in whole seconds cut off, was
// received for a request that lasted from start to end by our clock. Amazon's
// clock stood in [date, date+1s) at some instant between the two, which bounds
// the offset; the estimate moves only as far as the bounds force it.
func (c *amazonClock) saw(host string, date, start, end time.Time) {
	if date.IsZero() || end.Before(start) {
		return
	}
	least, most := date.Sub(end), date.Add(time.Second-1).Sub(start)
	c.mu.Lock()
	defer c.mu.Unlock()
	o, known := c.hosts[host]
	if !known {
		if c.hosts == nil {
			c.hosts = map[string]*offset{}
		}
		o = &offset{}
		c.hosts[host] = o
	}
	next := min(max(o.ahead, least), most)
	if jump := (next - o.ahead).Abs(); known && jump > oddJump && !o.suspect {
		o.suspect = true
		return
	}
	o.ahead, o.suspect = next, false
}

// ahead is how far Amazon's clock is ahead of ours; small differences are zero.
func (c *amazonClock) ahead(host string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.hosts[host]
	if o == nil || o.ahead.Abs() < minOffset {
		return 0
	}
	return o.ahead
}

// known tells whether any answer of the host has told its time.
func (c *amazonClock) known(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hosts[host] != nil
}

// KnowsClock tells whether Amazon has told its time in a region. Before that,
// AmazonNow is this machine's clock.
func (c *Client) KnowsClock(r ordersync.Region) bool { return c.clock.known(c.host(r)) }

// AmazonNow is Amazon's clock in a region: ours, corrected by the Date headers
// seen so far. Differences below 1.5 s count as none.
func (c *Client) AmazonNow(r ordersync.Region) time.Time {
	return c.config.Now().Add(c.clock.ahead(c.host(r))).Round(0).UTC()
}
