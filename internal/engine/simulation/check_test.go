package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ordersync"
)

// Safety: what must hold whatever has happened. It is checked at the end, of what
// is stored, of what the database noted of each write, and of what the witness saw.
// docs/lifecycle.md has the rows.

func (w *world) check() {
	w.checkAudit()
	w.checkTargets()
	w.checkChanges()
	w.checkCounters()
	w.checkLeases()
	w.checkThrottled()
	w.checkReconnects()
	w.checkReasons()
	w.checkKept()
	for _, c := range w.fleet {
		if !c.removed {
			w.checkCoverage(c)
			w.checkCursor(c)
			w.checkOrders(c)
			w.checkPersonal(c)
			w.checkCut(c)
		}
	}
}

// rows calls each for every row of a query, with its columns as text.
func (w *world) rows(query string, each func(row []string), args ...any) {
	rows, err := w.memory.Query(query, args...)
	w.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.must(err)
	for rows.Next() {
		row, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		w.must(rows.Scan(into...))
		each(row)
	}
	w.must(rows.Err())
}

func (w *world) checkAudit() {
	w.rows(`SELECT what, connection, detail FROM audit WHERE what NOT IN ('cursor', 'shunned')`, func(r []string) {
		about := strings.Fields(r[2])
		if len(about) > 1 {
			about = about[:1]
		}
		w.violation(append(about, "connection "+r[1]+":"), "connection %s: %s: %s", r[1], r[0], r[2])
	})
}

// checkTargets checks that every run has ended and every target has its outcome.
func (w *world) checkTargets() {
	w.rows(`SELECT id, state, opened_at FROM runs WHERE state <> 'finished'`, func(r []string) {
		w.violation(nil, "run %s has not ended: %s, opened at %s", r[0], r[1], r[2])
	})
	w.rows(`SELECT run_id, connection_id FROM targets WHERE settled_at IS NULL OR reason = '' OR status = ''`, func(r []string) {
		w.violation(nil, "a target of run %s, connection %s, was never settled", r[0], r[1])
	})
	w.rows(`SELECT id, total, (SELECT COUNT(*) FROM targets WHERE run_id = runs.id), success + partial + skipped + failed FROM runs WHERE state = 'finished'`, func(r []string) {
		if r[1] != r[2] || r[1] != r[3] {
			w.violation(nil, "run %s counts %s targets, has %s and %s outcomes", r[0], r[1], r[2], r[3])
		}
	})
	w.rows(`SELECT r.id, t.connection_id, t.settled_at - r.deadline_at FROM targets t JOIN runs r ON r.id = t.run_id
		WHERE t.reason = 'INTERRUPTED' AND r.cancelled_at IS NULL AND t.settled_at < r.deadline_at`, func(r []string) {
		w.violation(nil, "connection %s of run %s was INTERRUPTED before the deadline", r[1], r[0])
	})
	w.rows(`SELECT r.id, t.connection_id, t.settled_at - r.deadline_at FROM targets t JOIN runs r ON r.id = t.run_id
		WHERE t.settled_at > r.deadline_at + 1200000`, func(r []string) {
		w.violation(nil, "connection %s of run %s was settled %s ms after the deadline", r[1], r[0], r[2])
	})
	w.rows(`SELECT run_id, connection_id, orders_received, items_received, orders_created, orders_changed, set_aside FROM targets
		WHERE orders_received < 0 OR items_received < 0 OR orders_created < 0 OR orders_changed < 0 OR set_aside < 0
			OR orders_created + orders_changed > orders_received`, func(r []string) {
		w.violation(nil, "a target of run %s counts %v", r[0], r[1:])
	})
}

