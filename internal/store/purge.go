package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const day = 24 * time.Hour

// Retention is how long what is stored is kept. Zero means the default, which
// for what comes from Amazon is the longest that Amazon allows.
type Retention struct {
	Runs         time.Duration // runs with their totals, repairs: 90 days
	Outcomes     time.Duration // targets of finished runs: 30 days
	StateChanges time.Duration // 400 days
	Changes      time.Duration // 30 days; who reads later must read the orders anew
	Incidents    time.Duration // 90 days after they were closed
	// Orders is how long after its last update an order is kept with all that
	// belongs to it: 546 days, the shortest eighteen months.
	Orders time.Duration
	// Personal is how long after delivery personal fields are kept: 30 days, and
	// never longer.
	Personal time.Duration
}

// WithDefaults fills in what is zero.
func (r Retention) WithDefaults() Retention {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&r.Runs, 90*day)
	set(&r.Outcomes, 30*day)
	set(&r.StateChanges, 400*day)
	set(&r.Changes, 30*day)
	set(&r.Incidents, 90*day)
	set(&r.Orders, 546*day)
	set(&r.Personal, personalKept)
	r.Personal = min(r.Personal, personalKept)
	return r
}

// personalDeadline is which purge_at of personal fields has come at now: the
// column holds Amazon's limit, and a shorter retention comes sooner.
func (r Retention) personalDeadline(now time.Time) int64 {
	return ms(now.Add(personalKept - r.Personal))
}

// Purged is what a purge deleted, in rows.
type Purged struct {
	Runs, Targets, Incidents, Personal               int64
	Orders, Changes, Repairs, StateChanges, SetAside int64
	Traffic                                          int64 // minutes
	// Connections is how many were looked at.
	Connections int64
	// More tells that there is more to delete at once.
	More bool
}

// Limits of one purge, so that it never holds the database for long.
const (
	purgeRows        = 1000 // of each kind
	purgeOrders      = 200
	purgeConnections = 20
	purgeAgain       = day // between two looks at a connection
)

// Purge deletes the next batch of what is past its time. When nothing is, it
// costs one query over indexes. Any process may do it, and several at once.
func (s *Store) Purge(ctx context.Context, keep Retention) (p Purged, err error) {
	keep = keep.WithDefaults()
	due, err := s.reader.purgeDue(ctx, s.Now(), keep)
	if err != nil {
		return p, err
	}
	if due.personal {
		if err := s.purgePersonal(ctx, keep, &p); err != nil {
			return p, err
		}
	}
	if due.outcomes {
		if err := s.purgeOutcomes(ctx, keep, &p); err != nil {
			return p, err
		}
	}
	if due.runs {
		if err := s.purgeRun(ctx, keep, &p); err != nil {
			return p, err
		}
	}
	if due.incidents {
		if err := s.purgeIncidents(ctx, keep, &p); err != nil {
			return p, err
		}
	}
	if due.consents {
		if err := s.inTx(ctx, "purge consents", func(ctx context.Context, t *tx) error { return t.purgeConsents(ctx) }); err != nil {
			return p, err
		}
	}
	if due.traffic {
		if err := s.purgeTraffic(ctx, &p); err != nil {
			return p, err
		}
	}
	if due.connections {
		err = s.purgeConnections(ctx, keep, &p)
	}
	return p, err
}

// purgeDue is what a purge has to do.
type purgeDue struct{ personal, runs, incidents, connections, outcomes, consents, traffic bool }

