package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ordersync"
)

// Liveness: what must have come to pass, and by when, once the storm is over.

// standing is how a connection stands in the database.
type standing struct {
	state, reason, markets string
	cursor, success, swept time.Time
	aside, shunned         int
}

// stand reads how a connection stands. Whoever checks sees everything at once: no
// task runs meanwhile.
func (w *world) stand(c *connection) (s standing) {
	var cursor, success, swept int64
	err := w.memory.QueryRow(`SELECT state, last_reason, marketplaces, COALESCE(cursor_at, 0), COALESCE(last_success_at, 0), COALESCE(swept_at, 0),
			(SELECT COUNT(*) FROM shunned h WHERE h.connection_id = c.id)
		FROM connections c WHERE id = ?`, int64(c.id)).
		Scan(&s.state, &s.reason, &s.markets, &cursor, &success, &swept, &s.shunned)
	w.must(err)
	// What lies before the history that is wanted is read no more.
	w.rows(`SELECT order_id FROM set_aside WHERE connection_id = ? AND (next_try_at IS NOT NULL OR order_id = '') AND (to_at IS NULL OR to_at > ?)`, func(r []string) {
		if c.seller.damaged[r[0]] == "" { // all others can be read by now
			s.aside++
		}
	}, int64(c.id), time.Now().Add(-w.plan.history+grace).UnixMilli())
	s.cursor, s.success, s.swept = time.UnixMilli(cursor).UTC(), time.UnixMilli(success).UTC(), time.UnixMilli(swept).UTC()
	return s
}

// healthy tells whether nothing stands in a connection's way.
func (c *connection) healthy() bool {
	return !c.left && !c.removed && !c.paused && c.state == ordersync.Connected && c.token && !open(c.revoked)
}

// bounds are how long a connection may take, from the end of the storm or from when it
// was brought back after that.
type bounds struct {
	since               time.Time
	fresh, walked, sure time.Duration
}

// backoff is the longest pause after failures, and grace what everything else may
// take besides what waits for a budget.
const (
	backoff = time.Hour
	grace   = 10 * time.Minute
)

// boundsOf are what a connection's budget permits, and what it was sent to sleep
// for.
func (w *world) boundsOf(c *connection) (b bounds) {
	b.since = time.Now()
	perPage := time.Duration(float64(time.Second) / (0.0056 * w.plan.rateScale))
	sharing := 0
	for _, other := range w.fleet {
		if other.seller == c.seller {
			sharing++
		}
	}
	pages := time.Duration((3*len(c.seller.ids)/w.plan.pageSize + 30) * sharing)
	b.fresh = backoff + grace + w.plan.interval + pages*perPage
	if c.emptied {
		b.fresh += 24 * time.Hour // it is asked again in a day whether it takes part anywhere
	}
	s := w.stand(c)
	if s.state == string(ordersync.NeedsReconnect) {
		b.fresh += 25 * time.Hour // it is asked again daily
	}
	b.walked = b.fresh + 2*backoff + pages*perPage
	if s.shunned > 0 || s.aside > 0 {
		b.walked += 25 * time.Hour // what could not be read is tried again after a day
	}
	b.sure = b.walked + w.plan.sweep + 2*backoff + 2*pages*perPage
	return b
}

// await lets time pass until every healthy connection has all there is, or has
// taken too long for it.
func (w *world) await() {
	limits := map[*connection]bounds{}
	for {
		waiting := false
		for _, c := range w.fleet {
			if _, ok := limits[c]; !ok && !c.removed { // some are brought back after the storm only
				limits[c] = w.boundsOf(c)
			}
			waiting = w.advance(c, limits[c]) || waiting
		}
		if !waiting {
			return
		}
		time.Sleep(20 * time.Minute)
		w.gate("director")
		if w.upToDate() {
			// What is left is history, sweeps and second readings: it takes days at
			// times, and live work need not go on by the minute beside it.
			w.plan.interval = max(w.plan.interval, 4*time.Hour)
		}
	}
}