// checkChanges checks that each connection's changes are dense, in order, and tell
// of every version that is stored.
func (w *world) checkChanges() {
	type last struct{ updated, status string }
	known := map[string]last{}
	next := map[string]int{}
	w.rows(`SELECT connection_id, seq, kind, order_id, COALESCE(last_updated_before, 0), last_updated_after, status_before, status_after FROM changes
		ORDER BY connection_id, seq`, func(r []string) {
		next[r[0]]++
		if r[1] != fmt.Sprint(next[r[0]]) {
			w.violation(nil, "connection %s: change %s comes where %d is due", r[0], r[1], next[r[0]])
			next[r[0]] = atoi(r[1])
		}
		before, had := known[r[0]+" "+r[3]]
		switch {
		case had != (r[2] == "updated"):
			w.violation([]string{r[3]}, "connection %s: order %s: a change of kind %s, known before: %v", r[0], r[3], r[2], had)
		case had && (before.updated != r[4] || before.status != r[6]):
			w.violation([]string{r[3]}, "connection %s: order %s: a change from %s %q, before it was %s %q", r[0], r[3], r[4], r[6], before.updated, before.status)
		}
		known[r[0]+" "+r[3]] = last{r[5], r[7]}
	})
	w.rows(`SELECT connection_id, seq, order_id FROM changes WHERE kind = 'updated' AND data_groups = 0 AND last_updated_before = last_updated_after`, func(r []string) {
		w.violation([]string{r[2]}, "connection %s: change %s of order %s changes nothing", r[0], r[1], r[2])
	})
	w.rows(`SELECT id, change_seq FROM connections`, func(r []string) {
		if fmt.Sprint(next[r[0]]) != r[1] {
			w.violation(nil, "connection %s counts %s changes and has %d", r[0], r[1], next[r[0]])
		}
	})
	w.rows(`SELECT connection_id, order_id, last_updated_at, status FROM orders`, func(r []string) {
		if last := known[r[0]+" "+r[1]]; last.updated != r[2] || last.status != r[3] {
			w.violation([]string{r[1]}, "connection %s: order %s is stored as of %s %q, its last change says %s %q", r[0], r[1], r[2], r[3], last.updated, last.status)
		}
	})
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}

func (w *world) checkCounters() {
	w.rows(`SELECT id, orders, (SELECT COUNT(*) FROM orders o WHERE o.connection_id = c.id), items, (SELECT COUNT(*) FROM order_items i WHERE i.connection_id = c.id) FROM connections c`, func(r []string) {
		if r[1] != r[2] || r[3] != r[4] {
			w.violation(nil, "connection %s counts %s orders and %s items, stored are %s and %s", r[0], r[1], r[3], r[2], r[4])
		}
	})
	for _, table := range []string{"order_items", "order_packages", "order_personal"} {
		w.rows(`SELECT connection_id, order_id FROM `+table+` p WHERE NOT EXISTS (SELECT 1 FROM orders o
			WHERE o.tenant = p.tenant AND o.connection_id = p.connection_id AND o.order_id = p.order_id)`, func(r []string) {
			w.violation([]string{r[1]}, "connection %s: %s of %s without an order", r[0], table, r[1])
		})
	}
}

// checkLeases checks that nobody holds anything who has gone home.
func (w *world) checkLeases() {
	w.rows(`SELECT id, holder, lease_until FROM connections WHERE lease_until > ?`, func(r []string) {
		w.violation([]string{"connection " + r[0] + ":"}, "connection %s is still held by %s", r[0], r[1])
	}, time.Now().UnixMilli())
}

// checkThrottled checks that Amazon had to refuse nobody for want of a token who
// knew the rate.
func (w *world) checkThrottled() {
	var blamed []string
	for _, r := range w.witness.throttled {
		if !w.rateKnown(r.conn) {
			continue
		}
		blamed = append(blamed, fmt.Sprintf("%s %s %s", r.at.Format(time.RFC3339), r.conn.tenant, r.op))
	}
	// Fewer than one call in 200; a login between the token and the call may cost the
	// second that is left for it, and does so more often where processes are restarted.
	if len(blamed) > max(3, w.calls/200) {
		var about []string
		for _, r := range w.witness.throttled {
			about = append(about, string(r.conn.tenant)+" ")
		}
		w.violation(about, "%d of %d calls were answered 429 though the rate was known: %v", len(blamed), w.calls, blamed)
	}
}

