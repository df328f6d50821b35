package store

import (
	"context"
	"fmt"
	"time"

	"ordersync"
)

// FailureKind is a kind of failure that many connections may share.
type FailureKind string

// The kinds of failure that incidents are made of.
const (
	FailedDenied      FailureKind = "denied"      // 403
	FailedRevoked     FailureKind = "revoked"     // invalid_grant
	FailedUnavailable FailureKind = "unavailable" // 5xx and timeouts
)

// The rules of incidents.
const (
	incidentSpan    = 10 * time.Minute // how long a failure counts
	incidentTrust   = 24 * time.Hour   // only who succeeded this recently counts
	incidentLeast   = 5                // connections
	incidentShare   = 5                // one in five of those that were called
	incidentEnough  = 3                // recoveries that close it
	incidentLongest = 6 * time.Hour
)

// Incident is trouble that many connections of a region share. While it is open
// nobody is told to act.
type Incident struct {
	Region   ordersync.Region
	Kind     FailureKind
	OpenedAt time.Time
	ClosedAt time.Time
	// Cause says why it was closed: recovered, quiet, or expired, which means
	// that it lasted too long to be Amazon's trouble alone.
	Cause string
}

// JudgeIncidents opens and closes incidents and returns those that changed. It
// is cheap while nothing fails.
func (s *Store) JudgeIncidents(ctx context.Context) (changed []Incident, err error) {
	failing, err := s.reader.failing(ctx, s.Now())
	if err != nil {
		return nil, err
	}
	open, err := s.reader.OpenIncidents(ctx)
	if err != nil || len(failing) == 0 && len(open) == 0 {
		return nil, err
	}
	err = s.inTx(ctx, "judge incidents", func(ctx context.Context, t *tx) error {
		changed = nil
		for _, f := range failing {
			opened, err := t.openIncident(ctx, f)
			if err != nil {
				return err
			}
			if opened {
				changed = append(changed, Incident{Region: f.region, Kind: f.kind, OpenedAt: t.now})
			}
		}
		for _, i := range open {
			closed, err := t.closeIncident(ctx, i)
			if err != nil {
				return err
			}
			if closed.Cause != "" {
				changed = append(changed, closed)
			}
		}
		return nil
	})
	return changed, err
}

// failing counts, by region and kind, who fails now and had succeeded lately.
type failing struct {
	region ordersync.Region
	kind   FailureKind
	n      int
}

func (r *Reader) failing(ctx context.Context, now time.Time) (out []failing, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT region, failed_kind, COUNT(*) FROM connections
		WHERE failed_at > $1 AND last_success_at > failed_at - $2 AND last_success_at < failed_at
		GROUP BY region, failed_kind HAVING COUNT(*) >= $3 ORDER BY region, failed_kind`,
		ms(now.Add(-incidentSpan)), millis(incidentTrust), incidentLeast)
	if err != nil {
		return nil, fmt.Errorf("count failures: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f failing
		if err := rows.Scan(&f.region, &f.kind, &f.n); err != nil {
			return nil, fmt.Errorf("count failures: %w", err)
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// openIncident opens an incident when enough of those fail that were called.
// One that expired is not opened again by who goes on failing.
func (t *tx) openIncident(ctx context.Context, f failing) (bool, error) {
	var called, standing int
	err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM connections WHERE region = $1 AND last_polled_at > $2 AND last_success_at > $3`,
		f.region, ms(t.now.Add(-incidentSpan)), ms(t.now.Add(-incidentSpan-incidentTrust))).Scan(&called)
	if err != nil {
		return false, fmt.Errorf("count calls: %w", err)
	}
	if f.n*incidentShare < called {
		return false, nil
	}
	err = t.QueryRowContext(ctx, `SELECT COUNT(*) FROM incidents WHERE region = $1 AND kind = $2
		AND (closed_at IS NULL OR (cause = 'expired' AND closed_at > $3))`, f.region, f.kind, ms(t.now.Add(-incidentTrust))).Scan(&standing)
	if err != nil || standing > 0 {
		return false, err
	}
	n, err := t.exec(ctx, `INSERT INTO incidents (region, kind, opened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, f.region, f.kind, ms(t.now))
	if err != nil {
		return false, fmt.Errorf("open incident: %w", err)
	}
	return n > 0, nil
}

// closeIncident closes an incident when three of the failing have succeeded,
// when nothing has failed so for a while, or when it lasts too long.
func (t *tx) closeIncident(ctx context.Context, i Incident) (Incident, error) {
	var recovered, recent int
	err := t.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN last_success_at > failed_at AND last_success_at > $5 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN failed_at > $4 THEN 1 ELSE 0 END), 0)
		FROM connections WHERE region = $1 AND failed_kind = $2 AND failed_at > $3`,
		i.Region, i.Kind, ms(i.OpenedAt.Add(-incidentSpan)), ms(t.now.Add(-incidentSpan)), ms(i.OpenedAt)).Scan(&recovered, &recent)
	if err != nil {
		return i, fmt.Errorf("judge incident: %w", err)
	}
	switch {
	case recovered >= incidentEnough:
		i.Cause = "recovered"
	case recent == 0:
		i.Cause = "quiet"
	case t.now.Sub(i.OpenedAt) >= incidentLongest:
		i.Cause = "expired"
	default:
		return i, nil
	}
	i.ClosedAt = t.now
	_, err = t.ExecContext(ctx, `UPDATE incidents SET closed_at = $4, cause = $5 WHERE region = $1 AND kind = $2 AND opened_at = $3`,
		i.Region, i.Kind, ms(i.OpenedAt), ms(t.now), i.Cause)
	if err != nil {
		return i, fmt.Errorf("close incident: %w", err)
	}
	return i, nil
}

