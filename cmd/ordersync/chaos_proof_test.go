package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"ordersync/internal/spapisim"
)

// What must be true when the storm is over, whatever has happened.

// wantNothingLost wants all that Amazon has to be stored, once and as it is, and
// the books to agree with it.
func (s *storm) wantNothingLost() {
	s.t.Helper()
	s.wantTruthOfAll()
	s.wantWitness()
	s.wantChanges()
	s.wantRuns()
	s.wantBooks()
	s.wantCalls()
	s.steps = len(s.query(`SELECT step FROM witnessed_steps WHERE NOT claim`))
	for _, word := range []string{"unknown error", "panic: "} {
		for _, w := range s.ever {
			if n := w.said(word); n > 0 {
				s.t.Errorf("%q was said %d times: %s", word, n, w.talk)
			}
		}
	}
}

// wantTruthOfAll wants of every tenant the orders that Amazon has.
func (s *storm) wantTruthOfAll() {
	s.t.Helper()
	for _, one := range s.tenants {
		truths, err := s.amazon.orders(one.Seller)
		s.must(err)
		s.compared += len(s.wantOrders(one.tenant, one.Region, truths))
	}
}

// wantChanges wants the list of changes to be dense, and to tell how each order
// came to be what it is.
func (s *storm) wantChanges() {
	s.t.Helper()
	s.wantNone("lists of changes that are not 1 to n", `SELECT c.id, c.change_seq, COUNT(h.seq), MIN(h.seq), MAX(h.seq)
		FROM connections c LEFT JOIN changes h ON h.connection_id = c.id GROUP BY c.id
		HAVING c.change_seq <> COUNT(h.seq) OR c.change_seq <> MAX(h.seq) OR MIN(h.seq) <> 1`)
	s.wantNone("orders that were not created once, first", `SELECT * FROM (SELECT connection_id, order_id, kind, seq,
		ROW_NUMBER() OVER (PARTITION BY connection_id, order_id ORDER BY seq) AS n FROM changes) AS h WHERE (n = 1) <> (kind = 'created')`)
	s.wantNone("changes that do not follow from the one before", `SELECT * FROM (SELECT connection_id, order_id, seq, status_before,
		LAG(status_after) OVER (PARTITION BY connection_id, order_id ORDER BY seq) AS was FROM changes) AS h WHERE was <> status_before`)
	s.wantNone("orders that are not what their last change says", `SELECT o.connection_id, o.order_id, o.status, h.status_after FROM orders o
		LEFT JOIN (SELECT DISTINCT ON (connection_id, order_id) * FROM changes ORDER BY connection_id, order_id, seq DESC) AS h
		ON h.connection_id = o.connection_id AND h.order_id = o.order_id
		WHERE h.status_after IS NULL OR h.status_after <> o.status OR h.last_updated_after > o.last_updated_at`)
}

// wantRuns wants every run that was promised to be there, and each to have settled
// all its targets.
func (s *storm) wantRuns() {
	s.t.Helper()
	for _, id := range s.promised {
		if len(s.query(`SELECT id FROM runs WHERE id = $1`, id)) != 1 {
			s.t.Errorf("run %s was promised and is not there", id)
		}
	}
	s.runs = len(s.promised)
	s.wantNone("open targets", `SELECT run_id, connection_id FROM targets WHERE settled_at IS NULL`)
	s.wantNone("runs whose sum is wrong", `SELECT r.id, r.total, r.success, r.partial, r.skipped, r.failed, COUNT(t.run_id) FROM runs r
		LEFT JOIN targets t ON t.run_id = r.id GROUP BY r.id HAVING r.finished_at IS NULL OR r.total <> COUNT(t.run_id)
		OR r.success <> COUNT(*) FILTER (WHERE t.status = 'success') OR r.partial <> COUNT(*) FILTER (WHERE t.status = 'partial')
		OR r.skipped <> COUNT(*) FILTER (WHERE t.status = 'skipped') OR r.failed <> COUNT(*) FILTER (WHERE t.status = 'failed')
		OR r.total <> r.success + r.partial + r.skipped + r.failed`)
	s.wantNone("global runs that leave somebody out", `SELECT id, total FROM runs WHERE mode = 'global' AND total <> $1`, len(s.tenants))
	s.wantNone("targets that ended as nothing in the storm explains", `SELECT reason, COUNT(*) FROM targets
		WHERE reason IN ('UNKNOWN_ERROR', 'INTERRUPTED', 'SECRET_STORE_UNAVAILABLE', 'TOKEN_MISSING', 'TOKEN_REVOKED', 'APP_CREDENTIALS_INVALID', 'ACCESS_DENIED', 'NOT_CONNECTED', 'PAUSED')
		GROUP BY reason`)
}