func (r *Reader) purgeDue(ctx context.Context, now time.Time, keep Retention) (d purgeDue, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM order_personal WHERE purge_at <= $1),
			EXISTS (SELECT 1 FROM runs WHERE opened_at < $2 AND state = 'finished'),
			EXISTS (SELECT 1 FROM incidents WHERE closed_at < $3),
			EXISTS (SELECT 1 FROM connections WHERE purge_due_at <= $4),
			EXISTS (SELECT 1 FROM runs WHERE opened_at < $5 AND NOT outcomes_gone AND state = 'finished'),
			EXISTS (SELECT 1 FROM consents WHERE expires_at < $6 OR expires_at <= $4 AND sealed IS NOT NULL),
			EXISTS (SELECT 1 FROM traffic WHERE minute_at < $7)`,
		keep.personalDeadline(now), ms(now.Add(-keep.Runs)), ms(now.Add(-keep.Incidents)), ms(now), ms(now.Add(-keep.Outcomes)), ms(now.Add(-consentsKept)),
		ms(now.Add(-TrafficKept))).
		Scan(&d.personal, &d.runs, &d.incidents, &d.connections, &d.outcomes, &d.consents, &d.traffic)
	if err != nil {
		return d, fmt.Errorf("look for what is past its time: %w", err)
	}
	return d, nil
}

// purgePersonal deletes personal fields whose time has come. Connections that
// somebody writes at this moment get their turn with the next purge.
func (s *Store) purgePersonal(ctx context.Context, keep Retention, p *Purged) error {
	var n int64
	err := s.inTx(ctx, "purge personal fields", func(ctx context.Context, t *tx) (err error) {
		n = 0
		deadline := keep.personalDeadline(t.now)
		rows, err := t.QueryContext(ctx, `SELECT id FROM connections WHERE id IN
			(SELECT connection_id FROM order_personal WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2) ORDER BY id`+t.kind.skipLocked(), deadline, purgeRows)
		if err != nil {
			return err
		}
		ids, err := scanIDs(rows)
		if err != nil || len(ids) == 0 {
			return err
		}
		args := make([]any, 0, len(ids))
		for _, id := range ids {
			args = append(args, id)
		}
		n, err = t.exec(ctx, `DELETE FROM order_personal WHERE (tenant, connection_id, order_id, data_group) IN
			(SELECT tenant, connection_id, order_id, data_group FROM order_personal WHERE connection_id IN `+t.kind.placeholders(1, len(ids))+
			fmt.Sprintf(` AND purge_at <= %d ORDER BY purge_at LIMIT %d)`, deadline, purgeRows), args...)
		return err
	})
	p.Personal += n
	p.More = p.More || n == purgeRows
	return err
}

// purgeRun deletes the oldest run that is past its time, its targets first.
func (s *Store) purgeRun(ctx context.Context, keep Retention, p *Purged) error {
	var targets, runs int64
	err := s.inTx(ctx, "purge runs", func(ctx context.Context, t *tx) error {
		targets, runs = 0, 0
		var id string
		err := t.QueryRowContext(ctx, `SELECT COALESCE(MIN(id), '') FROM (SELECT id FROM runs
			WHERE opened_at < $1 AND state = 'finished' ORDER BY opened_at, id LIMIT 1) AS r`, ms(t.now.Add(-keep.Runs))).Scan(&id)
		if err != nil || id == "" {
			return err
		}
		targets, err = t.exec(ctx, `DELETE FROM targets WHERE run_id = $1 AND connection_id IN
			(SELECT connection_id FROM targets WHERE run_id = $1 ORDER BY connection_id LIMIT $2)`, id, purgeRows)
		if err != nil || targets == purgeRows {
			return err
		}
		runs, err = t.exec(ctx, `DELETE FROM runs WHERE id = $1`, id)
		return err
	})
	p.Targets += targets
	p.Runs += runs
	p.More = p.More || targets > 0 || runs > 0
	return err
}

func (s *Store) purgeIncidents(ctx context.Context, keep Retention, p *Purged) error {
	return s.inTx(ctx, "purge incidents", func(ctx context.Context, t *tx) (err error) {
		p.Incidents, err = t.exec(ctx, `DELETE FROM incidents WHERE closed_at < $1`, ms(t.now.Add(-keep.Incidents)))
		return err
	})
}

// purgeConnections looks at the connections that were not looked at for a day,
// until enough was deleted.
func (s *Store) purgeConnections(ctx context.Context, keep Retention, p *Purged) error {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM connections WHERE purge_due_at <= $1 ORDER BY purge_due_at, id LIMIT $2`, ms(s.Now()), purgeConnections)
	if err != nil {
		return fmt.Errorf("look for connections to purge: %w", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return fmt.Errorf("look for connections to purge: %w", err)
	}
	for _, id := range ids {
		full, err := s.purgeConnection(ctx, id, keep, p)
		if err != nil {
			return err
		}
		if full {
			p.More = true
			return nil
		}
	}
	p.More = p.More || len(ids) == purgeConnections
	return nil
}

func scanIDs(rows *sql.Rows) (ids []int64, err error) {
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