// OpenIncidents lists the incidents that are open.
func (r *Reader) OpenIncidents(ctx context.Context) (out []Incident, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT region, kind, opened_at FROM incidents WHERE closed_at IS NULL ORDER BY opened_at, region, kind`)
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i Incident
		var opened int64
		if err := rows.Scan(&i.Region, &i.Kind, &opened); err != nil {
			return nil, fmt.Errorf("read incidents: %w", err)
		}
		i.OpenedAt = msTime(opened)
		out = append(out, i)
	}
	return out, rows.Err()
}

// IncidentSince tells whether an incident is open, or was at any time since.
func (r *Reader) IncidentSince(ctx context.Context, region ordersync.Region, kind FailureKind, since time.Time) (open, lately bool, err error) {
	var standing, past int
	err = r.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END), 0), COUNT(*) FROM incidents
		WHERE region = $1 AND kind = $2 AND (closed_at IS NULL OR closed_at >= $3)`, region, kind, ms(since)).Scan(&standing, &past)
	if err != nil {
		return false, false, fmt.Errorf("read incidents: %w", err)
	}
	return standing > 0, past > 0, nil
}

// SharedDoubt tells whether a refusal that a connection first saw at a time was
// seen by so many of its region within the same minutes that it would have made
// an incident. It is believed of each all the same once it lasts longer than an
// incident may, or once an incident has.
func (r *Reader) SharedDoubt(ctx context.Context, c ordersync.Connection, kind FailureKind, first time.Time) (bool, error) {
	if r.now().Sub(first) >= incidentLongest {
		return false, nil
	}
	column := "revoked_at"
	if kind == FailedDenied {
		column = "denied_at"
	}
	var doubted, all int
	err := r.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN `+column+` BETWEEN $2 AND $3 AND last_success_at > `+column+` - $4 THEN 1 ELSE 0 END), 0), COUNT(*)
		FROM connections WHERE region = $1 AND NOT paused AND last_success_at > $5
		AND NOT EXISTS (SELECT 1 FROM incidents WHERE region = $1 AND kind = $6 AND cause = 'expired' AND closed_at > $7)`,
		c.Region, ms(first.Add(-incidentSpan)), ms(first.Add(incidentSpan)), millis(incidentTrust), ms(first.Add(-incidentSpan-incidentTrust)),
		kind, ms(r.now().Add(-incidentTrust))).Scan(&doubted, &all)
	if err != nil {
		return false, fmt.Errorf("count shared doubts: %w", err)
	}
	return doubted >= incidentLeast && doubted*incidentShare >= all, nil
}