// upToDate tells whether every healthy connection is as fresh as it must become.
func (w *world) upToDate() bool {
	return !slices.ContainsFunc(w.fleet, func(c *connection) bool { return c.healthy() && c.fresh.IsZero() })
}

// advance notes how far a connection has come, and tells whether there is more to
// wait for.
func (w *world) advance(c *connection, b bounds) bool {
	if !c.healthy() || !c.sure.IsZero() {
		return false
	}
	took := time.Since(b.since)
	s := w.stand(c)
	if c.fresh.IsZero() && s.state == string(ordersync.Connected) && s.success.After(w.calm) {
		c.fresh = time.Now()
	}
	if !c.fresh.IsZero() && c.walked.IsZero() && w.lacks(c, s, "walked") == "" {
		c.walked = time.Now()
	}
	if !c.walked.IsZero() && s.swept.After(w.lastLate(c)) && s.aside == 0 && w.lacks(c, s, "confirmed") == "" {
		c.sure = time.Now()
	}
	about := []string{string(c.tenant) + " "}
	switch {
	case c.fresh.IsZero() && took > b.fresh:
		w.violation(about, "%s was not brought up to date within %s: %+v", c.tenant, b.fresh, s)
	case c.walked.IsZero() && took > b.walked:
		w.violation(about, "%s was not read whole within %s: %+v lacks %s", c.tenant, b.walked, s, w.lacks(c, s, "walked"))
	case c.sure.IsZero() && took > b.sure:
		w.violation(about, "%s was not read without doubt within %s: %+v lacks %s, keeps %s, a sweep is to begin after %s", c.tenant, b.sure, s, w.lacks(c, s, "confirmed"), w.kept(c), w.lastLate(c))
	default:
		return c.sure.IsZero()
	}
	c.left = true
	return false
}

// lastLate is after what time, by Amazon's clock, a sweep must have begun to have met
// all that surfaced late.
func (w *world) lastLate(c *connection) time.Time {
	calm := w.byAmazon(w.calm)
	at := calm
	for _, quiet := range c.seller.quiet {
		at = later(at, quiet.amazon)
	}
	for _, late := range c.seller.late {
		if late > 0 {
			at = later(at, calm.Add(min(late, 2*time.Hour))) // what came later still is looked at order by order
		}
	}
	return at
}

// lacks says what of the wanted history is not covered; "" nothing.
func (w *world) lacks(c *connection, s standing, level string) string {
	now := later(time.Now(), w.sim.Now())
	wanted := ordersync.Window{From: now.Add(-w.plan.history + grace), To: s.cursor}
	if !c.since.IsZero() {
		wanted.From = earlier(wanted.From, c.since)
	}
	if level == "confirmed" {
		// What was just read in several pages is read again after an hour, and then
		// the next such window is waited for.
		wanted.To = earlier(wanted.To, w.calm)
	}
	for _, m := range strings.Split(s.markets, ",") {
		if holes := missing(w.covered(c, m, level), wanted); len(holes) > 0 {
			return fmt.Sprintf("%s %s %v", m, level, holes)
		}
	}
	return ""
}

// covered is what the store claims of a marketplace.
func (w *world) covered(c *connection, marketplace, level string) (out ordersync.Spans) {
	rows, err := w.memory.Query(`SELECT from_at, to_at FROM coverage WHERE connection_id = ? AND marketplace_id = ? AND level = ? ORDER BY from_at`,
		int64(c.id), marketplace, level)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var from, to int64
		w.must(rows.Scan(&from, &to))
		out = append(out, ordersync.Window{From: time.UnixMilli(from).UTC(), To: time.UnixMilli(to).UTC()})
	}
	w.must(rows.Err())
	return out
}

// kept lists what is set aside of a connection, for people.
func (w *world) kept(c *connection) (out string) {
	w.rows(`SELECT entry, order_id, cause, tries, COALESCE(next_try_at, 0), COALESCE(from_at, 0), COALESCE(to_at, 0) FROM set_aside WHERE connection_id = ?`, func(r []string) {
		out += " [" + strings.Join(r, " ") + "]"
	}, int64(c.id))
	return out
}