// rateKnown tells whether a connection's budget is the seller's own and Amazon has
// told the truth about it.
func (w *world) rateKnown(c *connection) bool {
	if c == nil || w.fired[rateLowered]+w.fired[rateLies] > 0 {
		return false
	}
	// Our bucket fills from when a token is taken, Amazon's from when the call comes
	// in: the 0.05 tokens that ours holds less are for a second of that at the
	// published rates, and not at these.
	if w.plan.rateScale*0.0056 > 0.05 {
		return false
	}
	for _, other := range w.fleet {
		if other.seller == c.seller && other.nameless && other != c {
			return false
		}
	}
	return !c.nameless || w.alone(c)
}

func (w *world) alone(c *connection) bool {
	for _, other := range w.fleet {
		if other != c && other.seller == c.seller {
			return false
		}
	}
	return true
}

// checkReconnects checks that nobody was told to reconnect whose authorisation was
// good.
func (w *world) checkReconnects() {
	told := func(id, at, what string) {
		c := w.of(ordersync.ConnectionID(atoi(id)))
		when := time.UnixMilli(int64(atoi(at)))
		if c != nil && !within(c.revoked, when, 2*time.Minute) {
			w.violation([]string{string(c.tenant) + " "}, "%s was told to reconnect at %s (%s), its authorisation was good: %v", c.tenant, when.UTC(), what, c.revoked)
		}
	}
	w.rows(`SELECT connection_id, at, cause FROM state_changes WHERE to_state = 'NEEDS_RECONNECT' AND from_state <> to_state`, func(r []string) { told(r[0], r[1], r[2]) })
	w.rows(`SELECT connection_id, settled_at, reason FROM targets WHERE reason = 'TOKEN_REVOKED' AND confirmed`, func(r []string) { told(r[0], r[1], r[2]) })
	w.rows(`SELECT connection_id, settled_at FROM targets WHERE reason = 'TOKEN_MISSING'`, func(r []string) {
		c := w.of(ordersync.ConnectionID(atoi(r[0])))
		if when := time.UnixMilli(int64(atoi(r[1]))); c != nil && !within(c.tokenless, when, 2*time.Minute) {
			w.violation([]string{string(c.tenant) + " "}, "%s was told at %s that its token is missing: %v", c.tenant, when.UTC(), c.tokenless)
		}
	})
	for _, c := range w.fleet {
		// Who withdrew the authorisation and left it so is told.
		if !c.removed && c.state == ordersync.Connected && !c.paused && c.token && open(c.revoked) {
			// The access token lives for an hour, and Amazon's second word comes later than the first.
			heard := time.Since(c.revoked[len(c.revoked)-1].From) < 2*time.Hour
			if s := w.stand(c); s.state != string(ordersync.NeedsReconnect) && (!heard || s.reason != string(ordersync.TokenRevoked)) {
				w.violation([]string{string(c.tenant) + " "}, "%s has withdrawn its authorisation at %s and is %+v", c.tenant, c.revoked[len(c.revoked)-1].From, s)
			}
		}
	}
}

// causes are the troubles without which a reason or repair must not be told.
var causes = map[string][]fault{
	string(ordersync.TokenMissing):           {tokenGone, disconnecting},
	string(ordersync.TokenRevoked):           {revocation, regionRevoked, sellerRefused, authorisationEnd, connecting, newSecret, consentAgain},
	string(ordersync.NotConnected):           {disabling, removal, noMarket, disconnecting},
	string(ordersync.Paused):                 {pausing},
	string(ordersync.AccessDenied):           {sellerDenied, regionDenied, rolesLost, appExpired, "answer: forbidden", personalRefused, revocation, authorisationEnd},
	string(ordersync.PlatformDenied):         {regionDenied, rolesLost, sellerDenied, appExpired, revocation, authorisationEnd},
	string(ordersync.AppCredentialsInvalid):  {appRefused, appExpired, secretWrong},
	string(ordersync.SecretStoreUnavailable): append(vaultTroubles(), wrongKey),
	string(ordersync.UnknownError):           {panics},
	string(ordersync.LockUnavailable):        {longLease},
	string(ordersync.InvalidDateFixed):       {cursorGarbage},
	string(ordersync.StaleCursorClamped):     {cursorStale},
	string(ordersync.FutureCursorFixed):      {cursorAhead, clockMoves, "answer: date"},
	string(ordersync.AmazonUnavailable): {
		sellerAway, regionAway, regionHangs, poisonedMinute, "answer: internal", "answer: unavailable", "answer: bad-gateway", "answer: gateway-timeout",
		"answer: reset", "answer: hang", "answer: slow", "answer: drip", "answer: throttle", "answer: html", stallBeforeTx, stallAfterCall,
	},
}

