package store

import (
	"context"
	"database/sql"
	"errors"
)

// purgeOutcomes deletes the targets of the oldest finished run whose outcomes are
// past their time. The run stays, with the totals that were kept when it finished.
func (s *Store) purgeOutcomes(ctx context.Context, keep Retention, p *Purged) error {
	var targets, found int64
	err := s.inTx(ctx, "purge outcomes", func(ctx context.Context, t *tx) error {
		targets, found = 0, 0
		var id string
		err := t.QueryRowContext(ctx, `SELECT id FROM runs WHERE opened_at < $1 AND NOT outcomes_gone AND state = 'finished'
			ORDER BY opened_at, id LIMIT 1`, ms(t.now.Add(-keep.Outcomes))).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		found = 1
		targets, err = t.exec(ctx, `DELETE FROM targets WHERE run_id = $1 AND connection_id IN
			(SELECT connection_id FROM targets WHERE run_id = $1 ORDER BY connection_id LIMIT $2)`, id, purgeRows)
		if err != nil || targets == purgeRows {
			return err
		}
		_, err = t.exec(ctx, `UPDATE runs SET outcomes_gone = TRUE WHERE id = $1`, id)
		return err
	})
	p.Targets += targets
	p.More = p.More || found > 0
	return err
}