// wantBooks wants what a connection says of itself to be true.
func (s *storm) wantBooks() {
	s.t.Helper()
	s.wantNone("connections that are held", `SELECT id, holder FROM connections WHERE lease_until > $1`, s.now().UnixMilli())
	s.wantNone("connections that miscount", `SELECT c.id, c.orders, c.items, o.n, i.n FROM connections c
		JOIN (SELECT connection_id, COUNT(*) AS n FROM orders GROUP BY 1) AS o ON o.connection_id = c.id
		JOIN (SELECT connection_id, COUNT(*) AS n FROM order_items GROUP BY 1) AS i ON i.connection_id = c.id
		WHERE c.orders <> o.n OR c.items <> i.n`)
	s.wantNone("connections that are to reconnect", `SELECT id, state, last_reason FROM connections WHERE state <> 'CONNECTED' OR paused`)
	s.wantNone("items and packages of no order", `SELECT connection_id, order_id FROM (SELECT connection_id, order_id FROM order_items
		UNION ALL SELECT connection_id, order_id FROM order_packages) AS p
		WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.connection_id = p.connection_id AND o.order_id = p.order_id)`)
	s.wantNone("orders that were set aside", `SELECT connection_id, order_id, cause FROM set_aside`)
	s.wantNone("windows that are left out", `SELECT * FROM shunned`)
	var status struct {
		Tenants []struct {
			TenantID string
			GapCount int
		}
	}
	s.must(json.Unmarshal([]byte(s.ok(s.run("--history", "30h", "status", "--json"))), &status))
	if len(status.Tenants) != len(s.tenants) {
		s.t.Errorf("the status lists %d tenants, want %d", len(status.Tenants), len(s.tenants))
	}
	for _, one := range status.Tenants {
		if one.GapCount > 0 {
			s.t.Errorf("%s has %d gaps", one.TenantID, one.GapCount)
		}
	}
}

// wantCalls wants every call that Amazon has seen to have been paid for, in the
// database and before: a worker that dies forfeits a token and never takes two.
func (s *storm) wantCalls() {
	s.t.Helper()
	seen, err := s.amazon.counters()
	s.must(err)
	for _, one := range s.tenants {
		for _, op := range []string{spapisim.SearchOrders, spapisim.GetParticipations} {
			paid := s.query(`SELECT COALESCE(SUM(calls), 0) FROM budgets WHERE seller = $1 AND operation = $2`, one.ID, op)[0][0]
			if calls := seen.Total(one.Key, op, -1); calls > number(s.t, paid) {
				s.t.Errorf("%s: Amazon has seen %d calls of %s, and %s were paid for", one.tenant, calls, op, paid)
			}
		}
	}
	all := seen.Total("", spapisim.SearchOrders, -1) + seen.Total("", spapisim.GetParticipations, -1) + seen.Total("", spapisim.GetOrder, -1)
	s.t.Logf("Amazon has seen %d calls and answered %d of them with 429", all, seen.Total("", "", http.StatusTooManyRequests))
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