// checkReasons checks that nothing is told for which there was no cause, and
// collects what was told.
func (w *world) checkReasons() {
	w.rows(`SELECT reason FROM targets UNION ALL SELECT last_reason FROM connections WHERE last_reason <> '' UNION ALL SELECT code FROM repairs`, func(r []string) {
		w.emitted[r[0]]++
	})
	var told []string
	for what := range w.emitted {
		told = append(told, what)
	}
	slices.Sort(told)
	for _, what := range told {
		of, special := causes[what]
		if special && !slices.ContainsFunc(of, func(f fault) bool { return w.fired[f] > 0 }) {
			w.violation(nil, "%s was told %d times, and none of %q has happened", what, w.emitted[what], of)
		}
	}
	if len(w.unknowns) > 0 && w.fired[panics] == 0 {
		w.violation(nil, "an error that nobody foresaw: %s", w.unknowns[0])
	}
	for _, text := range w.unknowns {
		if !strings.Contains(text, "a bug of ours") {
			w.violation(nil, "an error that nobody foresaw: %s", text)
		}
	}
}

// checkCoverage checks that coverage claims nothing that was not read.
func (w *world) checkCoverage(c *connection) {
	for _, m := range c.seller.MarketplaceIDs() {
		for level, really := range map[string]ordersync.Spans{"walked": w.witness.walked(c, m), "confirmed": w.witness.confirmed(c, m, func(reading) bool { return true })} {
			for _, span := range w.covered(c, m, level) {
				if holes := missing(really, span); len(holes) > 0 {
					w.violation([]string{string(c.tenant) + " "}, "%s: %s of %s claims %v, of which was never read %v", c.tenant, level, m, span, holes)
				}
			}
		}
	}
}

// checkCursor checks each move of the cursor: forward only over what was read, by a
// window that reached back behind it; back only by a repair.
func (w *world) checkCursor(c *connection) {
	repaired, shunned := map[string]bool{}, false
	w.rows(`SELECT at FROM repairs WHERE connection_id = ? AND code <> 'WALK_RESTARTED'`, func(r []string) { repaired[r[0]] = true }, int64(c.id))
	w.rows(`SELECT 1 FROM audit WHERE what = 'shunned' AND connection = ? LIMIT 1`, func([]string) { shunned = true }, int64(c.id))
	var really ordersync.Spans
	for _, r := range w.witness.readings[c.id] {
		really = union(really, r.Window)
	}
	about := []string{string(c.tenant) + " "}
	w.rows(`SELECT detail FROM audit WHERE what = 'cursor' AND connection = ? ORDER BY n`, func(r []string) {
		f := strings.Fields(r[0])
		from, to := time.UnixMilli(int64(atoi(f[0]))).UTC(), time.UnixMilli(int64(atoi(f[1]))).UTC()
		stuck := atoi(f[3]) > atoi(f[0])
		switch {
		case repaired[f[2]], atoi(f[0]) == 0:
		case to.Before(from):
			w.violation(about, "%s: the cursor went back from %s to %s", c.tenant, from, to)
		case shunned || w.fired[poisonedMinute] > 0: // what is passed was not read
		default:
			if holes := missing(really, ordersync.Window{From: from, To: to}); len(holes) > 0 {
				w.violation(about, "%s: the cursor went from %s to %s over what was never read: %v", c.tenant, from, to, holes)
			}
			if !stuck && !w.witness.reached(c, from.Add(-5*time.Minute), to) {
				w.violation(about, "%s: the cursor went from %s to %s by no window that reached back five minutes", c.tenant, from, to)
			}
		}
	}, int64(c.id))
}
