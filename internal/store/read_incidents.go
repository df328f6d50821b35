package store

import (
	"context"
	"fmt"
)

// SharedTrouble is an open incident with how many connections it holds.
type SharedTrouble struct {
	Incident
	Connections int // that failed so last, and have not succeeded since
}

// SharedTroubles lists the open incidents with how many connections each holds,
// the oldest first.
func (r *Reader) SharedTroubles(ctx context.Context) (out []SharedTrouble, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT i.region, i.kind, i.opened_at,
			(SELECT COUNT(*) FROM connections c WHERE c.region = i.region AND c.failed_kind = i.kind AND c.failed_at > i.opened_at - $1
				AND (c.last_success_at IS NULL OR c.last_success_at < c.failed_at))
		FROM incidents i WHERE i.closed_at IS NULL ORDER BY i.opened_at, i.region, i.kind`, millis(incidentSpan))
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i SharedTrouble
		var opened int64
		if err := rows.Scan(&i.Region, &i.Kind, &opened, &i.Connections); err != nil {
			return nil, fmt.Errorf("read incidents: %w", err)
		}
		i.OpenedAt = msTime(opened)
		out = append(out, i)
	}
	return out, rows.Err()
}
